"""Words of many texts as one Arrow array, and hashes of windows of words: no loop over texts or words."""

from __future__ import annotations

import hashlib
import unicodedata

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Hashes = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 1 << 64)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_ASCII = 128
# ASCII letters in lower case and digits as they are, all other ASCII to spaces; UTF-8 bytes stay
_LOWER = bytes(
    i if i >= _ASCII else (ord(chr(i).lower()) if chr(i).isalnum() else ord(" ")) for i in range(256)
)


def split_words(texts: pa.Array) -> tuple[pa.Array, Ints]:
    """Return the words of all texts one after another, and how many each text has.

    A word is a run of letters and digits of the case-folded NFKC text.
    """
    plain = pc.string_is_ascii(texts)
    if not pc.all(plain, min_count=0).as_py():
        foreign = pc.invert(plain)
        texts = pc.replace_with_mask(texts, foreign, _fold(texts.filter(foreign)))
    lists = pc.ascii_split_whitespace(_translated(texts))
    tokens = pc.list_flatten(lists)
    real = pc.greater(pc.binary_length(tokens), 0)  # an edge that is white space gives an empty word
    parents = pc.list_parent_indices(lists).filter(real).to_numpy()
    return tokens.filter(real), np.bincount(parents, minlength=len(texts)).astype(np.int64)


def _fold(texts: pa.Array) -> pa.Array:
    # Arrow has no case folding; few texts are not ASCII
    folded = [unicodedata.normalize("NFKC", text).casefold() for text in texts.to_pylist()]
    return pc.replace_substring_regex(pa.array(folded, pa.string()), r"[^\pL\pN]+", " ")


def _translated(texts: pa.Array) -> pa.Array:
    """Return the texts with `_LOWER` applied to their bytes, all in one call."""
    if not len(texts):
        return texts
    _, offsets, data = texts.buffers()
    bounds = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    start, end = int(bounds[0]), int(bounds[-1])
    fresh = data.slice(start, end - start).to_pybytes().translate(_LOWER) if end > start else b""
    shifted = pa.py_buffer((bounds - bounds[0]).astype(np.int32))
    return pa.StringArray.from_buffers(len(texts), shifted, pa.py_buffer(fresh))


def word_hashes(words: pa.Array) -> Hashes:
    """Return a 64-bit hash per word, the same in every process."""
    blake = hashlib.blake2b
    digests = b"".join(blake(w.encode(), digest_size=8).digest() for w in words.to_pylist())
    return np.frombuffer(digests, ">u8").astype(np.uint64)


class Windows:
    """Hashes of any window of a sequence of words, from one running sum.

    Attributes:
        lengths: words of each text.
        ends: where each text starts, and the end of the last.
        owner: text that each word belongs to.
    """

    def __init__(self, hashed: Hashes, lengths: Ints, unknown: Flags | None = None) -> None:
        self.lengths = lengths
        self.ends = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        self.owner = np.repeat(np.arange(len(lengths)), lengths)
        missing = unknown if unknown is not None else np.zeros(len(hashed), bool)
        self._unknown = np.concatenate([[0], np.cumsum(missing)])
        with np.errstate(over="ignore"):
            sums = np.cumsum(hashed * _powers(_INVERSE, len(hashed)), dtype=np.uint64)
        self._sums = np.concatenate([np.zeros(1, np.uint64), sums])

    def known_runs(self, size: int) -> Ints:
        """Return where a window of `size` words starts that are all known."""
        if len(self.owner) < size:
            return np.empty(0, np.int64)
        return np.flatnonzero(self._unknown[size:] == self._unknown[:-size])

    def all_known(self) -> Flags:
        """Say of each text whether all its words are known."""
        return np.asarray(self._unknown[self.ends[1:]] == self._unknown[self.ends[:-1]])

    def inside(self, starts: Ints, size: int, holder: Ints) -> Flags:
        """Say which windows lie within one holder (a text, a record); `holder` has one for each word."""
        return np.asarray(holder[starts] == holder[starts + size - 1])

    def grams(self, starts: Ints, size: int) -> Hashes:
        """Return a hash per window of `size` words."""
        return self._between(starts, starts + size)

    def wholes(self) -> Hashes:
        """Return a hash per text, of all its words."""
        return self._between(self.ends[:-1], self.ends[1:]) ^ self.lengths.astype(np.uint64)

    def _between(self, starts: Ints, ends: Ints) -> Hashes:
        # the sum over word[i] * base^-i, times base^start, is the same wherever the window stands
        with np.errstate(over="ignore"):
            out = (self._sums[ends] - self._sums[starts]) * _powers(_BASE, len(self.owner) + 1)[starts]
            return np.asarray((out ^ (out >> np.uint64(31))) * _MIX)


def _powers(base: int, count: int) -> Hashes:
    steps = np.full(max(count, 1), base, np.uint64)
    steps[0] = 1
    with np.errstate(over="ignore"):
        return np.cumprod(steps, dtype=np.uint64)[:count]
