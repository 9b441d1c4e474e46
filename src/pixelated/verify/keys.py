"""The keys of all records in columns of 16 bytes: what must not stand in two splits, found by sorting.

About 150 bytes a record and no text, so that ten million records take one and a half gigabytes.
"""

from __future__ import annotations

from array import array

import numpy as np
import numpy.typing as npt

from pixelated.verify.hashes import DIGEST, key
from pixelated.verify.record import Record
from pixelated.verify.shards import SPLITS

Rows = npt.NDArray[np.int64]
COLUMNS = ("strict", "content", "fold", "group", "id", "payload", "line", "export")
_NONE = bytes(DIGEST)  # stands for "no such key": never equal to another


class Keys:
    """Columns of keys, one row per record in reading order."""

    def __init__(self) -> None:
        self._columns = {name: bytearray() for name in COLUMNS}
        self._splits = bytearray()
        self._exports = set[str]()
        self._names = bytearray()
        self._ends = array("q")

    def __len__(self) -> int:
        return len(self._splits)

    def add(self, record: Record, line: bytes) -> None:
        """Append one record; `line` is the digest of its JSON line (empty: it was read from Parquet)."""
        group = record.text_of("group_key")
        values = {
            "strict": (record.strict or _NONE)[:DIGEST],
            "content": (record.content or _NONE)[:DIGEST],
            "fold": record.fold or _NONE,
            "group": key(group) if group else _NONE,
            "id": key(record.id) if record.id else _NONE,
            "payload": record.payload or _NONE,
            "line": line or _NONE,
            "export": key(export) if (export := export_name(record)) else _NONE,
        }
        for name, value in values.items():
            self._columns[name] += value
        if export:
            self._exports.add(export)
        self._splits.append(SPLITS.index(record.split))
        self._names += record.name.encode("utf-8", "replace")
        self._ends.append(len(self._names))

    def name(self, row: int) -> str:
        """Return the name of the record in `row`."""
        start = self._ends[row - 1] if row else 0
        return self._names[start : self._ends[row]].decode()

    def column(self, name: str) -> npt.NDArray[np.void]:
        """Return one column as opaque 16-byte values."""
        return digest_array(self._columns[name])

    def split_codes(self) -> npt.NDArray[np.uint8]:
        """Return the split of each row as its position in `SPLITS`."""
        return np.frombuffer(bytes(self._splits), dtype=np.uint8)

    def in_split(self, split: str) -> Rows:
        """Return the rows of one split."""
        return np.flatnonzero(self.split_codes() == SPLITS.index(split))

    def outside(self, split: str) -> Rows:
        """Return the rows of the other two splits."""
        return np.flatnonzero(self.split_codes() != SPLITS.index(split))

    def exports(self) -> list[str]:
        """Return the names of the stage and preference files that the records require, sorted."""
        return sorted(self._exports)

    def of_export(self, name: str) -> Rows:
        """Return the rows that the stage or preference file `name` has to hold, each once."""
        return np.flatnonzero((self._bytes("export") == np.frombuffer(key(name), np.uint8)).all(axis=1))

    def present(self, name: str) -> Rows:
        """Return the rows that have a key in this column."""
        return np.flatnonzero(self._bytes(name).any(axis=1))

    def crossing(self, name: str) -> list[Rows]:
        """Return, for each key that stands in more than one split, the rows that have it."""
        order, starts, ends = self._runs(name, within_splits=False)
        codes = self.split_codes()[order]  # ascending inside a run: its ends show whether it crosses
        return self._taken(order, starts, ends, codes[starts] != codes[ends - 1])

    def repeated(self, name: str) -> list[Rows]:
        """Return, for each key that stands twice in one split, those rows."""
        order, starts, ends = self._runs(name, within_splits=True)
        return self._taken(order, starts, ends, ends - starts > 1)

    def group_sizes(self, rows: Rows) -> Rows:
        """Return the sizes of the groups that `rows` fall into (rows without a group count one each)."""
        grouped = np.intersect1d(rows, self.present("group"), assume_unique=True)
        _, sizes = np.unique(self.column("group")[grouped], return_counts=True)
        alone = len(rows) - len(grouped)
        return np.concatenate([sizes, np.ones(alone, np.int64)]).astype(np.int64)

    def _bytes(self, name: str) -> npt.NDArray[np.uint8]:
        return np.frombuffer(bytes(self._columns[name]), dtype=np.uint8).reshape(-1, DIGEST)

    def _runs(self, name: str, *, within_splits: bool) -> tuple[Rows, Rows, Rows]:
        """Return rows sorted by key, split and position, and where each run of equal keys starts and ends."""
        rows = self.present(name)
        digests = self._bytes(name)[rows]
        keyed = np.column_stack([digests, self.split_codes()[rows]])  # one sort on 17 bytes
        sorting = np.argsort(keyed.view(f"V{DIGEST + 1}").ravel(), kind="stable")
        order, compared = rows[sorting], keyed[sorting][:, : DIGEST + within_splits]
        same = (compared[1:] == compared[:-1]).all(axis=1)
        edges = np.flatnonzero(~same) + 1
        whole = np.array([0, len(order)] if len(order) else [0], np.int64)
        bounds = np.concatenate([whole[:1], edges, whole[1:]])
        return order, bounds[:-1], bounds[1:]

    @staticmethod
    def _taken(order: Rows, starts: Rows, ends: Rows, wanted: npt.NDArray[np.bool_]) -> list[Rows]:
        runs = zip(starts[wanted].tolist(), ends[wanted].tolist(), strict=True)
        return sorted((order[a:b] for a, b in runs), key=lambda run: int(run.min()))


def export_name(record: Record) -> str:
    """Return the stage, masked or preference file that a record belongs in, or an empty text."""
    phase = record.text_of("phase")
    if record.row.get("kind") == "preference":
        return f"preference/{record.split}.jsonl"
    folder = "masked" if record.metadata.get("masked_turns") else "stages"
    return f"{folder}/{phase}.jsonl" if record.split == "train" and phase else ""


def missing(values: npt.NDArray[np.void], known: npt.NDArray[np.void]) -> Rows:
    """Return the positions of `values` that `known`, which is sorted, does not hold."""
    if not len(known):
        return np.arange(len(values))
    at = np.minimum(np.searchsorted(known, values), len(known) - 1)
    return np.flatnonzero(known[at] != values)


def digest_array(digests: bytes | bytearray) -> npt.NDArray[np.void]:
    """Return joined 16-byte digests as an array of opaque values."""
    return np.frombuffer(bytes(digests), dtype=f"V{DIGEST}")
