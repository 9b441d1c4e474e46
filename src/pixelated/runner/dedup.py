"""`pixelated dedup`: raw files of any supported format in, what stays and the clusters out; no recipe needed.

Two map passes around a driver step. The first reads a unit, repairs its text (nothing is redacted) and leaves
records, keys and signatures in a work folder; the driver decides on numbers; the second writes what stays.
The work folder is private; it stays beside the output, so that another threshold needs no second reading.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
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

from pixelated.clean import COUNTED, repair_table, scan_table
from pixelated.core.columns import write_jsonl, write_parquet
from pixelated.core.engines import Executor, executor_for
from pixelated.core.errors import IncompleteError, UsageError
from pixelated.core.fingerprint import sha256_file
from pixelated.core.object_store import store_of
from pixelated.core.records import QUARANTINED, RECORDS, write_quarantine
from pixelated.core.source import Source as RawSource
from pixelated.core.step import Ledger, count
from pixelated.core.store import LocalStore
from pixelated.dedup import (
    KINDS,
    SEMANTIC,
    THRESHOLD,
    Copies,
    clusters_jsonl,
    find_copies,
    hash_table,
    semantic_jsonl,
    sign,
    streams,
    summary,
    write_signatures,
)
from pixelated.runner.files import Outcome, refuse_inside
from pixelated.runner.semantic import Meaning, Told, look_for_meaning
from pixelated.runner.texts import COLUMNS, MAPPED, SIGNATURES, PartRows, Parts, left_over, source_of, taken
from pixelated.standardise import Unit, plan_units, sniff_source
from pixelated.standardise.chats import KERNELS, chat_lines

CLUSTERS, REPORT, WORK, PARTS = "clusters.jsonl", "report.json", "work", "parts.json"
MEANING = "semantic.jsonl"
PART_BYTES = 32 << 20
PRELOAD = (  # compiled kernels: loaded once for all workers, and compiled by one process
    *KERNELS,
    "pixelated.clean._scan_kernels",
    "pixelated.clean._mojibake_kernels",
    "pixelated.clean._trait_kernels",
    "pixelated.core._json_write_kernels",
    "pixelated.dedup._hash_kernels",
    "pixelated.dedup._near_kernels",
)
_KEPT = ("id", "kind", *COLUMNS, "source", "file", "row")
_KEYS = ("id", "source", "file", "row", "strict_hash", "content_hash")


@dataclass(frozen=True)
class Options:
    """How to look for copies, and with what."""

    strategy: str = "priority_order"
    threshold: float = THRESHOLD
    engine: str = "local"
    workers: int = 0
    scan: bool = False
    part_bytes: int = PART_BYTES
    meaning: Meaning | None = None  # what is only reported, or dropped too, beyond copies


@dataclass(frozen=True)
class _Task:
    """A unit to read, and where its part goes."""

    source: RawSource
    root: str
    unit: Unit
    folder: str
    name: str
    scan: bool


def dedup_to(paths: list[Path], output: Path | None, options: Options) -> Outcome:
    """Find copies in raw files; write what stays where `output` is given.

    `output` receives records.jsonl, quarantine.jsonl, clusters.jsonl (one cluster a line, the kept member
    first), report.json and the folder work; semantic.jsonl where `options` asks for it.

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
        tasks = list(_tasks(paths, work, options))
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
    sizes = [pq.read_metadata(work / f"{name}-keys.parquet").num_rows for name in names]
    parts = Parts(LocalStore(work, private=True), names, sizes)
    copies = find_copies(keys, options.strategy, source_of(parts, executor), options.threshold)
    kinds: tuple[str, ...] = KINDS
    told: Told | None = None
    if options.meaning is not None:
        told = look_for_meaning(parts, executor, keys, copies, options.meaning)
        copies = told.copies
        kinds = (*KINDS, SEMANTIC) if options.meaning.drop else KINDS
    left = left_over(parts, executor, keys, copies, options.threshold)
    found = summary(keys, copies, options.threshold, left, kinds)
    if told is not None:
        found["semantic"] = told.counts
    if ledger.measured:
        found["counted"] = ledger.measured  # by `scan`, before copies go
    _count(ledger, found)
    if output is not None:
        _write_output(output, parts, keys, copies, executor)
        _write_pairs(output, keys, told)
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


def _tasks(paths: list[Path], work: Path, options: Options) -> Iterator[_Task]:
    """Yield units in the order of the paths; two files of one name are two sources."""
    taken: dict[str, int] = {}
    for path in paths:
        source = sniff_source(path)
        taken[source.id] = times = taken.get(source.id, 0) + 1
        if times > 1:
            source = replace(source, id=f"{source.id}_{times}")
        root = path.resolve().parent
        for unit in plan_units(source, root, options.part_bytes, sha256_file):
            yield _Task(source, str(root), unit, str(work), f"{source.id}-{unit.index:05d}", options.scan)


def _read_part(task: _Task) -> dict[str, Any]:
    """Read one unit; leave its records, keys and signatures in the work folder."""
    result = chat_lines(task.source, Path(task.root), task.unit)
    ledger = count(int(result.measured["candidates"]), result)
    ledger.raw_rows, ledger.measured = int(result.measured.get("raw_rows", 0)), {}
    repaired = repair_table(result.kept, {}, 0)
    ledger.dropped += result.kept.num_rows - repaired.kept.num_rows
    ledger.kept = repaired.kept.num_rows
    table = hash_table(repaired.kept, {}, 0).kept
    wanted: tuple[str, ...] = _KEPT
    if task.scan:
        scanned = scan_table(table, {}, 0)
        table, wanted, ledger.measured = scanned.kept, (*_KEPT, *COUNTED), scanned.measured
    store = LocalStore(Path(task.folder), private=True)
    if result.quarantined is not None and result.quarantined.num_rows:
        store.write(f"{task.name}-quarantined.parquet", partial(write_parquet, result.quarantined))
    if table.num_rows:
        store.write(f"{task.name}{MAPPED}", partial(_ipc, table.select(wanted)))
        store.write(f"{task.name}-keys.parquet", partial(write_parquet, _part_keys(table)))
        store.write(f"{task.name}{SIGNATURES}", partial(write_signatures, sign(streams(table))))
    return {"name": task.name, "rows": table.num_rows, "ledger": ledger.as_json()}


def _part_keys(table: pa.Table) -> pa.Table:
    keys = table.select(_KEYS).append_column("group_key", table.column("id"))
    return keys.append_column("text_bytes", pa.array(_text_bytes(table), pa.int64()))


def _text_bytes(table: pa.Table) -> Any:
    """Return the bytes of text of each record."""
    total = np.zeros(table.num_rows, np.int64)
    for name in COLUMNS:
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


def _write_output(output: Path, parts: Parts, keys: pa.Table, copies: Copies, executor: Executor) -> None:
    work, store = Path(parts.store.address), LocalStore(output, private=True)
    tasks = parts.tasks(np.flatnonzero(copies.decisions.column("keep").to_numpy()))
    written = executor.map(_write_part, tasks)
    store.write(RECORDS, lambda f: _gather(f, written))
    refused = [pq.read_table(p, partitioning=None) for p in sorted(work.glob("*-quarantined.parquet"))]
    store.write(QUARANTINED, lambda f: write_quarantine(f, refused))
    clusters = clusters_jsonl(keys, copies.decisions)
    store.write(CLUSTERS, lambda f: _json_lines(clusters, f))


def _write_pairs(output: Path, keys: pa.Table, told: Told | None) -> None:
    store = LocalStore(output, private=True)
    if told is None:
        store.remove(MEANING)  # of an earlier run
        return
    pairs = semantic_jsonl(keys, told.found)
    store.write(MEANING, lambda f: _json_lines(pairs, f))


def _write_part(task: PartRows) -> str:
    store = store_of(task.store)
    store.write(f"{task.name}-kept.jsonl", partial(write_jsonl, taken(task, None)))
    return str(store.readable(f"{task.name}-kept.jsonl"))


def _gather(stream: BinaryIO, parts: Iterable[str]) -> None:
    """Append files in order, and remove them."""
    for part in parts:
        with Path(part).open("rb") as source:
            shutil.copyfileobj(source, stream, 1 << 20)
        Path(part).unlink()


def _json_lines(rows: Iterator[dict[str, Any]], stream: BinaryIO) -> None:
    stream.writelines(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)


def _ipc(table: pa.Table, stream: BinaryIO) -> None:
    with pa.ipc.new_file(stream, table.schema) as writer:
        writer.write_table(table.combine_chunks())
