"""Compiled reader of JSON lines that hold one chat each: `{"messages": [{"role", "content"}, ...], ...}`.

It takes what it fully understands and leaves every other line to the general reader: a line with another
shape, an escape in a key, a lone surrogate, a raw control character, deep nesting, a long number. A key
beside `messages` is skipped, its value checked to be JSON; the order and the kinds of a line's keys are its
signature, which the caller judges once for all lines that have it.

`at` is the state: [1] next free byte of `out`, [2] signatures, [3] role names, [4] turns, [5] next byte of
the signature being written, [6] the role just read. A helper returns the next position, or BAD.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pixelated.core.kernels import TEXT, kernel, part
from pixelated.standardise._json_kernels import (
    BACKSLASH,
    BAD,
    CLOSE,
    CLOSE_LIST,
    COLON,
    COMMA,
    OPEN,
    OPEN_LIST,
    QUOTE,
    expect,
    skip,
    string,
    value,
)

MAX_SIGNATURES, MAX_SIGNATURE = 32, 1024  # bytes
MAX_ROLES, MAX_ROLE = 64, 80  # bytes
BLANK, CHAT, OTHER = 0, 1, 2  # what a line is
NEWLINE = 0x0A


@part
def _known(data: Any, start: int, length: int, at: Any, table: Any, lengths: Any, slot: int) -> int:
    """Return the number of a byte string in a table of them, new ones added; BAD where there is no room."""
    count = at[slot]
    for r in range(count):
        if lengths[r] == length:
            k = 0
            while k < length and table[r, k] == data[start + k]:
                k += 1
            if k == length:
                return r
    if count == table.shape[0] or length > table.shape[1]:
        return BAD
    for k in range(length):
        table[count, k] = data[start + k]
    lengths[count] = length
    at[slot] = count + 1
    return count


@part
def _plain_key(data: Any, i: int, n: int) -> int:
    """Return the quote that ends a key whose first byte is at `i`, or BAD for one with an escape."""
    while i < n and data[i] >= 0x20 and data[i] != QUOTE and data[i] != BACKSLASH:
        i += 1
    return i if i < n and data[i] == QUOTE else BAD


@part
def _turn_key(data: Any, i: int, n: int) -> int:
    """Return 0 for the key `role"`, 1 for `content"`, or BAD."""
    if i + 5 <= n and data[i] == 0x72:
        if data[i + 1] == 0x6F and data[i + 2] == 0x6C and data[i + 3] == 0x65 and data[i + 4] == QUOTE:
            return 0
    elif i + 8 <= n and data[i] == 0x63 and data[i + 1] == 0x6F and data[i + 2] == 0x6E:
        if data[i + 3] == 0x74 and data[i + 4] == 0x65 and data[i + 5] == 0x6E and data[i + 6] == 0x74:
            if data[i + 7] == QUOTE:
                return 1
    return BAD


@part
def _role(data: Any, i: int, n: int, out: Any, at: Any, roles: Any, role_lengths: Any) -> int:
    """Read the name of a role into the scratch at[6]."""
    o = at[1]
    i = string(data, i, n, out, at)
    if i != BAD:
        at[6] = _known(out, o, at[1] - o, at, roles, role_lengths, 3)
        if at[6] == BAD:
            i = BAD
    at[1] = o
    return i


@part
def _turn(
    data: Any, i: int, n: int, out: Any, at: Any, roles: Any, role_lengths: Any, codes: Any, ends: Any
) -> int:
    """Read one turn: an object of `role` and `content`, each once and both texts."""
    i = expect(data, i, n, OPEN)
    seen = 0
    for _ in range(2):
        if i == BAD:
            return BAD
        if seen:
            i = expect(data, i, n, COMMA)
            if i == BAD:
                return BAD
        i = expect(data, i, n, QUOTE)
        if i == BAD:
            return BAD
        which = _turn_key(data, i, n)
        if which == BAD or seen & (1 << which):
            return BAD
        seen |= 1 << which
        i = expect(data, i + (8 if which else 5), n, COLON)
        if i == BAD:
            return BAD
        i = expect(data, i, n, QUOTE)
        if i == BAD:
            return BAD
        if which:  # noqa: SIM108 -- shorter lines
            i = string(data, i, n, out, at)
        else:
            i = _role(data, i, n, out, at, roles, role_lengths)
    if i == BAD:
        return BAD
    i = expect(data, i, n, CLOSE)
    if i != BAD:
        codes[at[4]] = at[6]
        ends[at[4] + 1] = at[1]
        at[4] += 1
    return i


@part
def _turns(
    data: Any, i: int, n: int, out: Any, at: Any, roles: Any, role_lengths: Any, codes: Any, ends: Any
) -> int:
    """Read a list of at least one turn."""
    i = expect(data, i, n, OPEN_LIST)
    while i != BAD:
        i = _turn(data, i, n, out, at, roles, role_lengths, codes, ends)
        if i == BAD:
            return BAD
        i = skip(data, i, n)
        if i < n and data[i] == CLOSE_LIST:
            return i + 1
        i = expect(data, i, n, COMMA)
    return BAD


@part
def _kind(c: int) -> Any:
    """Return a letter for the kind of the value that begins with `c`: scalars are told apart."""
    if c == 0x2D or 0x30 <= c <= 0x39:
        return np.int64(0x30)
    return np.int64(c)


@part
def _is_messages(data: Any, start: int, end: int) -> bool:
    if end - start != 8:
        return False
    a = (
        data[start] == 0x6D
        and data[start + 1] == 0x65
        and data[start + 2] == 0x73
        and data[start + 3] == 0x73
    )
    b = data[start + 4] == 0x61 and data[start + 5] == 0x67
    return a and b and data[start + 6] == 0x65 and data[start + 7] == 0x73


@part
def _sign(data: Any, start: int, end: int, kind: int, signature: Any, at: Any) -> bool:
    """Add a key and the kind of its value to the signature of the line; say whether there was room."""
    s = at[5]
    if s + end - start + 2 > len(signature):
        return False
    for k in range(start, end):
        signature[s] = data[k]
        s += 1
    signature[s] = 0
    signature[s + 1] = kind
    at[5] = s + 2
    return True


@part
def _line(
    data: Any,
    i: int,
    n: int,
    out: Any,
    at: Any,
    signature: Any,
    roles: Any,
    role_lengths: Any,
    codes: Any,
    ends: Any,
) -> int:
    """Read one line; return the byte behind it and the white space after it."""
    i = expect(data, i, n, OPEN)
    at[5] = 0
    found = False
    while i != BAD:
        i = expect(data, i, n, QUOTE)
        if i == BAD:
            return BAD
        end = _plain_key(data, i, n)
        if end == BAD:
            return BAD
        at_value = expect(data, end + 1, n, COLON)
        if at_value == BAD:
            return BAD
        at_value = skip(data, at_value, n)
        if at_value >= n or not _sign(data, i, end, _kind(data[at_value]), signature, at):
            return BAD
        if _is_messages(data, i, end):
            if found:
                return BAD
            found = True
            i = _turns(data, at_value, n, out, at, roles, role_lengths, codes, ends)
        else:
            i = value(data, at_value, n, out, at)
        if i == BAD:
            return BAD
        i = skip(data, i, n)
        if i < n and data[i] == CLOSE:
            return skip(data, i + 1, n) if found else BAD
        i = expect(data, i, n, COMMA)
    return BAD


@part
def _blank(data: Any, i: int, n: int) -> int:
    """Return where white space (as Python's bytes know it) ends."""
    while i < n and (data[i] == 0x20 or (0x09 <= data[i] <= 0x0D and data[i] != NEWLINE)):
        i += 1
    return i


@kernel(
    f"int64({TEXT}, uint8[::1], int64[::1], uint8[:, ::1], int64[::1], uint8[:, ::1], int64[::1],"
    " int16[::1], int64[::1], int64[:, ::1])"
)
def read_lines(
    data: Any,
    out: Any,
    at: Any,
    signatures: Any,
    signature_lengths: Any,
    roles: Any,
    role_lengths: Any,
    codes: Any,
    ends: Any,
    lines: Any,
) -> int:
    """Read all lines of `data`; return their number.

    Args:
        data: bytes, cut at line ends.
        out: as many bytes as `data` and SLACK more; filled with the contents of the turns.
        at: the state, zeros.
        signatures: table for the signatures of lines, and their lengths.
        signature_lengths: int64, one a signature.
        roles: table for the names of roles.
        role_lengths: int64, one a role.
        codes: the role of each turn.
        ends: where its content ends in `out`; ends[0] is 0.
        lines: a row a line: kind, first byte, byte behind the last, first turn, signature.
    """
    n = len(data)
    signature = np.empty(signatures.shape[1], np.uint8)
    i = 0
    count = 0
    while i < n:
        first, o = at[4], at[1]
        end = _line(data, i, n, out, at, signature, roles, role_lengths, codes, ends)
        known = BAD
        if end != BAD and (end == n or data[end] == NEWLINE):
            known = _known(signature, 0, at[5], at, signatures, signature_lengths, 2)
        kind = CHAT
        if known == BAD:
            at[4], at[1] = first, o
            end = _blank(data, i, n)
            kind = BLANK if end == n or data[end] == NEWLINE else OTHER
            while end < n and data[end] != NEWLINE:
                end += 1
        lines[count, 0] = kind
        lines[count, 1] = i
        lines[count, 2] = end
        lines[count, 3] = first
        lines[count, 4] = known
        count += 1
        i = end + 1
    return count
