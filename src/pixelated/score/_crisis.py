"""Danger in a client's turn, clause by clause: which step, whose, when, and whether it is denied.

A clause is what stands between marks and between "but" and its like. A wording counts for the client where it
names the client ("my", "myself") or where no other person stands nearer before it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from pixelated.score._crisis_hints import MERE, Hint, hints
from pixelated.score._cues import Cues, cues, rare_cues

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
    "hint": MERE,
    "hopeless": 0.2,
    "death": 0.1,
}
THRESHOLD = 0.35  # from here on the client counts as in crisis
BY_THE_CLIENT = frozenset({"attempt", "intent", "plan", "method", "self_harm", "passive", "thought"})
IMAGES = frozenset({"thought", "thought_own", "method", "method_own", "harm_others"})
ACTS = frozenset({"method", "attempt"})
WEAK = frozenset({"hopeless", "death"})
# What a wording is worth that tells of the past, of something settled, or only of a topic.
PAST, RESOLVED, TOPIC, UNWANTED, HYPERBOLE = 0.45, 0.6, 0.1, 0.4, 0.3
RAISE, RAISE_BY_HINT = 0.25, 0.6  # how far another step raises the highest
NEGATION_REACH = 48  # characters before a wording in which a denial is looked for
HINT_DENIAL = 3  # words before a hint in which a denial is looked for
_CLAUSES = re.compile(
    r"[.!?;:\n()]+| - |--|\u2014|\u2013|\b(?:but|however|though|although|yet|except that|and yet|and here)\b"
    r"|(?:,|\band) ?(?=(?:now|lately|today|tonight|i|im|ive|ill|id)\b)"
)
_OWN = re.compile(r"\b(?:i|im|ive|ill|id|me|my|mine|myself|kms)\b")
_DENIED_AFTER = re.compile(
    r"^,?(?: \w+){0,4} (?:isnt|is not|wasnt|not|never|nor|hasnt|stopped|ended|went away)\b"
    r"(?: \w+){0,4} (?:mind|option|think|crossed|something|case|anymore|once|had)\b"
)
_SINGLE_QUOTES = re.compile(r"(?<!\w)'(?=\w)([^'\n]*(?:'(?=\w)[^'\n]*)*)'(?!\w)")
_SUBJECT_BEFORE = re.compile(r"(?<!if )(?<!whether )\b(?:i|im|ive|id|ill|i am|i have|i will) (?:\w+ )?$")
_MYSELF = re.compile(r"\b(?:myself|me|i)\b")
_SUBJECT = re.compile(r"\b(?:i|ive|im|id|ill|my|but|and|theres|its|because|so)\b")
_WORD = re.compile(r"\S+")
_SAID_AFTER = re.compile(
    r",? ?(?:(?:is|was|were) (?:what|how) )?(?:he|she|they|my \w+|mum|dad|the \w+) (?:\w+ )?"
    r"(?:sa(?:id|ys)|wrote|texts?|texted|told|shouted|yelled|put it|posted)\b"
)


@dataclass(frozen=True)
class Finding:
    """A step of the ladder that a clause names, with what it weighs there."""

    step: str
    weight: float
    hint: str = ""  # the class of meaning, where the step is only hinted at


@lru_cache(maxsize=4096)
def findings(plain: str) -> tuple[Finding, ...]:
    """Return what a client's turn, in plain form, says of danger; nothing where it is denied or another's."""
    frame = cues("crisis_frame")
    text = without_quotes(plain, frame)
    hinted = _of_hints(text, frame)
    if not cues("crisis_gate").found(text):
        return hinted
    ladder = rare_cues("crisis")
    if not _clauses(text, ladder):
        return hinted
    around = frame.found(text)
    if "idiom" in around:  # some go over the end of a sentence
        text = _masked(text, frame.places("idiom", text))
    told = _clauses(text, ladder)
    return (*(one for clause in told for one in _of_clause(clause, ladder, frame, around)), *hinted)


def _clauses(text: str, ladder: Cues) -> list[str]:
    """Return the clauses that name a step."""
    pieces = (clause for piece in _CLAUSES.split(text) if (clause := piece.strip()))
    return [clause for clause in pieces if ladder.found(clause)]


def severity(found: tuple[Finding, ...]) -> float:
    """Return 0 to 1: the highest step, raised a little by every other one, and more by every mere hint."""
    best: dict[tuple[str, str], float] = {}
    for one in found:
        key = (one.step, one.hint if one.step == "hint" else "")
        best[key] = max(best.get(key, 0.0), one.weight)
    if not best:
        return 0.0
    top = max(best, key=lambda key: best[key])
    left = 1 - best[top]
    for key, weight in sorted(best.items()):
        if key != top:
            left *= 1 - (RAISE_BY_HINT if key[1] else RAISE) * weight
    return 1 - left


def named(found: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return what is said outright, without what is only hinted at."""
    return tuple(one for one in found if not one.hint)


def _of_hints(text: str, frame: Cues) -> tuple[Finding, ...]:
    found = []
    for hint in hints(text, LEVELS):
        share = _hint_share(hint, frame, frame.found(text))
        if share > 0:
            found.append(Finding(hint.step, hint.weight * share, hint.name))
    return tuple(found)


def _hint_share(hint: Hint, frame: Cues, around: frozenset[str]) -> float:
    if hint.name.endswith(".fields"):
        return float("himself" not in around and "past" not in around)
    before, span = hint.sentence[: hint.at[0]], hint.sentence[hint.at[0] : hint.at[1]]
    marks = frame.found(hint.sentence)
    if hint.step in BY_THE_CLIENT and not _OWN.search(span) and _of_another(before, frame, marks - {"you"}):
        return 0.0
    if hint.step != "hint" and _denied(hint.sentence, hint.at[0], frame, len(_just_before(before))):
        return 0.0
    if any(a < hint.at[1] and hint.at[0] < b for a, b in frame.places("idiom", hint.sentence)):
        return 0.0
    if hint.name.endswith("_now"):
        return 1.0
    return _settled(hint.step, marks, around)


def _just_before(before: str) -> str:
    """Return the last words before a hint, since the last subject: what may deny it."""
    start = max((match.end() for match in _SUBJECT.finditer(before)), default=0)
    for match in list(_WORD.finditer(before, start))[:-HINT_DENIAL]:
        start = match.end()
    return before[start:]


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
        share = max(_share(clause, at, step, frame, (marks, around)) for at in places)
        if share > 0:
            found.append(Finding(step, LEVELS[step] * share * _settled(step, marks, around)))
    return found


def _share(
    clause: str, at: tuple[int, int], step: str, frame: Cues, seen: tuple[frozenset[str], frozenset[str]]
) -> float:
    """Return how much of a wording counts for the client now: 0 where it is denied or another person's."""
    marks, around = seen  # what changes the reading: in the clause, in the whole turn
    if step in WEAK:
        return 1.0
    before, span, after = clause[: at[0]], clause[at[0] : at[1]], clause[at[1] :]
    own = bool(_OWN.search(span) or _SUBJECT_BEFORE.search(before))
    lied = "lie" in around
    denied = _denied(clause, at[0], frame) or _DENIED_AFTER.search(after)
    if _others(step, before, span, frame, marks, own=own) or (denied and not lied):
        return 0.0
    if "hyperbole" in marks:
        return HYPERBOLE
    answered = "asked" in marks and "answered_no" in around
    topic = not own and ("topic" in marks or "course" in around)
    return TOPIC if not lied and (answered or topic) else 1.0


def _others(step: str, before: str, span: str, frame: Cues, marks: frozenset[str], *, own: bool) -> bool:
    if "said_to_me" in marks or (not own and _of_another(before, frame, marks)):
        return True
    return step in ACTS and not _MYSELF.search(span) and _done_by_another(before, frame)


def without_quotes(plain: str, frame: Cues) -> str:
    """Return a turn without apostrophes and without what another is quoted with: `she writes "I die"`."""
    if "'" in plain:
        if " '" in plain or plain.startswith("'"):
            plain = _SINGLE_QUOTES.sub(r'"\1"', plain)
        plain = plain.replace("'", "")
    if '"' not in plain:
        return plain
    pieces = plain.split('"')
    for n in range(1, len(pieces) - 1, 2):
        said_by = frame.found(re.split(r"[.!?]", pieces[n - 1])[-1])
        if "third" in said_by or "names" in said_by or _SAID_AFTER.match(pieces[n + 1]):
            pieces[n] = "_"
    return '"'.join(pieces)


def _of_another(before: str, frame: Cues, marks: frozenset[str]) -> bool:
    if "himself" in marks:
        return True
    others = frame.places("third", before) + (frame.places("you", before) if "you" in marks else [])
    if not others:
        return "first" not in marks and "third" in marks
    first = frame.places("first", before)
    return not first or first[-1][0] < max(others)[0]


def _done_by_another(before: str, frame: Cues) -> bool:
    """Whether the word just before a wording is another person: `somebody jumped in front of my train`."""
    return any(end == len(before.rstrip()) for _, end in frame.places("third", before))


def _denied(clause: str, start: int, frame: Cues, within: int = NEGATION_REACH) -> bool:
    """Whether an odd number of denials reaches the wording that begins at `start`."""
    reach = max(clause.rfind(",", 0, start) + 1, start - within)
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
    if "unwanted" in around and "lie" not in around and step in IMAGES:
        share *= UNWANTED
    if "past" in marks and "now" not in marks:
        share *= PAST
        if "resolved" in around:
            share *= RESOLVED
    return share


def _masked(text: str, places: list[tuple[int, int]]) -> str:
    for start, end in reversed(places):
        text = f"{text[:start]}_{text[end:]}"
    return text
