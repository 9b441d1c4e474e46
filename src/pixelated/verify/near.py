"""Near-duplicates across splits: word 3-grams, an inverted index on rare ones, every pair counted exactly.

The records of val and test are few, so they are indexed; each record of another split is held against
the index while the shards stream by. Two records are near where the Jaccard similarity of their sets of
word 3-grams reaches a threshold, here .95 (a policy may set another). Nothing is sampled:

1. A record with more than a twentieth of its 3-grams in no indexed record has no such partner. One look
   into a table of counts says so, and that is the end for nearly every record.
2. Otherwise a partner shares one of the record's rarest 3-grams: of n, any n - ceil(.95 n) + 1 hold one
   (prefix filtering: Chaudhuri et al. 2006; Bayardo et al. 2007). Both sides order them alike.
3. Each candidate's whole set is compared.

A 3-gram is a 64-bit hash that only lives in this process. Memory: per indexed record a twentieth of its
3-grams and a few numbers; whole sets go to a file without a name once they exceed 64 MB.
"""

from __future__ import annotations

import math
import re
import tempfile
import unicodedata
import weakref
from array import array
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

Grams = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]

NEAR = 0.95
WORDS = 3
# Below this, .95 means equal sets: equal texts, which the fold of letters and digits finds
MIN_GRAMS = 8
_SPILL = 64 << 20
_LEAST_BITS, _MOST_BITS = 16, 28  # of the table of counts: 64 KB to 256 MB
_ROOM = 4  # counters per 3-gram
_MANY = 255
_LOWER = bytes(
    ord(chr(i).lower()) if chr(i).isalnum() and i < 128 else (32 if i < 128 else i)  # noqa: PLR2004 - ASCII
    for i in range(256)
)
_WORD = re.compile(r"[^\W_]+")
_BASE = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)


def grams(texts: Iterable[str]) -> Grams:
    """Return the distinct word 3-grams of texts that follow each other, as sorted hashes."""
    words = list[bytes]()
    for text in texts:
        words += _words(text)
    if len(words) < WORDS:
        return np.empty(0, np.uint64)
    # hash() of bytes differs from process to process, and so does the order of 3-grams; the pairs do not
    hashed = np.fromiter(map(hash, words), np.int64, len(words)).view(np.uint64)
    with np.errstate(over="ignore"):
        out = (hashed[:-2] * _BASE + hashed[1:-1]) * _BASE + hashed[2:]
        out = (out ^ (out >> np.uint64(29))) * _MIX
    out.sort()
    return out[np.concatenate(([True], out[1:] != out[:-1]))]


def _words(text: str) -> list[bytes]:
    """Return the words of the NFKC lower-cased text: runs of letters and digits."""
    if text.isascii():
        return text.encode().translate(_LOWER).split()
    plain = unicodedata.normalize("NFKC", text).lower()
    return " ".join(_WORD.findall(plain)).encode("utf-8", "replace").split()


class NearIndex:
    """The 3-grams of records, to be searched for near-duplicates once all are in."""

    def __init__(self, near: float = NEAR) -> None:
        self._near = near
        # it has no name, so nothing is left behind; it is closed with this object
        self._sets = tempfile.SpooledTemporaryFile(max_size=_SPILL)  # noqa: SIM115
        weakref.finalize(self, self._sets.close)
        self._rows, self._ends = array("q"), array("q", [0])
        self._counts = np.zeros(1, np.uint8)
        self._grams, self._owners = np.empty(0, np.uint64), np.empty(0, np.int64)

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, row: int, found: Grams) -> None:
        """Add a record by its row; `found` is what `grams` returned."""
        if len(found) >= MIN_GRAMS:
            self._sets.write(found.tobytes())
            self._rows.append(row)
            self._ends.append(self._ends[-1] + len(found))

    def close(self) -> None:
        """Count every 3-gram, then index the rarest of each record."""
        bits = int(np.clip(math.ceil(math.log2(_ROOM * self._ends[-1] + 1)), _LEAST_BITS, _MOST_BITS))
        self._counts = np.zeros(1 << bits, np.uint8)
        for number in range(len(self)):
            at = self._slots(self._set(number))
            self._counts[at] = np.minimum(self._counts[at], _MANY - 1) + 1
        rare = [self._rarest(self._set(number)) for number in range(len(self))]
        sizes = np.array([len(r) for r in rare], np.int64)
        joined = np.concatenate(rare) if rare else np.empty(0, np.uint64)
        order = np.argsort(joined, kind="stable")
        self._grams, self._owners = joined[order], np.repeat(np.arange(len(self)), sizes)[order]

    def near(self, found: Grams) -> tuple[int, float] | None:
        """Return the row of a record that is near, and how near; the nearest of the first few, or None."""
        if len(found) < MIN_GRAMS or not len(self):
            return None
        known = self._counts[self._slots(found)] > 0
        if len(found) - int(np.count_nonzero(known)) > self._spare(len(found)):
            return None
        wanted = self._rarest(found)
        left, right = (np.searchsorted(self._grams, wanted, side) for side in ("left", "right"))
        seen = np.zeros(0, np.int64)
        for at in np.argsort(right - left, kind="stable").tolist():  # the rarest first
            owners = np.setdiff1d(self._owners[left[at] : right[at]], seen)
            seen = np.union1d(seen, owners)
            for owner in self._of_like_size(owners, len(found)).tolist():
                similarity = jaccard(found, self._set(owner))
                if similarity >= self._near:
                    return self._rows[owner], similarity
        return None

    def _of_like_size(self, owners: Ints, size: int) -> Ints:
        ends = np.frombuffer(self._ends, np.int64)
        sizes = ends[owners + 1] - ends[owners]
        return owners[(sizes >= self._near * size) & (self._near * sizes <= size)]

    def _set(self, number: int) -> Grams:
        start, end = self._ends[number], self._ends[number + 1]
        self._sets.seek(start * 8)
        return np.frombuffer(self._sets.read((end - start) * 8), np.uint64)

    def _slots(self, found: Grams) -> Ints:
        return (found & np.uint64(len(self._counts) - 1)).astype(np.int64)

    def _spare(self, size: int) -> int:
        """Return how many 3-grams of a set of `size` may be missing from a near one."""
        return size - math.ceil(self._near * size - 1e-9)

    def _rarest(self, found: Grams) -> Grams:
        """Return the 3-grams of which a near record shares one: fewest counted first, then by value."""
        order = np.lexsort((found, self._counts[self._slots(found)]))
        return found[order[: self._spare(len(found)) + 1]]


def jaccard(one: Grams, other: Grams) -> float:
    """Return the shared part of two sorted sets."""
    both = len(np.intersect1d(one, other, assume_unique=True))
    return both / (len(one) + len(other) - both)


class Across:
    """Near-duplicates between splits, record by record: all of val, then all of test, then all of train."""

    def __init__(self, near: float = NEAR) -> None:
        self._indexed = {"val": NearIndex(near), "test": NearIndex(near)}
        self._split = ""

    def see(self, split: str, row: int, texts: Iterable[str]) -> list[tuple[int, float]]:
        """Return a near record of each other split that is indexed so far: its row, and how near it is."""
        found = grams(texts)
        if split != self._split:
            if self._split in self._indexed:
                self._indexed[self._split].close()
            self._split = split
        others = [index.near(found) for name, index in self._indexed.items() if name != split]
        if split in self._indexed:
            self._indexed[split].add(row, found)
        return [pair for pair in others if pair]
