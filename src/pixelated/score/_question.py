"""Does a text support the person that an answer names? Read from clauses, negation, praise and blame.

A question such as "Who was unable to follow the talk?" after a text on two people: the text answers it where
it goes on to say something of either of them. What is said of the person that the answer names, and of the
other, is held against the question: by shared words, and by whether both speak well or ill.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from pixelated.core.presets import load_preset
from pixelated.score.english import english
from pixelated.score.words import plain, stem

ASKS = re.compile(r"^(?:so |and |but |then |now )?(?:who|whom|whose|which)\b")
_SENTENCE = re.compile(r"(?<=[.!?])[\"')\]]*\s+")
_CLAUSE = re.compile(
    r"(?:[,;:]\s+|\s+)(?:but|while|whereas|although|though|however|yet)\s+|[;]\s+|,\s+(?:and|so|because|since)\s+"
    r"|\s+and\s+(?=(?:the|my|his|her|their|one|that|an?)\s)|\s+-+\s+|,\s+(?=(?:the|my|while)\s)"
)
_TOKEN = re.compile(r"[a-z0-9]+(?:['-][a-z]+)*")
_NEGATION = frozenset(
    [
        "not",
        "no",
        "never",
        "none",
        "nobody",
        "nothing",
        "neither",
        "nor",
        "cannot",
        "can't",
        "don't",
        "doesn't",
        "didn't",
        "isn't",
        "wasn't",
        "aren't",
        "weren't",
        "won't",
        "wouldn't",
        "couldn't",
        "shouldn't",
        "hasn't",
        "haven't",
        "hadn't",
        "hardly",
        "barely",
        "rarely",
        "without",
        "unable",
        "unlikely",
        "lacked",
        "lacks",
        "failed",
        "fails",
        "refused",
        "refuses",
        "stopped",
    ]
)
# Words that every description of a person has, and that tell nobody apart.
_ANYBODY = frozenset(
    [
        "the",
        "a",
        "an",
        "one",
        "who",
        "whos",
        "is",
        "was",
        "were",
        "are",
        "with",
        "of",
        "in",
        "to",
        "at",
        "by",
        "on",
        "from",
        "and",
        "or",
        "that",
        "this",
        "his",
        "her",
        "their",
        "its",
        "has",
        "had",
        "have",
        "person",
        "people",
        "man",
        "woman",
        "guy",
        "girl",
        "boy",
        "lady",
        "individual",
        "someone",
        "somebody",
        "he",
        "she",
        "they",
        "him",
        "them",
        "it",
        "be",
        "been",
        "being",
        "which",
        "whose",
        "for",
        "as",
        "so",
        "very",
        "also",
        "other",
        "another",
        "both",
    ]
)
_PRONOUN = frozenset(("he", "she", "they", "it", "her", "him", "them", "his", "their", "who"))
_HEADS = frozenset(
    "the my his her their one another other our an a mr mrs ms dr".split()  # noqa: SIM905 - see above
)
_REPORTS = frozenset(
    ("said", "says", "told", "claimed", "saw", "noticed", "mentioned", "thought", "heard", "complained")
)
_SAME_WORD, _LOOKED_AT = 1.5, 4  # weight of a shared word; words that a negation turns
_PLAIN = 0.5  # product of what two texts say, from which both speak plainly well or ill
_CONTRARY = ("un", "in", "im", "dis", "non", "ir")
NAMED, OTHER = "named", "other"


@dataclass(frozen=True)
class Reading:
    """What a text says on the answer to a question.

    `told`: it goes on to speak of either person after naming them. `support`: how much more it speaks for the
    person named than for the other one; 0 where that cannot be told.
    """

    told: bool
    support: float


def split_question(text: str) -> tuple[list[str], str] | None:
    """Return the sentences of a text and the question on a person that ends it, or None."""
    found = [piece.strip() for piece in _SENTENCE.split(plain(text).replace("\n", " ")) if piece.strip()]
    if len(found) < 2 or not found[-1].rstrip("\"') ").endswith("?") or not ASKS.match(found[-1]):  # noqa: PLR2004 - a text and its question
        return None
    return found[:-1], found[-1]


def read_answer(sentences: Sequence[str], question: str, answer: str) -> Reading:
    """Hold an answer against a text: the first sentence says who is there, the others what they did."""
    people = {stem(word) for word in _tokens(sentences[0]) if word not in _ANYBODY and len(word) > 2}  # noqa: PLR2004 - "is"
    keys = _keys(answer, sentences)
    clauses = [clause for sentence in sentences[1:] for clause in _clauses(sentence)]
    if not keys or not clauses:
        return Reading(told=False, support=0.0)
    others = people - keys - {stem(word) for word in _tokens(question)}
    found = {NAMED: 0.0, OTHER: 0.0, "": 0.0}
    who, told = "", False
    for clause in clauses:
        who = _subject(clause, keys, others) or who
        told = told or bool(who)
        found[who] += _fit(
            [word for word in clause if stem(word) not in people or word in _NEGATION], question
        )
    return Reading(told, found[NAMED] - found[OTHER])


def _keys(answer: str, sentences: Sequence[str]) -> frozenset[str]:
    """Return the stems of the answer that tell its person apart, as far as they stand in the text."""
    known = {stem(word) for word in _tokens(" ".join(sentences))}
    words = [word for word in _tokens(plain(answer)) if word not in _ANYBODY]
    found = frozenset(stem(word) for word in words) & known
    if not found:
        generic = [w for w in _tokens(plain(answer)) if w in _ANYBODY and len(w) > 2]  # noqa: PLR2004 - "man"
        return frozenset(map(stem, generic)) & known - _HEADS
    # "a friend who is blind and a friend who is tall": what both are called tells neither
    first = [stem(word) for word in _tokens(sentences[0])]
    apart = frozenset(name for name in found if first.count(name) < 2)  # noqa: PLR2004 - once each
    return apart or found


def _clauses(sentence: str) -> list[list[str]]:
    return [tokens for piece in _CLAUSE.split(sentence) if piece and (tokens := _tokens(piece))]


@lru_cache(maxsize=8192)
def _split(text: str) -> tuple[str, ...]:
    return tuple(_TOKEN.findall(text))


def _tokens(text: str) -> list[str]:
    return list(_split(text))


def _subject(clause: list[str], keys: frozenset[str], others: set[str]) -> str:
    """Return whom a clause speaks of: NAMED, OTHER, or "" where it goes on with whom it spoke of before."""
    stems = [stem(word) for word in clause]
    reported = next((n for n, word in enumerate(clause) if word in _REPORTS), None)
    if reported is not None and any(name in keys or name in others for name in stems[reported:]):
        stems = stems[reported:]  # "the teacher said that the pupil ..." is about the pupil
    for name in stems:
        if name in keys:
            return NAMED
        if name in others:
            return OTHER
    if clause[0] in _PRONOUN:
        return ""
    return OTHER if clause[0] in _HEADS or not english().knows(clause[0]) else ""


def _fit(clause: list[str], question: str) -> float:
    """Return how far a clause says what the question asks for; less than 0: it says the contrary."""
    asked = _tokens(question)
    both = _well(clause) * _well(asked)
    contrary = both < 0 if abs(both) > _PLAIN else _negated(asked) != _negated(clause)
    return _SAME_WORD * len(_content(asked) & _content(clause)) * (-1 if contrary else 1) + both


def _content(words: Iterable[str]) -> set[str]:
    return {stem(w) for w in words if w not in _ANYBODY and w not in _NEGATION and len(w) > 2}  # noqa: PLR2004 - "be"


def _negated(words: Sequence[str]) -> bool:
    return sum(word in _NEGATION for word in words) % 2 == 1


def _well(words: Sequence[str]) -> float:
    """Return 1 where words speak well of somebody, -1 where ill, less where both; negations turn them."""
    total = 0
    for n, word in enumerate(words):
        value = _trait(word)
        if value and any(w in _NEGATION for w in words[max(0, n - _LOOKED_AT) : n]):
            value = -value
        total += value
    lone = total == 0 and _negated(words)
    return max(-1.0, min(1.0, total * 0.75)) if not lone else -0.25


@lru_cache(maxsize=16384)
def _trait(word: str) -> int:
    if word in _NEGATION and word in ("unable", "lacks", "lacked", "failed", "fails", "refused", "refuses"):
        return -1
    value = _listed(word)
    for prefix in _CONTRARY:
        if not value and word.startswith(prefix):
            value = -_listed(word.removeprefix(prefix))
    return value


def _listed(word: str) -> int:
    good, bad = _traits()
    for end in range(len(word), 2, -1):
        piece = word[:end]
        if piece in bad or piece in good:
            value = 1 if piece in good else -1
            return value if end == len(word) or end > 3 else 0  # noqa: PLR2004 - short stems are words
    return 0


@cache
def _traits() -> tuple[frozenset[str], frozenset[str]]:
    table = load_preset("score", "traits")
    return frozenset(table["good"].split()), frozenset(table["bad"].split())
