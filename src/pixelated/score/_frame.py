"""The frame of a conversation: greetings open it, thanks and farewells close it (Schegloff & Sacks 1973)."""

from __future__ import annotations

import math

from pixelated.score._evidence import bounded
from pixelated.score._moves import FAREWELL, GREETING, THANKS, WELCOME
from pixelated.score.dialogue import Turn

# Move, share of them expected inside its zone, size of the zone in turns, is the zone at the start.
ZONES = (
    (GREETING, 0.9, 3, True),
    (FAREWELL, 0.75, 5, False),
    (WELCOME, 0.6, 7, False),
    (THANKS, 0.6, 7, False),
)
BOUND = 3.0


def frame_evidence(turns: list[Turn]) -> float:
    """Return the log-odds of the places of greetings, thanks and farewells against any place.

    A move that stands in a zone of k of n turns speaks for the order by log(expected * n / k), one
    outside of it against it; each kind of move counts once, by its mean. Without such moves: 0.
    """
    found = [turn.moves for turn in turns]
    total = 0.0
    for name, expected, size, at_start in ZONES:
        places = [n for n, made in enumerate(found) if name in made]
        if places:
            total += _zone(places, len(turns), min(size, len(turns) // 2), expected, at_start=at_start)
    return bounded(total, BOUND)


def _zone(places: list[int], turns: int, size: int, expected: float, *, at_start: bool) -> float:
    inside = [n < size if at_start else n >= turns - size for n in places]
    share = size / turns
    # In a short conversation the zone is half of it: what is expected there is no less than chance.
    expected = max(expected, share)
    hit, miss = math.log(expected / share), math.log((1 - expected) / (1 - share))
    return (hit * sum(inside) + miss * (len(inside) - sum(inside))) / len(inside)
