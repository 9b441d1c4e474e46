"""Email addresses: plain, with spaces around `@` and dots (tokenised text), and spelled out (at, dot)."""

from __future__ import annotations

from collections.abc import Iterator

import re2

from pixelated.clean.spans import Span, detector, span_of

_TLD = r"(?:com|org|net|edu|gov|mil|info|biz|io|me|co|us|ca|au|uk|ie|nz|de|fr|es|it|nl|in|eu)"
_LETTERS = "A-Za-zÀ-ɏЀ-ӿ"
_AT_SIGN = "(?: ?@ ?|%40)"
_PLAIN = re2.compile(rf"[{_LETTERS}0-9._%+'\-]+{_AT_SIGN}(?:[{_LETTERS}0-9_\-]+\.)+[{_LETTERS}]{{2,24}}")
_SPACED = re2.compile(
    r"(?i)[a-z0-9][a-z0-9._%+\-]* ?@ ?[a-z0-9\-]+(?: ?\. ?[a-z0-9\-]+){0,3} ?\. ?" + _TLD + r"\b"
)
_AT = r"(?: ?[\[({<] ?at ?[\])}>] ?| at )"
_DOT = r"(?: ?[\[({<] ?dot ?[\])}>] ?| dot |\.)"
_SPELLED = re2.compile(
    rf"(?i)\b[a-z0-9][a-z0-9_+\-]*(?:{_DOT}[a-z0-9_+\-]+){{0,3}}{_AT}"
    rf"[a-z0-9\-]+{_DOT}(?:[a-z0-9\-]+{_DOT})?[a-z]{{2,24}}\b"
)
_DOT_WORD = re2.compile(r"(?i)\bdot\b|[\[({<] ?at ?[\])}>]")

_SPELLED_GATE = r"(?i:[\[({<] ?at ?[\])}>]| dot )"


@detector("email", types=["EMAIL"], trigger="@|%40|" + _SPELLED_GATE, gate=("@", "%40", _SPELLED_GATE))
def find(text: str) -> Iterator[Span]:
    """Find email addresses."""
    if "@" in text or "%40" in text:
        for match in (*_PLAIN.finditer(text), *_SPACED.finditer(text)):
            start, end = match.span()
            yield Span(start + len(match.group()) - len(match.group().lstrip(".'-")), end, "EMAIL")
    if _DOT_WORD.search(text):
        for match in _SPELLED.finditer(text):
            # "meet at noon.me" has neither a spelled dot nor a bracketed at
            if _DOT_WORD.search(match.group()):
                yield span_of(match, "EMAIL")
