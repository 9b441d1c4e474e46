"""The benchmark page: every table stands between two marks and is written anew without touching the rest."""

from __future__ import annotations

import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs/benchmarks.md"


def write(name: str, lines: list[str], page: Path = PAGE) -> None:
    """Put lines between `<!-- name -->` and `<!-- /name -->`; the marks have to be there."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    text = page.read_text(encoding="utf-8")
    head, found, rest = text.partition(begin)
    _, closed, tail = rest.partition(end)
    if not (found and closed):
        sys.exit(f"{page.name} has no place for {name}: put {begin} and {end} where it belongs")
    page.write_text(head + "\n".join([begin, "", *lines, "", end]) + tail, encoding="utf-8")
    print("\n".join(lines))
