"""Long texts cut into chunks of 100 to 500 words: which cuts are best, given where a cut may fall.

The best division is found exactly, by dynamic programming over the parts of the text: every size within
the bounds, first of all; then the cheapest cuts; then sizes near the middle. A remainder that would be too
small is so shared out among its neighbours. Time is linear in the number of parts, since a chunk holds at
most `highest` words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LOWEST, HIGHEST = 100, 500  # words (FACTS 1.10: 17-word windows and one giant turn were the mistakes)
_OUT_OF_BOUNDS = 1e6  # dearer than all cuts of a chunk together


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of text that is not cut: its words (at least one) and what a cut after it costs.

    0 is the end of a paragraph; a chunk of the lowest or the highest size costs 1.
    """

    words: int
    cost: float = 0.0


def chunks(parts: Sequence[Part], lowest: int = LOWEST, highest: int = HIGHEST) -> list[range]:
    """Return the numbers of the parts of each chunk, in order; every part is in exactly one.

    Sizes are within the bounds wherever the parts allow it, which they do if no part has more than
    `highest - 2 * lowest` words and all together have at least `lowest`. A part above `highest` is a chunk.
    """
    total = [0]
    for part in parts:
        total.append(total[-1] + part.words)
    if not parts:
        return []
    if total[-1] <= highest:
        return [range(len(parts))]
    starts = _best_starts(parts, total, lowest, highest)
    found = []
    end = len(parts)
    while end:
        found.append(range(starts[end], end))
        end = starts[end]
    return found[::-1]


def _best_starts(parts: Sequence[Part], total: list[int], lowest: int, highest: int) -> list[int]:
    """Return for each number of parts where the last chunk of their best division starts."""
    middle, half = (lowest + highest) / 2, max(1.0, (highest - lowest) / 2)
    size_cost = [((n - middle) / half) ** 2 + _OUT_OF_BOUNDS * (n < lowest) for n in range(highest + 1)]
    best, starts = [0.0], [0]
    for end in range(1, len(parts) + 1):
        # A single part may be too long; it is taken as it is.
        words = total[end] - total[end - 1]
        start, low = end - 1, best[end - 1] + (size_cost[words] if words <= highest else _OUT_OF_BOUNDS)
        at = end - 2
        while at >= 0 and total[end] - total[at] <= highest:
            cost = best[at] + size_cost[total[end] - total[at]]
            if cost < low:
                start, low = at, cost
            at -= 1
        best.append(low + (parts[end - 1].cost if end < len(parts) else 0.0))
        starts.append(start)
    return starts
