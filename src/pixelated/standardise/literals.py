"""Lists and objects written in a cell: JSON, Python literals, and arrays as numpy prints them.

A cell is first split into tokens by one pattern of linear time, which finds out whether it closes, how deep
it nests and whether all of it is plain data; only then is it read, by `ast.literal_eval`, which runs nothing.
numpy puts no commas between the elements of an array: they are put in, in lists that have none.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import Any

from pixelated.standardise.formats._json import InvalidJSONError, loads_text, whole

MAX_CHARACTERS = 1 << 20  # of a Python literal; JSON has no limit
MAX_DEPTH = 40
_TOKEN = re.compile(
    r"(?P<text>'[^'\\]*+(?:\\.[^'\\]*+)*+'|\"[^\"\\]*+(?:\\.[^\"\\]*+)*+\")"
    r"|(?P<open>array\(|\(|\[|\{)|(?P<close>[\])}])|(?P<dtype>,\s*dtype=(?:object|'[^'\n]{0,20}'|[a-z0-9]{1,12}))"
    r"|(?P<mark>[,:])|(?P<number>[-+]?(?:\d[\d_]*+(?:\.\d*+)?|\.\d++)(?:[eE][-+]?\d++)?)"
    r"|(?P<more>\.\.\.|\u2026)|(?P<name>[A-Za-z_]\w*+)|(?P<space>\s++)",
    re.DOTALL,
)
_NAMES = {"None": "None", "True": "True", "False": "False", "null": "None", "true": "True", "false": "False"}
_NAMES |= dict.fromkeys(("nan", "NaN", "inf", "Infinity"), "None")
_ENDS = {"[": "]", "{": "}", "(": ")", "array(": ")"}
_STARTS = ("[", "{", "array(")


class LiteralError(Exception):
    """A cell is no list or object.

    Attributes:
        detail: one line for a person.
        cut: it ends before its brackets do, or says that it leaves elements out.
        trailing: something stands after the end of the list, as in a text that starts with brackets.
    """

    def __init__(self, detail: str, *, cut: bool = False, trailing: bool = False) -> None:
        super().__init__(detail)
        self.detail, self.cut, self.trailing = detail, cut, trailing


def read_literal(text: str) -> Any:
    """Return the list or object that a cell holds, as JSON would have it: tuples are lists, nan is null.

    Raises:
        LiteralError: it holds none, or part of one.
    """
    try:
        value = loads_text(text)
    except InvalidJSONError:
        value = _python(text)
    if not isinstance(value, list | dict):
        raise LiteralError("it is neither a list nor an object")
    return value


def closes(text: str) -> bool:
    """Say whether the brackets and quotes of a cell that starts as a list or object all close."""
    try:
        _Scan(text).run()
    except LiteralError as error:
        return not error.cut
    return True


def _python(text: str) -> Any:
    if len(text) > MAX_CHARACTERS:
        raise LiteralError(f"it has more than {MAX_CHARACTERS} characters")
    source = _Scan(text).run()
    try:
        return _plain(ast.literal_eval(source))
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError, OverflowError):
        raise LiteralError("it is neither JSON nor a Python literal") from None


@dataclass(slots=True)
class _Level:
    """An open bracket: what it is, and whether commas or only white space part its elements."""

    bracket: str
    commas: int = 0
    gaps: int = 0


@dataclass(slots=True)
class _Scan:
    """One pass over the tokens of a cell."""

    text: str
    out: list[str] = field(default_factory=list)
    levels: list[_Level] = field(default_factory=list)
    value_before: bool = False  # the token before ends a value
    space_before: bool = False

    def run(self) -> str:
        """Return the cell as a Python literal.

        Raises:
            LiteralError: the cell does not close, or holds anything but plain data.
        """
        at = 0
        text = self.text.strip()
        if not text.startswith(_STARTS):
            raise LiteralError("it starts like no list and no object")
        while at < len(text):
            if at and not self.levels:
                raise LiteralError("something stands after its end", trailing=True)
            match = _TOKEN.match(text, at)
            if match is None:  # a quote without an end is one of these places
                raise LiteralError(f"no data at character {at}", cut=text[at] in "'\"" or at + 2 > len(text))
            try:
                self._take(str(match.lastgroup), match.group())
            except LiteralError as error:
                error.cut |= match.end() == len(text)  # half a word
                raise
            at = match.end()
        if self.levels:
            raise LiteralError("its brackets are not closed", cut=True)
        return "".join(self.out)

    def _take(self, kind: str, piece: str) -> None:
        if kind == "space":
            self.space_before = True
            return
        if kind in {"open", "text", "number", "name"}:
            self._before_value()
        getattr(self, f"_{kind}")(piece)
        self.space_before = False

    def _before_value(self) -> None:
        """Put in the comma that numpy leaves out."""
        if not self.value_before:
            return
        level = self.levels[-1]
        if level.bracket != "[" or not self.space_before:
            raise LiteralError("two values stand side by side")
        level.gaps += 1
        self.out.append(", ")

    def _open(self, piece: str) -> None:
        self.levels.append(_Level(piece))
        if len(self.levels) > MAX_DEPTH:
            raise LiteralError(f"it nests deeper than {MAX_DEPTH} levels")
        self.out.append("(" if piece == "array(" else piece)
        self.value_before = False

    def _close(self, piece: str) -> None:
        level = self.levels.pop()
        if _ENDS[level.bracket] != piece:
            raise LiteralError("its brackets do not match")
        if level.gaps and level.commas:
            raise LiteralError("a comma is missing between two values")
        self.out.append(piece)
        self.value_before = True

    def _dtype(self, piece: str) -> None:
        if self.levels[-1].bracket != "array(":
            raise LiteralError(f"no data: {piece.partition('=')[0].strip(', ')}")

    def _mark(self, piece: str) -> None:
        self.levels[-1].commas += piece == ","
        self.out.append(piece)
        self.value_before = False

    def _text(self, piece: str) -> None:
        self.out.append(piece.replace("\r", "\\r").replace("\n", "\\n").replace("\x00", "\\x00"))
        self.value_before = True

    def _number(self, piece: str) -> None:
        self.out.append(piece)
        self.value_before = True

    def _name(self, piece: str) -> None:
        if piece not in _NAMES:
            raise LiteralError("a word stands in it that is no data")
        self.out.append(_NAMES[piece])
        self.value_before = True

    def _more(self, piece: str) -> None:
        raise LiteralError(f"{piece} stands for elements that were left out", cut=True)


def _plain(value: Any) -> Any:
    """Return a literal as JSON would have it."""
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, dict):
        return {whole(str(k)): _plain(v) for k, v in value.items()}
    if value is None or isinstance(value, bool | int | float):
        return value
    raise TypeError(type(value).__name__)
