"""The questions of a turn, and what each is after: open or closed, generic or specific, or none at all.

After the MISC 2.5 (Miller et al. 2003) and the exploration of Sharma et al. 2020. The marked ones end on a
question mark; without any mark, a sentence that begins like a question to the client counts as one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from pixelated.score._cues import cues
from pixelated.score._lexicon import word_set
from pixelated.score.dialogue import Turn
from pixelated.score.words import words

_ENDED = re.compile(r"[^.!?\n]+[.!?\n]*")  # linear: it takes all it passes
# A long sentence asks at its end: what stands before the last comma of it is told.
_LONG = 25
SPECIFIC_WORDS = 4
REMEMBERED = 4096  # turns
_INVITATION = re.compile(
    r"\b(tell me|talk to me|say) (\w+ )?(more|about|what|how|why)\b|\b(describe|walk me through)\b"
)


@dataclass(frozen=True)
class Question:
    """A question: its words, whether it is open, built as a question, and the names of the cues in it."""

    words: tuple[str, ...]
    open: bool
    inverted: bool
    cues: frozenset[str]

    @property
    def to_client(self) -> bool:
        """Whether it asks the client for something, and is no tag, no rhetoric and no advice."""
        if "tag" in self.cues or "suggestion" in self.cues:
            return False
        if {"generic", "tried", "situation", "experience"} & self.cues:
            return not _of_the_speaker(self.words)
        return False

    @property
    def specific(self) -> bool:
        """Whether it is after something in particular, and not only after the client in general."""
        return (
            self.to_client
            and "generic" not in self.cues
            and len(self.words) >= SPECIFIC_WORDS
            and not ("tried" in self.cues and "experience" not in self.cues)
        )


@lru_cache(maxsize=REMEMBERED)
def questions(turn: Turn) -> list[Question]:
    """Return the questions of a turn in order; several scorers read them."""
    texts = (
        [text.rstrip(".!?\n") for text in _ENDED.findall(turn.plain) if "?" in text]
        if "?" in turn.plain
        else []
    )
    if not texts:
        texts = [" ".join(found) for found in turn.sentences if _begins_like_one(found)]
    return [made for text in texts if (made := _question(text)) is not None]


def sentences(turn: Turn) -> list[str]:
    """Return the sentences of a turn as they stand, with their marks."""
    return _ENDED.findall(turn.speech)


def statements(turn: Turn) -> str:
    """Return the plain turn without the sentences that are built as questions."""
    if "?" not in turn.plain:
        return turn.plain
    pieces = _ENDED.findall(turn.plain)
    return "".join(piece for piece in pieces if "?" not in piece or not _begins_as_question(words(piece)))


def _begins_as_question(found: list[str]) -> bool:
    lead, begins = word_set("lead_in"), word_set("question_words") | word_set("auxiliaries")
    first = next((word for word in found if word not in lead), "")
    return first in begins


def invites(turn: Turn) -> bool:
    """Say whether the turn invites the client to tell more, without a question."""
    return _INVITATION.search(turn.plain) is not None


def _question(text: str) -> Question | None:
    found = words(text)
    if not found:
        return None
    if len(found) > _LONG:
        text = text.rsplit(",", 1)[-1]
    return Question(tuple(found), _is_open(found), _is_inverted(found), cues("questions").found(text.strip()))


def _is_open(found: list[str]) -> bool:
    asks, helps = word_set("question_words"), word_set("auxiliaries")
    rest = found[_led_in(found) :]
    if rest[0] in asks:
        return rest[:2] not in (["how", "old"], ["how", "many"], ["how", "often"], ["how", "much"])
    if rest[0] in helps:
        return False
    return any(word in asks for word in rest[-6:]) or any(word in asks for word in rest[:4])


def _led_in(found: list[str]) -> int:
    """Return where a question begins behind "so", "and then" and their like; its last word counts always."""
    lead = word_set("lead_in")
    return next((n for n, word in enumerate(found[:-1]) if word not in lead), len(found) - 1)


def _is_inverted(found: list[str]) -> bool:
    """Say whether a question has a question's order of words, and is no statement with a mark."""
    helps, other = word_set("auxiliaries"), word_set("other") | word_set("self")
    if _is_open(found) or found[0] in helps:
        return True
    # "when you drink, do you feel it", and no tag: "you drink a lot, do you"
    return any(a in helps and b in other and n < len(found) - 2 for n, (a, b) in enumerate(pairwise(found)))


def _begins_like_one(found: list[str]) -> bool:
    asks, helps = word_set("question_words"), word_set("auxiliaries")
    at = _led_in(found)
    if len(found) - at < 3:  # noqa: PLR2004 - "how you feel" is the shortest
        return False
    first, rest = found[at], found[at + 1 : at + 5]
    if first in asks:
        return any(a in helps and b == "you" for a, b in pairwise(rest))
    return first in helps and rest[0] == "you"


def _of_the_speaker(found: tuple[str, ...]) -> bool:
    myself, other = word_set("self"), word_set("other")
    return any(w in myself for w in found[:4]) and not any(w in other for w in found)
