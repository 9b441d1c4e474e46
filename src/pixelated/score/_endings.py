"""How a message ends: with a full stop, without one, on a word that cannot end, or inside a word."""

from __future__ import annotations

import re

from pixelated.score._lexicon import word_set
from pixelated.score.dialogue import Turn
from pixelated.score.english import english

STOPPED, BARE, BARE_AFTER_STOPS, OPEN_MARK, DANGLING, PARTIAL = (
    "stopped",  # . ! ? or an ellipsis, perhaps before a quotation mark, or an emoji in its place
    "bare",  # no mark, in a message that uses none, as in chat
    "bare_after_stops",  # no mark, though earlier sentences of the message have one
    "open_mark",  # a comma, a colon, a dash or an opening bracket
    "dangling",  # a word after which an English sentence hardly ever ends: "the", "my", "because"
    "partial",  # no word, but the beginning of one
)
EMPTY = "empty"

# What may follow the last mark: quotation marks, brackets, emoji and white space.
_TRAIL = " \t\r\n\"'\u201d\u2019)]*_~>"
_PICTURES = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f\u200d]")
_INNER_STOP = re.compile(r"[.!?][\"'\u201d\u2019)]*\s")
_LAST_WORD = re.compile(r"[a-z']+$")
# A face of marks and letters stands where a full stop would.
_FACE = re.compile(r"(?:^|[\s.!?])(?:[:;=xX8]'?-?[()DPpSsCcOo/|3]|[oO0]_[oO0])$")
_INITIAL = re.compile(r"(?:^|[\s.])[B-HJ-Z]$")  # a name's or a grade's; "I" and "A" are words
# A bracket or a quotation that the speaker closes is no text broken off.
_CLOSES = re.compile(r"[\"\u201d)\]][\s.]*$")
_STOPS, _OPEN = ".!?\u2026", ",;:-\u2013\u2014(/&"
DANGLES_BELOW = -1.6  # nats: such a word ends a sentence five times less often than chance has it
MIN_PIECE = 2
LONGEST_TAIL = 60  # characters in which the last word is looked for


def ending(turn: Turn) -> str:
    """Return how the text of a message ends, one of the names above."""
    text = _without_trail(turn.speech)
    if not text:
        # A message of emoji, or of a redacted name alone, is whole.
        return STOPPED if turn.text.strip() else EMPTY
    if (
        text[-1] in _STOPS
        or _FACE.search(turn.speech[-LONGEST_TAIL:].rstrip())
        or _PICTURES.match(turn.speech.rstrip(_TRAIL)[-1:])
    ):
        return STOPPED
    if text[-1] in _OPEN:
        return OPEN_MARK
    tail = turn.plain[-LONGEST_TAIL:].rstrip(_TRAIL)
    found = _LAST_WORD.search(tail) if _may_break_off(turn, text) else None
    if found and (kind := _word_ending(found.group().strip("'"))) and not _stranded(turn):
        return kind
    return BARE_AFTER_STOPS if _INNER_STOP.search(text) else BARE


def _may_break_off(turn: Turn, text: str) -> bool:
    return text[-1].isalpha() and not _CLOSES.search(turn.speech[-8:]) and not _INITIAL.search(text[-2:])


def _stranded(turn: Turn) -> bool:
    """Say whether the message ends on a preposition bound to the word before it, as in "easier not to"."""
    words = turn.words[-3:]
    if words[-1] not in word_set("stranded"):
        return False
    if words[-1] == "to":
        return len(words) > 1 and words[-2] in word_set("before_to")
    return len(words) > 1 and words[-2] in word_set("before_stranded")


def _without_trail(text: str) -> str:
    text = text.rstrip(_TRAIL)
    if text and _PICTURES.match(text[-1]):
        text = _PICTURES.sub("", text).rstrip(_TRAIL)
    return text


def inner_stops(turn: Turn) -> int:
    """Return how many sentences inside the message, before its end, close with a mark."""
    return len(_INNER_STOP.findall(_without_trail(turn.speech)))


def _word_ending(word: str) -> str | None:
    table = english()
    if word in word_set("chat"):
        return None
    if word in table.closed:
        return DANGLING if table.ends_sentence(word) < DANGLES_BELOW else None
    if not table.knows(word) and len(word) >= MIN_PIECE and table.begins_a_word(word):
        return PARTIAL
    return PARTIAL if len(word) == 1 else None
