"""What the header of a table looks like, whatever the table is written in."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_CELL = 64  # characters; longer header cells are text
_SENTENCE = re.compile(r"\s\S+\s\S+\s.*[.!?\u2026][\"')\]]?\s*$")  # four words or more and a full stop
_NUMBER = re.compile(r"\s*[-+]?[0-9][0-9.,:%/-]*\s*")


def is_header(cells: Sequence[str]) -> bool:
    """Say whether cells look like names of columns and not like data."""
    filled = [c for c in cells if c.strip()]
    return bool(filled) and not any(
        len(c) > _CELL or "\n" in c or _SENTENCE.search(c) or _NUMBER.fullmatch(c) for c in filled
    )


def column_names(cells: Sequence[str]) -> list[str]:
    """Return the names of columns; one without a name is called by its number."""
    return [cell.strip() or f"column_{k}" for k, cell in enumerate(cells)]


def twice(header: Sequence[str]) -> int:
    """Return how many names stand more than once in a header."""
    return sum(n > 1 for n in Counter(header).values())
