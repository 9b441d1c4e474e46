"""What texts show at one cheap look, so that a pattern runs over the few texts that can match it."""

from __future__ import annotations

import numpy as np

from pixelated.clean.texts import Array, Index, matching
from pixelated.core.kernels import SLACK, bytes_of, kernels_in

KERNELS = "pixelated.clean._trait_kernels"  # which says what the traits are
Traits = Index  # an array of uint8, bits


def bits(*names: str) -> int:
    """Return the bits of traits, such as "HIGH", joined."""
    kernels, found = kernels_in(KERNELS), 0
    for name in names:
        found |= getattr(kernels, name)
    return found


def traits_of(values: Array) -> Traits:
    """Return the traits of each text; a null has none."""
    found = np.zeros(len(values), np.uint8)
    kernels_in(KERNELS).traits(*bytes_of(values), np.zeros(3 * SLACK, np.uint8), found)
    return found


def matching_among(values: Array, pattern: str, candidates: Index) -> Index:
    """Return the positions of the texts that match an RE2 `pattern`, where only `candidates` can."""
    positions = np.flatnonzero(candidates)
    if 2 * len(positions) > len(values):
        return matching(values, pattern)
    return positions[matching(values.take(positions), pattern)] if len(positions) else positions
