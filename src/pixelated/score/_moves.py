"""Conversational moves of a turn, read from its wording: greeting, question, answer, thanks, farewell ...

Own lists, after the adjacency pairs of conversation analysis (Schegloff & Sacks 1973, "Opening up
closings"): a first part makes a second part expected (greeting-greeting, question-answer,
thanks-acknowledgement, offer-acceptance, farewell-farewell). A turn may make several moves.
"""

from __future__ import annotations

from functools import cache, lru_cache

import re2

from pixelated.core.presets import load_preset
from pixelated.score._lexicon import word_set

GREETING, HOW_ARE_YOU, STATE, POLAR, OPEN = "greeting", "how_are_you", "state", "polar", "open"
ANSWER, THANKS, WELCOME, FAREWELL = "answer", "thanks", "welcome", "farewell"
ADVICE, UPTAKE, TROUBLE, SYMPATHY, RELIEF, PLAN = "advice", "uptake", "trouble", "sympathy", "relief", "plan"
WISH = "wish"

_HEAD = 60  # characters in which a turn opens


def moves(text: str, sentences: list[list[str]]) -> frozenset[str]:
    """Return the names of the moves that a turn makes.

    Args:
        text: the turn in plain form.
        sentences: the words of its sentences.
    """
    return _moves(text) | question_kind(text, sentences)


@lru_cache(maxsize=4096)
def _moves(text: str) -> frozenset[str]:
    (anywhere, names), (head, head_names) = _tables()
    found = {names[n] for n in anywhere.Match(text) or ()}
    found |= {head_names[n] for n in head.Match(text[:_HEAD]) or ()}
    return frozenset(found)


@cache
def _tables() -> tuple[tuple[re2.Set, list[str]], tuple[re2.Set, list[str]]]:
    table = load_preset("score", "moves")
    return _compile(table["anywhere"]), _compile(table["head"])


def _compile(moves_made: dict[str, list[str]]) -> tuple[re2.Set, list[str]]:
    """Make one automaton of all patterns: a single pass over a text tells which of them match."""
    automaton = re2.Set.SearchSet()
    for patterns in moves_made.values():
        automaton.Add("|".join(patterns))
    automaton.Compile()
    return automaton, list(moves_made)


def question_kind(text: str, sentences: list[list[str]]) -> frozenset[str]:
    """Return POLAR or OPEN where the last sentence asks for yes or no, or for more; else nothing."""
    if not sentences:
        return frozenset()
    last = sentences[-1]
    asks, helps = word_set("question_words"), word_set("auxiliaries")
    while len(last) > 1 and last[0] in word_set("lead_in"):
        last = last[1:]
    marked = text.rstrip().rstrip("\"')").endswith("?")
    if last[0] in asks and (marked or (len(last) > 2 and last[1] in helps)):  # noqa: PLR2004 - "why is it"
        return frozenset({OPEN})
    if last[0] in helps and (marked or last[1:2] == ["you"]):
        return frozenset({POLAR})
    if marked:
        return frozenset({OPEN if asks & set(last) else POLAR})
    return frozenset()
