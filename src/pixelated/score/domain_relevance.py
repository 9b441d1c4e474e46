"""`domain_relevance`: is this talk about a person's troubles and their treatment, or about something else?

The share of words of four fields (feelings; states of mind and body; relations; treatment and change), each
with its own weight, and of words that speak of a person ("I", "you"), in log-odds. The word lists are own
ones; the five weights were fitted on half of counsel_chat (MIT) against half of the contrast shows of
brain_science_podcast (CC BY-SA 4.0) and of prompts and answers of xstest (CC BY 4.0), halves by hash.

Known limits: words, not meaning: a novel about a divorce is relevant, a session about a garden is not much.
Not a measure of clinical worth.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache

from pixelated.core.presets import load_preset
from pixelated.score._evidence import sigmoid
from pixelated.score._lexicon import word_set
from pixelated.score.dialogue import Dialogue
from pixelated.score.protocol import SCORERS, USE, Score, Scorer

LEAST_WORDS = 8
FIELDS = ("feelings", "mind", "relations", "therapy")
# Shares are held against their spread in running text: this many words are added that are of no field.
ADDED = 10
WEIGHTS = {"feelings": 85.0, "mind": 20.0, "relations": 55.0, "therapy": 35.0, "person": 13.0}
BIAS = -3.9


@SCORERS.register("domain_relevance")
def domain_relevance() -> Scorer:
    """Make the scorer; it has no settings."""
    return Scorer(
        name="domain_relevance",
        version=1,
        judge=_judge,
        measures="talk of feelings, states of mind and body, relations and treatment, addressed to a person",
        basis="own word lists; five weights fitted on half of counsel_chat (MIT) against contrast shows of "
        "brain_science_podcast (CC BY-SA 4.0) and xstest (CC BY 4.0)",
        limits="not a measure of clinical worth; English; words, not meaning; null below "
        f"{LEAST_WORDS} words; {USE}",
        scale="0 other talk, 1 talk of counselling",
    )


def _judge(dialogue: Dialogue) -> Score:
    if dialogue.foreign:
        return Score(None, dialogue.foreign)
    if len(dialogue.words) < LEAST_WORDS:
        return Score(None, "too_short")
    parts = shares(dialogue.words)
    value = sigmoid(BIAS + sum(weight * parts[name] for name, weight in WEIGHTS.items()))
    reason = max(FIELDS, key=lambda name: parts[name]) if value >= 0.5 else "other_talk"  # noqa: PLR2004
    return Score(value, reason, (), parts)


def shares(words: list[str]) -> dict[str, float]:
    """Return the share of words of each field, and of words that speak of a person."""
    counts = dict.fromkeys(FIELDS, 0)
    person = 0
    for word in words:
        for name in _fields(word):
            counts[name] += 1
        person += word in _persons()
    total = len(words) + ADDED
    return {name: count / total for name, count in counts.items()} | {"person": person / total}


def field_words(words: list[str], name: str) -> list[str]:
    """Return the words that belong to a field."""
    return [word for word in words if name in _fields(word)]


@lru_cache(maxsize=1 << 16)
def _fields(word: str) -> tuple[str, ...]:
    whole, begins = _lists()
    return tuple(name for name in FIELDS if word in whole[name] or begins[name].match(word))


@cache
def _lists() -> tuple[dict[str, frozenset[str]], dict[str, re.Pattern[str]]]:
    table = {name: text.split() for name, text in load_preset("score", "domain").items()}
    whole = {name: frozenset(w for w in words if not w.endswith("*")) for name, words in table.items()}
    begins = {
        name: re.compile(_any(w[:-1] for w in words if w.endswith("*"))) for name, words in table.items()
    }
    return whole, begins


def _any(beginnings: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(beginnings))) or r"(?!)"


@cache
def _persons() -> frozenset[str]:
    return word_set("self") | word_set("other")
