"""Plan and write shards: the same rows as JSON lines and as Parquet, one task per shard.

Rows stand in canonical order (source, file, row), so neither the part size nor the number of workers
shows in the bytes. A shard ends where the text of its rows passes the limit (1,000 MB by contract).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from pixelated.compile.contract import RECORD, contract_records
from pixelated.core.object_store import store_of
from pixelated.core.store import LocalStore, read_table

DEFAULT_SHARD_BYTES = 1_000_000_000
ROW_GROUP = 2_000  # fixed, so that the part size leaves no trace in the Parquet bytes


@dataclass(frozen=True)
class Slice:
    """Rows of one part file that go into a shard, with the labels that curation gave them."""

    store: str  # address
    name: str
    rows: tuple[int, ...]
    stages: tuple[str, ...]
    weights: tuple[float, ...]
    dedup_status: tuple[str, ...]
    masked: tuple[list[int], ...]  # positions of replies that no loss is taken from
    reported: tuple[list[str], ...]  # tags of the safety filters that only report


@dataclass(frozen=True)
class ShardTask:
    """All that a worker needs to write one shard."""

    folder: str
    split: str
    index: int
    slices: tuple[Slice, ...]
    license_tags: tuple[tuple[str, str], ...]
    pipeline: str

    @property
    def shard_id(self) -> str:
        """Return the contract's shard id, such as `train_000`."""
        return f"{self.split}_{self.index:03d}"


@dataclass
class ShardStats:
    """What the manifest says of a shard's records; stats add up."""

    conversations: int = 0
    tokens: int = 0
    families: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    stages: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)


@dataclass
class _Collected:
    """What is gathered while the records of a shard go by."""

    stats: ShardStats = field(default_factory=ShardStats)
    provenance: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    scores: dict[str, list[float | None]] = field(default_factory=dict)


def cut(text_bytes: npt.NDArray[np.int64], limit: int) -> list[int]:
    """Return the shard number of each row: a new shard starts where the running size passes `limit`."""
    out, shard, size = [], 0, 0
    for n in text_bytes.tolist():
        if size and size + n > limit:
            shard, size = shard + 1, 0
        size += n
        out.append(shard)
    return out


def write_shard(task: ShardTask) -> dict[str, Any]:
    """Write one shard's two files and return its manifest entry, provenance entries and counts."""
    store, base = LocalStore(Path(task.folder)), f"shards/{task.split}/{task.shard_id}"
    entry: dict[str, Any] = {"shard_id": task.shard_id, "s3_path": f"{base}.jsonl", "split": task.split}
    got = _Collected()

    def write(jsonl: BinaryIO) -> None:
        store.write(f"{base}.parquet", lambda parquet: _write_rows(task, jsonl, parquet, got))

    store.write(f"{base}.jsonl", write)
    entry.update(_measure(store.path(f"{base}.jsonl")))
    entry["parquet"] = {"path": f"{base}.parquet", **_measure(store.path(f"{base}.parquet"))}
    entry["conversation_count"] = got.stats.conversations
    entry["source_families"] = sorted(got.stats.families)
    return {"entry": entry, "stats": vars(got.stats), "provenance": got.provenance, "scores": got.scores}


def shard_files(entry: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the names of a shard's two files in the dataset, each with its SHA-256, from its entry."""
    parquet = entry["parquet"]
    return [(entry["s3_path"], entry["sha256"]), (parquet["path"], parquet["sha256"])]


def _write_rows(task: ShardTask, jsonl: BinaryIO, parquet: BinaryIO, got: _Collected) -> None:
    tags = dict(task.license_tags)
    waiting: list[dict[str, Any]] = []
    with pq.ParquetWriter(parquet, RECORD, compression="zstd", compression_level=3) as writer:
        for piece in task.slices:
            for record in contract_records(_rows(piece, task.split), tags, task.pipeline):
                jsonl.write(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))
                _count(record, got)
                waiting.append(record)
            while len(waiting) >= ROW_GROUP:
                writer.write_table(pa.Table.from_pylist(waiting[:ROW_GROUP], RECORD))
                waiting = waiting[ROW_GROUP:]
        if waiting:
            writer.write_table(pa.Table.from_pylist(waiting, RECORD))


def _rows(piece: Slice, split: str) -> pa.Table:
    table = read_table(store_of(piece.store), piece.name).take(pa.array(piece.rows, pa.int64()))
    columns = {
        "stage": pa.array(piece.stages, pa.string()),
        "weight": pa.array(piece.weights, pa.float64()),
        "dedup_status": pa.array(piece.dedup_status, pa.string()),
        "masked": pa.array(piece.masked, pa.list_(pa.int32())),
        "reported": pa.array(piece.reported, pa.list_(pa.string())),
        "split": pa.array([split] * len(piece.rows), pa.string()),
    }
    for name, values in columns.items():
        table = table.append_column(name, values)
    return table


def _count(record: dict[str, Any], got: _Collected) -> None:
    meta = record["metadata"]
    stats = got.stats
    stats.conversations += 1
    stats.tokens += meta["total_tokens"]
    stats.families.update(meta["families"])
    stats.sources[meta["source_key"]] += 1
    stats.stages[meta["phase"]] += 1
    stats.kinds[record["kind"]] += 1
    for score in meta["scores"]:
        got.scores.setdefault(score["name"], []).append(score["value"])
    origin = meta["provenance"]
    entry = {k: meta[k] for k in ("source_key", "source_family")}
    entry |= {k: origin[k] for k in ("original_format", "processing_steps")}
    got.provenance.append((meta["content_hash"], entry))


def _measure(path: Path) -> dict[str, Any]:
    digest = hashlib.sha256()
    with path.open("rb") as f:
        while piece := f.read(1 << 20):
            digest.update(piece)
    return {"size_bytes": path.stat().st_size, "sha256": digest.hexdigest()}
