"""Dates moved by a number of days: what lies between two dates of a record stays, when it was does not.

A full date (day, month and a year in figures) is written in the form that it had. Ages and weekdays beside it
are not moved with it, and may no longer fit. A moved date is still a date: Safe Harbor asks that it goes.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

WIDEST = 182  # days, to either side
_CENTURY_TURNS = 69  # "68" is 2068, "69" is 1969, as in POSIX
_LAST_MONTH = 12
_SHORT = 3  # letters of a month that is cut short
_TEENS = range(11, 14)
_MONTHS = "january february march april may june july august september october november december"
_NAMES = _MONTHS.split()
_NAME = (
    "(?P<name>"
    + "|".join(rf"{n}|{n[:4]}|{n[:3]}" if n == "september" else f"{n}|{n[:3]}" for n in _NAMES)
    + ")"
)
_GAP = r" ?[-/.] ?"
_TIME = r"(?P<time>(?:T| at |,? )\d.*)?"
_SUFFIX = "(?P<suffix> ?(?:st|nd|rd|th))?"
_ISO = re.compile(
    rf"(?P<year>\d{{4}})(?P<one>{_GAP})(?P<month>\d\d?)(?P<two>{_GAP})(?P<day>\d\d?){_TIME}", re.DOTALL
)
_FIGURES = re.compile(
    rf"(?P<first>\d\d?)(?P<one>{_GAP})(?P<second>\d\d?)(?P<two>{_GAP})(?P<year>\d{{4}}|\d\d){_TIME}",
    re.DOTALL,
)
_MONTH_DAY = re.compile(
    rf"{_NAME}(?P<one>\.?,? the |\.?[ \-/.,]{{0,3}})(?P<day>\d\d?){_SUFFIX}(?P<two>(?:,? of|[,\-/.]|) ?)"
    rf"(?P<year>\d{{4}}){_TIME}",
    re.IGNORECASE | re.DOTALL,
)
_DAY_MONTH = re.compile(
    rf"(?P<day>\d\d?){_SUFFIX}(?P<one> day of | of |[ \-/.,]{{0,3}}){_NAME}(?P<two>\.?(?:,? of|[,\-/.]|) ?)"
    rf"(?P<year>\d{{4}}){_TIME}",
    re.IGNORECASE | re.DOTALL,
)
_LOOKS = re.compile(r"(?<!\d)(\d\d?)([-/.])(\d\d?)\2(?:\d{4}|\d\d)(?!\d)")


def days_of(salt: bytes, group: str) -> int:
    """Return by how many days the dates of a group are moved: never 0, the same for the same salt."""
    digest = hmac.new(salt, f"days:{group}".encode(), hashlib.sha256).digest()
    n = int.from_bytes(digest[:8], "big") % (2 * WIDEST)
    return n - WIDEST if n < WIDEST else n - WIDEST + 1


def has_day_first(texts: Iterable[str]) -> bool:
    """Say whether dates in figures have their day first: one that can be read in one way alone tells it."""
    pairs = [(int(m[1]), int(m[3]), m[2]) for text in texts for m in _LOOKS.finditer(text)]
    if any(first > _LAST_MONTH >= second for first, second, _ in pairs):
        return True
    if any(second > _LAST_MONTH >= first for first, second, _ in pairs):
        return False
    return any(mark == "." for _, _, mark in pairs)


@dataclass(frozen=True)
class Shift:
    """Moves dates by `days`; `day_first` says how those in figures are read."""

    days: int
    day_first: bool = False

    def of(self, value: str) -> str:
        """Return a full date moved, in the form that it had; empty if it is none, or in a form not known."""
        try:
            return self._iso(value) or self._figures(value) or self._named(value)
        except (ValueError, OverflowError):  # no such day
            return ""

    def _iso(self, value: str) -> str:
        if not (m := _ISO.fullmatch(value)):
            return ""
        new = self._moved(int(m["year"]), int(m["month"]), int(m["day"]))
        wide = _is_wide(m["month"], m["day"])
        shown = f"{new.year:04}{m['one']}{_figure(new.month, wide)}{m['two']}{_figure(new.day, wide)}"
        return shown + (m["time"] or "")

    def _figures(self, value: str) -> str:
        if not (m := _FIGURES.fullmatch(value)):
            return ""
        first, second = int(m["first"]), int(m["second"])
        day_first = first > _LAST_MONTH or (self.day_first and second <= _LAST_MONTH)
        day, month = (first, second) if day_first else (second, first)
        short = len(m["year"]) == len("68")
        year = int(m["year"]) + ((1900 if int(m["year"]) >= _CENTURY_TURNS else 2000) if short else 0)
        new = self._moved(year, month, day)
        wide = _is_wide(m["first"], m["second"])
        pair = (new.day, new.month) if day_first else (new.month, new.day)
        end = f"{new.year % 100:02}" if short else f"{new.year:04}"
        shown = f"{_figure(pair[0], wide)}{m['one']}{_figure(pair[1], wide)}{m['two']}{end}"
        return shown + (m["time"] or "")

    def _named(self, value: str) -> str:
        m = _MONTH_DAY.fullmatch(value) or _DAY_MONTH.fullmatch(value)
        if not m:
            return ""
        month = 1 + next(i for i, name in enumerate(_NAMES) if name[:_SHORT] == m["name"][:_SHORT].lower())
        new = self._moved(int(m["year"]), month, int(m["day"]))
        day = _figure(new.day, m["day"][0] == "0") + _ending(m["suffix"] or "", new.day)
        name = _like(m["name"], _NAMES[new.month - 1])
        pair = (name, day) if m.re is _MONTH_DAY else (day, name)
        return f"{pair[0]}{m['one']}{pair[1]}{m['two']}{new.year:04}{m['time'] or ''}"

    def _moved(self, year: int, month: int, day: int) -> date:
        return date(year, month, day) + timedelta(days=self.days)


def _is_wide(one: str, two: str) -> bool:
    """Say whether figures are written with two digits: "09", or no single one."""
    return len(one) > 1 and len(two) > 1


def _figure(n: int, wide: bool) -> str:
    return f"{n:02}" if wide else str(n)


def _ending(suffix: str, day: int) -> str:
    """Return the ending of an ordinal, in the manner of the one that stood there."""
    if not suffix:
        return ""
    ending = "th" if day in _TEENS else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return suffix[: len(suffix) - 2] + (ending.upper() if suffix.isupper() else ending)


def _like(old: str, name: str) -> str:
    """Return the name of a month as long and in the case of another; "May" is both long and short."""
    shown = name[:_SHORT] if len(old) <= _SHORT + 1 and old.lower() not in ("may", "june", "july") else name
    return shown.upper() if old.isupper() else shown.title() if old[0].isupper() else shown
