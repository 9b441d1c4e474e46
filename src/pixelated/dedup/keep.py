"""Which record of a set of equal records survives: one sort order per strategy.

Every order ends in the record's canonical position and its id, so that the survivor does not
depend on the order of the input.
"""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from pixelated.core.plugins import Registry

Order = tuple[str, str]  # column of the keys table, "ascending" or "descending"
KeepStrategy = Callable[[pa.Table], tuple[pa.Table, list[Order]]]

KEEP_STRATEGIES: Registry[KeepStrategy] = Registry("keep_strategy", "pixelated.dedup")


@KEEP_STRATEGIES.register("priority_order")
def priority_order(keys: pa.Table) -> tuple[pa.Table, list[Order]]:
    """Keep the record of the source with the smallest `priority` (registry entry), then the first."""
    return keys, [("priority", "ascending")]


@KEEP_STRATEGIES.register("keep_first")
def keep_first(keys: pa.Table) -> tuple[pa.Table, list[Order]]:
    """Keep the record with the smallest canonical position, whatever its source."""
    return keys, []


@KEEP_STRATEGIES.register("keep_longest")
def keep_longest(keys: pa.Table) -> tuple[pa.Table, list[Order]]:
    """Keep the record with the most bytes of text (equal records differ in white space at most)."""
    return keys, [("text_bytes", "descending")]


@KEEP_STRATEGIES.register("keep_best_quality")
def keep_best_quality(keys: pa.Table) -> tuple[pa.Table, list[Order]]:
    """Keep the record with the highest `quality`; a record without one comes last, never as 0."""
    quality = keys.column("quality")
    known = pc.if_else(pc.fill_null(pc.is_nan(quality), True), pa.scalar(None, pa.float64()), quality)
    return keys.set_column(keys.schema.get_field_index("quality"), "quality", known), [
        ("quality", "descending")
    ]


@KEEP_STRATEGIES.register("first_dataset")
def first_dataset(keys: pa.Table) -> tuple[pa.Table, list[Order]]:
    """Keep the record of the source that begins first (its smallest position), then the first.

    It differs from `keep_first` only where the records of sources are interleaved.
    """
    codes = keys.column("source").combine_chunks().dictionary_encode()
    firsts = keys.group_by("source").aggregate([("position", "min")])
    where = pc.index_in(codes.dictionary, firsts.column("source").combine_chunks())
    begin = firsts.column("position_min").take(where).take(codes.indices)
    return keys.append_column("source_begins", begin), [("source_begins", "ascending")]


def best_first(keys: pa.Table, strategy: str) -> pa.Array:
    """Return row indices of `keys`, the best candidate to keep first, under a named strategy."""
    keys, order = KEEP_STRATEGIES.get(strategy)(keys)
    ties = [(name, "ascending") for name in ("position", "id", "source", "file", "row")]
    return pc.sort_indices(keys, sort_keys=[*order, *ties])  # nulls come last
