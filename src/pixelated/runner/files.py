"""Verbs that work alone on a file or a folder, with no recipe and no registry entry at hand."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from pixelated.clean import repair_folder, repair_table
from pixelated.core.errors import IncompleteError, UsageError
from pixelated.core.records import write_folder
from pixelated.core.step import Ledger, StepResult, count
from pixelated.core.store import LocalStore
from pixelated.curate import key_table
from pixelated.dedup import clusters_jsonl, find_exact, hash_table, summary
from pixelated.standardise import standardise_path

CLUSTERS = "clusters.jsonl"


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


def dedup_to(paths: list[Path], strategy: str, output: Path | None) -> Outcome:
    """Find exact duplicates in raw files of any supported format; write survivors where `output` is given.

    Text is repaired, not redacted, for this. `output` receives records.jsonl, quarantine.jsonl and
    clusters.jsonl, one cluster a line, the kept member included.
    """
    start = time.monotonic()
    for path in paths:
        refuse_inside(output, path)
    tables, refused, ledger = [], [], Ledger()
    for result in (r for p in paths for r in _read(p)):
        _add(ledger, result)
        repaired = repair_table(result.kept, {}, 0)
        ledger.dropped += result.kept.num_rows - repaired.kept.num_rows
        tables.append(hash_table(repaired.kept, {}, 0).kept)
        if result.quarantined is not None:
            refused.append(result.quarantined)
    records = pa.concat_tables(tables, promote_options="default") if tables else None
    if records is None or not records.num_rows:
        raise IncompleteError(
            "nothing_readable", f"{paths[0]}: no readable record", "see: pixelated standardise"
        )
    keys = _dedup_keys(records, paths)
    found = find_exact(keys, strategy)
    survivors = records.filter(found.column("keep"))
    ledger.kept = survivors.num_rows
    ledger.dropped += records.num_rows - survivors.num_rows
    ledger.reasons["exact_duplicate"] = records.num_rows - survivors.num_rows
    ledger.seconds = time.monotonic() - start
    clusters = list(clusters_jsonl(keys, found))
    if output is not None:
        write_folder(output, [survivors], refused)
        lines = b"".join(orjson.dumps(c, option=orjson.OPT_APPEND_NEWLINE) for c in clusters)
        LocalStore(output).write(CLUSTERS, lambda f: _write(f, lines))
    return Outcome(ledger, {"duplicates": summary(keys, found), "dry_run": output is None})


def refuse_inside(output: Path | None, source: Path) -> None:
    """Raise `UsageError` where the output would lie in the input, and be read the next time."""
    if output and source.is_dir() and output.resolve().is_relative_to(source.resolve()):
        raise UsageError("output_inside_input", f"{output} lies in {source}", "choose another output folder")


def _dedup_keys(records: pa.Table, paths: list[Path]) -> pa.Table:
    keys = key_table(_padded(records))
    rows = keys.num_rows
    order = {_source_name(p): i for i, p in enumerate(paths)}
    names = ["id", "source", "file", "row", "strict_hash", "content_hash", "group_key", "text_bytes"]
    keys = keys.select(names).append_column("position", pa.array(range(rows), pa.int64()))
    priority = [order.get(s, len(order)) for s in keys.column("source").to_pylist()]
    keys = keys.append_column("priority", pa.array(priority, pa.int64()))
    return keys.append_column("quality", pa.nulls(rows, pa.float64()))


def _padded(records: pa.Table) -> pa.Table:
    """Add the columns that `key_table` reads and that steps not run here would have made."""
    return records.append_column("pii_status", pa.nulls(records.num_rows, pa.string()))


def _source_name(path: Path) -> str:
    return path.stem if path.is_file() else path.name


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


def _write(stream: Any, data: bytes) -> None:
    stream.write(data)
