"""Lines of a PDF to paragraphs: indents, gaps and short lines end one, hyphens at line ends are joined."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from pixelated.standardise.dialogue_text import speaker_mark
from pixelated.standardise.documents import Paragraph
from pixelated.standardise.fields import words
from pixelated.standardise.formats._pdf_layout import Column, Line
from pixelated.standardise.roles import known_role

SOFT = "\u00ad"  # what PDFium calls a hyphen at a line's end, and what a soft hyphen is
_HYPHENS = ("-", "\u2010", SOFT)
_BROKEN = re.compile(r"[^\W\d_]{2,}(?:[-\u2010][^\W\d_]{2,})*\Z")  # what may stand before a joined hyphen
_LETTERS = re.compile(r"[^\W\d_]+(?:[-\u2010][^\W\d_]+)*")
_FIRST = re.compile(r"[^\W\d_]+(?:[-\u2010][^\W\d_]+)*")
# Parts of compounds that keep their hyphen where the document has the word nowhere else.
_KEEP = frozenset(words("self well non half ex long short high low cross all full co post pre anti semi"))
_TERMINAL = re.compile(r"[.!?:\u2026\u3002][\"'\u2019\u201d\u00bb)\]]{0,3}\Z")
_BULLET = re.compile(r"[\u2022\u25aa\u2023\u25e6\u25cf\u25cb\u25a0\u2043]")
_WIDE = re.compile("[\u2e80-\u30ff\u3400-\u9fff\uff00-\uffef]")
_GAP = 1.35  # of the usual distance of lines
_OTHER_SIZE = 1.15
_INDENT = 0.8  # of a line's height
_SHORT = 0.75  # of a column's width: a shorter last line ends a paragraph
_FULL = 0.85
_REPEATED = 3  # a name that starts this many lines is a speaker


@dataclass(slots=True)
class _Shape:
    """Where the lines of a column stand."""

    left: float
    right: float
    pitch: float
    hanging: bool


@dataclass(slots=True)
class Joiner:
    """Joins lines to text; knows the words of the document, and counts the hyphens that it took out."""

    known: Counter[str] = field(default_factory=Counter)
    speakers: set[str] = field(default_factory=set)
    joined: int = 0

    def learn(self, columns: Iterable[Column]) -> None:
        """Note the words of a document and the names that start its lines."""
        names: Counter[str] = Counter()
        for column in columns:
            for line in column:
                whole = line.text.rsplit(" ", 1)[0] if line.text.endswith(_HYPHENS) else line.text
                self.known.update(_LETTERS.findall(whole.casefold()))
                mark = speaker_mark(line.text)
                if mark is not None:
                    names[mark.name] += 1
        self.speakers = {n for n, count in names.items() if count >= _REPEATED or known_role(n, {})}

    def join(self, text: str, following: str) -> str:
        """Return two parts of a paragraph as one."""
        if not text.endswith(_HYPHENS):
            close = _WIDE.match(text[-1:]) and _WIDE.match(following)
            return text + ("" if close else " ") + following
        before, after = _BROKEN.search(text[:-1]), _FIRST.match(following)
        if before is None or after is None:
            spaced = text[:-1].endswith(" ") or not text[:-1]
            return f"{_plain(text)}{' ' if spaced else ''}{following}"
        first, second = before.group().casefold(), after.group().casefold()
        if after.group()[0].islower() and not self._keeps(first, second):
            self.joined += 1
            return text[:-1] + following
        return _plain(text) + following

    def _keeps(self, first: str, second: str) -> bool:
        """Say whether a hyphen at a line's end belongs to the word."""
        with_hyphen, without = self.known[f"{first}-{second}"], self.known[first + second]
        if with_hyphen or without:
            return with_hyphen > without
        return first in _KEEP

    def starts_speaker(self, line: Line) -> bool:
        """Say whether a line starts with the name of a speaker."""
        mark = speaker_mark(line.text)
        return mark is not None and mark.name in self.speakers


def _plain(text: str) -> str:
    return text[:-1] + "-" if text.endswith(SOFT) else text


def paragraphs(pages: Sequence[tuple[int, list[Column]]], joiner: Joiner) -> Iterator[Paragraph]:
    """Yield the paragraphs of pages that follow each other.

    Args:
        pages: the number of each page and its columns in reading order.
        joiner: the document's.
    """
    text, first, last = "", 0, 0
    before: tuple[Line, _Shape] | None = None
    for page, columns in pages:
        for column in columns:
            shape = _shape(column)
            for k, line in enumerate(column):
                if text and before is not None:
                    same = k > 0
                    new = _starts(before[0], line, shape) if same else _starts_column(before, line, shape)
                    if new or joiner.starts_speaker(line):
                        yield Paragraph(_plain(text), first, last)
                        text = ""
                first = first if text else page
                text = joiner.join(text, line.text) if text else line.text
                last, before = page, (line, shape)
    if text:
        yield Paragraph(_plain(text), first, last)


def _shape(column: Column) -> _Shape:
    steps = [b.base - a.base for a, b in pairwise(column)]
    height = median(line.height for line in column)
    left = sorted(line.x0 for line in column)[len(column) // 10]
    indented = sum(line.x0 - left > _INDENT * height for line in column)
    return _Shape(
        left,
        max(line.x1 for line in column),
        median(steps) if len(steps) > 1 else _GAP * height,
        indented * 2 > len(column),
    )


def _starts(before: Line, line: Line, shape: _Shape) -> bool:
    """Say whether a line of a column starts a paragraph."""
    if line.base - before.base > _GAP * shape.pitch or _other_size(before, line):
        return True
    if _BULLET.match(line.text):
        return True
    indent, indent_before = (x.x0 - shape.left > _INDENT * line.height for x in (line, before))
    if (indent_before and not indent) if shape.hanging else (indent and not indent_before):
        return True
    short = before.x1 < shape.left + _SHORT * (shape.right - shape.left)
    return short and _TERMINAL.search(before.text) is not None


def _starts_column(before: tuple[Line, _Shape], line: Line, shape: _Shape) -> bool:
    """Say whether the first line of a column or page starts a paragraph."""
    last, where = before
    if _other_size(last, line) or _BULLET.match(line.text):
        return True
    if last.text.endswith(_HYPHENS):
        return False
    if _TERMINAL.search(last.text):
        return True
    if line.text[:1].islower():
        return False
    full = last.x1 >= where.left + _FULL * (where.right - where.left)
    return not full or line.x0 - shape.left > _INDENT * line.height


def _other_size(one: Line, other: Line) -> bool:
    return max(one.height, other.height) > _OTHER_SIZE * min(one.height, other.height)
