"""CSV, TSV and other delimited tables: delimiter and quoting found, broken rows refused one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from pixelated.standardise.formats import FORMATS
from pixelated.standardise.formats._csv_reader import Dialect, Record, allow_big_cells, records, split_lines
from pixelated.standardise.formats._header import column_names, is_header, twice
from pixelated.standardise.rows import Document, Parsed, Refusal, Row, Sample

SUFFIXES = (".csv", ".tsv", ".tab", ".psv")
_DELIMITERS = ",\t;|"
_LOOK = 200  # records that decide about the dialect
_SEPARATOR = re.compile(r'"?sep=(.)"?', re.IGNORECASE)  # first line that spreadsheet programs write
_MIN_SHARE = 0.9  # of the rows, in a file whose name does not say that it is a table


@FORMATS.register("csv")
class CsvTable:
    """Delimited text with a header line."""

    def sniff(self, sample: Sample) -> int:
        """Return 86 by the name, 75 where nearly every line splits alike and the first is a header."""
        if sample.suffix in SUFFIXES:
            return 86
        if sample.suffix not in {".txt", ".text", ".dat", ".data", ""}:
            return 0
        allow_big_cells()
        lines = split_lines(sample.decoded.text)[:_LOOK]
        dialect, share, width = _best(lines, "")
        header = next((r.cells for r in records(lines[:1], dialect) if r.cells), [])
        even = share >= _MIN_SHARE and width > 1 and len(lines) > 1 and len(header) == width
        return 75 if even and is_header(header) and all(h.strip() for h in header) else 0

    def parse(self, document: Document) -> Parsed:
        """Read every record; rows that are ragged, unbalanced or a second header are refused."""
        allow_big_cells()
        parsed = Parsed(fixed=dict(document.decoded.fixed))
        lines = split_lines(document.decoded.text)
        header, body = _header(read_table(lines, document.name))
        for ordinal, record in enumerate(body):
            parsed.raw_rows += 1
            _take(parsed, record, ordinal, header)
        return parsed


def read_table(lines: list[str], name: str) -> list[Record]:
    """Return the records under the dialect in which they agree best, the header first.

    Standard quoting is tried first; backslash escapes, or no quoting at all, only where it fails and the
    other leaves no row broken.
    """
    named = _SEPARATOR.fullmatch(lines[0].strip()) if lines else None
    if named is not None:
        return list(records(lines, Dialect(named[1])))[1:]
    best, _, _ = _best(lines[:_LOOK], name)
    table = list(records(lines, best))
    if not _broken(table) or not any('"' in line for line in lines):
        return table
    for other in _others(best, lines):
        again = list(records(lines, other))
        if not _broken(again) and (other.quoting or _quotes_are_text(again)):
            return again
    return table


def _others(best: Dialect, lines: list[str]) -> Iterator[Dialect]:
    """Yield the dialects that may explain broken quoting; quotes mean nothing only in tab-separated text."""
    if any('\\"' in line for line in lines):
        yield Dialect(best.delimiter, backslash=True)
    if best.delimiter == "\t":
        yield Dialect(best.delimiter, quoting=False)


def _quotes_are_text(table: list[Record]) -> bool:
    """Say whether quotes at the ends of cells mostly stand alone, as in prose, and not in pairs."""
    alone = pairs = 0
    for record in table:
        for cell in record.cells or []:
            starts, ends = cell.startswith('"'), cell.endswith('"') and len(cell) > 1
            pairs += starts and ends
            alone += starts != ends
    return pairs < alone


def _best(lines: list[str], name: str) -> tuple[Dialect, float, int]:
    """Return the dialect, the share of records of the header's width, and that width."""
    wanted = "\t" if name.lower().endswith((".tsv", ".tab")) else ","
    found = []
    for delimiter in _DELIMITERS:
        for quoting in (True, False):
            dialect = Dialect(delimiter, quoting)
            share, width = _agreement(lines, dialect)
            found.append((width > 1, round(share, 2), delimiter == wanted, width, quoting, dialect))
    _, share, _, width, _, dialect = max(found, key=lambda f: f[:5])
    return Dialect(dialect.delimiter), share, width


def _agreement(lines: list[str], dialect: Dialect) -> tuple[float, int]:
    widths = [len(r.cells) if r.cells else 0 for r in islice(records(lines, dialect), _LOOK)]
    if not widths:
        return 0.0, 0
    return widths.count(widths[0]) / len(widths), widths[0]


def _broken(table: list[Record]) -> int:
    """Count the records that can't be read or have not the header's width."""
    width = len(table[0].cells) if table and table[0].cells else 0
    return sum(r.cells is None or len(r.cells) != width for r in table)


def _header(table: list[Record]) -> tuple[list[str], list[Record]]:
    """Return the column names and the data; a table whose first row is data gets numbered names."""
    if not table:
        return [], []
    first = table[0].cells
    if first is None or not is_header(first):
        width = len(first) if first else max((len(r.cells) for r in table if r.cells), default=0)
        return [f"column_{k}" for k in range(width)], table
    return column_names(first), table[1:]


def _take(parsed: Parsed, record: Record, ordinal: int, header: list[str]) -> None:
    locator = f"line {record.line + 1}"
    refusal = _refuse(record, header)
    if refusal is not None:
        text = record.text if record.cells is None else _written(record.cells)
        parsed.refused.append(Refusal(ordinal, locator, *refusal, text))
        return
    parsed.rows.append(Row(ordinal, locator, dict(zip(header, record.cells or [], strict=False))))


def _refuse(record: Record, header: list[str]) -> tuple[str, str] | None:
    """Return (reason, detail) where a record is no row of the table."""
    if record.cells is None:
        return "unbalanced_quote", "a quote in this line is not closed, or closed inside a cell"
    doubled = twice(header)
    if doubled:
        return "duplicate_header", f"{doubled} column names stand twice in the header"
    cells = record.cells
    if len(cells) < len(header) or any(c.strip() for c in cells[len(header) :]):
        return "ragged_row", f"{len(cells)} cells under a header of {len(header)}"
    if len(header) > 1 and [c.strip() for c in cells[: len(header)]] == header:
        return "repeated_header", "the header stands again among the rows"
    return None


def _written(cells: list[str]) -> str:
    return "\t".join(cells)
