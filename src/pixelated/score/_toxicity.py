"""Contempt and threats in a turn, sentence by sentence: against whom, and whether the speaker means them.

The text is read in the form that `_hate_words.canonical` gives it: `xgroup` for a group, `xslur` for a slur.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pixelated.score._cues import Cues, cues
from pixelated.score._hate_words import canonical

_SENTENCES = re.compile(r"[.?\n]+|!+(?=\s|$)")
LEAST_FRAME = 2  # words around a quotation that make it one
DENIABLE = ("threatens", "dehumanises", "insults", "hates")
_DENIAL = re.compile(
    r"(?:[^\n]\b(?:not|arent|isnt|dont|doesnt|didnt|cannot|cant|wont|wouldnt)|\b(?:not|never|stop))\b"
    r"(?: \w+){0,4} ?$"
)
_ASKS = re.compile(r"\W*(?:why |how )?(?:isnt|arent|dont|doesnt|wont|cant|shouldnt|is|are|do|does) ")
REACH = 32  # characters before a wording in which it is denied
CONTEMPT = ("threatens", "dehumanises", "insults", "hates", "belittles", "excludes", "curses")

# What a sentence weighs, set by hand. Hatred of a group above contempt for a person above swearing.
AT_GROUP = {
    "threatens": 0.97,
    "dehumanises": 0.95,
    "hates": 0.92,
    "belittles": 0.9,
    "excludes": 0.9,
    "curses": 0.9,
    "insults": 0.88,
}
AT_PERSON = {
    "threatens": 0.6,
    "dehumanises": 0.55,
    "hates": 0.45,
    "insults": 0.45,
    "belittles": 0.45,
    "curses": 0.4,
    "excludes": 0.35,
}
SLUR_ALONE, SLUR_AT_SOMEBODY, SLUR_PRAISED = 0.7, 0.85, 0.3
SWORN_AT, UNSURE = 0.8, 0.35
OTHER, SWEARING, COUNTERED, OF_THINGS = 0.3, 0.12, 0.25, 0.05


@lru_cache(maxsize=4096)
def toxicity_of(plain: str) -> tuple[float, str]:
    """Return the toxicity of a turn in plain form, and why."""
    table = cues("toxicity")
    text = canonical(plain.replace("'", ""))
    if not table.found(text) & {*CONTEMPT, "slur", "profane"}:
        return 0.0, "none_found"
    if '"' in text and (framed := _without_quotes(text, table)) is not None:
        return framed
    pieces = [piece for piece in _SENTENCES.split(text) if piece.strip()]
    judged = [_sentence(_meant(piece, table)) for piece in pieces]
    named = any({"group", "slur"} & table.found(piece) for piece in pieces)
    if named and len(pieces) > 1:  # "I have met many X. They disgust me."
        judged.append(_sentence(_meant(text, table)))
    return max(judged, default=(0.0, "none_found"))


def _without_quotes(text: str, table: Cues) -> tuple[float, str] | None:
    """Return what the frame of a quoted sentence weighs, where the group stands in the quote alone."""
    pieces = text.split('"')
    frame, quoted = " _ ".join(pieces[::2]), " ".join(pieces[1::2])
    own, words = table.found(frame), len(re.findall(r"[a-z]+", frame))
    if words < LEAST_FRAME or not table.found(quoted) & {"group", "slur"} or own & {"group", "slur"}:
        return None
    return COUNTERED, "quoted"


def _meant(piece: str, table: Cues) -> frozenset[str]:
    """Return the cues of a sentence without the contempt that it denies: "they are not animals"."""
    found = table.found(piece)
    denied = set()
    for name in DENIABLE:
        if name in found:
            starts = [start for start, _ in table.places(name, piece)]
            if not _ASKS.match(piece) and all(
                _DENIAL.search(piece[max(0, start - REACH) : start]) for start in starts
            ):
                denied.add(name)
    return found - denied | ({"denied"} if denied else frozenset())


def _sentence(found: frozenset[str]) -> tuple[float, str]:
    contempt = [name for name in CONTEMPT if name in found]
    if "homonym" in found:
        return OF_THINGS, "another_meaning"
    if found & {"group", "slur"}:
        return _spared(found, contempt) or (
            _slur(found, contempt) if "slur" in found else _group(found, contempt)
        )
    if "counters" in found and contempt:
        return COUNTERED, "countered"
    return _elsewhere(found, contempt)


def _spared(found: frozenset[str], contempt: list[str]) -> tuple[float, str] | None:
    """Return what a sentence weighs that condemns, denies or quotes hatred of a group; None for any other."""
    if "asks_why_wrong" in found:
        return None
    if "counters" in found or {"reports", "judges"} <= found:
        return COUNTERED, "countered"
    return (COUNTERED / 2, "denied") if "denied" in found and not contempt else None


def _group(found: frozenset[str], contempt: list[str]) -> tuple[float, str]:
    if contempt:
        if "praises" in found and not found & {"denies_good", "threatens", "curses"}:
            return COUNTERED, "praise"
        return max((AT_GROUP[name], f"group_{name}") for name in contempt)
    if "denies_good" in found:
        return AT_GROUP["belittles"], "group_belittles"
    if "profane" in found:
        return SWORN_AT, "group_sworn_at"
    if "negates" in found and "praises" not in found:
        return UNSURE, "group_negated"
    return 0.0, "none_found"


def _slur(found: frozenset[str], contempt: list[str]) -> tuple[float, str]:
    meant = {name for name in contempt if name != "belittles"}
    if "praises" in found and not meant & {"threatens", "hates", "dehumanises", "excludes"}:
        return SLUR_PRAISED, "slur_reclaimed"
    if contempt:
        return max((AT_GROUP[name], f"group_{name}") for name in contempt)
    if "at_somebody" in found:
        return SLUR_AT_SOMEBODY, "slur_at_somebody"
    return SLUR_ALONE, "slur"


def _elsewhere(found: frozenset[str], contempt: list[str]) -> tuple[float, str]:
    """Return what contempt or swearing weighs that is against no group."""
    if "myself" in found and not {"threatens"} & set(contempt):
        return 0.0, "of_oneself"
    if contempt and "at_somebody" in found and "things" not in found:
        return max((AT_PERSON[name], f"person_{name}") for name in contempt)
    if contempt and "at_group" in found:
        return OTHER, "other_group"
    if "profane" in found:
        return SWEARING, "swearing"
    return (OF_THINGS, "of_things") if contempt else (0.0, "none_found")
