"""The texts behind key rows: parts in a store, asked for by row, on the workers of the engine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pixelated.core.engines import Executor
from pixelated.core.object_store import store_of
from pixelated.core.store import Store, read_table
from pixelated.dedup import (
    Copies,
    ShingleSets,
    Signatures,
    Source,
    Texts,
    chosen,
    join_sets,
    join_signatures,
    read_signatures,
    remaining,
    shingle_sets,
    sign,
    streams,
)

COLUMNS = ("messages", "chosen", "rejected")
SIGNATURES = "-near.arrow"
CHECK_SEED = 17
MAPPED, PACKED = ".arrow", ".parquet"  # how a part's records are kept

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class PartRows:
    """Rows of a part, and the sentences that are not counted."""

    store: str
    name: str
    rows: bytes  # int64
    stock: bytes = b""  # uint64


@dataclass(frozen=True)
class Parts:
    """The parts of a run, in order: names in a store, and rows of each."""

    store: Store
    names: list[str]
    sizes: list[int]

    def tasks(self, rows: Rows, stock: npt.NDArray[np.uint64] | None = None) -> list[PartRows]:
        """Return sorted rows, counted over all parts, as rows of each part that has some."""
        edges = np.concatenate([[0], np.cumsum(self.sizes)])
        cuts = np.searchsorted(rows, edges)
        held = b"" if stock is None else stock.tobytes()
        return [
            PartRows(self.store.address, name, (rows[a:b] - first).tobytes(), held)
            for name, a, b, first in zip(self.names, cuts, cuts[1:], edges, strict=False)
            if b > a
        ]


def source_of(parts: Parts, executor: Executor, rows: Rows | None = None) -> Source:
    """Return where signatures and texts of key rows are.

    Args:
        parts: the parts.
        executor: what reads them.
        rows: the row in all parts of each key row; None where the keys are all rows.
    """

    def sets(some: Rows, stock: Any) -> ShingleSets:
        return join_sets(list(executor.map(_sets, parts.tasks(some, stock))))

    def signatures(some: Rows, stock: Any) -> Signatures:
        return join_signatures(list(executor.map(_signatures, parts.tasks(some, stock))))

    loaders = [partial(_load, parts.store, name) for name in parts.names]
    return Source(loaders, parts.sizes, Texts(sets, signatures), rows)


def left_over(
    parts: Parts, executor: Executor, keys: pa.Table, copies: Copies, threshold: float
) -> dict[str, Any]:
    """Return what `dedup.remaining` finds among the records that stay, on a sample of them."""
    kept = np.flatnonzero(copies.decisions.column("keep").to_numpy())
    some = np.array(chosen(keys.column("id").take(pa.array(kept)).to_pylist(), CHECK_SEED), np.int64)
    rows = keys.column("position").to_numpy()[kept[some]]
    return remaining(texts_of(parts, executor, rows), len(kept), threshold)


def texts_of(parts: Parts, executor: Executor, rows: Rows) -> list[str]:
    """Return the text of each row, roles named, system prompts left out; rows in any order."""
    order = np.argsort(rows)
    found = [t for part in executor.map(_plain, parts.tasks(rows[order])) for t in part]
    return [found[i] for i in np.argsort(order)]


def taken(task: PartRows, columns: tuple[str, ...] | None) -> pa.Table:
    """Return rows of a part; all columns where none are named."""
    store = store_of(task.store)
    rows = pa.array(np.frombuffer(task.rows, np.int64))
    if store.exists(task.name + MAPPED):
        where = store.readable(task.name + MAPPED)
        with pa.memory_map(str(where)) if isinstance(where, Path) else pa.PythonFile(where) as file:
            return _chosen(pa.ipc.open_file(file).read_all(), columns).take(rows)
    return _chosen(read_table(store, task.name + PACKED), columns).take(rows)


def _chosen(table: pa.Table, columns: tuple[str, ...] | None) -> pa.Table:
    return table if columns is None else table.select(columns)


def _load(store: Store, name: str) -> Signatures:
    where = store.readable(name + SIGNATURES)
    return read_signatures(
        pa.memory_map(str(where)) if isinstance(where, Path) else pa.py_buffer(where.read())
    )


def _sets(task: PartRows) -> ShingleSets:
    return shingle_sets(streams(taken(task, COLUMNS)), np.frombuffer(task.stock, np.uint64))


def _signatures(task: PartRows) -> Signatures:
    return sign(streams(taken(task, COLUMNS)), np.frombuffer(task.stock, np.uint64))


def _plain(task: PartRows) -> list[str]:
    # a sample of rows: the check that uses it is plain Python on purpose
    return [
        "\n".join(
            f"{m['role']}: {m['content']}"
            for m in (*(row["messages"] or ()), *(row["chosen"] or ()), *(row["rejected"] or ()))
            if m["role"] != "system"
        )
        for row in taken(task, COLUMNS).to_pylist()
    ]
