"""N-grams of a text: words with their marks, and characters inside words."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

from pixelated.score.words import plain

_TOKEN = re.compile(r"[a-z0-9']+|[?!]")
LONGEST = 4000  # characters of a text that are read
SHORTEST, LONGEST_RUN = 2, 5  # characters of a run


def tokens(text: str) -> list[str]:
    """Return the words of a text in lower case; ? and ! are words."""
    return _TOKEN.findall(plain(text[:LONGEST]))


def pieces(text: str) -> list[str]:
    """Return what stands between the spaces of a text, in lower case."""
    return plain(text[:LONGEST]).split()


def word_ngrams(text: str) -> Counter[str]:
    """Return how often each word and each pair of neighbours stands in a text."""
    found = tokens(text)
    counts = Counter(found)
    counts.update(map(" ".join, pairwise(found)))
    return counts


def char_ngrams(text: str) -> Counter[str]:
    """Return how often each run of characters stands inside a word, the spaces around it included."""
    return Counter(gram for piece in pieces(text) for gram in grams_of(piece))


def grams_of(piece: str) -> list[str]:
    """Return the runs of `SHORTEST` to `LONGEST_RUN` characters of a word; a shorter word is one run."""
    word = f" {piece} "
    if len(word) <= SHORTEST:
        return [word]
    found = []
    for size in range(SHORTEST, LONGEST_RUN + 1):
        if size >= len(word):
            found.append(word)
            break
        found += [word[n : n + size] for n in range(len(word) - size + 1)]
    return found
