"""Dates with more than a year (HIPAA element C): numeric, ISO, with month names or ordinal words, birthdates.

A bare year, a month or weekday alone, a fraction, "24/7" and "9/11" are no dates. Month and year together are
one, and so are a feast and its year. "may" and "march" in lower case need an ordinal, a year or a
preposition, since they are verbs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import re2

from pixelated.clean.spans import DIGITS, Span, between_digits, detector, stands_alone

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_TENS = "twenty|thirty"
_UNITS = "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth"
_WORD_DAY = (
    rf"(?:(?:{_TENS})[- ](?:{_UNITS})|{_UNITS}|tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth|"
    r"sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth)"
)
_DAY = r"(?:3[01]|[12][0-9]|0?[1-9])"
_ORDINAL = rf"(?:{_DAY} ?(?:st|nd|rd|th)\b|{_WORD_DAY})"
_YEAR = "(?:(?:19|20)[0-9]{2}|['\u2019][0-9]{2})\\b"
_RANGE = rf"(?:(?: ?[-/&] ?| (?:to|and|or|through) ){_DAY}(?:st|nd|rd|th)?\b)?"
_CLOCK = r"[0-2]?[0-9]:[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
_ZONE = r"(?: ?[ap]\.?m\.?\b|Z\b|[+-][0-9]{2}:?[0-9]{2}\b)?"
_TIME = rf"(?:(?:[T ]| at ){_CLOCK}{_ZONE})?"

_MONTH_DAY = re2.compile(
    rf"(?i)\b(?P<month>{_MONTH})(?:\b,? the |\b\.?[ \-/.,]{{0,3}}|)(?P<day>{_ORDINAL}|{_DAY}\b){_RANGE}"
    rf"(?P<year>(?:,? of|[,\-/.]|) ?{_YEAR}{_TIME})?"
)
_DAY_MONTH = re2.compile(
    rf"(?i)\b(?P<day>{_ORDINAL}|{_DAY})(?P<of> day of | of |[ \-/.,]{{0,3}})(?P<month>{_MONTH})\b\.?"
    rf"(?P<year>(?:,? of|[,\-/.]|) ?{_YEAR}{_TIME})?"
)
_MONTH_YEAR = re2.compile(rf"(?i)\b{_MONTH}\b\.?(?:,? of |[ ,\-/]{{1,2}}){_YEAR}")
_FEAST = (
    r"(?:christmas(?: (?:eve|day))?|xmas(?: (?:eve|day))?|boxing day|easter(?: (?:sunday|monday))?"
    r"|good friday|ash wednesday|new years?(?: (?:eve|day))|new year['\x{2019}]?s?(?: (?:eve|day))?"
    r"|hogmanay|thanksgiving|hallowe['\x{2019}]?en|diwali|holi|navratri|vaisakhi|nowruz"
    r"|eid(?:[ -]al[ -](?:fitr|adha))?|hanukkah|chanukah|passover|yom kippur|rosh hashanah|purim"
    r"|(?:lunar|chinese) new year|valentine['\x{2019}]?s day|(?:mother|father)['\x{2019}]?s['\x{2019}]? day"
    r"|labou?r day|memorial day|independence day|(?:4 ?th|fourth) of july|veterans day|juneteenth"
    r"|anzac day|australia day|waitangi day|canada day|bastille day|remembrance (?:day|sunday)"
    r"|bonfire night|guy fawkes night|st\.? [a-z]+['\x{2019}]s day|mardi gras|midsummer(?: eve)?"
    r"|all saints['\x{2019}]? day|may day)"
)
_FEAST_YEAR = re2.compile(rf"(?i)\b({_FEAST}(?:,? of|,| in|) {_YEAR})")
_FULL_YEAR = r"(?:1[6-9]|20)[0-9]{2}"
_MONTH_NUMBER = r"(?:1[0-2]|0?[1-9])"
_ISO = re2.compile(
    rf"{_FULL_YEAR}(?:-{_MONTH_NUMBER}-|/{_MONTH_NUMBER}/|\.{_MONTH_NUMBER}\.| - {_MONTH_NUMBER} - )"
    rf"{_DAY}{_TIME}"
)
_NUMERIC = re2.compile(
    rf"{_DAY}(?:/{_DAY}/|-{_DAY}-|\.{_DAY}\.| / {_DAY} / | - {_DAY} - ){_FULL_YEAR}{_TIME}"
    rf"|{_DAY}/{_DAY}/[0-9]{{2}}{_TIME}|[0-3][0-9](?:-[0-3][0-9]-|\.[01][0-9]\.)[0-9]{{2}}\b"
)
_MONTH_SLASH_YEAR = re2.compile(rf"(?:1[0-2]|0?[1-9])/{_FULL_YEAR}\b")
_PREPOSED = re2.compile(
    r"(?i)\b(?:on|since|until|till|by|born|dated?|dob|(?:birthday|anniversary)(?: is| was)?)[ :]{1,2}"
    r"((?:1[0-2]|0?[1-9])/(?:3[01]|[12][0-9]|0?[1-9]))"
)
_BIRTH = re2.compile(
    r"(?i)\b(?:dob|d\.o\.b\.?|date of birth|birth ?date|born on)[^0-9a-z\n]{0,4}(?:is |was )?"
    r"([0-9]{1,4}[-/. ][0-9]{1,2}(?:[-/. ][0-9]{1,4})?|[0-9]{8}|[0-9]{6})"
)
# Digits that only a word before them makes a date.
_NEEDS_WORD = re2.compile(
    rf"{_FULL_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
    r"|[0-3]?[0-9](?:-[0-3]?[0-9]-|\.[0-3]?[0-9]\.)[0-9]{2}"
)
_BIRTH_WORD = re2.compile(r"(?i)\b(?:dob|born|birth|date|birthday)\b")
# "Jan 13 years ago": the number counts something. "The 4th of July" is a holiday, as is no date with a year.
_COUNTED = re2.compile(
    r"(?i)^(?:\+| more| or so)? ?(?:years?|yrs?|months?|weeks?|days?|hours?|hrs?|minutes?|mins?|times|people"
    r"|pounds|lbs|percent|%|kids|children)\b"
)
_HOLIDAY = re2.compile(r"(?i)(?:4 ?th|fourth) of july")
_COUNTED_REACH = 20
_CONTEXT = 30  # characters before digits in which such a word counts
_PUBLIC = frozenset({"9/11", "24/7"})
_MONEY = ("$", "£", "€")
_NUMBERS = re2.compile("[0-9]+")
_VERBS = frozenset({"may", "march", "mar"})  # in lower case, words that are no month as such
_BEFORE_VERB = re2.compile(r"(?i)\b(?:on|in|since|until|till|by|from|of|before|after|between|during|born) $")
_LONGEST_PREPOSITION = 9  # "between "
_MAX_MONTH = 12

_MONTH_GATE = (
    rf"(?i:{_MONTH}[., /\-]{{0,3}}(?:of )?(?:the )?(?:['\x{{2019}}]?[0-9]|{_WORD_DAY})"
    rf"|(?:[0-9] ?(?:st|nd|rd|th)?|{_WORD_DAY})(?: day)?(?: of)?[ \-/.,]{{0,3}}{_MONTH})"
)
_FRACTION_GATE = "[0-9]{1,2}/[0-9]"
_FEAST_GATE = r"[A-Za-z'\x{2019}](?:,? of|,| in|) (?:(?:19|20)[0-9]{2}|['\x{2019}][0-9]{2})\b"


@detector(
    "date",
    types=["DATE"],
    trigger=rf"{_MONTH_GATE}|{_FEAST_GATE}"
    r"|[0-9][-/.][0-3]?[0-9][-/.][0-9]|[0-9] ?[-/] ?[0-9]{1,2} ?[-/] ?[0-9]{4}"
    r"|[0-9]{4} ?[-/.] ?[0-9]|[0-9]/[0-9]{4}"
    rf"|(?i:on|since|until|till|by|born|dated?|dob|is|was|birthday|anniversary)[ :]{{1,2}}{_FRACTION_GATE}"
    rf"|(?i:dob|d\.o\.b|birth|born|date)[^\n]*(?:{_FRACTION_GATE}|{DIGITS})",
    gate=(_MONTH_GATE, _FEAST_GATE, _FRACTION_GATE, DIGITS),
)
def find(text: str) -> Iterator[Span]:
    """Find dates."""
    yield from _named(text)
    yield from _numeric(text)
    for pattern in (_PREPOSED, _BIRTH):
        for match in pattern.finditer(text):
            followed = text[match.end() : match.end() + 4].lower()
            if match.group(1) not in _PUBLIC and not followed.startswith(("/", " of ", "%")):
                yield _span(match, 1)
    for match in _NEEDS_WORD.finditer(text):
        before = text[max(0, match.start() - _CONTEXT) : match.start()]
        if stands_alone(text, *match.span()) and _BIRTH_WORD.search(before):
            yield _span(match)


def _named(text: str) -> Iterator[Span]:
    for pattern in (_MONTH_DAY, _DAY_MONTH):
        for match in pattern.finditer(text):
            if not (_is_verb(text, match) or _is_counted(text, match) or _HOLIDAY.fullmatch(match.group())):
                yield _span(match)
    for pattern in (_MONTH_YEAR, _FEAST_YEAR):
        for match in pattern.finditer(text):
            yield _span(match)


def _numeric(text: str) -> Iterator[Span]:
    for pattern in (_ISO, _NUMERIC, _MONTH_SLASH_YEAR):
        for match in pattern.finditer(text):
            start, end = match.span()
            part_of_more = start > 1 and text[start - 1] in "/-" and text[start - 2].isdigit()
            price = text[max(0, start - 1) : start] in _MONEY
            cut = between_digits(text, start, end) or text[end : end + 1] == "/"
            if not (cut or part_of_more or price) and _has_month(match.group()):
                yield _span(match)


def _span(match: Any, group: int = 0) -> Span:
    start, end = match.span(group)
    return Span(start, end - (len(match.group(group)) - len(match.group(group).rstrip(" .,"))), "DATE")


def _is_verb(text: str, match: Any) -> bool:
    """Say whether "may 2" is "may" the verb: lower case, no year, no ordinal, no preposition before it.

    "The second march" has its ordinal before the month and no "of".
    """
    month, day = match.group("month"), match.group("day")
    if match.group("year") or month not in _VERBS or " of " in match.group():
        return False
    if not day[0].isdigit():
        return match.re is _DAY_MONTH or "," in match.group()
    if not day.isdigit():
        return False
    return not _BEFORE_VERB.search(text[max(0, match.start() - _LONGEST_PREPOSITION) : match.start()])


def _is_counted(text: str, match: Any) -> bool:
    """Say whether the number behind a month counts years, days or people, and names no day."""
    if match.re is not _MONTH_DAY or match.group("year") or not match.group().endswith(match.group("day")):
        return False
    return match.group("day").isdigit() and bool(
        _COUNTED.match(text[match.end() : match.end() + _COUNTED_REACH])
    )


def _has_month(text: str) -> bool:
    """Say whether one of the first three numbers can be a month."""
    return any(int(n) <= _MAX_MONTH for n in _NUMBERS.findall(text)[:3])
