"""Turns beyond a limit of a scorer: found in one pass over a dialogue, for filters that judge by role.

A scorer that says what a single turn is worth (`Scorer.judge_turn`) is asked for each turn of the role. Any
other one is asked about the last turns up to it; the positions that it names say whose fault it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pixelated.score.dialogue import Dialogue
from pixelated.score.protocol import DECIMALS, Scorer
from pixelated.score.table import build_scorers

WINDOW = 16  # turns that a scorer sees which has no say about a single one


@dataclass(frozen=True)
class Limit:
    """A limit on the turns of one role: above `most` or below `least` of a scorer, or of a part of it.

    With `after`, a scorer and a value, only turns behind another role's that reaches that value are judged.
    """

    name: str
    scorer: Scorer
    role: str
    part: str = ""
    most: float | None = None
    least: float | None = None
    after: tuple[Scorer, float] | None = None

    def beyond(self, value: float) -> bool:
        """Say whether a value is beyond the limit."""
        return (self.most is not None and value > self.most) or (
            self.least is not None and value < self.least
        )


@dataclass(frozen=True)
class Beyond:
    """A turn beyond a limit: which limit, the position among the messages, and the score."""

    name: str
    turn: int
    score: float


def limits_of(entries: Sequence[Mapping[str, Any]]) -> list[Limit]:
    """Return limits from plain data: the fields of `Limit`, the scorer by its name.

    Raises:
        UsageError: there is no scorer of a name.
    """
    scorers: dict[str, Scorer] = {}

    def scorer(name: str) -> Scorer:
        if name not in scorers:
            scorers[name] = build_scorers([name])[0]
        return scorers[name]

    limits = []
    for entry in entries:
        after = entry.get("after")
        met = (scorer(after["scorer"]), after["least"]) if after else None
        limits.append(Limit(**{**entry, "scorer": scorer(entry["scorer"]), "after": met}))
    return limits


def find_beyond(dialogue: Dialogue, limits: Sequence[Limit]) -> tuple[list[Beyond], list[str]]:
    """Return each turn beyond a limit, and the names of the limits that could judge no turn."""
    found, silent = [], []
    for limit in limits:
        judged = False
        for at, turn in enumerate(dialogue.turns):
            if turn.role != limit.role:
                continue
            if limit.after and not _follows(dialogue, at, *limit.after):
                continue
            value = _value(dialogue, at, limit)
            judged = judged or value is not None
            if value is not None and limit.beyond(value):
                found.append(Beyond(limit.name, dialogue.positions[at], round(value, DECIMALS)))
        if not judged:
            silent.append(limit.name)
    return found, silent


def _follows(dialogue: Dialogue, at: int, scorer: Scorer, least: float) -> bool:
    """Say whether the turn before, another's, reaches a value of a scorer."""
    if not at or dialogue.turns[at - 1].role == dialogue.turns[at].role:
        return False
    value = _of_turn(dialogue, at - 1, scorer)
    return value is not None and value >= least


def _value(dialogue: Dialogue, at: int, limit: Limit) -> float | None:
    """Return the value of a turn; None where there is none, or where another turn made it."""
    if limit.scorer.judge_turn is None:
        return _in_window(dialogue, at, limit)
    return _of_turn(dialogue, at, limit.scorer, limit.part)


def _of_turn(dialogue: Dialogue, at: int, scorer: Scorer, part: str = "") -> float | None:
    if scorer.judge_turn is None or not dialogue.turns[at].words or dialogue.foreign:
        return None
    said = scorer.judge_turn(dialogue, at)
    if said is None:
        return None
    return said.parts.get(part) if part else said.value


def _in_window(dialogue: Dialogue, at: int, limit: Limit) -> float | None:
    part, first = Dialogue([]), max(0, at + 1 - WINDOW)
    part.turns = dialogue.turns[first : at + 1]
    part.positions = list(range(len(part.turns)))
    score = limit.scorer(part)
    # The scorer says which turns decided: an earlier one of the speaker is not this one's fault.
    own = [n for n in score.turns if part.turns[n].role == limit.role]
    if limit.most is not None and own and at - first not in own:
        return 0.0
    return score.parts.get(limit.part) if limit.part else score.value
