"""Tables to files without Python rows: JSON lines, byte for byte as orjson writes each row, and Parquet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pixelated.core.kernels import SLACK, Array, Bytes, Index, bytes_of, kernels_in

KERNELS = "pixelated.core._json_write_kernels"
ROWS = 2000  # written at a time: a few MB, several copies of which are in memory


def write_jsonl(table: pa.Table, stream: BinaryIO) -> None:
    """Write each row as one line: `orjson.dumps(row)`, nulls written, and a line feed.

    Raises:
        TypeError: a column of another type than text, number, truth, or lists and objects of these.
    """
    for batch in table.combine_chunks().to_batches(max_chunksize=ROWS):
        if batch.num_rows:
            rows = pa.StructArray.from_arrays(batch.columns, fields=list(batch.schema))
            stream.write(_encoded(rows, after=b"\n").data.data)


def write_parquet(table: pa.Table, stream: BinaryIO) -> None:
    """Write a table as Parquet: zstd 1, no dictionary, no statistics.

    Text has no values worth a dictionary (ENGINE, 6), and the least and the greatest of it tell nothing but
    take a third of the time.
    """
    pq.write_table(
        table, stream, compression="zstd", compression_level=1, use_dictionary=False, write_statistics=False
    )


@dataclass(frozen=True, slots=True)
class _Encoded:
    """n JSON values, one after the other, and n + 1 bounds of theirs."""

    data: Bytes
    bounds: Index


def _encoded(array: Array, after: bytes = b"") -> _Encoded:
    """Return the JSON of each value, null where it is null."""
    kind = array.type
    if pa.types.is_struct(kind):
        return _objects(array, after)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _lists(array)
    if pa.types.is_dictionary(kind):
        return _encoded(array.dictionary_decode())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _with_nulls(array, _strings(array))
    if pa.types.is_floating(kind):
        texts = [
            orjson.dumps(v).decode() for v in array.to_pylist()
        ]  # its shortest form is no kernel of Arrow
        return _Encoded(*bytes_of(pa.array(texts, pa.string())))
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind):
        return _Encoded(*bytes_of(pc.fill_null(pc.cast(array, pa.string()), "null")))
    raise TypeError(f"a column of {kind} cannot be written as JSON")


def _strings(array: Array) -> _Encoded:
    kernels = kernels_in(KERNELS)
    data, ends = bytes_of(array)
    first, last = int(ends[0]), int(ends[-1])
    room = last - first + 5 * kernels.count_stops(data, first, last) + 2 * len(array) + SLACK
    out, bounds = np.empty(room, np.uint8), np.zeros(len(array) + 1, np.int64)
    kernels.quote(data, ends, out, bounds)
    return _Encoded(out, bounds)


def _with_nulls(array: Array, values: _Encoded) -> _Encoded:
    """Return the values with null in place of those that are null in `array`."""
    if not array.null_count:
        return values
    valid = _valid(array)
    out, starts = _room(np.where(valid, np.diff(values.bounds), len(b"null")))
    kernels_in(KERNELS).place(values.data, values.bounds, valid, out, starts[:-1])
    _write(b"null", ~valid, out, starts[:-1])
    return _Encoded(out, starts)


def _objects(array: Array, after: bytes) -> _Encoded:
    valid = _valid(array)
    fields = list(array.type)
    children = [_encoded(child) for child in array.flatten()]
    names = [(b"," if k else b"{") + orjson.dumps(field.name) + b":" for k, field in enumerate(fields)]
    end = (b"}" if fields else b"{}") + after
    lengths = sum(np.diff(child.bounds) for child in children) + len(b"".join(names)) + len(end)
    out, starts = _room(np.where(valid, lengths, len(b"null" + after)))
    at = starts[:-1].copy()
    for name, child in zip(names, children, strict=True):
        _write(name, valid, out, at)
        at += len(name)
        kernels_in(KERNELS).place(child.data, child.bounds, valid, out, at)
        at += np.diff(child.bounds)
    _write(end, valid, out, at)
    _write(b"null" + after, ~valid, out, starts[:-1])
    return _Encoded(out, starts)


def _lists(array: Array) -> _Encoded:
    valid = _valid(array)
    counts = pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    items = _encoded(array.flatten())
    firsts = np.cumsum(np.append(0, counts))
    sizes = items.bounds[firsts[1:]] - items.bounds[firsts[:-1]]
    out, starts = _room(np.where(valid, sizes + np.maximum(counts - 1, 0) + 2, len(b"null")))
    owners = np.repeat(np.arange(len(counts)), counts)
    number = np.arange(len(owners)) - firsts[owners]
    at = starts[owners] + 1 + items.bounds[:-1] - items.bounds[firsts[owners]] + number
    kernels_in(KERNELS).place(items.data, items.bounds, np.ones(len(at), bool), out, at)
    out[at[number > 0] - 1] = ord(",")
    out[starts[:-1][valid]] = ord("[")
    out[starts[1:][valid] - 1] = ord("]")
    _write(b"null", ~valid, out, starts[:-1])
    return _Encoded(out, starts)


def _room(lengths: Index) -> tuple[Bytes, Index]:
    """Return room for pieces of `lengths`, and where each begins and the last ends."""
    bounds = np.cumsum(np.append(0, lengths)).astype(np.int64)
    return np.empty(int(bounds[-1]), np.uint8), bounds


def _valid(array: Array) -> Any:
    return array.is_valid().to_numpy(zero_copy_only=False)


def _write(data: bytes, wanted: Any, out: Bytes, starts: Index) -> None:
    kernels_in(KERNELS).fill(np.frombuffer(data, np.uint8), wanted, out, starts)
