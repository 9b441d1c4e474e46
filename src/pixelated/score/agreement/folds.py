"""Folds for cross-validation, cut by group: no group is on both sides."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

Rows = np.ndarray[Any, np.dtype[np.int64]]


def grouped_folds(groups: Sequence[str], seed: int, folds: int = 5) -> Iterator[tuple[Rows, Rows]]:
    """Yield (rows to fit on, rows to measure) for each of `folds`.

    Groups come in the order of a seeded hash, each to the fold that holds the fewest rows so far.
    """
    sizes = Counter(groups)
    order = sorted(sizes, key=lambda g: hashlib.sha256(f"{seed}:{g}".encode()).digest())
    filled, home = [0] * folds, {}
    for group in order:
        home[group] = min(range(folds), key=filled.__getitem__)
        filled[home[group]] += sizes[group]
    of = np.array([home[group] for group in groups])
    for fold in range(folds):
        yield np.flatnonzero(of != fold), np.flatnonzero(of == fold)
