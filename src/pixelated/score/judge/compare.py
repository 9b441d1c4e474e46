"""How far back ends agree on the same file: "empathy" beside "empathy@judge"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import orjson

from pixelated.score.agreement.metrics import spearman

FEWEST = 3  # pairs from which a correlation is stated
CLOSE = 0.25  # a difference within which two scores are called close


def compare(path: Path) -> dict[str, dict[str, Any]]:
    """Return, for each two back ends of a scorer in a file of scores, how far they agree.

    Args:
        path: lines of `{"id", "scores": {"<scorer>" or "<scorer>@<back end>": number or null}}`.
    """
    with path.open("rb") as source:
        lines = [orjson.loads(line) for line in source]
    return compare_scores([line["scores"] for line in lines])


def compare_scores(rows: Sequence[Mapping[str, float | None]]) -> dict[str, dict[str, Any]]:
    """Return the agreement of each two back ends of a scorer, by "<one> / <other>"."""
    names = sorted({name for row in rows for name in row})
    found = {}
    for one, other in combinations(names, 2):
        if one.partition("@")[0] == other.partition("@")[0]:
            found[f"{one} / {other}"] = _agreement([(row.get(one), row.get(other)) for row in rows])
    return found


def _agreement(pairs: Sequence[tuple[float | None, float | None]]) -> dict[str, Any]:
    both = [(a, b) for a, b in pairs if a is not None and b is not None]
    differences = [abs(a - b) for a, b in both]
    enough = len(both) >= FEWEST
    return {
        "rows": len(pairs),
        "both": len(both),
        "only_first": sum(a is not None and b is None for a, b in pairs),
        "only_second": sum(a is None and b is not None for a, b in pairs),
        "spearman": round(spearman([a for a, _ in both], [b for _, b in both]), 4) if enough else None,
        "mean_difference": round(sum(differences) / len(both), 4) if both else None,
        "close": round(sum(d <= CLOSE for d in differences) / len(both), 4) if both else None,
    }
