"""User names: @name, u/name, name#1234, labelled names. Subreddits (r/...) are no persons."""

from __future__ import annotations

import re
from collections.abc import Iterator

import re2

from pixelated.clean.names.gazetteer import COMMON, bits_of
from pixelated.clean.spans import DIGITS, Span, detector, span_of

_AT = re2.compile(r"@[A-Za-z0-9_](?:[A-Za-z0-9_.À-ɏЀ-ӿ]{0,28}[A-Za-z0-9_À-ɏЀ-ӿ])?")
_REDDIT = re2.compile(r"(?:^|[^A-Za-z0-9_/])(/?[uU]/[A-Za-z0-9_\-]{3,20})\b")
_DISCORD = re2.compile(r"\b[A-Za-z0-9_.]{2,32}#[0-9]{4}\b")
_SERVICE = (
    r"(?:snap(?:chat)?|insta(?:gram)?|ig|kik|discord|twitter|skype|telegram|tik ?tok|facebook|reddit|steam|"
    r"xbox|psn|user ?name|user id|user|login|handle|screen ?name|gamertag)"
)
_LABELLED = re2.compile(
    rf"(?i)\b{_SERVICE}(?: (?:is|was|name|id|handle|username|account))*[ ]?[:=@]*[ ]?([a-z0-9_.\-]{{3,32}})\b"
)
# With dots alone inside of it, a name follows a word that says that it is one.
_DOTTED = re2.compile(
    rf"(?i)\b{_SERVICE}((?: (?:is|was|name|id|handle|username|account|me at)(?: is| was)?"
    r"|['\x{2019}]s| ?[:=@\-])?)[:=@]*[ ]?"
    r"([a-z0-9]{2,20}(?:\.[a-z0-9]{1,20}){1,3})\b"
)
# "@home" stands for "at home", "@gmail" for a kind of address: no names.
_NOT_A_NAME = frozenset(
    re.findall(
        r"\w+",
        "home work school all everyone here channel night least most first gmail hotmail me us a an my",
    )
)


@detector(
    "handle",
    types=["HANDLE"],
    trigger=rf"@[A-Za-z0-9_]|[uU]/[A-Za-z0-9_]|[A-Za-z0-9_.]#[0-9]{{4}}|"
    rf"(?i:{_SERVICE})[^\n]*(?:[A-Za-z.][0-9_]|[A-Za-z0-9]\.[A-Za-z0-9])",
    gate=("@", "[uU]/[A-Za-z0-9_]", DIGITS, "[A-Za-z.][0-9_]", r"[A-Za-z0-9]\.[A-Za-z0-9]"),
)
def find(text: str) -> Iterator[Span]:
    """Find user names of persons."""
    for match in _AT.finditer(text):
        start, end = match.span()
        after_word = start > 0 and (text[start - 1].isalnum() or text[start - 1] in "._@/")
        name = match.group()[1:]
        if not after_word and any(c.isalpha() or c == "_" for c in name) and name.lower() not in _NOT_A_NAME:
            yield Span(start, end, "HANDLE")
    for match in (*_REDDIT.finditer(text), *_LABELLED.finditer(text)):
        name = match.group(1)
        if match.re is _REDDIT or _looks_made_up(name):
            yield Span(match.start(1), match.end(1), "HANDLE")
    for match in _DOTTED.finditer(text):
        pieces = match.group(2).lower().split(".")
        plain = [bool(bits_of(piece) & COMMON) for piece in pieces]
        if pieces[-1] not in _ENDINGS and not (all(plain) if match.group(1) else any(plain)):
            yield Span(match.start(2), match.end(2), "HANDLE")
    for match in _DISCORD.finditer(text):
        yield span_of(match, "HANDLE")


_ENDINGS = frozenset(
    {"com", "org", "net", "co", "uk", "io", "edu", "gov", "me", "de", "au", "app"}
)  # of web addresses


def _looks_made_up(name: str) -> bool:
    """Say whether a labelled word is a user name and no word of the sentence ("my Instagram is full")."""
    stem = name.rstrip(".-_")
    has_letter = any(c.isalpha() for c in stem)
    return has_letter and (any(c.isdigit() for c in stem) or "_" in stem)
