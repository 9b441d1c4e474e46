"""Semantic duplicates among the records that stay: embedded on workers, compared by the driver."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pixelated.core.engines import Executor
from pixelated.core.object_store import store_of
from pixelated.dedup import (
    SEMANTIC_THRESHOLD,
    Copies,
    MakeEmbedder,
    Semantic,
    Sides,
    check_installed,
    find_semantic,
    minilm,
    read_sides,
    semantic_summary,
    side_vectors,
    streams,
    without_semantic,
    write_sides,
)
from pixelated.runner.texts import COLUMNS, PartRows, Parts, taken

CHUNK = 1024  # records that one task embeds: a small part too is shared among workers


@dataclass(frozen=True)
class Meaning:
    """How to look for records that say the same in other words.

    Attributes:
        threshold: of the cosine of each side.
        drop: let them go; else they are reported.
        embedder: makes the model, in each worker.
    """

    threshold: float = SEMANTIC_THRESHOLD
    drop: bool = False
    embedder: MakeEmbedder = minilm

    def __post_init__(self) -> None:
        """Raise `UsageError` where the model is not installed: before anything is read."""
        if self.embedder is minilm:
            check_installed()


@dataclass(frozen=True)
class Told:
    """What was found, counts of it, and the decisions that follow."""

    found: Semantic
    counts: dict[str, Any]
    copies: Copies


@dataclass(frozen=True)
class _Task:
    """Rows of a part to embed, and where their vectors go."""

    rows: PartRows
    embedder: MakeEmbedder
    name: str


def look_for_meaning(
    parts: Parts, executor: Executor, keys: pa.Table, copies: Copies, asked: Meaning
) -> Told:
    """Find semantic duplicates among the records that `copies` keeps.

    Vectors stay in the store of the parts: they are used again for the same rows at another threshold.
    """
    keep = copies.decisions.column("keep").to_numpy()
    ranked = copies.rows[keep[copies.rows]]
    tasks = list(_tasks(parts, np.sort(ranked), asked))
    for _ in executor.map(_embed, tasks):
        pass
    edges = dict(zip(parts.names, np.cumsum([0, *parts.sizes]).tolist(), strict=False))
    embedded = partial(_embedded, tasks, edges)
    found = find_semantic(ranked, embedded, Path(parts.store.address), asked.threshold)
    dropped = None
    if asked.drop:
        decisions = without_semantic(keys, copies.decisions, found)
        dropped = int(keep.sum()) - pc.sum(decisions.column("keep")).as_py()
        copies = replace(copies, decisions=decisions)
    counts = semantic_summary(found, asked.embedder().name, asked.threshold, dropped)
    return Told(found, counts, copies)


def _tasks(parts: Parts, rows: Any, asked: Meaning) -> Iterator[_Task]:
    model = asked.embedder().name
    for part in parts.tasks(rows):
        mine = np.frombuffer(part.rows, np.int64)
        for number, at in enumerate(range(0, len(mine), CHUNK)):
            some = replace(part, rows=mine[at : at + CHUNK].tobytes())
            yield _Task(some, asked.embedder, f"{part.name}-{number:05d}-{model}.npy")


def _embed(task: _Task) -> None:
    if _known(task) is None:
        found = side_vectors(streams(taken(task.rows, COLUMNS)), task.embedder())
        store_of(task.rows.store).write(task.name, partial(write_sides, found, task.rows.rows))


def _embedded(tasks: list[_Task], edges: dict[str, int]) -> Iterator[tuple[Any, Sides]]:
    for task in tasks:
        found = _known(task)
        assert found is not None  # noqa: S101 - `_embed` has written it
        yield np.frombuffer(task.rows.rows, np.int64) + edges[task.rows.name], found


def _known(task: _Task) -> Sides | None:
    store = store_of(task.rows.store)
    if not store.exists(task.name):
        return None
    return read_sides(io.BytesIO(store.read(task.name)), task.rows.rows)
