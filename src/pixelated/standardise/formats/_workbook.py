"""Reads a workbook in a process of its own: stdin is the file, stdout has one JSON line per sheet and row.

A workbook of two cells that lie far apart makes its reader ask for hundreds of gigabytes and abort; here that
ends this process, whose memory is limited, and the caller names the file. Run as a script, with nothing of
this project imported, so that it starts fast.

Lines: `{"sheet": name}`, then `[row number, [cells], banner]` for each row that is not blank, and at the end
`{"end": true}` or `{"failed": "password"|"damaged"}`. Row numbers are those that a spreadsheet program shows;
a banner is one cell that is merged over several columns.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import math
import sys
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

if sys.platform != "win32":
    import resource

MEMORY = 6 << 30  # bytes of address space
_EXACT = 2**53  # beyond it a floating-point number is no integer for sure


def main() -> int:
    """Read standard input, write standard output."""
    _limit()
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
        for sheet in book.sheets_metadata:
            if str(sheet.typ).endswith("WorkSheet"):
                _write_sheet(book.get_sheet_by_name(sheet.name))
        _write({"end": True})
    except PasswordError:
        _write({"failed": "password"})
    except (CalamineError, ValueError, OSError):
        _write({"failed": "damaged"})
    return 0


def _limit() -> None:
    if sys.platform != "win32":
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY if hard < 0 else min(MEMORY, hard), hard))


def _write_sheet(sheet: Any) -> None:
    _write({"sheet": sheet.name})
    left = sheet.start[1] if sheet.start else 0  # rows come from the first on, columns from the first filled
    merged = sheet.merged_cell_ranges or []
    spans = _spans(merged, left)
    wide = {(first, column - left) for (first, column), (_, last) in merged if last > column}
    held: dict[int, tuple[int, Any]] = {}  # column -> (last row, value) of a cell that is merged downwards
    for number, cells in enumerate(sheet.iter_rows()):
        row = [_plain(cell) for cell in cells]
        filled = [column for column, cell in enumerate(row) if cell is not None]
        banner = len(filled) == 1 and (number, filled[0]) in wide
        for column, (last, value) in list(held.items()):
            if number > last:
                del held[column]
            elif row[column] is None and filled:
                row[column] = value
        for column, last in spans.get(number, ()):
            if column < len(row) and row[column] is not None:
                held[column] = (last, row[column])
        while row and row[-1] is None:
            row.pop()
        if row:
            _write([number + 1, row, banner])


def _spans(merged: list[Any], left: int) -> dict[int, list[tuple[int, int]]]:
    """Return, by the row that they start in, (column, last row) of the cells that are merged downwards."""
    found: dict[int, list[tuple[int, int]]] = {}
    for (first, column), (last, _) in merged:
        if last > first and column >= left:
            found.setdefault(first, []).append((column - left, last))
    return found


def _plain(cell: Any) -> Any:
    """Return a cell as JSON has it: dates in ISO 8601, whole numbers as such, blank text as nothing."""
    if isinstance(cell, str):
        return cell if cell.strip() else None
    if isinstance(cell, float):
        return _number(cell)
    if isinstance(cell, dt.datetime):
        return (cell.date() if cell.time() == dt.time() else cell).isoformat()
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    return cell if cell is None or isinstance(cell, bool | int) else str(cell)


def _number(cell: float) -> float | int | None:
    if not math.isfinite(cell):
        return None
    return int(cell) if cell.is_integer() and abs(cell) < _EXACT else cell


def _write(value: Any) -> None:
    sys.stdout.write(json.dumps(value) + "\n")


if __name__ == "__main__":
    sys.exit(main())
