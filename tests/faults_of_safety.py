"""Faults of safety: masks that mask nothing, a bypass where it does not hold, a gross reply to learn from."""

from __future__ import annotations

from typing import Any

import orjson

from dataset_builder import AUDIT
from planting import Planting, Record, append, fault


def _masked(record: Record) -> bool:
    return bool(record["metadata"].get("masked_turns"))


def _roles(record: Record, role: str) -> list[int]:
    return [n for n, message in enumerate(record["messages"]) if message["role"] == role]


def _plain(record: Record) -> bool:
    edge = record["metadata"]["is_training_edge_case"]
    return record["kind"] == "dialogue" and not edge and not _masked(record)


def _use(p: Planting, record: Record, **more: Any) -> None:
    line = {"id": record["id"], "source": record["metadata"]["source_key"], "filter": "crisis"}
    append(p.folder / AUDIT, line | {"turn": _roles(record, "user")[0], "score": 0.9} | more)


@fault("stats")
def a_client_turn_is_masked_for_a_reply(p: Planting) -> None:
    record = p.pick("train", _masked)
    record["metadata"]["masked_turns"] = _roles(record, "user")[:1]


@fault("stats")
def every_reply_is_masked(p: Planting) -> None:
    record = p.pick("train", _masked)
    record["metadata"]["masked_turns"] = _roles(record, "assistant")


@fault("stats")
def a_reply_tells_a_client_to_die(p: Planting) -> None:
    record = p.pick("train", _plain)
    record["messages"][_roles(record, "assistant")[0]]["content"] += " You should just kill yourself."


@fault("stats", "written")
def the_bypass_of_a_record_without_a_tag(p: Planting) -> None:
    _use(p, p.pick("train", lambda r: _plain(r) and bool(_roles(r, "user"))))


@fault("stats", "written")
def the_bypass_of_a_record_that_is_not_there(p: Planting) -> None:
    line = {"id": "nobody-0", "source": "nobody", "filter": "crisis", "turn": 0, "score": 0.9}
    append(p.folder / AUDIT, line)
    p.touched.append("nobody-0")


@fault("stats", "written")
def the_bypass_of_a_filter_of_replies(p: Planting) -> None:
    _use(p, p.pick("train", lambda r: r["metadata"]["is_training_edge_case"]), filter="harm")


@fault("stats", "written")
def the_bypass_of_a_reply(p: Planting) -> None:
    record = p.pick("train", lambda r: r["metadata"]["is_training_edge_case"])
    _use(p, record, turn=_roles(record, "assistant")[0])


@fault("stats", "written")
def the_audit_quotes_a_client(p: Planting) -> None:
    record = p.touch(p.records("train", lambda r: r["metadata"]["is_training_edge_case"])[0])
    _use(p, record, text="a client's words")
    p.touched[:] = [AUDIT]


@fault("stats", "written")
def the_audit_is_gone(p: Planting) -> None:
    p.name(p.folder / AUDIT)
    (p.folder / AUDIT).unlink()


@fault("stats", "counted")
def the_manifest_counts_fewer_uses_of_the_bypass(p: Planting) -> None:
    p.manifest["safety"]["bypass"]["uses"] -= 1
    p.touched.append("manifest.json")


@fault("stats", "counted")
def the_manifest_says_nothing_of_filters(p: Planting) -> None:
    del p.manifest["safety"]
    p.touched.append("manifest.json")


@fault("stats", "written")
def a_masked_reply_is_trained_on(p: Planting) -> None:
    path = min(p.folder.glob("masked/*.jsonl"))
    rows = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    for message in rows[0]["messages"]:
        message["train"] = message["role"] == "assistant"
    p.touched.append(rows[0]["id"])
    path.write_bytes(b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows))
