"""Names that a cue beside them makes names: "told Mark that", "Big Rob", "K. reports", "works at Pfizer".

The tagger learns from words and their neighbours, and stays in doubt of a Hope or a Will; a few wordings
leave none. The words are in `presets/pii/name_cues.yaml`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import re2

from pixelated.clean.names import gazetteer as g
from pixelated.clean.names.kept import kept_positions, load_kept
from pixelated.clean.names.tokens import tokens_of
from pixelated.clean.spans import Span
from pixelated.core.presets import load_preset

_CONFIDENCE = 0.9  # replaced, and not looked for elsewhere in the record
_INITIAL = "[B-HJ-Z]"
_OWN = "(?:[Mm]y|[Hh]is|[Hh]er|[Oo]ur|[Tt]heir|[Yy]our)"
_END = r"(?:[^a-zA-Z0-9\x{c0}-\x{24f}]|$)"
_WORD = r"[A-Z\x{c0}-\x{de}][a-z\x{df}-\x{24f}]+(?:[-'\x{2019}][A-Z][a-z]+)?"
_PARTICLE = (
    "(?:van (?:der|den|de|het|'t)|von (?:der|dem)|van|von|de la|de los|de las|de|del|della|di|da|dos|du|bin"
    "|ibn|ter|ten|bint|al|el)"
)


def find_cued(text: str) -> Iterator[Span]:
    """Yield the names that a cue makes certain; spans may overlap."""
    rules = _rules()
    if not rules["any"].search(text):  # one pass for most texts
        return
    for span in (
        *_word_names(text, rules),
        *_people(text, rules),
        *_lower(text, rules),
        *_places(text, rules),
    ):
        words = [token.text for token in tokens_of(text[span.start : span.end])]
        if span.type == "ORG" or not words or len(kept_positions(words)) < len(words) or _is_word_name(words):
            yield span


def _is_word_name(words: list[str]) -> bool:
    return len(words) == 1 and words[0].lower() in _word_list()


def _word_names(text: str, rules: dict[str, Any]) -> Iterator[Span]:
    for name in ("told", "beside", "does", "did", "whose", "appos", "related", "led", "named", "greeted"):
        for match in rules[name].finditer(text):
            yield _span(match, "PERSON")
    for match in rules["listed"].finditer(text):
        before = g.bits_of(match.group(1))
        if not before & g.COMMON and (before & g.GIVEN or not before):
            yield _span(match, "PERSON", 2)


def _people(text: str, rules: dict[str, Any]) -> Iterator[Span]:
    for match in rules["nick"].finditer(text):
        short = match.group(2)
        bits = g.bits_of(short)
        if short.lower() not in rules["not_nicked"] and bits & g.GIVEN and not bits & g.COMMON:
            yield _span(match, "PERSON")
    for match in rules["title"].finditer(text):
        word, bits = match.group(1).lower(), g.bits_of(match.group(1))
        if word not in rules["not_titled"] and not bits & g.COMMON and not _is_kept(word):
            yield _span(match, "PERSON")
    for match in rules["particle"].finditer(text):
        first, rare = (
            g.bits_of(match.group(2)),
            match.group(3)[:4] in ("van ", "von ", "bin ", "ibn ", "ter "),
        )
        if first & g.GIVEN or (rare and not first & (g.COMMON | g.CITY | g.COUNTRY)):
            yield _span(match, "PERSON")
    for name in ("initial", "initials", "his_initial", "titled_initial"):
        for match in rules[name].finditer(text):
            yield _span(match, "PERSON")


def _lower(text: str, rules: dict[str, Any]) -> Iterator[Span]:
    """Yield given names in lower case beside a relation or as a subject, and who greets with a name."""
    for name in ("kin_lower", "me_and", "and_me", "says_lower"):
        for match in rules[name].finditer(text):
            bits = g.bits_of(match.group(1))
            if bits & g.GIVEN and not bits & (g.COMMON | g.NATION) and not _is_kept(match.group(1)):
                yield _span(match, "PERSON")
    for match in rules["greets"].finditer(text):
        if not g.bits_of(match.group(1)) & g.COMMON and not _is_kept(match.group(1)):
            yield _span(match, "PERSON")
    for match in rules["titled"].finditer(text):
        bits = g.bits_of(match.group(2))
        if not bits & g.COMMON and (bits & (g.GIVEN | g.FAMILY) or not bits) and not _is_kept(match.group(2)):
            yield _span(match, "PERSON")


def _places(text: str, rules: dict[str, Any]) -> Iterator[Span]:
    """Yield employers behind words of work, and schools, clinics and churches by their last word."""
    for match in rules["work"].finditer(text):
        words = [w for w in match.group(1).split() if w[0].isupper()]
        if not all(_is_generic(w) for w in words):
            yield _span(match, "ORG")
    for match in rules["employer"].finditer(text):
        yield _span(match, "ORG")
    for match in rules["institution"].finditer(text):
        words = [w for w in match.group(2).split() if w[0].isupper()]
        sure = any(_names_a_place(w.removesuffix("'s")) for w in words)
        kept = len(kept_positions([t.text for t in tokens_of(match.group(1))])) > 1
        if sure and not kept:
            yield _span(match, "ORG")
    for match in rules["saint"].finditer(text):
        yield _span(match, "ORG", 0)
    for match in rules["school_lower"].finditer(text):
        if _names_a_place(match.group(2)):
            yield _span(match, "ORG")


def _is_generic(word: str) -> bool:
    """Say whether a capitalised word names no employer: a public service, a title, a common word."""
    lower = word.lower().strip(".,")
    bits = g.bits_of(lower)
    return bool(bits & (g.COMMON | g.COUNTRY | g.NATION)) or lower in _services() or _is_day(lower)


def _names_a_place(word: str) -> bool:
    """Say whether a word tells one school or church from the others: a name, or a word that is on no list."""
    bits = g.bits_of(word)
    named = bits & (g.GIVEN | g.FAMILY | g.CITY) or not bits & g.VOCABULARY
    return bool(named) and not bits & (g.COMMON | g.NATION) and word.lower() not in ("junior", "senior")


def _is_day(lower: str) -> bool:
    return lower in _terms(load_preset("pii", "kept_names")["always"]["calendar"])


def _is_kept(word: str) -> bool:
    return word.lower() in load_kept().single


@cache
def _services() -> frozenset[str]:
    always = load_preset("pii", "kept_names")["always"]
    return frozenset(_terms(always["services"] + ";" + always["credentials"]))


def _span(match: Any, kind: str, group: int = 1) -> Span:
    return Span(match.start(group), match.end(group), kind, _CONFIDENCE)


def _terms(text: str) -> list[str]:
    return [" ".join(term.split()) for term in text.split(";") if term.strip()]


@cache
def _word_list() -> frozenset[str]:
    table = load_preset("pii", "name_cues")
    return frozenset(_terms(";".join([*(table[k] for k in ("abstract", "calendar", "plain")), "christian"])))


def _any(terms: list[str]) -> str:
    return "(?:" + "|".join(sorted(map(re2.escape, terms), key=lambda t: (-len(t), t))) + ")"


@cache
def _rules() -> dict[str, Any]:
    """Compile the wordings once."""
    table = load_preset("pii", "name_cues")
    lists = {name: _terms(value) for name, value in table.items() if isinstance(value, str)}
    patterns = _of_word_names(lists) | _of_people(lists) | _in_lower_case(lists) | _of_places(lists)
    compiled: dict[str, Any] = {name: re2.compile(pattern) for name, pattern in patterns.items()}
    compiled["any"] = re2.compile("|".join(f"(?:{pattern})" for pattern in patterns.values()))
    return compiled | {name: frozenset(lists[name]) for name in ("not_nicked", "not_titled")}


def _of_word_names(lists: dict[str, list[str]]) -> dict[str, str]:
    """Return the patterns of given names that are common words."""
    groups = {k: _any([w.capitalize() for w in lists[k]]) for k in ("abstract", "calendar", "plain")}
    every, kin, deeds = "(?:" + "|".join(groups.values()) + ")", _any(lists["roles"]), _any(lists["deeds"])
    did = "died|left|came|went|walked|sat|stood|moved|didn't|doesn't|won't"
    theirs = f"{kin}|funeral|birthday|wedding|house|place|room|death|family"
    greeting = "[Hh]i|[Hh]ello|[Hh]ey|[Dd]ear|[Tt]hanks|[Tt]hank you|[Bb]ye|[Mm]orning|[Oo]kay|[Ww]ell|[Ss]o"
    return {
        "told": rf"\b{_any(lists['to_somebody'])} ({every}){_END}",
        "beside": rf"\b{_any(lists['around_somebody'])} ({groups['plain']}){_END}",
        "does": rf"\b({every}) (?:{deeds}|and (?:I|me)|(?:is|was) {_OWN} (?:[a-z]+ )?{kin})\b",
        "did": rf"\b({groups['plain']}) (?:{did})\b",
        "whose": rf"\b({every})['\x{{2019}}]s (?:{theirs})\b",
        "appos": rf"\b({every}), {_OWN} (?:[a-z]+ )?{kin}\b",
        "related": rf"\b{_OWN} (?:[a-z]+ )?{kin}(?:,| is| was)? ({every}){_END}",
        "led": rf"\b{_any(lists['titles'])} ({every}){_END}",
        "named": rf"\b(?:called|named|name is|name's|name was) ({every}|Christian){_END}",
        "greeted": rf"\b(?:{greeting}),? ({every})[,.!?]",
        "listed": rf"\b({_WORD}), ({every}) ?(?:[,(]|and [A-Z])",
    }


def _of_people(lists: dict[str, list[str]]) -> dict[str, str]:
    """Return the patterns of nicknames, family names with particles, titles and initials."""
    kin, deeds = _any(lists["roles"]), _any(lists["deeds"])
    noted = "spoke|reports?|reported|feels|felt|talked|presented|attended|has|had|was|is|and"
    return {
        "nick": rf"\b({_any([w.capitalize() for w in lists['nicks']])} ({_WORD})){_END}",
        "particle": rf"\b(({_WORD}) ({_PARTICLE} {_WORD})){_END}",
        "title": rf"\b{_any(lists['titles'])} ({_WORD}){_END}",
        "initial": rf"(?:^|[.!?)] |\n)((?:[A-Z]\.)?{_INITIAL}\.)(?:['\x{{2019}}]s\b| (?:{deeds}|{noted})\b)",
        "initials": rf"\b(?:about|with|and|from|told|for|of|to|see|saw) ({_INITIAL}\.)"
        r"(?:['\x{2019}]s? |,? [a-z])",
        "titled_initial": rf"\b(?:Mrs?|Ms|Miss|Dr|Mx)\.? ({_INITIAL})(?:\.? [a-z]|[.,!?]$)",
        "his_initial": rf"\b{_OWN} {kin},? ({_INITIAL})\b(?:[^a-zA-Z'\x{{2019}}]|$)",
    }


def _in_lower_case(lists: dict[str, list[str]]) -> dict[str, str]:
    """Return the patterns of names that stand in lower case."""
    said = "said|says|told me|texted|reckons|rang|asked me"
    named = r"i['\x{2019}]?m|i am|this is|my name is|my name's"
    return {
        "kin_lower": rf"(?i)\b{_OWN} (?:[a-z]+ )?{_any(lists['roles'])},? ([a-z]{{3,14}})\b",
        "me_and": r"\b[Mm]e and ([a-z]{3,14})\b",
        "and_me": r"\b([a-z]{3,14}) and (?:i|I|me)\b",
        "says_lower": rf"\b([a-z]{{3,14}}) (?:{said})\b",
        "greets": r"(?i)(?:^|[.!?] )(?:hi|hello|hey|hiya)(?: all| everyone| there)?[,!.]? "
        rf"(?:{named}) ([a-z]{{2,14}})\b",
        "titled": r"\b(?:mr|mrs|ms|miss|dr)\.? ((?:[a-z]\.? )?([a-z]{3,14}))\b",
    }


def _of_places(lists: dict[str, list[str]]) -> dict[str, str]:
    """Return the patterns of employers, schools, clinics, courts and churches."""
    work, ends = _any(lists["work"]), _any([w.title() for w in lists["institutions"]])
    word = r"[A-Z][\w&'\x{2019}-]*"
    road = rf"(?: on {_WORD} (?:Road|Street|Rd|St|Lane|Avenue))?"
    kinds = "Hospice|Hospital|School|Church|Primary|Academy|College|Infirmary|Clinic"
    lower = "high school|high|primary|elementary|middle school|academy|college"
    return {
        "work": rf"(?i:\b{work}) (?:the )?({word}(?:(?: and| of| &)? {word}){{0,3}})",
        "employer": rf"(?i)\b{work} (?:the )?({_any(lists['employers'])}){_END}",
        "institution": rf"(((?:{_WORD}(?:['\x{{2019}}]s)? ){{1,3}}){ends}{road})\b",
        "saint": rf"\bS(?:t\.?|aint) [A-Z][a-z]+['\x{{2019}}]s(?: (?:{kinds}))*\b"
        r"|\b(?:P\.S\.|PS) [0-9]{1,3}\b",
        "school_lower": rf"\b(?:at|to|from|attend|attended|in) (([a-z]{{4,14}}) (?:{lower}))\b",
    }
