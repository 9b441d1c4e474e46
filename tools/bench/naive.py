"""The method for reference: compare every conversation with every other, exactly. Time grows with the square.

python -m bench.naive FOLDER --output REMOVED.txt
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.conversations import jaccard, shingles


def rows(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a corpus."""
    for path in sorted(folder.glob("conversations-*.jsonl")):
        with path.open(encoding="utf-8") as file:
            yield from map(json.loads, file)


def removed(these: Iterator[dict[str, Any]], threshold: float) -> Iterator[str]:
    """Yield the id of each row that is like an earlier one that stays."""
    kept: list[set[tuple[str, ...]]] = []
    for row in these:
        own = shingles(row["messages"])
        if any(jaccard(own, other) >= threshold for other in kept):
            yield row["id"]
        else:
            kept.append(own)


def main() -> None:
    """Write the ids of the rows to remove."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--threshold", type=float, default=0.85)
    given = parser.parse_args()
    given.output.write_text("".join(f"{i}\n" for i in removed(rows(given.folder), given.threshold)))


if __name__ == "__main__":
    main()
