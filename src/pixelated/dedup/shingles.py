"""Word 3-grams of a record, as 64-bit numbers: signatures, sketches and exact sets.

A shingle is tagged with its side: what the client says is never equal to what the therapist says. Signatures are
one-permutation MinHash (Li, Owen, Zhang 2012) with optimal densification (Shrivastava 2017): one pass over the
shingles fills all bins. A sketch keeps the 5-grams whose number is small (FracMinHash; Irber et al. 2022): one rule
for every record, so that a short text's sketch lies inside that of the text it was cut from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit, types

from pixelated.dedup.streams import BYTES, INDEX, SIDES, WORDS, Streams, known

BINS = 128
SIDE_BINS = 16  # of each side alone: enough to tell whether records agree on it
SKETCH_ONE_IN = 8
SENTENCE = 4  # words: a shorter sentence is nobody's template

# A sentence's number: 52 bits of hash, 2 of side, 10 of length in words.
LENGTH_BITS, SIDE_BITS = 10, 2
MOST_WORDS = (1 << LENGTH_BITS) - 1
NO_STOCK = np.zeros(0, np.uint64)

_MIX_A, _MIX_B = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
_FNV, _SEED = np.uint64(0x100000001B3), np.uint64(0xCBF29CE484222325)
_W1, _W2, _W3 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_W4, _W5 = np.uint64(0xD6E8FEB86659FD93), np.uint64(0xA0761D6478BD642F)
_TAG = np.uint64(0xE7037ED1A0B428DB)
_SKETCHED = np.uint64(0xFFFFFFFFFFFFFFFF // SKETCH_ONE_IN)
_R33, _BIN, _VALUE = np.uint64(33), np.uint64(64 - 7), np.uint64(64 - 7 - 32)
_LOW32 = np.uint64(0xFFFFFFFF)
_SIDE_BIN, _SIDE_VALUE = np.uint64(64 - 4), np.uint64(64 - 4 - 32)
_TAIL, _SIDE_AT = np.uint64(LENGTH_BITS + SIDE_BITS), np.uint64(LENGTH_BITS)
EMPTY = np.uint32(0xFFFFFFFF)

U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]
I64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Signatures:
    """What finding candidates needs of n records.

    Attributes:
        bins: uint32 (n, BINS); all EMPTY where a record has no words.
        side_bins: uint32 (n, SIDES, SIDE_BINS), EMPTY where no shingle fell.
        sketch: uint64 (k,), kept 5-grams, grouped by record.
        sketch_bounds: int64 (n + 1,), where each record's begin.
        sentences: uint64 (s,), numbers of the sentences of `SENTENCE` words or more, grouped by record.
        sentences_bounds: int64 (n + 1,), where each record's begin.
        words: int64 (n,), words that were counted.
    """

    bins: U32
    side_bins: U32
    sketch: U64
    sketch_bounds: I64
    sentences: U64
    sentences_bounds: I64
    words: I64


@dataclass(frozen=True)
class ShingleSets:
    """Exact sets of n records: `values[bounds[i * SIDES + side] : bounds[i * SIDES + side + 1]]`, sorted."""

    values: U64
    bounds: I64


def sign(these: Streams, stock: U64 = NO_STOCK) -> Signatures:
    """Return signatures and sketches; records are independent of each other.

    Args:
        these: the records.
        stock: sorted numbers of sentences that are not counted.
    """
    size, room = text_bytes(these), text_bytes(these) // (2 * SKETCH_ONE_IN) + 1024 + these.records
    while (
        True
    ):  # words of one letter make more 5-grams than there is room for: rare, so the first try is small
        bins, side_bins, sketch, sketch_bounds, sentences, sentences_bounds, words = _sign(
            *_buffers(these), stock, _longest(these), size, room
        )
        if sketch_bounds[-1] <= room:
            break
        room = int(sketch_bounds[-1])
    return Signatures(
        bins,
        side_bins,
        sketch[: sketch_bounds[-1]].copy(),
        sketch_bounds,
        sentences[: sentences_bounds[-1]].copy(),
        sentences_bounds,
        words,
    )


def shingle_sets(these: Streams, stock: U64 = NO_STOCK) -> ShingleSets:
    """Return the sorted distinct shingles of each record and side; sentences in `stock` are not counted."""
    values, bounds = _sets(*_buffers(these), stock, _longest(these), text_bytes(these))
    return ShingleSets(values[: bounds[-1]].copy(), bounds)


def text_bytes(these: Streams) -> int:
    """Return the bytes of all texts."""
    return int((these.ends - these.starts).sum())


def _buffers(these: Streams) -> tuple[Any, ...]:
    return these.data, these.starts, these.ends, these.sides, these.bounds


def _longest(these: Streams) -> int:
    """Return an upper bound on the words of a record."""
    sizes = np.concatenate([[0], np.cumsum(these.ends - these.starts + 1)])
    per_record = sizes[these.bounds[1:]] - sizes[these.bounds[:-1]]
    return int(per_record.max(initial=0)) // 2 + SIDES + 8


@njit("u8(u8)", cache=True, nogil=True, inline="always")
def _mix(h: Any) -> Any:
    h = (h ^ (h >> _R33)) * _MIX_A
    h = (h ^ (h >> _R33)) * _MIX_B
    return h ^ (h >> _R33)


@njit(types.uint64(types.uint64[::1], types.int64, types.int64, types.int64), cache=True, nogil=True)
def _sentence(words: Any, start: Any, end: Any, side: Any) -> Any:
    h = _SEED
    for i in range(start, end):
        h = (h ^ words[i]) * _W1
        h ^= h >> _R33
    length = np.uint64(min(end - start, MOST_WORDS))
    return (_mix(h) >> _TAIL << _TAIL) | (np.uint64(side) << _SIDE_AT) | length


@njit(types.boolean(WORDS, types.uint64), cache=True, nogil=True)
def _holds(values: Any, value: Any) -> Any:
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        if values[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low < len(values) and values[low] == value


@njit(
    types.Tuple((types.int64, types.int64))(
        BYTES,
        types.int64,
        types.int64,
        types.int64,
        WORDS,
        types.uint64[::1],
        types.int64,
        types.uint64[::1],
        types.int64,
    ),
    cache=True,
    nogil=True,
)
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


@njit(
    types.int64(
        BYTES, INDEX, INDEX, BYTES, types.int64, types.int64, WORDS, types.uint64[::1], types.int64[::1],
        types.uint64[::1], types.int64,
    ),
    cache=True,
    nogil=True,
)  # fmt: skip
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


@njit("u8(u8[::1], i8, i8, i8)", cache=True, nogil=True, inline="always")
def _shingle(words: Any, i: Any, end: Any, side: Any) -> Any:
    h = words[i] * _W1 + np.uint64(side + 1) * _TAG
    if i + 1 < end:
        h = (h ^ (h >> _R33)) * _W2 + words[i + 1] * _W3
    if i + 2 < end:
        h = (h ^ (h >> _R33)) * _W4 + words[i + 2] * _W5
    return _mix(h)


@njit("i8(i8, i8)", cache=True, nogil=True, inline="always")
def _shingles_in(start: Any, end: Any) -> Any:
    """Return how many shingles a stream has: one where it is shorter than three words."""
    if end == start:
        return 0
    return max(end - start - 2, 1)


@njit("void(u4[::1])", cache=True, nogil=True)
def _densify(bins: Any) -> None:
    filled = bins.copy()
    for b in range(BINS):
        if filled[b] == EMPTY:
            attempt = np.uint64(1)
            while True:
                other = np.int64(_mix(np.uint64(b) * _W1 + attempt * _W2) >> _BIN)
                if filled[other] != EMPTY:
                    bins[b] = filled[other]
                    break
                attempt += np.uint64(1)


@njit(
    types.Tuple((
        types.uint32[:, ::1], types.uint32[:, :, ::1], types.uint64[::1], types.int64[::1], types.uint64[::1],
        types.int64[::1], types.int64[::1],
    ))(BYTES, INDEX, INDEX, BYTES, INDEX, WORDS, types.int64, types.int64, types.int64),
    cache=True,
    nogil=True,
)  # fmt: skip
def _sign(
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
            _densify(bins[r])
    return bins, side_bins, sketch, sketch_bounds, sentences, sentences_bounds, counted


@njit(
    types.Tuple((types.uint64[::1], types.int64[::1]))(
        BYTES, INDEX, INDEX, BYTES, INDEX, WORDS, types.int64, types.int64
    ),
    cache=True,
    nogil=True,
)
def _sets(
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


def join_sets(parts: list[ShingleSets]) -> ShingleSets:
    """Return the sets of several parts as one."""
    return ShingleSets(_flat([p.values for p in parts], np.uint64), _joined_bounds([p.bounds for p in parts]))


def join_signatures(parts: list[Signatures]) -> Signatures:
    """Return the signatures of several parts, at least one, as one."""
    return Signatures(
        np.concatenate([p.bins for p in parts]),
        np.concatenate([p.side_bins for p in parts]),
        _flat([p.sketch for p in parts], np.uint64),
        _joined_bounds([p.sketch_bounds for p in parts]),
        _flat([p.sentences for p in parts], np.uint64),
        _joined_bounds([p.sentences_bounds for p in parts]),
        np.concatenate([p.words for p in parts]),
    )


def _flat(arrays: list[Any], kind: Any) -> Any:
    return np.concatenate(arrays) if arrays else np.zeros(0, kind)


def _joined_bounds(bounds: list[I64]) -> I64:
    """Return bounds that go on from part to part."""
    out, base = [np.zeros(1, np.int64)], 0
    for one in bounds:
        out.append(one[1:] + base)
        base += int(one[-1])
    return np.concatenate(out)
