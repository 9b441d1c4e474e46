"""The manifest: the contract's schema (FACTS 1.6-1.7), the SHA-256 of every file, and what we measured.

It is what `verify` checks, so every number in it is counted from what was written.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from pixelated.core.fingerprint import sha256_file

VERSION = "1.0"
SPLITS = ("train", "val", "test")


def build_manifest(
    head: dict[str, Any], shards: list[dict[str, Any]], source_facts: dict[str, dict[str, str]]
) -> dict[str, Any]:
    """Return the manifest without `release` and `files`.

    Args:
        head: name, generated_at, recipe and code identity, seed, holdouts, policy, pii, split_ratio, ...
        shards: the results of `write_shard`, in order.
        source_facts: license and origin by source id.
    """
    sources = _table(shards, "sources")
    for name, row in sources.items():
        row.update(source_facts[name])
    return {
        "manifest_version": VERSION,
        **head,
        "total_conversations": sum(s["stats"]["conversations"] for s in shards),
        "total_tokens_approx": sum(s["stats"]["tokens"] for s in shards),
        "splits": {split: _split(shards, split) for split in SPLITS},
        "source_families": _table(shards, "families"),
        "sources": sources,
        "stages": _table(shards, "stages"),
        "kinds": dict(sorted(sum((Counter(s["stats"]["kinds"]) for s in shards), Counter[str]()).items())),
        "provenance_map": _provenance(shards),
        "scores": _scores(shards),
    }


def list_files(dataset: Path) -> dict[str, dict[str, Any]]:
    """Return size and SHA-256 of every file of `dataset` but its manifest, sorted by name."""
    out = {}
    for path in sorted(p for p in dataset.rglob("*") if p.is_file()):
        name = path.relative_to(dataset).as_posix()
        if name != "manifest.json":
            out[name] = {"size_bytes": path.stat().st_size, "sha256": sha256_file(path)}
    return out


def _split(shards: list[dict[str, Any]], split: str) -> dict[str, Any]:
    mine = [s for s in shards if s["entry"]["split"] == split]
    entries = [{k: v for k, v in s["entry"].items() if k != "split"} for s in mine]
    return {"conversations": sum(s["stats"]["conversations"] for s in mine), "shards": entries}


def _table(shards: list[dict[str, Any]], what: str) -> dict[str, dict[str, Any]]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for shard in shards:
        for name, n in shard["stats"][what].items():
            counts[name][shard["entry"]["split"]] += n
    return {
        name: {"conversations": by.total(), "splits": {s: by[s] for s in SPLITS if by[s]}}
        for name, by in sorted(counts.items())
    }


def _provenance(shards: list[dict[str, Any]]) -> dict[str, Any]:
    """Return entries by content_hash; a list where records of equal content differ in roles or order."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for shard in shards:
        for content_hash, entry in shard["provenance"]:
            found[content_hash].append(entry)
    return {h: entries[0] if len(entries) == 1 else entries for h, entries in sorted(found.items())}


def _scores(shards: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    values: dict[str, list[float | None]] = defaultdict(list)
    for shard in shards:
        for name, column in shard["scores"].items():
            values[name] += column
    return {name: _summary(column) for name, column in sorted(values.items())}


def _summary(column: list[float | None]) -> dict[str, Any]:
    known = sorted(v for v in column if v is not None)
    stats: dict[str, Any] = {"count": len(known), "nulls": len(column) - len(known)}
    mean = round(math.fsum(known) / len(known), 6) if known else None
    low, high = (round(known[0], 6), round(known[-1], 6)) if known else (None, None)
    return stats | {"mean": mean, "min": low, "max": high}
