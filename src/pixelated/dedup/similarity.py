"""The exact similarity of pairs of records, from their shingle sets.

`near` is the Jaccard index of the whole sets, `contained` the share of the smaller record's shingles that
stand in the larger one. `near_side` and `contained_side` are the same for the side of the records that agrees
least: two answers to one question share a side and differ in the other.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from pixelated.core.kernels import kernels_in
from pixelated.dedup._numbers_of_kernels import SIDES
from pixelated.dedup.shingles import I64, ShingleSets
from pixelated.dedup.streams import KERNELS

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Similarities:
    """Figures of p pairs, each float64 (p,) in [0, 1]; `sizes` is int64 (p, 2), shingles of both records."""

    near: F64
    near_side: F64
    contained: F64
    contained_side: F64
    sizes: I64


def compare(sets: ShingleSets, a: I64, b: I64) -> Similarities:
    """Return the similarities of the records `a[i]` and `b[i]` of `sets`."""
    bounds = sets.bounds
    shared = kernels_in(KERNELS).shared(sets.values, bounds, a, b)
    lengths = np.diff(bounds).reshape(-1, SIDES)
    left, right = lengths[a], lengths[b]
    sizes = np.stack([left.sum(axis=1), right.sum(axis=1)], axis=1)
    whole = shared.sum(axis=1)
    smaller = np.where((sizes[:, 0] <= sizes[:, 1])[:, None], left, right)
    return Similarities(
        _share(whole, sizes.sum(axis=1) - whole),
        _share(shared, left + right - shared).min(axis=1),
        _share(whole, sizes.min(axis=1)),
        _share(shared, smaller).min(axis=1),
        sizes,
    )


def join(parts: list[Similarities]) -> Similarities:
    """Return the figures of several lists of pairs, at least one, as one."""
    return Similarities(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Similarities)))


def _share(part: Any, whole: Any) -> F64:
    """Return part / whole; where there is nothing to compare, 1."""
    return np.where(whole > 0, part / np.maximum(whole, 1), 1.0)
