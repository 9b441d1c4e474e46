"""Assign whole components to train, val and test: seeded, by hash, stable when data is added.

Records that share a `group_key`, a near-duplicate cluster, a hash or the folded text of prompt or reply
form one component (components.py), and a component is never split. The hash of the seed and of its
smallest group key places it in [0, 1); the place against the cut points gives its split, whatever else
is in the corpus. Without a history, components nearest to the cut points are then moved until the
shares of all records, of every stage and of every family are within half a point, as far as whole
groups allow (balance.py, strata.py). With a history, every record that it knows keeps its split unless
its component or a holdout forces it to move (history.py, holdout.py); only what is new is balanced.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from pixelated.curate.balance import TEST, TRAIN, balance, cut
from pixelated.curate.components import Ints, Parts, find_parts
from pixelated.curate.history import NEW, History, Known, look_up, moves
from pixelated.curate.holdout import hold_out
from pixelated.curate.policy import SPLITS, Holdout
from pixelated.curate.strata import statement, strata_of


@dataclass
class Split:
    """The assignment.

    Attributes:
        column: a split per row.
        holdouts: what the manifest says of held-out families.
        moved: every record that left the split of an earlier run: id, group_key, from, to, why.
        summary: shares of every stratum, which are off and why, what the history did; counts and
            group keys only.
    """

    column: pa.Array
    holdouts: dict[str, dict[str, object]]
    moved: list[dict[str, Any]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)


def assign(
    keys: pa.Table,
    ratio: dict[str, float],
    holdouts: dict[str, Holdout],
    seed: int,
    history: History | None = None,
) -> Split:
    """Assign a split to every row of `keys` (columns group_key, hashes, families, stage).

    Args:
        keys: the admitted records' keys, in any order.
        ratio: shares of train, val and test of the pool outside holdouts.
        holdouts: by family.
        seed: changes which groups go where.
        history: what earlier runs assigned; it does not count where its seed or ratio was another.
    """
    parts = find_parts(keys, seed)
    unused = history.unfit(seed, ratio) if history else ""
    known = look_up(None if unused else history, keys, parts, unused)
    held = hold_out(keys, parts, holdouts, known)
    chosen = cut(parts.place, ratio)
    chosen[known.parts != NEW] = known.parts[known.parts != NEW]
    chosen[list(held.family)] = TEST
    free = known.parts == NEW
    free[list(held.family)] = False
    strata = strata_of(keys, held.pool)
    nominal = chosen
    chosen = balance(parts, chosen, free, strata, ratio)
    chosen = _something_to_train_on(parts, chosen, free)
    column = pa.array(SPLITS, pa.string()).take(pa.array(chosen[parts.labels]))
    moved = moves(keys, parts, known, chosen, held.family)
    said = statement(strata, parts, chosen, free, ratio)
    said |= {"components": len(parts), "corrected": int((nominal != chosen).sum())}
    said["history"] = _history_counts(known, moved, used=history is not None and not unused)
    return Split(column, held.declared, moved, said)


def _something_to_train_on(parts: Parts, chosen: Ints, free: Any) -> Ints:
    """Send the largest free component to train where nothing else is there: a corpus of few groups."""
    if not len(parts) or (chosen == TRAIN).any() or not free.any():
        return chosen
    sizes = np.where(free, np.bincount(parts.labels, minlength=len(parts)), 0)
    largest = np.flatnonzero(sizes == sizes.max())
    first = largest[np.argmax(parts.place[largest])]
    return np.where(np.arange(len(parts)) == first, TRAIN, chosen)


def _history_counts(known: Known, moved: list[dict[str, Any]], *, used: bool) -> dict[str, Any]:
    told = int((known.rows != NEW).sum())
    reasons = {"holdout": sum(m["why"].startswith("holdout") for m in moved)}
    return {
        "used": used,
        "not_used_because": known.unused,
        "known": told,
        "new": len(known.rows) - told if used else 0,
        "kept": told - len(moved),
        "moved": len(moved),
        "moved_for_holdouts": reasons["holdout"],
        "moved_with_their_group": len(moved) - reasons["holdout"],
    }
