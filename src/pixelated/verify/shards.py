"""The shards that a manifest declares, and their rows: JSON lines and Parquet side by side.

The JSON lines are what is measured; a Parquet row that differs is a fault of the hash gate. Where lines
cannot be read or are missing, the Parquet rows are measured in their place, so that a lost or truncated
file is a fault of the hash gate alone; what neither file gives is unknown, and every gate fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pixelated.verify.findings import Findings, shown
from pixelated.verify.hashes import key
from pixelated.verify.jsonl import Line, parse, read_blocks
from pixelated.verify.paths import FileFact, Files
from pixelated.verify.record import mapping, natural
from pixelated.verify.twins import Twin, rows_of, some_rows, unequal_rows

SPLITS = ("train", "val", "test")
_BATCH = 500

Row = tuple[int, bytes, dict[str, Any]]  # line number from 1, digest of the line, parsed row


@dataclass
class Shard:
    """A shard as declared, and what was read of it."""

    split: str
    entry: dict[str, Any]
    path: str
    twin: str
    rows: int = 0
    families: set[str] = field(default_factory=set)


@dataclass
class Reading:
    """Where a reader files what it could not read: `integrity` for the hash gate, `unmeasured` for all."""

    files: Files
    integrity: Findings
    unmeasured: Findings


def declared_shards(manifest: dict[str, Any], integrity: Findings) -> list[Shard]:
    """Return the shards that the manifest's `splits` name, each path once, in order."""
    splits = manifest.get("splits")
    if not isinstance(splits, dict):
        integrity.add("splits is not an object of train, val and test", "manifest.json")
        return []
    out, seen = list[Shard](), set[str]()
    for split in (*SPLITS, *sorted(set(splits) - set(SPLITS))):
        entries = mapping(splits.get(split)).get("shards")
        if split not in SPLITS:
            integrity.add(f"splits names an unknown split {shown(split)!r}", "manifest.json")
        elif not isinstance(entries, list):
            integrity.add(f"splits.{split} has no list of shards", "manifest.json")
        else:
            out += [s for s in (_shard(split, e, integrity) for e in entries) if _new(s, seen, integrity)]
    return out


def _shard(split: str, entry: object, integrity: Findings) -> Shard:
    facts = mapping(entry)
    path, twin = facts.get("s3_path"), mapping(facts.get("parquet")).get("path")
    for name, suffix in ((path, ".jsonl"), (twin, ".parquet")):
        if not isinstance(name, str):
            integrity.add(f"a shard of {split} names no {suffix} file", "manifest.json")
        elif not (name.startswith(f"shards/{split}/") and name.endswith(suffix)):
            integrity.add(f"a shard of {split} is not shards/{split}/*{suffix}", shown(name))
    return Shard(split, facts, path if isinstance(path, str) else "", twin if isinstance(twin, str) else "")


def _new(shard: Shard, seen: set[str], integrity: Findings) -> bool:
    names = {n for n in (shard.path, shard.twin) if n}
    twice = names & seen
    for name in sorted(twice):
        integrity.add("a shard file is listed twice", shown(name), "list each shard once in manifest.json")
    seen |= names
    return not twice


def read_shard(shard: Shard, reading: Reading) -> Iterator[Row]:
    """Yield the rows of a shard; differences between its two files go to `reading.integrity`."""
    lines, twin = _lines_fact(shard, reading), _open_twin(shard, reading)
    if lines is None and twin is None:
        _unmeasured(reading, shard.path or shard.twin or f"a shard of {shard.split}")
    elif lines is None:
        yield from _parquet_rows(shard, twin, reading)
    elif twin is None:
        yield from _json_rows(shard, reading)
    elif lines.lines == twin.rows:
        yield from _paired_rows(shard, twin, reading)
    else:
        yield from _disputed_rows(shard, lines.lines, twin, reading)


def _lines_fact(shard: Shard, reading: Reading) -> FileFact | None:
    fact = reading.files.fact(shard.path)
    return None if fact.problem or not shard.path.endswith(".jsonl") else fact


def _open_twin(shard: Shard, reading: Reading) -> Twin | None:
    if reading.files.fact(shard.twin).problem:
        return None
    twin = Twin(reading.files.path(shard.twin))
    if twin.problem:
        reading.integrity.add(twin.problem, shard.twin, "compile the dataset again")
        return None
    return twin


def _blocks(shard: Shard, reading: Reading) -> Iterator[list[Line]]:
    try:
        for block in read_blocks(reading.files.path(shard.path)):
            yield [parse(raw) for raw in block]
    except OSError as error:
        reading.integrity.add(f"cannot be read to its end ({error.strerror})", shard.path)
        _unmeasured(reading, shard.path)


def _json_rows(shard: Shard, reading: Reading) -> Iterator[Row]:
    number = 0
    for block in _blocks(shard, reading):
        for line in block:
            number += 1
            if line.row is None:
                _bad_line(line, shard, number, reading)
                _unmeasured(reading, f"{shard.path}:{number}")
            else:
                yield number, key(line.raw), line.row


def _parquet_rows(shard: Shard, twin: Twin | None, reading: Reading) -> Iterator[Row]:
    number = 0
    while twin is not None and number < twin.rows:
        table = twin.take(_BATCH)
        if table is None or not table.num_rows:
            reading.integrity.add(twin.problem or "ends early", shard.twin)
            _unmeasured(reading, shard.twin)
            return
        for row in rows_of(table):
            number += 1
            if row is None:
                reading.integrity.add("a Parquet row cannot be decoded", f"{shard.twin}:{number}")
                _unmeasured(reading, f"{shard.twin}:{number}")
            else:
                yield number, b"", row


def _paired_rows(shard: Shard, twin: Twin, reading: Reading) -> Iterator[Row]:
    """Yield the JSON rows; a bad line is replaced by its Parquet row, a difference is filed."""
    number = 0
    for block in _blocks(shard, reading):
        table = None if twin.problem else twin.take(len(block))
        if table is None or table.num_rows != len(block):
            reading.integrity.add(twin.problem or "ends early", shard.twin)
            table = None
        spare = _compare(block, table, shard, number, reading)
        for i, line in enumerate(block):
            number += 1
            if i in spare:
                yield number, b"", spare[i]
            elif line.row is not None:
                yield number, key(line.raw), line.row
            else:
                _unmeasured(reading, f"{shard.path}:{number}")


def _compare(
    block: list[Line], table: Any, shard: Shard, before: int, reading: Reading
) -> dict[int, dict[str, Any]]:
    """File bad lines and unequal rows of one block; return the Parquet rows that stand in for bad lines."""
    rows = {i: line.row for i, line in enumerate(block) if line.row is not None}
    bad = [i for i in range(len(block)) if i not in rows]
    for i in bad:
        _bad_line(block[i], shard, before + i + 1, reading)
    if table is None:
        return {}
    good = list(rows)
    kept = some_rows(table, good) if bad else table
    for i in (good[j] for j in unequal_rows([block[i].raw for i in good], list(rows.values()), kept)):
        name = _name(rows[i], shard.path, before + i + 1)
        reading.integrity.add("the JSON line and the Parquet row differ", name, "compile the dataset again")
    spare = {i: rows_of(table.slice(i, 1))[0] for i in bad}
    return {i: row for i, row in spare.items() if row is not None}


def _disputed_rows(shard: Shard, lines: int, twin: Twin, reading: Reading) -> Iterator[Row]:
    """Read the JSON lines, unless they are fewer than declared and Parquet holds the declared number."""
    declared = natural(shard.entry.get("conversation_count"))
    reading.integrity.add(
        f"{lines} JSON lines but {twin.rows} Parquet rows", shard.path, "compile the dataset again"
    )
    by_parquet = declared == twin.rows and lines < twin.rows
    other = {
        _name(row, shard.path, n)
        for n, _, row in (
            _json_rows(shard, _quiet(reading))
            if by_parquet
            else _parquet_rows(shard, Twin(reading.files.path(shard.twin)), _quiet(reading))
        )
    }
    rows = _parquet_rows(shard, twin, reading) if by_parquet else _json_rows(shard, reading)
    for number, digest, row in rows:
        name = _name(row, shard.path, number)
        if name not in other:
            reading.integrity.add("a record stands in one of a shard's two files only", name)
        other.discard(name)
        yield number, digest, row
    for name in sorted(other):
        reading.integrity.add("a record stands in one of a shard's two files only", name)


def _quiet(reading: Reading) -> Reading:
    """Return a reading whose findings nobody sees: the file is looked at, not measured."""
    return Reading(reading.files, Findings(), Findings())


def _bad_line(line: Line, shard: Shard, number: int, reading: Reading) -> None:
    reading.integrity.add(line.problem, f"{shard.path}:{number}", "compile the dataset again")


def _unmeasured(reading: Reading, who: str) -> None:
    reading.unmeasured.add("not measured, because it could be read in neither form", shown(who, 200))


def _name(row: dict[str, Any], path: str, number: int) -> str:
    identity = row.get("id")
    return identity[:200] if isinstance(identity, str) and identity else f"{path}:{number}"
