"""Compiled parts of writing JSON from columns: strings escaped as orjson does, pieces put in their places."""

from __future__ import annotations

from typing import Any

from pixelated.core.kernels import TEXT, kernel, part
from pixelated.core.vectors import WIDTH, append, copy, first_bit, ones, stops


@part
def _letter(c: int) -> int:
    """Return the letter of a short escape, 0 where there is none."""
    if c == 0x22 or c == 0x5C:
        return c
    if c == 0x0A:
        return 0x6E
    if c == 0x0D:
        return 0x72
    if c == 0x09:
        return 0x74
    if c == 0x08:
        return 0x62
    return 0x66 if c == 0x0C else 0


@part
def _escape(c: int, out: Any, o: int) -> int:
    """Write the escape of a byte; return the next free byte."""
    out[o] = 0x5C
    letter = _letter(c)
    if letter:
        out[o + 1] = letter
        return o + 2
    out[o + 1], out[o + 2], out[o + 3] = 0x75, 0x30, 0x30
    out[o + 4] = 0x30 + (c >> 4)
    out[o + 5] = (0x30 if c & 15 < 10 else 0x57) + (c & 15)
    return o + 6


@kernel(f"int64({TEXT}, int64, int64)")
def count_stops(data: Any, i: int, end: int) -> int:
    """Return how many bytes need an escape."""
    found = 0
    while i + WIDTH <= end:
        found += ones(stops(data, i))
        i += WIDTH
    while i < end:
        found += data[i] < 0x20 or data[i] == 0x22 or data[i] == 0x5C
        i += 1
    return found


@kernel(f"void({TEXT}, int64[::1], uint8[::1], int64[::1])")
def quote(data: Any, ends: Any, out: Any, bounds: Any) -> None:
    """Write each text as a JSON string.

    Args:
        data: texts, one after the other.
        ends: where each begins, and the end of the last: n + 1.
        out: room for all bytes, five more for each that needs an escape, two for each text, and SLACK.
        bounds: where each string ends, the first is 0: n + 1.
    """
    o = 0
    for text in range(len(ends) - 1):
        i, end = ends[text], ends[text + 1]
        out[o] = 0x22
        o += 1
        while i < end:
            while i + WIDTH <= end:
                copy(data, i, out, o)
                found = stops(data, i)
                if found:
                    step = first_bit(found)
                    i += step
                    o += step
                    break
                i += WIDTH
                o += WIDTH
            while i < end and data[i] >= 0x20 and data[i] != 0x22 and data[i] != 0x5C:
                out[o] = data[i]
                i += 1
                o += 1
            if i < end:
                o = _escape(data[i], out, o)
                i += 1
        out[o] = 0x22
        o += 1
        bounds[text + 1] = o


@kernel(f"void({TEXT}, int64[::1], boolean[::1], uint8[::1], int64[::1])")
def place(data: Any, ends: Any, wanted: Any, out: Any, starts: Any) -> None:
    """Copy each wanted piece of `data` to its start in `out`."""
    for piece in range(len(starts)):
        if wanted[piece]:
            append(data, ends[piece], ends[piece + 1], out, starts[piece])


@kernel(f"void({TEXT}, boolean[::1], uint8[::1], int64[::1])")
def fill(data: Any, wanted: Any, out: Any, starts: Any) -> None:
    """Copy `data` to each wanted start in `out`."""
    for piece in range(len(starts)):
        if wanted[piece]:
            o = starts[piece]
            for k in range(len(data)):
                out[o + k] = data[k]
