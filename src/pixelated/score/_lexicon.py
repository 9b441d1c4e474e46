"""The word lists of `presets/score/lexicon.yaml`."""

from __future__ import annotations

from functools import cache
from typing import Any

from pixelated.core.presets import load_preset


@cache
def word_set(name: str) -> frozenset[str]:
    """Return the words of a list."""
    return frozenset(_table()[name].split())


@cache
def _table() -> dict[str, Any]:
    return load_preset("score", "lexicon")
