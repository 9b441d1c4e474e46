"""Which records go: a cluster is one kept record and what is a copy of that record, not of each other.

A near copy is a pair whose whole sets reach the threshold and whose sides do not disagree. A contained record
is a shortened copy or an excerpt: nearly all of its shingles stand in a longer record; that one is kept,
whatever the keep strategy. Chains are not followed: a copy of a copy that is no copy of the kept record
stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pixelated.dedup.candidates import pack, unpack
from pixelated.dedup.shingles import I64, U64
from pixelated.dedup.similarity import F64, Similarities

THRESHOLD = 0.85
LEAK = 0.95
SIDE = 0.5  # of each side, at least: two answers to one question share the question alone
CLEARLY_SHORTER = 0.8  # of the longer record's shingles
WHOLLY = 0.95  # contained: a copy with little left out need not be clearly shorter
MIN_CONTAINED = 25  # shingles: one sentence inside another is no excerpt of a conversation
NEAR, CONTAINED = "near", "contained"

Bools = npt.NDArray[np.bool_]
Compare = Callable[[I64, I64], Similarities]


@dataclass
class Pairs:
    """Compared pairs (a < b by rank) and their figures."""

    keys: U64
    figures: Similarities

    def extend(self, more: Pairs) -> None:
        """Add pairs, in sorted order, once."""
        keys = np.concatenate([self.keys, more.keys])
        order = np.unique(keys, return_index=True)[1]
        both = (self.figures, more.figures)
        self.keys = keys[order]
        self.figures = Similarities(
            *(np.concatenate([getattr(f, name) for f in both])[order] for name in vars(self.figures))
        )


@dataclass
class Found:
    """What goes: `keeper` is the record that each of n records is a copy of (itself where it stays).

    `similarity` is that to the keeper (1 where it stays), `contained` says whether it lies inside the keeper.
    """

    keeper: I64
    similarity: F64
    contained: Bools


@dataclass
class _Relations:
    near: dict[int, list[tuple[int, float]]] = field(default_factory=lambda: defaultdict(list))
    inside: dict[int, list[tuple[int, float]]] = field(default_factory=lambda: defaultdict(list))
    size: dict[int, int] = field(default_factory=dict)


def is_near(figures: Similarities, threshold: float) -> Bools:
    """Say of each pair whether it is a near copy."""
    return np.asarray((figures.near >= threshold) & (figures.near_side >= SIDE))


def is_contained(figures: Similarities, threshold: float) -> Bools:
    """Say of each pair whether the smaller record is a shortened copy or an excerpt of the larger."""
    small, large = figures.sizes.min(axis=1), figures.sizes.max(axis=1)
    shorter = (small <= CLEARLY_SHORTER * large) | (figures.contained >= WHOLLY)
    enough = (figures.contained >= threshold) & (figures.contained_side >= SIDE)
    return np.asarray(shorter & enough & (small >= MIN_CONTAINED) & (small < large))


def form(pairs: Pairs, records: int, threshold: float, compare: Compare, kin: U64) -> Found:
    """Choose the records that stay.

    Args:
        pairs: the compared candidates; pairs that the choice asks for are added.
        records: n; records are numbered by rank, the one to be kept first is 0.
        threshold: of both kinds of copy.
        compare: figures of further pairs: a copy of a removed record is held against what was kept instead.
        kin: pairs that are never compared.
    """
    while True:
        found = _choose(_relations(pairs, threshold), records)
        more = np.setdiff1d(_unsettled(pairs, found, threshold), kin)
        if not len(more):
            return found
        pairs.extend(Pairs(more, compare(*unpack(more))))


def _relations(pairs: Pairs, threshold: float) -> _Relations:
    figures, out = pairs.figures, _Relations()
    near = is_near(figures, threshold)
    inside = is_contained(figures, threshold) & ~near
    a, b = unpack(pairs.keys)
    for i in np.flatnonzero(near).tolist():
        x, y, value = int(a[i]), int(b[i]), float(figures.near[i])
        out.near[x].append((y, value))
        out.near[y].append((x, value))
    for i in np.flatnonzero(inside).tolist():
        x, y = int(a[i]), int(b[i])
        sizes = figures.sizes[i].tolist()
        small, large = (x, y) if sizes[0] < sizes[1] else (y, x)
        out.inside[small].append((large, float(figures.contained[i])))
        out.size[small] = min(sizes)
    return out


def _choose(these: _Relations, records: int) -> Found:
    keeper = np.full(records, -1, np.int64)
    similarity, contained = np.ones(records), np.zeros(records, bool)

    def keep(record: int) -> None:
        keeper[record] = record
        for other, value in these.near[record]:
            if keeper[other] < 0:
                keeper[other], similarity[other] = record, value

    containers = {other for whole in these.inside.values() for other, _ in whole}
    involved = sorted(set(these.near) | set(these.inside) | containers)
    for record in involved:
        if keeper[record] < 0 and record not in these.inside:
            keep(record)
    # the longest first: what holds a record may itself lie inside another
    for record in sorted(these.inside, key=lambda r: (-these.size[r], r)):
        if keeper[record] >= 0:
            continue
        whole = [(-value, other) for other, value in these.inside[record] if keeper[other] == other]
        if whole:
            value, other = min(whole)
            keeper[record], similarity[record], contained[record] = other, -value, True
        else:
            keep(record)
    loose = keeper < 0
    keeper[loose] = np.flatnonzero(loose)
    return Found(keeper, similarity, contained)


def _unsettled(pairs: Pairs, found: Found, threshold: float) -> U64:
    """Return pairs not compared yet: a kept record, and what was kept instead of a record it is a copy of."""
    related = is_near(pairs.figures, threshold) | is_contained(pairs.figures, threshold)
    a, b = (side[related] for side in unpack(pairs.keys))
    a, b = np.concatenate([a, b]), np.concatenate([b, a])
    open_ = (found.keeper[a] == a) & (found.keeper[b] != b)
    left, right = a[open_], found.keeper[b[open_]]
    return np.setdiff1d(pack(left, right)[left != right], pairs.keys)
