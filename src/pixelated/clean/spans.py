"""What a detector of identifiers is: a trigger, and a function from a text to typed spans.

One file per family in `detectors/`, filed by the decorator `detector`. A detector of names or places has the
same shape: it may leave its trigger empty to see every text, and give a confidence below REVIEW to send a
record to a person instead of redacting.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pixelated.core.plugins import Registry

REVIEW = 0.5  # a span below this confidence is not redacted: its record goes to review


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` of a text hold an identifier of `type`."""

    start: int
    end: int
    type: str
    confidence: float = 1.0


# Digits and signs in disguise: full-width and foreign digits, dashes between digits (see `plain`).
DISGUISED = (
    r"[\x{ff01}-\x{ff5e}\x{660}-\x{669}\x{6f0}-\x{6f9}\x{966}-\x{96f}\x{2070}-\x{2089}\x{fe63}\x{fe6b}]"
    r"|[\x{1d7ce}-\x{1d7ff}]|[0-9)] ?[\x{2010}-\x{2015}\x{2212}] ?[0-9]"
)

# Three digits close together: nearly every number that identifies somebody has them.
DIGITS = r"[0-9][ ().\-/A-Za-z]{0,2}[0-9][ ().\-/A-Za-z]{0,2}[0-9]"

Find = Callable[[str], Iterable[Span]]


@dataclass(frozen=True)
class Detector:
    """A family of identifiers.

    Attributes:
        types: what it may report.
        trigger: RE2 pattern (no look-around) that every text with a finding matches; empty: every text.
        find: the spans in one text; overlaps are allowed, time is linear in the text.
        gate: cheap RE2 patterns, one of which matches wherever the trigger does. The gates of all detectors,
            each distinct pattern once, make the first pass over all texts. Empty: the trigger is the gate.
        soft: it reads words, and where a pattern of another detector matches, it is wrong.
    """

    types: tuple[str, ...]
    trigger: str
    find: Find
    gate: tuple[str, ...] = ()
    soft: bool = False


DETECTORS: Registry[Detector] = Registry("detector", "pixelated.clean.detectors")


def detector(
    name: str, *, types: Iterable[str], trigger: str, gate: tuple[str, ...] = (), soft: bool = False
) -> Callable[[Find], Find]:
    """Return a decorator that files a `find` function as the detector `name`."""

    def decorate(find: Find) -> Find:
        DETECTORS.register(name)(Detector(tuple(types), trigger, find, gate or (trigger,), soft))
        return find

    return decorate


def span_of(match: Any, kind: str, group: int = 0, confidence: float = 1.0) -> Span:
    """Return the span of a match, or of one of its groups."""
    start, end = match.span(group)
    return Span(start, end, kind, confidence)


def resolve(spans: Iterable[Span]) -> list[Span]:
    """Choose among overlapping spans, longest first, then by confidence; return them in order of start.

    A span below REVIEW stays only where nothing else overlaps it.
    """
    ranked = sorted(
        set(spans), key=lambda s: (s.confidence < REVIEW, s.start - s.end, -s.confidence, s.start, s.type)
    )
    chosen: list[Span] = []
    for span in ranked:
        at = bisect_left(chosen, span.start, key=lambda s: s.start)
        after = at < len(chosen) and chosen[at].start < span.end
        before = at > 0 and chosen[at - 1].end > span.start
        if span.start < span.end and not after and not before:
            chosen.insert(at, span)
    return chosen


def beside(soft: Iterable[Span], hard: Iterable[Span]) -> list[Span]:
    """Return the soft spans that cut no hard one; a longer soft one of several lines may hold some."""
    sure = sorted((s for s in hard if s.confidence >= REVIEW), key=lambda s: s.start)
    return [s for s in soft if not any(_cuts(s, other) for other in sure)]


def _cuts(soft: Span, hard: Span) -> bool:
    if hard.end <= soft.start or soft.end <= hard.start:
        return False
    holds = soft.start <= hard.start and hard.end <= soft.end
    return not (holds and soft.type == "STREET_ADDRESS" and hard.type == "ZIP")


def stands_alone(text: str, start: int, end: int) -> bool:
    """Say whether the span is no part of a longer word or number (nor behind or before a decimal point)."""
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    if before and (_word(before[-1]) or (before[-1] == "." and before[0].isdigit() and len(before) > 1)):
        return False
    return not after or not (_word(after[0]) or (after[0] in ".-" and after[1:].isdigit()))


def between_digits(text: str, start: int, end: int) -> bool:
    """Say whether digits touch the span: the test for shapes that letters beside them do not spoil."""
    return text[max(0, start - 1) : start].isdigit() or text[end : end + 1].isdigit()


def _word(character: str) -> bool:
    return character.isalnum() or character == "_"
