"""Compiled look at texts: what a text shows decides which patterns need to see it."""

from __future__ import annotations

from typing import Any

from pixelated.core.kernels import TEXT, kernel, part
from pixelated.core.vectors import WIDTH, any_case, controls, first_bit, high, places_of, printed

HIGH = 1  # a character beyond ASCII that is not harmless, see `_harmless`
CONTROL = 2  # a control character other than tab and line feed
AMPERSAND = 4
ANGLE = 8  # <
SLOT = 16  # [ or {, _r, or a part of a phrase that stands in an empty slot
STUB = 32  # short or of x, and the first letter of a text that stands where a text should be
BACKSLASH = 64
PRINTED = 128  # a character of ASCII that can be seen
LONGEST_STUB = 256


@part
def _harmless(data: Any, i: int, end: int) -> int:
    """Return the length of the character beyond ASCII at `i`, 0 where a pattern may want to see it.

    Harmless are dashes, quotes and dots (U+2010 to U+2027 but U+201A), Chinese characters, most emoji, and
    small letters of Latin-1 (but those that UTF-8 misread begins with) before ASCII or the end.
    """
    a = data[i]
    if a == 0xE2 and i + 2 < end and data[i + 1] == 0x80:
        third = data[i + 2]
        return 3 if 0x90 <= third <= 0xA7 and third != 0x9A else 0
    if a == 0xC3 and i + 1 < end:
        second = data[i + 1]
        alone = i + 2 >= end or data[i + 2] < 0x80
        return 2 if alone and second >= 0xA0 and second != 0xA2 and second != 0xA3 else 0
    if 0xE4 <= a <= 0xE9:
        return 3
    return 4 if a == 0xF0 and i + 1 < end and data[i + 1] == 0x9F else 0


@part
def _is_high(data: Any, i: int, end: int) -> bool:
    """Say whether a text has a character that is not harmless."""
    while i < end:
        while i + WIDTH <= end:
            found = high(data, i)
            if found:
                i += first_bit(found)
                break
            i += WIDTH
        while i < end and data[i] < 0x80:
            i += 1
        if i < end:
            step = _harmless(data, i, end)
            if not step:
                return True
            i += step
    return False


@part
def _slot(data: Any, i: int) -> Any:
    """Return where a sign of a slot begins: psu (lorem ipsum), "s he" (goes here), "xt he" (text here)."""
    brackets = places_of(data, i, 0x5B) | places_of(data, i, 0x7B)
    redacted = places_of(data, i, 0x5F) & any_case(data, i + 1, 0x72)
    s_next = any_case(data, i + 1, 0x73)
    ipsum = any_case(data, i, 0x70) & s_next & any_case(data, i + 2, 0x75)
    space = places_of(data, i + 2, 0x20) & any_case(data, i + 3, 0x68) & any_case(data, i + 4, 0x65)
    here = space & (s_next | (any_case(data, i + 1, 0x74) & any_case(data, i, 0x78)))
    return brackets | redacted | ipsum | here


@part
def _chunk(data: Any, i: int) -> int:
    """Return the traits of WIDTH bytes, and of what begins in them."""
    found = 0
    if controls(data, i):
        found |= CONTROL
    if places_of(data, i, 0x26):
        found |= AMPERSAND
    if places_of(data, i, 0x3C):
        found |= ANGLE
    if places_of(data, i, 0x5C):
        found |= BACKSLASH
    if _slot(data, i):
        found |= SLOT
    if printed(data, i):
        found |= PRINTED
    return found


@part
def _stub(data: Any, i: int, end: int) -> int:
    """Say whether a text begins like markup.STUB and is short enough for it."""
    while i < end and data[i] <= 0x20:
        i += 1
    while end > i and data[end - 1] <= 0x20:
        end -= 1
    if i == end:
        return 0
    c = data[i] | 0x20
    if c == 0x78:
        return STUB
    first = (
        c == 0x74 or c == 0x73 or c == 0x64 or c == 0x65 or c == 0x70 or c == 0x66 or c == 0x6E or c == 0x75
    )
    return STUB if (first or data[i] == 0x5B) and end - i <= LONGEST_STUB else 0


@kernel(f"void({TEXT}, int64[::1], uint8[::1], uint8[::1])")
def traits(data: Any, ends: Any, scratch: Any, out: Any) -> None:
    """Write the traits of each text.

    Args:
        data: texts, one after the other.
        ends: where each begins, and the end of the last: n + 1.
        scratch: 3 * WIDTH bytes, zeros.
        out: n bytes.
    """
    for text in range(len(ends) - 1):
        i, end = ends[text], ends[text + 1]
        found = HIGH if _is_high(data, i, end) else 0
        found |= _stub(data, i, end)
        while i + 2 * WIDTH <= end:
            found |= _chunk(data, i)
            i += WIDTH
        left = end - i  # below 2 * WIDTH: read from a copy, with zeros behind it
        if left:
            for k in range(left):
                scratch[k] = data[i + k]
            for k in range(left, left + WIDTH):
                scratch[k] = 0x20
            found |= _chunk(scratch, 0)
            if left > WIDTH:
                for k in range(WIDTH):
                    scratch[k] = scratch[k + WIDTH]
                for k in range(WIDTH, 2 * WIDTH):
                    scratch[k] = 0x20
                found |= _chunk(scratch, 0)
        out[text] = found
