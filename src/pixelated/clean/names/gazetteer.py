"""Lists of names, places and common words: what they say of a word, as bits.

`presets/pii/names_lists.txt.gz` is made by `tools/fit_names` from Faker (MIT) and from words that stand in
lower case in permissive text; a line is a word in lower case, a tab and its bits. COMMON words were seen in
lower case in talk; VOCABULARY is a list of 30,000 frequent words, names among them.
"""

from __future__ import annotations

import gzip
from functools import cache, lru_cache
from importlib.resources import files

GIVEN, FAMILY, CITY, COUNTRY, NATION = (1 << k for k in range(5))
COMMON, STREET, VOCABULARY = (1 << k for k in range(5, 8))
_CONTRACTED = ("d", "ll", "ve", "re", "m", "t", "all", "em", "you")
LISTS = "names_lists.txt.gz"


@cache
def lists() -> dict[str, int]:
    """Return the bits of each listed word."""
    packed = (files("pixelated") / "presets" / "pii" / LISTS).read_bytes()
    found = {}
    for line in gzip.decompress(packed).decode("utf-8").splitlines():
        if not line.startswith("#"):
            word, _, bits = line.partition("\t")
            found[word] = int(bits)
    return found


@lru_cache(maxsize=65536)
def bits_of(word: str) -> int:
    """Return the bits of a word in any case; of "well-being" and "I-I" those that all pieces share.

    "What'd" is as common as "what".
    """
    lower = word.lower().replace("\u2019", "'")
    found = lists().get(lower, 0)
    stem, mark, ending = lower.rpartition("'")
    if mark and ending in _CONTRACTED:
        return found | lists().get(stem, 0) & COMMON
    if found or "-" not in lower:
        return found
    shared = ~0
    for piece in lower.split("-"):
        shared &= lists().get(piece, 0)
    return shared
