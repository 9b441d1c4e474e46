"""Near copies and excerpts among records, from their signatures: candidates, exact comparison, clusters.

The caller keeps the texts: it makes signatures part by part (`sign`), and gives back exact shingle sets, or
new signatures, of the rows that are asked for. Everything here works on numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pixelated.dedup.candidates import banding_for, signature_pairs, sketch_pairs, unpack
from pixelated.dedup.clusters import Found, Pairs, form
from pixelated.dedup.ranked import Ranked
from pixelated.dedup.shingles import I64, U64, ShingleSets, Signatures
from pixelated.dedup.similarity import Similarities, compare, join
from pixelated.dedup.stock import find_stock

PAIRS = 1 << 15  # compared at a time: sets of some 65,000 records, 300 MB where each has 600 shingles


@dataclass(frozen=True)
class Texts:
    """Where the texts are: both functions take sorted rows and stock sentences."""

    sets: Callable[[I64, U64], ShingleSets]
    signatures: Callable[[I64, U64], Signatures]


@dataclass
class Near:
    """What was found among the ranked records.

    Attributes:
        found: by rank, see `clusters.Found`.
        pairs: every compared pair by rank, for a report and for another threshold.
        stock: numbers of the sentences that were not counted.
        scripted: records whose signature was made anew without them.
    """

    found: Found
    pairs: Pairs
    stock: U64
    scripted: int


def find_near(these: Ranked, texts: Texts, thresholds: tuple[float, float], kin: U64) -> Near:
    """Find near copies and contained records.

    Args:
        these: signatures of the records, by the rank in which they are to be kept.
        texts: where exact sets come from.
        thresholds: of the exact similarity of copies, and of the pairs to be found at all.
        kin: pairs that are no copies of each other: an extract and its parent.
    """
    rows = np.empty(these.records, np.int64)
    known = np.flatnonzero(these.ranks >= 0)
    rows[these.ranks[known]] = known
    threshold, found_from = thresholds
    stock, scripted = find_stock(these)
    if len(scripted):
        again = np.sort(rows[scripted])
        these.renewed.append((again, texts.signatures(again, stock)))
    candidates = np.union1d(signature_pairs(these, banding_for(found_from)), sketch_pairs(these))
    candidates = np.setdiff1d(candidates, kin, assume_unique=True)
    compared = _Compared(rows, stock, texts)
    pairs = Pairs(candidates, compared(*unpack(candidates)))
    return Near(form(pairs, these.records, threshold, compared, kin), pairs, stock, len(scripted))


class _Compared:
    """Compares records by rank, a block of pairs at a time: the sets of one block are in memory."""

    def __init__(self, rows: I64, stock: U64, texts: Texts) -> None:
        self._rows, self._stock, self._texts = rows, stock, texts

    def __call__(self, a: I64, b: I64) -> Similarities:
        blocks = [slice(at, at + PAIRS) for at in range(0, max(len(a), 1), PAIRS)]
        return join([self._block(self._rows[a[block]], self._rows[b[block]]) for block in blocks])

    def _block(self, left: I64, right: I64) -> Similarities:
        wanted = np.union1d(left, right)
        none = ShingleSets(np.zeros(0, np.uint64), np.zeros(1, np.int64))
        sets = self._texts.sets(wanted, self._stock) if len(wanted) else none
        return compare(sets, np.searchsorted(wanted, left), np.searchsorted(wanted, right))
