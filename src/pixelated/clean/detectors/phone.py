"""Telephone and fax numbers: North American, British, international and labelled ones, with extensions.

Dates, ranges of years, prices, decimals and codes are no telephone numbers. Seven digits ("867-5309") need a
word that announces them, or the exchange 555. Helplines are found here too and kept later (`helplines`). A
number that a crisis word announces and that no table knows may be a local helpline: it goes to review.
"""

from __future__ import annotations

from collections.abc import Iterator

import re2

from pixelated.clean.crisis_words import is_announced
from pixelated.clean.spans import DIGITS, Span, detector, stands_alone

_GAP = r"[ .\-/]{1,3}"
_OPTIONAL_GAP = r"[ .\-/]{0,3}"
_EXTENSION = r"(?:[ ,]{0,2}(?:ext\.?|extension|x)[ .:#]{0,2}[0-9]{1,6}\b)?"
_COUNTRY = r"(?:(?:\+|00)?1" + _OPTIONAL_GAP + r")?"
_AREA = r"[2-9][0-9]{2}"

_SHAPES = [
    # North American: (212) 555-0100, 212-555-0100, 1 212 555 0100, 212555-0100, 2125550100
    rf"{_COUNTRY}\( ?[0-9]{{3}} ?\){_OPTIONAL_GAP}[0-9]{{3}}{_OPTIONAL_GAP}[0-9]{{4}}{_EXTENSION}",
    rf"{_COUNTRY}(?:{_AREA}{_GAP}|[0-9]{{3}}[.\-])[0-9]{{3}}{_OPTIONAL_GAP}[0-9]{{4}}{_EXTENSION}",
    rf"(?:\+|00)1{_OPTIONAL_GAP}[0-9]{{3}}{_OPTIONAL_GAP}[0-9]{{3}}{_OPTIONAL_GAP}[0-9]{{4}}{_EXTENSION}",
    rf"{_COUNTRY}{_AREA}[0-9]{{3}}{_GAP}[0-9]{{4}}{_EXTENSION}",
    rf"1?{_AREA}[2-9][0-9]{{6}}{_EXTENSION}",
    # Trunk zero: 07700 900123, 020 7946 0000, (01632) 960 001, 06 12 34 56 78
    r"\(?0[0-9]{1,5}\)?(?:[ .\-/]{0,2}[0-9]{2,8}){1,4}" + _EXTENSION,
    r"1[38]00[ \-]?[0-9]{3}[ \-]?[0-9]{3}",
    # International: +44 7700 900123, 0044 20 ..., +49 (0)30 123456
    r"(?:\+|00)[1-9][0-9]{0,3}(?:[ .\-/]{0,2}\(?[0-9]{1,8}\)?){1,6}" + _EXTENSION,
    # Area code in brackets: (37) 788-063
    r"\([0-9]{2,5}\) ?[0-9]{2,4}(?:[ \-][0-9]{2,4}){1,3}",
    r"555-[0-9]{4}",
]
# Whole North American numbers in groups, which a word may be glued to ("Office212-555-0142").
_GLUED = re2.compile(r"(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[.\-])[2-9][0-9]{2}[.\-][0-9]{4}")
_UNLABELLED = [re2.compile(shape) for shape in _SHAPES]
_LABEL = (
    r"(?:\b(?:phones?|telephones?|tel|cells?|cell ?phones?|mobiles?|whats ?app|call(?:ed|ing|s)?|dial(?:ed)?"
    r"|text(?:ed|ing|s)?|ring|reach(?:ed)?|contact|fax|pager|landline|hotline|helpline|voicemail"
    r"|answer(?:ing|ed|s)? (?:at|on)|messages? (?:to|from))\b(?:[^0-9\n.!?$£€+]{0,30}|:\s{0,3})"
    r"|\bnumbers?(?: is| was| are|'s|:| -|,)?[ :]{1,2}|\btel\.? ?:? ?|\bno\. ?|\bph\.? ?:? ?)"
)
_LABELLED = re2.compile(rf"(?i){_LABEL}(\+?\(?[0-9][0-9 ().\-/]{{5,20}}[0-9]{_EXTENSION})")
# "358 0594 office", "358 0594 (fax)"
_LABELLED_AFTER = re2.compile(
    r"(?i)(\+?\(?[0-9][0-9 ().\-/]{5,20}[0-9])[ \-,(\\]{1,3}"
    r"(?:office|fax|mobile|cell|landline|pager|home phone|work phone)\b"
)
# Seven digits: a number only where a word says so.
_LOCAL = re2.compile(r"[2-9][0-9]{2}[-.][0-9]{4}")
_LOCAL_WORD = re2.compile(
    r"(?i)\b(?:call|phone|cell|text|mobile|tel|telephone|fax|dial|reach|whatsapp|ring|number|contact)\b"
)
_LOCAL_CONTEXT = 30  # characters before it
_FAX_AFTER = re2.compile(r"(?i)[ \-,(\\]{1,3}fax\b")
_FAX = re2.compile(r"(?i)\bfax(?:ed|es)?(?: number| no\.?| #)?[^0-9\n]{0,12}$")
_FAX_CONTEXT = 30
# Dates, ranges of years, dotted quads and the shape of a social security number.
_OTHER_SHAPE = re2.compile(
    r"(?:[0-9]{3}[- ][0-9]{2}[- ][0-9]{4}|[0-3]?[0-9][-/. ][0-3]?[0-9][-/. ](?:19|20)?[0-9]{2}"
    r"|(?:19|20)[0-9]{2}[-/. ][0-3]?[0-9][-/. ][0-3]?[0-9]"
    r"|(?:19|20)[0-9]{2} ?[-/] ?(?:19|20)[0-9]{2}|[0-9]{1,3}(?:\.[0-9]{1,3}){3})"
)
_MAYBE_PUBLIC = 0.4  # below REVIEW
_MIN_LABELLED, _MAX_DIGITS = 7, 15
_MIN_TRUNK, _MAX_TRUNK = 9, 13  # digits of a number with a trunk zero, the zero counted
_MIN_INTERNATIONAL = 8
_MIN_AREA = 7
_BY_LABEL = 0.9  # "number is 123-45-6789": a detector that knows the shape wins


@detector(
    "phone",
    types=["PHONE", "FAX"],
    trigger=DIGITS + r"(?:[ ().\-/]{0,4}[0-9]){4}",
    gate=(DIGITS,),
)
def find(text: str) -> Iterator[Span]:
    """Find telephone and fax numbers, helplines among them."""
    for position, pattern in enumerate(_UNLABELLED):
        for match in pattern.finditer(text):
            if _plausible(text, match.span(), match.group(), position):
                yield _typed(text, match.span())
    for match in _GLUED.finditer(text):
        if _is_glued(text, *match.span()):
            yield _typed(text, match.span())
    for match in (*_LABELLED.finditer(text), *_LABELLED_AFTER.finditer(text)):
        number, span = match.group(1), match.span(1)
        digits = sum(c.isdigit() for c in number)
        enough = _MIN_LABELLED <= digits <= _MAX_DIGITS
        if enough and not _OTHER_SHAPE.fullmatch(number.strip()) and stands_alone(text, *span):
            yield _typed(text, span, _BY_LABEL)
    for match in _LOCAL.finditer(text):
        said = _LOCAL_WORD.search(text[max(0, match.start() - _LOCAL_CONTEXT) : match.start()])
        if said and stands_alone(text, *match.span()):
            yield _typed(text, match.span(), _BY_LABEL)


def _plausible(text: str, span: tuple[int, int], number: str, position: int) -> bool:
    start, end = span
    if not stands_alone(text, start, end) or (start and text[start - 1] in "$£€#+/-="):
        return False
    if _OTHER_SHAPE.fullmatch(number):
        return False
    digits = sum(c.isdigit() for c in number.split("x", maxsplit=1)[0].split("e", maxsplit=1)[0])
    least = {5: _MIN_TRUNK, 7: _MIN_INTERNATIONAL, 8: _MIN_AREA}.get(position, 0)
    most = {5: _MAX_TRUNK}.get(position, _MAX_DIGITS)
    return least <= digits <= most


def _is_glued(text: str, start: int, end: int) -> bool:
    """Say whether letters, and no digits or signs of a longer code, touch the number."""
    before, after = text[max(0, start - 1) : start], text[end : end + 1]
    return (before.isalpha() or after.isalpha()) and all(
        c.isalpha() or c in " \n(),;:." for c in before + after
    )


def _typed(text: str, span: tuple[int, int], confidence: float = 1.0) -> Span:
    start, end = span
    if text[start] == "(" and ")" not in text[start:end]:
        start += 1
    fax = _FAX.search(text[max(0, start - _FAX_CONTEXT) : start])
    fax = fax or _FAX_AFTER.match(text[end : end + _FAX_CONTEXT])
    if is_announced(text, start, end):
        confidence = _MAYBE_PUBLIC
    return Span(start, end, "FAX" if fax else "PHONE", confidence)
