"""Scores of a file of JSON lines: `{"id", "messages"}` in, `{"id", "scores", "reasons"}` out.

A line that is no such record is quarantined with its row and a reason, and the rest is scored.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from pixelated.core.errors import UsageError
from pixelated.core.lines import BOM, RefusedLineError, record_of, write_lines
from pixelated.core.store import LocalStore
from pixelated.score.dialogue import Dialogue
from pixelated.score.protocol import USE, Score, Scorer
from pixelated.score.table import build_scorers, count_values

Messages = list[dict[str, str]]
More = Callable[[dict[str, Any], Messages], Mapping[str, Score]]


def score_file(
    path: Path, names: Sequence[str | Mapping[str, Any]], output: Path, more: More | None = None
) -> dict[str, Any]:
    """Score every record of `path` and write `output`; return what `--json` prints, without times.

    A line of `output` holds `id`, `scores` (name -> number or null), `reasons` (name -> code) and, where
    a score is made of several, `parts` (name -> part -> number or null).
    Refused lines go to `<output stem>.quarantine.jsonl` beside it (file, row, reason; never text).
    Rows count from 0, blank lines not counted.

    Args:
        path: JSON lines of `{"id", "messages": [{"role", "content"}]}`; the `chosen` answer of a
            preference record ends its conversation.
        names: scorers; a mapping gives a `name` and settings.
        output: file to write, by an atomic rename.
        more: further scores of a record and its messages, by name (such as those of another back end).

    Raises:
        UsageError: there is no such file or scorer.
    """
    if not path.is_file():
        raise UsageError("no_such_file", f"there is no file {path}", "give a file of JSON lines")
    run = _Run(path.name, build_scorers(names), more)
    store = LocalStore(output.parent)
    with path.open("rb") as source:
        store.write(output.name, lambda f: write_lines(f, run.lines(source)))
    refused = f"{output.stem}.quarantine.jsonl"
    store.remove(refused)  # of an earlier run
    if run.quarantined:
        store.write(refused, lambda f: write_lines(f, iter(run.quarantined)))
    return run.report() | {"output": str(output)}


def read_dialogues(path: Path) -> Iterator[tuple[dict[str, Any], Messages]]:
    """Yield the records of a file and their messages; lines that `score_file` quarantines are left out."""
    with path.open("rb") as source:
        for number, line in enumerate(source):
            data = line.removeprefix(BOM).strip() if number == 0 else line.strip()
            with contextlib.suppress(RefusedLineError):
                if data:
                    yield _record(data)


class _Run:
    """The counts of one run over one file."""

    def __init__(self, name: str, scorers: list[Scorer], more: More | None) -> None:
        self.name = name
        self.scorers = scorers
        self.more = more
        self.quarantined: list[dict[str, Any]] = []
        self.values: dict[str, list[float | None]] = {scorer.name: [] for scorer in scorers}
        self.rows = 0

    def lines(self, source: BinaryIO) -> Iterator[dict[str, Any]]:
        for line in source:
            data = line.removeprefix(BOM).strip() if self.rows == 0 else line.strip()
            if not data:
                continue
            try:
                yield self._scored(data)
            except RefusedLineError as refused:
                reason = str(refused)
                self.quarantined.append({"file": self.name, "row": self.rows, "reason": reason})
            self.rows += 1

    def _scored(self, data: bytes) -> dict[str, Any]:
        record, messages = _record(data)
        dialogue = Dialogue(messages, _rejected(record))
        found = {scorer.name: scorer(dialogue) for scorer in self.scorers}
        if self.more is not None:
            found |= self.more(record, messages)
        for scorer, score in found.items():
            self.values.setdefault(scorer, []).append(score.value)
        line = {
            "id": record["id"],
            "scores": {scorer: score.value for scorer, score in found.items()},
            "reasons": {scorer: score.reason for scorer, score in found.items()},
        }
        parts = {scorer: dict(score.parts) for scorer, score in found.items() if score.parts}
        return line | ({"parts": parts} if parts else {})

    def report(self) -> dict[str, Any]:
        reasons = Counter(line["reason"] for line in self.quarantined)
        return {
            "rows_in": self.rows,
            "kept": self.rows - len(self.quarantined),
            "added": 0,
            "dropped": 0,
            "quarantined": len(self.quarantined),
            "raw_rows": self.rows,
            "reasons": dict(sorted(reasons.items())),
            "scorers": {name: count_values(values) for name, values in self.values.items()},
            "experimental": sorted(scorer.name for scorer in self.scorers if scorer.experimental),
            "use": USE,
        }


def _record(data: bytes) -> tuple[dict[str, Any], Messages]:
    record = record_of(data)
    return record, _messages(record.get("messages")) + _messages(record.get("chosen") or [])


def _rejected(record: dict[str, Any]) -> Messages:
    """Return the rejected answer, or none where it has another form: a record is not refused for it."""
    with contextlib.suppress(RefusedLineError):
        return _messages(record.get("rejected") or [])
    return []


def _messages(value: Any) -> Messages:
    if not isinstance(value, list):
        raise RefusedLineError("no_messages")
    for message in value:
        if not isinstance(message, dict) or not all(
            isinstance(message.get(k), str) for k in ("role", "content")
        ):
            raise RefusedLineError("bad_message")
    return value
