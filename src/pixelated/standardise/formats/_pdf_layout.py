"""The lines of a page in reading order: columns one after the other, full-width lines where they stand.

Words are boxes with a baseline. A gutter is a vertical strip that no word crosses over a band of rows, with
running text on both sides of it; the band is read left side first, then right. Rows above and below are
read before and after. A table of short cells is no pair of columns: its rows are read across.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

_SAME_LINE = 0.35  # of a word's height: baselines closer than this are one row (an exponent is)
_MIN_GAP = 0.9  # of a word's height: the narrowest gutter
_MIN_ROWS = 3  # on each side of a gutter
_MIN_WORDS = 3  # per row on each side (median): running text, not the cells of a table
_CENTRAL = (0.12, 0.88)  # part of the width in which a gutter may lie
_CANDIDATES = 6  # left edges of words that are tried as the right side of a gutter
_APART = 1.8  # of the usual distance of rows: further off, a row belongs to no column
_MAX_DEPTH = 12  # regions inside regions


@dataclass(slots=True)
class Word:
    """A word: its text, left and right side, baseline (growing downwards), height and row of the page."""

    text: str
    x0: float
    x1: float
    base: float
    height: float
    row: int = -1


@dataclass(slots=True)
class Line:
    """A line of a column. `row` is the row of the page that all of it stands in, or -1."""

    text: str
    x0: float
    x1: float
    base: float
    height: float
    row: int


Column = list[Line]
_Row = list[Word]


def number_rows(words: Sequence[Word]) -> list[Line]:
    """Give each word the number of its row of the page, and return the rows from the top down."""
    rows = _rows(words)
    for number, row in enumerate(rows):
        for word in row:
            word.row = number
    return [_line(row) for row in rows]


def columns(words: Sequence[Word]) -> list[Column]:
    """Return the columns of a page in reading order, each with its lines from the top down."""
    return [[_line(row) for row in rows] for rows in _regions(_rows(words), 0) if rows]


def _rows(words: Sequence[Word]) -> list[_Row]:
    rows: list[_Row] = []
    for word in sorted(words, key=lambda w: (w.base, w.x0)):
        if rows and word.base - rows[-1][0].base <= _SAME_LINE * max(word.height, rows[-1][0].height):
            rows[-1].append(word)
        else:
            rows.append([word])
    for row in rows:
        row.sort(key=lambda w: w.x0)
    return rows


def _line(row: _Row) -> Line:
    ordered = row[::-1] if _right_to_left(row) else row
    numbers = {word.row for word in row}
    return Line(
        " ".join(word.text for word in ordered),
        row[0].x0,
        max(word.x1 for word in row),
        median(word.base for word in row),
        median(word.height for word in row),
        numbers.pop() if len(numbers) == 1 else -1,
    )


def _right_to_left(row: _Row) -> bool:
    firsts = [word.text[0] for word in row if not word.text.isascii()]
    return sum(unicodedata.bidirectional(c) in {"R", "AL"} for c in firsts) * 2 > len(row)


def _regions(rows: list[_Row], depth: int) -> list[list[_Row]]:
    """Split rows at the best gutter, and what lies above, beside and below it in turn."""
    found = _gutter(rows) if depth < _MAX_DEPTH else None
    if found is None:
        return [rows]
    x, first, last = found
    band = [word for row in rows[first:last] for word in row]
    parts = (
        rows[:first],
        _rows([w for w in band if w.x0 < x]),
        _rows([w for w in band if w.x0 >= x]),
        rows[last:],
    )
    return [region for part in parts if part for region in _regions(part, depth + 1)]


def _gutter(rows: list[_Row]) -> tuple[float, int, int] | None:
    """Return (x, first row, row after the last) of the gutter with the most rows, or None."""
    words = [word for row in rows for word in row]
    if len(rows) < _MIN_ROWS or len(words) < 2 * _MIN_ROWS * _MIN_WORDS:
        return None
    gap = _MIN_GAP * median(w.height for w in words)
    left, right = min(w.x0 for w in words), max(w.x1 for w in words)
    low, high = (left + part * (right - left) for part in _CENTRAL)
    edges = Counter(
        round(b.x0) for row in rows for a, b in pairwise(row) if b.x0 - a.x1 >= gap and low < b.x0 < high
    )
    best: tuple[int, float, int, int] | None = None
    for edge, _ in sorted(edges.items(), key=lambda e: (-e[1], e[0]))[:_CANDIDATES]:
        x = edge - gap / 3
        for first, last in _bands(rows, x, gap):
            tried = _trim(rows, x, first, last)
            if _is_text_beside_text(rows[tried[0] : tried[1]], x):
                best = max(best or (0, 0.0, 0, 0), (tried[1] - tried[0], x, *tried))
    return None if best is None else best[1:]


def _bands(rows: list[_Row], x: float, gap: float) -> list[tuple[int, int]]:
    """Return the runs of rows that do not cross `x`."""
    bands: list[tuple[int, int]] = []
    start = 0
    for k, row in enumerate(rows):
        if _crosses(row, x, gap):
            if k - start >= _MIN_ROWS:
                bands.append((start, k))
            start = k + 1
    if len(rows) - start >= _MIN_ROWS:
        bands.append((start, len(rows)))
    return bands


def _crosses(row: _Row, x: float, gap: float) -> bool:
    before = max((w.x1 for w in row if w.x0 < x), default=None)
    after = min((w.x0 for w in row if w.x0 >= x), default=None)
    if before is None:
        return False
    return before > x if after is None else after - before < gap


def _trim(rows: list[_Row], x: float, first: int, last: int) -> tuple[int, int]:
    """Take off the rows at both ends that have one side only and stand apart from the rows of that side."""
    usual = median(b[0].base - a[0].base for a, b in pairwise(rows[first:last]))
    pitch = {False: usual, True: usual}
    for side in pitch:
        own = [row for row in rows[first:last] if any((w.x0 >= x) is side for w in row)]
        if len(own) > 1:
            pitch[side] = median(b[0].base - a[0].base for a, b in pairwise(own))
    while last - first > _MIN_ROWS and _apart(rows, last - 1, range(last - 2, first - 1, -1), x, pitch):
        last -= 1
    while last - first > _MIN_ROWS and _apart(rows, first, range(first + 1, last), x, pitch):
        first += 1
    return first, last


def _apart(rows: list[_Row], at: int, others: range, x: float, pitch: dict[bool, float]) -> bool:
    sides = {w.x0 >= x for w in rows[at]}
    if len(sides) > 1:
        return False
    side = sides.pop()
    near = next((k for k in others if any((w.x0 >= x) is side for w in rows[k])), None)
    return near is None or abs(rows[at][0].base - rows[near][0].base) > _APART * pitch[side]


def _is_text_beside_text(rows: list[_Row], x: float) -> bool:
    """Say whether running text stands on both sides of `x`, one beside the other."""
    spans = []
    for side in (False, True):
        own = [n for row in rows if (n := sum((w.x0 >= x) is side for w in row))]
        at = [k for k, row in enumerate(rows) if any((w.x0 >= x) is side for w in row)]
        if len(own) < _MIN_ROWS or median(own) < _MIN_WORDS:
            return False
        spans.append((rows[at[0]][0].base, rows[at[-1]][0].base))
    return min(spans[0][1], spans[1][1]) > max(spans[0][0], spans[1][0])
