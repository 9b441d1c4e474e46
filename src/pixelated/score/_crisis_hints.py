"""Danger that a client's turn hints at without naming it, read over the whole turn (`crisis_hints.yaml`).

The name of a cue says its step before the dot and its class of meaning after it. A step read from a hint
weighs less than the same step named outright; a mere hint stays below the threshold alone. Jokes, stories,
plans that go on and history take weight from all of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from pixelated.score._cues import cues

MERE = 0.25  # what one mere hint weighs: two of them reach the threshold (see `_crisis.severity`)
READ = 0.8  # a step that is read from a hint, against the same step named outright
LEAST = 0.38  # but no less than this, so that each counts alone
NEAR = 60  # words of a turn in which two fields are taken to belong together
FARTHEST = 400  # characters before and after a hint that are read
FEW = 2  # spaces: a turn of one or two words hints at nothing
APART = ("calm.", "field.")
CALM = {"calm.made_up": 0.6, "calm.lives": 0.55, "calm.over": 0.5}
# Two fields that together speak of a step, though neither does alone.
PAIRED = {
    ("field.means", "field.hides"): "method",
    ("field.means", "field.drawn"): "method",
    ("field.means", "field.final"): "method",
    ("field.weapon", "field.aims"): "harm_others",
    ("field.skin", "field.needs"): "self_harm",
    ("field.skin", "field.hides"): "self_harm",
    ("field.dying", "field.drawn"): "thought",
    ("field.dying", "field.final"): "thought",
    ("field.gives", "field.final"): "plan",
    ("field.gives", "field.hides"): "plan",
}
_SPACES = str.maketrans(dict.fromkeys(',-"*_~\u2013\u2014', " ") | dict.fromkeys(".!?;:\n()", " . "))


@dataclass(frozen=True)
class Hint:
    """A hint in a turn: its cue, what it weighs, and the sentence with the place in it."""

    name: str
    weight: float
    sentence: str
    at: tuple[int, int]

    @property
    def step(self) -> str:
        """The step of the ladder that it speaks of."""
        return self.name.partition(".")[0]


def hints(text: str, levels: dict[str, float]) -> list[Hint]:
    """Return what a turn without apostrophes hints at, each place of each class of meaning."""
    if text.count(" ") < FEW:
        return []
    words = " ".join(text.translate(_SPACES).split())
    while ". . " in words:
        words = words.replace(". . ", ". ")
    known = cues("crisis_hints")
    found = known.found(words)
    meant = sorted(name for name in found if not name.startswith(APART))
    paired = _paired(found) if words.count(" ") < NEAR else []
    if not (meant or paired):
        return []
    share = math.prod(CALM[name] for name in sorted(found & CALM.keys()))
    told = [
        Hint(name, share * _weight(name, levels), *_in_sentence(words, at))
        for name in meant
        for at in known.places(name, words)
    ]
    return told + [Hint(name, share * LEAST, words, (0, 0)) for name in paired]


def _paired(found: frozenset[str]) -> list[str]:
    return sorted({f"{step}.fields" for pair, step in PAIRED.items() if found.issuperset(pair)})


def _in_sentence(text: str, at: tuple[int, int]) -> tuple[str, tuple[int, int]]:
    first, last = (
        max(0, at[0] - FARTHEST),
        at[1] + FARTHEST,
    )  # a sentence without end is not read for each hint
    start = text.rfind(" . ", first, at[0] + 1)
    start = first if start < 0 else start + 3
    end = text.find(" . ", at[1], last)
    return text[start : end if end >= 0 else last], (max(0, at[0] - start), at[1] - start)


def _weight(name: str, levels: dict[str, float]) -> float:
    step = name.partition(".")[0]
    return MERE if step == "hint" else max(LEAST, READ * levels[step])
