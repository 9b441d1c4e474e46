"""Words of a message, as the scorers of English see them: lower-case ASCII letters and apostrophes."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[a-z']+")
_QUOTES = str.maketrans(
    {"\u2019": "'", "\u2018": "'", "`": "'", "\u00b4": "'", "\u201c": '"', "\u201d": '"', "\u2026": "..."}
)

_MARKS = dict.fromkeys(range(0x300, 0x370))  # the block of combining accents


def plain(text: str) -> str:
    """Return `text` in lower case, with straight quotes and without accents."""
    if not text.isascii():
        text = text.translate(_QUOTES)
    if not text.isascii():
        # Accents come off their letters.
        text = unicodedata.normalize("NFKD", text).translate(_MARKS)
    return text.lower()


def words(text: str) -> list[str]:
    """Return the words of plain text, without quotation marks around them."""
    found = _WORD.findall(text)
    return [word for raw in found if (word := raw.strip("'"))] if "'" in text else found


def stem(word: str) -> str:
    """Return `word` without a common English ending, so that "feels", "feeling" and "felt" come closer.

    A light stemmer is enough to tell whether two turns speak of the same thing; it needs no list of
    exceptions and never leaves fewer than three letters.
    """
    word = word.removesuffix("'s")
    for ending in ("ingly", "edly", "ing", "ies", "ied", "ed", "ly", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:  # noqa: PLR2004 - see above
            word = word[: -len(ending)] + ("y" if ending in ("ies", "ied") else "")
            break
    return word.removesuffix("e") if len(word) > 3 else word  # noqa: PLR2004 - see above
