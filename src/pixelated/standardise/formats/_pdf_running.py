"""Running headers, footers and page numbers: rows at the edge of a page that the pages repeat.

Taken for one only if it stands at the same height on at least three pages and on two fifths of those from
the first to the last of them, in no larger type than the text, and says the same each time but for a number
that counts the pages. A number alone that counts the pages needs two pages. A turn of a transcript is none,
however often somebody says the same: its name stands before many other words too.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from pixelated.standardise.formats._pdf_layout import Line

EDGE_ROWS = 2  # rows looked at from each end of a page
_MIN_PAGES = 3
_MIN_SHARE = 0.4
_SAME_HEIGHT = 6.0  # points
_MAX_WORDS = 20
_LARGER = 1.05  # of the median height of the text: a heading
_NUMBER = re.compile(r"\d{1,4}")
_NAME = re.compile(r"[^:\n]{1,40}:")
_TURNS = 5  # different rows after one name: a speaker; a running "Patient: 0421" has one
_ALONE = re.compile(
    r"[\W_]{0,6}(?:page|p|seite)?[. ]{0,2}(?P<n>\d{1,4}|[ivxl]{1,8})(?: ?(?:of|/|von) ?\d{1,4})?[\W_]{0,6}",
    re.IGNORECASE,
)
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50}


@dataclass(frozen=True, slots=True)
class _Edge:
    page: int
    row: int
    line: Line


def running_rows(pages: Sequence[Sequence[Line]]) -> set[tuple[int, int]]:
    """Return (page, row) of the rows that only repeat what other pages have.

    Args:
        pages: the rows of each page from the top down; none for a page that has no text.
    """
    rows = [line for page in pages for line in page]
    if not rows:
        return set()
    largest = _LARGER * median(line.height for line in rows)
    found: set[tuple[int, int]] = set()
    speakers = _speakers(rows)
    for edge in _edges(pages, largest, speakers).values():
        same: dict[str, list[_Edge]] = defaultdict(list)
        alone: dict[int, list[_Edge]] = defaultdict(list)
        for row in edge:
            same[_NUMBER.sub("#", row.line.text.casefold())].append(row)
            number = _alone(row.line.text)
            if number is not None:
                alone[number - row.page].append(row)
        for group in same.values():
            found.update(_repeated(group))
        for group in alone.values():
            if _often(group, 2):
                found.update((row.page, row.row) for row in group)
    return found


def _speakers(rows: Sequence[Line]) -> set[str]:
    """Return the names, with their colon, that several different rows start with."""
    said: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        name = _named(row.text)
        if name:
            said[name].add(_NUMBER.sub("#", row.text.casefold()))
    return {name for name, texts in said.items() if len(texts) >= _TURNS}


def _named(text: str) -> str:
    match = _NAME.match(text)
    return match[0].casefold() if match else ""


def _edges(pages: Sequence[Sequence[Line]], largest: float, speakers: set[str]) -> dict[bool, list[_Edge]]:
    """Return the rows at the tops and at the bottoms of the pages, without turns of speakers."""
    edges: dict[bool, list[_Edge]] = {False: [], True: []}
    for page, lines in enumerate(pages):
        for row, line in enumerate(lines):
            small = line.height <= largest and len(line.text.split()) <= _MAX_WORDS
            small = small and _named(line.text) not in speakers
            if small and row < EDGE_ROWS:
                edges[False].append(_Edge(page, row, line))
            if small and row >= len(lines) - EDGE_ROWS:
                edges[True].append(_Edge(page, row, line))
    return edges


def _repeated(group: list[_Edge]) -> Iterator[tuple[int, int]]:
    middle = median(row.line.base for row in group)
    level = [row for row in group if abs(row.line.base - middle) <= _SAME_HEIGHT]
    by_text: dict[str, list[_Edge]] = defaultdict(list)
    by_count: dict[tuple[int, int], list[_Edge]] = defaultdict(list)
    for row in level:
        by_text[row.line.text].append(row)
        for k, number in enumerate(_NUMBER.findall(row.line.text)):
            by_count[k, int(number) - row.page].append(row)
    for rows in (*by_text.values(), *by_count.values()):
        if _often(rows, _MIN_PAGES):
            yield from ((row.page, row.row) for row in rows)


def _often(rows: list[_Edge], least: int) -> bool:
    pages = {row.page for row in rows}
    return len(pages) >= least and len(pages) >= _MIN_SHARE * (max(pages) - min(pages) + 1)


def _alone(text: str) -> int | None:
    """Return the number of a line that is a page number and nothing else."""
    match = _ALONE.fullmatch(text)
    if match is None:
        return None
    written = match["n"].lower()
    if written.isdecimal():
        return int(written)
    values = [_ROMAN[c] for c in written] + [0]
    return sum(-a if a < b else a for a, b in pairwise(values))
