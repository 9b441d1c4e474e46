"""Make `presets/pii/names_lists.txt.gz`: what the tagger knows of words.

python tools/fit_names/lists.py CORPORA
"""

from __future__ import annotations

import gzip
import re
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from fit_names import common_words, faker_lists, people

from pixelated.clean.names import gazetteer as g

OUTPUT = Path(__file__).parents[2] / "src" / "pixelated" / "presets" / "pii" / g.LISTS
HEADER = (
    "# Names of people and places: Faker (MIT License, Copyright (c) 2012 Daniele Faraglia) and own lists.\n"
    "# Common words: those of counsel_chat (MIT) and diasafety (Apache-2.0) in lower case.\n"
    "# Vocabulary: the most frequent words of symspellpy's dictionary (MIT).\n"
)
# A name is also a common word if that many documents have it in lower case.
COMMON_NAME = 8
VOCABULARY_SIZE = 30_000
_ENDINGS = ("s", "es", "ed", "d", "ing", "ly", "er", "ers", "ies", "y", "ness", "ment", "able", "ful", "less")
_PIECE = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")


def main(corpora: Path, vocabulary: Path) -> None:
    """Write the lists."""
    bits: defaultdict[str, int] = defaultdict(int)
    for locale, (given, family) in faker_lists.people().items():
        if locale not in faker_lists.HELD_OUT:
            _add(bits, given, g.GIVEN)
            _add(bits, family, g.FAMILY)
    for locale, names in faker_lists.cities().items():
        if locale not in faker_lists.HELD_OUT:
            _add(bits, names, g.CITY)
    _add(bits, people.words_of("towns"), g.CITY)
    _add(
        bits,
        [*faker_lists.countries(), *faker_lists.states(), "England", "Scotland", "Wales", "UK", "USA"],
        g.COUNTRY,
    )
    _add(bits, people.words_of("nationalities"), g.NATION)
    _add(bits, [*faker_lists.endings(), *people.words_of("street_beginnings")], g.STREET)
    for word, n in common_words.common_words(corpora).items():
        if not bits.get(word, 0) or n >= COMMON_NAME:
            bits[word] |= g.COMMON
    for word in people.words_of("common"):
        bits[word] |= g.COMMON
    _add_vocabulary(bits, vocabulary)
    lines = "".join(f"{word}\t{value}\n" for word, value in sorted(bits.items()))
    OUTPUT.write_bytes(gzip.compress((HEADER + lines).encode("utf-8"), 9, mtime=0))
    print(f"{len(bits):,} words, {OUTPUT.stat().st_size:,} bytes")


def _add_vocabulary(bits: defaultdict[str, int], path: Path) -> None:
    """Mark the frequent words; one that is a common word with another ending is common, too."""
    rows = [line.split() for line in path.read_text("utf-8-sig").splitlines() if line]
    known = {word for word, _ in rows}
    for word, _ in rows[:VOCABULARY_SIZE]:
        if word.isalpha():
            bits[word] |= g.VOCABULARY
    stems = {word for word, value in bits.items() if value & g.COMMON and len(word) > 3}
    for word in sorted(known):
        if not bits.get(word, 0) & ~g.VOCABULARY and _stems_of(word) & stems:
            bits[word] |= g.COMMON


def _stems_of(word: str) -> set[str]:
    found = {word + "s"}
    for ending in _ENDINGS:
        if word.endswith(ending):
            stem = word.removesuffix(ending)
            found |= {stem, stem + "e", stem + "y", stem[:-1] if stem[-2:-1] == stem[-1:] else stem}
    return found


def _add(bits: dict[str, int], names: Iterable[str], bit: int) -> None:
    """Add the capitalised pieces of names: "in", "of" and "the" drop out."""
    for name in names:
        for piece in _PIECE.findall(name):
            if piece[0].isupper() and len(piece) > 1:
                bits[piece.lower().replace("\u2019", "'")] |= bit


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
