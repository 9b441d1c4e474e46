"""Public help is kept: helpline numbers in any formatting, and the sites of helplines.

The table is `presets/pii/helplines.yaml`. Numbers are hidden from the detectors before they look, so that
no pattern can take one for a telephone, a card or a date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import re2

from pixelated.clean.spans import Span
from pixelated.core.presets import load_preset

HIDDEN = "\u00a4"  # stands for a helpline's characters while detectors look; no detector matches it
_MIN_DIGITS = 5  # shorter numbers are never taken for identifiers
_DIGIT = re2.compile("[0-9]")
_RUN = re2.compile(r"[0-9](?:[ .\-/()\x{a0}\x{2010}-\x{2015}]{0,3}[0-9]){4,}")
_MORE_DIGITS = re.compile(r"[-./]?\d| ?\d{3}")
_HOST = re.compile(r"(?:[a-z]+://)?(?:[^/@]*@)?([a-z0-9\-]+(?:\.[a-z0-9\-]+)+)")
_LONG = 11  # digits of a North American number with its country code
_SHORT = 8  # digits below which a following group of digits may make it another number


@dataclass(frozen=True)
class Helplines:
    """The table, ready to match."""

    numbers: frozenset[str]  # digits as dialled: with and without the country code
    international: frozenset[str]  # digits that need a + before them
    lengths: tuple[int, ...]  # of both, longest first
    domains: frozenset[str]


@cache
def load_helplines() -> Helplines:
    """Read the shipped table once."""
    table = load_preset("pii", "helplines")
    codes = table["country_codes"]
    entries = [(h["number"], codes[h["country"]]) for h in table["helplines"]]
    numbers = frozenset(n for entry in entries for n in _dialled(*entry))
    international = frozenset(n for entry in entries for n in _after_plus(*entry))
    lengths = tuple(sorted({len(n) for n in numbers | international}, reverse=True))
    return Helplines(numbers, international, lengths, frozenset(table["domains"]))


def hide(text: str) -> tuple[str, int]:
    """Return `text` with the helpline numbers in it hidden, at the same length, and how many there were."""
    pieces, end, count = [], 0, 0
    for start, stop in _numbers(text):
        pieces += [text[end:start], HIDDEN * (stop - start)]
        end, count = stop, count + 1
    return "".join([*pieces, text[end:]]), count


def is_public(text: str, span: Span) -> bool:
    """Say whether a web address belongs to a helpline."""
    value = text[span.start : span.end].lower().replace(" ", "")
    return span.type == "URL" and _host_is_public(value, load_helplines().domains)


def _host_is_public(address: str, domains: frozenset[str]) -> bool:
    """Say whether the host of an address is a helpline's domain or lies under one."""
    host = _HOST.match(address)
    labels = host.group(1).split(".") if host else []
    return any(".".join(labels[i:]) in domains for i in range(len(labels) - 1))


def _numbers(text: str) -> Iterator[tuple[int, int]]:
    """Yield where a helpline's number stands; a run of digits is read once, from the left."""
    table = load_helplines()
    for run in _RUN.finditer(text):
        places = [run.start() + m.start() for m in _DIGIT.finditer(run.group())]
        digits = "".join(text[i] for i in places)
        first = 0
        while first < len(places):
            length = _length_at(text, digits, places, first, table)
            if length:
                start = places[first]
                opened = text[max(0, start - 1) : start] in ("+", "(")
                yield start - opened, places[first + length - 1] + 1
            first += length or 1


def _length_at(text: str, digits: str, places: list[int], first: int, table: Helplines) -> int:
    """Return how many digits from `first` on are a helpline that is no part of another number, or 0."""
    plus = text[max(0, places[first] - 1) : places[first]] == "+"
    for length in table.lengths:
        number = digits[first : first + length]
        if len(number) < length or not (number in table.numbers or (plus and number in table.international)):
            continue
        if _stands_alone(text, places[first], places[first + length - 1] + 1, length):
            return length
    return 0


def _stands_alone(text: str, start: int, end: int, length: int) -> bool:
    before, after = text[max(0, start - 2) : start], text[end : end + 5]
    inside = before[-1:].isdigit() or (before[-1:] in tuple("-./") and before[:1].isdigit())
    longer = _MORE_DIGITS.match(after) if length < _SHORT else after[:1].isdigit()
    return not inside and not longer


def _local(number: str, country_code: str) -> str:
    digits = "".join(c for c in number if c.isdigit())
    return digits.removeprefix("1") if country_code == "1" and len(digits) >= _LONG else digits


def _dialled(number: str, country_code: str) -> Iterator[str]:
    """Yield the digits of a number as they are dialled at home, and from abroad with 00."""
    local = _local(number, country_code)
    if len(local) < _MIN_DIGITS:
        return
    yield local
    if country_code == "1":
        yield "1" + local
    yield from ("00" + n for n in _after_plus(number, country_code))


def _after_plus(number: str, country_code: str) -> Iterator[str]:
    """Yield the digits that follow a +; a trunk zero may stand in brackets ("+44 (0)300")."""
    local = _local(number, country_code)
    if country_code and len(local) >= _MIN_DIGITS:
        yield country_code + local
        yield country_code + local.removeprefix("0")
