"""Faults that an attacker plants so that a dataset looks whole: exports, holdouts, empty records, disguises."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import orjson

from planting import Planting, Record, append, fault

# ---- hash: files that a loader takes and no gate measures


def _extra(p: Planting, name: str) -> None:
    path = p.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(p.file("train").read_bytes())
    p.name(path)


@fault("hash", "written")
def a_listed_file_among_the_shards_is_no_shard(p: Planting) -> None:
    _extra(p, "shards/train/train_999.jsonl")


@fault("hash", "written")
def a_listed_folder_among_the_shards_is_no_split(p: Planting) -> None:
    _extra(p, "shards/test_extra/x.jsonl")


@fault("hash", "written")
def a_listed_data_file_lies_in_a_folder_of_its_own(p: Planting) -> None:
    _extra(p, "data/train.jsonl")


@fault("hash", "written")
def a_stage_is_a_table(p: Planting) -> None:
    _extra(p, "stages/extra.csv")


@fault("hash", "written")
def a_second_compiled_export_lies_beside_the_first(p: Planting) -> None:
    _extra(p, "compiled/more.parquet")


def _front_matter(p: Planting, path: str) -> None:
    rows = f"configs:\n- config_name: default\n  data_files:\n  - split: train\n    path: {path}\n"
    (p.folder / "README.md").write_text(f"---\n{rows}---\n# built\n", encoding="utf-8")
    p.touched.append(path)


@fault("hash", "written")
def the_readme_gives_test_shards_to_train(p: Planting) -> None:
    _front_matter(p, "shards/test/*.jsonl")


@fault("hash", "written")
def the_readme_gives_all_shards_to_train(p: Planting) -> None:
    _front_matter(p, "shards/**/*.parquet")


# ---- hash: exports that are not the records they are named for


def _stage(p: Planting) -> Path:
    return p.folder / "stages/stage1_foundation.jsonl"


@fault("hash", "written")
def a_stage_file_is_empty(p: Planting) -> None:
    p.touched.append(orjson.loads(_stage(p).read_bytes().splitlines()[0])["id"])
    _stage(p).write_bytes(b"")


@fault("hash", "written")
def a_stage_file_is_missing(p: Planting) -> None:
    p.name(_stage(p))
    _stage(p).unlink()


@fault("hash", "written")
def a_stage_file_holds_a_record_of_another_stage(p: Planting) -> None:
    other = p.folder / "stages/stage2_therapeutic_expertise.jsonl"
    row = orjson.loads(other.read_bytes().splitlines()[-1])
    append(_stage(p), p.touch(row))


@fault("hash", "written")
def a_stage_file_holds_a_record_five_hundred_times(p: Planting) -> None:
    line = _stage(p).read_bytes().splitlines(keepends=True)[-1]
    p.touch(orjson.loads(line))
    with _stage(p).open("ab") as f:
        f.write(line * 499)


@fault("hash", "written")
def a_preference_file_lacks_a_record(p: Planting) -> None:
    path = p.folder / "preference/train.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    p.touch(orjson.loads(lines.pop()))
    path.write_bytes(b"".join(lines))


@fault("hash", "written")
def the_compiled_export_holds_records_three_times(p: Planting) -> None:
    path = p.folder / "compiled/final_training_dataset.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)[-9:]  # a verdict names twenty records at most
    p.touched += [orjson.loads(line)["id"] for line in lines]
    with path.open("ab") as f:
        f.write(b"".join(lines) * 2)


# ---- split


@fault("split", "counted")
def an_unknown_policy_holds_less_out(p: Planting) -> None:
    p.manifest["policy"]["name"] = "nobody_ships_this"
    del p.manifest["holdout_families"]["edge_case_generator"]
    p.touched.append("manifest.json")


@fault("split", "counted")
def a_holdout_has_no_rationale(p: Planting) -> None:
    p.manifest["holdout_families"]["voice_persona"]["rationale"] = " "
    p.touched.append("manifest.json")


@fault("split", "counted")
def a_test_group_is_of_another_family(p: Planting) -> None:
    held = p.manifest["holdout_families"]
    held["voice_persona"]["test_groups"] += held["long_running_therapy"]["test_groups"]
    p.touched.append(held["long_running_therapy"]["test_groups"][0])


# ---- stats


@fault("stats", "counted")
def no_policy_is_named(p: Planting) -> None:
    del p.manifest["policy"]
    p.touched.append("manifest.json")


@fault("stats", "counted")
def no_seed_is_given(p: Planting) -> None:
    del p.manifest["seed"]
    p.touched.append("manifest.json")


@fault("stats", "counted")
def nothing_is_said_of_release(p: Planting) -> None:
    del p.manifest["release"]
    p.touched.append("manifest.json")


@fault("stats", "counted")
def a_reduced_scope_is_releasable(p: Planting) -> None:
    p.manifest["scope"] = "ten records of each source"
    p.touched.append("manifest.json")


@fault("stats")
def a_content_is_white_space(p: Planting) -> None:
    p.pick("train", lambda r: len(r["messages"]) > 2)["messages"][1]["content"] = " \u00a0\n\u200b"


@fault("stats")
def a_dialogue_has_no_assistant(p: Planting) -> None:
    record = p.pick("train", lambda r: r["kind"] == "dialogue")
    for message in record["messages"]:
        message["role"] = "user"


def _pair(p: Planting) -> Record:
    return p.pick("train", lambda r: r["kind"] == "preference")


@fault("stats")
def a_preference_has_no_rejected(p: Planting) -> None:
    _pair(p)["rejected"] = []


@fault("stats")
def chosen_is_rejected(p: Planting) -> None:
    pair = _pair(p)
    pair["rejected"] = deepcopy(pair["chosen"])
    pair["rejected"][0]["content"] = pair["rejected"][0]["content"].replace(" ", " \n ")


@fault("stats")
def a_phase_is_no_stage(p: Planting) -> None:
    p.pick("train", lambda r: r["kind"] == "dialogue")["metadata"]["phase"] = "stage9"


@fault("stats")
def a_weight_is_negative(p: Planting) -> None:
    p.pick("train")["metadata"]["weight"] = -1.0


@fault("stats")
def a_tier_is_seven(p: Planting) -> None:
    p.pick("val")["metadata"]["tier"] = 7


# ---- leakage


@fault("leakage")
def a_twin_differs_in_punctuation_only(p: Planting) -> None:
    source = p.pick("train", lambda r: r["kind"] == "dialogue" and len(r["messages"]) > 2)
    copy = deepcopy(source)
    copy["id"] += "-twin"
    copy["metadata"]["group_key"] += "-twin"
    copy["messages"][-1]["content"] += " ..!"
    p.add("test", p.touch(copy))


# ---- provenance


@fault("provenance")
def a_licence_is_one_or_not_asserted(p: Planting) -> None:
    p.pick("train")["metadata"]["license"] = "MIT OR NOASSERTION"


@fault("provenance")
def a_licence_has_an_exception_of_nobody(p: Planting) -> None:
    p.pick("train")["metadata"]["license"] = "MIT WITH everything-allowed"


# ---- pii


def _note(p: Planting, text: str) -> None:
    p.pick("train")["metadata"]["source_metadata"] = text


@fault("pii")
def source_metadata_has_more_parts_than_are_searched(p: Planting) -> None:
    _note(p, "[" + "1," * 200_001 + "1]")


@fault("pii")
def a_phone_is_a_number_under_a_longer_key(p: Planting) -> None:
    _note(p, '{"client_phone": 2125550182}')


@fault("pii")
def an_ssn_is_a_text_of_digits_under_its_key(p: Planting) -> None:
    _note(p, '{"userSSN": "078051120"}')


@fault("pii")
def an_email_stands_in_a_locator(p: Planting) -> None:
    p.pick("val")["metadata"]["provenance"]["locator"] = "inbox/jo.doe@example.com"


@fault("pii")
def a_phone_stands_in_a_difficulty(p: Planting) -> None:
    p.pick("train")["metadata"]["difficulty"] = "ring 212-555-0182"


@fault("pii")
def an_email_hides_behind_tags_and_selectors(p: Planting) -> None:
    hidden = "jo.doe\ufe0f@exa\U000e0061mp\u034fle.c\u061com"
    p.pick("train", lambda r: r["kind"] == "dialogue")["messages"][-1]["content"] += " " + hidden
