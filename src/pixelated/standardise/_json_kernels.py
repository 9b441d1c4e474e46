"""Compiled readers of JSON values, strict: what orjson refuses, or reads in another way, is BAD.

A reader takes the bytes, the next position and the end, and returns the position behind the value. White
space holds no line end: lines are read alone. `at[1]` is the next free byte of `out`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pixelated.core.kernels import part
from pixelated.core.vectors import WIDTH, copy, first_bit, stops

BAD = -1
MAX_NESTING = 60
MAX_DIGITS = 300
QUOTE, BACKSLASH, COMMA, COLON = 0x22, 0x5C, 0x2C, 0x3A
OPEN, CLOSE, OPEN_LIST, CLOSE_LIST = 0x7B, 0x7D, 0x5B, 0x5D


@part
def skip(data: Any, i: int, n: int) -> int:
    """Return the next byte that is no white space of JSON; a line end is none, lines are read alone."""
    while i < n and (data[i] == 0x20 or data[i] == 0x09 or data[i] == 0x0D):
        i += 1
    return i


@part
def _hex4(data: Any, i: int, n: int) -> Any:
    """Return the value of four hexadecimal digits, or BAD."""
    if i + 4 > n:
        return BAD
    value: Any = 0
    for k in range(4):
        c = np.int64(data[i + k])
        lower = c | 0x20
        if 0x30 <= c <= 0x39:
            value = value * 16 + c - 0x30
        elif 0x61 <= lower <= 0x66:
            value = value * 16 + lower - 0x57
        else:
            return BAD
    return value


@part
def _utf8(code: int, out: Any, o: int) -> int:
    """Write a code point; return the next free byte."""
    if code < 0x80:
        out[o] = code
        return o + 1
    if code < 0x800:
        out[o] = 0xC0 | (code >> 6)
        out[o + 1] = 0x80 | (code & 0x3F)
        return o + 2
    if code < 0x10000:
        out[o] = 0xE0 | (code >> 12)
        out[o + 1] = 0x80 | ((code >> 6) & 0x3F)
        out[o + 2] = 0x80 | (code & 0x3F)
        return o + 3
    out[o] = 0xF0 | (code >> 18)
    out[o + 1] = 0x80 | ((code >> 12) & 0x3F)
    out[o + 2] = 0x80 | ((code >> 6) & 0x3F)
    out[o + 3] = 0x80 | (code & 0x3F)
    return o + 4


@part
def _plain_escape(c: int) -> Any:
    """Return the byte that a one-letter escape stands for, or BAD."""
    if c == 0x22 or c == 0x5C or c == 0x2F:
        return np.int64(c)
    if c == 0x6E:
        return np.int64(0x0A)
    if c == 0x74:
        return np.int64(0x09)
    if c == 0x72:
        return np.int64(0x0D)
    if c == 0x62:
        return np.int64(0x08)
    return np.int64(0x0C) if c == 0x66 else np.int64(BAD)


@part
def _code_point(data: Any, i: int, n: int) -> int:
    """Return the code point of the escape with its digits at `i`, a pair as one; BAD for half of one."""
    code = _hex4(data, i, n)
    if code < 0xD800 or code > 0xDFFF:
        return code
    if code > 0xDBFF or i + 6 > n or data[i + 4] != BACKSLASH or data[i + 5] != 0x75:
        return BAD
    low = _hex4(data, i + 6, n)
    if low < 0xDC00 or low > 0xDFFF:
        return BAD
    return 0x10000 + ((code - 0xD800) << 10) + low - 0xDC00


@part
def _escape(data: Any, i: int, n: int, out: Any, at: Any) -> int:
    """Decode the escape whose backslash stands at `i`."""
    if i + 1 >= n:
        return BAD
    if data[i + 1] != 0x75:
        plain = _plain_escape(data[i + 1])
        if plain == BAD:
            return BAD
        out[at[1]] = plain
        at[1] += 1
        return i + 2
    code = _code_point(data, i + 2, n)
    if code == BAD:
        return BAD
    at[1] = _utf8(code, out, at[1])
    return i + 12 if code > 0xFFFF else i + 6


@part
def _copy_end(data: Any, i: int, n: int, out: Any, at: Any) -> int:
    """Copy to where a string stops: the last bytes of a block, which are fewer than a vector."""
    while i < n and data[i] >= 0x20 and data[i] != QUOTE and data[i] != BACKSLASH:
        out[at[1]] = data[i]
        at[1] += 1
        i += 1
    return i


@part
def string(data: Any, i: int, n: int, out: Any, at: Any) -> int:
    """Copy the string whose first byte is at `i` to `out` from at[1]; return the byte behind its quote."""
    while True:
        stop = np.uint32(0)
        while i + WIDTH <= n:
            copy(data, i, out, at[1])
            stop = stops(data, i)
            if stop:
                break
            i += WIDTH
            at[1] += WIDTH
        if stop:
            step = first_bit(stop)
            i += step
            at[1] += step
        else:
            i = _copy_end(data, i, n, out, at)
        if i >= n or data[i] < 0x20:
            return BAD
        if data[i] == QUOTE:
            return i + 1
        i = _escape(data, i, n, out, at)
        if i == BAD:
            return BAD


@part
def _digits(data: Any, i: int, n: int) -> int:
    """Return the byte behind a run of at least one digit, or BAD."""
    start = i
    while i < n and 0x30 <= data[i] <= 0x39:
        i += 1
    return i if i > start else BAD


@part
def _number(data: Any, i: int, n: int) -> int:
    start = i
    if data[i] == 0x2D:
        i += 1
    first = i
    i = _digits(data, i, n)
    if i == BAD or (data[first] == 0x30 and i > first + 1):
        return BAD
    if i < n and data[i] == 0x2E:
        i = _digits(data, i + 1, n)
        if i == BAD:
            return BAD
    if i < n and (data[i] | 0x20) == 0x65:
        i += 1
        if i < n and (data[i] == 0x2B or data[i] == 0x2D):
            i += 1
        i = _digits(data, i, n)
    return i if i != BAD and i - start <= MAX_DIGITS else BAD


@part
def _literal(data: Any, i: int, n: int) -> int:
    """Return the byte behind `true`, `false` or `null`."""
    if i + 4 <= n:
        a, b, c, d = data[i], data[i + 1], data[i + 2], data[i + 3]
        if a == 0x74 and b == 0x72 and c == 0x75 and d == 0x65:
            return i + 4
        if a == 0x6E and b == 0x75 and c == 0x6C and d == 0x6C:
            return i + 4
        if a == 0x66 and b == 0x61 and c == 0x6C and d == 0x73 and i + 5 <= n and data[i + 4] == 0x65:
            return i + 5
    return BAD


@part
def _scalar(data: Any, i: int, n: int, out: Any, at: Any) -> int:
    """Skip a string, number or literal."""
    if i >= n:
        return BAD
    c = data[i]
    if c == QUOTE:
        o = at[1]
        i = string(data, i + 1, n, out, at)
        at[1] = o
        return i
    if c == 0x2D or 0x30 <= c <= 0x39:
        return _number(data, i, n)
    return _literal(data, i, n)


@part
def _key(data: Any, i: int, n: int, out: Any, at: Any) -> int:
    """Skip a key of a skipped object and its colon."""
    i = skip(data, i, n)
    if i >= n or data[i] != QUOTE:
        return BAD
    i = _scalar(data, i, n, out, at)
    if i == BAD:
        return BAD
    i = skip(data, i, n)
    return i + 1 if i < n and data[i] == COLON else BAD


@part
def value(data: Any, i: int, n: int, out: Any, at: Any) -> int:
    """Skip a value of any kind, nested at most MAX_NESTING levels."""
    inside = np.uint64(0)  # one bit a level: 1 for an object
    depth = 0
    while True:
        i = skip(data, i, n)
        opened = i < n and (data[i] == OPEN or data[i] == OPEN_LIST)
        if opened:
            is_object = data[i] == OPEN
            close = CLOSE if is_object else CLOSE_LIST
            i = skip(data, i + 1, n)
            if i < n and data[i] == close:
                i += 1
            else:
                depth += 1
                if depth > MAX_NESTING:
                    return BAD
                inside = (inside << np.uint64(1)) | np.uint64(is_object)
                if is_object:
                    i = _key(data, i, n, out, at)
                    if i == BAD:
                        return BAD
                continue
        else:
            i = _scalar(data, i, n, out, at)
            if i == BAD:
                return BAD
        while depth:
            i = skip(data, i, n)
            if i >= n:
                return BAD
            in_object = inside & np.uint64(1)
            if data[i] == COMMA:
                i += 1
                if in_object:
                    i = _key(data, i, n, out, at)
                    if i == BAD:
                        return BAD
                break
            if data[i] != (CLOSE if in_object else CLOSE_LIST):
                return BAD
            i += 1
            depth -= 1
            inside >>= np.uint64(1)
        if not depth:
            return i


@part
def expect(data: Any, i: int, n: int, wanted: int) -> int:
    """Return the byte behind `wanted`, white space before it skipped, or BAD."""
    i = skip(data, i, n)
    return i + 1 if i < n and data[i] == wanted else BAD
