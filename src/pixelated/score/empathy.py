"""`empathy`: does the therapist's reply show warmth, understanding, interest and validation?

After Sharma et al. 2020, "A computational approach to understanding empathy expressed in text-based mental
health support" (EPITOME): emotional reaction, interpretation and exploration, each absent (0), weak (1) or
strong (2); validation besides, on the same levels. The parts are level / 2, the value is their weighted mean
(.30, .30, .25, .15, the mission's weights).

The shipped default reads wordings and the build of questions, written from the paper's definitions; it was
fitted on nothing. With `heads` (of `score fit empathy`) a part is the expected level of its head, / 2.

A turn may do one thing at a time, so a conversation of several replies is read three replies at a time:
each part is the best of the three, and the conversation has the mean. Replies of fewer than three words
("mm-hmm") carry no part of their own.

Known limits: it reads expressed empathy in English wording, not what a client feels understood by. Telling
of oneself counts as understanding (as among peers), which a therapist may have reasons to avoid. Not a
measure of clinical worth.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from statistics import fmean

from pixelated.score._cues import cues
from pixelated.score._questions import REMEMBERED, Question, invites, questions, sentences, statements
from pixelated.score.dialogue import Dialogue, Turn
from pixelated.score.heads.apply import probabilities
from pixelated.score.heads.head import Head, Plan, Sample
from pixelated.score.protocol import SCORERS, USE, Score, Scorer
from pixelated.score.targets import TARGETS, Target

WEIGHTS = {"emotional_reaction": 0.30, "interpretation": 0.30, "exploration": 0.25, "validation": 0.15}
LEVELS = ("0", "1", "2")
WINDOW = 3  # replies in which each mechanism has its chance
LEAST_WORDS = 3
# First-person statements that make a reply a story of one's own.
STORY, STORY_OF_THE_SAME = 4, 3
# The penalty is the usual default of logistic regression, chosen on no data.
PENALTY = 1.0
_UNDERSTOOD = frozenset({"understand", "alike", "same", "naming"})
_TELLS = frozenset({"i", "i'm", "im", "i've", "ive", "my", "me", "i'd", "myself"})
_TOLD = frozenset({"you", "your", "you're", "youre", "u", "you've", "yourself"})


@SCORERS.register("empathy")
def empathy(heads: Mapping[str, Head] | None = None) -> Scorer:
    """Make the scorer; `heads` are fitted ones by the name of the part, such as "exploration"."""
    fitted = dict(heads or {})
    return Scorer(
        name="empathy",
        version=1,
        judge=lambda dialogue: _judge(dialogue, fitted),
        measures="empathy that the therapist's replies express: emotional reaction, interpretation, "
        "exploration, validation",
        basis="EPITOME (Sharma et al. 2020): own wordings and the build of questions, fitted on no data; "
        "or heads fitted on the user's data",
        limits="not a measure of clinical worth; English; expressed empathy, not felt; telling of oneself "
        f"counts as understanding, as among peers; {USE}",
        scale="0 none of the four mechanisms, 1 all of them strong",
    )


def _judge(dialogue: Dialogue, heads: Mapping[str, Head]) -> Score:
    if not any(turn.role == "assistant" for turn in dialogue.turns):
        return Score(None, "no_therapist_turn")
    if dialogue.foreign:
        return Score(None, dialogue.foreign)
    replies = [
        (n, turn)
        for n, turn in enumerate(dialogue.turns)
        if turn.role == "assistant" and len(turn.words) >= LEAST_WORDS and not turn.foreign
    ]
    if not replies:
        return Score(None, "too_short")
    found = [_parts(dialogue, n, heads) for n, _ in replies]
    chunks = [found[n : n + WINDOW] for n in range(0, len(found), WINDOW)]
    windows = [{p: max(one[p] for one in chunk) for p in WEIGHTS} for chunk in chunks]
    parts = {name: fmean(window[name] for window in windows) for name in WEIGHTS}
    value = sum(weight * parts[name] for name, weight in WEIGHTS.items())
    shown = tuple(
        dialogue.positions[n] for (n, _), one in zip(replies, found, strict=True) if any(one.values())
    )
    return Score(value, max(parts, key=lambda p: parts[p]) if shown else "none_shown", shown, parts)


def _parts(dialogue: Dialogue, at: int, heads: Mapping[str, Head]) -> dict[str, float]:
    parts = {name: level / 2 for name, level in levels(dialogue.turns[at]).items()}
    if heads:
        seen = sample(dialogue, at)
        for name, head in heads.items():
            parts[name] = sum(int(k) * p for k, p in probabilities(head, seen).items()) / 2
    return parts


@lru_cache(maxsize=REMEMBERED)
def levels(turn: Turn) -> Mapping[str, int]:
    """Return the level (0, 1, 2) of each mechanism in a reply, by the shipped wordings."""
    found, asked = cues("empathy").found(turn.plain), questions(turn)
    if "dismissal" in found and not {"deep_sorry", "feeling"} & found:
        return {
            "emotional_reaction": 0,
            "interpretation": _interpretation(turn, found) // 2,
            "exploration": _exploration(turn, asked),
            "validation": 0,
        }
    return {
        "emotional_reaction": _reaction(found),
        "interpretation": _interpretation(turn, found),
        "exploration": _exploration(turn, asked),
        "validation": 2 if {"validation", "reason_given"} <= found else int("validation" in found),
    }


def _reaction(found: frozenset[str]) -> int:
    if found & {"feeling", "deep_sorry"}:
        return 2
    return int(bool(found & {"sorry", "deep_sorry", "hope", "comfort"}))


def _interpretation(turn: Turn, found: frozenset[str]) -> int:
    if found & _UNDERSTOOD and "?" in turn.plain:  # to ask "do you feel alone?" names no feeling yet
        found = cues("empathy").found(statements(turn))
    if found & {"same", "naming"}:
        return 2
    told = sum(map(_TELLS.__contains__, turn.words))
    if told >= STORY or (told >= STORY_OF_THE_SAME and "alike" in found):
        return 2
    return int(bool(found & {"understand", "alike"}))


def _exploration(turn: Turn, asked: list[Question]) -> int:
    if any(one.specific for one in asked):
        return 2
    return int(any(one.to_client for one in asked) or invites(turn))


def sample(dialogue: Dialogue, at: int) -> Sample:
    """Return what a head of empathy sees of the reply at a position."""
    turn = dialogue.turns[at]
    asked = " ".join(piece.strip() for piece in sentences(turn) if "?" in piece)
    return Sample({"reply": turn.speech, "questions": asked}, numbers(turn))


def numbers(turn: Turn) -> dict[str, float]:
    """Return cues, levels and counts of a reply, by name."""
    preset, asked, found = cues("empathy"), questions(turn), cues("empathy").found(turn.plain)
    count = len(turn.words)
    own, other = sum(map(_TELLS.__contains__, turn.words)), sum(map(_TOLD.__contains__, turn.words))
    return {
        **{f"cue {name}": float(name in found) for name in preset.names},
        **{f"level {name}": float(level) for name, level in levels(turn).items()},
        "questions": float(len(asked)),
        "questions specific": float(sum(one.specific for one in asked)),
        "questions to the client": float(sum(one.to_client for one in asked)),
        "questions open": float(sum(one.open for one in asked)),
        "ends on a question": float(turn.plain.rstrip().endswith("?")),
        "invites": float(invites(turn)),
        "words": math.log1p(count),
        "sentences": math.log1p(len(turn.sentences)),
        "own": math.log1p(own),
        "other": math.log1p(other),
        "own share": own / (count + 1),
        "other share": other / (count + 1),
    }


# What a reply asks is read once more by itself where asking is the matter.
for _name, _fields, _read, _says in (
    (
        "emotional_reaction",
        ("reply",),
        ("reply",),
        "warmth, compassion and concern that the helper expresses",
    ),
    (
        "interpretation",
        ("reply",),
        ("reply",),
        "understanding of feelings and experiences that the helper communicates",
    ),
    (
        "exploration",
        ("reply", "questions"),
        ("questions",),
        "interest in what the client has not said yet",
    ),
):
    TARGETS.register(f"empathy/{_name}")(
        Target(LEVELS, sample, Plan(words=_fields, numbers=True, inverse_penalty=PENALTY), _says, _read)
    )
