"""Danger in a client's turn, clause by clause: which step, whose, when, and whether it is denied.

A clause is what stands between marks and between "but" and its like. A wording counts for the client where it
names the client ("my", "myself") or where no other person stands nearer before it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from pixelated.score._cues import Cues, cues

# Steps after the Columbia scale, set by hand: each step above the one below it, the first above `THRESHOLD`.
LEVELS = {
    "passive": 0.42,
    "hidden": 0.45,
    "self_harm": 0.5,
    "self_harm_own": 0.5,
    "thought": 0.55,
    "thought_own": 0.58,
    "harm_others": 0.6,
    "method": 0.66,
    "method_own": 0.7,
    "intent": 0.8,
    "plan": 0.86,
    "attempt": 0.93,
    "hopeless": 0.2,
    "death": 0.1,
}
THRESHOLD = 0.35  # from here on the client counts as in crisis
WEAK = frozenset({"hopeless", "death"})
# What a wording is worth that tells of the past, of something settled, or only of a topic.
PAST, RESOLVED, TOPIC = 0.45, 0.6, 0.1
NEGATION_REACH = 48  # characters before a wording in which a denial is looked for
_CLAUSES = re.compile(
    r"[.!?;:\n()]+| - |--|\u2014|\u2013|\b(?:but|however|though|although|yet|except that|and yet|and here)\b"
    r"|(?:,|\band) ?(?=(?:now|lately|today|tonight|i|im|ive|ill|id)\b)"
)
_OWN = re.compile(r"\b(?:i|im|ive|ill|id|me|my|mine|myself|kms)\b")
_DENIED_AFTER = re.compile(
    r"^,?(?: \w+){0,4} (?:isnt|is not|wasnt|not|never|nor|hasnt|stopped|ended|went away)\b"
    r"(?: \w+){0,4} (?:mind|option|think|crossed|something|case|anymore|once|had)\b"
)


@dataclass(frozen=True)
class Finding:
    """A step of the ladder that a clause names, with what it weighs there."""

    step: str
    weight: float


@lru_cache(maxsize=4096)
def findings(plain: str) -> tuple[Finding, ...]:
    """Return what a client's turn, in plain form, says of danger; nothing where it is denied or another's."""
    text = plain.replace("'", "")
    if not cues("crisis_gate").found(text):
        return ()
    ladder, frame = cues("crisis"), cues("crisis_frame")
    pieces = [clause for piece in _CLAUSES.split(_without_quotes(text, frame)) if (clause := piece.strip())]
    named = [clause for clause in pieces if ladder.found(clause)]
    if not named:
        return ()
    around = frame.found(text)
    return tuple(one for clause in named for one in _of_clause(clause, ladder, frame, around))


def severity(found: tuple[Finding, ...]) -> float:
    """Return 0 to 1: the highest step, raised a little by every other one."""
    best: dict[str, float] = {}
    for one in found:
        best[one.step] = max(best.get(one.step, 0.0), one.weight)
    if not best:
        return 0.0
    top = max(best, key=lambda step: best[step])
    left = 1 - best[top]
    for step, weight in sorted(best.items()):
        if step != top:
            left *= 1 - 0.25 * weight
    return 1 - left


def _of_clause(clause: str, ladder: Cues, frame: Cues, around: frozenset[str]) -> list[Finding]:
    if "idiom" in frame.found(clause):
        clause = _masked(clause, frame.places("idiom", clause))
    steps = ladder.found(clause)
    if not steps:
        return []
    marks = frame.found(clause)
    found = []
    for step in sorted(steps):
        places = ladder.places(step, clause)
        share = max(_share(clause, at, step, frame, marks, lied="lie" in around) for at in places)
        if share > 0:
            found.append(Finding(step, LEVELS[step] * share * _settled(step, marks, around)))
    return found


def _share(
    clause: str, at: tuple[int, int], step: str, frame: Cues, marks: frozenset[str], *, lied: bool
) -> float:
    """Return how much of a wording counts for the client now: 0 where it is denied or another person's."""
    before, span, after = clause[: at[0]], clause[at[0] : at[1]], clause[at[1] :]
    if step in WEAK:
        return 1.0
    own = bool(_OWN.search(span))
    if not own and _of_another(before, frame, marks):
        return 0.0
    if "said_to_me" in marks:
        return 0.0
    if not lied and (_denied(clause, at[0], frame) or _DENIED_AFTER.search(after)):
        return 0.0
    return TOPIC if not own and "topic" in marks else 1.0


def _without_quotes(text: str, frame: Cues) -> str:
    """Leave out what another person is quoted with: `she writes "I won't be here"`."""
    if '"' not in text:
        return text
    pieces = text.split('"')
    for n in range(1, len(pieces) - 1, 2):
        said_by = re.split(r"[.!?]", pieces[n - 1])[-1]
        if "third" in frame.found(said_by):
            pieces[n] = "_"
    return '"'.join(pieces)


def _of_another(before: str, frame: Cues, marks: frozenset[str]) -> bool:
    if "himself" in marks:
        return True
    others = frame.places("third", before) + frame.places("you", before)
    if not others:
        return "first" not in marks and "third" in marks
    first = frame.places("first", before)
    return not first or first[-1][0] < max(others)[0]


def _denied(clause: str, start: int, frame: Cues) -> bool:
    """Whether an odd number of denials reaches the wording that begins at `start`."""
    reach = max(clause.rfind(",", 0, start) + 1, start - NEGATION_REACH)
    denials = [at for at in frame.places("negator", clause[:start]) if at[0] >= reach]
    if not denials:
        return False
    seeming = frame.places("not_negator", clause)
    meant = [at for at in denials if not any(a <= at[0] < b for a, b in seeming)]
    if any(clause.startswith("neither", at[0]) for at in meant):
        return True  # "neither ... nor" denies both, whatever their number
    return len(meant) % 2 == 1


def _settled(step: str, marks: frozenset[str], around: frozenset[str]) -> float:
    if step in WEAK:
        return 1.0
    share = 1.0
    if "past" in marks and "now" not in marks:
        share *= PAST
        if "resolved" in around:
            share *= RESOLVED
    return share


def _masked(text: str, places: list[tuple[int, int]]) -> str:
    for start, end in reversed(places):
        text = f"{text[:start]}_{text[end:]}"
    return text
