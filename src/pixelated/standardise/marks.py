"""Edge-case marks, difficulty and tags: many names in the sources, one column in the record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from pixelated.core.source import Source
from pixelated.standardise.fields import get

TAG_NAMES = ("is_training_edge_case", "is_edge_case", "allow_crisis_override")
_INSIDE = ("", "metadata.", "meta.", "tags.")
_TRUE = frozenset({"true", "1", "1.0", "yes", "y"})


@dataclass(slots=True)
class Marks:
    """What the marks of a row say, and the fields that said it."""

    edge_case: bool = False
    refused: bool = False
    category: str | None = None
    difficulty: str | None = None
    tags: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)


def read(source: Source, rows: Iterable[Mapping[str, Any]]) -> Marks:
    """Read the marks of a record's raw rows; the edge-case tag counts only where the source may set it."""
    rows = list(rows)
    first = rows[0] if rows else {}
    fields = source.mapping.fields
    marks = Marks()
    paths = (fields.edge_case,) if fields.edge_case else _tag_paths(tuple(first))
    said = {path: value for path in paths if (value := get(first, path)) is not None}
    tagged = any(_is_true(v) for v in said.values())
    marks.edge_case, marks.refused = tagged and source.edge_bypass, tagged and not source.edge_bypass
    marks.used.update(said)
    marks.category = _text(first, (fields.edge_category or "edge_category",), marks)
    levels = (fields.difficulty,) if fields.difficulty else ("difficulty", "difficulty_level")
    marks.difficulty = _text(first, levels, marks)
    rules = source.mapping.tags
    marks.tags = sorted({r.tag for r in rules for row in rows if str(get(row, r.field)) in r.values})
    return marks


@lru_cache(maxsize=1000)  # a source's rows have a handful of key sets
def _tag_paths(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the paths at which a row with these fields can have an edge-case tag."""
    paths = (inside + name for inside in _INSIDE for name in TAG_NAMES)
    return tuple(p for p in paths if p.split(".", 1)[0] in names)


def _text(row: Mapping[str, Any], paths: tuple[str, ...], marks: Marks) -> str | None:
    for path in paths:
        value = get(row, path)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            marks.used.add(path)
            return str(value)
    return None


def _is_true(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().lower() in _TRUE
    return value is True or (isinstance(value, int | float) and value == 1)
