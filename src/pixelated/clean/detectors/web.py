"""Web addresses (with a scheme, with www, bare domains) and network addresses (IPv4, IPv6, MAC)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from functools import cache

import re2

from pixelated.clean.spans import DIGITS, Span, detector, span_of, stands_alone
from pixelated.core.presets import load_preset

# Endings that are no English words, so that a missing space after a full stop makes no domain.
_TLD = (
    r"(?:com|org|net|edu|gov|mil|int|info|biz|io|ai|app|dev|xyz|online|tv"
    r"|(?:co|ac|org|gov|nhs|me|ltd|sch)\.uk|(?:com|org|net|edu|gov)\.[a-z]{2}|co\.[a-z]{2})"
)
# Also glued to the word before: "Leewww.example.com".
_SCHEME = re2.compile(r"(?i)(?:https?|ftp)://[^\s<>\"”]+|www\d?\.[^\s<>\"”]+")
_BARE = re2.compile(rf"(?i)(?:[a-z0-9][a-z0-9\-]*\.){{1,6}}{_TLD}\b(?::\d{{2,5}})?(?:/[^\s<>\"”]*)?")
_SHORT = re2.compile(r"(?i)\b[a-z0-9\-]+(?:\.[a-z0-9\-]+){0,3}\.[a-z]{2,12}/[^\s<>\"”]*")
# Endings that are words, too: a domain only where a path follows.
_SHORT_TLD = frozenset(
    re.findall(r"\w+", "ly be gl me co us ca uk au ie nz de fr es it nl in eu gg to cc im sh so page link")
)
# A domain with the next word or number glued to its ending: "example.comCall", "example.com212".
_GLUED = re2.compile(r"((?:[A-Za-z0-9][A-Za-z0-9\-]*\.){1,6}(?:com|org|net|edu|gov))[A-Z0-9]")
# Where a glued word begins in an address: after an ending, or a word that begins sentences and ends the span.
_AFTER_ENDING = re.compile(
    r"\A(?:[a-z]{3,5}://)?[A-Za-z0-9.\-]+\.(?:com|org|net|edu|gov|ca)(?=[A-Z])"
    r"|\.(?:html?|pdf|php|aspx?|jpe?g|png)(?=[A-Z])"
)
_SENTENCE_START = re.compile(
    r"(?<=[a-z0-9/])(?=(?:The|This|That|These|There|They|Then|If|It|Its|In|I|You|Your|We|He|She|My|And|But|Or|So|As|At"
    r"|For|What|When|Where|Why|How|Please|Also|After|Before|Good|Best|Hope|Take|Try|Thanks?|Remember|With|Once"
    r"|Some|Another|Here|To|On|Of|By)(?:['\u2019][a-z]{1,2})?[.,;:!?]?\Z)"
)
# Tokenised text: "http : / / www . example . com / page _ one . html"; a scheme or www needs no known ending.
_FILE = r" ?\. ?(?:html?|pdf|php|aspx?|jpe?g|png)\b"
_WORD = r"[a-z0-9]+(?:[._\-][a-z0-9]+)*"
_PATH = rf" ?/ ?(?:{_WORD})?(?: ?[/_\-=&?%#+~]{{1,3}} ?{_WORD}|{_FILE})*(?: ?/)?"
_MORE_TLD = r"(?:ca|us|uk|ie|au|nz|de|fr|es|nl|in|eu|me|co|ly|be|gl|gg|to)"
_LABELS = r"(?: ?\. ?[a-z0-9\-]+)"
_SPACED = (
    re2.compile(
        r"(?i)(?:https?(?: : ?/ ?/ ?|: / ?/ ?|:/ / ?|:// )(?:www\d? ?\. ?)?|www\d? \. ?)"
        r"[a-z0-9]+(?: ?- ?[a-z0-9]+){0,4}"
        rf"(?:{_LABELS}{{0,2}}? ?\. ?(?:{_TLD}|{_MORE_TLD})\b(?: ?\. ?(?:uk|au|nz|za)\b)?(?:{_PATH})?"
        rf"|{_LABELS}{{1,3}}?{_PATH})?"
    ),
    re2.compile(
        r"(?i)(?:\bwww\. [a-z0-9\-]+ ?\.|\b(?:[a-z0-9\-]+ ?\. ?){0,3}[a-z0-9\-]+ \.)"
        rf" (?:com|org|net|edu|gov)\b(?:{_PATH})?"
    ),
)
_SPACED_MARK = re2.compile(r"(?i)https? ?: ?/ ?/ ?|www\d? ?\. ?| \. (?:com|org|net|edu|gov)\b")
_TRAILING = ".,;:!?'\"\u2019\u201d*_~\u2026"

_V4 = re2.compile(r"(?:\d{1,3}\.){3}\d{1,3}")
_V6 = re2.compile(r"[0-9a-fA-F:]*:[0-9a-fA-F]*:[0-9a-fA-F:]*(?:(?:\d{1,3}\.){3}\d{1,3})?")
_MAC = re2.compile(r"(?i)\b[0-9a-f]{2}(?:-[0-9a-f]{2}){5}\b|\b[0-9a-f]{2}(?::[0-9a-f]{2}){5}\b")
_HEX_GATE = r":[0-9a-fA-F]{0,4}:|[0-9a-fA-F]-[0-9a-fA-F]{2}-[0-9a-fA-F]{2}-"
_MIN_V6_GROUPS = 2
_MAX_OCTET = 255


@detector(
    "url",
    types=["URL"],
    trigger=rf"(?i:://|: / /|www ?\.|[a-z0-9]\.{_TLD}|[a-z0-9]\.[a-z]{{2,4}}/| \. (?:com|org|net|edu|gov))",
    gate=("://", ": / /", "(?i:www)", r"[A-Za-z0-9]\.[A-Za-z]{2}", r"(?i: \. (?:com|org|net|edu|gov))"),
)
def find_urls(text: str) -> Iterator[Span]:
    """Find web addresses; file names and abbreviations are none."""
    for pattern in (_SCHEME, _BARE, _SHORT):
        for match in pattern.finditer(text):
            start, end = match.start(), match.start() + len(_trimmed(_without_next_word(match.group())))
            if pattern is _BARE and _is_brand(text[start:end]):
                continue
            if pattern is _SCHEME or _is_domain(text, start, short=pattern is _SHORT, match=match.group()):
                yield Span(start, end, "URL")
    for match in _GLUED.finditer(text):
        named = _is_brand(match.group(1))
        if not named and _is_domain(text, match.start(), short=False, match=match.group(1)):
            yield span_of(match, "URL", 1)
    if _SPACED_MARK.search(text):
        for pattern in _SPACED:
            for match in pattern.finditer(text):
                yield Span(match.start(), match.start() + len(match.group().rstrip()), "URL")


@detector(
    "network",
    types=["IP", "MAC"],
    trigger=rf"[0-9]\.[0-9]{{1,3}}\.[0-9]{{1,3}}\.[0-9]|{_HEX_GATE}",
    gate=(DIGITS, _HEX_GATE),
)
def find_addresses(text: str) -> Iterator[Span]:
    """Find IP addresses whose numbers are valid, and MAC addresses."""
    for match in _V4.finditer(text):
        valid = all(int(part) <= _MAX_OCTET for part in match.group().split("."))
        if valid and stands_alone(text, *match.span()):
            yield span_of(match, "IP")
    for match in _V6.finditer(text):
        if _is_v6(match.group()) and stands_alone(text, *match.span()):
            yield span_of(match, "IP")
    for match in _MAC.finditer(text):
        yield span_of(match, "MAC")


def _is_brand(address: str) -> bool:
    """Say whether an address is the bare name of a public company ("Match.com"), which identifies nobody."""
    return address.lower() in _brands()


@cache
def _brands() -> frozenset[str]:
    return frozenset(load_preset("pii", "brands")["names"])


def _without_next_word(url: str) -> str:
    """Cut the first word of the next sentence, where no space was left before it."""
    cuts = [m.end() for pattern in (_AFTER_ENDING, _SENTENCE_START) for m in pattern.finditer(url)]
    return url[: min(cuts)] if cuts else url


def _trimmed(url: str) -> str:
    """Cut what belongs to the sentence: closing punctuation, and brackets that the address does not open."""
    while url:
        last = url[-1]
        unopened = last in ")]}" and url.count(last) > url.count("([{"[")]}".index(last)])
        if last not in _TRAILING and not unopened:
            break
        url = url[:-1]
    return url


def _is_domain(text: str, start: int, *, short: bool, match: str) -> bool:
    if start and (text[start - 1].isalnum() or text[start - 1] in "@._-/"):
        return False
    return not short or match.split("/", 1)[0].rsplit(".", 1)[-1].lower() in _SHORT_TLD


def _is_v6(token: str) -> bool:
    groups = [g for g in token.split(":") if g]
    if len(groups) < _MIN_V6_GROUPS or not any(c.isdigit() for c in token):
        return False
    try:
        ipaddress.IPv6Address(token)
    except ValueError:
        return False
    return True
