"""Parquet files: one raw row per row."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pixelated.standardise.formats import FORMATS
from pixelated.standardise.rows import Document, Parsed, Refusal, Row, Sample

MAGIC = b"PAR1"


@FORMATS.register("parquet")
class Parquet:
    """Apache Parquet."""

    def sniff(self, sample: Sample) -> int:
        """Return 100 by the first bytes, 96 by the name."""
        if sample.head.startswith(MAGIC):
            return 100
        return 96 if sample.suffix in {".parquet", ".pq"} else 0

    def parse(self, document: Document) -> Parsed:
        """Read every row group in order; a file that can't be read is refused whole."""
        try:
            rows = _rows(document.data)
        except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
            detail = f"not readable as Parquet ({type(error).__name__})"
            return Parsed(refused=[Refusal(0, "file", "unreadable_parquet", detail)], raw_rows=1)
        return Parsed(rows=[Row(k, f"row {k}", value) for k, value in enumerate(rows)], raw_rows=len(rows))


def _rows(data: bytes) -> list[dict[str, Any]]:
    with pq.ParquetFile(pa.BufferReader(data)) as file:
        # to_pylist: foreign shapes are mapped row by row, which needs Python objects.
        return [row for k in range(file.num_row_groups) for row in file.read_row_group(k).to_pylist()]
