"""Read JSON lines in blocks of whole lines; what is not one JSON object per line is named, not raised."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

BLOCK_BYTES = 4 << 20
MAX_LINE = 256 << 20  # a longer line is refused unread: no conversation has 256 MiB


@dataclass
class Line:
    """One line: its bytes, and either the object in it or why there is none."""

    raw: bytes
    row: dict[str, Any] | None
    problem: str = ""


def read_blocks(path: Path) -> Iterator[list[bytes]]:
    """Yield lists of consecutive lines, each list about 4 MiB; a line over 256 MiB is an empty one.

    Raises:
        OSError: the file cannot be read any further.
    """
    block, size = list[bytes](), 0
    with path.open("rb") as f:
        while raw := f.readline(MAX_LINE):
            size += len(raw)
            if len(raw) == MAX_LINE and not raw.endswith(b"\n"):
                _skip_rest(f)
                raw = b""
            block.append(raw)
            if size >= BLOCK_BYTES:
                yield block
                block, size = [], 0
    if block:
        yield block


def parse(raw: bytes) -> Line:
    """Parse one line. NaN, lone surrogates, repeated keys and anything but an object are refused."""
    if not raw:
        return Line(raw, None, "a line is longer than 256 MiB")
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return Line(raw, None, "a line is not valid JSON")
    if not isinstance(value, dict):
        return Line(raw, None, "a line is not a JSON object")
    try:
        written = orjson.dumps(value)
    except TypeError:
        return Line(raw, None, "a line is nested too deeply")
    # A line that its own parse writes back unchanged repeats no key; others are looked at closely.
    if written != raw.rstrip(b"\n") and _repeats_a_key(raw):
        return Line(raw, None, "a line repeats a key: readers would disagree on its value")
    return Line(raw, value)


def _repeats_a_key(raw: bytes) -> bool:
    found = False

    def pairs(items: list[tuple[str, Any]]) -> None:
        nonlocal found
        found = found or len({k for k, _ in items}) < len(items)

    try:
        json.loads(raw, object_pairs_hook=pairs)
    except (ValueError, RecursionError):
        return True  # one reader takes it and the other does not
    return found


def _skip_rest(stream: Any) -> None:
    while piece := stream.readline(BLOCK_BYTES):
        if piece.endswith(b"\n"):
            return
