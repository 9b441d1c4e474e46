"""The narrow columns that corpus steps work on: tens of millions of rows fit on one machine."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

COLUMNS = (
    "id",
    "kind",
    "source",
    "tier",
    "group_key",
    "families",
    "license",
    "origin",
    "is_training_edge_case",
    "tags",
    "pii_status",
    "content_hash",
    "strict_hash",
)


def key_table(table: pa.Table) -> pa.Table:
    """Return the key columns of a part: ids, hashes, labels, scores and sizes, but no text.

    Adds `file` and `row` (where the record came from) and `text_bytes` (UTF-8 bytes of messages,
    chosen and rejected).
    """
    table = table.combine_chunks()
    scores = [n for n in table.column_names if n.startswith("score_")]
    keys = table.select([*COLUMNS, *scores])
    for name in ("file", "row"):
        keys = keys.append_column(name, pc.struct_field(table.column("provenance"), name))
    sizes = sum(_bytes_per_row(table.column(n)) for n in ("messages", "chosen", "rejected"))
    return keys.append_column("text_bytes", pa.array(sizes, pa.int64()))


def _bytes_per_row(column: pa.ChunkedArray) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return per row the content bytes of a list<struct<role, content>> column (null: 0)."""
    out = np.zeros(len(column), np.int64)
    if len(column):
        parents = pc.list_parent_indices(column.combine_chunks()).to_numpy()
        lengths = pc.binary_length(pc.struct_field(pc.list_flatten(column), "content"))
        np.add.at(out, parents, pc.fill_null(lengths, 0).to_numpy())
    return out
