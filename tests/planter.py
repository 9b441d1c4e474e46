"""Plant one fault in a dataset and repair everything else: sizes, counts, checksums, hashes, exports.

A fault is a function that edits the dataset at one step of writing it; the later steps carry the
edit through, so that only the fault remains. `plant` returns what a verdict has to name.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

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


def plant(dataset: Path, fault: str, seed: int = 0) -> list[str]:
    """Plant `fault` in the dataset (a copy that may be spoilt) and return the names a verdict must give.

    Args:
        dataset: a valid dataset's folder.
        fault: a name in `FAULTS`.
        seed: chooses the record.
    """
    manifest, splits, schema = builder.load(dataset)
    planting = Planting(dataset, random.Random(seed), manifest, splits)
    planted = FAULTS[fault]

    def at(step: str) -> None:
        if planted.step == step:
            planted.apply(planting)

    def counted(fresh: dict[str, Any]) -> None:
        planting.manifest = fresh
        at("counted")

    at("records")
    builder.write(
        dataset,
        manifest,
        splits,
        schema,
        derived=lambda: at("derived"),
        counted=counted,
        written=lambda: at("written"),
    )
    at("bytes")
    assert planting.touched, f"the fault {fault} touched nothing"
    return planting.touched


def fault(
    gate: str, step: str = "records"
) -> Callable[[Callable[[Planting], None]], Callable[[Planting], None]]:
    """File a fault under its function's name."""
    assert step in STEPS

    def decorate(apply: Callable[[Planting], None]) -> Callable[[Planting], None]:
        FAULTS[apply.__name__] = Fault(gate, step, apply)
        return apply

    return decorate


# ---- coverage


@fault("coverage")
def a_family_has_two_records(p: Planting) -> None:
    kept = 0
    for split in builder.SPLITS:
        for record in p.records(split):
            meta = record["metadata"]
            if "experimental" in meta["families"]:
                kept += 1
                if kept > 2:
                    rest = [f for f in meta["families"] if f != "experimental"] or ["mental_health_datasets"]
                    meta["families"], meta["source_family"] = rest, rest[0]
    p.touched.append("experimental")


@fault("coverage")
def a_family_is_gone(p: Planting) -> None:
    for split in builder.SPLITS:
        for record in p.records(split):
            meta = record["metadata"]
            meta["families"] = ["cptsd" if f == "addiction" else f for f in meta["families"]]
            meta["source_family"] = meta["families"][0]
    p.touched.append("addiction")


@fault("coverage")
def the_last_record_names_an_alias(p: Planting) -> None:
    p.touch(p.records("test")[-1])["metadata"]["families"].append("edge_case_crisis")


@fault("coverage")
def a_family_name_has_a_cyrillic_letter(p: Planting) -> None:
    p.pick("train")["metadata"]["families"].append("с" + "ptsd")  # noqa: RUF001 - that is the fault


@fault("coverage")
def the_first_record_has_no_family(p: Planting) -> None:
    meta = p.touch(p.records("train")[0])["metadata"]
    meta["families"], meta["source_family"] = [], ""


@fault("coverage")
def source_family_is_not_the_first_family(p: Planting) -> None:
    record = p.pick("val", lambda r: r["metadata"]["source_family"] != "sarcasm")
    record["metadata"]["source_family"] = "roleplay_simulator"
    record["metadata"]["families"] = ["experimental", "roleplay_simulator"]


# ---- leakage


def _twin(p: Planting, split: str, to: str, where: Callable[[Record], bool] = lambda _: True) -> Record:
    """Copy a record into another split under an id and a group of its own."""
    source = p.pick(split, lambda r: r["kind"] == "dialogue" and where(r))
    copy = deepcopy(source)
    copy["id"] += "-twin"
    copy["metadata"]["group_key"] += "-twin"
    p.touch(copy)
    p.add(to, copy)
    return copy


@fault("leakage")
def a_train_record_is_copied_to_test(p: Planting) -> None:
    _twin(p, "train", "test")


@fault("leakage")
def a_val_record_has_a_decomposed_twin_in_train(p: Planting) -> None:
    record = next(r for r in p.records("val") if r["kind"] == "dialogue")
    record["messages"][-1]["content"] = "Está bien, señora Peña."
    copy = deepcopy(record)
    copy["id"] += "-twin"
    copy["metadata"]["group_key"] += "-twin"
    for message in copy["messages"]:
        message["content"] = unicodedata.normalize("NFD", message["content"]).replace(" ", " \u00a0")
    p.touch(record), p.touch(copy)
    p.add("train", copy)


@fault("leakage")
def a_twin_differs_in_order_and_case(p: Planting) -> None:
    copy = _twin(p, "train", "val", lambda r: len(r["messages"]) > 1)
    # not upper(): a sharp s would not come back
    copy["messages"] = [{**m, "content": m["content"].capitalize() + " "} for m in reversed(copy["messages"])]


@fault("leakage")
def a_group_stands_in_train_and_val(p: Planting) -> None:
    group = p.pick("train")["metadata"]["group_key"]
    p.pick("val")["metadata"]["group_key"] = group


@fault("leakage")
def an_id_stands_in_two_splits(p: Planting) -> None:
    first, second = p.pick("train"), p.rng.choice(p.records("test"))
    second["id"] = first["id"]


@fault("leakage", "written")
def a_stage_file_holds_a_test_record(p: Planting) -> None:
    record = p.pick("test", lambda r: r["kind"] == "dialogue")
    path = max((p.folder / "stages").glob("*.jsonl"))
    _append(path, {"id": record["id"], "messages": record["messages"]})


@fault("leakage", "written")
def the_compiled_export_holds_a_val_record(p: Planting) -> None:
    record = deepcopy(p.pick("val"))
    record["metadata"]["split"] = "train"
    _append(p.folder / "compiled/final_training_dataset.jsonl", record)


@fault("leakage", "written")
def a_preference_file_for_training_holds_a_test_prompt(p: Planting) -> None:
    record = p.pick("test", lambda r: r["kind"] == "dialogue")
    pair = {"prompt": record["messages"], "chosen": [], "rejected": []}
    _append(p.folder / "preference/train.jsonl", {"id": record["id"], **pair})


# ---- distribution


def _loose(p: Planting, split: str) -> list[Record]:
    """Return the records of a split that are outside holdouts."""
    held = {g for h in p.manifest["holdout_families"].values() for g in h["test_groups"]}
    full = {f for f, h in p.manifest["holdout_families"].items() if h["mode"] == "full"}
    return [
        r
        for r in p.records(split)
        if r["metadata"]["group_key"] not in held and not full & set(r["metadata"]["families"])
    ]


@fault("distribution")
def val_is_empty(p: Planting) -> None:
    p.move(p.records("val"), "train")
    p.touched.append("shards/val")


@fault("distribution")
def test_holds_three_times_its_share(p: Planting) -> None:
    loose, wanted = _loose(p, "train"), 2 * len(_loose(p, "test"))
    groups = list(dict.fromkeys(r["metadata"]["group_key"] for r in loose))
    p.rng.shuffle(groups)
    moved: list[Record] = []
    while len(moved) < wanted:
        group = groups.pop()
        moved += [r for r in loose if r["metadata"]["group_key"] == group]
    p.move(moved, "test")
    p.touched.append("shards/test")


@fault("distribution")
def only_holdouts_are_left_in_test(p: Planting) -> None:
    p.move(_loose(p, "test"), "train")
    p.touched.append("shards/test")


@fault("distribution", "counted")
def the_stated_ratio_is_another(p: Planting) -> None:
    p.manifest["split_ratio"] = {"train": 0.8, "val": 0.1, "test": 0.1}
    p.touched.append("manifest.json")


@fault("distribution", "counted")
def the_stated_ratio_does_not_sum_to_one(p: Planting) -> None:
    p.manifest["split_ratio"] = {"train": 0.9, "val": 0.05, "test": 0.04}
    p.touched.append("manifest.json")


@fault("distribution", "counted")
def no_ratio_is_stated(p: Planting) -> None:
    del p.manifest["split_ratio"]
    p.touched.append("manifest.json")


# ---- pii


def _say(record: Record, field: str, text: str) -> None:
    record[field][-1]["content"] += f" {text}"


@fault("pii")
def the_first_record_requires_review(p: Planting) -> None:
    p.touch(p.records("train")[0])["metadata"]["pii_status"] = "requires_review"


@fault("pii")
def an_email_is_left_in_chosen(p: Planting) -> None:
    _say(p.pick("train", lambda r: r["kind"] == "preference"), "chosen", "Write to jo.doe+a@example.co.uk.")


@fault("pii")
def a_phone_number_is_left_in_rejected(p: Planting) -> None:
    _say(p.pick("train", lambda r: r["kind"] == "preference"), "rejected", "Ring (212) 555-0182 tonight.")


@fault("pii")
def the_last_record_has_a_full_width_email(p: Planting) -> None:
    _say(p.touch(p.records("test")[-1]), "messages", "jo＠example．com")  # noqa: RUF001 - that is the fault


@fault("pii")
def an_email_hides_behind_zero_width_spaces(p: Planting) -> None:
    _say(p.pick("val"), "messages", "jo\u200b.doe@exa\u200bmple.com")


@fault("pii")
def an_email_is_escaped_in_source_metadata(p: Planting) -> None:
    p.pick("test")["metadata"]["source_metadata"] = '{"author": {"contact": ["jo\\u0040example.com"]}}'


@fault("pii")
def an_ssn_is_a_key_of_source_metadata(p: Planting) -> None:
    p.pick("train")["metadata"]["source_metadata"] = '{"078-05-1120": true}'


@fault("pii")
def a_phone_is_a_number_in_source_metadata(p: Planting) -> None:
    p.pick("train")["metadata"]["source_metadata"] = '{"Phone": 2125550182}'


@fault("pii")
def a_card_is_left_in_a_message(p: Planting) -> None:
    _say(p.pick("train"), "messages", "my card 4111-1111-1111-1111 was used")


@fault("pii")
def a_web_address_is_left(p: Planting) -> None:
    _say(p.pick("train"), "messages", "I wrote it on www.jo-and-her-blog.net last night")


@fault("pii")
def an_ip_address_is_left(p: Planting) -> None:
    _say(p.pick("train"), "messages", "they traced 203.0.113.77 to me")


@fault("pii")
def a_date_of_birth_is_left(p: Planting) -> None:
    _say(p.pick("val"), "messages", "I was born on the 3rd of March, 1987")


@fault("pii")
def a_handle_is_left(p: Planting) -> None:
    _say(p.pick("test"), "messages", "follow me, @jo_doe_87!")


@fault("pii")
def a_record_number_is_left(p: Planting) -> None:
    _say(p.pick("train"), "messages", "MRN: A-0012345")


@fault("pii", "counted")
def an_identifier_type_was_not_searched(p: Planting) -> None:
    p.manifest["pii"]["searched"].remove("SSN")
    p.touch(p.records("train")[0])


@fault("pii")
def one_source_is_human_and_its_names_were_not_searched(p: Planting) -> None:
    source = p.records("train")[0]["metadata"]["source_key"]
    for split in builder.SPLITS:
        for record in p.records(split, lambda r: r["metadata"]["source_key"] == source):
            record["metadata"]["origin"] = "human"
    p.manifest["sources"][source]["origin"] = "human"
    p.touch(p.records("train")[0])


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
    _append(path, {"id": "stray", "messages": [{"role": "user", "content": "from nowhere"}]})
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


def _append(path: Path, row: Record) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as f:
        f.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))


def copy_tree(source: Path, target: Path) -> Path:
    """Copy a dataset's files (hard links would be edited together)."""
    for path in sorted(source.rglob("*")):
        if path.is_file():
            new = target / path.relative_to(source)
            new.parent.mkdir(parents=True, exist_ok=True)
            new.write_bytes(path.read_bytes())
    return target
