"""Numbers and foreign strings as people read them, shared by the page, the card and the terminal."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

NOT_MEASURED = "not measured"
SHORT_LIST = 6
SMALLEST_SHARE = 0.05  # per cent; below it, one decimal would round to nothing

# Control characters, bidirectional overrides and lone surrogates come from file names. Shown as they
# are they could clear a terminal, reverse a line or make the page impossible to encode.
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def visible(value: object) -> str:
    """Return `value` as one line of text, with characters that cannot be seen written as escapes."""
    text = value if isinstance(value, str) else str(value)
    return _INVISIBLE.sub(_escape, text)


def label(key: object) -> str:
    """Return a key such as `cross_split_groups` as words."""
    return visible(key).replace("_", " ").strip()


def is_number(value: object) -> bool:
    """Say whether `value` is a number that can be shown (True and NaN are not)."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value  # noqa: PLR0124 - NaN


def number(value: object) -> str:
    """Return a figure: integers with thousands separators, others with four significant digits."""
    if not is_number(value):
        return NOT_MEASURED
    if isinstance(value, int):
        return f"{value:,}"
    figure = float(str(value))
    return f"{int(figure):,}" if figure.is_integer() and abs(figure) >= 1 else f"{figure:.4g}"


def share(part: object, whole: object = 1) -> str:
    """Return `part / whole` in per cent with one decimal, or "not measured"."""
    if not (is_number(part) and is_number(whole)) or not whole:
        return NOT_MEASURED
    percent = 100 * float(str(part)) / float(str(whole))
    return "<0.1 %" if 0 < percent < SMALLEST_SHARE else f"{percent:.1f} %"


def plain(value: object) -> str:
    """Return a measured or required value on one line; of long lists and tables the rest is counted."""
    if value is None:
        return NOT_MEASURED
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, Mapping):
        return _cut([f"{label(k)} {_inner(v)}" for k, v in value.items()])
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return _cut([_inner(v) for v in items])
    return visible(value)


def pairs(values: object) -> list[tuple[str, str]]:
    """Return (label, value) of a verdict's `measured` or `required`, in the order given."""
    if isinstance(values, Mapping):
        return [(label(k), plain(v)) for k, v in values.items()]
    return [] if values is None else [("", plain(values))]


def one_line(values: object) -> str:
    """Return the same pairs on one line, or "not measured"."""
    parts = [f"{name}: {value}" if name else value for name, value in pairs(values)]
    return "; ".join(parts) or NOT_MEASURED


def short(values: object, width: int) -> str:
    """Return the pairs in at most `width` characters: tables summed up, whole pairs left out at the end."""
    if not isinstance(values, Mapping):
        return clip(one_line(values), width)
    parts = [f"{label(k)} {_size(v)}" for k, v in values.items()]
    kept = len(parts)
    while kept > 1 and len(", ".join(parts[:kept])) + (4 if kept < len(parts) else 0) > width:
        kept -= 1
    line = ", ".join(parts[:kept]) + (" ..." if kept < len(parts) else "")
    return clip(line or NOT_MEASURED, width)


def _size(value: object) -> str:
    # A table of counts is its sum, one of shares is listed; of anything else the entries are counted.
    if isinstance(value, Mapping):
        figures = [v for v in value.values() if is_number(v)]
        if len(figures) < len(value):
            return number(len(value))
        whole = all(isinstance(v, int) for v in figures)
        return number(sum(figures)) if whole else "/".join(number(v) for v in figures)
    return number(len(value)) if isinstance(value, list | tuple | set) else plain(value)


def clip(line: str, width: int) -> str:
    """Return `line` cut to `width` characters, with dots where it was cut."""
    return line if len(line) <= width else line[: width - 3].rstrip() + "..."


def _inner(value: object) -> str:
    # one level deep only: deeper tables are counted, since nobody reads them in a cell
    if isinstance(value, Mapping):
        return f"({len(value)} entries)" if len(value) > SHORT_LIST else f"({_flat(value)})"
    if isinstance(value, list | tuple):
        return f"({len(value)})" if len(value) > SHORT_LIST else f"({', '.join(visible(v) for v in value)})"
    return plain(value)


def _flat(value: Mapping[Any, Any]) -> str:
    return ", ".join(
        f"{label(k)} {plain(v) if not isinstance(v, Mapping | list) else len(v)}" for k, v in value.items()
    )


def _cut(items: Sequence[str]) -> str:
    shown = ", ".join(items[:SHORT_LIST])
    more = len(items) - SHORT_LIST
    return (f"{shown} and {more:,} more" if more > 0 else shown) or "none"


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    return " " if character in "\t\n" else f"\\u{ord(character):04x}"
