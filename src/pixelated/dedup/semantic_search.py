"""Pairs of records whose vectors are alike on every side.

All pairs are looked at, block by block; where there are many records, those that share a bucket of random
hyperplanes. Records are numbered by rank, the one to be kept first is 0. A record is paired with at most
`MOST` that rank before it, the first of them: memory grows with the records, not with the pairs.
"""

from __future__ import annotations

import math

import numpy as np

from pixelated.dedup.candidates import pack, unpack
from pixelated.dedup.semantic_sides import F32
from pixelated.dedup.shingles import I64, U64
from pixelated.dedup.similarity import F64

EXACT_UP_TO = 50_000  # records: beyond it, hyperplanes
BLOCK = 2048  # records on each side of a product
PAIRS = 4096  # whose cosines are computed at a time
MOST = 32
DIGITS = 4  # of a cosine: products of float32 differ beyond them with the shape of a batch
BUCKET = 64  # records, if they were spread evenly
RECALL = 0.99  # of pairs at the threshold, by hyperplanes
_MARGIN = 10.0**-DIGITS  # what rounding and float32 can take from a cosine


def alike(sides: F32, threshold: float, seed: int, exact_up_to: int = EXACT_UP_TO) -> tuple[U64, F64]:
    """Return the pairs that reach `threshold` on every side, sorted, and their cosines by side.

    Args:
        sides: float32 (sides, n, width), unit vectors; the records have the same sides.
        threshold: of each side's cosine, rounded to `DIGITS`.
        seed: of the hyperplanes.
        exact_up_to: records up to which all pairs are looked at.
    """
    records = sides.shape[1]
    if records <= exact_up_to:
        pairs = _within(sides, np.arange(records), threshold - _MARGIN)
    else:
        pairs = _by_hyperplanes(sides, threshold, seed)
    pairs = np.sort(pairs)
    found = cosines(sides, *unpack(pairs))
    enough = found.min(axis=1, initial=1) >= threshold
    return pairs[enough], found[enough]


def cosines(sides: F32, a: I64, b: I64) -> F64:
    """Return the cosines of pairs by side, float64 (pairs, sides), rounded to `DIGITS`."""
    out: F64 = np.empty((len(a), len(sides)), np.float64)
    for at in range(0, len(a), PAIRS):
        some = slice(at, at + PAIRS)
        left, right = (sides[:, which[some]].astype(np.float64) for which in (a, b))
        out[some] = np.einsum("spw,spw->ps", left, right)
    return np.asarray(np.round(np.clip(out, -1, 1), DIGITS), np.float64)


def tables_for(bits: int, threshold: float) -> int:
    """Return how many tables of `bits` hyperplanes find a pair at the threshold with `RECALL`."""
    together = (1 - math.acos(min(threshold, 1)) / math.pi) ** bits
    return max(1, math.ceil(math.log(1 - RECALL) / math.log1p(-min(together, 1 - 1e-9))))


def _within(sides: F32, members: I64, floor: float) -> U64:
    """Return the pairs among `members` (sorted) whose cosines are at least `floor` on every side."""
    out = [np.zeros(0, np.uint64)]
    for low in range(0, len(members), BLOCK):
        mine = members[low : low + BLOCK]
        left, room = sides[:, mine], np.full(len(mine), MOST)
        for at in range(0, low + 1, BLOCK):
            theirs = members[at : at + BLOCK]
            close = mine[:, None] > theirs
            for one, other in zip(left, sides[:, theirs], strict=True):
                close &= one @ other.T >= floor
            if (close.sum(axis=1) > room).any():
                close &= np.cumsum(close, axis=1) <= room[:, None]
            room -= close.sum(axis=1)
            b, a = np.nonzero(close)
            out.append(pack(theirs[a], mine[b]))
    return np.concatenate(out)


def _by_hyperplanes(sides: F32, threshold: float, seed: int) -> U64:
    """Return the pairs that share a bucket of some table and are alike.

    The mean of the cosines of a pair's sides is the cosine of the two records' joined vectors: where every
    side reaches the threshold, that does too.
    """
    count, records, width = sides.shape
    bits = max(1, round(math.log2(records / BUCKET)))
    rng = np.random.default_rng(seed)
    found = np.zeros(0, np.uint64)
    for _ in range(tables_for(bits, threshold)):
        planes = rng.standard_normal((count, width, bits)).astype(np.float32)
        buckets = _buckets(sides, planes)
        order = np.argsort(buckets, kind="stable")
        edges = np.flatnonzero(np.diff(buckets[order])) + 1
        some = [_within(sides, members, threshold - _MARGIN) for members in np.split(order, edges)]
        found = _first(np.union1d(found, np.concatenate(some)))
    return found


def _buckets(sides: F32, planes: F32) -> I64:
    bits = planes.shape[2]
    out = np.empty(sides.shape[1], np.int64)
    for at in range(0, len(out), BLOCK):
        above = sum(one[at : at + BLOCK] @ plane for one, plane in zip(sides, planes, strict=True)) > 0
        out[at : at + BLOCK] = above @ (1 << np.arange(bits))
    return out


def _first(pairs: U64) -> U64:
    """Return the pairs of each record with the first `MOST` that rank before it."""
    a, b = unpack(pairs)
    order = np.lexsort((a, b))
    b = b[order]
    starts = np.flatnonzero(np.diff(b, prepend=-1))
    place = np.arange(len(b)) - np.repeat(starts, np.diff(starts, append=len(b)))
    return pairs[order[place < MOST]]
