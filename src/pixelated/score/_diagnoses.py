"""Claims on diagnoses in a sentence, and whether the table `presets/score/diagnoses.yaml` says the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import re2

from pixelated.core.presets import load_preset

_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
)
_NUMBERS = {word: n for n, word in enumerate(_WORDS.split())} | {"a": 1, "an": 1, "thirty": 30, "couple": 2}
_NUMBER = r"(\d{1,3}|" + "|".join(sorted(_NUMBERS, key=len, reverse=True)) + r")"
_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}
_DURATION = re.compile(rf"\b{_NUMBER}(?: (?:full|whole|consecutive|straight))?[ -](day|week|month|year)s?\b")
_SAID_OTHERWISE = (
    (re.compile(r"\b(?:dsm|icd)[ -]?(?:\d{1,2}|iv|v)(?:[ -]?tr)?\b"), "dsm"),
    (re.compile(r"\b(?:a )?fortnight\b"), "2 weeks"),
    (re.compile(r"\bbefore (?:\w+ ){1,2}turns? "), "before the age of "),
    (re.compile(r"\bhalf a year\b|\ba half year\b"), "6 months"),
    (re.compile(r"\b(\w+) (?:or more )(days|weeks|months|years)\b"), r"\1 \2"),
    (re.compile(r"\bmost of (?=\w+ (?:days|weeks|months|years))"), ""),
)
_COUNT = re.compile(
    rf"\b{_NUMBER}(?: or more)?(?: out)?(?: of)?(?: the| its| these)?(?: {_NUMBER})?"
    r"(?: \w+){0,2}? (?:symptoms?|criteria|signs|features|traits|items|of the symptoms)\b"
)
_OF = re.compile(
    rf"\b{_NUMBER}(?: or more)?(?: \w+){{0,2}}? (?:out )?of (?:the |its |these |a )?(?:\w+ )?{_NUMBER}\b"
)
_LISTED = re.compile(
    rf"\b{_NUMBER} (?:symptoms|criteria|signs)\b.*\b{_NUMBER} (?:or more )?of (?:them|these|those|which)\b"
)
_AGE = re.compile(
    r"\b(before|by|prior to|until|after|at least|older than|over|under|age of|aged?|below)"
    rf"(?: the)?(?: age)?(?: of)? {_NUMBER}\b"
    r"(?! (?:day|week|month|minute|hour|time|symptom|criteri|sign|of|out|or more))"
)
_WEEKLY = re.compile(rf"\b(once|twice|{_NUMBER} (?:\w+ )?\w+) (?:a|per|each|every) week\b")
# What makes a number a claim about the diagnosis, and what makes it one about a life or a treatment.
_CLAIM = re.compile(
    r"\b(requires?|required|requirement|criteri\w+|diagnos\w+|must|needs?|at least|minimum|lasts?|lasting|"
    r"persists?|persisted|persisting|defined|definition|threshold|dsm|icd|meets?|qualif\w+|present|continues?|"
    r"more than|less than|longer than|or more|within|before|up to|between|over|beyond|under|out of|becomes?|"
    r"counts?|enough|goes on|gone on|go on|shows?|applies|involves?|have to|has to|symptoms (?:have|for))\b"
)
_LIFE = re.compile(
    r"\b(i|i'm|i've|my|me|we|ago|since|therap\w+|treat\w+|medication\w*|ssris?|dose|dosage|sessions?|"
    r"took|take effect|to work|relapse\w*|recover\w*|prevalence|percent|%|program|you've had|your|sober|"
    r"lithium|trial)\b"
)
_LESS = re.compile(r"\b(less than|fewer than|under|up to|no more than|at most|no longer than|shorter than)\b")
_NOT = re.compile(
    r"\b(not|never|no|cannot|can't|isn't|doesn't|aren't|don't|myth|false|untrue|wrong|contrary|nor|"
    r"rather than)\b"
)
SMALL = 9
LONGEST = 400  # characters of a sentence that is read
CLOSE = 0.08  # four weeks pass for a month, 52 weeks for a year


@dataclass(frozen=True)
class Claim:
    """A claim on a diagnosis: its name in the table, what it is about, and whether the table agrees."""

    diagnosis: str
    about: str
    agrees: bool


def claims(sentence: str) -> Iterator[Claim]:
    """Yield the checkable claims of a plain sentence; numbers count where it names one diagnosis alone."""
    named = _named(sentence) if len(sentence) <= LONGEST else []
    for name in named:
        yield from _statements(name, _table()[name], sentence)
    if len(named) != 1:
        return
    (name,) = named
    facts = _table()[name]
    for said, meant in _SAID_OTHERWISE:
        sentence = said.sub(meant, sentence)
    # "bipolar i" holds no speaker.
    rest = _compiled(facts["names"]).sub("it", sentence)
    if not _CLAIM.search(rest) or _LIFE.search(rest):
        return
    yield from _durations(name, facts, sentence)
    yield from _symptoms(name, facts, sentence)
    yield from _ages(name, facts, sentence)
    yield from _weekly(name, facts, sentence)


def _statements(name: str, facts: Mapping[str, Any], sentence: str) -> Iterator[Claim]:
    for kind in ("wrong", "right"):
        for pattern in facts.get(kind, ()):
            found = _compiled(pattern).search(sentence)
            if found is None:
                continue
            # A negation before a wrong statement makes it right; inside of it, it belongs to it.
            denied = _NOT.search(sentence[: found.start()]) is not None or _myth(sentence)
            denied = denied or found.groupdict().get("not") is not None
            yield Claim(name, "statement", (kind == "right") != denied)
            return


def _durations(name: str, facts: Mapping[str, Any], sentence: str) -> Iterator[Claim]:
    spans = [_span(text) for text in facts.get("lasts", ())]
    later = [_span(text)[0] for key in ("onset_after", "ends_after") for text in facts.get(key, ())]
    said = [_days(match) for match in _DURATION.finditer(_without_rates(sentence))]
    if not said or not (spans or later):
        return
    if later:
        yield Claim(name, "duration", all(any(_same(days, right) for right in later) for days in said))
        return
    short = _LESS.search(sentence) is not None and not _NOT.search(sentence)
    yield Claim(name, "duration", any(_fits(said, least, most, short=short) for least, most in spans))


def _fits(said: list[int], least: int, most: int | None, *, short: bool) -> bool:
    if most is None:
        return not short and all(_same(days, least) for days in said)
    if len(said) > 1:
        return all(_same(days, least) or _same(days, most) for days in said)
    return _same(said[0], most if short else least)


def _symptoms(name: str, facts: Mapping[str, Any], sentence: str) -> Iterator[Claim]:
    known = [tuple(int(n) for n in text.split(" of ")) for text in facts.get("symptoms", ())]
    if not known:
        return
    text = _DURATION.sub(" ", sentence)
    listed = _LISTED.search(text)
    found = listed or _OF.search(text) or _COUNT.search(text)
    if found is None:
        return
    said = [_number(group) for group in found.groups() if group]
    if listed is not None:
        said.reverse()  # "nine criteria, and five of them"
    if len(said) == 1:
        yield Claim(name, "symptoms", any(said[0] == required for required, _ in known))
    else:
        yield Claim(name, "symptoms", tuple(said) in known)


def _ages(name: str, facts: Mapping[str, Any], sentence: str) -> Iterator[Claim]:
    right = {int(text.split()[-1]) for text in facts.get("onset", ())} | {
        int(n) for n in facts.get("adult", ())
    }
    if not right:
        return
    said = {_number(match.group(2)) for match in _AGE.finditer(sentence) if _aged(sentence, match)}
    if said:
        yield Claim(name, "age", said <= right)


def _aged(sentence: str, match: re.Match[str]) -> bool:
    # "before 12" is an age without saying so.
    return "age" in match.group() or "year" in sentence or _number(match.group(2)) > SMALL


def _weekly(name: str, facts: Mapping[str, Any], sentence: str) -> Iterator[Claim]:
    right = facts.get("weekly", ())
    found = _WEEKLY.search(sentence)
    if right and found is not None:
        said = {"once": 1, "twice": 2}.get(found.group(1)) or _number(found.group(2) or "0")
        yield Claim(name, "frequency", said in right)


def _named(sentence: str) -> list[str]:
    """Return the diagnoses that a sentence names, in order; of two names in one place the longer counts."""
    names = list(_table())
    spans = []
    for n in _automaton().Match(sentence) or ():
        match = _compiled(_table()[names[n]]["names"]).search(sentence)
        spans.append((match.start(), -match.end(), names[n]))
    kept: list[tuple[int, int, str]] = []
    for span in sorted(spans):
        if not kept or span[0] >= -kept[-1][1]:
            kept.append(span)
    return [name for _, _, name in kept]


def _without_rates(sentence: str) -> str:
    return _WEEKLY.sub(" ", sentence)


def _days(match: re.Match[str]) -> int:
    return _number(match.group(1)) * _DAYS[match.group(2)]


def _span(text: str) -> tuple[int, int | None]:
    found = [_days(match) for match in _DURATION.finditer(text)]
    return found[0], found[1] if len(found) > 1 else None


def _number(text: str) -> int:
    return int(text) if text.isdigit() else _NUMBERS[text]


def _same(days: int, right: int | None) -> bool:
    return right is not None and abs(days - right) <= CLOSE * right


def _myth(sentence: str) -> bool:
    return "myth" in sentence or "misconception" in sentence


@cache
def _table() -> Mapping[str, Mapping[str, Any]]:
    return load_preset("score", "diagnoses")


@cache
def _automaton() -> Any:
    automaton = re2.Set.SearchSet()
    for facts in _table().values():
        automaton.Add(facts["names"])
    automaton.Compile()
    return automaton


@cache
def _compiled(pattern: str) -> Any:
    return re2.compile(pattern)
