"""Cues: named wordings that a scorer looks for, one preset file per subject, one automaton each.

A preset is a YAML mapping from a cue's name to RE2 patterns over the plain form of a turn (`words.plain`:
lower case, straight quotes, no accents). The patterns are own ones, after the sources their file names.
"""

from __future__ import annotations

from functools import cache, lru_cache

import re2

from pixelated.core.presets import load_preset
from pixelated.score._automata import automaton, re2_options


class Cues:
    """The cues of one preset."""

    def __init__(self, preset: str) -> None:
        table = load_preset("score", preset)
        self.names = list(table)
        self._each = {name: "|".join(f"(?:{p})" for p in patterns) for name, patterns in table.items()}
        flat = [(name, pattern) for name, patterns in table.items() for pattern in patterns]
        self._owner = [name for name, _ in flat]
        self._automaton = automaton([pattern for _, pattern in flat])
        self.found = lru_cache(maxsize=8192)(self._found)

    def _found(self, text: str) -> frozenset[str]:
        """Return the names of the cues that stand in a plain text."""
        return frozenset(self._owner[n] for n in self._automaton.match(text))

    def places(self, name: str, text: str) -> list[tuple[int, int]]:
        """Return where a cue stands in a plain text: (start, end), not overlapping."""
        if name not in self.found(text):
            return []
        return [match.span() for match in _compiled(self._each[name]).finditer(text)]


@cache
def cues(preset: str) -> Cues:
    """Return the cues of `presets/score/<preset>.yaml`, compiled once."""
    return Cues(preset)


@cache
def _compiled(pattern: str) -> re2._Regexp:
    return re2.compile(pattern, re2_options())
