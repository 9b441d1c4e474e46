"""The two hashes of every record, over its text as it stands (run it after redaction).

`content_hash` is the corpus contract's, `strict_hash` ours (see `core.hashing`). Only
`strict_hash` decides what a duplicate is. Records of plain text go through kernels that write what is hashed;
the others, where lower case or NFC may need Python's tables, through `core.hashing` itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pixelated.core.hashing import content_hash, strict_hash
from pixelated.core.kernels import SLACK, bytes_of, kernels_in
from pixelated.core.schema import HASH_COLUMNS, set_column
from pixelated.core.step import StepResult

Messages = list[dict[str, str]]
KERNELS = "pixelated.dedup._hash_kernels"
ROWS = 1000  # hashed at a time: a few MB, whose memory is used again for the next
_LISTS = ("messages", "chosen", "rejected")


def hash_table(table: pa.Table, settings: dict[str, Any], seed: int) -> StepResult:
    """Append `content_hash` and `strict_hash` to a table of records; keep every row.

    Args:
        table: records with at least `kind`, `messages`, `chosen` and `rejected`.
        settings: none are known.
        seed: not used; a hash is not random.
    """
    del settings, seed
    hashes = [pair for batch in table.to_batches(max_chunksize=ROWS) for pair in _hash_batch(batch)]
    for position, field in enumerate(HASH_COLUMNS):
        table = set_column(table, field, pa.array([pair[position] for pair in hashes], field.type))
    return StepResult(kept=table)


def _hash_batch(batch: pa.RecordBatch) -> Iterator[tuple[str, str]]:
    """Yield both hashes of each record."""
    kernels = kernels_in(KERNELS)
    roles, contents, firsts = _turns(batch)
    data, ends = bytes_of(contents)
    plain = np.empty(len(contents), bool)
    kernels.plain_only(data, ends, plain)
    wanted = np.diff(firsts[0]) <= kernels.MAX_SORTED
    for group in firsts:
        odd = np.flatnonzero(~plain[group[0] : group[-1]])
        wanted[np.searchsorted(group - group[0], odd, side="right") - 1] = False
    size = int(ends[-1] - ends[0]) + 2 * len(contents) + SLACK
    out, bounds = np.empty(size, np.uint8), np.zeros(batch.num_rows + 1, np.int64)
    kernels.content_forms(data, ends, firsts[0], wanted, out, bounds)
    first = _digests(out, bounds)
    kinds, kind_ends = bytes_of(pc.fill_null(batch.column("kind"), ""))
    names, name_ends = bytes_of(roles)
    size += int(name_ends[-1] - name_ends[0] + kind_ends[-1] - kind_ends[0]) + 3 * batch.num_rows
    out = np.empty(size, np.uint8)
    kernels.strict_forms(kinds, kind_ends, names, name_ends, data, ends, firsts, wanted, out, bounds)
    second = _digests(out, bounds)
    others = _in_python(batch.filter(pa.array(~wanted)))
    for found, a, b in zip(wanted.tolist(), first, second, strict=True):
        yield (a, b) if found else next(others)


def _digests(forms: Any, bounds: Any) -> Iterator[str]:
    """Yield the hash of each stretch of `forms`."""
    view, sha256 = memoryview(forms.data), hashlib.sha256
    return iter(["sha256:" + sha256(view[a:b]).hexdigest() for a, b in pairwise(bounds.tolist())])


def _turns(batch: pa.RecordBatch) -> tuple[Any, Any, Any]:
    """Return roles and contents of all turns, and (3, n + 1) where each record's begin, list by list."""
    roles, contents, firsts, at = [], [], [], 0
    for name in _LISTS:
        column = batch.column(name)
        role, content = column.flatten().flatten()
        roles.append(role)
        contents.append(content)
        lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
        firsts.append(at + np.cumsum([0, *lengths.tolist()]))
        at += len(role)
    return _joined(roles), _joined(contents), np.array(firsts, np.int64)


def _joined(arrays: list[Any]) -> Any:
    """Return arrays as one; a single one that is not empty is not copied."""
    full = [array for array in arrays if len(array)]
    return pa.concat_arrays(full) if len(full) > 1 else (full or arrays)[0]


def _in_python(batch: pa.RecordBatch) -> Iterator[tuple[str, str]]:
    lists = (_message_lists(batch.column(name)) for name in _LISTS)
    for kind, messages, chosen, rejected in zip(batch.column("kind").to_pylist(), *lists, strict=True):
        yield content_hash(messages), strict_hash(kind, messages, chosen, rejected)


def _message_lists(column: pa.ListArray) -> Iterator[Messages]:
    """Yield each row's messages; a null list is an empty one, a null content an empty text."""
    flat = column.flatten()
    roles = pc.fill_null(flat.field("role"), "").to_pylist()
    contents = pc.fill_null(flat.field("content"), "").to_pylist()
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
    for start, stop in pairwise([0, *np.cumsum(lengths).tolist()]):
        yield [{"role": roles[i], "content": contents[i]} for i in range(start, stop)]
