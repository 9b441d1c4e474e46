"""A made-up language for benchmarks: words by Zipf's law, stock phrases, and the pieces of its text.

A piece is a word as it stands in a JSON string: after a space, before a comma, with a capital after a full
stop. A conversation is a sequence of piece numbers; its bytes are the pieces one after the other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

WORDS = 40_000
PHRASES = 3_000
PHRASE_WORDS = 5  # at most; a shorter one ends in -1
# 2**20 equal lots stand for the law: one draw is one random number and one look-up.
LOTS = 1 << 20
# How a word stands in a turn. `MID` to `QUOTED` are also the order of the blocks of `pieces`.
MID, COMMA, START, STOP, QUESTION, FIRST, PARAGRAPH, QUOTED = range(8)
_FORMS = (" {w}", " {w},", " {W}", " {w}.", " {w}?", "{W}", "\\n\\n{W}", ' \\"{w}\\"')
FORMS = len(_FORMS)
GARBLED = WORDS * FORMS  # piece + GARBLED is the piece read as cp1252: mojibake
GLUE_USER, GLUE_ASSISTANT, GLUE_END, HEAD = (2 * GARBLED + n for n in range(4))
IDENTIFIERS = HEAD + 1  # numbers from here on are identifier phrases
_ONSETS = re.findall(r"\S+", "b br c ch d dr f fl g gr h j k l m n p pl pr qu r s sh st t th tr v w")
_VOWELS = re.findall(r"\S+", "a e i o u ai ea ee ou")
_CODAS = ["", "", "", "l", "n", "m", "r", "s", "t", "nd", "ck", "st"]

Numbers = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Language:
    """What every conversation of one seed is made of."""

    lots: Numbers  # (LOTS,) word of each lot
    accented: Numbers  # words that are not ASCII: an accent or a typographic apostrophe
    phrases: Numbers  # (PHRASES, PHRASE_WORDS) words of each stock phrase, -1 after its end
    phrase_lots: Numbers  # (4096,) phrase of each lot
    pieces: list[bytes]  # every piece, by number


@lru_cache(1)
def language(seed: int) -> Language:
    """Make the language of a seed."""
    rng = np.random.default_rng([seed, 1])
    words = _words(rng)
    lots = _lots(LOTS, WORDS, 2.7)
    phrases = lots[rng.integers(0, LOTS, (PHRASES, PHRASE_WORDS))]
    ends = rng.integers(3, PHRASE_WORDS + 1, PHRASES)
    phrases[np.arange(PHRASE_WORDS)[None, :] >= ends[:, None]] = -1
    accented = np.flatnonzero([not w.isascii() for w in words]).astype(np.int32)
    return Language(lots, accented, phrases, _lots(4096, PHRASES, 10.0), _pieces(words, rng))


def _lots(lots: int, things: int, shift: float) -> Numbers:
    """Share lots out by Zipf and Mandelbrot's law: the r-th thing gets about 1 / (r + shift) of them."""
    weights = 1.0 / (np.arange(1, things + 1) + shift)
    edges = np.cumsum(weights) / weights.sum()
    return np.searchsorted(edges, (np.arange(lots) + 0.5) / lots).astype(np.int32)


def _words(rng: np.random.Generator) -> list[str]:
    """Return distinct words, the commonest first; common ones are short, as in any language."""
    found: dict[str, None] = {}
    while len(found) < WORDS:
        draws = rng.integers(0, 1 << 30, (WORDS, 4)).tolist()
        for *syllables, longer in draws:
            count = 1 + (len(found) > 200) + (len(found) > 5000 and longer % 2)  # noqa: PLR2004
            word = "".join(_syllable(n) for n in syllables[:count])
            found.setdefault(_accent(word, longer) if len(found) % 100 == 50 else word)  # noqa: PLR2004
    return list(found)[:WORDS]


def _syllable(number: int) -> str:
    number, onset = divmod(number, len(_ONSETS))
    number, vowel = divmod(number, len(_VOWELS))
    return _ONSETS[onset] + _VOWELS[vowel] + _CODAS[number % len(_CODAS)]


def _accent(word: str, number: int) -> str:
    """Return the word with an accent or a typographic apostrophe."""
    if number % 2 or "i" in word or "u" in word:
        return word + "n\N{RIGHT SINGLE QUOTATION MARK}t"
    return word.replace("e", "é").replace("a", "á").replace("o", "ö")


def _pieces(words: list[str], rng: np.random.Generator) -> list[bytes]:
    plain = [form.format(w=w, W=w.capitalize()) for form in _FORMS for w in words]
    garbled = [p if p.isascii() else p.encode().decode("cp1252", "replace") for p in plain]
    glue = [
        '"},{"role":"user","content":"',
        '"},{"role":"assistant","content":"',
        '"}]}\n',
        "",  # the head differs in each row: see conversations.py
    ]
    return [p.encode() for p in (*plain, *garbled, *glue, *_identifiers(rng))]


def _identifiers(rng: np.random.Generator) -> list[str]:
    """Return sentences with strings of an identifier's form, all from ranges set aside for fiction."""
    names = [a + b for a in ("mar", "ton", "eli", "jor", "kes") for b in ("a", "on", "in", "eth")]
    sentences = []
    for name_number, number, year in rng.integers((0, 0, 1940), (len(names), 100, 2010), (4000, 3)).tolist():
        name = names[name_number]
        sentences += [
            f" You can call me at 555-01{number:02d}.",
            f" My address is {name}{year}@example.com.",
            f" I wrote it at https://example.org/{name}/{year}{number}.",
            f" The machine said 192.0.2.{number}.",
            f" I was born on {year}-0{1 + number % 9}-1{number % 10}.",
        ]
    return sentences
