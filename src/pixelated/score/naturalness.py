"""`naturalness`: do the therapist's turns sound like somebody speaking, or like a machine or a template?

Per sentence: stock phrases of assistants, turns of written prose, marks of speech; besides, lists and
headings, sentences of equal length, and turns that begin alike. The wordings are own ones; the weights were
fitted on half of the answers of counsel_chat (MIT) and the turns of Changelog shows in brain_science_podcast
(CC BY-SA 4.0) against half of the machine-made completions of xstest (CC BY 4.0), halves by hash.

Known limits: a person may write like a machine and a machine like a person; good advice may be a list. It
says nothing on who wrote a text. Not a measure of clinical worth.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from statistics import fmean, pstdev

from pixelated.score._cues import cues
from pixelated.score._evidence import sigmoid
from pixelated.score.dialogue import Dialogue, Turn
from pixelated.score.protocol import SCORERS, USE, Score, Scorer

LEAST_WORDS = 4
SENTENCES = 60  # of a turn that are read
LONG_WORD = 8  # letters
_PIECE = re.compile(r"[^.!?\n]+[.!?]*")
_LIST = re.compile(r"(?m)^\s*(?:[-*•]|\d{1,2}[.)])\s+\S|\*\*[^*\n]+\*\*|^#+ ")
OPENING = 3  # words in which turns begin alike
ADDED = 1.0
# Log-odds per unit of each trait.
WEIGHTS = {
    "cliche": -8.0, "formal": -0.5, "spoken": 4.5, "lists": -5.5, "long words": -12.0, "evenness": -6.0
}  # fmt: skip
BIAS = 5.5
ALIKE = -3.0  # for a share of turns that begin like another one; by hand, there is no data with it


@SCORERS.register("naturalness")
def naturalness() -> Scorer:
    """Make the scorer; it has no settings."""
    return Scorer(
        name="naturalness",
        version=1,
        judge=_judge,
        measures="turns of the therapist that sound like speech: few stock phrases, lists and turns of prose",
        basis="own wordings; weights fitted on half of counsel_chat (MIT) and Changelog shows (CC BY-SA 4.0) "
        "against half of the completions of xstest (CC BY 4.0)",
        limits="not a measure of clinical worth, nor of who wrote a text; English; null below "
        f"{LEAST_WORDS} words; {USE}",
        scale="0 like a machine or a template, 1 like somebody speaking",
    )


def _judge(dialogue: Dialogue) -> Score:
    if not any(turn.role == "assistant" for turn in dialogue.turns):
        return Score(None, "no_therapist_turn")
    if dialogue.foreign:
        return Score(None, dialogue.foreign)
    turns = [turn for turn in dialogue.turns if turn.role == "assistant" and turn.words]
    if sum(len(turn.words) for turn in turns) < LEAST_WORDS:
        return Score(None, "too_short")
    parts = traits(turns)
    evidence = {name: weight * parts[name] for name, weight in WEIGHTS.items()}
    alike = begin_alike(turns)
    evidence["alike"] = ALIKE * alike
    value = sigmoid(BIAS + sum(evidence.values()))
    return Score(value, min(evidence, key=lambda name: evidence[name]), (), parts | {"alike": alike})


def traits(turns: Sequence[Turn]) -> dict[str, float]:
    """Return how often each trait stands in the sentences of some turns."""
    sentences = [piece for turn in turns for piece in _PIECE.findall(turn.plain)[:SENTENCES]]
    found = Counter(name for piece in sentences for name in cues("naturalness").found(piece))
    total = len(sentences) + ADDED
    words = [word for turn in turns for word in turn.words]
    lengths = [len(sentence) for turn in turns for sentence in turn.sentences]
    return {
        **{name: found[name] / total for name in ("cliche", "formal", "spoken")},
        "lists": min(3.0, sum(len(_LIST.findall(turn.text)) for turn in turns)) / 3,
        "long words": sum(len(word) > LONG_WORD for word in words) / len(words),
        "evenness": 1 / (1 + pstdev(lengths) / fmean(lengths) * math.sqrt(3)) if len(lengths) > 2 else 0.5,  # noqa: PLR2004
    }


def begin_alike(turns: Sequence[Turn]) -> float:
    """Return the share of turns that begin with the same words as another one."""
    openings = Counter(tuple(turn.words[:OPENING]) for turn in turns if len(turn.words) > OPENING)
    again = sum(count - 1 for count in openings.values())
    return again / len(turns)
