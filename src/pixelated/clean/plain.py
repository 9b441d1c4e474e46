"""A view of a text in which digits and signs in disguise are plain, of the same length.

Detectors look at this view, so that full-width, foreign or mathematical digits and typographic dashes hide
no number; every position is that of the original.
"""

from __future__ import annotations

import sys
import unicodedata
from functools import cache

import re2

from pixelated.clean.spans import DISGUISED

_DISGUISED = re2.compile(DISGUISED)
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d"


def plain_view(text: str) -> str:
    """Return `text` with each disguised character replaced by the ASCII character it stands for."""
    if text.isascii() or not _DISGUISED.search(text):
        return text
    return text.translate(_table())


@cache
def _table() -> dict[int, str]:
    """Map each character whose compatibility form is one printable ASCII character, and the dashes."""
    forms = ((c, unicodedata.normalize("NFKC", chr(c))) for c in range(0x80, sys.maxunicode + 1))
    table = {c: f for c, f in forms if len(f) == 1 and f.isascii() and f.isprintable()}
    digits = (c for c in range(0x80, sys.maxunicode + 1) if chr(c).isdecimal())
    return (
        table | {c: str(unicodedata.decimal(chr(c))) for c in digits} | dict.fromkeys(map(ord, _DASHES), "-")
    )
