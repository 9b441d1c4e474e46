"""Names of fields: a dotted path into a row, and one form for every way of writing a name."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_OTHER = re.compile(r"[^0-9a-z]+")
_MISSING = object()


@lru_cache(maxsize=10_000)
def tokens(name: str) -> tuple[str, ...]:
    """Return the lower-case words of a name: `questionText`, `question_text` and `Question Text` agree."""
    return tuple(_OTHER.sub(" ", _CAMEL.sub(" ", name).lower()).split())


def words(text: str) -> tuple[str, ...]:
    """Return the words of a text: a list of names that reads well."""
    return tuple(text.split())


def normal(name: str) -> str:
    """Return the words of a name joined by "_"."""
    return "_".join(tokens(name))


def get(row: Mapping[str, Any], path: str) -> Any:
    """Return the value at `path` (a field's name, else a dotted path into objects and lists), or None."""
    found = _find(row, path)
    return None if found is _MISSING else found


def has(row: Mapping[str, Any], path: str) -> bool:
    """Say whether the row has a field at `path`, be it empty."""
    return _find(row, path) is not _MISSING


def _find(row: Mapping[str, Any], path: str) -> Any:
    if path in row:
        return row[path]
    value: Any = row
    for step in path.split("."):
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return _MISSING
    return value


def without(row: Mapping[str, Any], paths: Collection[str]) -> dict[str, Any]:
    """Return a copy of the row without the fields at `paths`; of an object only the part named goes."""
    left = {k: v for k, v in row.items() if k not in paths}
    for path in sorted(paths):
        head, _, rest = path.partition(".")
        if path not in row and rest and isinstance(left.get(head), Mapping):
            left[head] = without(left[head], (rest,))
    return left
