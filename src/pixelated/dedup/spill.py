"""Signatures as bytes and back without a copy: one row of an Arrow file, a column per array."""

from __future__ import annotations

from dataclasses import fields
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from pixelated.dedup._numbers_of_kernels import BINS, SIDE_BINS, SIDES
from pixelated.dedup.shingles import Signatures

_SHAPES = {"bins": (-1, BINS), "side_bins": (-1, SIDES, SIDE_BINS)}
_TYPES = {"bins": np.uint32, "side_bins": np.uint32, "sketch": np.uint64, "sentences": np.uint64}


def write_signatures(these: Signatures, stream: BinaryIO) -> None:
    """Write signatures to a stream."""
    arrays = {f.name: np.ascontiguousarray(getattr(these, f.name)) for f in fields(these)}
    columns = [_binary(array) for array in arrays.values()]
    table = pa.table(columns, names=list(arrays))
    with pa.ipc.new_file(stream, table.schema) as writer:
        writer.write_table(table)


def read_signatures(source: pa.Buffer | pa.NativeFile) -> Signatures:
    """Return signatures that live in `source`: a mapped file, or bytes."""
    row = pa.ipc.open_file(source).get_batch(0)
    return Signatures(**{f.name: _array(f.name, row.column(f.name)) for f in fields(Signatures)})


def _binary(array: np.ndarray) -> pa.Array:
    offsets = pa.py_buffer(np.array([0, array.nbytes], np.int64))
    return pa.Array.from_buffers(pa.large_binary(), 1, [None, offsets, pa.py_buffer(array.tobytes())])


def _array(name: str, column: pa.Array) -> np.ndarray:
    start, stop = np.frombuffer(column.buffers()[1], np.int64)[:2]
    held = column.buffers()[2]
    flat = (
        np.frombuffer(held, np.uint8)[start:stop]
        if held is not None and stop > start
        else np.zeros(0, np.uint8)
    )
    return flat.view(_TYPES.get(name, np.int64)).reshape(_SHAPES.get(name, (-1,)))
