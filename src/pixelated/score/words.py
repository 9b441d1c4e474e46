"""Words of a message, as the scorers of English see them: lower-case ASCII letters and apostrophes."""

from __future__ import annotations

import string
import unicodedata

_LETTERS = string.ascii_lowercase + "'"
_TO_WORDS = bytes(
    ord("\n") if chr(b) in ".!?\n" else b if chr(b) in _LETTERS else ord(" ") for b in range(256)
)
_QUOTES = (
    ("\u2019", "'"), ("\u2018", "'"), ("`", "'"), ("\u00b4", "'"), ("\u201c", '"'), ("\u201d", '"'),
    ("\u2026", "..."),
)  # fmt: skip

_MARKS = dict.fromkeys(range(0x300, 0x370))  # the block of combining accents


def plain(text: str) -> str:
    """Return `text` in lower case, with straight quotes and without accents."""
    if not text.isascii():
        for mark, straight in _QUOTES:  # several times as fast as a table for all
            text = text.replace(mark, straight)
    if not text.isascii():
        # Accents come off their letters.
        text = unicodedata.normalize("NFKD", text).translate(_MARKS)
    return text.lower()


def words(text: str) -> list[str]:
    """Return the words of plain text, without quotation marks around them."""
    return [word for sentence in sentences(text) for word in sentence]


def sentences(text: str) -> list[list[str]]:
    """Return the words of each sentence of plain text that has any; . ! ? and a new line end a sentence."""
    # A table of bytes is several times as fast as a pattern: every byte that is no letter becomes a space.
    lines = text.encode("utf-8", "surrogatepass").translate(_TO_WORDS).decode("ascii").split("\n")
    if "'" not in text:
        return [found for line in lines if (found := line.split())]
    stripped = ([word for raw in line.split() if (word := raw.strip("'"))] for line in lines)
    return [found for found in stripped if found]


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
