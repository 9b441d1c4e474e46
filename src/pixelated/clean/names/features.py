"""What the tagger sees of a word: its shape, its ends, the lists it is on, and its neighbours.

The words themselves are seen only where they are common: the tagger learns what names stand beside, and
cannot learn names by heart.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from pixelated.clean.names import gazetteer as g

Masks = Mapping[
    int, int
]  # position -> the bits of the lists that are looked at: of a part of the fitted words

_TITLES_TEXT = """
mr mrs ms miss mx dr prof professor rev reverend sir officer nurse coach pastor father sister aunt uncle
auntie judge captain sergeant detective principal rabbi imam
"""
_TITLES = frozenset(_TITLES_TEXT.split())
_LONG_NUMBER = 6
_BITS = "gfcknov"  # given, family, city, country, nation, common, vocabulary: short names of features
_PLACED = (g.GIVEN, g.FAMILY, g.CITY, g.COUNTRY, g.NATION, g.COMMON, g.VOCABULARY)


def features_of(words: list[str], masks: Masks = MappingProxyType({})) -> list[list[str]]:
    """Return the features of each word of a sentence."""
    own = [_own(word, g.bits_of(word) & masks.get(i, ~0)) for i, word in enumerate(words)]
    last = len(own) - 1
    rows = []
    for i, (word, shape, listed, alone) in enumerate(own):
        row = list(alone)
        if i == 0 or own[i - 1][0] == "\n":
            row.append("first")
        if i:
            w1, s1, l1, _ = own[i - 1]
            row += ["-w=" + w1, "-s=" + s1, "-l=" + l1, f"-ww={w1}|{word}", f"-ls={l1}|{listed}|{shape}"]
            if i > 1:
                w2, s2, l2, _ = own[i - 2]
                row += ["--w=" + w2, "--s=" + s2 + l2, f"--ww={w2}|{w1}"]
                if i > 2:  # noqa: PLR2004 - "my name is" reaches three words back
                    row.append(f"---w={own[i - 3][0]}|{w2}|{w1}")
        else:
            row.append("-w=<")
        if i < last:
            w1, s1, l1, _ = own[i + 1]
            row += ["+w=" + w1, "+s=" + s1, "+l=" + l1, f"+ww={word}|{w1}"]
            if i + 1 < last:
                w2, s2, l2, _ = own[i + 2]
                row += ["++w=" + w2, "++s=" + s2 + l2, f"++ww={w1}|{w2}"]
        else:
            row.append("+w=>")
        rows.append(row)
    return rows


@lru_cache(maxsize=65536)
def _own(word: str, bits: int) -> tuple[str, str, str, tuple[str, ...]]:
    """Return a word as its neighbours see it, its shape, its lists, and the features that are its own."""
    lower = word.lower().replace("\u2019", "'")
    shape = shape_of(word)
    listed = "".join(c for c, bit in zip(_BITS, _PLACED, strict=True) if bits & bit) or "-"
    seen = lower if bits & (g.COMMON | g.STREET) or not word[0].isalpha() or lower in _TITLES else "?"
    if word.isdigit():
        seen = f"#{min(len(word), _LONG_NUMBER)}"
    elif word[0] == "[" and len(word) > 1:
        seen = "[]"
    alone = ["w=" + seen, "s=" + shape, "l=" + listed, f"ls={listed}|{shape}"]
    if word[0].isalpha():
        alone += ["e3=" + lower[-3:], "e2=" + lower[-2:], "b3=" + lower[:3], f"e3s={lower[-3:]}|{shape}"]
    if bits & g.STREET:
        alone.append("street")
    if lower in _TITLES:
        alone.append("title")
    return seen, shape, listed, tuple(alone)


def shape_of(word: str) -> str:
    """Return Xx, XX, X, xx, XxX, dd, or the mark itself."""
    if word.isdigit():
        return "d" if len(word) <= _LONG_NUMBER else "D"
    if not word[0].isalpha():
        return word[0]
    if word.islower():
        return "x"
    if word.isupper():
        return "X" if len(word) == 1 else "XX"
    if word[0].isupper():
        return "Xx" if word[1:].islower() else "XxX"
    return "xX" if not word.isalpha() or not word[0].isupper() else "x"
