"""The planter's hands: a dataset that is edited at one step of writing it, and the list of faults."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

import dataset_builder as builder

Record = dict[str, Any]
STEPS = ("records", "derived", "counted", "written", "bytes")


@dataclass
class Planting:
    """A dataset under the planter's hands."""

    folder: Path
    rng: random.Random
    manifest: dict[str, Any]
    splits: builder.Splits
    touched: list[str] = field(default_factory=list)

    def records(self, split: str, where: Callable[[Record], bool] = lambda _: True) -> list[Record]:
        """Return the records of a split that satisfy `where`, in order."""
        return [r for shard in self.splits[split] for r in shard if where(r)]

    def pick(self, split: str, where: Callable[[Record], bool] = lambda _: True) -> Record:
        """Return one such record, and name it as touched."""
        return self.touch(self.rng.choice(self.records(split, where)))

    def touch(self, record: Record) -> Record:
        """Name a record as touched and return it."""
        self.touched.append(record["id"])
        return record

    def add(self, split: str, record: Record) -> None:
        """Append a record to the last shard of a split, in the dress of that split."""
        record["metadata"]["split"] = split
        self.splits[split][-1].append(record)

    def move(self, records: list[Record], split: str) -> None:
        """Move records to another split."""
        names = {r["id"] for r in records}
        for shards in self.splits.values():
            for shard in shards:
                shard[:] = [r for r in shard if r["id"] not in names]
        for record in records:
            self.add(split, record)

    def file(self, split: str = "train", suffix: str = ".jsonl") -> Path:
        """Return the last shard file of a split (its last written row is the split's last record)."""
        return max((self.folder / "shards" / split).glob("*" + suffix))

    def name(self, path: Path) -> str:
        """Return a path as verdicts name it, and take it as touched."""
        self.touched.append(path.relative_to(self.folder).as_posix())
        return self.touched[-1]


@dataclass(frozen=True)
class Fault:
    """A fault: the gate it must fail, the step it is planted at, and how."""

    gate: str
    step: str
    apply: Callable[[Planting], None]


FAULTS: dict[str, Fault] = {}


def fault(
    gate: str, step: str = "records"
) -> Callable[[Callable[[Planting], None]], Callable[[Planting], None]]:
    """File a fault under its function's name."""
    assert step in STEPS

    def decorate(apply: Callable[[Planting], None]) -> Callable[[Planting], None]:
        FAULTS[apply.__name__] = Fault(gate, step, apply)
        return apply

    return decorate


def append(path: Path, row: Record) -> None:
    """Append a row to a file of JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as f:
        f.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
