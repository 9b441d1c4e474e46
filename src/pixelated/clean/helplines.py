"""Public help is kept: helpline numbers in any formatting, and the sites of helplines.

The table is `presets/pii/helplines.yaml`. Numbers are hidden from the detectors before they look, so that
no pattern can take one for a telephone, a card or a date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import re2

from pixelated.clean.spans import Span
from pixelated.core.presets import load_preset

HIDDEN = "\u00a4"  # stands for a helpline's characters while detectors look; no detector matches it
_MIN_DIGITS = 5  # shorter numbers are never taken for identifiers
_BETWEEN = r"[ .\-/()\x{a0}\x{2010}-\x{2015}]{0,3}"
_MORE_DIGITS = re.compile(r"[-./]?\d| ?\d{3}")
_HOST = re.compile(r"(?:[a-z]+://)?(?:[^/@]*@)?([a-z0-9\-]+(?:\.[a-z0-9\-]+)+)")
_SHORT = 8  # digits below which a following group of digits may make it another number


@dataclass(frozen=True)
class Helplines:
    """The table, ready to match."""

    numbers: Any  # a compiled RE2 pattern
    domains: frozenset[str]


@cache
def load_helplines() -> Helplines:
    """Read the shipped table once."""
    table = load_preset("pii", "helplines")
    codes = table["country_codes"]
    patterns = {_pattern(h["number"], codes[h["country"]]) for h in table["helplines"]}
    alternation = "|".join(sorted(p for p in patterns if p))
    return Helplines(
        re2.compile(alternation),
        frozenset(table["domains"]),
    )


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
    for match in load_helplines().numbers.finditer(text):
        start, end = match.span()
        before, after = text[max(0, start - 2) : start], text[end : end + 5]
        digits = sum(c.isdigit() for c in match.group())
        inside = before[-1:].isdigit() or (before[-1:] in tuple("-./") and before[:1].isdigit())
        longer = _MORE_DIGITS.match(after) if digits < _SHORT else after[:1].isdigit()
        if not inside and not longer:
            yield start, end


def _pattern(number: str, country_code: str) -> str:
    """Return the RE2 pattern of a helpline in any formatting, with and without its country code."""
    digits = [c for c in number if c.isdigit()]
    if len(digits) < _MIN_DIGITS:
        return ""
    prefix = ""
    if country_code == "1" and digits[0] == "1":
        digits, prefix = digits[1:], rf"(?:(?:\+|00)?1{_BETWEEN})?\(?"
    elif digits[0] == "0":
        digits, prefix = digits[1:], rf"(?:\(?0|(?:\+|00){country_code}{_BETWEEN}(?:0{_BETWEEN})?)"
    elif country_code:
        prefix = rf"(?:(?:\+|00){country_code}{_BETWEEN})?"
    return prefix + _BETWEEN.join(digits)
