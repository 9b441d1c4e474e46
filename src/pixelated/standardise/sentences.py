"""Where a text may be cut: paragraphs, sentences, and in text without punctuation pauses and clauses.

Words are stretches between white space; in scripts that write no spaces each character counts as one.
Patterns match from the start of a run only, so the time is linear.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pixelated.standardise.chunks import HIGHEST, LOWEST, Part, chunks
from pixelated.standardise.fields import words as names

# Thai to Burmese and Khmer, kana, Han, and their punctuation
_UNSPACED = (
    "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3001-\u30ff\u3400-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_WORD = re.compile(rf"[{_UNSPACED}]|[^\s{_UNSPACED}]+")
_LINE_END = re.compile(r"\r\n?|\n")
_STOP = re.compile(
    r"(?<![.!?\u2026])[.!?\u2026]++[\"'\u201d\u2019)\]]*+\s++|[\u3002\uff01\uff1f]++[\u201d\u2019\u300d\u300f\uff09]*+\s*+"
)
_ENDS_SENTENCE = re.compile(r"[.!?\u2026\u3002\uff01\uff1f][\"'\u201d\u2019)\]\u300d]{0,3}$")
_LAST_WORD = 24  # characters looked at before a full stop
_ABBREVIATIONS = frozenset(
    names("dr mr mrs ms prof st vs eg e.g ie i.e no vol fig approx jr sr al cf pp dept est")
)
_CLAUSES = frozenset(
    names(
        "and but so because then which who when where while although though if or however therefore well now"
    )
)
_TINY = 4  # words; a heading, a "Yes." stays with what follows, and so a window has few parts
_LARGE = HIGHEST - 2 * LOWEST  # words; parts up to this size can always be put together within the bounds
_APART = 4  # words between two places inside a sentence
_FORCED = 60  # words without any such place

_HEADING_WORDS = 15  # a paragraph of fewer, without the end of a sentence, belongs to what follows
_PARAGRAPH, _SENTENCE, _HEADING, _INSIDE_PARAGRAPH, _INSIDE_SENTENCE = 0.0, 0.1, 5.0, 10.0, 100.0
_CLAUSE, _CLAUSE_WORD, _ANYWHERE = 0.4, 0.7, 1.0  # in a sentence that is too long for one chunk
_PAUSE = 0.6  # a segment's end without a pause; half a second of silence brings it to a third


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part and where it ends in the text: at the start of the next word."""

    end: int
    part: Part


def count_words(text: str) -> int:
    """Return the number of words."""
    return len(text.split()) if text.isascii() else sum(1 for _ in _WORD.finditer(text))


def fits(text: str, highest: int = HIGHEST) -> bool:
    """Say whether a text is no longer than one chunk."""
    return len(text) <= highest or count_words(text) <= highest


def cut(text: str, pauses: Mapping[int, float] | None = None) -> list[tuple[int, int]]:
    """Return the (start, end) of the chunks of a text, white space at both ends left out.

    Args:
        text: any text.
        pauses: for a transcript, where a segment starts in the text, and the seconds of silence before it.
    """
    found = stretches(text, pauses or {})
    spans = []
    start = 0
    for chunk in chunks([s.part for s in found]):
        end = found[chunk[-1]].end
        inner = text[start:end]
        left = start + len(inner) - len(inner.lstrip())
        spans.append((left, left + len(inner.strip())))
        start = end
    return spans


def stretches(text: str, pauses: Mapping[int, float]) -> list[Stretch]:
    """Return the parts of a text in order; together they cover it, but for white space at its start."""
    found: list[Stretch] = []
    for start, end in _paragraphs(text):
        size = count_words(text[start:end])
        inside = _SENTENCE if size > HIGHEST else _INSIDE_PARAGRAPH
        for first, last in _sentences(text, start, end):
            found.extend(_of_sentence(text, first, last, pauses))
            found[-1] = Stretch(last, Part(found[-1].part.words, inside))
        if size:
            heading = size < _HEADING_WORDS and not _ENDS_SENTENCE.search(text[start:end].rstrip())
            found[-1] = Stretch(end, Part(found[-1].part.words, _HEADING if heading else _PARAGRAPH))
    return _without_tiny(found)


def _without_tiny(found: list[Stretch]) -> list[Stretch]:
    """Join parts of a few words to the next, the last one to the one before."""
    kept: list[Stretch] = []
    carried = 0
    for stretch in found:
        words = carried + stretch.part.words
        carried = words if words < _TINY else 0
        if not carried:
            kept.append(Stretch(stretch.end, Part(words, stretch.part.cost)))
    if carried and kept:
        last = kept.pop()
        kept.append(Stretch(found[-1].end, Part(last.part.words + carried, 0.0)))
    elif carried:
        kept.append(Stretch(found[-1].end, Part(carried, 0.0)))
    return kept


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """Yield the paragraphs: parted by blank lines, or in a text without any by lines that end a sentence."""
    lines = []
    start = 0
    for match in _LINE_END.finditer(text):
        lines.append((start, match.start(), match.end()))
        start = match.end()
    lines.append((start, len(text), len(text)))
    blank = [not text[a:b].strip() for a, b, _ in lines]
    inner = blank[next((k for k, b in enumerate(blank) if not b), 0) :]
    while inner and inner[-1]:
        inner.pop()
    spaced = any(inner)
    open_at = 0
    for (a, b, after), empty in zip(lines, blank, strict=True):
        ends = empty if spaced else not empty and _ENDS_SENTENCE.search(text[max(a, b - 8) : b].rstrip())
        if ends and text[open_at:after].strip():
            yield open_at, after
            open_at = after
    if text[open_at:].strip():
        yield open_at, len(text)


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the sentences of a paragraph; the last reaches to its end."""
    open_at = start
    for match in _STOP.finditer(text, start, end):
        after = match.end()
        if after < end and _is_stop(text, match.start(), after) and text[open_at:after].strip():
            yield open_at, after
            open_at = after
    if text[open_at:end].strip():
        yield open_at, end


def _is_stop(text: str, at: int, after: int) -> bool:
    """Say whether a full stop ends a sentence: not before a small letter, not after an abbreviation."""
    if text[after].islower():
        return False
    if text[at] != ".":
        return True
    before = text[max(0, at - _LAST_WORD) : at].rsplit(None, 1)[-1:]
    word = before[0].lstrip("(\"'[").casefold() if before else ""
    return word not in _ABBREVIATIONS and not (len(word) == 1 and word.isalpha() and word != "i")


def _of_sentence(text: str, start: int, end: int, pauses: Mapping[int, float]) -> Iterator[Stretch]:
    """Yield a sentence, or where it is long its parts: at pauses, clauses, or after so many words."""
    size = count_words(text[start:end])
    if size <= _LARGE:
        yield Stretch(end, Part(size))
        return
    whole = 0.0 if size > HIGHEST else _INSIDE_SENTENCE
    found: list[Stretch] = []
    count, before = 0, start
    for match in _WORD.finditer(text, start, end):
        cost = _cost(text, before, match, pauses) if count else _ANYWHERE
        if count < _APART and found and cost < found[-1].part.cost - whole:
            count += found.pop().part.words  # a better place just after the last one
        if count >= _FORCED or (count >= _APART and cost < _ANYWHERE):
            found.append(Stretch(match.start(), Part(count, whole + cost)))
            count = 0
        count += 1
        before = match.end()
    yield from found
    yield Stretch(end, Part(count))


def _cost(text: str, before: int, word: re.Match[str], pauses: Mapping[int, float]) -> float:
    """Return what a cut before a word costs, by what stands there."""
    costs = [_ANYWHERE]
    pause = pauses.get(word.start())
    if pause is not None:
        costs.append(_PAUSE / (1 + 4 * max(0.0, pause)))
    gap = text[before : word.start()]
    if (
        text[before - 1 : before] in {*",;:.!?\u2026\u2014\u2013\uff0c\u3001\uff1b\u3002"}
        or "\n" in gap
        or "\r" in gap
    ):
        costs.append(_CLAUSE)
    if word.group().casefold() in _CLAUSES:
        costs.append(_CLAUSE_WORD)
    return min(costs)
