"""JSON lines of records that users give to commands: an object with an `id` a line, or why it is none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, BinaryIO

import orjson

BOM = b"\xef\xbb\xbf"


class RefusedLineError(Exception):
    """A line is no such record; the argument is the reason code."""


def record_of(data: bytes) -> dict[str, Any]:
    """Return the object on a line.

    Raises:
        RefusedLineError: invalid_json, not_an_object, no_id.
    """
    try:
        record = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise RefusedLineError("invalid_json") from None
    if not isinstance(record, dict):
        raise RefusedLineError("not_an_object")
    if not isinstance(record.get("id"), str | int):
        raise RefusedLineError("no_id")
    return record


def write_lines(stream: BinaryIO, rows: Iterable[dict[str, Any]]) -> None:
    """Write each object as a line."""
    stream.writelines(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
