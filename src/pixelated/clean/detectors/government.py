"""US social security numbers: formatted, labelled, and the last four digits where they are named.

With hyphens or spaces every number of this shape is taken, also outside the ranges ever given: a wrong
digit in a real number identifies nearly as well. With dots the range must be right.
"""

from __future__ import annotations

from collections.abc import Iterator

import re2

from pixelated.clean.spans import DIGITS, Span, detector, span_of, stands_alone

_SEPARATOR = "(?:[-. ]| - )"
_FORMATTED = re2.compile(rf"[0-9]{{3}}({_SEPARATOR})[0-9]{{2}}({_SEPARATOR})[0-9]{{4}}")
_LABEL = (
    r"(?:\bssns?\b|\bss ?#|\bs\.s\.n\.?|\bsocial security(?: numbers?| nos?\.?| ?#)?|\bsocials?\b"
    r"|\bitin\b|\btax ?id)"
)
_LABELLED = re2.compile(rf"(?i){_LABEL}[^0-9\n]{{0,20}}(\d{{3}}[-. ]?\d{{2}}[-. ]?\d{{4}})")
_LAST_FOUR = re2.compile(
    rf"(?i)last (?:4|four)(?: digits| numbers)?(?: of| on)?(?: my| his| her| their| your| the)?[ ]?{_LABEL}"
    r"[^0-9\n]{0,15}(\d{4})\b|\bsocial[^0-9\n]{0,25}\b(?:ends|ending) (?:in|with)[^0-9\n]{0,5}(\d{4})\b"
)
_BARE = re2.compile(r"\d{9}")
_NEAR = re2.compile(r"(?i)\bsocial|\bssn\b")
_CONTEXT = 60  # characters on either side in which "social" makes nine bare digits a possible number
_SURE = re2.compile(r"(?i)\b(?:ssn|social security)\b")
_SURE_CONTEXT = 30  # characters before nine bare digits in which this makes them one
_DOUBTFUL = 0.4
_MAX_AREA = 899  # 900 and above were never given as SSN
_ITIN_AREAS = range(900, 1000)
_ITIN_GROUPS = (*range(50, 66), *range(70, 89), *range(90, 93), *range(94, 100))


@detector(
    "ssn",
    types=["SSN"],
    trigger=rf"[0-9]{{3}}{_SEPARATOR}[0-9]{{2}}{_SEPARATOR}[0-9]{{4}}"
    r"|(?i:social|ssn|ss ?#|s\.s\.n|itin|tax ?id)[^\n]*[0-9]{4}|[0-9]{9}[^\n]*(?i:social|ssn)",
    gate=(DIGITS,),
)
def find(text: str) -> Iterator[Span]:
    """Find social security and taxpayer numbers; nine bare digits near "social" go to review."""
    for match in _FORMATTED.finditer(text):
        dotted = "." in match.group()
        same = match.group(1) == match.group(2)
        if same and stands_alone(text, *match.span()) and (not dotted or is_valid(_digits(match.group()))):
            yield span_of(match, "SSN")
    for match in (*_LABELLED.finditer(text), *_LAST_FOUR.finditer(text)):
        group = 1 if match.group(1) is not None else 2
        if stands_alone(text, *match.span(group)):
            yield span_of(match, "SSN", group)
    for match in _BARE.finditer(text):
        around = text[max(0, match.start() - _CONTEXT) : match.end() + _CONTEXT]
        if stands_alone(text, *match.span()) and _NEAR.search(around):
            sure = _SURE.search(text[max(0, match.start() - _SURE_CONTEXT) : match.start()])
            yield span_of(match, "SSN", confidence=1.0 if sure else _DOUBTFUL)


def is_valid(digits: str) -> bool:
    """Say whether nine digits can be a social security number, or an individual taxpayer number."""
    area, group, serial = int(digits[:3]), int(digits[3:5]), int(digits[5:])
    if area in _ITIN_AREAS:
        return group in _ITIN_GROUPS
    return area not in (0, 666) and area <= _MAX_AREA and group > 0 and serial > 0


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit())
