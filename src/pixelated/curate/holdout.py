"""Holdouts: families that stand in test, wholly or in part, always by whole components."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pixelated.curate.components import Ints, Parts
from pixelated.curate.history import NEW, Known
from pixelated.curate.policy import SPLITS, Holdout

MOST_HELD = 0.5  # of a family: a partial holdout leaves at least as much to train on
TEST = SPLITS.index("test")
# of what a partial holdout wants: with less held out than this, records leave train for it
LEAST_HELD = 0.5
_SETTLED = 2  # the last rank: components that the history has in train or val


@dataclass
class HeldOut:
    """What is held out.

    Attributes:
        family: the (first) family that each held component is held out for.
        declared: what the manifest says, by family.
        pool: which rows the shares of the splits are counted over: those outside holdouts.
    """

    pool: npt.NDArray[np.bool_]
    family: dict[int, str] = field(default_factory=dict)
    declared: dict[str, dict[str, object]] = field(default_factory=dict)


def hold_out(keys: pa.Table, parts: Parts, holdouts: dict[str, Holdout], known: Known) -> HeldOut:
    """Choose the components that stand in test.

    A partial holdout takes components from the highest place down until its fraction is reached: first
    those that the history has in test, then new ones. It takes what was in train or val only where it
    would hold out less than half of its fraction otherwise.
    """
    out = HeldOut(np.ones(keys.num_rows, bool))
    rows_of = family_rows(keys, sorted(holdouts))
    groups = keys.column("group_key")
    for family, holdout in sorted(holdouts.items()):
        rows = rows_of[family]
        counts = np.bincount(parts.labels[rows], minlength=len(parts))
        held = _take(counts, parts, holdout, known)
        for label in held.tolist():
            out.family.setdefault(label, family)
        mine = rows[np.isin(parts.labels[rows], held)]
        names = pc.unique(groups.take(pa.array(mine))).drop_null() if len(mine) else pa.array([], pa.string())
        out.pool &= ~pc.fill_null(pc.is_in(groups, value_set=names), False).to_numpy()
        full = holdout.mode == "full"
        out.declared[family] = {
            "test_split_only": full,
            "mode": holdout.mode,
            "test_groups": [] if full else sorted(names.to_pylist()),
            "rationale": holdout.rationale,
        }
    return out


def family_rows(keys: pa.Table, families: list[str]) -> dict[str, Ints]:
    """Return the rows of each family, ascending."""
    column = keys.column("families").combine_chunks()
    parents, names = pc.list_parent_indices(column).to_numpy(), pc.list_flatten(column)
    wanted = pa.array(families, pa.string())
    at = pc.fill_null(pc.index_in(names, value_set=wanted), -1).to_numpy(zero_copy_only=False)
    return {name: np.unique(parents[at == i]).astype(np.int64) for i, name in enumerate(families)}


def _take(counts: Ints, parts: Parts, holdout: Holdout, known: Known) -> Ints:
    present = np.flatnonzero(counts)
    if holdout.mode == "full":
        return present
    total = int(counts.sum())
    rank = np.select([known.parts[present] == TEST, known.parts[present] == NEW], [0, 1], _SETTLED)
    order = np.lexsort((-parts.place[present], rank))  # from above: the places of val and test stay theirs
    wanted, room, held = holdout.fraction * total, total * MOST_HELD, list[int]()
    least, forced = wanted * LEAST_HELD, False
    for at in order.tolist():
        label = int(present[at])
        if rank[at] == _SETTLED and not forced:
            forced = total * holdout.fraction - wanted < least
            if not forced:
                break
        if wanted <= 0:
            break
        if counts[label] <= room and (not held or counts[label] <= 2 * wanted):
            held.append(label)
            wanted, room = wanted - counts[label], room - counts[label]
    return np.array(held, np.int64)
