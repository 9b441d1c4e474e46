"""Faults of how they are kept: provenance, hash, split, stats."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

import dataset_builder as builder
from planting import Planting, Record, append, fault

# ---- provenance


@fault("provenance")
def a_licence_is_not_asserted(p: Planting) -> None:
    p.pick("train")["metadata"]["license"] = "NOASSERTION"


@fault("provenance")
def a_licence_is_empty(p: Planting) -> None:
    p.pick("val")["metadata"]["license"] = ""


@fault("provenance")
def a_licence_forbids_derivatives(p: Planting) -> None:
    p.touch(p.records("test")[-1])["metadata"]["license"] = "MIT AND CC-BY-NC-ND-4.0"


@fault("provenance")
def a_licence_reference_leads_nowhere(p: Planting) -> None:
    p.pick("train")["metadata"]["license"] = "LicenseRef-found-on-the-web"


@fault("provenance")
def a_licence_is_not_that_of_its_source(p: Planting) -> None:
    p.pick("train")["metadata"]["license"] = "BSD-3-Clause"


@fault("provenance")
def a_record_names_no_source(p: Planting) -> None:
    p.pick("train")["metadata"]["source_key"] = ""


def _origin(record: Record) -> Record:
    return record["metadata"]["provenance"]


@fault("provenance")
def a_record_says_not_where_it_was_published(p: Planting) -> None:
    _origin(p.pick("train")).update(uri=None, original_s3_key="")


@fault("provenance")
def a_source_file_has_no_checksum(p: Planting) -> None:
    _origin(p.touch(p.records("train")[0]))["file_sha256"] = "z" * 64


@fault("provenance")
def a_processing_time_has_no_zone(p: Planting) -> None:
    _origin(p.pick("val"))["processed_at"] = "2024-06-19 00:00:00"


@fault("provenance")
def a_retrieval_date_is_missing(p: Planting) -> None:
    _origin(p.pick("test"))["retrieved_at"] = None


def _entry(p: Planting) -> tuple[str, dict[str, Any]]:
    name = p.pick("train")["metadata"]["content_hash"]
    return name, p.manifest["provenance_map"][name]


@fault("provenance", "counted")
def a_record_has_no_entry(p: Planting) -> None:
    del p.manifest["provenance_map"][_entry(p)[0]]


@fault("provenance", "counted")
def an_entry_names_another_source(p: Planting) -> None:
    _entry(p)[1]["source_key"] = "another"


@fault("provenance", "counted")
def an_entry_names_another_format(p: Planting) -> None:
    _entry(p)[1]["original_format"] = "csv"


# ---- hash


@fault("hash", "derived")
def a_content_hash_is_wrong(p: Planting) -> None:
    p.pick("train")["metadata"]["content_hash"] = "sha256:" + "0" * 64


@fault("hash", "derived")
def a_strict_hash_is_in_upper_case(p: Planting) -> None:
    meta = p.touch(p.records("test")[-1])["metadata"]
    meta["strict_hash"] = "sha256:" + meta["strict_hash"][7:].upper()


@fault("hash", "derived")
def a_text_was_changed_after_hashing(p: Planting) -> None:
    message = p.touch(p.records("train")[0])["messages"][0]
    message["content"] = message["content"].replace(message["content"].split()[0], "Never", 1)


@fault("hash", "written")
def a_parquet_row_has_another_word(p: Planting) -> None:
    path = p.file("train", ".parquet")
    rows = pq.read_table(path)
    changed = rows.to_pylist()
    p.touch(changed[-1])["messages"][0]["content"] += " hm"
    pq.write_table(pa.Table.from_pylist(changed, rows.schema), path)


@fault("hash", "written")
def a_parquet_row_has_another_weight(p: Planting) -> None:
    path = p.file("train", ".parquet")
    rows = pq.read_table(path)
    changed = rows.to_pylist()
    p.touch(changed[0])["metadata"]["weight"] += 1e-9
    pq.write_table(pa.Table.from_pylist(changed, rows.schema), path)


@fault("hash", "written")
def two_parquet_rows_are_swapped(p: Planting) -> None:
    path = p.file("train", ".parquet")
    rows = pq.read_table(path)
    pq.write_table(rows.take([1, 0, *range(2, rows.num_rows)]), path)
    p.touch(p.splits["train"][-1][0])


@fault("hash", "written")
def a_json_line_is_missing(p: Planting) -> None:
    path = p.file("train")
    lines = path.read_bytes().splitlines(keepends=True)
    at = p.rng.randrange(1, len(lines) - 1)
    p.touched.append(orjson.loads(lines.pop(at))["id"])
    path.write_bytes(b"".join(lines))


@fault("hash", "written")
def a_json_line_has_a_key_that_its_parquet_row_lacks(p: Planting) -> None:
    path = p.file("val")
    lines = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    p.touch(lines[-1])["metadata"]["note"] = "only here"
    path.write_bytes(b"".join(orjson.dumps(r) + b"\n" for r in lines))


@fault("hash", "written")
def a_json_line_is_not_json(p: Planting) -> None:
    path = p.file("train")
    lines = path.read_bytes().splitlines(keepends=True)
    lines[-1] = lines[-1].replace(b'"quality_score":null', b'"quality_score":NaN')
    path.write_bytes(b"".join(lines))
    p.touched.append(f"shards/train/{path.name}:{len(lines)}")


@fault("hash", "written")
def a_json_line_repeats_a_key(p: Planting) -> None:
    path = p.file("train")
    lines = path.read_bytes().splitlines(keepends=True)
    lines[0] = b'{"messages":[{"role":"user","content":"hidden"}],' + lines[0][1:]
    path.write_bytes(b"".join(lines))
    p.touched.append(f"shards/train/{path.name}:1")


@fault("hash", "bytes")
def a_shard_is_truncated(p: Planting) -> None:
    path = p.file("train")
    p.name(path)
    path.write_bytes(path.read_bytes()[:-700])


@fault("hash", "bytes")
def a_shard_is_missing(p: Planting) -> None:
    p.name(p.file("val"))
    p.file("val").unlink()


@fault("hash", "bytes")
def a_parquet_file_is_truncated(p: Planting) -> None:
    path = p.file("test", ".parquet")
    p.name(path)
    path.write_bytes(path.read_bytes()[:-3])


@fault("hash", "bytes")
def a_shard_is_a_symbolic_link(p: Planting) -> None:
    path = p.file("test")
    away = p.folder.parent / f"away-{path.name}"
    path.rename(away)
    path.symlink_to(away)
    p.name(path)


@fault("hash", "bytes")
def a_shard_is_compressed(p: Planting) -> None:
    import gzip

    path = p.file("test")
    away = path.with_name(path.name + ".gz")
    away.write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    path.unlink()
    p.name(away)
    p.name(path)


@fault("hash", "bytes")
def an_unlisted_shard_lies_beside_the_others(p: Planting) -> None:
    path = p.file("train").with_name("train_999.jsonl")
    path.write_bytes(p.file("test").read_bytes())
    p.name(path)


@fault("hash", "bytes")
def a_readme_has_another_byte(p: Planting) -> None:
    path = p.folder / "README.md"
    path.write_bytes(path.read_bytes().replace(b"b", b"B"))
    p.name(path)


@fault("hash", "written")
def the_compiled_export_lacks_a_record(p: Planting) -> None:
    path = p.folder / "compiled/final_training_dataset.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    p.touched.append(orjson.loads(lines.pop(p.rng.randrange(len(lines))))["id"])
    path.write_bytes(b"".join(lines))


@fault("hash", "written")
def a_stage_file_holds_a_text_of_no_shard(p: Planting) -> None:
    path = min((p.folder / "stages").glob("*.jsonl"))
    append(path, {"id": "stray", "messages": [{"role": "user", "content": "from nowhere"}]})
    p.touched.append("stray")


# ---- split


def _group_of(p: Planting, record: Record) -> list[Record]:
    key = record["metadata"]["group_key"]
    return [r for s in builder.SPLITS for r in p.records(s) if r["metadata"]["group_key"] == key]


@fault("split")
def a_group_of_a_full_holdout_is_in_train(p: Planting) -> None:
    first = p.pick("test", lambda r: "sarcasm" in r["metadata"]["families"])
    p.move(_group_of(p, first), "train")


@fault("split")
def a_test_group_of_a_partial_holdout_is_in_val(p: Planting) -> None:
    groups = p.manifest["holdout_families"]["voice_persona"]["test_groups"]
    first = p.pick("test", lambda r: r["metadata"]["group_key"] == groups[0])
    p.move(_group_of(p, first), "val")


@fault("split")
def a_record_of_a_second_family_that_is_held_out_is_in_train(p: Planting) -> None:
    p.pick("train")["metadata"]["families"].append("sarcasm")


@fault("split")
def a_record_names_another_split_than_its_folder(p: Planting) -> None:
    p.touch(p.records("val")[0])["metadata"]["split"] = "train"


@fault("split")
def the_last_record_names_no_split(p: Planting) -> None:
    p.touch(p.records("train")[-1])["metadata"]["split"] = None


@fault("split", "counted")
def a_holdout_is_neither_full_nor_partial(p: Planting) -> None:
    p.manifest["holdout_families"]["addiction"] = {"mode": "some", "test_split_only": True, "test_groups": []}
    p.touched.append("manifest.json")


@fault("split", "counted")
def a_test_group_has_no_record(p: Planting) -> None:
    p.manifest["holdout_families"]["voice_persona"]["test_groups"].append("voice_persona:misspelt")
    p.touched.append("voice_persona:misspelt")


# ---- stats


def _wrong(p: Planting, *path: str, by: float = 1, name: str = "manifest.json") -> None:
    node = p.manifest
    for part in path[:-1]:
        node = node[part]
    node[path[-1]] += by
    p.touched.append(name)


@fault("stats", "counted")
def the_total_is_off_by_one(p: Planting) -> None:
    _wrong(p, "total_conversations")


@fault("stats", "counted")
def the_tokens_are_off_by_one(p: Planting) -> None:
    _wrong(p, "total_tokens_approx", by=-1)


@fault("stats", "counted")
def a_total_is_a_text(p: Planting) -> None:
    p.manifest["total_conversations"] = str(p.manifest["total_conversations"])
    p.touched.append("manifest.json")


@fault("stats", "counted")
def a_count_of_a_split_is_negative(p: Planting) -> None:
    p.manifest["splits"]["val"]["conversations"] *= -1
    p.touched.append("manifest.json")


@fault("stats", "counted")
def a_family_has_a_wrong_count(p: Planting) -> None:
    _wrong(p, "source_families", "cptsd", "conversations", name="source_families.cptsd")


@fault("stats", "counted")
def a_source_has_a_wrong_split_count(p: Planting) -> None:
    name = min(p.manifest["sources"])
    _wrong(p, "sources", name, "splits", "train", name=f"sources.{name}")


@fault("stats", "counted")
def a_stage_is_not_in_its_table(p: Planting) -> None:
    del p.manifest["stages"]["pretraining"]
    p.touched.append("stages.pretraining")


@fault("stats", "counted")
def a_mean_score_is_off_by_a_thousandth(p: Planting) -> None:
    scorer = min(p.manifest["scores"])
    _wrong(p, "scores", scorer, "mean", by=0.001, name=f"scores.{scorer}")


@fault("stats", "counted")
def a_null_score_is_counted_as_a_value(p: Planting) -> None:
    scorer = min(p.manifest["scores"])
    _wrong(p, "scores", scorer, "nulls", by=-1, name=f"scores.{scorer}")


@fault("stats", "counted")
def a_shard_has_a_wrong_count(p: Planting) -> None:
    entry = p.manifest["splits"]["train"]["shards"][-1]
    entry["conversation_count"] -= 1
    p.touched.append(entry["s3_path"])


@fault("stats", "derived")
def the_last_record_has_a_wrong_length(p: Planting) -> None:
    p.touch(p.records("test")[-1])["metadata"]["conversation_length"] = None


@fault("stats", "derived")
def a_record_has_a_wrong_number_of_tokens(p: Planting) -> None:
    p.touch(p.records("train")[0])["metadata"]["total_tokens"] += 1


@fault("stats")
def a_record_stands_twice_in_train(p: Planting) -> None:
    copy = deepcopy(p.pick("train"))
    copy["id"] += "-again"
    p.add("train", p.touch(copy))


@fault("stats")
def an_id_stands_twice_in_train(p: Planting) -> None:
    first, second = p.rng.sample(p.records("train"), 2)
    second["id"] = p.touch(first)["id"]
