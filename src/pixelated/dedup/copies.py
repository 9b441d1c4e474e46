"""All copies among records: exact ones by hash, then near copies and excerpts among what is left.

One decision per row. A cluster is one kept record and its copies of one kind; the exact copies of a record
that goes as a near copy go with it, so each removed record stands in one cluster, beside the record that was
kept instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pixelated.dedup.candidates import pack, unpack
from pixelated.dedup.clusters import LEAK, THRESHOLD, Pairs, is_contained, is_near
from pixelated.dedup.exact import find_exact
from pixelated.dedup.keep import best_first
from pixelated.dedup.near import Near, Texts, find_near
from pixelated.dedup.ranked import Ranked
from pixelated.dedup.shingles import I64, U64, Signatures
from pixelated.dedup.union import components

EXACT, NEAR, CONTAINED = KINDS = ("exact", "near", "contained")
_NAME_AT, _NAME_DIGITS = len("sha256:"), 16  # 64 bits name a cluster


@dataclass(frozen=True)
class Source:
    """Where the signatures of the rows are, part by part, and the texts."""

    loaders: Sequence[Callable[[], Signatures]]
    sizes: list[int]
    texts: Texts
    rows: I64 | None = None  # of each key row, where the keys are some of the rows; sorted


@dataclass(frozen=True)
class Copies:
    """What was found.

    Attributes:
        decisions: a row per input row: `id`; `keep`; `kept_id` and `kept_row`, what was kept instead; `kind`
            of copy and `cluster`, its name (null where the row stays); `similarity` to the kept record;
            `collision` (see `find_exact`); `near_cluster`, a name that records share which near copies and
            excerpts link, chains included: they may not stand in different splits.
        near: what was compared, by rank.
        rows: int64, the input row of each rank.
    """

    decisions: pa.Table
    near: Near
    rows: I64


def find_copies(
    keys: pa.Table, strategy: str, source: Source, threshold: float = THRESHOLD, leak: float = LEAK
) -> Copies:
    """Decide which records to keep.

    Args:
        keys: one row per record, in the order of `source`, with the columns of `exact.KEYS`; a column
            `parents` (lists of ids) says of what a record is an extract: it is no copy of that.
        strategy: a name in `KEEP_STRATEGIES`.
        source: signatures and texts.
        threshold: of near copies and excerpts; exact ones need none.
        leak: similarity at which records belong in one split though they are no copies (one side differs).

    Raises:
        UsageError: there is no such strategy.
    """
    keys = keys.combine_chunks()
    exact = find_exact(keys, strategy)
    keep = exact.column("keep").to_numpy()
    order = best_first(keys, strategy).to_numpy().astype(np.int64)
    rows = order[keep[order]]
    ranks = np.full(len(keep), -1, np.int64)
    ranks[rows] = np.arange(len(rows))
    everywhere = ranks
    if source.rows is not None:
        everywhere = np.full(sum(source.sizes), -1, np.int64)
        everywhere[source.rows] = ranks
    ranked = Ranked(len(rows), everywhere, source.loaders, source.sizes)
    near = find_near(ranked, source.texts, (threshold, min(threshold, leak)), _kin(keys, ranks))
    limits = (min(threshold, THRESHOLD), leak)  # a laxer run keeps copies: they still belong together
    return Copies(_decisions(keys, exact, near, (rows, ranks), limits), near, rows)


def _decisions(
    keys: pa.Table, exact: pa.Table, near: Near, order: tuple[I64, I64], limits: tuple[float, float]
) -> pa.Table:
    rows, ranks = order
    own = np.arange(len(ranks))
    survivor = exact.column("kept_row").to_numpy()
    place = ranks[survivor]
    kept = rows[near.found.keeper[place]]
    kind = np.where(near.found.contained[place], 2, 1)
    kind = np.where(survivor == kept, 0, kind)
    kinds = pa.DictionaryArray.from_arrays(pa.array(kind, mask=kept == own), pa.array(KINDS)).cast(
        pa.string()
    )
    ids = keys.column("id")
    return pa.table(
        {
            "id": ids,
            "keep": pa.array(kept == own),
            "kept_id": ids.take(pa.array(kept)),
            "kept_row": pa.array(kept),
            "kind": kinds,
            "cluster": pc.binary_join_element_wise(kinds, cluster_names(keys).take(pa.array(kept)), "-"),
            "similarity": pa.array(near.found.similarity[place]),
            "collision": exact.column("collision"),
            "near_cluster": _near_clusters(keys, near.pairs, rows, place, limits),
        }
    )


def cluster_names(keys: pa.Table) -> pa.ChunkedArray:
    """Return for each row the name of a cluster that keeps it, without the kind."""
    return pc.utf8_slice_codeunits(keys.column("strict_hash"), start=_NAME_AT, stop=_NAME_AT + _NAME_DIGITS)


def _near_clusters(
    keys: pa.Table, pairs: Pairs, rows: I64, place: I64, limits: tuple[float, float]
) -> pa.Array:
    """Name the components of linked records by the first of each; null where a record has no link."""
    at, leak = limits
    linked = is_near(pairs.figures, at) | is_contained(pairs.figures, at) | (pairs.figures.near >= leak)
    a, b = unpack(pairs.keys[linked])
    labels = components(len(rows), a, b)
    alone = np.bincount(labels, minlength=len(rows))[labels] == 1
    first = pa.array(rows[labels][place], mask=alone[place])
    return pc.binary_join_element_wise(pa.scalar("near"), cluster_names(keys).take(first), "-")


def _kin(keys: pa.Table, ranks: I64) -> U64:
    """Return the pairs, by rank, of extracts and what they were taken from."""
    if "parents" not in keys.column_names or not keys.num_rows:
        return np.zeros(0, np.uint64)
    parents = keys.column("parents").combine_chunks()
    child = pc.list_parent_indices(parents).to_numpy()
    parent = pc.index_in(parents.flatten(), keys.column("id").combine_chunks())
    known = np.flatnonzero(parent.is_valid().to_numpy(zero_copy_only=False))
    a, b = ranks[child[known]], ranks[parent.take(pa.array(known)).to_numpy()]
    both = (a >= 0) & (b >= 0) & (a != b)
    return np.unique(pack(a[both], b[both]))
