"""The first map pass: one unit of raw files in, one part of records out, all row steps fused in memory.

Each step keeps its own ledger; the part's ledger is written last, so a part without one is not there.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from pixelated.clean import ENCODING_VERSION, PII_VERSION, redact_table, repair_table
from pixelated.core.fingerprint import fingerprint
from pixelated.core.object_store import store_of
from pixelated.core.schema import QUARANTINE
from pixelated.core.source import Source
from pixelated.core.step import Ledger, StepResult, count
from pixelated.core.store import Store
from pixelated.curate import key_table
from pixelated.dedup import hash_table, sign, streams, write_signatures
from pixelated.runner.texts import SIGNATURES
from pixelated.score import score_table
from pixelated.standardise import Unit, read_unit

PRELOAD = (  # compiled kernels: loaded once for all workers, and compiled by one process
    "pixelated.clean._mojibake_kernels",
    "pixelated.clean._trait_kernels",
    "pixelated.core._json_write_kernels",
    "pixelated.dedup._hash_kernels",
    "pixelated.dedup._near_kernels",
)
Step = Callable[[pa.Table, dict[str, Any], int], StepResult]

# Row steps after standardise, in order. A version changes when the step's output would.
ROW_STEPS: list[tuple[str, Step]] = [
    ("clean_encoding", repair_table),
    ("clean_pii", redact_table),
    ("score", score_table),
    ("hash", hash_table),
]
VERSIONS = ("standardise@2", ENCODING_VERSION, PII_VERSION, "score@1", "hash@1", "keys@4", "near@1")


@dataclass(frozen=True)
class ReadTask:
    """One unit of one source, and where its part goes."""

    source: Source
    corpora: str
    unit: Unit
    store: str  # address of where the part goes
    name: str  # "read/<source>/<fingerprint>/part-00000"
    settings: tuple[tuple[str, Any], ...]
    seed: int = 0
    keep_steps: bool = False


def part_name(source: Source, settings: dict[str, Any], seed: int, unit: Unit) -> str:
    """Return a part's name: the hash of its settings and inputs, so a change touches only its parts."""
    print_ = fingerprint(source.as_read, settings, seed, VERSIONS, unit.pieces, unit.joined)
    return f"read/{source.id}/{print_}/part"


def read_part(task: ReadTask) -> dict[str, Any]:
    """Run the row steps over one unit; return the ledgers by step (or those of the finished part)."""
    store = store_of(task.store)
    if store.exists(f"{task.name}.json"):
        return dict(store.read_json(f"{task.name}.json")) | {"cached": True}
    ledgers, kept, dropped, quarantined = _run(task, store)
    size = _write_table(store, f"{task.name}.parquet", kept)
    _write_table(store, f"{task.name}-keys.parquet", key_table(kept))
    store.write(f"{task.name}{SIGNATURES}", partial(write_signatures, sign(streams(kept))))
    if dropped:
        _write_table(
            store, f"{task.name}-dropped.parquet", pa.concat_tables(dropped, promote_options="default")
        )
    if quarantined:
        _write_table(store, f"{task.name}-quarantined.parquet", pa.concat_tables(quarantined))
    done = {"name": task.name, "steps": {k: v.as_json() for k, v in ledgers.items()}, "bytes": size}
    store.write_json(f"{task.name}.json", done)
    return done | {"cached": False}


def _run(task: ReadTask, store: Store) -> tuple[dict[str, Ledger], pa.Table, list[pa.Table], list[pa.Table]]:
    ledgers: dict[str, Ledger] = {}
    dropped: list[pa.Table] = []
    quarantined: list[pa.Table] = []

    def keep(name: str, rows_in: int, result: StepResult, start: float) -> pa.Table:
        ledger = count(rows_in, result)
        ledger.check(name)
        ledger.seconds, ledger.peak_memory_mb = time.monotonic() - start, _peak_memory_mb()
        ledger.raw_rows = int(result.measured.get("raw_rows", 0))
        ledgers[name] = ledger
        if result.dropped is not None and result.dropped.num_rows:
            dropped.append(result.dropped.append_column("step", pa.array([name] * result.dropped.num_rows)))
        if result.quarantined is not None and result.quarantined.num_rows:
            quarantined.append(result.quarantined.cast(QUARANTINE))
        if task.keep_steps:
            _write_table(store, f"{task.name}-{len(ledgers)}-{name}.parquet", result.kept)
        return result.kept

    start = time.monotonic()
    result = read_unit(task.source, Path(task.corpora), task.unit)
    table = keep("standardise", int(result.measured["candidates"]), result, start)
    for name, step in ROW_STEPS:
        start = time.monotonic()
        table = keep(name, table.num_rows, step(table, dict(task.settings), task.seed), start)
    return ledgers, table, dropped, quarantined


def sum_ledgers(parts: Iterable[dict[str, Any]]) -> dict[str, Ledger]:
    """Add up the ledgers of all parts, by step, in step order."""
    total = {name: Ledger() for name in ("standardise", *(n for n, _ in ROW_STEPS))}
    for part in parts:
        for name, ledger in part["steps"].items():
            total[name].add(Ledger.from_json(ledger))
    return total


def _write_table(store: Store, name: str, table: pa.Table) -> int:
    def write(stream: BinaryIO) -> None:
        # zstd-1 without dictionary: text has no repeated values worth a dictionary (ENGINE, section 6)
        pq.write_table(table, stream, compression="zstd", compression_level=1, use_dictionary=False)

    return store.write(name, write)


def _peak_memory_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10), 1)
