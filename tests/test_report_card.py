"""The dataset card: front matter that the Hub reads, honest statements, inert foreign strings."""

import pytest
import yaml

from pixelated.report import render_card
from test_report_page import HOSTILE, poison
from test_report_sample import releasable, sample


def front(data):
    """Return the parsed front matter of the card of `data`."""
    return yaml.safe_load(render_card(data).split("---\n")[1])


def configs(data):
    """Return {config: {split: path}}."""
    entries = front(data).get("configs", [])
    return {c["config_name"]: {f["split"]: f["path"] for f in c["data_files"]} for c in entries}


def licensed(*licenses):
    """Return a sample whose compiled sources have these licences."""
    data = sample()
    sources = {f"s{k}": {"conversations": 5, "license": one} for k, one in enumerate(licenses)}
    data["manifest"]["sources"] = sources | {"unused": {"conversations": 0, "license": "MIT"}}
    return data


def test_the_front_matter_names_only_files_that_are_there():
    assert configs(sample()) == {
        "default": {"train": "shards/train/*.jsonl", "test": "shards/test/*.jsonl"},
        "stage1_foundation": {"train": "stages/stage1_foundation.jsonl"},
        "preference": {"train": "preference/train.jsonl"},
    }


def test_val_is_called_validation_and_an_empty_file_is_left_out():
    data = sample()
    files = data["manifest"]["files"]
    files |= {"shards/val/val_000.jsonl": {"size_bytes": 9}, "preference/val.jsonl": {"size_bytes": 0}}
    files["stages/stage4_voice_persona.jsonl"] = {"size_bytes": 0}
    found = configs(data)
    assert found["default"]["validation"] == "shards/val/*.jsonl"
    assert found["preference"] == {"train": "preference/train.jsonl"}
    assert "stage4_voice_persona" not in found


def test_listed_files_win_over_the_manifest():
    assert set(configs(sample() | {"files": ["stages/own.jsonl"]})) == {"own"}


@pytest.mark.parametrize(
    ("licenses", "expected"),
    [
        (["CC-BY-4.0", "CC-BY-4.0"], {"license": "cc-by-4.0"}),
        (["GPL-3.0-only"], {"license": "gpl-3.0"}),
        (["ODbL-1.0"], {"license": "odbl"}),
        (["NOASSERTION"], {"license": "unknown"}),
        (["LicenseRef-Own-Terms"], {"license": "other", "license_name": "own-terms"}),
        (["MIT OR Apache-2.0"], {"license": "other", "license_name": "mit-or-apache-2.0"}),
        (["MIT", "CC-BY-4.0"], {"license": "other", "license_name": "mixed"}),
        ([], {"license": "unknown"}),
    ],
)
def test_licences_are_mapped_to_the_hubs_identifiers(licenses, expected):
    found = front(licensed(*licenses))
    assert {key: found[key] for key in ("license", "license_name") if key in found} == expected


@pytest.mark.parametrize(
    ("records", "category"),
    [(0, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (99_999, "10K<n<100K"), (10**6, "1M<n<10M")],
)
def test_size_category_follows_the_number_of_records(records, category):
    data = sample()
    data["manifest"]["total_conversations"] = records
    assert front(data)["size_categories"] == [category]


def test_the_card_of_a_failed_dataset_says_not_releasable_and_why():
    card = render_card(sample())
    assert "**not releasable**\n\n- gate coverage failed: sarcasm is missing" in card
    assert "**not releasable**" not in render_card(releasable())


def test_the_card_states_use_limits_redaction_and_jurisdictions():
    card = render_card(sample())
    for words in (
        "training simulator",
        "not therapy",
        "Not for triage, diagnosis or monitoring of clients",
        "not legal advice",
        "automated redaction",
        "- Not searched: `PERSON`",
        "for data curation; not for triage, diagnosis or monitoring of clients",
        "`NOASSERTION` means that no licence was found",
        "load_dataset",
        "SFTTrainer",
        "DPOTrainer",
    ):
        assert words in card
    assert "safe harbor" not in card.lower()


def test_a_card_without_preference_files_does_not_explain_how_to_load_them():
    data = sample()
    del data["manifest"]["files"]["preference/train.jsonl"]
    assert "DPOTrainer" not in render_card(data)


def test_missing_families_stand_in_the_composition_with_zero():
    assert "| `sarcasm` | 0 | 0.0 % |" in render_card(sample())


def test_tables_of_the_card_keep_their_columns_whatever_a_source_is_called():
    data = sample()
    data["sources"][0] |= {"id": "a|b`c", "title": "x | y\n| z"}
    lines = render_card(data).splitlines()
    start = lines.index("| Source | Licence | Origin | Records here |")
    for line in lines[start : start + 4]:
        assert line.replace("\\|", "").count("|") == 5


def test_hostile_strings_become_no_markup_in_the_card():
    data = poison(sample()) | {"title": "---\nlicense: mit\n" + HOSTILE + "[click](http://evil.example)"}
    card = render_card(data)
    card.encode("utf-8")
    body = card.split("---\n", 2)[2]
    parts = body.replace("\\`", "").split("`")  # an escaped backtick opens no code span
    outside_code = "".join(part for k, part in enumerate(parts) if k % 2 == 0)
    assert "<script" not in outside_code
    assert "<img" not in outside_code
    assert "http://evil" not in card.split("---\n", 2)[2]
    assert front(data)["license"] == "other"


@pytest.mark.parametrize("key", sorted(sample()))
def test_a_missing_key_leaves_a_whole_card(key):
    data = sample()
    del data[key]
    assert render_card(data).count("\n## ") == 12
    assert render_card(data | {key: None}).count("\n## ") == 12


def test_the_card_of_nothing_is_not_releasable_and_names_no_file():
    assert "**not releasable**" in render_card({})
    assert configs({}) == {}


def test_the_card_counts_drops_masks_and_uses_of_the_bypass():
    card = render_card(sample())
    assert "- Dropped: `crisis` 3" in card
    assert "- Records with masked replies: 2 (4 replies)" in card
    assert "each in `bypass_audit.jsonl`: 7" in card
    assert "- Filters that only report: `late`" in card


def test_the_card_says_that_the_filters_were_off():
    assert "turned the safety filters off" in render_card(sample() | {"safety": {"policy": None}})
