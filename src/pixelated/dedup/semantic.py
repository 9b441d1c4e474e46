"""Records that say the same in other words: alike by sentence embeddings, side by side.

Two records are semantic duplicates where they have the same sides and every side's cosine reaches the
threshold: two answers to one question share the question alone. Such pairs are reported. Where they are
dropped as well, the keep strategy says which of a pair stays, and two rules spare records: sides whose
numbers or negations differ are no copies, and a record that stands for removed near copies or excerpts stays.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pixelated.dedup._numbers_of_kernels import SIDES
from pixelated.dedup.candidates import unpack
from pixelated.dedup.copies import CONTAINED, NEAR, cluster_names
from pixelated.dedup.semantic_search import EXACT_UP_TO, MOST, alike
from pixelated.dedup.semantic_sides import F32, Bools, Sides
from pixelated.dedup.shingles import I64, U64
from pixelated.dedup.similarity import F64

SEMANTIC = "semantic"
SEMANTIC_THRESHOLD = 0.97
SEED = 17

Embedded = Callable[[], Iterator[tuple[I64, Sides]]]


@dataclass(frozen=True)
class Semantic:
    """What was found among the records that remain after exact and near copies.

    Attributes:
        rows: int64, the input row of each rank.
        pairs: by rank, sorted (see `candidates.pack`): the first of a pair is the one to keep.
        cosines: float64 (pairs, SIDES), NaN where a side is not there.
        same_facts: bool (pairs,), every side holds the same numbers and as many negations.
        records: how many have a side with words.
        pieces: how many texts the sides were cut into.
        full: records for which `MOST` pairs are listed: they may have more.
        all_pairs: every pair was looked at; else those that hyperplanes proposed.
    """

    rows: I64
    pairs: U64
    cosines: F64
    same_facts: Bools
    records: int
    pieces: int
    full: int
    all_pairs: bool


def find_semantic(
    rows: I64, embedded: Embedded, folder: Path, threshold: float, exact_up_to: int = EXACT_UP_TO
) -> Semantic:
    """Find semantic duplicates.

    Args:
        rows: of the records, the one to be kept first at the start.
        embedded: gives the sides of the same rows, part by part, twice.
        folder: where the vectors lie while they are compared, under no name.
        threshold: of the cosine of each side.
        exact_up_to: records with the same sides up to which all pairs are looked at.
    """
    present, facts, pieces, width = _gather(rows, embedded)
    kinds = present @ (1 << np.arange(SIDES))
    groups = {kind: np.flatnonzero(kinds == kind) for kind in np.unique(kinds[kinds > 0]).tolist()}
    pairs, cosines = [np.zeros(0, np.uint64)], [np.zeros((0, SIDES))]
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        vectors = {kind: _array(Path(scratch) / str(kind), kind, len(m), width) for kind, m in groups.items()}
        _fill(rows, embedded, kinds, groups, vectors)
        for kind, members in groups.items():
            found, figures = alike(vectors[kind], threshold, SEED, exact_up_to)
            a, b = unpack(found)
            pairs.append((members[a].astype(np.uint64) << np.uint64(32)) | members[b].astype(np.uint64))
            cosines.append(np.full((len(found), SIDES), np.nan))
            cosines[-1][:, _sides_of(kind)] = figures
        vectors.clear()
    together = np.concatenate(pairs)
    order = np.argsort(together)
    a, b = unpack(together[order])
    return Semantic(
        rows,
        together[order],
        np.concatenate(cosines)[order],
        np.asarray((facts[a] == facts[b]).all(axis=1)),
        records=int((kinds > 0).sum()),
        pieces=pieces,
        full=int((np.bincount(b) >= MOST).sum()) if len(b) else 0,
        all_pairs=all(len(members) <= exact_up_to for members in groups.values()),
    )


def without_semantic(keys: pa.Table, decisions: pa.Table, found: Semantic) -> pa.Table:
    """Return decisions by which semantic duplicates go too, and the exact copies of such a record with it.

    Args:
        keys: what `find_copies` was given.
        decisions: what it returned.
        found: among the records that it keeps.
    """
    before = decisions.column("kept_row").to_numpy()
    kinds = pc.is_in(decisions.column("kind"), pa.array([NEAR, CONTAINED]))
    anchors = np.unique(before[kinds.to_numpy()])
    keeper, cosine = _keepers(found, np.isin(found.rows, anchors))
    instead, value = np.arange(len(before)), np.ones(len(before))
    instead[found.rows], value[found.rows] = found.rows[keeper], cosine
    kept = instead[before]
    gone = kept != before
    names = pc.binary_join_element_wise(pa.scalar(SEMANTIC), cluster_names(keys).take(pa.array(kept)), "-")
    new = {
        "keep": pa.array(decisions.column("keep").to_numpy() & ~gone),
        "kept_id": keys.column("id").take(pa.array(kept)),
        "kept_row": pa.array(kept),
        "kind": pc.if_else(pa.array(gone), SEMANTIC, decisions.column("kind")),
        "cluster": pc.if_else(pa.array(gone), names, decisions.column("cluster")),
        "similarity": pa.array(np.where(gone, value[before], decisions.column("similarity").to_numpy())),
    }
    for name, values in new.items():
        decisions = decisions.set_column(decisions.schema.get_field_index(name), name, values)
    return decisions


def _keepers(found: Semantic, anchored: Bools) -> tuple[I64, F64]:
    """Return the rank that each rank goes for (itself where it stays), and their least cosine by side."""
    keeper, value = np.arange(len(found.rows)), np.ones(len(found.rows))
    a, b = unpack(found.pairs)
    least = np.nanmin(found.cosines, axis=1, initial=1)
    usable = np.flatnonzero(found.same_facts & ~anchored[b])
    for n in usable[np.lexsort((a[usable], b[usable]))].tolist():
        first, second = a[n], b[n]
        if keeper[first] == first and keeper[second] == second:
            keeper[second], value[second] = first, least[n]
    return keeper, value


def _gather(rows: I64, embedded: Embedded) -> tuple[Bools, U64, int, int]:
    """Return of each rank which sides it has, and their facts; the pieces in all, and the vectors' width."""
    rank_of = _ranks(rows)
    present, facts = np.zeros((len(rows), SIDES), np.bool_), np.zeros((len(rows), SIDES), np.uint64)
    pieces = width = 0
    for some, sides in embedded():
        record, side = np.nonzero(sides.present)
        present[rank_of[some]] = sides.present
        facts[rank_of[some][record], side] = sides.facts
        pieces += int(sides.pieces.sum())
        width = max(width, sides.vectors.shape[1])
    return present, facts, pieces, width


def _fill(rows: I64, embedded: Embedded, kinds: I64, groups: dict[int, I64], vectors: dict[int, F32]) -> None:
    rank_of = _ranks(rows)
    for some, sides in embedded():
        record, side = np.nonzero(sides.present)
        ranks = rank_of[some][record]
        for kind, members in groups.items():
            mine = kinds[ranks] == kind
            column = np.searchsorted(_sides_of(kind), side[mine])
            vectors[kind][column, np.searchsorted(members, ranks[mine])] = sides.vectors[mine]


def _ranks(rows: I64) -> I64:
    out = np.full(int(rows.max(initial=-1)) + 1, -1, np.int64)
    out[rows] = np.arange(len(rows))
    return out


def _sides_of(kind: int) -> I64:
    return np.flatnonzero((kind >> np.arange(SIDES)) & 1)


def _array(path: Path, kind: int, records: int, width: int) -> F32:
    return np.memmap(path, np.float32, "w+", shape=(len(_sides_of(kind)), records, width))
