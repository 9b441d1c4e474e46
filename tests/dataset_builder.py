"""A valid dataset written straight from docs/dataset-format.md, with hashing and texts of its own.

It shares no code with `pixelated.compile` or `pixelated.verify`: where all three agree, the page is
unambiguous. `write` also repairs a changed dataset, which is how the planter leaves one fault only.
"""

from __future__ import annotations

import hashlib
import random
import shutil
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from dataset_records import FAMILIES, Record, group

Splits = dict[str, list[list[Record]]]  # split -> shards -> records

SPLITS = ("train", "val", "test")
AUDIT, EDGE_STAGE = "bypass_audit.jsonl", "stage3_edge_stress_test"
FILTERS = {"crisis": {"role": "user", "bypass": True}, "harm": {"role": "assistant", "bypass": False}}
HELD_OUT = (
    "edge_case_generator", "edge_case_resulting_chats", "edge_case_synthetic", "long_running_therapy",
    "sarcasm", "voice_persona",
)  # fmt: skip
SEARCHED = ["EMAIL", "PHONE", "URL", "IP", "CREDIT_CARD", "SSN", "MRN", "HANDLE", "DATE"]
NOT_SEARCHED = ["PERSON", "PLACE"]

_S = pa.string()
_TURNS = pa.list_(pa.struct([("role", _S), ("content", _S)]))
_ORIGIN = pa.struct(
    [(n, _S) for n in ("original_s3_key", "processing_pipeline", "processed_at", "dedup_status")]
    + [("processing_steps", pa.list_(_S)), ("uri", _S), ("file_sha256", _S), ("row", pa.int64())]
    + [(n, _S) for n in ("locator", "original_format", "retrieved_at")]
)
_METADATA = pa.struct(
    [(n, _S) for n in ("source_family", "source_key", "content_hash", "strict_hash", "pii_status")]
    + [("pii", pa.list_(pa.struct([("type", _S), ("count", pa.int32())])))]
    + [(n, _S) for n in ("license_tag", "license", "split", "phase")]
    + [("provenance", _ORIGIN), ("families", pa.list_(_S)), ("group_key", _S), ("origin", _S)]
    + [("tier", pa.int64()), ("weight", pa.float64()), ("is_training_edge_case", pa.bool_())]
    + [
        ("edge_category", _S),
        ("difficulty", _S),
        ("tags", pa.list_(_S)),
        ("masked_turns", pa.list_(pa.int32())),
    ]
    + [("conversation_length", pa.int64()), ("total_tokens", pa.int64()), ("quality_score", pa.float64())]
    + [("scores", pa.list_(pa.struct([("name", _S), ("value", pa.float64())]))), ("source_metadata", _S)]
)
SCHEMA = pa.schema(
    [
        *(("id", _S), ("kind", _S), ("messages", _TURNS), ("chosen", _TURNS), ("rejected", _TURNS)),
        ("metadata", _METADATA),
    ]
)


def build(folder: Path, seed: int = 1, pool: int = 220, holdouts: str = "mixed") -> Path:
    """Write a valid dataset of `pool` records outside holdouts, and a few held out; return `folder`.

    Args:
        folder: where to write it.
        seed: of everything that varies.
        pool: records outside holdouts (at least 60).
        holdouts: "none", "full", "partial" or "mixed".
    """
    rng = random.Random(seed)
    declared = _holdouts(holdouts)
    groups = _groups(rng, pool, declared)
    held = {g[0]["metadata"]["group_key"] for g in groups if _is_held(g, declared)}
    for family, holdout in declared.items():
        keys = {g[0]["metadata"]["group_key"] for g in groups if g[0]["metadata"]["families"][0] == family}
        holdout["test_groups"] = sorted(keys & held) if holdout["mode"] == "partial" else []
    splits = _cut(rng, _assign(rng, groups, held))
    head = {
        "manifest_version": "1.0", "generated_at": "2024-06-19T00:00:00Z", "name": f"built-{seed}",
        "recipe_fingerprint": "0" * 64, "code_version": "1", "seed": seed, "holdout_families": declared,
        "pii": {"searched": SEARCHED, "not_searched": NOT_SEARCHED},
        "split_ratio": {"train": 0.9, "val": 0.05, "test": 0.05},
        "policy": {"name": "of the builder", "intended_uses": ["train"], "curriculum": "four_stage"},
        "evaluation_sets": {}, "scope": "full", "release": {"releasable": True, "reasons": []},
    }  # fmt: skip
    head["safety"] = {"policy": "of the builder", "filters": FILTERS, "edge_stages": [EDGE_STAGE]}
    folder.mkdir(parents=True, exist_ok=True)
    _write_lines(folder / AUDIT, _mark(list(_all(splits))))
    write(folder, head, splits)
    return folder


def write(
    folder: Path,
    head: dict[str, Any],
    splits: Splits,
    schema: pa.Schema = SCHEMA,
    *,
    derived: Callable[[], None] = lambda: None,
    counted: Callable[[dict[str, Any]], None] = lambda _: None,
    written: Callable[[], None] = lambda: None,
) -> None:
    """Write `splits` as a dataset: hashes, counts, tables, shards, exports, manifest.

    Each hook runs after its step, and what it changes is carried through all later steps: `derived`
    after the records' hashes and lengths, `counted` on the manifest's tables, `written` on the files.
    """
    for record in _all(splits):
        derive(record)
    derived()
    manifest = {**head, **tables(head, splits)}
    lines = _audit(folder, splits)
    if "safety" in manifest:
        manifest["safety"] = manifest["safety"] | _safety(splits, lines)
    counted(manifest)
    for name in ("shards", "compiled", "stages", "masked", "preference"):
        shutil.rmtree(folder / name, ignore_errors=True)
    _write_shards(folder, splits, schema)
    _write_exports(folder, splits)
    if "safety" in manifest:
        _write_lines(folder / AUDIT, lines)
    (folder / "README.md").write_text("# built\n", encoding="utf-8")
    written()
    for split in SPLITS:
        for entry in manifest["splits"][split]["shards"]:
            entry.update(_facts(folder / entry["s3_path"]))
            entry["parquet"].update(_facts(folder / entry["parquet"]["path"]))
    listed = (p for p in folder.rglob("*") if p.is_file() and p.name != "manifest.json")
    manifest["files"] = {p.relative_to(folder).as_posix(): _facts(p) for p in sorted(listed)}
    (folder / "manifest.json").write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2))


def load(folder: Path) -> tuple[dict[str, Any], Splits, pa.Schema]:
    """Return the manifest, the records by split and shard, and the Parquet schema of a dataset."""
    manifest = orjson.loads((folder / "manifest.json").read_bytes())
    splits: Splits = {}
    schema = SCHEMA
    for split in SPLITS:
        shards = manifest["splits"][split]["shards"]
        splits[split] = [
            [orjson.loads(line) for line in (folder / s["s3_path"]).read_bytes().splitlines()] for s in shards
        ]
        for shard in shards:
            schema = pq.read_schema(folder / shard["parquet"]["path"])
    return manifest, splits, schema


def derive(record: Record) -> None:
    """Set what follows from a record's text: two hashes and two lengths."""
    meta, words = record["metadata"], 0
    parts = [record["kind"]]
    for name in ("messages", "chosen", "rejected"):
        turns = []
        for turn in record[name]:
            tokens = unicodedata.normalize("NFC", turn["content"]).split()
            words += len(tokens)
            turns.append(turn["role"] + "\x1f" + " ".join(tokens))
        parts.append("\x1e".join(turns))
    contents = sorted(turn["content"].lower().strip() for turn in record["messages"])
    meta["strict_hash"] = _tagged("\x1d".join(parts))
    meta["content_hash"] = _tagged(" ".join(contents))
    meta["total_tokens"], meta["conversation_length"] = words, len(record["messages"])


def tables(head: dict[str, Any], splits: Splits) -> dict[str, Any]:
    """Return every part of the manifest that is counted from the records, without file facts."""
    records = list(_all(splits))
    metas = [r["metadata"] for r in records]
    known = head.get("sources", {})
    sources = _table(splits, lambda m: [m["source_key"]] if m["source_key"] else [])
    for name, row in sources.items():
        first = next(m for m in metas if m["source_key"] == name)
        stated = known.get(name, first)
        row |= {"license": stated["license"], "origin": stated["origin"]}
    return {
        "total_conversations": len(records),
        "total_tokens_approx": sum(m["total_tokens"] for m in metas),
        "splits": {s: _split_entry(s, splits[s]) for s in SPLITS},
        "source_families": _table(splits, lambda m: list(dict.fromkeys(m["families"]))),
        "sources": sources,
        "stages": _table(splits, lambda m: [m["phase"]] if m["phase"] else []),
        "kinds": dict(Counter(r["kind"] for r in records)),
        "provenance_map": _provenance_map(metas),
        "scores": _score_statistics(metas),
    }


def _all(splits: Splits) -> Iterator[Record]:
    for split in SPLITS:
        for shard in splits[split]:
            yield from shard


def _tagged(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _facts(path: Path) -> dict[str, Any]:
    data = path.read_bytes() if path.exists() else b""
    return {"size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def _table(splits: Splits, names: Callable[[Record], list[str]]) -> dict[str, dict[str, Any]]:
    out: dict[str, dict[str, Any]] = {}
    for split in SPLITS:
        for shard in splits[split]:
            for record in shard:
                for name in names(record["metadata"]):
                    row = out.setdefault(name, {"conversations": 0, "splits": {}})
                    row["conversations"] += 1
                    row["splits"][split] = row["splits"].get(split, 0) + 1
    return out


def _split_entry(split: str, shards: list[list[Record]]) -> dict[str, Any]:
    entries = []
    for i, shard in enumerate(shards):
        path = f"shards/{split}/{split}_{i:03d}"
        families = sorted({f for r in shard for f in r["metadata"]["families"]})
        entries.append(
            {
                "shard_id": f"{split}_{i:03d}",
                "s3_path": path + ".jsonl",
                "conversation_count": len(shard),
                "source_families": families,
                "parquet": {"path": path + ".parquet"},
            }
        )
    return {"conversations": sum(map(len, shards)), "shards": entries}


def _provenance_map(metas: list[Record]) -> dict[str, Any]:
    found: dict[str, list[dict[str, Any]]] = {}
    for meta in metas:
        origin = meta["provenance"]
        entry = {k: meta[k] for k in ("source_key", "source_family")}
        entry |= {k: origin[k] for k in ("original_format", "processing_steps")}
        found.setdefault(meta["content_hash"], []).append(entry)
    return {h: entries if len(entries) > 1 else entries[0] for h, entries in found.items()}


def _score_statistics(metas: list[Record]) -> dict[str, Any]:
    values: dict[str, list[float | None]] = {}
    for meta in metas:
        for score in meta["scores"]:
            values.setdefault(score["name"], []).append(score["value"])
    out = {}
    for name, column in values.items():
        real = [v for v in column if v is not None]
        stats = [sum(real) / len(real), min(real), max(real)] if real else [None] * 3
        rounded = [None if s is None else round(s, 6) for s in stats]
        out[name] = {"count": len(real), "nulls": len(column) - len(real)}
        out[name] |= dict(zip(("mean", "min", "max"), rounded, strict=True))
    return out


def _write_shards(folder: Path, splits: Splits, schema: pa.Schema) -> None:
    for split in SPLITS:
        for i, shard in enumerate(splits[split]):
            path = folder / "shards" / split / f"{split}_{i:03d}.jsonl"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"".join(orjson.dumps(r, option=orjson.OPT_APPEND_NEWLINE) for r in shard))
            pq.write_table(
                pa.Table.from_pylist(shard, schema), path.with_suffix(".parquet"), row_group_size=64
            )


def _mark(records: list[Record]) -> list[dict[str, Any]]:
    """Mask a reply here and there, tag edge cases in their stage, and return the audit of the bypass."""
    lines = []
    for number, record in enumerate(records):
        meta, roles = record["metadata"], [m["role"] for m in record["messages"]]
        meta["masked_turns"] = []
        if record["kind"] == "dialogue" and number % 9 == 0 and roles.count("assistant") > 1:
            meta["masked_turns"] = [roles.index("assistant")]
        if record["kind"] == "dialogue" and meta["phase"] == EDGE_STAGE and number % 3 == 0:
            meta["is_training_edge_case"] = True
            line = {"id": record["id"], "source": meta["source_key"], "filter": "crisis"}
            lines.append(line | {"turn": roles.index("user"), "score": 0.8})
    return lines


def _audit(folder: Path, splits: Splits) -> list[dict[str, Any]]:
    """Return the lines of the audit that hold for the records as they are now."""
    path = folder / AUDIT
    known = {r["id"]: r["metadata"] for r in _all(splits)}
    lines = [orjson.loads(line) for line in path.read_bytes().splitlines()] if path.is_file() else []
    lines = [line for line in lines if line["id"] in known]
    return [
        line | {"source": meta["source_key"]}
        for line in lines
        if (meta := known[line["id"]])["is_training_edge_case"] and meta["phase"] == EDGE_STAGE
    ]


def _safety(splits: Splits, lines: list[dict[str, Any]]) -> dict[str, Any]:
    metas = [r["metadata"] for r in _all(splits)]
    masks = [m["masked_turns"] for m in metas if m.get("masked_turns")]
    tagged = {m["source_key"] for m in metas if m["is_training_edge_case"]}
    by_filter = dict(sorted(Counter(line["filter"] for line in lines).items()))
    records = len({line["id"] for line in lines})
    return {
        "granting_sources": sorted(tagged),
        "masked": {"records": len(masks), "turns": sum(map(len, masks)), "by_filter": {}},
        "bypass": {"uses": len(lines), "records": records, "by_filter": by_filter},
    }


def _write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_bytes(b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows))


def _write_exports(folder: Path, splits: Splits) -> None:
    files: dict[str, list[Record]] = {"compiled/final_training_dataset.jsonl": []}
    for split in SPLITS:
        for record in (r for shard in splits[split] for r in shard):
            if split == "train":
                files["compiled/final_training_dataset.jsonl"].append(record)
            name, row = _export(record, split)
            if name:
                files.setdefault(name, []).append(row)
    for name, rows in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(orjson.dumps(r, option=orjson.OPT_APPEND_NEWLINE) for r in rows))


def _export(record: Record, split: str) -> tuple[str, Record]:
    stage, messages = record["metadata"]["phase"], record["messages"]
    if record["kind"] == "preference":
        pair = {k: record[k] for k in ("chosen", "rejected")}
        return f"preference/{split}.jsonl", {"id": record["id"], "prompt": messages, **pair}
    if split != "train" or not stage:
        return "", {}
    if record["kind"] == "text":
        joined = "\n\n".join(m["content"] for m in messages)
        return f"stages/{stage}.jsonl", {"id": record["id"], "text": joined}
    if masked := record["metadata"].get("masked_turns"):
        learn = [m["role"] == "assistant" and n not in masked for n, m in enumerate(messages)]
        rows = [m | {"train": train} for m, train in zip(messages, learn, strict=True)]
        return f"masked/{stage}.jsonl", {"id": record["id"], "messages": rows}
    return f"stages/{stage}.jsonl", {"id": record["id"], "messages": messages}


def _holdouts(mode: str) -> dict[str, dict[str, Any]]:
    # what the shipped default policy holds out, in whichever mode; "none" needs a policy that says so
    partial = dict.fromkeys(HELD_OUT, "partial")
    modes = {"none": {}, "full": partial | {"sarcasm": "full", "voice_persona": "full"}, "partial": partial}
    modes["mixed"] = partial | {"sarcasm": "full"}
    return {
        family: {"test_split_only": kind == "full", "mode": kind, "test_groups": [], "rationale": "unseen"}
        for family, kind in modes[mode].items()
    }


def _groups(rng: random.Random, pool: int, declared: dict[str, Any]) -> list[list[Record]]:
    """Return groups of records: `pool` outside holdouts, then three groups of each held-out family."""
    groups, made = list[list[Record]](), 0
    free = [f for f in FAMILIES if declared.get(f, {}).get("mode") != "full"]
    while made < pool:
        family = free[len(groups) % len(free)]
        # three of each family first; the last fifth stands alone, so that val and test can be filled
        size = 3 if len(groups) < len(free) else min(rng.randint(1, 4), pool - made)
        size = 1 if made > pool * 0.8 else size
        groups.append(group(rng, family, len(groups), size))
        made += size
    for family, holdout in declared.items():
        count = 3 if holdout["mode"] == "full" else 1  # no more than half of a family is held out in part
        groups += [group(rng, family, len(groups) + i, rng.randint(1, 3), "held") for i in range(count)]
    return groups


def _is_held(group: list[Record], declared: dict[str, Any]) -> bool:
    meta = group[0]["metadata"]
    full = declared.get(meta["families"][0], {}).get("mode") == "full"
    return full or "held" in meta["group_key"]


def _assign(rng: random.Random, groups: list[list[Record]], held: set[str]) -> dict[str, list[list[Record]]]:
    out: dict[str, list[list[Record]]] = {s: [] for s in SPLITS}
    free = [g for g in groups if g[0]["metadata"]["group_key"] not in held]
    out["test"] += [g for g in groups if g[0]["metadata"]["group_key"] in held]
    total = sum(map(len, free))
    rng.shuffle(free)
    alone = [g for g in free if len(g) == 1]
    wanted = round(total * 0.05)
    out["val"] += alone[:wanted]
    out["test"] += alone[wanted : 2 * wanted]
    taken = {id(g) for g in alone[: 2 * wanted]}
    out["train"] += [g for g in free if id(g) not in taken]
    return out


def _cut(rng: random.Random, assigned: dict[str, list[list[Record]]]) -> Splits:
    """Cut each split into one to three shards; an empty split has none."""
    splits: Splits = {}
    for split, groups in assigned.items():
        records = [r for g in groups for r in g]
        for record in records:
            record["metadata"]["split"] = split
        size = max(1, len(records) // rng.randint(1, 3) + 1)
        splits[split] = [records[i : i + size] for i in range(0, len(records), size)]
    return splits
