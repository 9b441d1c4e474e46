"""What English looks like, in numbers: letters within words, order of function words, common words.

The table `presets/score/english.json` names the permissive text it was made from;
`_fit_english.py` makes it anew. Everything here is a look-up: no scorer's weight is fitted.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.resources import files

import numpy as np
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
        self._code = {name: code for code, name in enumerate(names)}
        rows: dict[str, str] = table["order"]["rows"]  # type: ignore[assignment]
        self._order = np.array([[int(value) for value in rows[name].split()] for name in names])
        self._rarity = {w: int(band) for band, found in table["words"].items() for w in found.split()}
        self._rarest = max(self._rarity.values()) + 1
        self._sorted = sorted(self._rarity)

    def letters(self, word: str) -> int:
        """Return the log-probability of a word's letters and its end, in tenths of a nat."""
        padded = f"  {word} "
        return sum(self._letters.get(padded[i : i + 3], _UNKNOWN_LETTER) for i in range(len(word) + 1))

    def order(self, sentences: Iterable[list[str]]) -> tuple[float, int]:
        """Return the sum over neighbours of log(how often they follow each other / chance), and their number.

        Args:
            sentences: the words of each; the start and the end of a sentence are neighbours too.
        """
        end, other = self._code[SENTENCE_END], self._code[OTHER]
        codes, code = [end], self._code.get
        for found in sentences:
            codes += [code(word, other) for word in found]
            codes.append(end)
        sequence = np.array(codes)
        return int(self._order[sequence[:-1], sequence[1:]].sum()) / 10, len(codes) - 1

    def ends_sentence(self, word: str) -> float:
        """Return how much more often than chance a sentence ends after `word`, in nats."""
        code = self._code.get(word, self._code[OTHER])
        return float(self._order[code, self._code[SENTENCE_END]] / 10)

    def rarity(self, word: str) -> int:
        """Return how rare a word is, in bits: 0 in every document; unknown words count as the rarest."""
        return self._rarity.get(word, self._rarest)

    def knows(self, word: str) -> bool:
        """Say whether the list of common words holds `word`."""
        return word in self._rarity

    def common(self, most: int) -> list[str]:
        """Return the words of a rarity of at most `most` bits."""
        return [word for word, rarity in self._rarity.items() if rarity <= most]

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
def word_letters(word: str) -> int:
    """Return `English.letters` of a word, remembered: a few thousand words make up most text."""
    return english().letters(word)
