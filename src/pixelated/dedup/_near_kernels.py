"""Compiled loops of near copies: words, sentences and shingles of records, signatures, exact sets.

A word is a run of letters and digits of the NFKC lower-cased text. ASCII, Latin-1 letters, general
punctuation and emoji are judged here, byte by byte; `irregular` tells the other texts, which
`streams.prepare` rewrites.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pixelated.core.kernels import kernel, part
from pixelated.dedup._numbers_of_kernels import (
    BINS,
    EMPTY,
    LENGTH_BITS,
    MOST_WORDS,
    SENTENCE,
    SIDE_BINS,
    SIDE_BITS,
    SIDES,
    SKETCH_ONE_IN,
)

_BYTES, _INDEX = "Array(uint8, 1, 'C', readonly=True)", "Array(int64, 1, 'C', readonly=True)"
_WORDS = "Array(uint64, 1, 'C', readonly=True)"
_TEXTS = f"{_BYTES}, {_INDEX}, {_INDEX}, {_BYTES}, {_INDEX}, {_WORDS}, int64, int64"

_MIX_A, _MIX_B = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
_FNV, _SEED = np.uint64(0x100000001B3), np.uint64(0xCBF29CE484222325)
_W1, _W2, _W3 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_W4, _W5 = np.uint64(0xD6E8FEB86659FD93), np.uint64(0xA0761D6478BD642F)
_TAG = np.uint64(0xE7037ED1A0B428DB)
_SKETCHED = np.uint64(0xFFFFFFFFFFFFFFFF // SKETCH_ONE_IN)
_R33, _LOW32 = np.uint64(33), np.uint64(0xFFFFFFFF)
_BIN, _VALUE = np.uint64(64 - 7), np.uint64(64 - 7 - 32)  # 2^7 = BINS
_SIDE_BIN, _SIDE_VALUE = np.uint64(64 - 4), np.uint64(64 - 4 - 32)  # 2^4 = SIDE_BINS
_TAIL, _SIDE_AT = np.uint64(LENGTH_BITS + SIDE_BITS), np.uint64(LENGTH_BITS)


@part
def known(data: Any, i: Any, end: Any) -> Any:
    """Return the bytes of the character at `i` (two or more) where the kernels know it, else 0.

    Known are U+0080-U+00FF but those that NFKC makes letters or digits of, U+2000-U+206F and U+20AC, and most
    emoji.
    """
    c = data[i]
    if c == 0xC2 and i + 1 < end:
        b = data[i + 1]
        if b in (0xA8, 0xAA, 0xAF, 0xB2, 0xB3, 0xB4, 0xB5, 0xB8, 0xB9, 0xBA, 0xBC, 0xBD, 0xBE):
            return 0
        return 2
    if c == 0xC3 and i + 1 < end:
        return 2
    if c == 0xE2 and i + 2 < end:
        if data[i + 1] == 0x80 or (data[i + 1] == 0x81 and data[i + 2] < 0xB0):
            return 3
        return 0
    if c == 0xF0 and i + 3 < end and data[i + 1] == 0x9F and 0x8C <= data[i + 2] <= 0xA7:
        return 4
    if c == 0xEF and i + 2 < end and data[i + 1] == 0xB8 and data[i + 2] == 0x8F:
        return 3
    return 0


@kernel(f"({_BYTES}, {_INDEX}, {_INDEX})")
def irregular(data: Any, starts: Any, ends: Any) -> Any:
    """Say of each text whether it holds a character that the kernels do not judge by themselves."""
    out = np.zeros(len(starts), np.bool_)
    for t in range(len(starts)):
        i, end = starts[t], ends[t]
        while i < end:
            c = data[i]
            if c < 0x80:
                i += 1
                continue
            size = known(data, i, end)
            if size == 0:
                out[t] = True
                break
            i += size
    return out


@part
def _mix(h: Any) -> Any:
    h = (h ^ (h >> _R33)) * _MIX_A
    h = (h ^ (h >> _R33)) * _MIX_B
    return h ^ (h >> _R33)


@part
def _sentence(words: Any, start: Any, end: Any, side: Any) -> Any:
    h = _SEED
    for i in range(start, end):
        h = (h ^ words[i]) * _W1
        h ^= h >> _R33
    length = np.uint64(min(end - start, MOST_WORDS))
    return (_mix(h) >> _TAIL << _TAIL) | (np.uint64(side) << _SIDE_AT) | length


@part
def _holds(values: Any, value: Any) -> Any:
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        if values[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low < len(values) and values[low] == value


@part
def words_into(
    data: Any, start: Any, end: Any, side: Any, stock: Any, out: Any, at: Any, sentences: Any, seen: Any
) -> Any:
    """Append the hash of each word of a text to `out` from `at`, and the numbers of its sentences.

    Returns where the next word and the next sentence would go. Words of a sentence in `stock` are taken back.
    """
    i = start
    first = at
    inside = False
    h = _SEED
    while i <= end:
        letter = np.uint64(0)
        step = 1
        stop = i == end
        c = np.uint8(0) if stop else data[i]
        if c < 0x80:
            if 0x61 <= c <= 0x7A or 0x30 <= c <= 0x39:
                letter = np.uint64(c)
            elif 0x41 <= c <= 0x5A:
                letter = np.uint64(c + 0x20)
            else:
                stop |= c in (0x2E, 0x21, 0x3F, 0x0A)
        elif c == 0xC3 and i + 1 < end:
            b = data[i + 1]
            step = 2
            if b != 0x97 and b != 0xB7:
                letter = np.uint64(0x100) + np.uint64(b + 0x20 if b < 0x9F else b)
        else:
            size = known(data, i, end)
            if size:
                step = size
            else:
                letter = np.uint64(c)
        if letter:
            h = (h ^ letter) * _FNV
            inside = True
        elif inside:
            out[at] = h
            at += 1
            inside = False
            h = _SEED
        if stop:
            if at - first >= SENTENCE:
                number = _sentence(out, first, at, side)
                if len(stock) and _holds(stock, number):
                    at = first
                sentences[seen] = number
                seen += 1
            first = at
        i += step
    return at, seen


@part
def _record_words(
    data: Any, starts: Any, ends: Any, sides: Any, first: Any, last: Any, stock: Any, out: Any, edges: Any,
    sentences: Any, seen: Any,
) -> Any:  # fmt: skip
    """Write the word hashes of one record, side after side; `edges` (SIDES + 1) says where each begins."""
    at = 0
    for side in range(SIDES):
        edges[side] = at
        for m in range(first, last):
            if sides[m] == side:
                at, seen = words_into(data, starts[m], ends[m], side, stock, out, at, sentences, seen)
    edges[SIDES] = at
    return seen


@part
def _shingle(words: Any, i: Any, end: Any, side: Any) -> Any:
    h = words[i] * _W1 + np.uint64(side + 1) * _TAG
    if i + 1 < end:
        h = (h ^ (h >> _R33)) * _W2 + words[i + 1] * _W3
    if i + 2 < end:
        h = (h ^ (h >> _R33)) * _W4 + words[i + 2] * _W5
    return _mix(h)


@part
def _shingles_in(start: Any, end: Any) -> Any:
    """Return how many shingles a stream has: one where it is shorter than three words."""
    if end == start:
        return 0
    return max(end - start - 2, 1)


@part
def _densify(bins: Any, filled: Any) -> None:
    for b in range(BINS):
        filled[b] = bins[b]
    for b in range(BINS):
        if filled[b] == EMPTY:
            attempt = np.uint64(1)
            while True:
                other = np.int64(_mix(np.uint64(b) * _W1 + attempt * _W2) >> _BIN)
                if filled[other] != EMPTY:
                    bins[b] = filled[other]
                    break
                attempt += np.uint64(1)


@kernel(f"({_TEXTS}, int64)")
def signatures(
    data: Any, starts: Any, ends: Any, sides: Any, bounds: Any, stock: Any, longest: Any, size: Any, room: Any
) -> Any:
    n = len(bounds) - 1
    bins = np.full((n, BINS), EMPTY, np.uint32)
    side_bins = np.full((n, SIDES, SIDE_BINS), EMPTY, np.uint32)
    sketch = np.empty(room, np.uint64)
    sketch_bounds = np.zeros(n + 1, np.int64)
    sentences = np.empty(size // (2 * SENTENCE) + len(starts) + 1, np.uint64)
    sentences_bounds = np.zeros(n + 1, np.int64)
    counted = np.zeros(n, np.int64)
    filled = np.empty(BINS, np.uint32)
    words = np.empty(longest, np.uint64)
    edges = np.zeros(SIDES + 1, np.int64)
    kept = 0
    seen = 0
    for r in range(n):
        seen = _record_words(
            data, starts, ends, sides, bounds[r], bounds[r + 1], stock, words, edges, sentences, seen
        )
        for side in range(SIDES):
            end = edges[side + 1]
            for i in range(edges[side], edges[side] + _shingles_in(edges[side], end)):
                h = _shingle(words, i, end, side)
                value = np.uint32((h >> _VALUE) & _LOW32)
                b = np.int64(h >> _BIN)
                bins[r, b] = min(bins[r, b], value)
                value = np.uint32((h >> _SIDE_VALUE) & _LOW32)
                b = np.int64(h >> _SIDE_BIN)
                side_bins[r, side, b] = min(side_bins[r, side, b], value)
                if i + 4 < end:
                    h = _mix((h * _W2 + words[i + 3] * _W4) * _W3 + words[i + 4] * _W1)
                    if h < _SKETCHED:
                        if kept < room:
                            sketch[kept] = h
                        kept += 1
        sketch_bounds[r + 1], sentences_bounds[r + 1] = kept, seen
        counted[r] = edges[SIDES]
        if counted[r]:
            _densify(bins[r], filled)
    return bins, side_bins, sketch, sketch_bounds, sentences, sentences_bounds, counted


@kernel(f"({_TEXTS})")
def sets(
    data: Any, starts: Any, ends: Any, sides: Any, bounds: Any, stock: Any, longest: Any, size: Any
) -> Any:
    n = len(bounds) - 1
    values = np.empty(size // 2 + len(starts) + SIDES * n + 1, np.uint64)
    out = np.zeros(n * SIDES + 1, np.int64)
    words = np.empty(longest, np.uint64)
    sentences = np.empty(longest, np.uint64)
    edges = np.zeros(SIDES + 1, np.int64)
    at = 0
    for r in range(n):
        _record_words(data, starts, ends, sides, bounds[r], bounds[r + 1], stock, words, edges, sentences, 0)
        for side in range(SIDES):
            start, end = edges[side], edges[side + 1]
            count = _shingles_in(start, end)
            for i in range(count):
                values[at + i] = _shingle(words, start + i, end, side)
            block = values[at : at + count]
            block.sort()
            for i in range(count):
                if i == 0 or block[i] != values[at - 1]:
                    values[at] = block[i]
                    at += 1
            out[r * SIDES + side + 1] = at
    return values, out


@kernel(f"({_WORDS}, {_INDEX}, {_INDEX}, {_INDEX})")
def shared(values: Any, bounds: Any, a: Any, b: Any) -> Any:
    """Count the common values of two sorted sets, by side."""
    out = np.zeros((len(a), SIDES), np.int64)
    for p in range(len(a)):
        for side in range(SIDES):
            i, stop = bounds[a[p] * SIDES + side], bounds[a[p] * SIDES + side + 1]
            j, end = bounds[b[p] * SIDES + side], bounds[b[p] * SIDES + side + 1]
            common = 0
            while i < stop and j < end:
                x, y = values[i], values[j]
                common += x == y
                i += x <= y
                j += y <= x
            out[p, side] = common
    return out
