"""What an earlier run decided: a record keeps its split, unless its group forces a move.

A record is known again by its id, else by its text (`strict_hash`), else by its group. Where the
records of one component stood in several splits, it goes to train if one of them was in train, else to
val: what was trained on or tuned on never becomes test data. Every record that this moves is named.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pixelated.core.errors import UsageError
from pixelated.curate.components import Ints, Parts
from pixelated.curate.policy import SPLITS

Codes = npt.NDArray[np.int8]

NEW = -1
KEYS = ("id", "strict_hash", "group_key")
COLUMNS = (*KEYS, "split")
_MARK = b"pixelated.splits"


@dataclass(frozen=True)
class History:
    """The split of every record that a run, or one before it, assigned.

    Attributes:
        table: `COLUMNS` as strings, one row per record.
        seed: of the run.
        ratio: of the run.
    """

    table: pa.Table
    seed: int
    ratio: dict[str, float]

    def unfit(self, seed: int, ratio: dict[str, float]) -> str:
        """Say why this history does not hold for a run with another seed or ratio; empty where it does."""
        if seed != self.seed:
            return f"the seed was {self.seed} and is {seed}"
        if ratio != self.ratio:
            return f"the ratio was {_shares(self.ratio)} and is {_shares(ratio)}"
        return ""

    def before(self, older: History) -> History:
        """Return this history and the records of `older` that it does not have.

        A record that comes back finds its old split; where its group has moved since, it goes with the group.
        """
        if older.unfit(self.seed, self.ratio):
            return self
        now = self.table
        known = pc.is_in(older.table.column("id"), value_set=now.column("id").combine_chunks())
        old = older.table.filter(pc.invert(known))
        at = pc.index_in(old.column("group_key"), value_set=now.column("group_key").combine_chunks())
        moved = now.column("split").combine_chunks().take(at.combine_chunks())
        old = old.set_column(len(KEYS), "split", pc.coalesce(moved, old.column("split").combine_chunks()))
        return History(_in_order(pa.concat_tables([now, old])), self.seed, self.ratio)


@dataclass
class Known:
    """What a history says of the rows and components of a table of keys.

    Attributes:
        rows: split of each row as its position in `SPLITS`, or NEW.
        by: how the row was known again: its position in `KEYS`.
        parts: split of each component, or NEW.
    """

    rows: Codes
    by: Codes
    parts: Codes
    unused: str = ""  # why there was a history and it was not used
    counts: dict[str, int] = field(default_factory=dict)


def look_up(history: History | None, keys: pa.Table, parts: Parts, unused: str = "") -> Known:
    """Return what `history` says of `keys`."""
    rows, by = np.full(keys.num_rows, NEW, np.int8), np.full(keys.num_rows, NEW, np.int8)
    if history is not None:
        old = _split_codes(history.table.column("split"))
        for number, name in enumerate(KEYS):
            if name not in keys.column_names:
                continue
            known = history.table.column(name).combine_chunks()
            at = pc.fill_null(pc.index_in(keys.column(name), value_set=known, skip_nulls=True), -1).to_numpy()
            fresh = (rows == NEW) & (at >= 0)
            rows[fresh], by[fresh] = old[at[fresh]], number
    return Known(rows, by, _of_parts(rows, parts), unused)


def _of_parts(rows: Codes, parts: Parts) -> Codes:
    out = np.full(len(parts), NEW, np.int8)
    for code in range(len(SPLITS) - 1, -1, -1):  # train is written last: it wins over val, val over test
        out[parts.labels[rows == code]] = code
    return out


def moves(
    keys: pa.Table, parts: Parts, known: Known, now: Ints, held: dict[int, str]
) -> list[dict[str, Any]]:
    """Return every record that left its split: id, group_key, from, to, why, sorted by id.

    Args:
        keys: the keys, with `id` and `group_key`.
        parts: their components.
        known: what the history says.
        now: split of each component as its position in `SPLITS`.
        held: family that a component is held out for.
    """
    rows = np.flatnonzero((known.rows != NEW) & (known.rows != now[parts.labels]))
    names = [n for n in ("id", "group_key") if n in keys.column_names]
    out = []
    for row, told in zip(rows.tolist(), keys.select(names).take(pa.array(rows)).to_pylist(), strict=True):
        label = int(parts.labels[row])
        was, to = SPLITS[known.rows[row]], SPLITS[now[label]]
        if label in held:
            why = f"holdout of {held[label]}"
        else:
            why = f"its group is linked with records of {to} (component {parts.names[label]})"
        out.append(told | {"from": was, "to": to, "known_by": KEYS[known.by[row]], "why": why})
    return sorted(out, key=lambda move: (str(move.get("id")), str(move["group_key"])))


def remember(
    history: History | None, keys: pa.Table, split: pa.Array, seed: int, ratio: dict[str, float]
) -> History:
    """Return the history after this run: its records, and those of earlier runs that it does not have."""
    columns = {name: keys.column(name) for name in KEYS}
    now = History(_in_order(pa.table({**columns, "split": split})), seed, ratio)
    return now.before(history) if history else now


def _in_order(table: pa.Table) -> pa.Table:
    return table.sort_by([("id", "ascending")]).combine_chunks()


def write_history(history: History, stream: BinaryIO) -> None:
    """Write a history as Parquet, with its seed and ratio in the schema's metadata."""
    said = orjson.dumps({"seed": history.seed, "ratio": history.ratio}, option=orjson.OPT_SORT_KEYS)
    pq.write_table(history.table.replace_schema_metadata({_MARK: said}), stream)


def read_history(path: str) -> History:
    """Read what `write_history` wrote.

    Raises:
        UsageError: the file is no such history.
    """
    try:
        table = pq.read_table(path, partitioning=None)
        said = orjson.loads((table.schema.metadata or {})[_MARK])
        table = table.select(list(COLUMNS)).cast(pa.schema([(n, pa.string()) for n in COLUMNS]))
        seed, ratio = int(said["seed"]), {str(k): float(v) for k, v in said["ratio"].items()}
    except (pa.ArrowException, OSError, KeyError, ValueError, TypeError) as error:
        raise UsageError(
            "bad_split_history",
            f"{path} is no record of splits ({type(error).__name__})",
            "name the plan/splits.parquet of an earlier run, or remove the file to assign anew",
        ) from error
    _split_codes(table.column("split"))
    return History(table.replace_schema_metadata(None), seed, ratio)


def _split_codes(column: pa.ChunkedArray) -> Codes:
    at = pc.index_in(column, value_set=pa.array(SPLITS))
    if at.null_count:
        raise UsageError(
            "bad_split_history",
            "a record of splits names a split that is none of train, val and test",
            "name the plan/splits.parquet of an earlier run, or remove the file to assign anew",
        )
    return np.asarray(at.to_numpy(), np.int8)


def _shares(ratio: dict[str, float]) -> str:
    return "/".join(f"{ratio.get(split, 0):g}" for split in SPLITS)
