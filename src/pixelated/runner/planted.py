"""Measure what became of planted faults: a demo that says it found them shows where.

A planted list names places (source, file, row) and one outcome each:

| outcome | holds at a place where |
|---|---|
| `decision: REASON` | the record was dropped for REASON |
| `quarantined: REASON` | the row was quarantined for REASON |
| `absent: TEXT` | the record is there and TEXT is in none of its messages |
| `scrubbed: true` | the record's counts hold the place's identifier type (`pii`) |
| `kept: true` | the place's text (`present`) still stands in the record |
| `collision: true` | the record shares its content_hash with another of unequal strict_hash |
| `edge_tag: false` | the record is not tagged as a training edge case |
| `masked: [PLACES]` | the record is kept, and the replies at these positions are masked |
| `bypassed: FILTER` | the record is kept, and a client turn of it skipped this safety filter |
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from pixelated.core.errors import UsageError
from pixelated.core.store import read_table
from pixelated.curate import KEEP
from pixelated.runner.context import Run
from pixelated.runner.decide import Decisions

COLUMNS = ["id", "messages", "chosen", "rejected", "source", "provenance", "pii", "is_training_edge_case"]
Place = tuple[str, str]


def measure_planted(
    run: Run, decisions: Decisions, quarantine: list[dict[str, Any]], planted: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the planted items with `found`: the number of places where the outcome holds."""
    if not planted:
        return []
    records = _records(run, decisions, {p["source"] for item in planted for p in item["where"]})
    refused: dict[Place, list[dict[str, Any]]] = defaultdict(list)
    for row in quarantine:
        refused[row["source"], row["file"]].append(row)
    out = []
    for item in planted:
        found = sum(_count(item["outcome"], place, records, refused) for place in item["where"])
        out.append({k: item[k] for k in ("what", "planted", "expected", "step")} | {"found": found})
    return out


def _records(run: Run, decisions: Decisions, sources: set[str]) -> dict[Place, list[dict[str, Any]]]:
    """Return the records of the named sources by file, with their decision; planted corpora are small."""
    decided = decisions.labels.select(
        ["part", "row_in_part", "position", "decision", "collision", "masked"]
    ).to_pylist()
    by_place = {(d["part"], d["row_in_part"]): d for d in decided}
    out: dict[Place, list[dict[str, Any]]] = defaultdict(list)
    for part, name in enumerate(run.parts):
        if name.split("/")[1] not in sources:
            continue
        table = read_table(run.store, f"{name}.parquet", COLUMNS)
        for row, record in enumerate(table.to_pylist()):
            place = (record["source"], record["provenance"]["file"])
            decision = by_place[part, row]
            outcome = decisions.screened.outcomes.get(decision["position"])
            used = [finding.filter for finding in outcome.bypassed] if outcome else []
            more = {"row": record["provenance"]["row"], "bypassed": used}
            out[place].append(record | decision | more)
    return out


def _count(
    outcome: dict[str, Any],
    place: dict[str, Any],
    records: dict[Place, list[dict[str, Any]]],
    refused: dict[Place, list[dict[str, Any]]],
) -> int:
    """Return how many records of a place show the outcome (of a place with a row: 0 or 1)."""
    [(kind, value)] = outcome.items()
    pool = refused if kind == "quarantined" else records
    here = pool.get((place["source"], place["file"]), [])
    if "row" in place:
        here = [r for r in here if r["row"] == place["row"]]
    return sum(_holds(kind, value, place, record) for record in here)


def _holds(kind: str, value: Any, place: dict[str, Any], record: dict[str, Any]) -> bool:
    if kind not in _OUTCOMES:
        raise UsageError(
            "bad_planted", f"planted: unknown outcome {kind!r}", f"one of: {', '.join(_OUTCOMES)}"
        )
    return _OUTCOMES[kind](value, place, record)


_OUTCOMES: dict[str, Callable[[Any, dict[str, Any], dict[str, Any]], bool]] = {
    "decision": lambda value, _place, record: bool(record["decision"] == value),
    "quarantined": lambda value, _place, record: bool(record["reason"] == value),
    "absent": lambda value, _place, record: value not in _text(record),
    "scrubbed": lambda _value, place, record: place["pii"] in {p["type"] for p in record["pii"] or ()},
    "kept": lambda _value, place, record: place["present"] in _text(record),
    "collision": lambda value, _place, record: bool(record["collision"]) is value,
    "masked": lambda value, _place, record: record["decision"] == KEEP and record["masked"] == value,
    "bypassed": lambda value, _place, record: record["decision"] == KEEP and value in record["bypassed"],
    "edge_tag": lambda value, _place, record: bool(record["is_training_edge_case"]) is value,
}


def _text(record: dict[str, Any]) -> str:
    parts = [*record["messages"], *(record["chosen"] or ()), *(record["rejected"] or ())]
    return "\n".join(m["content"] for m in parts)
