"""Records of delimited text with a way back from broken quoting.

`csv.reader` reads a stray quote as the start of a cell and swallows every line up to the next quote or
the end of the file without a word. Here a record that does not end, breaks the quoting rules, has too
many cells over several lines, or holds lines that are rows themselves is given up: its first line is
refused and reading goes on with the next line. Each line is read at most a few times, since a quote opened
on one line is closed by the next line with an odd number of quotes.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass

_MIN_COLUMNS = 3  # a line inside a cell that splits into this many columns or more is suspicious
_SUSPICIOUS = 2  # for two columns: how many lines in the cell have to look like rows


@dataclass(frozen=True, slots=True)
class Dialect:
    """How cells are told apart."""

    delimiter: str = ","
    quoting: bool = True
    backslash: bool = False

    def options(self) -> dict[str, object]:
        """Return the arguments of `csv.reader`."""
        options: dict[str, object] = {"delimiter": self.delimiter, "strict": True}
        if not self.quoting:
            return {**options, "quoting": csv.QUOTE_NONE, "quotechar": None}
        if self.backslash:
            return {**options, "escapechar": "\\", "doublequote": False}
        return options


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its cells, or None where its first line had to be given up; `line` is 0-based."""

    cells: list[str] | None
    line: int
    text: str = ""


def allow_big_cells() -> None:
    """Lift the standard library's limit of 131,072 characters per cell."""
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))


def split_lines(text: str) -> list[str]:
    """Return the lines with their ends; CR, LF and CRLF end a line and nothing else does."""
    return list(io.StringIO(text, newline=""))


def records(lines: list[str], dialect: Dialect, columns: int | None = None) -> Iterator[Record]:
    """Yield the records of `lines`; blank lines give none.

    Args:
        lines: lines with their ends.
        dialect: how cells are told apart.
        columns: number of cells expected; None takes that of the first record.
    """
    at = 0
    while at < len(lines):
        for record, after in _run(lines, at, dialect, columns):
            if record.cells is not None:
                columns = len(record.cells) if columns is None else columns
            at = after
            if not _is_blank(record, columns):
                yield record


def _is_blank(record: Record, columns: int | None) -> bool:
    """Say whether a record is a blank line; in a table of one column white space is a cell."""
    cells = record.cells
    return cells == [] or (columns != 1 and cells is not None and len(cells) == 1 and not cells[0].strip())


def _run(lines: list[str], at: int, dialect: Dialect, columns: int | None) -> Iterator[tuple[Record, int]]:
    """Yield (record, line after it) from line `at` up to the first that is given up."""
    rest = (lines[k] for k in range(at, len(lines)))  # no copy: there may be many restarts
    reader = csv.reader(rest if at else iter(lines), **dialect.options())  # type: ignore[arg-type]
    start = at
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield Record(None, start, lines[start]), start + 1
            return
        after = at + reader.line_num
        if columns is None and start == 0:
            columns = len(cells)
        if after - start > 1 and _swallowed(lines[start:after], cells, columns or len(cells), dialect):
            yield Record(None, start, lines[start]), start + 1
            return
        yield Record(cells, start), after
        start = after


def _swallowed(lines: list[str], cells: list[str], columns: int, dialect: Dialect) -> bool:
    """Say whether a record over several lines has taken in lines that were rows of their own."""
    if len(cells) != columns:
        return True
    inner = lines[1:-1]
    if columns < 2 or not inner:  # noqa: PLR2004 - one column: any line is a row, so none can be told
        return False
    alike = sum(_is_row(line, columns, dialect) for line in inner)
    if columns < _MIN_COLUMNS:
        return alike == len(inner) and alike >= _SUSPICIOUS
    return alike * 2 > len(inner)


def _is_row(line: str, columns: int, dialect: Dialect) -> bool:
    """Say whether a line alone is a whole row; prose has a space after its commas, rows have none."""
    if line.count(dialect.delimiter) < columns - 1:
        return False
    try:
        cells = next(csv.reader([line], **dialect.options()), [])  # type: ignore[arg-type]
    except csv.Error:
        return False
    return len(cells) == columns and not any(cell.startswith(" ") for cell in cells[1:])
