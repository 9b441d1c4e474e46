"""Arrow IPC files and streams (.arrow, .feather, the shards of a saved `datasets` folder)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from pyarrow import ipc

from pixelated.standardise.formats import CERTAIN, FORMATS
from pixelated.standardise.rows import Document, Parsed, Refusal, RefusedError, Row, Sample

FILE, FEATHER_1, MESSAGE = b"ARROW1", b"FEA1", b"\xff\xff\xff\xff"
END = MESSAGE + bytes(4)
SUFFIXES = (".arrow", ".arrows", ".feather", ".ipc", ".ftr")
_MAX_SCHEMA = 1 << 24  # bytes of a stream's first message


@FORMATS.register("arrow")
class Arrow:
    """Apache Arrow IPC, as a file or as a stream."""

    def sniff(self, sample: Sample) -> int:
        """Return 100 by the magic, 98 for a stream's first message, 96 by the name."""
        head = sample.head
        if head.startswith((FILE, FEATHER_1)):
            return 100
        if head.startswith(MESSAGE) and 0 < int.from_bytes(head[4:8], "little") < _MAX_SCHEMA:
            return CERTAIN + 1
        return CERTAIN - 1 if sample.suffix in SUFFIXES else 0

    def parse(self, document: Document) -> Parsed:
        """Read every batch in order; a file that was cut, or can't be read, is refused whole."""
        try:
            rows = [row for batch in _batches(document.data) for row in _rows(batch)]
        except RefusedError as error:
            return Parsed(refused=[Refusal(0, "file", error.reason, error.detail)], raw_rows=1)
        except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError, KeyError) as error:
            detail = f"not readable as Arrow ({type(error).__name__})"
            return Parsed(refused=[Refusal(0, "file", "unreadable_arrow", detail)], raw_rows=1)
        return Parsed(rows=[Row(k, f"row {k}", value) for k, value in enumerate(rows)], raw_rows=len(rows))


def _batches(data: bytes) -> Iterator[pa.RecordBatch]:
    """Yield the batches of a file or stream, their buffers checked.

    Raises:
        RefusedError: `feather_v1`, or `truncated_arrow` where the end is missing.
    """
    if data.startswith(FEATHER_1):
        raise RefusedError("feather_v1", "Feather version 1, which is out of use: write the table again")
    if data.startswith(FILE):
        if not data.endswith(FILE):
            raise RefusedError("truncated_arrow", "the end mark is missing: the file was cut, fetch it again")
        file = ipc.open_file(pa.BufferReader(data))
        for k in range(file.num_record_batches):
            batch = file.get_batch(k)
            batch.validate(full=True)
            yield batch
        return
    if not data.endswith(END):
        raise RefusedError("truncated_arrow", "the stream has no end: it was cut, fetch it again")
    source = pa.BufferReader(data)
    for batch in ipc.open_stream(source):
        batch.validate(full=True)
        yield batch
    if source.tell() != len(data):
        raise RefusedError("unreadable_arrow", "data follow the end of the stream")


def _rows(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    """Return the rows as Python objects: foreign shapes are mapped row by row.

    Times become text, since those of nanoseconds have no Python object.
    """
    arrays = [
        array.cast(pa.string()) if pa.types.is_timestamp(array.type) else array for array in batch.columns
    ]
    names = batch.schema.names
    if len(set(names)) < len(names):
        raise RefusedError("duplicate_header", "two columns have the same name")
    return pa.RecordBatch.from_arrays(arrays, names=names).to_pylist()
