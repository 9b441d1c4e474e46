"""Connected components of pairs of numbers."""

from __future__ import annotations

import numpy as np

from pixelated.dedup.shingles import I64


def components(count: int, a: I64, b: I64) -> I64:
    """Return the smallest member of the component of each of `count` numbers, linked by the pairs a[i], b[i].

    Each pass gives both ends of a pair the smaller label and then follows labels to their roots: the number
    of passes grows with the logarithm of the longest chain.
    """
    labels = np.arange(count)
    while True:
        low = np.minimum(labels[a], labels[b])
        before = labels.copy()
        for end in (a, b):
            np.minimum.at(labels, before[end], low)
            np.minimum.at(labels, end, low)
        while True:
            followed = labels[labels]
            if np.array_equal(followed, labels):
                break
            labels = followed
        if np.array_equal(labels, before):
            return labels
