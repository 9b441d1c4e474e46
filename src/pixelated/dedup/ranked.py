"""The signatures of all parts, seen by rank: they are read part by part, share by share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from pixelated.dedup._numbers_of_kernels import SKETCH_ONE_IN
from pixelated.dedup.shingles import I64, U64, Signatures

SHARE = 1 << 24  # entries that are in memory at a time, about


@dataclass
class Ranked:
    """Signatures of `records` records out of more rows; the others have rank -1 and are not looked at.

    Attributes:
        records: how many have a rank: 0, the best to keep, and up.
        ranks: int64, the rank of each row of all parts.
        loaders: give the signatures of each part, whose rows follow each other.
        sizes: rows of each part.
        renewed: rows that have new signatures, sorted, and these.
    """

    records: int
    ranks: I64
    loaders: Sequence[Callable[[], Signatures]]
    sizes: list[int]
    renewed: list[tuple[I64, Signatures]] = field(default_factory=list)

    def parts(self) -> Iterator[tuple[I64, I64, Signatures]]:
        """Yield the ranks of records, where they stand in a part, and the part."""
        current = self.ranks.copy()
        for rows, _ in self.renewed:
            current[rows] = -1
        first = 0
        for load, size in zip(self.loaders, self.sizes, strict=True):
            mine = current[first : first + size]
            first += size
            where = np.flatnonzero(mine >= 0)
            yield mine[where], where, load()
        for rows, part in self.renewed:
            yield self.ranks[rows], np.arange(len(rows)), part

    def entries(self, name: str) -> Iterator[tuple[U64, U64]]:
        """Yield values and ranks of the entries `sketch` or `sentences`, a share of all values at a time.

        Equal values stand in one share.
        """
        total = sum(len(getattr(part, name)) for _, _, part in self.parts())
        shares = max(total // SHARE, 1)
        span = 0xFFFFFFFFFFFFFFFF // (SKETCH_ONE_IN if name == "sketch" else 1)
        width = np.uint64(-(-span // shares))
        for share in range(shares):
            yield self._share(name, width, share, shares)

    def _share(self, name: str, width: np.uint64, share: int, shares: int) -> tuple[U64, U64]:
        values, owners = [np.zeros(0, np.uint64)], [np.zeros(0, np.uint64)]
        for ranks, where, part in self.parts():
            entries, bounds = getattr(part, name), getattr(part, f"{name}_bounds")
            owner = np.full(len(bounds) - 1, -1, np.int64)
            owner[where] = ranks
            owner = np.repeat(owner, np.diff(bounds))
            mine = owner >= 0
            if shares > 1:
                mine &= entries // width == share
            values.append(entries[mine])
            owners.append(owner[mine].astype(np.uint64))
        return np.concatenate(values), np.concatenate(owners)
