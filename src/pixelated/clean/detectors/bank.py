"""Identifiers that check themselves: payment cards (Luhn), IBANs (mod 97), vehicle numbers (VIN)."""

from __future__ import annotations

from collections.abc import Iterator

import re2

from pixelated.clean.spans import DIGITS, Span, detector, span_of, stands_alone

_CARD = re2.compile(r"\d(?:[ -]?\d){11,18}")
_GROUPED = re2.compile(r"\d{4}([ -])\d{4}[ -]\d{4}[ -]\d{4}|3\d{3}[ -]\d{6}[ -]\d{5}")
_NAMED = re2.compile(r"(?i)\b(?:cards?|cc|visa|master ?card|amex|american express|debit|credit)\b")
_CONTEXT = 40  # characters before a number in which a word names it
_CARD_STARTS = ("2", "3", "4", "5", "6")
_CARD_LENGTHS = range(12, 20)
_PLAIN_LENGTHS = range(13, 20)

# Length by country: ISO 13616 registry.
_IBAN_LENGTH = {
    "AD": 24, "AE": 23, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18,
    "EE": 20, "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GI": 23, "GR": 27, "HR": 21, "HU": 28, "IE": 22,
    "IL": 23, "IS": 26, "IT": 27, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MT": 31, "NL": 18,
    "NO": 15, "PL": 28, "PT": 25, "RO": 24, "RS": 22, "SA": 24, "SE": 24, "SI": 19, "SK": 24, "SM": 27,
    "TR": 26, "BR": 29, "UA": 29, "KW": 30, "QA": 29, "PK": 24, "LB": 28, "JO": 30, "GE": 22, "AL": 28,
}  # fmt: skip
_IBAN_START = re2.compile(r"(?i)\b[a-z]{2}[0-9]{2}")
_IBAN = re2.compile(r"(?i)[a-z]{2}[0-9]{2}(?:[ -]?[a-z0-9])+")
_LONGEST_IBAN = 46  # 34 letters and digits, and a space after every third
_VIN = re2.compile(r"\b[A-HJ-NPR-Z0-9]{13}[0-9]{4}\b")
_VIN_VALUES = dict(
    zip("ABCDEFGHJKLMNPRSTUVWXYZ", [*range(1, 9), *range(1, 6), 7, 9, *range(2, 10)], strict=True)
)
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_UNNAMED, _DOUBTFUL = 0.95, 0.4  # a label ("IMEI") wins over the check digit alone
_VIN_MODULUS = 11
_IBAN_MODULUS = 97


@detector("card", types=["CREDIT_CARD"], trigger=r"[0-9](?:[ -]?[0-9]){11}", gate=(DIGITS,))
def find_cards(text: str) -> Iterator[Span]:
    """Find card numbers; a number written like a card that fails the check goes to review."""
    for match in _CARD.finditer(text):
        start, end = match.span()
        digits = "".join(c for c in match.group() if c.isdigit())
        if not stands_alone(text, start, end):
            continue
        named = bool(_NAMED.search(text[max(0, start - _CONTEXT) : start]))
        grouped = bool(_GROUPED.fullmatch(match.group()))
        lengths = _CARD_LENGTHS if named else _PLAIN_LENGTHS
        if len(digits) in lengths and _luhn(digits) and (named or digits.startswith(_CARD_STARTS)):
            yield Span(start, end, "CREDIT_CARD", 1.0 if named else _UNNAMED)
        elif grouped or (named and len(digits) in _PLAIN_LENGTHS):
            yield Span(start, end, "CREDIT_CARD", _DOUBTFUL)


@detector(
    "iban",
    types=["IBAN"],
    trigger=r"(?i:[a-z]{2}[0-9]{2}(?:[ -]?[a-z0-9])*[0-9][ -]?[0-9][ -]?[0-9])",
    gate=(DIGITS,),
)
def find_ibans(text: str) -> Iterator[Span]:
    """Find IBANs with a right check number, and the length of their country where that is known."""
    for match in _IBAN_START.finditer(text):
        start = match.start()
        run = _IBAN.match(text[start : start + _LONGEST_IBAN])
        if run is None:
            continue
        length = _IBAN_LENGTH.get(match.group()[:2].upper(), sum(c.isalnum() for c in run.group()))
        end = _end_of(run.group(), length)
        if end and _mod97(run.group()[:end]) and not text[start + end : start + end + 1].isalnum():
            yield Span(start, start + end, "IBAN")


@detector("vin", types=["VEHICLE"], trigger=r"[A-HJ-NPR-Z0-9]{13}[0-9]{4}", gate=(DIGITS,))
def find_vins(text: str) -> Iterator[Span]:
    """Find vehicle identification numbers with a right check digit; others need a label."""
    for match in _VIN.finditer(text):
        number = match.group()
        if any(c.isalpha() for c in number) and any(c.isdigit() for c in number) and _vin_checks(number):
            yield span_of(match, "VEHICLE")


def _luhn(digits: str) -> bool:
    doubled = [int(d) * 2 for d in digits[-2::-2]]
    return (sum(map(int, digits[-1::-2])) + sum(d - 9 if d > 9 else d for d in doubled)) % 10 == 0  # noqa: PLR2004 -- digit sum


def _end_of(text: str, length: int) -> int:
    """Return where the first `length` letters and digits of `text` end, 0 if it has fewer."""
    seen = 0
    for position, character in enumerate(text):
        seen += character.isalnum()
        if length and seen == length:
            return position + 1
    return 0


def _mod97(iban: str) -> bool:
    compact = "".join(c for c in iban.upper() if c.isalnum())
    number = "".join(str(int(c, 36)) for c in compact[4:] + compact[:4])
    return int(number) % _IBAN_MODULUS == 1


def _vin_checks(number: str) -> bool:
    values = [int(c) if c.isdigit() else _VIN_VALUES[c] for c in number]
    rest = sum(v * w for v, w in zip(values, _VIN_WEIGHTS, strict=True)) % _VIN_MODULUS
    return number[8] == ("X" if rest == _VIN_MODULUS - 1 else str(rest))
