"""Bring the shares of a hashed assignment within the tolerance, moving as few components as needed.

A component's place in [0, 1) against the cut points gives its split; chance and large groups leave some
strata off. Components are then moved one by one, each time the one that mends most (of all strata
together), the one nearest to the cut point it has to cross where several do. What is settled by a
holdout or by an earlier run does not move.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pixelated.curate.components import Floats, Ints, Parts
from pixelated.curate.policy import SPLITS
from pixelated.curate.strata import Stratum, rows_by_split, wanted_rows

TRAIN, VAL, TEST = range(len(SPLITS))
_MOST = 1000  # candidates looked at for each border, the nearest to its cut point
_MOST_SWAPPED = 100
_SWEEPS = 4
_EXACT = 1e-9


def cut(place: Floats, ratio: dict[str, float]) -> Ints:
    """Return the split of each place: val below its share, test below the sum of both, train above."""
    first, second = _cuts(ratio)
    return np.where(place < first, VAL, np.where(place < second, TEST, TRAIN)).astype(np.int64)


def balance(
    parts: Parts, chosen: Ints, free: npt.NDArray[np.bool_], strata: list[Stratum], ratio: dict[str, float]
) -> Ints:
    """Return `chosen` with free components moved until every stratum is within its slack, or none can be.

    Args:
        parts: the components.
        chosen: split of each component as its position in `SPLITS`.
        free: components that may move.
        strata: overlapping sets of rows, each to be split in the ratio; all rows first.
        ratio: shares of train, val and test.
    """
    state = _State(parts, chosen.copy(), free, strata, ratio)
    for _ in range(_SWEEPS):
        excess = state.excess()
        worst = [i for i in np.argsort(-excess, kind="stable").tolist() if excess[i] > _EXACT]
        if not sum([state.mend(i) for i in worst]):
            break
    return state.chosen


@dataclass(frozen=True)
class _Candidates:
    """Components that may cross a border for one stratum.

    Attributes:
        labels: component numbers, nearest to the border's cut point first.
        source: split that each leaves.
        target: split that each would enter.
        counts: rows of each component in each stratum (components by strata).
    """

    labels: Ints
    source: Ints
    target: Ints
    counts: Ints


class _State:
    """An assignment under correction, with how far each stratum is off in each split."""

    def __init__(
        self,
        parts: Parts,
        chosen: Ints,
        free: npt.NDArray[np.bool_],
        strata: list[Stratum],
        ratio: dict[str, float],
    ) -> None:
        self.chosen = chosen
        self._parts, self._free, self._strata, self._cuts = parts, free, strata, _cuts(ratio)
        have = [rows_by_split(s, parts, chosen) - wanted_rows(s, ratio) for s in strata]
        self._off = np.array(have).reshape(len(strata), len(SPLITS))
        self._slack = np.array([s.slack for s in strata])
        # the first stratum is all records: no stage or family is mended at its cost
        self._weight = np.array([float(len(strata)), *[1.0] * (len(strata) - 1)][: len(strata)])

    def excess(self) -> Floats:
        """Return by how many rows each stratum is outside its slack, as a part of its rows."""
        sizes = np.array([len(s.rows) for s in self._strata])
        return np.asarray(_beyond(self._off, self._slack[:, None]).sum(axis=1) / sizes)

    def mend(self, number: int) -> int:
        """Move components of one stratum while that helps; return how many moved."""
        found = self._candidates(number)
        left, moved = np.ones(len(found.labels), bool), 0
        while self._needs(number) and left.any():
            gains = np.where(left, self._gains(found), 0)
            best = int(np.argmax(gains))  # the first of equals is the nearest to its cut point
            if gains[best] <= _EXACT:
                break
            label = found.labels[best]
            self.chosen[label] = found.target[best]
            self._off[:, found.source[best]] -= found.counts[best]
            self._off[:, found.target[best]] += found.counts[best]
            left &= found.labels != label
            moved += 1
        while self._needs(number) and self._swap(number):
            moved += 2
        return moved

    def _swap(self, number: int) -> bool:
        """Exchange two components where one alone would do no good: groups are large, the gap is small."""
        best, choice = _EXACT, None
        for source, target in self._ways(number):
            there, back = (
                self._near_border(number, a, b)[:_MOST_SWAPPED]
                for a, b in ((source, target), (target, source))
            )
            if not (len(there) and len(back)):
                continue
            net = self._counts(there)[:, None, :] - self._counts(back)[None, :, :]
            gains = self._gain(self._off[:, source], -net) + self._gain(self._off[:, target], net)
            i, j = np.unravel_index(int(np.argmax(gains)), gains.shape)
            if gains[i, j] > best:
                best, choice = float(gains[i, j]), (source, target, there[i], back[j], net[i, j])
        if choice is None:
            return False
        source, target, one, other, change = choice
        self.chosen[one], self.chosen[other] = target, source
        self._off[:, source] -= change
        self._off[:, target] += change
        return True

    def _gain(self, off: Floats, change: Ints) -> Floats:
        """Return what changes of one split (the last axis: strata) bring nearer to the slack."""
        before, after = _beyond(off, self._slack), _beyond(off + change, self._slack)
        return np.asarray((before - after) @ self._weight)

    def _ways(self, number: int) -> list[tuple[int, int]]:
        off = self._off[number]
        return [(a, b) for a in range(len(SPLITS)) for b in range(len(SPLITS)) if off[a] > 0 > off[b]]

    def _near_border(self, number: int, source: int, target: int) -> Ints:
        """Return free components of a stratum in `source`, those nearest to the cut point first."""
        here = np.unique(self._parts.labels[self._strata[number].rows])
        mine = here[self._free[here] & (self.chosen[here] == source)]
        # val and test meet at the first cut point, test and train at the second
        border = self._cuts[0 if VAL in (source, target) and source != TRAIN else 1]
        return mine[np.lexsort((mine, np.abs(self._parts.place[mine] - border)))]

    def _needs(self, number: int) -> bool:
        return bool(_beyond(self._off[number], self._slack[number]).sum() > _EXACT)

    def _candidates(self, number: int) -> _Candidates:
        picked = []
        for source, target in self._ways(number):
            mine = self._near_border(number, source, target)[:_MOST]
            picked.append((mine, np.full(len(mine), source), np.full(len(mine), target)))
        if not picked:
            none = np.empty(0, np.int64)
            return _Candidates(none, none, none, np.empty((0, len(self._strata)), np.int64))
        joined, sources, targets = (np.concatenate(column) for column in zip(*picked, strict=True))
        return _Candidates(joined, sources, targets, self._counts(joined))

    def _counts(self, labels: Ints) -> Ints:
        """Return the rows of the given components (which may repeat) in each stratum."""
        known, back = np.unique(labels, return_inverse=True)
        position = np.full(len(self._parts), -1, np.int64)
        position[known] = np.arange(len(known))
        columns = []
        for stratum in self._strata:
            at = position[self._parts.labels[stratum.rows]]
            columns.append(np.bincount(at[at >= 0], minlength=len(known)))
        return np.asarray(np.stack(columns, axis=1)[back], np.int64)

    def _gains(self, found: _Candidates) -> Floats:
        """Return by how many rows each move would bring all strata nearer to their slack."""
        gains = self._gain(self._off.T[found.source], -found.counts)
        return gains + self._gain(self._off.T[found.target], found.counts)


def _beyond(off: Floats, slack: Floats) -> Floats:
    return np.asarray(np.maximum(np.abs(off) - slack, 0.0))


def _cuts(ratio: dict[str, float]) -> tuple[float, float]:
    return ratio["val"], ratio["val"] + ratio["test"]
