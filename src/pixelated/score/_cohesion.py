"""Does each turn answer the one before it? Statistics of an order, against the same turns in any order.

Two relations between turns: shared topic words (Halliday & Hasan 1976, lexical cohesion), and the
adjacency pairs of `_moves`. Each is summed over neighbours and compared with what the same turns
would give if the contents were dealt anew within each role: the expectation and its spread follow
from the relation itself, so no constant of another corpus enters.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from pixelated.score._evidence import trust
from pixelated.score._moves import (
    ADVICE,
    ANSWER,
    FAREWELL,
    GREETING,
    HOW_ARE_YOU,
    OPEN,
    PLAN,
    POLAR,
    RELIEF,
    STATE,
    SYMPATHY,
    THANKS,
    TROUBLE,
    UPTAKE,
    WELCOME,
    moves,
)
from pixelated.score.dialogue import Turn
from pixelated.score.english import english
from pixelated.score.words import stem

Matrix = npt.NDArray[np.float64]

# First part, second part, weight: how strongly the first makes the second expected.
PAIRS = (
    (GREETING, GREETING, 2.0),
    (HOW_ARE_YOU, STATE, 1.5),
    (POLAR, ANSWER, 1.0),
    (OPEN, ANSWER, 0.3),
    (THANKS, WELCOME, 2.0),
    (RELIEF, WELCOME, 1.0),
    (FAREWELL, FAREWELL, 2.0),
    (WELCOME, FAREWELL, 0.5),
    (WELCOME, THANKS, 0.5),
    (ADVICE, UPTAKE, 0.7),
    (ADVICE, PLAN, 0.7),
    (PLAN, WELCOME, 0.5),
    (TROUBLE, SYMPATHY, 1.0),
)
# Two questions in a row, and a question that meets a farewell, are answers that fail to come.
QUESTION_UNANSWERED = -1.0

COMMON = 4  # words of this rarity (bits) or less are in every conversation and tie nothing together
LAGS = ((1, 1.0), (2, 0.5), (3, 0.25))


def topic_relation(turns: list[Turn]) -> Matrix:
    """Return, for each two turns, the log of 1 + the summed rarity of the stems that they share."""
    stems = [_topic_stems(turn) for turn in turns]
    index: dict[str, int] = {}
    for found in stems:
        for name in found:
            index.setdefault(name, len(index))
    # Whole numbers: their products and sums are exact, whatever the library that multiplies.
    holds = np.zeros((len(turns), len(index)))
    for n, found in enumerate(stems):
        for name, weight in found.items():
            holds[n, index[name]] = weight
    return np.log1p(holds @ (holds > 0).T.astype(np.float64))


def _topic_stems(turn: Turn) -> dict[str, float]:
    rarity = english().rarity
    return {stem(w): float(r - COMMON) for w in turn.words if (r := rarity(w)) > COMMON and len(w) > 2}  # noqa: PLR2004


def pair_relation(turns: list[Turn]) -> Matrix:
    """Return, for each two turns, how well the second is the second part to a first part in the first."""
    names = sorted({name for pair in PAIRS for name in pair[:2]})
    makes = np.zeros((len(turns), len(names)))
    for n, turn in enumerate(turns):
        found = moves(turn)
        makes[n] = [name in found for name in names]
    column = {name: makes[:, i] for i, name in enumerate(names)}
    relation = sum(w * np.outer(column[first], column[second]) for first, second, w in PAIRS)
    asks = np.maximum(column[POLAR], column[OPEN])
    return np.asarray(relation + QUESTION_UNANSWERED * np.outer(asks, asks))


def order_z(relation: Matrix, roles: list[str], lags: tuple[tuple[int, float], ...]) -> float | None:
    """Return by how many standard deviations neighbours relate more than chance has it, or None.

    Args:
        relation: a turn by turn matrix; row is the earlier turn.
        roles: the role of each turn.
        lags: (distance, weight) of the neighbours that count.
    """
    observed = expected = variance = 0.0
    codes = np.unique(np.asarray(roles), return_inverse=True)[1]
    for lag, weight in lags:
        near = np.diagonal(relation, lag)
        observed += weight * float(near.sum())
        for (a, b), number in _role_pairs(codes, lag):
            mean, var = _spread(relation, codes, a, b)
            expected += weight * number * mean
            variance += weight * weight * number * var
    return (observed - expected) / math.sqrt(variance) if variance > 0 else None


def _role_pairs(codes: npt.NDArray[np.int64], lag: int) -> list[tuple[tuple[int, int], int]]:
    pairs, counts = np.unique(codes[:-lag] * 8 + codes[lag:], return_counts=True)
    return [((int(p) // 8, int(p) % 8), int(n)) for p, n in zip(pairs, counts, strict=True)]


def _spread(relation: Matrix, codes: npt.NDArray[np.int64], a: int, b: int) -> tuple[float, float]:
    block = relation[np.ix_(codes == a, codes == b)]
    if a != b:
        return float(block.mean()), float(block.var())
    others = block[~np.eye(len(block), dtype=bool)]  # a turn is no neighbour of itself
    return (float(others.mean()), float(others.var())) if others.size else (0.0, 0.0)


# Short exchanges: in counsel_chat (MIT) 78 % of replies share a topic stem with their question and 24 %
# of other replies do; in diasafety (Apache-2.0), with a few words a turn, 27 % and 3 %.
SHARED, PER_BIT, MOST = 0.9, 0.12, 2.0
NOT_SHARED, HALF_STEMS = -1.5, 10


def reply_evidence(turns: list[Turn]) -> float:
    """Return the mean log-odds that a reply takes up a topic of the turn before, of another speaker."""
    stems = [_topic_stems(turn) for turn in turns]
    found = [
        _reply(stems[n - 1], stems[n]) for n in range(1, len(turns)) if turns[n - 1].role != turns[n].role
    ]
    return sum(found) / len(found) if found else 0.0


def _reply(before: dict[str, float], after: dict[str, float]) -> float:
    shared = sum(before[name] for name in before.keys() & after.keys())
    if shared:
        return min(MOST, SHARED + PER_BIT * shared)
    # The more both say, the more the lack of a common word means.
    return NOT_SHARED * trust(math.sqrt(len(before) * len(after)), HALF_STEMS)
