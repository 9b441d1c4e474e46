"""The two hashes of every record, over its text as it stands (run it after redaction).

`content_hash` is the corpus contract's, `strict_hash` ours (see `core.hashing`). Only
`strict_hash` decides what a duplicate is.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pixelated.core.hashing import content_hash, strict_hash
from pixelated.core.schema import HASH_COLUMNS, set_column
from pixelated.core.step import StepResult

Messages = list[dict[str, str]]


def hash_table(table: pa.Table, settings: dict[str, Any], seed: int) -> StepResult:
    """Append `content_hash` and `strict_hash` to a table of records; keep every row.

    Args:
        table: records with at least `kind`, `messages`, `chosen` and `rejected`.
        settings: none are known.
        seed: not used; a hash is not random.
    """
    del settings, seed
    hashes = [pair for batch in table.to_batches() for pair in _hash_batch(batch)]
    for position, field in enumerate(HASH_COLUMNS):
        table = set_column(table, field, pa.array([pair[position] for pair in hashes], field.type))
    return StepResult(kept=table)


def _hash_batch(batch: pa.RecordBatch) -> Iterator[tuple[str, str]]:
    lists = (_message_lists(batch.column(name)) for name in ("messages", "chosen", "rejected"))
    kinds = batch.column("kind").to_pylist()
    # Per row: SHA-256 takes one record's bytes, and lower() must be Python's, which the contract used.
    for kind, messages, chosen, rejected in zip(kinds, *lists, strict=True):
        yield content_hash(messages), strict_hash(kind, messages, chosen, rejected)


def _message_lists(column: pa.ListArray) -> Iterator[Messages]:
    """Yield each row's messages; a null list is an empty one, a null content an empty text."""
    flat = column.flatten()
    roles = pc.fill_null(flat.field("role"), "").to_pylist()
    contents = pc.fill_null(flat.field("content"), "").to_pylist()
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
    for start, stop in pairwise([0, *np.cumsum(lengths).tolist()]):
        yield [{"role": roles[i], "content": contents[i]} for i in range(start, stop)]
