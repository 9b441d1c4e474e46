"""Verbs that work alone on a file or a folder, with no recipe and no registry entry at hand."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from pixelated.clean import repair_folder, repair_table
from pixelated.core.errors import IncompleteError, UsageError
from pixelated.core.records import write_folder
from pixelated.core.step import Ledger, StepResult, count
from pixelated.standardise import standardise_path


@dataclass
class Outcome:
    """Counts of a verb, and what else it found."""

    ledger: Ledger
    more: dict[str, Any] = field(default_factory=dict)

    def as_json(self, output: Path | None) -> dict[str, Any]:
        """Return the step object that `--json` prints."""
        plain = self.ledger.as_json()
        plain.pop("measured")
        return plain | {"output": None if output is None else str(output)} | self.more


def standardise_to(path: Path, output: Path) -> Outcome:
    """Standardise a file or a folder of mixed files into `output`/records.jsonl and quarantine.jsonl.

    Raises:
        UsageError: there is no such path.
        IncompleteError: no readable record was found (the quarantine says why, file by file).
    """
    start = time.monotonic()
    refuse_inside(output, path)
    ledger, flags = Ledger(), dict[str, Any]()
    refused: list[pa.Table] = []

    def kept() -> Iterator[pa.Table]:
        for result in _read(path):
            _add(ledger, result)
            flags.update(result.measured.get("flags", {}))
            if result.quarantined is not None:
                refused.append(result.quarantined)
            yield result.kept

    write_folder(output, kept(), refused)
    ledger.seconds = time.monotonic() - start
    if not ledger.kept:
        reasons = ", ".join(f"{r} ({n})" for r, n in sorted(ledger.reasons.items())) or "no file"
        raise IncompleteError(
            "nothing_readable", f"{path}: no readable record: {reasons}", f"see {output / 'quarantine.jsonl'}"
        )
    return Outcome(ledger, {"flags": flags})


def encode_to(input_dir: Path, output_dir: Path, *, normalize: bool) -> Outcome:
    """Repair the encoding of every file of a folder, and write the records of the repaired files."""
    start = time.monotonic()
    if not input_dir.is_dir():
        raise UsageError("input_missing", f"there is no folder {input_dir}", "correct --input-dir")
    refuse_inside(output_dir, input_dir)
    repaired = repair_folder(input_dir, output_dir, normalize=normalize)
    ledger = Ledger()
    kept, refused = [], []
    for result in _read(input_dir):
        _add(ledger, result)
        clean = repair_table(result.kept, {}, 0)
        dropped = clean.dropped.num_rows if clean.dropped is not None else 0
        ledger.kept -= dropped
        ledger.dropped += dropped
        kept.append(clean.kept)
        if result.quarantined is not None:
            refused.append(result.quarantined)
    write_folder(output_dir, kept, refused)
    ledger.seconds = time.monotonic() - start
    return Outcome(ledger, {"files": repaired.get("files", [])})


def refuse_inside(output: Path | None, source: Path) -> None:
    """Raise `UsageError` where the output would lie in the input, and be read the next time."""
    if output and source.is_dir() and output.resolve().is_relative_to(source.resolve()):
        raise UsageError("output_inside_input", f"{output} lies in {source}", "choose another output folder")


def _read(path: Path) -> Iterable[StepResult]:
    if not path.exists():
        raise UsageError("input_missing", f"there is no file or folder {path}", "correct the path")
    return standardise_path(path)


def _add(ledger: Ledger, result: StepResult) -> None:
    one = count(int(result.measured["candidates"]), result)
    one.raw_rows = int(result.measured.get("raw_rows", 0))
    one.measured = {}
    one.check("standardise")
    ledger.add(one)
