"""Every text of a table's records as one Arrow array, and back.

The texts of a record are the contents of `messages`, `chosen` and `rejected` and the string values of
`source_metadata`, in that order. Patterns run over the array as a whole; Python sees only what they flag.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from pixelated.core import schema

LISTS = ("messages", "chosen", "rejected")
METADATA = "source_metadata"
MAX_DEPTH = 100  # of metadata; deeper values are treated as plain text

Array = Any  # a pyarrow array; pyarrow ships no types
Index = Any  # a numpy array of int64


@dataclass
class Texts:
    """All texts of a table.

    Attributes:
        values: string array of n texts.
        rows: int64 array (n,), the record that each text belongs to.
        labels: n strings or an empty list for none: the metadata key a text stands under.
        edges: where the texts of each column start and end in `values`.
        metadata: record -> parsed metadata (a plain string where it is no JSON object).
    """

    values: Array
    rows: Index
    labels: dict[int, str]
    edges: list[int]
    metadata: dict[int, Any]


def collect(table: pa.Table, with_metadata: Index) -> Texts:
    """Gather the texts of `table`; metadata only of the records at the positions `with_metadata`."""
    parts, rows = [], []
    for name in LISTS:
        contents, lengths = _contents(one_chunk(table, name))
        parts.append(contents)
        rows.append(np.repeat(np.arange(table.num_rows), lengths))
    edges = [0, *np.cumsum([len(p) for p in parts]).tolist()]
    metadata, strings, owners, labels = _metadata(metadata_of(table), with_metadata)
    parts.append(pa.array(strings, pa.string()))
    rows.append(np.array(owners, dtype=np.int64))
    full = [part for part in parts if len(part)]
    values = pa.concat_arrays(full) if len(full) > 1 else (full or parts)[0]  # one alone is not copied
    where = {edges[-1] + i: label for i, label in enumerate(labels)}
    return Texts(values, np.concatenate(rows), where, [*edges, len(values)], metadata)


def metadata_of(table: pa.Table) -> Array:
    """Return the metadata of the records, nulls where the table has none."""
    found = METADATA in table.column_names
    return one_chunk(table, METADATA) if found else pa.nulls(table.num_rows, pa.string())


def matching(values: Array, pattern: str) -> Index:
    """Return the positions of the texts that match an RE2 `pattern`; nulls never do."""
    found = pc.match_substring_regex(values, pattern)
    return np.flatnonzero(found.fill_null(fill_value=False).to_numpy(zero_copy_only=False))


def replaced(table: pa.Table, texts: Texts, changes: dict[int, str]) -> pa.Table:
    """Return `table` with the texts at the positions in `changes` replaced (position -> new text)."""
    if not changes:
        return table
    where = sorted(changes)
    mask = np.zeros(len(texts.values), dtype=bool)
    mask[where] = True
    fresh = pa.array([changes[i] for i in where], pa.string())
    values = pc.replace_with_mask(texts.values, pa.array(mask), fresh)
    for name, start, end in zip(LISTS, texts.edges, texts.edges[1:], strict=False):
        if mask[start:end].any():
            column = _with_contents(one_chunk(table, name), values.slice(start, end - start))
            table = schema.set_column(table, table.schema.field(name), column)
    if mask[texts.edges[-2] :].any():
        table = _with_metadata(table, texts, changes)
    return table


def one_chunk(table: pa.Table, name: str) -> Array:
    """Return a column as one array."""
    column = table.column(name)
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def lengths_of(column: Array) -> Index:
    """Return the number of items in each list of a list array, 0 for a null."""
    return pc.list_value_length(column).fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)


def from_lengths(lengths: Index, values: Array, column: Array) -> Array:
    """Build a list array of `lengths` over `values`, null where `column` is."""
    offsets = np.zeros(len(lengths) + 1, dtype=np.int32)
    np.cumsum(lengths, out=offsets[1:])
    mask = column.is_null() if column.null_count else None
    return pa.ListArray.from_arrays(pa.array(offsets), values, type=column.type, mask=mask)


def walk(value: Any, change: Callable[[str, str], str], label: str = "", depth: int = 0) -> Any:
    """Return a JSON value with `change(label, string)` in place of each string value.

    Raises:
        RecursionError: the value is nested deeper than MAX_DEPTH.
    """
    if isinstance(value, str):
        return change(label, value)
    if depth > MAX_DEPTH:
        raise RecursionError
    if isinstance(value, dict):
        return {k: walk(v, change, str(k), depth + 1) for k, v in value.items()}
    if isinstance(value, list):
        return [walk(v, change, label, depth + 1) for v in value]
    return value


def _contents(column: Array) -> tuple[Array, Index]:
    return column.flatten().flatten()[1], lengths_of(column)


def _with_contents(column: Array, contents: Array) -> Array:
    roles = column.flatten().flatten()[0]
    values = pa.StructArray.from_arrays([roles, contents], fields=list(schema.MESSAGE))
    return from_lengths(lengths_of(column), values, column)


def _metadata(column: Array, wanted: Index) -> tuple[dict[int, Any], list[str], list[int], list[str]]:
    parsed: dict[int, Any] = {}
    strings: list[str] = []
    owners: list[int] = []
    labels: list[str] = []
    for row in wanted.tolist():
        parsed[row], found = _parse(column[row].as_py())
        for label, text in found:
            strings.append(text)
            owners.append(row)
            labels.append(label)
    return parsed, strings, owners, labels


def _parse(text: str) -> tuple[Any, list[tuple[str, str]]]:
    """Return a metadata value and its labelled strings; what is no JSON is one plain string."""
    found: list[tuple[str, str]] = []

    def note(label: str, value: str) -> str:
        found.append((label, value))
        return value

    try:
        value = orjson.loads(text)
        walk(value, note)
    except (orjson.JSONDecodeError, RecursionError):
        return text, [("", text)]
    return value, found


def _with_metadata(table: pa.Table, texts: Texts, changes: dict[int, str]) -> pa.Table:
    column = one_chunk(table, METADATA)
    start = texts.edges[-2]
    owners = texts.rows[start:]
    touched = sorted({int(owners[i - start]) for i in changes if i >= start})
    fresh = [_rewritten(texts, row, start, changes) for row in touched]
    mask = np.zeros(table.num_rows, dtype=bool)
    mask[touched] = True
    new = pc.replace_with_mask(column, pa.array(mask), pa.array(fresh, pa.string()))
    return schema.set_column(table, table.schema.field(METADATA), new)


def _rewritten(texts: Texts, row: int, start: int, changes: dict[int, str]) -> str:
    first = start + int(np.searchsorted(texts.rows[start:], row))
    strings: Iterator[int] = iter(range(first, len(texts.values)))

    def change(_label: str, value: str) -> str:
        return changes.get(next(strings), value)

    value = texts.metadata[row]
    if isinstance(value, str):
        return change("", value)
    return orjson.dumps(walk(value, change)).decode()
