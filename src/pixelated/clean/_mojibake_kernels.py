"""Compiled second reading of texts: UTF-8 that was read as Latin-1 or as Windows-1252."""

from __future__ import annotations

from typing import Any

from pixelated.core.kernels import TEXT, kernel, part

LATIN, WINDOWS, NEITHER, UNSURE = 0, 1, 2, 3


@part
def _code_point(data: Any, i: int) -> int:
    """Return the code point of the valid UTF-8 at `i`."""
    a = data[i]
    if a < 0x80:
        return a
    if a < 0xE0:
        return (a & 0x1F) << 6 | data[i + 1] & 0x3F
    if a < 0xF0:
        return (a & 0x0F) << 12 | (data[i + 1] & 0x3F) << 6 | data[i + 2] & 0x3F
    return 0x110000  # in no 8-bit encoding


@part
def _encode(data: Any, i: int, end: int, table: Any, out: Any, at: int) -> int:
    """Write a byte for each character; return where they end, -1 where `table` has none for one."""
    while i < end:
        point = _code_point(data, i)
        if point >= len(table) or table[point] < 0:
            return -1
        out[at] = table[point]
        at += 1
        a = data[i]
        i += 1 if a < 0x80 else 2 if a < 0xE0 else 3
    return at


@part
def _follows(data: Any, i: int, count: int, low: int, top: int) -> bool:
    """Say whether `count` bytes of continuation follow, the first of them from `low` to `top`."""
    if not low <= data[i + 1] <= top:
        return False
    sound = True
    for k in range(2, count + 1):
        sound = sound and 0x80 <= data[i + k] <= 0xBF
    return sound


@part
def _is_utf8(data: Any, i: int, end: int) -> bool:
    """Say whether bytes are UTF-8 (RFC 3629); zeros stand behind them."""
    while i < end:
        a = data[i]
        count, low, top = 0, 0x80, 0xBF
        if a >= 0x80:
            if a < 0xC2 or a > 0xF4:
                return False
            count = 1 if a < 0xE0 else 2 if a < 0xF0 else 3
            low = 0xA0 if a == 0xE0 else 0x90 if a == 0xF0 else 0x80
            top = 0x9F if a == 0xED else 0x8F if a == 0xF4 else 0xBF
            if not _follows(data, i, count, low, top):
                return False
        i += count + 1
    return i == end


@part
def _is_special(data: Any, i: int, end: int) -> bool:
    """Say whether bytes need a rule of ftfy's: a lead before a space, CESU-8, a null in two bytes."""
    for k in range(i, end):
        a = data[k]
        if a == 0xED or a == 0xC0:
            return True
        if a == 0x20 and k > i:
            for back in range(max(i, k - 3), k):
                if data[back] >= 0xC2:
                    return True
    return False


@kernel(f"void({TEXT}, int64[::1], int16[:, ::1], uint8[::1], int64[::1], uint8[::1])")
def read_again(data: Any, ends: Any, tables: Any, out: Any, bounds: Any, verdict: Any) -> None:
    """Write each text as it was before it was misread.

    Args:
        data: texts in UTF-8, one after the other.
        ends: where each begins, and the end of the last: n + 1.
        tables: the byte of each code point in Latin-1 and in Windows-1252, or -1: (2, m).
        out: as many bytes as the texts have, and four more.
        bounds: where each result begins, and the end of the last: n + 1. A text that stays has none.
        verdict: n; UNSURE says that only ftfy can tell.
    """
    at = 0
    bounds[0] = 0
    for text in range(len(ends) - 1):
        verdict[text] = NEITHER
        for encoding in range(2):
            stop = _encode(data, ends[text], ends[text + 1], tables[encoding], out, at)
            if stop < 0:
                continue
            if _is_special(out, at, stop):
                verdict[text] = UNSURE
                break
            for k in range(stop, stop + 4):
                out[k] = 0
            if _is_utf8(out, at, stop):
                verdict[text] = encoding
                at = stop
                break
        bounds[text + 1] = at
