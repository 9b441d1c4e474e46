"""`pixelated dedup`: raw files of any supported format in, what stays and the clusters out; no recipe needed.

Two map passes around a driver step. The first reads a unit, repairs its text (nothing is redacted) and leaves
records, keys and signatures in a work folder; the driver decides on numbers; the second writes what stays. The work
folder is private; it stays beside the output, so that another threshold needs no second reading.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pixelated.clean import repair_table
from pixelated.core import schema
from pixelated.core.engines import Executor, executor_for
from pixelated.core.errors import IncompleteError, UsageError
from pixelated.core.fingerprint import sha256_file
from pixelated.core.records import write_folder
from pixelated.core.source import Source as RawSource
from pixelated.core.step import Ledger, count
from pixelated.core.store import LocalStore
from pixelated.dedup import (
    THRESHOLD,
    Copies,
    ShingleSets,
    Signatures,
    Source,
    Texts,
    clusters_jsonl,
    find_copies,
    hash_table,
    join_sets,
    join_signatures,
    read_signatures,
    shingle_sets,
    sign,
    streams,
    summary,
    write_signatures,
)
from pixelated.runner.files import Outcome, refuse_inside
from pixelated.standardise import Unit, plan_units, sniff_source
from pixelated.standardise.chats import chat_lines

CLUSTERS, REPORT, WORK, PARTS = "clusters.jsonl", "report.json", "work", "parts.json"
PART_BYTES = 32 << 20
TEXTS = ("messages", "chosen", "rejected")
_KEPT = ("id", "kind", *TEXTS, "source", "file", "row")
_KEYS = ("id", "source", "file", "row", "strict_hash", "content_hash")


@dataclass(frozen=True)
class Options:
    """How to look for copies, and with what."""

    strategy: str = "priority_order"
    threshold: float = THRESHOLD
    engine: str = "local"
    workers: int = 0
    part_bytes: int = PART_BYTES


@dataclass(frozen=True)
class _Task:
    """A unit to read, and where its part goes."""

    source: RawSource
    root: str
    unit: Unit
    folder: str
    name: str


@dataclass(frozen=True)
class _Rows:
    """Rows of a part, and the sentences that are not counted."""

    folder: str
    name: str
    rows: bytes  # int64
    stock: bytes = b""  # uint64


def dedup_to(paths: list[Path], output: Path | None, options: Options) -> Outcome:
    """Find copies in raw files; write what stays where `output` is given.

    `output` receives records.jsonl, quarantine.jsonl, clusters.jsonl (one cluster a line, the kept member first),
    report.json and the folder work.

    Raises:
        UsageError: a path is missing, or holds the output; there is no such strategy or engine.
        IncompleteError: no readable record was found.
    """
    for path in paths:
        if not path.exists():
            raise UsageError("input_missing", f"there is no file or folder {path}", "correct the path")
        refuse_inside(output, path)
    start = time.monotonic()
    with _work_folder(output) as work, executor_for(options.engine, options.workers) as executor:
        tasks = list(_tasks(paths, work, options.part_bytes))
        parts = list(executor.map(_read_part, tasks))
        ledger = Ledger()
        for part in parts:
            ledger.add(Ledger.from_json(part["ledger"]))
        names = [part["name"] for part in parts if part["rows"]]
        if not names:
            raise IncompleteError(
                "nothing_readable", f"{paths[0]}: no readable record", "see: pixelated standardise"
            )
        sources = list(dict.fromkeys(task.source.id for task in tasks))
        read = {"parts": names, "sources": sources, "ledger": ledger.as_json(), "strategy": options.strategy}
        LocalStore(work, private=True).write_json(PARTS, read)
        return _decide(work, output, options, executor, start)


def dedup_again(output: Path, options: Options, *, write: bool) -> Outcome:
    """Answer another threshold from what an earlier `dedup_to` left in `output`; nothing is read again.

    Raises:
        UsageError: no finished work is there.
    """
    work, start = output / WORK, time.monotonic()
    if not (work / PARTS).is_file():
        raise UsageError(
            "nothing_to_rethreshold",
            f"{work} holds no finished work",
            f"first: pixelated dedup PATH... --output {output} --confirm",
        )
    with executor_for(options.engine, options.workers) as executor:
        return _decide(work, output if write else None, options, executor, start)


def _decide(work: Path, output: Path | None, options: Options, executor: Executor, start: float) -> Outcome:
    read = LocalStore(work).read_json(PARTS)
    names, ledger = read["parts"], Ledger.from_json(read["ledger"])
    keys = _load_keys(work, names, read["sources"])
    copies = find_copies(keys, options.strategy, _source(work, names, executor), options.threshold)
    found = summary(keys, copies, options.threshold)
    _count(ledger, found)
    if output is not None:
        _write_output(output, work, names, keys, copies)
        LocalStore(output, private=True).write_json(REPORT, found)
    ledger.seconds = time.monotonic() - start
    return Outcome(ledger, {"duplicates": found, "dry_run": output is None})


def _count(ledger: Ledger, found: dict[str, Any]) -> None:
    ledger.kept -= found["removable"]
    ledger.dropped += found["removable"]
    ledger.reasons.update(
        {f"{kind}_duplicate": n["removable"] for kind, n in found["kinds"].items() if n["removable"]}
    )
    ledger.check("dedup")


@contextmanager
def _work_folder(output: Path | None) -> Iterator[Path]:
    """Give the folder for parts: in the output, or one that goes at the end."""
    if output is not None:
        work = output / WORK
        shutil.rmtree(work, ignore_errors=True)
        LocalStore(output, private=True).write_json(f"{WORK}/{PARTS}.tmp", {})  # makes the folder, private
        yield work
        return
    with tempfile.TemporaryDirectory(prefix="pixelated-dedup-") as folder:
        yield Path(folder)


def _tasks(paths: list[Path], work: Path, part_bytes: int) -> Iterator[_Task]:
    """Yield units in the order of the paths; two files of one name are two sources."""
    taken: dict[str, int] = {}
    for path in paths:
        source = sniff_source(path)
        taken[source.id] = times = taken.get(source.id, 0) + 1
        if times > 1:
            source = replace(source, id=f"{source.id}_{times}")
        root = path.resolve().parent
        for unit in plan_units(source, root, part_bytes, sha256_file):
            yield _Task(source, str(root), unit, str(work), f"{source.id}-{unit.index:05d}")


def _read_part(task: _Task) -> dict[str, Any]:
    """Read one unit; leave its records, keys and signatures in the work folder."""
    result = chat_lines(task.source, Path(task.root), task.unit)
    ledger = count(int(result.measured["candidates"]), result)
    ledger.raw_rows, ledger.measured = int(result.measured.get("raw_rows", 0)), {}
    repaired = repair_table(_widened(result.kept), {}, 0)
    ledger.dropped += result.kept.num_rows - repaired.kept.num_rows
    ledger.kept = repaired.kept.num_rows
    table = hash_table(repaired.kept, {}, 0).kept
    store = LocalStore(Path(task.folder), private=True)
    if result.quarantined is not None and result.quarantined.num_rows:
        store.write(f"{task.name}-quarantined.parquet", partial(_parquet, result.quarantined))
    if table.num_rows:
        store.write(f"{task.name}.arrow", partial(_ipc, table.select(_KEPT)))
        store.write(f"{task.name}-keys.parquet", partial(_parquet, _part_keys(table)))
        store.write(f"{task.name}-near.arrow", partial(write_signatures, sign(streams(table))))
    return {"name": task.name, "rows": table.num_rows, "ledger": ledger.as_json()}


def _widened(table: pa.Table) -> pa.Table:
    """Add the columns that repair reads and writes, empty."""
    rows = table.num_rows
    for field in (f for f in schema.BASE if f.name in ("source_metadata", "tags")):
        table = table.append_column(
            field, pa.array(["{}"] * rows) if field.type == pa.string() else pa.nulls(rows, field.type)
        )
    fields = list(schema.PROVENANCE)
    held = [
        table.column(f.name).combine_chunks() if f.name in ("file", "row") else pa.nulls(rows, f.type)
        for f in fields
    ]
    return table.append_column("provenance", pa.StructArray.from_arrays(held, fields=fields))


def _part_keys(table: pa.Table) -> pa.Table:
    keys = table.select(_KEYS).append_column("group_key", table.column("id"))
    return keys.append_column("text_bytes", pa.array(_text_bytes(table), pa.int64()))


def _text_bytes(table: pa.Table) -> Any:
    """Return the bytes of text of each record."""
    total = np.zeros(table.num_rows, np.int64)
    for name in TEXTS:
        column = table.column(name).combine_chunks()
        lengths = pc.fill_null(pc.binary_length(pc.struct_field(column.flatten(), "content")), 0)
        parents = pc.list_parent_indices(column).to_numpy()
        total += np.bincount(parents, lengths.to_numpy(), table.num_rows).astype(np.int64)
    return total


def _load_keys(work: Path, names: list[str], sources: list[str]) -> pa.Table:
    tables = [pq.read_table(work / f"{name}-keys.parquet", partitioning=None) for name in names]
    keys = pa.concat_tables(tables, promote_options="default").combine_chunks()
    order = pa.array(list(dict.fromkeys(sources)), pa.string())
    rows = keys.num_rows
    keys = keys.append_column("position", pa.array(np.arange(rows), pa.int64()))
    priority = pc.index_in(keys.column("source"), order).cast(pa.int64())
    keys = keys.append_column("priority", priority)
    return keys.append_column("quality", pa.nulls(rows, pa.float64()))


def _source(work: Path, names: list[str], executor: Executor) -> Source:
    """Return where signatures are mapped from, and how the texts of rows are asked for."""
    sizes = [pq.read_metadata(work / f"{name}-keys.parquet").num_rows for name in names]
    edges = np.concatenate([[0], np.cumsum(sizes)])

    def tasks(rows: Any, stock: Any) -> list[_Rows]:
        cuts = np.searchsorted(rows, edges)
        mine = [rows[a:b] - first for a, b, first in zip(cuts, cuts[1:], edges, strict=False)]
        return [
            _Rows(str(work), name, part.tobytes(), stock.tobytes())
            for name, part in zip(names, mine, strict=True)
            if len(part)
        ]

    def sets(rows: Any, stock: Any) -> ShingleSets:
        return join_sets(list(executor.map(_sets_of, tasks(rows, stock))))

    def signatures(rows: Any, stock: Any) -> Signatures:
        return join_signatures(list(executor.map(_signatures_of, tasks(rows, stock))))

    loaders = [partial(_map_signatures, work / f"{name}-near.arrow") for name in names]
    return Source(loaders, sizes, Texts(sets, signatures))


def _map_signatures(path: Path) -> Signatures:
    return read_signatures(pa.memory_map(str(path)))


def _sets_of(task: _Rows) -> ShingleSets:
    return shingle_sets(streams(_taken(task, TEXTS)), np.frombuffer(task.stock, np.uint64))


def _signatures_of(task: _Rows) -> Signatures:
    return sign(streams(_taken(task, TEXTS)), np.frombuffer(task.stock, np.uint64))


def _taken(task: _Rows, columns: tuple[str, ...]) -> pa.Table:
    with pa.memory_map(str(Path(task.folder) / f"{task.name}.arrow")) as file:
        table = pa.ipc.open_file(file).read_all().select(columns)
        return table.take(pa.array(np.frombuffer(task.rows, np.int64)))


def _write_output(output: Path, work: Path, names: list[str], keys: pa.Table, copies: Copies) -> None:
    store = LocalStore(output, private=True)
    keep = copies.decisions.column("keep").to_numpy()
    tasks, first = [], 0
    for name in names:
        size = pq.read_metadata(work / f"{name}-keys.parquet").num_rows
        rows = np.flatnonzero(keep[first : first + size])
        tasks.append(_Rows(str(work), name, rows.tobytes()))
        first += size
    tables = (_taken(task, _KEPT) for task in tasks)
    refused = [pq.read_table(p) for p in sorted(work.glob("*-quarantined.parquet"))]
    write_folder(output, tables, refused)
    clusters = clusters_jsonl(keys, copies.decisions)
    store.write(CLUSTERS, lambda f: _json_lines(clusters, f))


def _json_lines(rows: Iterator[dict[str, Any]], stream: BinaryIO) -> None:
    stream.writelines(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)


def _ipc(table: pa.Table, stream: BinaryIO) -> None:
    with pa.ipc.new_file(stream, table.schema) as writer:
        writer.write_table(table.combine_chunks())


def _parquet(table: pa.Table, stream: BinaryIO) -> None:
    pq.write_table(table, stream, compression="zstd", compression_level=1)
