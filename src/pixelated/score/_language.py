"""Which language and script a text is in, as far as a scorer of English needs to know before it judges."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable

from pixelated.score._lexicon import language_words

MIN_SHARE, MIN_DISTINCT = 0.15, 4
MAX_OTHER_SCRIPT, MAX_DIACRITICS = 0.3, 0.025


def foreign_reason(text: str, words: list[str], closed: frozenset[str]) -> str | None:
    """Return "other_script" or "other_language" where `text` is plainly not English, else None.

    Noise is not a language: a text of shuffled letters gives None and is for the scorer to judge.

    Args:
        text: the text as it stands.
        words: its words in plain form.
        closed: the English words of the closed classes.
    """
    if not text.isascii():
        letters = [c for c in text if ord(c) > 127 and c.isalpha()]  # noqa: PLR2004 - beyond ASCII
        total = sum(c.isalpha() for c in text)
        if letters and (reason := _by_letters(letters, total)):
            return reason
    return "other_language" if _by_words(words, closed) else None


def _by_letters(beyond_ascii: list[str], total: int) -> str | None:
    names = [unicodedata.name(c, "") for c in beyond_ascii]
    other = sum(not name.startswith(("LATIN", "FEMININE", "MASCULINE")) for name in names)
    if other > MAX_OTHER_SCRIPT * total:
        return "other_script"
    # A residue of wrong decoding also has letters with marks, but among symbols (see noise).
    marked = sum(" WITH " in name for name in names)
    return "other_language" if marked > MAX_DIACRITICS * total else None


def _by_words(words: Iterable[str], closed: frozenset[str]) -> bool:
    counts = Counter(words)
    total = counts.total()
    english = sum(n for w, n in counts.items() if w in closed)
    for own in language_words().values():
        hits = {w: n for w, n in counts.items() if w in own}
        share = sum(hits.values())
        if len(hits) >= MIN_DISTINCT and share >= MIN_SHARE * total and share > english:
            return True
    return False
