"""Where a client's turn leans, when no wording names danger: a head over the runs of letters in its words.

It ranks turns and lets a mere hint count for more; alone it never reaches the threshold, since it was fitted
on a few hundred lines of this project's authors and takes much that is said in the first person for danger.
"""

from __future__ import annotations

import math
from functools import cache
from importlib.resources import files

import orjson

from pixelated.score.dialogue import Turn
from pixelated.score.heads.head import Grams, Head, Plan
from pixelated.score.heads.ngrams import grams_of

NAME, DANGER, OTHER = "crisis/lean", "danger", "other"
PLAN = Plan(chars=("turn",), inverse_penalty=3.0, limit=4000)
MOST = 0.34  # what a turn may lean at most: below the threshold
RAISE = 0.6  # how far it raises what is named or hinted at
WORDS = (4, 60)  # of a turn: the head was fitted on lines of about that length
NOTHING, REMEMBERED = (0.0, 0.0), 1 << 16
Said = tuple[
    float, float
]  # what an n-gram or a word says for danger, and its square in the length of the text


class Lean:
    """The head of two classes, read a word at a time: every word's share is computed once and remembered.

    It differs from the head in one thing: an n-gram that comes again in another word counts again.
    """

    def __init__(self, head: Head) -> None:
        danger, other = head.classes.index(DANGER), head.classes.index(OTHER)
        self._bias = float(head.bias[danger] - head.bias[other])
        self._runs = _said(head.grams["chars:turn"], danger, other)
        self._known: dict[str, Said] = {}

    def chance(self, words: list[str]) -> float:
        """Return the chance of danger in a turn of these words."""
        total = length = 0.0
        for word in words:
            said = self._known.get(word) or self._of_word(word)
            total += said[0]
            length += said[1]
        total = total / math.sqrt(length) if length else 0.0
        return 1 / (1 + math.exp(-self._bias - total))

    def _of_word(self, word: str) -> Said:
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        found = [self._runs.get(gram, NOTHING) for gram in grams_of(word)]
        said = self._known[word] = (sum(one for one, _ in found), sum(square for _, square in found))
        return said


def _said(grams: Grams, danger: int, other: int) -> dict[str, Said]:
    weights = (grams.weights[:, danger] - grams.weights[:, other]) * grams.rarity
    squares = grams.rarity**2
    return {gram: (float(weights[n]), float(squares[n])) for gram, n in grams.index.items()}


@cache
def shipped() -> Lean | None:
    """Return the head that ships, or None where its file is missing."""
    resource = files("pixelated") / "presets" / "score" / "crisis_lean.json"
    if not resource.is_file():
        return None
    return Lean(Head.from_json(orjson.loads(resource.read_bytes()), resource.name))


def leaning(value: float, turn: Turn) -> float:
    """Return a turn's value with what it leans added."""
    lean = shipped()
    if lean is None or not WORDS[0] <= len(turn.words) <= WORDS[1]:
        return value
    weight = MOST * max(0.0, 2 * lean.chance(turn.words) - 1)
    return 1 - (1 - value) * (1 - (RAISE if value > 0 else 1.0) * weight)
