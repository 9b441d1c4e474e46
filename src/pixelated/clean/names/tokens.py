"""Words and marks of a text, with their places, and the sentences that they make."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 120  # tokens of a sentence; a longer one is tagged in pieces

_TOKEN = re.compile(
    r"\[[A-Z][A-Z_]*_[0-9a-f]{1,10}\]"  # a surrogate of an earlier redaction
    r"|[^\W\d_]+(?:[\u0300-\u036f]+[^\W\d_]*)*(?:['\u2019-](?![sS]\b)[^\W\d_]+)*"  # O'Neil, Jean-Paul
    r"|['\u2019][sS]\b|\d+|\n|[^\w\s]|_"
)
_STOPS = frozenset(".!?")
# After these a full stop ends no sentence.
_ABBREVIATED_TEXT = """
mr mrs ms mx dr prof st rev sr jr fr no apt ave blvd rd vs etc eg ie
"""
_ABBREVIATED = frozenset(_ABBREVIATED_TEXT.split())


@dataclass(frozen=True, slots=True)
class Token:
    """Characters `start` to `end` of a text."""

    text: str
    start: int
    end: int


def tokens_of(text: str) -> list[Token]:
    """Return the words, numbers, marks and line breaks of a text; spaces are left out."""
    return [Token(m.group(), m.start(), m.end()) for m in _TOKEN.finditer(text)]


def sentences_of(tokens: list[Token]) -> Iterator[list[Token]]:
    """Cut tokens behind full stops, question and exclamation marks and empty lines.

    A single line break ends nothing: addresses and letterheads run over several lines.
    """
    start = 0
    for i, token in enumerate(tokens):
        if i + 1 - start >= LONGEST or _ends(tokens, i, token):
            yield tokens[start : i + 1]
            start = i + 1
    if start < len(tokens):
        yield tokens[start:]


def _ends(tokens: list[Token], i: int, token: Token) -> bool:
    following = tokens[i + 1] if i + 1 < len(tokens) else None
    if token.text == "\n":
        return following is not None and following.text != "\n" and i > 0 and _is_long(tokens, i)
    if token.text not in _STOPS or following is None:
        return False
    if following.start == token.end and following.text != "\n":
        return False  # "3.5", "e.g.", "?!"
    before = tokens[i - 1].text if i else ""
    initial = len(before) == 1 and before.isalpha() and before.isupper() and before != "I"
    return not (token.text == "." and (initial or before.lower() in _ABBREVIATED))


def _is_long(tokens: list[Token], i: int) -> bool:
    """Say whether the line that ends at `i` is prose and no line of an address or a form."""
    run = 0
    while run < i and tokens[i - 1 - run].text != "\n" and run < _PROSE:
        run += 1
    return run >= _PROSE


_PROSE = 12  # tokens of a line that is no longer a field
