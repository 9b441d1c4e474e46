"""A build's own work, in which a worker kills itself once; for the tests of the engines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine_work import die, is_first
from pixelated.core.store import LocalStore
from pixelated.runner import assemble, read

write_shard = assemble._cached_shard  # before a test puts another in its place


def read_part_or_die(task: read.ReadTask) -> dict[str, Any]:
    """Read a part; the first one of all dies between two of its steps."""
    if not is_first(Path(task.corpora) / "died"):
        return read.read_part(task)
    steps = list(read.ROW_STEPS)
    read.ROW_STEPS[2:2] = [("die", die)]
    try:
        return read.read_part(task)
    finally:
        read.ROW_STEPS[:] = steps


def shard_or_die(item: Any) -> dict[str, Any]:
    """Write a shard; the first one of all dies in the middle of a file."""
    if is_first(Path(item.task.folder).parents[4] / "died"):
        LocalStore(Path(item.task.folder)).write("shards/train/train_000.jsonl", die)
    return write_shard(item)
