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
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Hashes = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]

_WORD = re.compile(r"[^\W_]+")
_BASE = np.uint64(0x9E3779B97F4A7C15)
MIN_WHOLE_WORDS = 5


@dataclass(frozen=True)
class EvaluationIndex:
    """N-gram hashes of the evaluation texts of all sources, sorted, with the text each belongs to."""

    ngram: int
    containment: float
    grams: Hashes  # sorted; one entry per text and distinct n-gram
    owners: Ints  # parallel to grams: number of the text
    sizes: Ints  # distinct n-grams of each text
    sources: tuple[str, ...]  # of each text: its evaluation source
    whole: dict[int, tuple[str, ...]]  # hash of a text shorter than n words -> evaluation sources


def build_index(texts: Mapping[str, Iterable[str]], ngram: int, containment: float) -> EvaluationIndex:
    """Index evaluation texts (prompts and replies, each a text of its own) by evaluation source."""
    grams: list[Hashes] = []
    sources: list[str] = []
    whole: dict[int, set[str]] = {}
    for source in sorted(texts):
        for text in sorted(set(texts[source])):
            words = word_hashes(text)
            if len(words) >= ngram:
                grams.append(np.unique(ngram_hashes(words, ngram)))
                sources.append(source)
            elif len(words) >= MIN_WHOLE_WORDS:
                whole.setdefault(_whole(words), set()).add(source)
    sizes = np.array([len(g) for g in grams], np.int64)
    owners = np.repeat(np.arange(len(grams), dtype=np.int64), sizes)
    flat = np.concatenate(grams) if grams else np.empty(0, np.uint64)
    order = np.argsort(flat, kind="stable")
    short = {key: tuple(sorted(names)) for key, names in whole.items()}
    return EvaluationIndex(ngram, containment, flat[order], owners[order], sizes, tuple(sources), short)


def matching_ids(table: pa.Table, index: EvaluationIndex) -> dict[str, list[str]]:
    """Return the ids of records of which a message, chosen or rejected text matches, by evaluation source."""
    found: dict[str, set[str]] = {}
    ids, texts = _texts(table)
    for number, sources in match_texts(texts, index).items():
        for source in sources:
            found.setdefault(source, set()).add(ids[number])
    return {source: sorted(names) for source, names in sorted(found.items())}


def match_texts(texts: list[str], index: EvaluationIndex) -> dict[int, set[str]]:
    """Return, by position in `texts`, the evaluation sources that the text matches; most texts have none.

    All texts are hashed as one array: a window of n words counts where it lies in one text.
    """
    hashed = [word_hashes(text) for text in texts]
    lengths = np.array([len(h) for h in hashed], np.int64)
    found = _match_short(hashed, index)
    if not len(index.grams) or lengths.sum() < index.ngram:
        return found
    owner = np.repeat(np.arange(len(texts)), lengths)
    windows = ngram_hashes(np.concatenate(hashed), index.ngram)
    inside = owner[: len(windows)] == owner[index.ngram - 1 :]
    at = np.searchsorted(index.grams, windows).clip(max=len(index.grams) - 1)
    for number in np.unique(owner[: len(windows)][inside & (index.grams[at] == windows)]).tolist():
        sources = _contained(hashed[number], index)
        if sources:
            found.setdefault(number, set()).update(sources)
    return found


def _match_short(hashed: list[Hashes], index: EvaluationIndex) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for number, words in enumerate(hashed if index.whole else ()):
        if MIN_WHOLE_WORDS <= len(words) < index.ngram and (sources := index.whole.get(_whole(words))):
            found[number] = set(sources)
    return found


def _contained(words: Hashes, index: EvaluationIndex) -> set[str]:
    """Return the evaluation sources of the texts that share enough n-grams with `words`."""
    grams = np.unique(ngram_hashes(words, index.ngram))
    left, right = (np.searchsorted(index.grams, grams, side) for side in ("left", "right"))
    owners = np.concatenate([index.owners[a:b] for a, b in zip(left, right, strict=True)])
    counts = np.bincount(owners, minlength=len(index.sizes))
    shared = counts / np.minimum(index.sizes, len(grams)).clip(1)
    return {index.sources[i] for i in np.flatnonzero(shared >= index.containment)}


def _texts(table: pa.Table) -> tuple[list[str], list[str]]:
    """Return the texts of a part, and the record id of each; system prompts do not count."""
    ids: list[str] = []
    texts: list[str] = []
    columns = zip(
        *(table.column(n).to_pylist() for n in ("id", "messages", "chosen", "rejected")), strict=True
    )
    for record_id, messages, chosen, rejected in columns:  # each text is cut into words: no column form
        parts = [
            m["content"]
            for m in (*(messages or ()), *(chosen or ()), *(rejected or ()))
            if m["role"] != "system"
        ]
        texts += parts
        ids += [record_id] * len(parts)
    return ids, texts


def word_hashes(text: str) -> Hashes:
    """Return a 64-bit hash per word of the case-folded NFKC text."""
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    words = _WORD.findall(plain.casefold())
    known = _cache
    return np.fromiter((known[w] if w in known else _word_hash(w) for w in words), np.uint64, len(words))


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
    value = int.from_bytes(
        hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big"
    )
    if len(_cache) < _CACHE_LIMIT:
        _cache[word] = value
    return value
