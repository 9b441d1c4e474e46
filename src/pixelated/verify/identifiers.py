"""The gate's own search for identifiers that redaction left: written apart from the code it checks.

Precision first: an alarm on a rating (5/10), a time (10:30), a price, a year or a version number would
teach people to ignore the gate. A cheap look for a trigger comes first, confirmation only around it.
Patterns hold no quantifier inside a quantifier over the same characters, so time grows with the text.
"""

from __future__ import annotations

import html
import ipaddress
import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache

_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?"
    r"|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_YEAR = r"(?:19|20)\d{2}"
_END = r"(?![\w]|[.,/-]\d)"  # not inside a longer number or word

# unseen, though not of category Cf: variation selectors, the grapheme joiner, the block of tags
_HIDDEN = re.compile("[\ufe00-\ufe0f\u034f\U000e0000-\U000e01ef]")
_DASH = re.compile("[\u2010-\u2015\u2212]")

_EMAIL = re.compile(r"[\w.%+'-]{1,64} ?@ ?(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?!\w)")
_SPELT_EMAIL = re.compile(
    r"[\w.+-]{1,64} ?[(\[{] ?at ?[)\]}] ?[\w-]{1,63}(?: ?[(\[{] ?dot ?[)\]}] ?|\.)[^\W\d_]{2,24}",
    re.IGNORECASE,
)
_HANDLE = re.compile(r"(?<![\w@./])@([A-Za-z_][\w.]{2,29})")
_FORUM_NAME = re.compile(r"(?<![\w/])/?u/[A-Za-z0-9_-]{3,20}(?![\w/])")
_SCHEME = re.compile(r"\b(?:https?|ftp)://([^\s/<>\"')\]]{3,255})", re.IGNORECASE)
_WWW = re.compile(r"(?<![\w.@])(www\.[\w-]{1,63}\.[\w.-]{2,200})", re.IGNORECASE)
_BARE_TAIL = re.compile(r"\.(?:com|org|net|edu|gov|io|me|uk|de)/\w", re.IGNORECASE)
_BARE_URL = re.compile(
    r"(?<![\w@./-])((?:[\w-]{1,63}\.){1,5}(?:com|org|net|edu|gov|io|me|uk|de))/\w", re.IGNORECASE
)

# Four digits or more with little between them: every numeric identifier holds such a run.
_RUN = re.compile(r"[0-9](?:[\s().,/:+-]{0,3}[0-9]){3,}")
_COLONS = re.compile(r"[0-9A-Fa-f]{2,4}:[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{1,4}:")

_BEGIN = r"(?<![\w.,$€£/-])"  # not inside a longer number, a word or a price
_PHONE = re.compile(
    rf"(?<![\w+.])(?:\+|00)[1-9]\d{{0,2}}(?:[ .-]?\(?\d{{1,4}}\)?){{2,6}}{_END}|"
    + _BEGIN
    + r"(?:(?:1[ .-]?)?(?:\(\d{3}\)[ .-]?|\d{3}[.-])\d{3}[ .-]?\d{4}"
    r"|(?:1 ?[/.-]? ?)?\(?\d{3}\)? ?[/.-] ?\d{3} ?[/.-] ?\d{4}"
    r"|(?:1[ .-])?[2-9]\d{2} [2-9]\d{2}[ .-]\d{4}"
    r"|1?[2-9]\d{2}[2-9]\d{6}"
    r"|\(?0\d{2,4}\)?[ /.-]?\d{3,4}[ .-]?\d{3,4}"
    r"|\(?0\d\)?(?:[ .-]\d{2}){4}"
    r"|(?:\(0\d\)|0\d) ?\d{4} ?\d{4}"
    r"|1[38]00 ?\d{3} ?\d{3})" + rf"(?: {{0,2}}(?:x|ext\.?) ?\d{{1,6}}(?!\w)|{_END})",
    re.IGNORECASE,
)
_LOCAL_PHONE = re.compile(_BEGIN + r"[2-9]\d{2}[-.]\d{4}" + _END)
_SSN = re.compile(r"(?<![\w-])\d{3}( ?[-.] ?| )\d{2}\1\d{4}(?![\w]|-\d)")
_BARE_NINE = re.compile(r"(?<![\w.,$-])\d{9}" + _END)
_CARD = re.compile(r"(?<![\w.-])\d(?:[ .-]?\d){12,18}(?![\w]|[.-]\d)")
_IPV4 = re.compile(r"(?<![\w.-])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){3,7}(?![\w:])")
_MAC = re.compile(r"(?<![\w:-])[0-9A-Fa-f]{2}([:-])[0-9A-Fa-f]{2}(?:\1[0-9A-Fa-f]{2}){4}(?![\w:-])")
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){3,8}(?!\w)")
_ISO_DATE = re.compile(rf"(?<![\d.,-]){_YEAR}([-/.])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])(?!\d)")
_NAMED_DATE = re.compile(
    rf"(?<!\w){_MONTH} {{0,2}}\d{{1,2}}(?:st|nd|rd|th)?,? {{1,2}}{_YEAR}(?!\d)"
    rf"|(?<!\d)\d{{1,2}}(?:st|nd|rd|th)?[ -](?:of )?{_MONTH},?[ -]{_YEAR}(?!\d)",
    re.IGNORECASE,
)
_NUMERIC_DATE = re.compile(rf"(?<![\d/.,$-])(\d{{1,2}})([/.-])(\d{{1,2}})\2({_YEAR}|\d{{2}})(?![\d/]|[.-]\d)")
_COMPACT_DATE = re.compile(rf"(?<!\w)({_YEAR})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?!\w)")
_MRN = re.compile(
    r"\b(?:MRN|(?:medical[ -]records?|patient|chart|hospital|NHS)[ -](?:number|num|no|id|#))\b[.#:=\s-]{0,4}"
    r"(?:is |was )?#?[A-Z]{0,4}-?(\d[\dA-Z -]{2,14})",
    re.IGNORECASE,
)

_MRN_WORDS = ("mrn", "record", "patient", "chart", "hospital", "nhs")
_PHONE_WORDS = re.compile(
    r"\b(?:call|phone|cell|text|mobile|tel|telephone|fax|dial|reach|whatsapp)\b", re.IGNORECASE
)
_BIRTH_WORDS = re.compile(r"\b(?:dob|born|birth|date|birthday)\b", re.IGNORECASE)
_SSN_WORDS = re.compile(r"\b(?:ssn|social security)\b", re.IGNORECASE)
_VERSION_WORDS = re.compile(
    r"(?:\bv|\b(?:version|ver|release|build|section|chapter|figure|table|item|step)\.?|§) ?$", re.IGNORECASE
)
_QUANTITY = re.compile(
    r" {0,3}(?:%|percent|mg|ml|min(?:ute)?s?|times?|years?|days?|hours?|weeks?|lbs?|kg|pounds?)\b",
    re.IGNORECASE,
)

_UNESCAPES = 3
_BEFORE, _AFTER = 44, 24
_MIN_COLONS = 3
_PHONE_DIGITS = 7
_ANSWER_BYTE, _LOOPBACK = 255, 127
_COUNTRY_CODES = ("1", "44", "61", "64", "49", "91", "353")
_ISSUERS = {
    13: ("4",),
    14: ("36", "38", "300", "301", "302", "303", "304", "305"),
    15: ("34", "37"),
    16: ("4", "51", "52", "53", "54", "55", "22", "23", "24", "25", "26", "27", "6011", "65", "644", "645",
         "646", "647", "648", "649", "35", "62"),
}  # fmt: skip


class Search:
    """Finds identifier types in text; public helplines, hosts and ordinary @words are left alone."""

    def __init__(self, helplines: list[str], hosts: list[str], not_handles: list[str]) -> None:
        self._helplines = frozenset(helplines)
        self._hosts = tuple(hosts)
        self._not_handles = frozenset(not_handles)

    def types(self, text: str) -> set[str]:
        """Return the types of identifiers that stand in `text`."""
        text = plain(text)
        found = set(self._accounts(text)) | set(self._addresses(text))
        if text.count(":") >= _MIN_COLONS and _COLONS.search(text):
            found |= set(_devices(text))
        for run in _RUN.finditer(text):
            found |= set(self._numbers(text, run))
        return found

    def _accounts(self, text: str) -> Iterator[str]:
        if "@" in text:
            if _EMAIL.search(text):
                yield "EMAIL"
            handles = (m[1].rstrip(".").lower() for m in _HANDLE.finditer(text))
            if any(handle not in self._not_handles for handle in handles):
                yield "HANDLE"
        if ("at)" in text or "at]" in text or "at }" in text) and _SPELT_EMAIL.search(text):
            yield "EMAIL"
        if "u/" in text and _FORUM_NAME.search(text):
            yield "HANDLE"

    def _addresses(self, text: str) -> Iterator[str]:
        triggered = [_SCHEME] if "://" in text else []
        if "ww." in text.lower():
            triggered.append(_WWW)
        if _BARE_TAIL.search(text):
            triggered.append(_BARE_URL)
        if any(not self._public(m[1]) for pattern in triggered for m in pattern.finditer(text)):
            yield "URL"

    def _public(self, host: str) -> bool:
        name = host.lower().split("/")[0].rstrip(".,;:!?")
        return any(name == known or name.endswith("." + known) for known in self._hosts)

    def _numbers(self, text: str, run: re.Match[str]) -> Iterator[str]:
        """Yield the types of the number around a run of digits, looking a little to both sides."""
        low, high, number = max(0, run.start() - _BEFORE), _grown(text, run.end()), run[0]
        digits = sum(map(str.isdigit, number))
        for kind, least, likely, confirm in _CONFIRM:
            if digits >= least and likely(number) and confirm(text, low, high):
                yield kind
        if digits >= _PHONE_DIGITS and any(not self._helpline(m[0]) for m in _phones(text, low, high)):
            yield "PHONE"

    def _helpline(self, number: str) -> bool:
        digits = "".join(c for c in number.lower().partition("x")[0] if c.isdigit()).removeprefix("00")
        if digits in self._helplines:
            return True
        local = [digits.removeprefix(code) for code in _COUNTRY_CODES if digits.startswith(code)]
        return any(n in self._helplines or "0" + n in self._helplines for n in local)


def plain(text: str) -> str:
    """Return `text` without the disguises that a reader does not see: widths, entities, hidden characters."""
    for _ in range(_UNESCAPES):  # an entity may be written with entities
        if "&" not in text or (unescaped := html.unescape(text)) == text:
            break
        text = unescaped
    if "%40" in text:
        text = text.replace("%40", "@")
    if text.isascii():
        return text
    for character in set(text):
        if character > "\x7f" and (shown := _plain_character(character)) != character:
            text = text.replace(character, shown)
    return text


@lru_cache(maxsize=4096)
def _plain_character(character: str) -> str:
    """Return what stands for one character: compatibility form, ASCII digits and hyphens, or nothing."""
    if unicodedata.category(character) == "Cf" or _HIDDEN.match(character):
        return ""
    if character.isdigit():
        return str(unicodedata.digit(character))
    return _DASH.sub("-", unicodedata.normalize("NFKC", character))


def _grown(text: str, end: int) -> int:
    """Return a position a little after `end` that does not cut a number."""
    high = min(len(text), end + _AFTER)
    while high < len(text) and (text[high].isdigit() or text[high - 1].isdigit()) and high < end + 3 * _AFTER:
        high += 1
    return high


def _phones(text: str, low: int, high: int) -> Iterator[re.Match[str]]:
    ends = list[int]()  # the last seven digits of a number are not a number of their own
    for match in _PHONE.finditer(text, low, high):
        ends.append(match.end())
        number = match[0].lower().partition("x")[0].removesuffix("e")  # without an extension
        digits = sum(map(str.isdigit, number))
        least = 11 if match[0].startswith("00") else 9
        if least <= digits <= 15 and not number.endswith("00000"):  # noqa: PLR2004 - E.164 lengths
            yield match
    for match in _LOCAL_PHONE.finditer(text, low, high):
        if match.end() not in ends and _said_before(_PHONE_WORDS, text, match.start()):
            yield match


def _said_before(words: re.Pattern[str], text: str, start: int, reach: int = 30) -> bool:
    return words.search(text, max(0, start - reach), start) is not None


def _ssn(text: str, low: int, high: int) -> bool:
    if _SSN.search(text, low, high):
        return True
    return any(_said_before(_SSN_WORDS, text, m.start()) for m in _BARE_NINE.finditer(text, low, high))


def _card(text: str, low: int, high: int) -> bool:
    for match in _CARD.finditer(text, low, high):
        if match[0].count(".") == 1:
            continue  # a fraction
        digits = match[0].replace(" ", "").replace("-", "").replace(".", "")
        if digits.startswith(_ISSUERS.get(len(digits), ())) and _luhn(digits):
            return True
    return False


def _luhn(digits: str) -> bool:
    total = 0
    for i, c in enumerate(reversed(digits)):
        n = int(c) * (1 + i % 2)
        total += n - 9 if n > 9 else n  # noqa: PLR2004 - the check digit's own arithmetic
    return total % 10 == 0


def _ipv4(text: str, low: int, high: int) -> bool:
    for match in _IPV4.finditer(text, low, high):
        parts = match[0].split(".")
        numbers = [int(p) for p in parts]
        plausible = max(numbers) <= _ANSWER_BYTE and all(
            p == str(n) for p, n in zip(parts, numbers, strict=True)
        )
        personal = max(numbers) > 9 and numbers[0] not in (0, _LOOPBACK, _ANSWER_BYTE)  # noqa: PLR2004 - 1.2.3.4
        if (
            plausible
            and personal
            and not _VERSION_WORDS.search(text[max(0, match.start() - 12) : match.start()])
        ):
            return True
    return False


def _named_date(text: str, low: int, high: int) -> bool:
    return _NAMED_DATE.search(text, low, high) is not None


def _date(text: str, low: int, high: int) -> bool:
    if _ISO_DATE.search(text, low, high):
        return True
    if any(_numeric_date(text, m) for m in _NUMERIC_DATE.finditer(text, low, high)):
        return True
    compact = _COMPACT_DATE.finditer(text, low, high)
    return any(_said_before(_BIRTH_WORDS, text, m.start()) for m in compact)


def _numeric_date(text: str, match: re.Match[str]) -> bool:
    a, b, year = int(match[1]), int(match[3]), match[4]
    if not (1 <= min(a, b) <= 12 and max(a, b) <= 31):  # noqa: PLR2004 - months and days
        return False
    if len(year) == 4:  # noqa: PLR2004 - a year in full
        return True
    if match[2] == "/":
        return not _QUANTITY.match(text, match.end())
    return _said_before(_BIRTH_WORDS, text, match.start())


def _mrn(text: str, low: int, high: int) -> bool:
    around = text[low:high].lower()
    if not any(word in around for word in _MRN_WORDS):
        return False
    return any(sum(c.isdigit() for c in m[1]) >= 4 for m in _MRN.finditer(text, low, high))  # noqa: PLR2004


def _iban(text: str, low: int, high: int) -> bool:
    for match in _IBAN.finditer(text, low, high):
        code = match[0].replace(" ", "")
        number = "".join(str(int(c, 36)) for c in code[4:] + code[:4])
        if 15 <= len(code) <= 34 and int(number) % 97 == 1:  # noqa: PLR2004 - ISO 13616
            return True
    return False


def _devices(text: str) -> Iterator[str]:
    if _MAC.search(text):
        yield "MAC"
    for match in _IPV6.finditer(text):
        groups = [g for g in match[0].split(":") if g]
        if len(groups) >= 4 and any(len(g) > 2 for g in groups) and _is_ipv6(match[0]):  # noqa: PLR2004
            yield "IP"


def _is_ipv6(value: str) -> bool:
    try:
        ipaddress.IPv6Address(value)
    except ValueError:
        return False
    return True


def _always(_number: str) -> bool:
    return True


def _has_dots(number: str) -> bool:
    return number.count(".") >= 3  # noqa: PLR2004 - an IPv4 address


def _has_year(number: str) -> bool:
    return "19" in number or "20" in number


def _has_parts(number: str) -> bool:
    """Say whether a run could be a numeric date: two separators, or eight digits in a row."""
    return sum(number.count(c) for c in "/.-") > 1 or len(number) >= len("19870314")


# type, fewest digits of one in a run, what a run of it looks like, and what confirms it
_CONFIRM: tuple[tuple[str, int, Callable[[str], bool], Callable[[str, int, int], bool]], ...] = (
    ("SSN", 9, _always, _ssn),
    ("CREDIT_CARD", 13, _always, _card),
    ("IP", 5, _has_dots, _ipv4),
    ("DATE", 4, _has_year, _named_date),
    ("DATE", 4, _has_parts, _date),
    ("MRN", 4, _always, _mrn),
    ("IBAN", 8, _always, _iban),
)
