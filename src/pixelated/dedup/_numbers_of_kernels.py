"""Numbers that the kernels of near copies and their callers share; a change compiles the kernels anew."""

from __future__ import annotations

import numpy as np

SIDES = 3
CLIENT, THERAPIST, WORSE, SKIP = 0, 1, 2, 255

BINS = 128
SIDE_BINS = 16  # of each side alone: enough to tell whether records agree on it
SKETCH_ONE_IN = 8
SENTENCE = 4  # words: a shorter sentence is nobody's template
EMPTY = np.uint32(0xFFFFFFFF)

# A sentence's number: 52 bits of hash, 2 of side, 10 of length in words.
LENGTH_BITS, SIDE_BITS = 10, 2
MOST_WORDS = (1 << LENGTH_BITS) - 1
