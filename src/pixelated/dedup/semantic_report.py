"""What was found in other words: the pairs, the most alike first, and counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from pixelated.dedup.candidates import unpack
from pixelated.dedup.semantic import Semantic
from pixelated.dedup.semantic_search import MOST

SIDE_NAMES = ("client", "therapist", "worse")
AT_A_TIME = 10_000
_WHO = ("id", "source", "file", "row")


def semantic_jsonl(keys: pa.Table, found: Semantic) -> Iterator[dict[str, Any]]:
    """Yield one object per pair, the most alike first, then by the positions of both.

    `a` ranks before `b` by the keep strategy; `cosine` is that of the side that agrees least, `sides` has
    all; `same_facts` says whether each side has the same numbers and as many negations.
    """
    a, b = (found.rows[ranks] for ranks in unpack(found.pairs))
    least = _least(found)
    positions = keys.column("position").to_numpy()
    order = np.lexsort((positions[b], positions[a], -least))
    columns = keys.select(_WHO)
    for at in range(0, len(order), AT_A_TIME):
        some = order[at : at + AT_A_TIME]
        # Rows of pairs alone, for a report that a person reads.
        members = (columns.take(pa.array(rows[some])).to_pylist() for rows in (a, b))
        for n, one, other in zip(some.tolist(), *members, strict=True):
            told = zip(SIDE_NAMES, found.cosines[n].tolist(), strict=True)
            yield {
                "a": one,
                "b": other,
                "cosine": float(least[n]),
                "sides": {name: value for name, value in told if not np.isnan(value)},
                "same_facts": bool(found.same_facts[n]),
            }


def semantic_summary(found: Semantic, model: str, threshold: float, dropped: int | None) -> dict[str, Any]:
    """Return counts of what `find_semantic` found.

    `records` compared, of `pieces` of text; `pairs`, of which `facts_differ` in numbers or negations;
    `in_pairs`, records that stand in some pair; `full`, records with as many pairs as are listed of one;
    `all_pairs`, whether each pair was looked at; `dropped`, null where nothing was asked to go.
    """
    return {
        "model": model,
        "threshold": threshold,
        "records": found.records,
        "pieces": found.pieces,
        "pairs": len(found.pairs),
        "facts_differ": int((~found.same_facts).sum()),
        "in_pairs": len(np.unique(np.concatenate(unpack(found.pairs)))),
        "full": found.full,
        "most_of_one": MOST,
        "all_pairs": found.all_pairs,
        "dropped": dropped,
    }


def _least(found: Semantic) -> Any:
    return np.nanmin(found.cosines, axis=1, initial=1)
