"""What describes somebody and is no identifier under HIPAA: ages, years, weekdays, countries, peoples.

These are tagged so that they can be replaced on request; by default they stand.
"""

from __future__ import annotations

from collections.abc import Iterator

import re2

from pixelated.clean.names import gazetteer as g
from pixelated.clean.names.tokens import Token
from pixelated.clean.spans import Span, stands_alone

_NUMBER = "([0-9]{1,3})"
_SAID = (
    r"(?:i['\x{2019}]?m|i am|he['\x{2019}]?s|she['\x{2019}]?s|he is|she is)"
    r"(?: only| just| now| already| about| almost)?"
)
AGES = tuple(
    re2.compile(pattern)
    for pattern in (
        rf"(?i)\b{_NUMBER}[ \-]?(?:years?|yrs?)[ \-](?:old|of age)\b",
        rf"(?i)\b{_NUMBER} ?(?:y/o|y\.o\.|yo|yrs? old)\b",
        rf"(?i)\b(?:aged|age of|age is|age was|age:|turn|turns|turned|turning) {{1,2}}{_NUMBER}\b",
        rf"(?i)\b{_SAID} {_NUMBER}(?: and\b| but\b|[.,!?;)]|$)",
        rf"(?i)\bwhen (?:i|he|she|they|we) (?:was|were|is|am|turned) {_NUMBER}\b",
    )
)
OVER_89 = 90
OLDEST = 120
_YEAR = re2.compile(r"\b(?:19|20)[0-9]{2}\b")
_TITLE = re2.compile(r"(?i)\b(?:mr|mrs|ms|mx|dr|prof)\b\.?|\bMiss\b")
_WEEKDAY = re2.compile(r"\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b")


def find_ages(text: str) -> Iterator[tuple[Span, int]]:
    """Yield ages in years: the span of the number, and the number."""
    for pattern in AGES:
        for match in pattern.finditer(text):
            years = int(match.group(1))
            if 0 < years <= OLDEST:
                yield Span(match.start(1), match.end(1), "AGE"), years


def find_quasi(text: str, tokens: list[Token]) -> Iterator[Span]:
    """Yield ages, years, weekdays, and the capitalised names of countries and peoples."""
    yield from (span for span, _ in find_ages(text))
    for pattern in (_YEAR, _WEEKDAY):
        for match in pattern.finditer(text):
            if stands_alone(text, *match.span()):
                yield Span(match.start(), match.end(), "DATE")
    for match in _TITLE.finditer(text):
        yield Span(match.start(), match.end(), "TITLE")
    known = g.lists()
    for token in tokens:
        lower = token.text.lower()
        bits = known.get(lower, 0) or known.get(lower.removesuffix("s"), 0)
        sure = token.text[0].isupper() or not bits & (g.GIVEN | g.COMMON)  # "chad", "polish"
        if sure and bits & (g.COUNTRY | g.NATION):
            yield Span(token.start, token.end, "REGION" if bits & g.COUNTRY else "NRP")
