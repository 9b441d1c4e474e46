"""What English looks like, in numbers: letters within words, order of function words, common words.

The table `presets/score/english.json` names the permissive text it was made from;
`_fit_english.py` makes it anew. Everything here is a look-up: no scorer's weight is fitted.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise

import orjson

SENTENCE_END = "|"
OTHER = "*"
_UNKNOWN_LETTER = -100
_CACHED_WORDS = 1 << 16


class English:
    """The table of English, ready for look-up."""

    def __init__(self, table: dict[str, dict[str, str]]) -> None:
        alphabet = str(table["alphabet"])
        self._letters = {
            pair + letter: int(value)
            for pair, row in table["letters"].items()
            for letter, value in zip(alphabet, row.split(), strict=True)
        }
        names = table["order"]["names"].split()
        self.closed = frozenset(names) - {SENTENCE_END, OTHER}
        rows: dict[str, str] = table["order"]["rows"]  # type: ignore[assignment]
        self._order = {
            (first, second): int(value) / 10
            for first, row in rows.items()
            for second, value in zip(names, row.split(), strict=True)
        }
        self._rarity = {w: int(band) for band, found in table["words"].items() for w in found.split()}
        self._rarest = max(self._rarity.values()) + 1
        self._sorted = sorted(self._rarity)

    def letters(self, word: str) -> tuple[float, int]:
        """Return the log-probability (nats) of a word's letters and its end, and their number."""
        padded = f"  {word} "
        tenths = sum(self._letters.get(padded[i : i + 3], _UNKNOWN_LETTER) for i in range(len(word) + 1))
        return tenths / 10, len(word) + 1

    def order(self, found: list[str]) -> float:
        """Return the sum over neighbours of log(how often they follow each other / chance), in nats.

        Args:
            found: the words of one sentence; its start and end count as neighbours.
        """
        classes = [w if w in self.closed else OTHER for w in found]
        return sum(self._order[pair] for pair in pairwise([SENTENCE_END, *classes, SENTENCE_END]))

    def ends_sentence(self, word: str) -> float:
        """Return how much more often than chance a sentence ends after `word`, in nats."""
        return self._order[word if word in self.closed else OTHER, SENTENCE_END]

    def rarity(self, word: str) -> int:
        """Return how rare a word is, in bits: 0 in every document; unknown words count as the rarest."""
        return self._rarity.get(word, self._rarest)

    def knows(self, word: str) -> bool:
        """Say whether the list of common words holds `word`."""
        return word in self._rarity

    def begins_a_word(self, piece: str) -> bool:
        """Say whether a common word begins with `piece` and is longer."""
        at = bisect_left(self._sorted, piece)
        nearby = self._sorted[at : at + 2]
        return any(word.startswith(piece) and word != piece for word in nearby)


@cache
def english() -> English:
    """Return the shipped table, read once per process."""
    resource = files("pixelated") / "presets" / "score" / "english.json"
    return English(orjson.loads(resource.read_bytes()))


@lru_cache(maxsize=_CACHED_WORDS)
def word_letters(word: str) -> tuple[float, int]:
    """Return `English.letters` of a word, remembered: a few thousand words make up most text."""
    return english().letters(word)
