"""A name that was found once in a record is looked for in all of its texts, in any case."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pixelated.clean.names import gazetteer as g
from pixelated.clean.names.kept import load_kept
from pixelated.clean.spans import REVIEW, Detector, Span

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_SHORTEST = 3  # letters: "Al" and "Jo" are found by the tagger, or not
_SPREADS = ("PERSON", "PLACE")
_CERTAIN = 0.95  # of a name that is looked for elsewhere


def known_detector(texts: Iterable[tuple[str, Iterable[Detector]]]) -> list[Detector]:
    """Return a detector of the names that are certain in `texts`, each with its detectors; none for no name.

    Only words that no list calls common are looked for: a Hope or a Will in one sentence says nothing of the
    next.
    """
    kinds: dict[str, str] = {}
    for text, detectors in texts:
        for span in (s for d in detectors if "PERSON" in d.types for s in d.find(text)):
            if span.type in _SPREADS and span.confidence >= _CERTAIN:
                kinds |= dict.fromkeys(_words(text[span.start : span.end]), span.type)
    return [Detector(_SPREADS, "", lambda text: _find(text, kinds), soft=True)] if kinds else []


def _words(name: str) -> Iterator[str]:
    known, kept = g.lists(), load_kept()
    for match in _WORD.finditer(name):
        word = match.group().lower()
        plain = known.get(word.replace("\u2019", "'"), 0) & (g.COMMON | g.COUNTRY | g.STREET)
        if len(word) >= _SHORTEST and not plain and word not in kept.single and word not in kept.eponyms:
            yield word


def _find(text: str, kinds: dict[str, str]) -> Iterator[Span]:
    for match in _WORD.finditer(text):
        word = match.group()
        if word[-2:].lower() in ("'s", "\u2019s"):
            word = word[:-2]
        kind = kinds.get(word.lower())
        if kind:
            yield Span(match.start(), match.start() + len(word), kind, max(_CERTAIN, REVIEW))
