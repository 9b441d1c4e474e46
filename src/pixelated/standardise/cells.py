"""Cells of tables: lists of turns that stand in one are read, and cells that a program cut are named.

Spreadsheet programs keep 32,767 UTF-16 units of a cell and drop the rest without a word; exports of this
kind of data end at 32,759. Half a cell is never read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from pixelated.core.source import Fields
from pixelated.standardise.fields import normal
from pixelated.standardise.literals import LiteralError, closes, read_literal
from pixelated.standardise.rows import Refusal, RefusedError, Row
from pixelated.standardise.shapes.recognise import CHOSEN, REJECTED, TURN_LISTS

TABLES = ("csv", "xlsx", "parquet", "arrow")  # formats whose cells a spreadsheet program may have cut
CUT_AT = (32_759, 32_767)
_LONG = 32_000  # a list cell of this many characters that does not close was cut
_MAY_BE_CUT = CUT_AT[0] // 2  # characters: fewer are fewer units in any script
# A bracket and then an object, a list, a string or an array: no text starts so, "[Scene: a kitchen]" does.
_OBJECTS = re.compile(r"\s*(?:array\()?\s*\[\s*(?:array\(\s*\[|[\[{]\s*['\"\[{\]}])")
_TEXTS = re.compile(r"\s*(?:array\()?\s*\[\s*(?:['\"{]|\])")
_OBJECT = re.compile(r"\s*\{\s*['\"]")


def read_rows(rows: Iterable[Row], fields: Fields, *, table: bool) -> tuple[list[Row], list[Refusal]]:
    """Return the rows with their list cells read, and the refusals of rows with a cut or broken cell.

    Args:
        rows: the rows of a file.
        fields: the registry's; its fields of turns may be list cells whatever their name.
        table: whether a program may have cut cells.
    """
    good: list[Row] = []
    refused: list[Refusal] = []
    for row in rows:
        try:
            value = unpack(row.value, fields, table=table)
        except RefusedError as error:
            text = repr(row.value)
            refused.append(Refusal(row.ordinal, row.locator, error.reason, error.detail, text))
            continue
        good.append(row if value is row.value else Row(row.ordinal, row.locator, value))
    return good, refused


def unpack(value: Any, fields: Fields, *, table: bool = False) -> Any:
    """Return a row with the lists and objects that stand as JSON or Python in a cell read.

    Raises:
        RefusedError: `cell_cut`, or `bad_list_cell` for a list that can't be read.
    """
    if not isinstance(value, dict):
        return value
    read: dict[str, Any] = {}
    for name, cell in value.items():
        if not isinstance(cell, str) or not cell:
            continue
        if table and len(cell) >= _MAY_BE_CUT:
            _refuse_cut(name, cell)
        if cell[0] in "[{a \t\r\n" and may_hold_turns(name, fields):
            found = _read(name, cell, is_list=_is_turns(name, fields))
            if found is not None:
                read[name] = found
    return {**value, **read} if read else value


def _refuse_cut(name: str, cell: str) -> None:
    units = len(cell) if cell.isascii() else len(cell.encode("utf-16-le", "surrogatepass")) // 2
    if units in CUT_AT or len(cell) in CUT_AT:
        raise RefusedError("cell_cut", f"{_named(name)} has {units} characters, where programs cut a cell")
    if units >= _LONG and _starts_list(cell) and not closes(cell):
        raise RefusedError("cell_cut", f"{_named(name)} is a list of {units} characters that does not close")


def _read(name: str, cell: str, *, is_list: bool) -> Any:
    """Return the list or object in a cell, or None for a text.

    Args:
        name: the column.
        cell: its text.
        is_list: whether the column holds lists of turns, so that an object and a list of texts count too.
    """
    if not (_OBJECTS.match(cell) or (is_list and _starts_list(cell))):
        return None
    try:
        return read_literal(cell)
    except LiteralError as error:
        if error.trailing:
            return None
        if error.cut and len(cell) >= _LONG:
            detail = f"{_named(name)} is a list of {len(cell)} characters that does not close"
            raise RefusedError("cell_cut", detail) from None
        raise RefusedError(
            "bad_list_cell", f"{_named(name)} starts as a list of {len(cell)} characters: {error.detail}"
        ) from None


def _starts_list(cell: str) -> bool:
    return any(pattern.match(cell) for pattern in (_OBJECTS, _TEXTS, _OBJECT))


def _named(name: str) -> str:
    return f"column {name[:40]!r}"


@lru_cache(maxsize=10_000)
def may_hold_turns(name: str, fields: Fields) -> bool:
    """Say whether a text cell of this name may be a list of turns, which is then read."""
    known = (*TURN_LISTS, *CHOSEN, *REJECTED, "prompt", "history", "candidates")
    return normal(name) in known or name in {fields.messages, fields.chosen, fields.rejected}


@lru_cache(maxsize=10_000)
def _is_turns(name: str, fields: Fields) -> bool:
    return normal(name) in (*TURN_LISTS, "history", "candidates") or name == fields.messages
