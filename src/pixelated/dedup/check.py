"""How many of the records that stay are still copies of each other: measured on a sample, by another method.

It shares nothing with the signatures: records that have a whole sentence in common are compared, in plain
Python, by the words themselves. Probes are held against targets; with more records than targets the count is
scaled up.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from typing import Any

PROBES, TARGETS = 500, 5_000
MIN_SENTENCE, MANY = 25, 50  # characters of a sentence; records that share it before it tells nothing
_WORD, _END = re.compile(r"[^\W_]+"), re.compile(r"[.!?\n]+")


def chosen(ids: list[str], seed: int) -> list[int]:
    """Return the places of the targets, at random by id: the first of them are the probes too."""
    keys = [hashlib.blake2b(f"{seed}\x1f{i}".encode(), digest_size=8).digest() for i in ids]
    return sorted(range(len(ids)), key=keys.__getitem__)[:TARGETS]


def remaining(texts: list[str], records: int, threshold: float) -> dict[str, Any]:
    """Return the share of records that are still a near copy of another.

    Args:
        texts: of the targets, in the order of `chosen`.
        records: how many stay in all.
        threshold: Jaccard index of word 3-grams, as for near copies.

    Returns:
        `rate` (6 decimals; null where there is nothing to compare), `probes`, `targets`, and `found` among
        them.
    """
    probes = min(PROBES, len(texts))
    holders: dict[str, list[int]] = defaultdict(list)
    for place, text in enumerate(texts):
        for sentence in _sentences(text):
            holders[sentence].append(place)
    found = sum(_has_copy(place, texts, holders, threshold) for place in range(probes))
    rate = min(found / probes * records / len(texts), 1.0) if probes else None
    return {
        "rate": None if rate is None else round(rate, 6),
        "probes": probes,
        "targets": len(texts),
        "found": found,
    }


def _has_copy(place: int, texts: list[str], holders: dict[str, list[int]], threshold: float) -> bool:
    others = {o for s in _sentences(texts[place]) if len(holders[s]) <= MANY for o in holders[s]} - {place}
    mine = _grams(texts[place])
    return any(_jaccard(mine, _grams(texts[other])) >= threshold for other in sorted(others))


def _sentences(text: str) -> set[str]:
    return {s for s in (part.strip().lower() for part in _END.split(text)) if len(s) >= MIN_SENTENCE}


def _grams(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    return set(zip(words, words[1:], words[2:], strict=False))


def _jaccard(a: set[tuple[str, ...]], b: set[tuple[str, ...]]) -> float:
    return len(a & b) / len(a | b) if a or b else 0.0
