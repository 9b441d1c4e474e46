"""Assign whole groups to train, val and test: seeded, by hash, stratified by stage, holdouts in test.

Records that share a `group_key`, a hash, or the folded text of prompt or reply (a copy of the same
question in another source's spelling) form one component, and a component is never split.
Components are ordered by a hash of the seed and their smallest group key, so the outcome does not
depend on the order of the input, and each split is filled to its share of every stage in turn; what
one stage could not give exactly is carried to the next.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pixelated.curate.policy import Holdout

Ints = npt.NDArray[np.int64]

MOST_HELD = 0.5  # of a family: a partial holdout leaves at least as much to train on
LINKS = ("strict_hash", "content_hash", "fold_all", "fold_prompt", "fold_reply")


@dataclass
class Split:
    """The assignment: a split per row, and what the manifest says about holdouts and shares."""

    column: pa.Array
    holdouts: dict[str, dict[str, object]]
    test_groups: set[str] = field(default_factory=set)


def components(keys: pa.Table) -> Ints:
    """Return a component number per row: rows linked by group_key or by a hash of `LINKS`."""
    labels = _codes(keys.column("group_key"))
    for name in LINKS:
        if name in keys.column_names:
            labels = _link(labels, _codes(keys.column(name)))
    return labels


def assign(keys: pa.Table, ratio: dict[str, float], holdouts: dict[str, Holdout], seed: int) -> Split:
    """Assign a split to every row of `keys` (columns group_key, hashes, families, stage).

    Args:
        keys: the admitted records' keys.
        ratio: shares of train, val and test of the pool outside holdouts.
        holdouts: by family.
        seed: changes which groups go where.
    """
    labels = components(keys)
    names, order = _component_order(keys.column("group_key"), labels, seed)
    sizes = np.bincount(labels, minlength=len(names))
    chosen: dict[int, str] = {}
    declared = _hold_out(keys, labels, order, holdouts, chosen)
    stage_of = dict(zip(labels[::-1].tolist(), reversed(keys.column("stage").to_pylist()), strict=True))
    _fill(order, sizes, stage_of, ratio, chosen)
    column = pa.array([chosen[int(c)] for c in labels], pa.string())
    return Split(column, declared)


def _hold_out(
    keys: pa.Table, labels: Ints, order: list[int], holdouts: dict[str, Holdout], chosen: dict[int, str]
) -> dict[str, dict[str, object]]:
    """Send held-out components to test; return what the manifest declares."""
    rows_of: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    groups: dict[tuple[str, int], set[str]] = defaultdict(set)
    columns = (labels.tolist(), keys.column("families").to_pylist(), keys.column("group_key").to_pylist())
    for label, families, group in zip(*columns, strict=True):
        for family in families or ():
            if family in holdouts:
                rows_of[family][label] += 1
                groups[family, label].add(group)
    declared: dict[str, dict[str, object]] = {}
    for family, holdout in sorted(holdouts.items()):
        held = _take(rows_of[family], order, holdout)
        for label in held:
            chosen[label] = "test"
        full = holdout.mode == "full"
        declared[family] = {
            "test_split_only": full,
            "mode": holdout.mode,
            "test_groups": [] if full else sorted(g for label in held for g in groups[family, label]),
            "rationale": holdout.rationale,
        }
    return declared


def _take(rows: dict[int, int], order: list[int], holdout: Holdout) -> list[int]:
    """Return the components held out: all, or the first in order up to the fraction (at least one)."""
    present = [c for c in order if c in rows]
    if holdout.mode == "full":
        return present
    total = sum(rows.values())
    wanted, room, held = holdout.fraction * total, total * MOST_HELD, list[int]()
    for label in present:
        if wanted <= 0:
            break
        if rows[label] <= room and (not held or rows[label] <= 2 * wanted):
            held.append(label)
            wanted, room = wanted - rows[label], room - rows[label]
    return held


def _fill(
    order: list[int], sizes: Ints, stage_of: dict[int, str], ratio: dict[str, float], chosen: dict[int, str]
) -> None:
    """Fill val and test to their share of each stage; the rest is train."""
    strata: dict[str, list[int]] = defaultdict(list)
    for label in order:
        if label not in chosen:
            strata[stage_of[label]].append(label)
    need = {"val": 0.0, "test": 0.0}
    for _stage, labels in sorted(strata.items()):
        total, rest = float(sum(sizes[c] for c in labels)), labels
        for split, share in (("val", ratio["val"]), ("test", ratio["test"])):
            need[split] += share * total
            picked = _pick(rest, sizes, need[split])
            need[split] -= float(sum(sizes[c] for c in picked))
            chosen.update(dict.fromkeys(picked, split))
            rest = [c for c in rest if c not in chosen]
        chosen.update(dict.fromkeys(rest, "train"))


def _pick(free: list[int], sizes: Ints, need: float) -> list[int]:
    """Return components in order that fit into `need` rows, then the one that rounds it best."""
    picked: list[int] = []
    for label in free:
        if sizes[label] <= need:
            picked.append(label)
            need -= float(sizes[label])
        if need < 1:
            break
    taken = set(picked)
    rest = [c for c in free if c not in taken]
    if rest and len(rest) > 1:
        best = min(rest, key=lambda c: abs(need - float(sizes[c])))
        if abs(need - float(sizes[best])) < need:
            picked.append(best)
    return picked


def _component_order(group_key: pa.ChunkedArray, labels: Ints, seed: int) -> tuple[list[str], list[int]]:
    """Return each component's smallest group key, and the components in hash order of it."""
    smallest: dict[int, str] = {}
    for label, key in zip(labels.tolist(), group_key.to_pylist(), strict=True):
        smallest[label] = min(key, smallest.get(label, key))
    names = [smallest[c] for c in range(len(smallest))]
    digests = [hashlib.sha256(f"{seed}\x1f{name}".encode()).digest() for name in names]
    return names, sorted(range(len(names)), key=digests.__getitem__)


def _codes(column: pa.ChunkedArray) -> Ints:
    """Return a number per distinct value; every null is a value of its own."""
    encoded = pc.dictionary_encode(column).combine_chunks()
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    missing = np.flatnonzero(codes < 0)
    codes[missing] = len(encoded.dictionary) + np.arange(len(missing))
    return codes


def _link(labels: Ints, other: Ints) -> Ints:
    """Merge the components of rows that share a value of `other`; numbers stay dense."""
    order = np.lexsort((labels, other))
    same = other[order][1:] == other[order][:-1]
    a, b = labels[order][:-1][same], labels[order][1:][same]
    edges = np.unique(np.stack([a, b], axis=1)[a != b], axis=0)
    if not len(edges):
        return labels
    parent = np.arange(int(labels.max()) + 1)
    for x, y in edges.tolist():
        ra, rb = _root(parent, x), _root(parent, y)
        parent[max(ra, rb)] = min(ra, rb)
    roots = np.array([_root(parent, i) for i in range(len(parent))])
    return np.unique(roots[labels], return_inverse=True)[1].astype(np.int64)


def _root(parent: Ints, i: int) -> int:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = int(parent[i])
    return i
