"""Which language and script a text is in, as far as a scorer of English needs to know before it judges."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from pixelated.score._lexicon import language_words

SURELY_ENGLISH = 0.35
MIN_SHARE, MIN_DISTINCT = 0.15, 4
MAX_OTHER_SCRIPT, MAX_DIACRITICS = 0.3, 0.025

_BEYOND_ASCII = re.compile("[^\x00-\x7f]")
_ASCII_LETTER = re.compile("[A-Za-z]")
_CP1252 = bytes(range(0x80, 0xA0)).decode("cp1252", "ignore")
# Characters that UTF-8 read as cp1252 leaves behind, a lost character, control characters.
RESIDUE = re.compile(
    f"[\u00c3\u00c2\u00e2][\u0080-\u00bf{_CP1252}]{{1,2}}|\ufffd|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
)


def foreign_reason(text: str, counts: Counter[str], closed_share: float) -> str | None:
    """Return "other_script" or "other_language" where `text` is plainly not English, else None.

    Noise is not a language: a text of shuffled letters gives None and is for the scorer to judge.

    Args:
        text: the text as it stands.
        counts: how often each of its words stands in it, in plain form.
        closed_share: share of English words of the closed classes among them.
    """
    if not text.isascii():
        # What wrong decoding left behind is no foreign letter.
        letters = [c for c in _BEYOND_ASCII.findall(RESIDUE.sub("", text)) if c.isalpha()]
        if letters and (reason := _by_letters(letters, len(_ASCII_LETTER.findall(text)) + len(letters))):
            return reason
    if closed_share >= SURELY_ENGLISH:
        return None
    return "other_language" if _by_words(counts, closed_share) else None


def _by_letters(beyond_ascii: list[str], total: int) -> str | None:
    found = Counter(beyond_ascii)
    names = {c: unicodedata.name(c, "") for c in found}
    other = sum(n for c, n in found.items() if not names[c].startswith(("LATIN", "FEMININE", "MASCULINE")))
    if other > MAX_OTHER_SCRIPT * total:
        return "other_script"
    marked = sum(n for c, n in found.items() if " WITH " in names[c])
    return "other_language" if marked > MAX_DIACRITICS * total else None


def _by_words(counts: Counter[str], closed_share: float) -> bool:
    total = counts.total()
    for own in language_words().values():
        hits = own & counts.keys()
        share = sum(counts[w] for w in hits) / max(total, 1)
        if len(hits) >= MIN_DISTINCT and share >= MIN_SHARE and share > closed_share:
            return True
    return False
