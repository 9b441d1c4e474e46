"""Compiled forms of what the two hashes are taken of, for records of plain text (see `core.hashing`).

Plain is what neither lower case nor NFC changes but by A to Z, and where only ASCII is white space: ASCII,
small letters of Latin-1, typographic quotes, dashes and dots, Chinese characters, most emoji. Byte order is
then the order of characters, so that the bytes can be worked on as they are.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pixelated.core.kernels import TEXT, kernel, part
from pixelated.core.vectors import WIDTH, append, copy, copy_lower, first_bit, high, places_of, spaces

MAX_SORTED = 64  # turns of a record that are sorted here: insertion takes their square


@part
def _is_space(c: int) -> bool:
    """Say whether a byte is white space in ASCII, as Python's str knows it."""
    return c == 0x20 or 0x09 <= c <= 0x0D or 0x1C <= c <= 0x1F


@part
def _plain(data: Any, i: int, end: int) -> int:
    """Return the length of the character that is not ASCII and begins at `i`, 0 where it is not plain."""
    a = data[i]
    b = data[i + 1] if i + 1 < end else np.uint8(0)
    if a == 0xC3:
        return 2 if 0x9F <= b <= 0xBF else 0  # U+00DF to U+00FF
    if a == 0xE2:
        third = data[i + 2] if i + 2 < end else np.uint8(0)
        return 3 if b == 0x80 and 0x90 <= third <= 0xA7 else 0  # U+2010 to U+2027
    if 0xE4 <= a <= 0xE9:
        return 3  # U+4000 to U+9FFF
    if a == 0xF0 and b == 0x9F:
        return 4  # U+1F000 to U+1FFFF
    return 0


@kernel(f"void({TEXT}, int64[::1], boolean[::1])")
def plain_only(data: Any, ends: Any, found: Any) -> None:
    """Say of each text whether it is plain."""
    for text in range(len(ends) - 1):
        i, end = ends[text], ends[text + 1]
        step = 1
        while i < end and step:
            while i + WIDTH <= end:
                odd = high(data, i)
                if odd:
                    i += first_bit(odd)
                    break
                i += WIDTH
            while i < end and data[i] < 0x80:
                i += 1
            step = _plain(data, i, end) if i < end else 1
            i += step
        found[text] = step != 0


@part
def _append_lower(data: Any, i: int, end: int, out: Any, o: int) -> int:
    while i + WIDTH <= end:
        copy_lower(data, i, out, o)
        i += WIDTH
        o += WIDTH
    while i < end:
        c = data[i]
        out[o] = c | 0x20 if 0x41 <= c <= 0x5A else c
        i += 1
        o += 1
    return o


@part
def _less(data: Any, a: int, a_end: int, b: int, b_end: int) -> bool:
    """Say whether the bytes of `a` sort before those of `b`."""
    while a < a_end and b < b_end:
        if data[a] != data[b]:
            return data[a] < data[b]
        a += 1
        b += 1
    return a == a_end and b < b_end


@part
def _trim(data: Any, start: int, end: int) -> Any:
    """Return the start and the end of a text without the white space around it."""
    while start < end and _is_space(data[start]):
        start += 1
    while end > start and _is_space(data[end - 1]):
        end -= 1
    return start, end


@kernel(f"void({TEXT}, int64[::1], int64[::1], boolean[::1], uint8[::1], int64[::1])")
def content_forms(data: Any, ends: Any, firsts: Any, wanted: Any, out: Any, bounds: Any) -> None:
    """Write each wanted record's contents in lower case, trimmed, sorted and joined by one space.

    Args:
        data: contents of the turns, one after the other.
        ends: where each begins, and the end of the last.
        firsts: first turn of each of the n records, and the number of turns.
        wanted: records that are ASCII and have at most MAX_SORTED turns; nothing is written of others.
        out: room for all contents, a byte a turn, and SLACK.
        bounds: where what was written of each record ends, the first is 0: n + 1.
    """
    lower = np.empty(64, np.uint8)
    starts, stops_ = np.empty(MAX_SORTED, np.int64), np.empty(MAX_SORTED, np.int64)
    o = 0
    for row in range(len(firsts) - 1):
        if wanted[row]:
            first, last = firsts[row], firsts[row + 1]
            size = ends[last] - ends[first]
            if len(lower) < size + WIDTH:
                lower = np.empty(2 * size + WIDTH, np.uint8)
            _append_lower(data, ends[first], ends[last], lower, 0)
            for turn in range(first, last):
                start, stop = _trim(lower, ends[turn] - ends[first], ends[turn + 1] - ends[first])
                k = turn - first
                while k and _less(lower, start, stop, starts[k - 1], stops_[k - 1]):
                    starts[k], stops_[k] = starts[k - 1], stops_[k - 1]
                    k -= 1
                starts[k], stops_[k] = start, stop
            for k in range(last - first):
                if k:
                    out[o] = 0x20
                    o += 1
                o = append(lower, starts[k], stops_[k], out, o)
        bounds[row + 1] = o


@part
def _append_folded(data: Any, i: int, end: int, out: Any, o: int) -> int:
    """Copy a text, each run of white space as one space, none at the ends."""
    i, end = _trim(data, i, end)
    while i + WIDTH < end:
        doubled = spaces(data, i + 1) | ~places_of(data, i, np.uint8(0x20))
        odd = np.uint32(spaces(data, i) & doubled)
        if odd:
            step = first_bit(odd)
            o = append(data, i, i + step, out, o)
            i += step
            while _is_space(data[i]):
                i += 1
            out[o] = 0x20
            o += 1
        else:
            copy(data, i, out, o)
            i += WIDTH
            o += WIDTH
    while i < end:
        if _is_space(data[i]):
            out[o] = 0x20
            while _is_space(data[i + 1]):
                i += 1
        else:
            out[o] = data[i]
        i += 1
        o += 1
    return o


@part
def _append_turns(
    data: Any, ends: Any, roles: Any, role_ends: Any, first: int, last: int, out: Any, o: int
) -> int:
    for turn in range(first, last):
        if turn > first:
            out[o] = 0x1E
            o += 1
        for k in range(role_ends[turn], role_ends[turn + 1]):
            out[o] = roles[k]
            o += 1
        out[o] = 0x1F
        o = _append_folded(data, ends[turn], ends[turn + 1], out, o + 1)
    return o


@kernel(
    f"void({TEXT}, int64[::1], {TEXT}, int64[::1], {TEXT}, int64[::1], int64[:, ::1], boolean[::1],"
    " uint8[::1], int64[::1])"
)
def strict_forms(
    kinds: Any,
    kind_ends: Any,
    roles: Any,
    role_ends: Any,
    data: Any,
    ends: Any,
    firsts: Any,
    wanted: Any,
    out: Any,
    bounds: Any,
) -> None:
    """Write each wanted record's kind, messages, chosen and rejected, white space folded.

    Args:
        kinds: kinds of the n records, one after the other.
        kind_ends: where each begins, and the end of the last; roles, data: the same of the turns.
        roles: names of roles.
        role_ends: as above.
        data: contents.
        ends: as above.
        firsts: (3, n + 1) first turn of each record's messages, chosen and rejected.
        wanted: records of plain text; nothing is written of others.
        out: room for all bytes, two a turn, three a record, and SLACK.
        bounds: where what was written of each record ends, the first is 0: n + 1.
    """
    o = 0
    for row in range(len(wanted)):
        if wanted[row]:
            o = append(kinds, kind_ends[row], kind_ends[row + 1], out, o)
            for group in range(3):
                out[o] = 0x1D
                first, last = firsts[group, row], firsts[group, row + 1]
                o = _append_turns(data, ends, roles, role_ends, first, last, out, o + 1)
        bounds[row + 1] = o
