"""Faults of what the records say: coverage, leakage, distribution, pii."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from copy import deepcopy

import dataset_builder as builder
from planting import Planting, Record, append, fault

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


def _long(p: Planting, record: Record, words: int) -> list[str]:
    """End a record with a text of `words` words that no other has; return the words."""
    spelt = ["".join(p.rng.choices("bcdfghklmnprstvw", k=6)) for _ in range(words)]
    record["messages"][-1]["content"] = " ".join(spelt)
    return spelt


def _near_twin(p: Planting, split: str, to: str) -> tuple[list[str], Record]:
    free = [r["id"] for r in _loose(p, split)]
    record = p.pick(split, lambda r: r["kind"] == "dialogue" and r["id"] in free)
    spelt = _long(p, record, 240)
    copy = deepcopy(record)
    copy["id"] += "-twin"
    copy["metadata"]["group_key"] += "-twin"
    p.touch(copy)
    p.add(to, copy)
    return spelt, copy


@fault("leakage")
def a_train_record_stands_in_test_with_three_words_changed(p: Planting) -> None:
    spelt, copy = _near_twin(p, "train", "test")
    spelt[20], spelt[120], spelt[-1] = "one", "or", "another"
    copy["messages"][-1]["content"] = " ".join(spelt)


@fault("leakage")
def a_val_record_stands_in_test_cut_short(p: Planting) -> None:
    spelt, copy = _near_twin(p, "val", "test")
    copy["messages"][-1]["content"] = " ".join(spelt[:-6])


@fault("leakage")
def a_test_record_stands_in_train_retold_under_another_system_prompt(p: Planting) -> None:
    spelt, copy = _near_twin(p, "test", "train")
    spelt[100] = "peña"
    system = {"role": "system", "content": " ".join(f"rule {word}." for word in spelt)}
    copy["messages"][-1]["content"] = "— " + ", ".join(word.upper() for word in spelt) + "…"
    copy["messages"] = [system, *(m for m in copy["messages"] if m["role"] != "system")]


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
    append(path, {"id": record["id"], "messages": record["messages"]})


@fault("leakage", "written")
def the_compiled_export_holds_a_val_record(p: Planting) -> None:
    record = deepcopy(p.pick("val"))
    record["metadata"]["split"] = "train"
    append(p.folder / "compiled/final_training_dataset.jsonl", record)


@fault("leakage", "written")
def a_preference_file_for_training_holds_a_test_prompt(p: Planting) -> None:
    record = p.pick("test", lambda r: r["kind"] == "dialogue")
    pair = {"prompt": record["messages"], "chosen": [], "rejected": []}
    append(p.folder / "preference/train.jsonl", {"id": record["id"], **pair})


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
def val_is_just_more_than_two_points_short(p: Planting) -> None:
    val = _loose(p, "val")
    pool = len(val) + len(_loose(p, "train")) + len(_loose(p, "test"))
    kept = next(n for n in range(len(val), -1, -1) if n / pool < 0.03)
    p.move(val[kept:], "train")
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
    p.touch(p.records("val")[0])  # the first that is read


@fault("pii")
def one_source_is_human_and_its_names_were_not_searched(p: Planting) -> None:
    source = p.records("train")[0]["metadata"]["source_key"]
    for split in builder.SPLITS:
        for record in p.records(split, lambda r: r["metadata"]["source_key"] == source):
            record["metadata"]["origin"] = "human"
    p.manifest["sources"][source]["origin"] = "human"
    p.touch(p.records("train")[0])
