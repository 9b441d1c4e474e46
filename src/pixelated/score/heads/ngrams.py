"""N-grams of a text: words with their marks, and characters inside words."""

from __future__ import annotations

import re
from collections import Counter

from pixelated.score.words import plain

_TOKEN = re.compile(r"[a-z0-9']+|[?!]")
LONGEST = 4000  # characters of a text that are read


def word_ngrams(text: str, longest: int = 2) -> Counter[str]:
    """Return how often each run of 1 to `longest` words stands in a text; ? and ! are words."""
    tokens = _TOKEN.findall(plain(text[:LONGEST]))
    found = Counter(tokens)
    for size in range(2, longest + 1):
        found.update(" ".join(tokens[n : n + size]) for n in range(len(tokens) - size + 1))
    return found


def char_ngrams(text: str, shortest: int = 2, longest: int = 5) -> Counter[str]:
    """Return how often each run of characters stands inside a word, the spaces around it included."""
    found: Counter[str] = Counter()
    for token in plain(text[:LONGEST]).split():
        word = f" {token} "
        for size in range(shortest, longest + 1):
            if size >= len(word):
                found[word] += 1
                break
            found.update(word[n : n + size] for n in range(len(word) - size + 1))
    return found
