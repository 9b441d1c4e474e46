"""Is a text English, as far as a scorer of English needs to know before it judges?

By script and accents where there are any; else by evidence of words, summed as log-odds for each
language of `presets/score/languages.yaml`: its frequent words and its beginnings and ends of words
speak for it, English words against it. Words whose letters make a common English word, in
whatever order, count for no language, so that shuffled English is not taken for one.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache

from pixelated.core.presets import load_preset
from pixelated.score.english import english

NOT_ENGLISH = "not_english"
SURELY_ENGLISH = 0.4  # share of closed-class words; English has 0.57, and its neighbours share a third of it
MAX_OTHER_SCRIPT, MAX_DIACRITICS = 0.3, 0.025
# Evidence of one word in nats, rounded from what is plain: a frequent word of a language makes 30 to 50 % of
# its text and a few per cent of other text; two letters turn up by chance far more often than three.
BY_LENGTH, LONGER_HIT, AFFIX_HIT = {1: 0.2, 2: 0.9}, 2.0, 1.2
MISS, ENGLISH_CONTENT, ENGLISH_CLOSED = -0.35, -0.7, -1.2
ENOUGH, MIN_DISTINCT = 3.5, 3
COMMON = 8  # bits of rarity: the English words whose letters are set aside
LONGEST_AFFIX, SHORTEST_STEM = 6, 3

_BEYOND_ASCII = re.compile("[^\x00-\x7f]")
_ASCII_LETTER = re.compile("[A-Za-z]")
_CP1252 = bytes(range(0x80, 0xA0)).decode("cp1252", "ignore")
# Characters that UTF-8 read as cp1252 leaves behind, a lost character, control characters.
RESIDUE = re.compile(
    f"[\u00c3\u00c2\u00e2][\u0080-\u00bf{_CP1252}]{{1,2}}|\ufffd|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
)


def foreign_reason(text: str, words: Sequence[str], closed_share: float) -> str | None:
    """Return "not_english" where `text` is plainly in another language or script, else None.

    Noise is not a language: a text of shuffled letters gives None and is for the scorer to judge.

    Args:
        text: the text as it stands.
        words: its words in plain form.
        closed_share: share of English words of the closed classes among them.
    """
    sure = closed_share >= SURELY_ENGLISH
    if not text.isascii():
        # What wrong decoding left behind is no foreign letter.
        letters = [c for c in _BEYOND_ASCII.findall(RESIDUE.sub("", text)) if c.isalpha()]
        total = len(_ASCII_LETTER.findall(text)) + len(letters)
        if letters and _by_letters(letters, total, sure=sure):
            return NOT_ENGLISH
    return NOT_ENGLISH if not sure and _by_words(Counter(words)) else None


def _by_letters(beyond_ascii: list[str], total: int, *, sure: bool) -> bool:
    found = Counter(beyond_ascii)
    names = {c: unicodedata.name(c, "") for c in found}
    other = sum(n for c, n in found.items() if not names[c].startswith(("LATIN", "FEMININE", "MASCULINE")))
    if other > MAX_OTHER_SCRIPT * total:
        return True
    # Names and borrowed words carry accents in English, too.
    return not sure and sum(n for c, n in found.items() if " WITH " in names[c]) > MAX_DIACRITICS * total


def _by_words(counts: Counter[str]) -> bool:
    evidence, against = defaultdict[str, float](float), 0.0
    distinct = Counter[str]()
    for word, times in counts.items():
        speaks_for, otherwise = _word_evidence(word)
        against += times * otherwise
        for language, weight in speaks_for.items():
            evidence[language] += times * (weight - otherwise)
            distinct[language] += weight > 0 and len(word) > 1
    return any(
        against + value >= ENOUGH and distinct[language] >= MIN_DISTINCT
        for language, value in evidence.items()
    )


@lru_cache(maxsize=1 << 16)
def _word_evidence(word: str) -> tuple[Mapping[str, float], float]:
    """Return the evidence of a word by language, and its evidence for every other language."""
    table, known = english(), english().knows(word)
    content = ENGLISH_CONTENT if known else MISS
    otherwise = ENGLISH_CLOSED if word in table.closed else content
    frequent, heads, tails = _tables()
    languages = frequent.get(word, frozenset())
    if languages:
        # A word of both languages, or an anagram of an English one, says nothing.
        weight = 0.0 if _letters(word) in _english_letters() else BY_LENGTH.get(len(word), LONGER_HIT)
        return dict.fromkeys(languages, weight), otherwise
    if known:
        return {}, otherwise
    affixes = range(2, min(LONGEST_AFFIX, len(word) - SHORTEST_STEM) + 1)
    found = [heads.get(word[:n], frozenset()) | tails.get(word[-n:], frozenset()) for n in affixes]
    return dict.fromkeys(frozenset().union(*found), AFFIX_HIT), otherwise


def _letters(word: str) -> str:
    return "".join(sorted(word))


@cache
def _english_letters() -> frozenset[str]:
    return frozenset(map(_letters, english().common(COMMON)))


@cache
def _tables() -> tuple[dict[str, frozenset[str]], ...]:
    """Return the languages of each frequent word, of each beginning and of each end of words."""
    languages = load_preset("score", "languages")
    return tuple(_languages_of(languages, kind) for kind in ("words", "heads", "tails"))


def _languages_of(languages: dict[str, dict[str, str]], kind: str) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for code, lists in languages.items():
        for piece in lists.get(kind, "").split():
            found.setdefault(piece, set()).add(code)
    return {piece: frozenset(codes) for piece, codes in found.items()}
