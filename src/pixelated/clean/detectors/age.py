"""Ages above 89 (HIPAA element C): in figures where something says that they are ages, and in words."""

from __future__ import annotations

from collections.abc import Iterator

import re2

from pixelated.clean.names.quasi import OVER_89, find_ages
from pixelated.clean.spans import Span, detector, span_of

_GATE = r"\b(?:9[0-9]|1[01][0-9])\b|(?i:ninet|hundred|nonagen|centen)"
_UNITS = "one|two|three|four|five|six|seven|eight|nine"
_WORDS = re2.compile(
    rf"(?i)\b(ninety(?:[ -](?:{_UNITS}))?|(?:a|one) hundred(?: and (?:{_UNITS}))?)"
    r"[ -]years?[ -](?:old|of age)\b"
    r"|\b(?:in|into) (?:his|her|their|my) ((?:mid|early|late)?[ -]?(?:nineties|90['\x{2019}]?s))\b"
    r"|\b(nonagenarian|centenarian)s?\b"
)


@detector("age", types=["AGE_OVER_89"], trigger=_GATE)
def find(text: str) -> Iterator[Span]:
    """Find ages above 89; younger ones stand."""
    for span, years in find_ages(text):
        if years >= OVER_89:
            yield Span(span.start, span.end, "AGE_OVER_89")
    for match in _WORDS.finditer(text):
        group = next(k for k in (1, 2, 3) if match.group(k))
        yield span_of(match, "AGE_OVER_89", group)
