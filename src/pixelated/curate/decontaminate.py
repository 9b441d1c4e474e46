"""Find records that hold an evaluation set's text: word n-gram containment, in both directions.

A message matches an evaluation text where at least `containment` of the n-grams of either stand in
the other (a copy, a copy inside a longer text, a shortened copy); a text shorter than n words
matches where the whole texts are equal (five words or more). Words are runs of letters and digits of
the case-folded NFKC text, so that lower-casing and re-tokenising hide nothing.
Source: the 13-gram overlap of Brown et al. 2020 (GPT-3), appendix C, made a containment so that a
helpline sentence in common is not a match.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Hashes = npt.NDArray[np.uint64]

_WORD = re.compile(r"[^\W_]+")
_BASE = np.uint64(0x9E3779B97F4A7C15)
MIN_WHOLE_WORDS = 5


@dataclass(frozen=True)
class EvaluationIndex:
    """N-gram hashes of the evaluation texts, sorted, with the text each belongs to."""

    ngram: int
    containment: float
    grams: Hashes  # sorted
    owners: npt.NDArray[np.int64]  # parallel to grams: index of the text
    sizes: npt.NDArray[np.int64]  # distinct n-grams of each text
    whole: frozenset[int]  # hashes of texts shorter than n words

    def matches(self, text: str) -> bool:
        """Say whether `text` holds, or is held by, an evaluation text."""
        words = word_hashes(text)
        if len(words) < self.ngram:
            return len(words) >= MIN_WHOLE_WORDS and _whole(words) in self.whole
        grams = np.unique(ngram_hashes(words, self.ngram))
        left = np.searchsorted(self.grams, grams, "left")
        right = np.searchsorted(self.grams, grams, "right")
        hit = right > left
        if not hit.any():
            return False
        owners = np.concatenate([self.owners[a:b] for a, b in zip(left[hit], right[hit], strict=True)])
        counts = np.bincount(owners, minlength=len(self.sizes))
        shared = counts / np.minimum(self.sizes, len(grams)).clip(1)
        return bool(shared.max() >= self.containment)


def build_index(texts: Iterable[str], ngram: int, containment: float) -> EvaluationIndex:
    """Index evaluation texts (prompts and replies, each a text of its own)."""
    grams: list[Hashes] = []
    whole: set[int] = set()
    for text in sorted(set(texts)):
        words = word_hashes(text)
        if len(words) >= ngram:
            grams.append(np.unique(ngram_hashes(words, ngram)))
        elif len(words) >= MIN_WHOLE_WORDS:
            whole.add(_whole(words))
    sizes = np.array([len(g) for g in grams], np.int64)
    owners = np.repeat(np.arange(len(grams), dtype=np.int64), sizes)
    flat = np.concatenate(grams) if grams else np.empty(0, np.uint64)
    order = np.argsort(flat, kind="stable")
    return EvaluationIndex(ngram, containment, flat[order], owners[order], sizes, frozenset(whole))


def matching_ids(table: pa.Table, index: EvaluationIndex) -> list[str]:
    """Return the ids of the records of which a message, chosen or rejected text matches."""
    found = []
    columns = zip(
        *(table.column(n).to_pylist() for n in ("id", "messages", "chosen", "rejected")), strict=True
    )
    # to_pylist: each text is cut into words here, which has no column form
    for record_id, messages, chosen, rejected in columns:
        parts = [*(messages or ()), *(chosen or ()), *(rejected or ())]
        if any(index.matches(m["content"]) for m in parts if m["role"] != "system"):
            found.append(record_id)
    return found


def word_hashes(text: str) -> Hashes:
    """Return a 64-bit hash per word of the case-folded NFKC text."""
    words = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    return np.fromiter((_word_hash(w) for w in words), np.uint64, len(words))


def ngram_hashes(words: Hashes, n: int) -> Hashes:
    """Return a hash per window of `n` words: a polynomial over 64-bit integers, wrapping."""
    out = np.zeros(len(words) - n + 1, np.uint64)
    with np.errstate(over="ignore"):
        for k in range(n):
            out = out * _BASE + words[k : k + len(out)]
    return out


def _whole(words: Hashes) -> int:
    return int(ngram_hashes(words, len(words))[0]) ^ len(words)


_cache: dict[str, int] = {}
_CACHE_LIMIT = 500_000


def _word_hash(word: str) -> int:
    # blake2b and not hash(): the built-in one changes with every process
    known = _cache.get(word)
    if known is None:
        known = int.from_bytes(
            hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big"
        )
        if len(_cache) < _CACHE_LIMIT:
            _cache[word] = known
    return known
