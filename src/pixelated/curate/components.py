"""Connected components of records: what has to stand in one split, however it is linked.

Records are linked by `group_key`, by near-duplicate cluster, by equal hashes and by the folded text of
prompt or reply. Union and compression work on whole arrays: three million records take seconds.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

LINKS = (
    "group_key",
    "near_cluster",
    "strict_hash",
    "content_hash",
    "fold_all",
    "fold_prompt",
    "fold_reply",
)


@dataclass(frozen=True)
class Parts:
    """The components of a table of keys.

    Attributes:
        labels: component number of each row, 0 and up.
        names: smallest `group_key` of each component: it belongs to no other.
        place: where the hash of seed and name falls in [0, 1), per component.
    """

    labels: Ints
    names: pa.Array
    place: Floats

    def __len__(self) -> int:
        return len(self.place)


def find_parts(keys: pa.Table, seed: int) -> Parts:
    """Return the components of `keys`, named and placed by `seed`."""
    labels = components(keys)
    names = _smallest(_group_keys(keys), labels)
    return Parts(labels, names, _places(names, seed))


def components(keys: pa.Table) -> Ints:
    """Return a component number per row: rows linked by a column of `LINKS`; a null links nothing."""
    parent = np.arange(keys.num_rows, dtype=np.int64)
    for name in LINKS:
        if name in keys.column_names:
            parent = _link(parent, codes(keys.column(name)))
    roots = np.cumsum(parent == np.arange(len(parent))) - 1
    return np.asarray(roots[parent], np.int64)


def codes(column: pa.ChunkedArray) -> Ints:
    """Return a number per distinct value, 0 and up, and -1 for null."""
    encoded = pc.dictionary_encode(column).combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):  # an empty column has no chunk to combine
        return np.empty(0, np.int64)
    return np.asarray(pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False), np.int64)


def _link(parent: Ints, values: Ints) -> Ints:
    """Merge the trees of rows that share a value; every tree stays one level deep."""
    rows = np.flatnonzero(values >= 0)
    known = values[rows]
    first = np.zeros(int(known.max(initial=-1)) + 1, np.int64)
    first[known[::-1]] = rows[::-1]  # written last is the first row that has the value
    a, b = parent[rows], parent[first[known]]
    while len(apart := np.flatnonzero(a != b)):
        low, high = np.minimum(a[apart], b[apart]), np.maximum(a[apart], b[apart])
        parent = parent.copy()
        np.minimum.at(parent, high, low)  # a root hooks to a smaller one only: there are no cycles
        while not np.array_equal(up := parent[parent], parent):
            parent = up
        a, b = parent[low], parent[high]
    return parent


def _group_keys(keys: pa.Table) -> pa.ChunkedArray:
    """Return the group keys; a record without one stands for itself."""
    column = keys.column("group_key")
    return pc.coalesce(column, keys.column("id")) if column.null_count else column


def _smallest(group_key: pa.ChunkedArray, labels: Ints) -> pa.Array:
    encoded = pc.dictionary_encode(group_key).combine_chunks()
    if not len(encoded):
        return pa.array([], pa.string())
    order = pc.sort_indices(encoded.dictionary).to_numpy()
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    best = np.full(int(labels.max()) + 1, len(order), np.int64)
    np.minimum.at(best, labels, rank[encoded.indices.to_numpy()])
    return encoded.dictionary.take(pa.array(order[best]))


def _places(names: pa.Array, seed: int) -> Floats:
    # one SHA-256 a component: anybody can compute the place of a group again, in any language
    head, sha256 = f"{seed}\x1f".encode(), hashlib.sha256
    digests = b"".join(sha256(head + name.encode()).digest() for name in names.to_pylist())
    first = np.frombuffer(digests, ">u8").astype(np.uint64)[::4] >> np.uint64(11)
    return first.astype(np.float64) / (1 << 53)  # 53 bits: exact as a float, below 1
