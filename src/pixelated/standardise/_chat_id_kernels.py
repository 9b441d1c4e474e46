"""Compiled counts of bytes and lines, and forms of what the ids of chats are the hashes of."""

from __future__ import annotations

from typing import Any

from pixelated.core.kernels import TEXT, kernel, part
from pixelated.core.vectors import WIDTH, append, first_bit, ones, places_of


@kernel(f"int64({TEXT}, uint8)")
def count_byte(data: Any, wanted: int) -> int:
    """Return how often a byte occurs."""
    n = len(data)
    i = 0
    count = 0
    while i + WIDTH <= n:
        count += ones(places_of(data, i, wanted))
        i += WIDTH
    while i < n:
        count += data[i] == wanted
        i += 1
    return count


@kernel(f"void({TEXT}, int64, int64, int64[::1])")
def count_lines(data: Any, i: int, n: int, state: Any) -> None:
    """Count on, from byte `i` to `n`; white space is what Python's bytes call so.

    `state`: lines ended so far, lines so far with more than white space, whether the last one is such.
    """
    lines, rows, filled = state[0], state[1], state[2]
    while i < n:
        if not filled:
            while i < n and (data[i] == 0x20 or (0x09 <= data[i] <= 0x0D and data[i] != 0x0A)):
                i += 1
            if i < n and data[i] != 0x0A:
                rows += 1
                filled = 1
        while i + WIDTH <= n:
            found = places_of(data, i, 0x0A)
            if found:
                i += first_bit(found)
                break
            i += WIDTH
        while i < n and data[i] != 0x0A:
            i += 1
        if i < n:
            lines += 1
            filled = 0
            i += 1
    state[0], state[1], state[2] = lines, rows, filled


@part
def _length(value: int, out: Any, o: int) -> int:
    """Write a length as eight bytes, the highest first."""
    for k in range(8):
        out[o + k] = (value >> (56 - 8 * k)) & 0xFF
    return o + 8


@part
def _line_number(number: int, out: Any, o: int) -> int:
    """Write `line 12` with its length."""
    digits = 1
    rest = number // 10
    while rest:
        digits += 1
        rest //= 10
    o = _length(5 + digits, out, o)
    out[o], out[o + 1], out[o + 2], out[o + 3], out[o + 4] = 0x6C, 0x69, 0x6E, 0x65, 0x20
    for k in range(digits):
        out[o + 4 + digits - k] = 0x30 + number % 10
        number //= 10
    return o + 5 + digits


@kernel(
    f"void({TEXT}, int64[::1], {TEXT}, int64[::1], int64[::1], int16[::1], {TEXT}, int64[::1],"
    " uint8[::1], int64[::1])"
)
def identities(
    head: Any,
    numbers: Any,
    contents: Any,
    ends: Any,
    firsts: Any,
    codes: Any,
    names: Any,
    name_ends: Any,
    out: Any,
    bounds: Any,
) -> None:
    """Write what the id of each record is the hash of (see `core.hashing.short_hash`, `Draft.content`).

    Args:
        head: the parts before the locator, each with its length.
        numbers: number of the line of each of the n records.
        contents: contents of the turns, one after the other.
        ends: where each ends, the first is 0.
        firsts: first turn of each record, and the number of turns: n + 1.
        codes: the role of each turn.
        names: the names of the roles, one after the other.
        name_ends: where each ends, the first is 0.
        out: the bytes that are hashed.
        bounds: where those of each record end, the first is 0: n + 1.
    """
    o = 0
    for row in range(len(numbers)):
        o = append(head, 0, len(head), out, o)
        o = _line_number(numbers[row], out, o)
        start = o
        o += 8
        for turn in range(firsts[row], firsts[row + 1]):
            if turn > firsts[row]:
                out[o] = 0x1E
                o += 1
            role = codes[turn]
            for k in range(name_ends[role], name_ends[role + 1]):
                out[o] = names[k]
                o += 1
            out[o] = 0x1F
            o = append(contents, ends[turn], ends[turn + 1], out, o + 1)
        out[o] = 0x1D
        out[o + 1] = 0x1D
        o += 2
        _length(o - start - 8, out, start)
        bounds[row + 1] = o
