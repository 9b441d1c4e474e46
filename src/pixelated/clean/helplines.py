"""Public help is kept: helpline numbers in any formatting, and the sites and addresses of helplines.

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
_SHORT = 8  # digits below which a following group of digits may make it another number


@dataclass(frozen=True)
class Helplines:
    """The table, ready to match."""

    numbers: Any  # a compiled RE2 pattern
    domains: tuple[str, ...]
    emails: frozenset[str]


@cache
def load_helplines() -> Helplines:
    """Read the shipped table once."""
    table = load_preset("pii", "helplines")
    codes = table["country_codes"]
    patterns = {_pattern(h["number"], codes[h["country"]]) for h in table["helplines"]}
    alternation = "|".join(sorted(p for p in patterns if p))
    return Helplines(
        re2.compile(alternation),
        tuple(sorted(table["domains"])),
        frozenset(table["emails"]),
    )


def hide(text: str) -> tuple[str, int]:
    """Return `text` with the helpline numbers in it hidden, at the same length, and how many there were."""
    pieces, end, count = [], 0, 0
    for start, stop in _numbers(text):
        pieces += [text[end:start], HIDDEN * (stop - start)]
        end, count = stop, count + 1
    return "".join([*pieces, text[end:]]), count


def is_public(text: str, span: Span) -> bool:
    """Say whether a web or email address belongs to a helpline."""
    value = text[span.start : span.end].lower().replace(" ", "")
    table = load_helplines()
    if span.type == "EMAIL":
        return value in table.emails
    if span.type != "URL":
        return False
    address = re.sub(r"^[a-z]+://", "", value).split("@")[-1]
    return any(_belongs(address, domain) for domain in table.domains)


def _belongs(address: str, domain: str) -> bool:
    """Say whether an address without scheme is at `domain` (a host, or a host and the start of a path)."""
    host, slash, path = address.partition("/")
    wanted_host, _, wanted_path = domain.partition("/")
    name = host.split(":")[0].split("?")[0].split("#")[0].rstrip(".")
    return (name == wanted_host or name.endswith("." + wanted_host)) and (slash + path).startswith(
        "/" + wanted_path if wanted_path else ""
    )


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
