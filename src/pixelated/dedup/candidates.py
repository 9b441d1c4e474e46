"""Pairs of records worth comparing: locality-sensitive hashing of signatures, shared entries of sketches.

Records are numbered by rank, the one to be kept first is 0. Where many records share a bucket, each is paired
with its neighbours in rank and with the best of the bucket, not with all others: a cluster forms around a
kept record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pixelated.dedup._numbers_of_kernels import BINS, EMPTY, SKETCH_ONE_IN
from pixelated.dedup.ranked import Ranked
from pixelated.dedup.shingles import I64, U32, U64

NEIGHBOURS = 8  # of a record in a bucket, and the best of the bucket, that it is paired with
COMMON = 32  # records: a 5-gram that more share is a phrase, not a trace of a copy
SHARED_SKETCH = 0.3  # of the smaller sketch, at least
RECALL = 0.999  # of the pairs at the threshold
_MIX, _ROT = np.uint64(0x9E3779B97F4A7C15), np.uint64(31)
_HIGH, _LOW = np.uint64(32), np.uint64(0xFFFFFFFF)


@dataclass(frozen=True)
class Banding:
    """How many bands of how many bins."""

    bands: int
    rows: int

    def recall(self, similarity: float) -> float:
        """Return the chance to find a pair of a similarity: 1 - (1 - s^rows)^bands."""
        return float(1 - (1 - similarity**self.rows) ** self.bands)


def banding_for(threshold: float) -> Banding:
    """Return the banding with the longest bands that finds the pairs at `threshold` with `RECALL`."""
    for rows in range(12, 1, -1):
        found = Banding(BINS // rows, rows)
        if found.recall(threshold) >= RECALL:
            return found
    return Banding(BINS, 1)


def signature_pairs(these: Ranked, banding: Banding) -> U64:
    """Return sorted distinct pairs (a << 32 | b, a < b) of records that agree in all bins of some band."""
    keys = np.zeros((banding.bands, these.records), np.uint64)
    alive = np.zeros(these.records, bool)
    for ranks, where, part in these.parts():
        bins = part.bins[where]
        alive[ranks] = bins[:, 0] != EMPTY
        for band in range(banding.bands):
            keys[band, ranks] = _band_keys(bins, band * banding.rows, banding.rows)
    numbers = np.flatnonzero(alive).astype(np.uint64)
    found = np.zeros(0, np.uint64)
    for band in range(banding.bands):
        found = np.union1d(found, _neighbours(*_sorted(keys[band][alive], numbers, these.records)))
    return found


def sketch_pairs(these: Ranked) -> U64:
    """Return sorted distinct pairs (a << 32 | b, a < b) whose sketches share enough of the smaller one.

    An entry that more than `COMMON` records share tells nothing and is passed over.
    """
    shared, counts = np.zeros(0, np.uint64), np.zeros(0, np.int64)
    sizes = np.zeros(these.records, np.int64)
    for ranks, where, part in these.parts():
        sizes[ranks] = np.diff(part.sketch_bounds)[where]
    for values, owners in these.entries("sketch"):
        keys, numbers = _sorted(values * np.uint64(SKETCH_ONE_IN), owners, these.records)
        pairs, times = np.unique(_all_in_short_runs(keys, numbers), return_counts=True)
        shared, inverse = np.unique(np.concatenate([shared, pairs]), return_inverse=True)
        counts = np.bincount(inverse, np.concatenate([counts, times]), len(shared)).astype(np.int64)
    a, b = unpack(shared)
    return shared[counts >= SHARED_SKETCH * np.minimum(sizes[a], sizes[b])]


def unpack(pairs: U64) -> tuple[I64, I64]:
    """Return the two records of each pair."""
    return (pairs >> _HIGH).astype(np.int64), (pairs & _LOW).astype(np.int64)


def pack(a: Any, b: Any) -> U64:
    """Return pairs as numbers, the smaller record first."""
    return (np.minimum(a, b).astype(np.uint64) << _HIGH) | np.maximum(a, b).astype(np.uint64)


def _band_keys(bins: U32, first: int, rows: int) -> U64:
    keys = np.full(len(bins), first + 1, np.uint64)
    for column in range(first, first + rows):
        keys = (keys ^ bins[:, column].astype(np.uint64)) * _MIX
        keys ^= keys >> _ROT
    return keys


def _sorted(keys: U64, numbers: U64, records: int) -> tuple[U64, U64]:
    """Return keys and their records sorted by both, in one sort of plain numbers.

    The record takes the low bits of the key; a key so shortened can only add a candidate.
    """
    bits = np.uint64(max(records.bit_length(), 1))
    packed = np.sort((keys >> bits << bits) | numbers)
    return packed >> bits, packed & ((np.uint64(1) << bits) - np.uint64(1))


def _runs(keys: U64, numbers: U64) -> tuple[U64, I64, I64]:
    """Return of each entry in a run of two or more equal keys its record, its place and the run's length."""
    same = keys[1:] == keys[:-1]
    kept = np.zeros(len(keys), bool)
    kept[1:] |= same
    kept[:-1] |= same
    keys, numbers = keys[kept], numbers[kept]  # most keys stand alone
    starts = (
        np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])) if len(keys) else np.zeros(0, int)
    )
    lengths = np.diff(starts, append=len(keys))
    return numbers, np.arange(len(keys)) - np.repeat(starts, lengths), np.repeat(lengths, lengths)


def _neighbours(keys: U64, numbers: U64) -> U64:
    """Return pairs of near neighbours in each run, and of each record with the run's best."""
    numbers, place, _ = _runs(keys, numbers)
    out = [np.zeros(0, np.uint64)]
    for step in range(1, min(NEIGHBOURS, int(place.max(initial=0))) + 1):
        near = np.flatnonzero(place >= step)
        far = np.flatnonzero(place >= NEIGHBOURS + step)
        best = numbers[far - place[far] + step - 1]
        out += [pack(numbers[near - step], numbers[near]), pack(best, numbers[far])]
    return np.unique(np.concatenate(out))


def _all_in_short_runs(keys: U64, numbers: U64) -> U64:
    numbers, place, length = _runs(keys, numbers)
    numbers, place = numbers[length <= COMMON], place[length <= COMMON]
    out = [np.zeros(0, np.uint64)]
    for step in range(1, int(place.max(initial=0)) + 1):
        far = np.flatnonzero(place >= step)
        a, b = numbers[far - step], numbers[far]
        out.append(pack(a, b)[a != b])
    return np.concatenate(out)
