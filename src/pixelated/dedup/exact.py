"""Exact duplicates over narrow key columns: equal `strict_hash`, one survivor per set.

A corpus step that never sees text: about 300 bytes per record, so that tens of millions of records
fit on one machine.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pixelated.dedup.keep import best_first

# Columns of the keys table and their types; `quality` may be null, the rest may not.
KEYS = pa.schema(
    [
        ("id", pa.string()),
        ("source", pa.string()),
        ("file", pa.string()),
        ("row", pa.int64()),
        ("position", pa.int64()),
        ("strict_hash", pa.string()),
        ("content_hash", pa.string()),
        ("group_key", pa.string()),
        ("priority", pa.int64()),
        ("text_bytes", pa.int64()),
        ("quality", pa.float64()),
    ]
)

Codes = npt.NDArray[np.int64]


def find_exact(keys: pa.Table, strategy: str) -> pa.Table:
    """Decide which records to keep.

    Args:
        keys: one row per record, in any order, with the columns of `KEYS`.
        strategy: a name in `KEEP_STRATEGIES`.

    Returns:
        A row per input row, in its order: `id`; `keep`; `kept_id` and `kept_row` (the survivor, itself where
        kept); `collision` (another record has this `content_hash` and another `strict_hash`: both are kept
        and reported).

    Raises:
        UsageError: there is no such strategy.
    """
    keys = keys.combine_chunks()
    order = best_first(keys, strategy).to_numpy().astype(np.int64)
    strict = _codes(keys.column("strict_hash"))
    survivor = np.empty(len(strict), np.int64)  # of each code: written last is the best candidate's row
    survivor[strict[order[::-1]]] = order[::-1]
    survivor = survivor[strict]
    ids = keys.column("id")
    return pa.table(
        {
            "id": ids,
            "keep": pa.array(survivor == np.arange(len(strict))),
            "kept_id": ids.take(pa.array(survivor)),
            "kept_row": pa.array(survivor),
            "collision": pa.array(_collisions(_codes(keys.column("content_hash")), strict)),
        }
    )


def _codes(column: pa.ChunkedArray) -> Codes:
    """Return one whole number per distinct value, 0 and up; each null counts as a value of its own."""
    encoded = column.combine_chunks().dictionary_encode()
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    missing = np.flatnonzero(codes < 0)
    codes[missing] = len(encoded.dictionary) + np.arange(len(missing))
    return codes


def _collisions(content: Codes, strict: Codes) -> npt.NDArray[np.bool_]:
    """Say of each row whether its content hash stands beside two or more strict hashes."""
    # One number per pair: both stay below twice the rows, so a billion rows fit in 63 bits.
    width = int(strict.max(initial=0)) + 1
    pairs = np.sort(content * width + strict)
    distinct = pairs[np.diff(pairs, prepend=-1) != 0]
    return np.asarray(np.bincount(distinct // width, minlength=1)[content] > 1)
