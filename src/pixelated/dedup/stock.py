"""Sentences that are nobody's own: scripts, templates, boilerplate openings.

A sentence is stock where many different records hold it and those records have little else in common: either
the other side (one intake script, different clients) or the rest of its own side (one opening, different
answers). Copies of one conversation share their sentences too, and all the rest as well: theirs are not
stock.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt

from pixelated.dedup._numbers_of_kernels import EMPTY, LENGTH_BITS, MOST_WORDS, SIDE_BINS, SIDE_BITS, SIDES
from pixelated.dedup.ranked import Ranked
from pixelated.dedup.shingles import I64, U32, U64

MANY = 10  # records that hold a sentence before it can be stock
SAMPLE = 8  # of them, spread over all ranks, that are held against each other
AGREES = 0.5  # mean share of equal bins from which records are taken for copies of each other
_SLOTS = 1 << 22
MUCH = 0.05  # of a record's words: from there its signature is made anew without them

F64 = npt.NDArray[np.float64]


def find_stock(these: Ranked) -> tuple[U64, I64]:
    """Return the sorted numbers of stock sentences, and the ranks of records they are a good part of."""
    common = [_common(numbers, owners) for numbers, owners in these.entries("sentences")]
    numbers, owners = (np.concatenate([c[i] for c in common]) for i in (0, 1))
    if not len(numbers):
        return numbers, np.zeros(0, np.int64)
    starts = np.flatnonzero(np.concatenate([[True], numbers[1:] != numbers[:-1]]))
    lengths = np.diff(starts, append=len(numbers))
    sampled = owners[starts[:, None] + np.linspace(0, lengths - 1, SAMPLE).round().astype(np.int64).T]
    side_bins, words = _of_records(these, np.unique(sampled))
    stock = (
        _agreement(side_bins, np.searchsorted(np.unique(sampled), sampled), _side(numbers[starts])) < AGREES
    )
    held = np.repeat(stock, lengths)
    share = np.bincount(owners[held], (numbers[held] & np.uint64(MOST_WORDS)).astype(np.int64), these.records)
    return numbers[starts[stock]], np.flatnonzero(share > MUCH * words)


def _of_records(these: Ranked, sampled: I64) -> tuple[U32, I64]:
    """Return the side bins of the sampled records, and the words of all records."""
    side_bins = np.full((len(sampled), SIDES, SIDE_BINS), EMPTY, np.uint32)
    words = np.zeros(these.records, np.int64)
    for ranks, where, part in these.parts():
        words[ranks] = part.words[where]
        at = np.searchsorted(sampled, ranks)
        hit = sampled[np.minimum(at, len(sampled) - 1)] == ranks
        side_bins[at[hit]] = part.side_bins[where[hit]]
    return side_bins, words


def _common(numbers: U64, owners: U64) -> tuple[U64, I64]:
    """Return the sentences that `MANY` records hold, each record once, sorted by sentence and record."""
    # Counts first, in slots that few sentences share: nearly all sentences stand in one record.
    slots = ((numbers >> np.uint64(LENGTH_BITS + SIDE_BITS)) & np.uint64(_SLOTS - 1)).astype(np.int64)
    may_be = np.bincount(slots, minlength=_SLOTS)[slots] >= MANY
    numbers, owners = numbers[may_be], owners[may_be]
    ordered = np.sort(numbers)
    many = np.unique(ordered[MANY - 1 :][ordered[MANY - 1 :] == ordered[: 1 - MANY]])
    place = np.searchsorted(many, numbers)
    kept = (
        np.flatnonzero(many[np.minimum(place, max(len(many) - 1, 0))] == numbers) if len(many) else place[:0]
    )
    numbers, owners = numbers[kept], owners[kept]
    order = np.lexsort((owners, numbers))
    numbers, owners = numbers[order], owners[order]
    fresh = np.concatenate([[True], (numbers[1:] != numbers[:-1]) | (owners[1:] != owners[:-1])])
    numbers, owners = numbers[fresh[: len(numbers)]], owners[fresh[: len(owners)]]
    counts = np.unique(numbers, return_counts=True)[1]
    enough = np.repeat(counts >= MANY, counts)
    return numbers[enough], owners[enough].astype(np.int64)


def _side(numbers: U64) -> I64:
    return ((numbers >> np.uint64(LENGTH_BITS)) & np.uint64((1 << SIDE_BITS) - 1)).astype(np.int64)


def _agreement(side_bins: U32, sampled: I64, side: I64) -> F64:
    """Return the smaller of two means over pairs of records: of the sentence's side, of the others."""
    k = len(sampled)
    own, other = np.zeros(k), np.zeros(k)
    pairs = list(combinations(range(sampled.shape[1]), 2))
    for a, b in pairs:
        left, right = side_bins[sampled[:, a]], side_bins[sampled[:, b]]
        filled = ((left != EMPTY) | (right != EMPTY)).sum(axis=2)
        equal = ((left == right) & (left != EMPTY)).sum(axis=2)
        mine = np.arange(SIDES) == side[:, None]
        own += _mean(np.where(mine, equal, 0).sum(axis=1), np.where(mine, filled, 0).sum(axis=1))
        other += _mean(np.where(mine, 0, equal).sum(axis=1), np.where(mine, 0, filled).sum(axis=1))
    return np.minimum(own, other) / len(pairs)


def _mean(part: I64, whole: I64) -> F64:
    """Return part / whole; 1 where there is nothing: records without another side may be copies."""
    return np.where(whole > 0, part / np.maximum(whole, 1), 1.0)
