"""Read bytes as a source would, and see the records as plain Python."""

from __future__ import annotations

import json
from typing import Any

from pixelated.core.source import Mapping, Source
from pixelated.core.step import StepResult
from pixelated.standardise import read_bytes


def read(name: str, data: bytes | str, mapping: Mapping | None = None, **fields: Any) -> StepResult:
    """Read one file in memory."""
    raw = data.encode() if isinstance(data, str) else data
    return read_bytes(Source(id="s", mapping=mapping or Mapping(), **fields), name, raw)


def lines(*values: object) -> bytes:
    """Return JSON lines."""
    return b"\n".join(json.dumps(v).encode() for v in values)


def document(value: object) -> bytes:
    """Return a JSON document."""
    return json.dumps(value).encode()


def records(result: StepResult) -> list[dict[str, Any]]:
    """Return the kept records, their metadata parsed."""
    rows: list[dict[str, Any]] = result.kept.to_pylist()
    return [{**r, "source_metadata": json.loads(r["source_metadata"])} for r in rows]


def dialogues(result: StepResult) -> list[list[tuple[str, str]]]:
    """Return the (role, content) pairs of each kept record."""
    return [pairs(r["messages"]) for r in result.kept.to_pylist()]


def pairs(messages: list[dict[str, str]]) -> list[tuple[str, str]]:
    """Return messages as (role, content)."""
    return [(m["role"], m["content"]) for m in messages]


def refusals(result: StepResult) -> list[tuple[int, str]]:
    """Return (row, reason) of each quarantined record."""
    assert result.quarantined is not None
    return [(q["row"], q["reason"]) for q in result.quarantined.to_pylist()]


def balances(result: StepResult) -> bool:
    """Say whether every raw row and every candidate went somewhere."""
    assert result.quarantined is not None
    raw = sum(result.kept["raw_rows"].to_pylist()) + sum(result.quarantined["raw_rows"].to_pylist())
    seen = result.kept.num_rows + result.quarantined.num_rows
    return raw == result.measured["raw_rows"] and seen == result.measured["candidates"]


def text_of(result: StepResult) -> str:
    """Return the text of the only record."""
    (record,) = records(result)
    assert record["kind"] == "text"
    content: str = record["messages"][0]["content"]
    return content


def details(result: StepResult) -> list[tuple[str, str, str]]:
    """Return (reason, detail, text) of what was refused."""
    assert result.quarantined is not None
    return [(q["reason"], q["detail"], q["text"]) for q in result.quarantined.to_pylist()]


def srt(*cues: tuple[str, str] | str) -> str:
    """Return numbered cues of one second each, or of the given times."""
    blocks = []
    for k, cue in enumerate(cues):
        times, text = cue if isinstance(cue, tuple) else (f"{_clock(k)} --> {_clock(k + 1)}", cue)
        blocks.append(f"{k + 1}\n{times}\n{text}\n")
    return "\n".join(blocks)


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02},000"


def quarantined(result: StepResult) -> list[tuple[int, str, str]]:
    """Return (row, reason, what is said of it, after its place) of each quarantined record."""
    assert result.quarantined is not None
    return [(q["row"], q["reason"], f"{q['locator']}: {q['detail']}") for q in result.quarantined.to_pylist()]


def places(result: StepResult) -> list[tuple[int, str, str]]:
    found = [r["provenance"] for r in records(result)]
    return [(p["row"], p["locator"], p["original_format"]) for p in found]


def numbers(result: StepResult) -> list[int]:
    """Return the row numbers of what was kept and refused."""
    return sorted([p[0] for p in places(result)] + [q[0] for q in quarantined(result)])
