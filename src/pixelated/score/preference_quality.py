"""`preference_quality`: do the chosen and the rejected answer of a pair differ in what they say?

0 where they are the same, or one is the other cut off (a rejected answer made by cutting the chosen one
teaches to be long, and nothing else); low where one holds nearly all words of the other; then 1 - their
similarity, and less where the chosen one breaks off or where much of the difference is length.

Basis: what is known of length as a shortcut of preferences (Singhal et al. 2023, "A Long Way to Go").

Known limits: experimental, no labelled set was found; it sees that two answers differ and not which one is
better.
"""

from __future__ import annotations

import math

from pixelated.score._endings import DANGLING, EMPTY, PARTIAL, ending
from pixelated.score.dialogue import Dialogue, Turn
from pixelated.score.protocol import SCORERS, Score, Scorer

CUT, CONTAINED, BROKEN = 0.0, 0.2, 0.3
MOST_CONTAINED = 0.9  # share of the words of the shorter answer that stand in the longer one
LENGTH_HALF = 2.0  # log of the ratio of lengths at which the difference counts half
BREAKS = frozenset({DANGLING, PARTIAL, EMPTY})


@SCORERS.register("preference_quality")
def preference_quality() -> Scorer:
    """Make the scorer; it has no settings."""
    return Scorer(
        name="preference_quality",
        version=1,
        judge=_judge,
        measures="a chosen and a rejected answer that differ in what they say, and not by cutting or length",
        basis="word overlap, endings, ratio of lengths; length as a shortcut (Singhal et al. 2023)",
        limits="no labelled set: agreement not measured; does not see which answer is better",
        scale="0 alike or cut off, 1 clearly different",
        experimental=True,
    )


def _judge(dialogue: Dialogue) -> Score:
    chosen = next((turn for turn in reversed(dialogue.turns) if turn.role != "user"), None)
    rejected = next((turn for turn in reversed(dialogue.rejected) if turn.role != "user"), None)
    if chosen is None or rejected is None:
        return Score(None, "no_pair")
    if not chosen.words or not rejected.words:
        return Score(None, "no_words")
    one, other = set(chosen.words), set(rejected.words)
    shorter, longer = sorted((chosen.words, rejected.words), key=len)
    alike = len(one & other) / len(one | other)
    gap = abs(math.log(len(chosen.words) / len(rejected.words)))
    parts = {"similarity": round(alike, 6), "length_ratio": round(len(chosen.words) / len(rejected.words), 6)}
    if longer[: len(shorter)] == shorter or _cut(shorter, longer):
        reason = "alike" if len(shorter) == len(longer) else "cut_off"
        return Score(CUT, reason, (), parts)
    if len(one & other) >= MOST_CONTAINED * min(len(one), len(other)):
        return Score(CONTAINED * (1 - alike), "length_alone" if gap else "alike", (), parts)
    value = (1 - alike) * LENGTH_HALF / (LENGTH_HALF + max(0.0, gap - 1))
    if _breaks(chosen):
        return Score(value * BROKEN, "chosen_breaks_off", (), parts)
    return Score(value, "different", (), parts)


def _cut(shorter: list[str], longer: list[str]) -> bool:
    """Say whether the shorter answer is the longer one up to a word that was cut."""
    known = len(shorter) - 1
    return known > 0 and shorter[:known] == longer[:known] and longer[known].startswith(shorter[known])


def _breaks(turn: Turn) -> bool:
    return ending(turn) in BREAKS
