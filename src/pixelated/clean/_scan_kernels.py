"""Compiled search for words and phrases of word lists, and for the signs of identifiers.

A word is a run of letters and digits of ASCII, in any case; another character of ASCII ends it, and so does a
mark of U+0080 to U+00BF or U+2000 to U+203F. Any other character makes it a word that no list holds. The
words of a phrase stand with nothing but spaces, line feeds, apostrophes or hyphens between them, three bytes
at most, or with one typographic apostrophe.

The table holds (state, word) -> (lists that the term is in, next state): from state 0 words begin, a phrase
goes on from the state that its first words lead to.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pixelated.core.kernels import TEXT, kernel, part
from pixelated.core.vectors import WIDTH, alnums, any_case, digits, eight, first_bit, high, ones, places_of

LONGEST = 16  # bytes of a word
AT, LINK, NUMBER = 1, 2, 4  # signs of identifiers in a text
MIN_DIGITS = 4  # of a text with a number
_FIRST, _SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
_LOW_BYTES = np.array([(1 << (8 * k)) - 1 for k in range(9)], np.uint64)
_SPACES = np.uint64(0x2020202020202020)
_GAP = 3


@part
def _hash(state: Any, low: Any, top: Any) -> Any:
    mixed = (low ^ (np.uint64(state) * _SECOND)) * _FIRST ^ top * _SECOND
    return mixed ^ (mixed >> np.uint64(29))


@part
def _halves(data: Any, start: int, stop: int) -> Any:
    """Return a word of up to sixteen bytes, in lower case, as two numbers."""
    length = stop - start
    if start + LONGEST <= len(data):
        low = (eight(data, start) | _SPACES) & _LOW_BYTES[min(length, 8)]
        top = (eight(data, start + 8) | _SPACES) & _LOW_BYTES[max(length - 8, 0)]
        return low, top
    low, top = np.uint64(0), np.uint64(0)
    for k in range(length):
        byte = np.uint64(data[start + k] | 0x20)
        if k < 8:
            low |= byte << np.uint64(8 * k)
        else:
            top |= byte << np.uint64(8 * (k - 8))
    return low, top


@part
def _find(state: Any, low: Any, top: Any, seen: Any, table: Any) -> Any:
    """Return what the table holds for a word in a state, 0 for nothing."""
    hashed = _hash(state, low, top)
    bit = np.int64(hashed & np.uint64(0xFFFF))
    if not (seen[bit >> 3] >> (bit & 7)) & 1:
        return np.uint64(0)
    size = np.uint64(table.shape[0] - 1)
    slot = (hashed >> np.uint64(16)) & size
    while table[slot, 3]:
        if table[slot, 0] == np.uint64(state) and table[slot, 1] == low and table[slot, 2] == top:
            return table[slot, 3]
        slot = (slot + np.uint64(1)) & size
    return np.uint64(0)


@part
def _is_word(c: int) -> bool:
    return 0x61 <= (c | 0x20) <= 0x7A or 0x30 <= c <= 0x39


@part
def _punctuation(data: Any, i: int, end: int) -> bool:
    """Say whether a mark of U+0080 to U+00BF or U+2000 to U+203F begins at `i`."""
    if i + 1 >= end:
        return False
    return (data[i] == 0xE2 and data[i + 1] == 0x80) or (data[i] == 0xC2 and data[i + 1] < 0xC0)


@part
def _stop_of(data: Any, i: int, end: int) -> Any:
    """Return where the word at `i` ends, and whether it is ASCII."""
    plain = True
    while i < end:
        if _is_word(data[i]):
            i += 1
        elif data[i] < 0x80 or _punctuation(data, i, end):
            break
        else:
            plain = False
            i += 1
    return i, plain


@part
def _gap(data: Any, i: int, end: int) -> int:
    """Return where the next word of a phrase may begin, or -1."""
    start = i
    while i < end and (data[i] == 0x20 or data[i] == 0x27 or data[i] == 0x2D or data[i] == 0x0A):
        i += 1
    if i == start and i + 2 < end and data[i] == 0xE2 and data[i + 1] == 0x80 and data[i + 2] == 0x99:
        i += 3
    return i if start < i <= start + _GAP and i < end and _is_word(data[i]) else -1


@part
def _count(lists: Any, counts: Any) -> None:
    for k in range(len(counts)):
        counts[k] += np.int64((lists >> np.uint64(k)) & np.uint64(1))


@part
def _begins(data: Any, start: int, stop: int, seen: Any, table: Any) -> Any:
    """Return what the table holds for a word that a term may begin with."""
    found = np.uint64(0)
    if stop - start <= LONGEST:
        low, top = _halves(data, start, stop)
        found = _find(0, low, top, seen, table)
    return found


@part
def _terms(found: Any, data: Any, stop: int, end: int, seen: Any, table: Any, counts: Any) -> None:
    """Count the terms that begin with a word that is in the table; it ends at `stop`."""
    while found:
        _count(found & np.uint64(0xFF), counts)
        state = found >> np.uint64(8)
        found = np.uint64(0)
        start = _gap(data, stop, end) if state else -1
        if start >= 0:
            stop, plain = _stop_of(data, start, end)
            if plain and stop - start <= LONGEST:
                low, top = _halves(data, start, stop)
                found = _find(state, low, top, seen, table)


@part
def _words_of_ascii(data: Any, i: int, end: int, seen: Any, table: Any, counts: Any) -> None:
    """Find the words of an ASCII text by the bits that mark where they begin; WIDTH bytes follow the text."""
    before = np.uint32(0)
    while i < end:
        left = end - i
        words = alnums(data, i)
        if left < WIDTH:
            words = np.uint32(words & ((np.uint32(1) << np.uint32(left)) - np.uint32(1)))
        begins = np.uint32(words & ~((words << np.uint32(1)) | before))
        while begins:
            start = i + first_bit(begins)
            begins = np.uint32(begins & (begins - np.uint32(1)))
            others = np.uint32(~words & ~((np.uint32(1) << np.uint32(start - i)) - np.uint32(1)))
            stop = i + first_bit(others) if others else i + WIDTH
            while stop >= i + WIDTH and stop < end and _is_word(data[stop]):
                stop += 1
            stop = min(stop, end)
            found = _begins(data, start, stop, seen, table)
            if found:  # here, and not in _terms: a call counts references to four arrays
                _terms(found, data, stop, end, seen, table, counts)
        before = np.uint32(words >> np.uint32(31))
        i += WIDTH


@part
def _words(data: Any, i: int, end: int, seen: Any, table: Any, counts: Any) -> None:
    """Find the words of any text, byte by byte."""
    while i < end:
        if data[i] < 0x80 and not _is_word(data[i]):
            i += 1
        elif data[i] >= 0x80 and _punctuation(data, i, end):
            i += 3 if data[i] == 0xE2 else 2
        else:
            stop, plain = _stop_of(data, i, end)
            if plain:
                found = _begins(data, i, stop, seen, table)
                if found:
                    _terms(found, data, stop, end, seen, table, counts)
            i = stop


@part
def _links(data: Any, i: int) -> Any:
    """Return where `//`, `w.` or `w1.` begins."""
    slashes = places_of(data, i, 0x2F) & places_of(data, i + 1, 0x2F)
    dots = places_of(data, i + 1, 0x2E) | (digits(data, i + 1) & places_of(data, i + 2, 0x2E))
    return slashes | (any_case(data, i, 0x77) & dots)


@part
def _is_link(data: Any, i: int, end: int) -> bool:
    if i + 1 >= end:
        return False
    c, after = data[i], data[i + 1]
    if c == 0x2F:
        return after == 0x2F
    numbered = 0x30 <= after <= 0x39 and i + 2 < end and data[i + 2] == 0x2E
    return (c | 0x20) == 0x77 and (after == 0x2E or numbered)


@part
def _look(data: Any, i: int, end: int) -> Any:
    """Return the signs of identifiers in a text, and whether it is ASCII."""
    numbers, signs, plain = 0, 0, True
    while i + WIDTH + 2 <= end:
        numbers += ones(digits(data, i))
        if places_of(data, i, 0x40):
            signs |= AT
        if _links(data, i):
            signs |= LINK
        plain = plain and not high(data, i)
        i += WIDTH
    while i < end:
        c = data[i]
        numbers += 0x30 <= c <= 0x39
        if c == 0x40:
            signs |= AT
        if _is_link(data, i, end):
            signs |= LINK
        plain = plain and c < 0x80
        i += 1
    return signs | (NUMBER if numbers >= MIN_DIGITS else 0), plain


@kernel(f"void({TEXT}, int64[::1], int64[::1], {TEXT}, uint64[:, ::1], int64[:, ::1], uint8[::1])")
def scan(data: Any, ends: Any, owners: Any, seen: Any, table: Any, counts: Any, signs: Any) -> None:
    """Count the terms of the lists in each record, and note the signs of identifiers in each text.

    Args:
        data: n texts, one after the other.
        ends: where each begins, and the end of the last.
        owners: the record of each text.
        seen: 8192 bytes: a bit for the hash of each entry of the table.
        table: state, word (two numbers), found: the lists in the low byte, and the next state.
        counts: a row a record, a column a list.
        signs: a byte a text.
    """
    for text in range(len(owners)):
        start, end = ends[text], ends[text + 1]
        signs[text], plain = _look(data, start, end)
        if plain and end + WIDTH <= len(data):
            _words_of_ascii(data, start, end, seen, table, counts[owners[text]])
        else:
            _words(data, start, end, seen, table, counts[owners[text]])


@kernel("uint64(uint64, uint64, uint64)")
def hash_of(state: Any, low: Any, top: Any) -> Any:
    """Return the hash that the table is filled by."""
    return _hash(state, low, top)
