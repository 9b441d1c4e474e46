"""The Parquet twin of a shard: read beside the JSON lines, compared in C++, row by row only where unequal."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.json as pj
import pyarrow.parquet as pq

_BATCH = 500


class Twin:
    """A Parquet file read forwards; `problem` is set where it cannot be read any further."""

    def __init__(self, path: Path) -> None:
        self.problem = ""
        self.rows = 0
        self._waiting: list[pa.RecordBatch] = []
        try:
            self._file = pq.ParquetFile(path)
            self.rows = self._file.metadata.num_rows
            self.schema = self._file.schema_arrow
            self._batches = self._file.iter_batches(batch_size=_BATCH)
        except (pa.ArrowException, OSError, ValueError) as error:
            self._give_up(error)

    def take(self, n: int) -> pa.Table | None:
        """Return the next `n` rows (fewer at the end), or None where the file cannot be read."""
        got, rows = list[pa.RecordBatch](), 0
        while rows < n and not self.problem:
            batch = self._waiting.pop() if self._waiting else self._next()
            if batch is None:
                break
            room = n - rows
            if batch.num_rows > room:
                self._waiting.append(batch.slice(room))
                batch = batch.slice(0, room)
            got.append(batch)
            rows += batch.num_rows
        return None if self.problem else pa.Table.from_batches(got, self.schema)

    def _next(self) -> pa.RecordBatch | None:
        try:
            return next(self._batches, None)
        except (pa.ArrowException, OSError, ValueError) as error:
            self._give_up(error)
            return None

    def _give_up(self, error: Exception) -> None:
        self.problem = f"is no readable Parquet file ({type(error).__name__})"


def unequal_rows(raw: list[bytes], rows: list[dict[str, Any]], table: pa.Table) -> list[int]:
    """Return the positions where the JSON line and the Parquet row differ.

    Args:
        raw: the lines' bytes.
        rows: the same lines parsed.
        table: as many Parquet rows.
    """
    if _equal_in_arrow(raw, table):
        return []
    twins = rows_of(table)
    return [i for i, row in enumerate(rows) if twins[i] is None or not _same(row, twins[i])]


def some_rows(table: pa.Table, rows: list[int]) -> pa.Table:
    """Return the rows at these positions, whatever their types (not every type can be gathered)."""
    pieces = [table.slice(i, 1) for i in rows]
    return pa.concat_tables(pieces) if pieces else table.slice(0, 0)


def rows_of(table: pa.Table) -> list[dict[str, Any] | None]:
    """Return the rows as objects; None where one cannot be decoded (invalid UTF-8, dates out of range)."""
    try:
        return list(table.to_pylist())
    except (pa.ArrowException, ValueError, OverflowError):
        return [_one(table.slice(i, 1)) for i in range(table.num_rows)]


def _one(row: pa.Table) -> dict[str, Any] | None:
    try:
        return dict(row.to_pylist()[0])
    except (pa.ArrowException, ValueError, OverflowError):
        return None


def _equal_in_arrow(raw: list[bytes], table: pa.Table) -> bool:
    """Read the lines with Arrow's own JSON reader in the twin's types: a second reader, and a fast one."""
    data = b"".join(line if line.endswith(b"\n") else line + b"\n" for line in raw)
    parsing = pj.ParseOptions(explicit_schema=table.schema, unexpected_field_behavior="error")
    reading = pj.ReadOptions(use_threads=False, block_size=len(data) + 1)
    try:
        lines = pj.read_json(pa.BufferReader(data), reading, parsing)
        same = lines.schema.names == table.schema.names and lines.num_rows == table.num_rows
        return same and all(lines.column(i).equals(table.column(i)) for i in range(table.num_columns))
    except (pa.ArrowException, ValueError):
        return False  # a type Arrow cannot parse into, or a field that the twin lacks: compare slowly


def _same(a: Any, b: Any) -> bool:
    """Say whether two JSON values are equal, a missing key being null; iterative, so depth is harmless."""
    waiting = [(a, b)]
    while waiting:
        x, y = waiting.pop()
        if isinstance(x, dict) and isinstance(y, dict):
            waiting += [(x.get(k), y.get(k)) for k in x.keys() | y.keys()]
        elif isinstance(x, list) and isinstance(y, list):
            if len(x) != len(y):
                return False
            waiting += zip(x, y, strict=True)
        elif not _same_leaf(x, y):
            return False
    return True


def _same_leaf(x: Any, y: Any) -> bool:
    if isinstance(x, bool) or isinstance(y, bool):
        return x is y
    if isinstance(x, float) and isinstance(y, float) and math.isnan(x) and math.isnan(y):
        return True
    return bool(x == y)
