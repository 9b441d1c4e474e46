"""Workbooks of spreadsheet programs (.xlsx, .xlsm, .xlsb, .xls, .ods): every sheet is a table."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median_high
from typing import Any

from pixelated.standardise.formats import CERTAIN, FORMATS, _workbook
from pixelated.standardise.formats._header import column_names, is_header, twice
from pixelated.standardise.formats._zip import ContainerError, open_container
from pixelated.standardise.rows import Document, Parsed, Refusal, RefusedError, Row, Sample

SUFFIXES = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".xltx", ".xla", ".xlam")
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ODS = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"
_AT = 30  # offset of the first entry's name in a zip file
_PACKAGE = "EncryptedPackage".encode("utf-16-le")  # a stream of an OLE file
_BIFF = ("Workbook".encode("utf-16-le"), _PACKAGE)
_SECTOR, _BOF, _FILEPASS, _FIRST_RECORDS = 512, b"\x09\x08\x10\x00", b"\x2f\x00", 4  # of a .xls stream
_SECONDS = 300
_HEADER_LOOK = 10  # rows among which the header is looked for
_WIDE = 0.6  # share of the width that a header fills


@dataclass(frozen=True, slots=True)
class _Cells:
    """A row: its number as a person sees it, its cells, and whether one cell is merged over all of it."""

    number: int
    cells: list[Any]
    banner: bool

    @property
    def texts(self) -> list[str]:
        return ["" if cell is None else str(cell) for cell in self.cells]


@dataclass(slots=True)
class _Sheet:
    name: str
    rows: list[_Cells] = field(default_factory=list)


@FORMATS.register("xlsx")
class Workbook:
    """Excel and OpenDocument workbooks."""

    def sniff(self, sample: Sample) -> int:
        """Return 98 by the first bytes, or by a zip or OLE file of the name; 96 by the name alone."""
        head = sample.head
        zipped, old = head.startswith(_ZIP), head.startswith(_OLE)
        if sample.suffix in SUFFIXES:
            return CERTAIN + 1 if zipped or old else CERTAIN - 1
        known = zipped and (head[_AT:].startswith(_ODS) or b"xl/workbook." in head)
        return CERTAIN + 1 if known or (old and any(name in head for name in _BIFF)) else 0

    def parse(self, document: Document) -> Parsed:
        """Read the sheets in order; a file that needs a password or is damaged is refused whole."""
        parsed = Parsed()
        try:
            for sheet in _sheets(document.data):
                _read_sheet(parsed, sheet)
        except RefusedError as error:
            return Parsed(refused=[Refusal(0, "file", error.reason, error.detail)], raw_rows=1)
        return parsed


def _sheets(data: bytes) -> list[_Sheet]:
    """Return the sheets that another process reads.

    Raises:
        RefusedError: `encrypted_workbook`, `damaged_workbook` or `too_large`.
    """
    script = Path(_workbook.__file__)
    try:
        done = subprocess.run(  # noqa: S603 - this interpreter and a file of this package
            [sys.executable, "-P", str(script)],
            input=data,
            capture_output=True,
            check=False,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise RefusedError("too_large", f"the workbook is not read after {_SECONDS} seconds") from None
    sheets: list[_Sheet] = []
    for value in map(json.loads, done.stdout.splitlines()) if done.returncode == 0 else ():
        if isinstance(value, list):
            sheets[-1].rows.append(_Cells(*value))
        elif "sheet" in value:
            sheets.append(_Sheet(value["sheet"]))
        elif "end" in value:
            return sheets
        elif value["failed"] == "password" or _is_locked(data):
            raise RefusedError("encrypted_workbook", "the workbook needs a password")
    if b"memory allocation" in done.stderr or b"MemoryError" in done.stderr:
        raise RefusedError("too_large", f"the workbook needs more than {_workbook.MEMORY} bytes of memory")
    raise RefusedError("damaged_workbook", "not readable as a workbook of a spreadsheet program")


def _is_locked(data: bytes) -> bool:
    """Say whether a file that could not be read is a workbook with a password."""
    if data.startswith(_OLE):
        return _PACKAGE in data or any(_asks_password(data, at) for at in range(0, len(data), _SECTOR))
    try:
        container = open_container(data)
        return b"encryption-data" in container.read("META-INF/manifest.xml")
    except (ContainerError, KeyError):
        return False


def _asks_password(data: bytes, at: int) -> bool:
    """Say whether a stream of records that starts at `at` has a password record among its first ones."""
    if not data.startswith(_BOF, at):
        return False
    for _ in range(_FIRST_RECORDS):
        if data.startswith(_FILEPASS, at):
            return True
        at += 4 + int.from_bytes(data[at + 2 : at + 4], "little")
    return False


def _read_sheet(parsed: Parsed, sheet: _Sheet) -> None:
    """Add the rows of a sheet; what stands above the header is refused, so that no row vanishes."""
    at = _header_at(sheet.rows)
    width = max((len(row.cells) for row in sheet.rows), default=0)
    header = [f"column_{k}" for k in range(width)] if at is None else column_names(sheet.rows[at].texts)
    for k, row in enumerate(sheet.rows):
        if k == at:
            continue
        locator = f"sheet {sheet.name}, row {row.number}"
        above = at is not None and k < at
        why = ("above_header", "the row stands above the table's header") if above else _why_not(row, header)
        if why is not None:
            parsed.refused.append(Refusal(parsed.raw_rows, locator, *why, "\t".join(row.texts)))
        else:
            cells = [*row.cells, *[None] * (len(header) - len(row.cells))]
            parsed.rows.append(Row(parsed.raw_rows, locator, dict(zip(header, cells, strict=False))))
        parsed.raw_rows += 1


def _header_at(rows: list[_Cells]) -> int | None:
    """Return the index of the header: the first row of names about as wide as what is below it.

    As wide as the widest row below; where no row is, as most are, since some rows may be too long.
    """
    found = _first_header(rows, max)
    return _first_header(rows, median_high) if found is None else found


def _first_header(rows: list[_Cells], width: Callable[[list[int]], int]) -> int | None:
    for k, row in enumerate(rows[:_HEADER_LOOK]):
        below = rows[k + 1 : k + 1 + _HEADER_LOOK]
        widest = width([len(r.cells) for r in below] or [len(row.cells)])
        filled = [c for c in row.cells if c is not None]
        named = all(isinstance(c, str) for c in filled) and is_header(row.texts)
        if named and not row.banner and len(filled) >= _WIDE * widest:
            return k
    return None


def _why_not(row: _Cells, header: list[str]) -> tuple[str, str] | None:
    """Return (reason, detail) where cells are no row of the table."""
    doubled = twice(header)
    if doubled:
        return "duplicate_header", f"{doubled} column names stand twice in the header"
    if row.banner:
        return "merged_row", "one cell that is merged over several columns is no row of the table"
    if len(row.cells) > len(header):
        return "ragged_row", f"{len(row.cells)} cells under a header of {len(header)}"
    if len(header) > 1 and column_names(row.texts) == header:
        return "repeated_header", "the header stands again among the rows"
    return None
