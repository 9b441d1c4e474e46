"""Who speaks of whom: a client says "I" and tells of trouble, a therapist says "you", asks and responds."""

from __future__ import annotations

import math
from statistics import fmean

from pixelated.score._lexicon import word_set
from pixelated.score._moves import ADVICE, OPEN, POLAR, SYMPATHY, TROUBLE, WELCOME
from pixelated.score.dialogue import Turn

_THERAPIST = frozenset({OPEN, POLAR, ADVICE, SYMPATHY, WELCOME})


def role_z(turns: list[Turn]) -> float | None:
    """Return by how many standard errors the client's turns sound more like a client's, or None.

    The difference of the means of `_client_like` between `user` and `assistant` turns (Welch).
    None with fewer than two turns of either, or without any difference among turns.
    """
    client = [_client_like(turn) for turn in turns if turn.role == "user"]
    therapist = [_client_like(turn) for turn in turns if turn.role != "user"]
    if min(len(client), len(therapist)) < 2:  # noqa: PLR2004 - a variance takes two
        return None
    # 0.1: with a handful of turns, an accidental lack of spread must not look like certainty.
    error = math.sqrt((_variance(client) + 0.1) / len(client) + (_variance(therapist) + 0.1) / len(therapist))
    return (fmean(client) - fmean(therapist)) / error


def _variance(values: list[float]) -> float:
    mean = fmean(values)  # statistics.variance counts in fractions, which takes ten times as long
    return math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)


def short_role_lead(turns: list[Turn]) -> float:
    """Return by how much the client's turns sound more like a client's than the therapist's do."""
    client = [_client_like(turn) for turn in turns if turn.role == "user"]
    therapist = [_client_like(turn) for turn in turns if turn.role != "user"]
    return fmean(client) - fmean(therapist) if client and therapist else 0.0


def _client_like(turn: Turn) -> float:
    found, myself, others = turn.words, word_set("self"), word_set("other")
    own = sum(map(myself.__contains__, found))
    other = sum(map(others.__contains__, found))
    made = turn.moves
    speaks = (own - other) / math.sqrt(len(found) + 1)
    return speaks + (TROUBLE in made) * 0.5 - 0.5 * len(made & _THERAPIST)
