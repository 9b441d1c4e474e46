"""Fields of another file of the source, brought to each row: the k-th row of a key to the k-th."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from pixelated.core.errors import IncompleteError
from pixelated.core.source import Join
from pixelated.standardise.containers import only_file
from pixelated.standardise.fields import get
from pixelated.standardise.formats import FORMATS, detect
from pixelated.standardise.rows import HEAD_BYTES, Document, Row, Sample

Key = tuple[str, ...]


def join_rows(rows: Sequence[Row], joins: Sequence[tuple[Join, Path, str]]) -> tuple[list[Row], int]:
    """Return the rows with the joined fields added, and how many look-ups found nothing.

    Args:
        rows: all rows of a file, in order.
        joins: each join with the path and the hash of its file.

    Raises:
        IncompleteError: a joined file holds no rows with the fields of the join, or is an archive of
            several files or one that is refused.
    """
    joined, missed = list(rows), 0
    for join, path, sha256 in joins:
        table = _table(join.file, path, sha256, join.on, tuple(sorted(join.take)))
        seen: Counter[Key] = Counter()
        for k, row in enumerate(joined):
            if not isinstance(row.value, dict):
                continue
            key = tuple(str(get(row.value, name)) for name in join.on)
            found = table.get(key, ())
            there = seen[key] < len(found)
            taken = found[seen[key]] if there else {}
            missed += not there
            seen[key] += 1
            more = {name: taken.get(field) for field, name in join.take.items()}
            joined[k] = Row(row.ordinal, row.locator, {**row.value, **more})
    return joined, missed


@lru_cache(maxsize=8)  # the units of a source join the same file; the hash stands for its content
def _table(file: str, path: Path, sha256: str, on: Key, take: Key) -> dict[Key, list[dict[str, Any]]]:  # noqa: ARG001
    file, data = only_file(file, path)
    name = detect(Sample(file, data[:HEAD_BYTES], len(data)))
    table: dict[Key, list[dict[str, Any]]] = {}
    for row in FORMATS.get(name)().parse(Document(file, data)).rows:
        if isinstance(row.value, dict) and all(field in row.value for field in (*on, *take)):
            key = tuple(str(row.value[field]) for field in on)
            table.setdefault(key, []).append({field: row.value[field] for field in take})
    if not table:
        raise IncompleteError(
            "join_empty",
            f"{path} has no row with the fields {', '.join((*on, *take))}",
            "correct `joins` of the source, or fetch the file again",
        )
    return table
