"""The main job on the real corpora: exact counts, and the verdicts that the recipe states."""

from __future__ import annotations

import csv
from pathlib import Path

import orjson
import pyarrow.parquet as pq
import pytest

import pixelated
from conftest import ROOT, corpora_folder

pytestmark = [pytest.mark.corpora, pytest.mark.slow, pytest.mark.xdist_group("corpora_build")]

RECIPE = ROOT / "recipes/corpora.yaml"


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> pixelated.BuildResult:
    folder = corpora_folder()
    if folder is None:
        pytest.skip("the real corpora are not beside the checkout (../shared/corpora or $PIXELATED_CORPORA)")
    runs = tmp_path_factory.mktemp("corpora")
    return pixelated.build(pixelated.load_recipe(RECIPE, folder), pixelated.Options(runs=runs))


@pytest.fixture(scope="module")
def labels(built) -> list[dict]:
    return pq.read_table(built.run / "plan/labels.parquet").to_pylist()


@pytest.fixture(scope="module")
def shards(built) -> list[dict]:
    return [
        orjson.loads(x)
        for p in sorted(built.dataset.glob("shards/*/*.jsonl"))
        for x in p.read_bytes().splitlines()
    ]


def decisions(labels: list[dict], source: str) -> dict[str, int]:
    out: dict[str, int] = {}
    for row in labels:
        if row["source"] == source:
            out[row["decision"]] = out.get(row["decision"], 0) + 1
    return out


def test_the_verdicts_are_those_the_recipe_states(built) -> None:
    expect = pixelated.load_recipe(RECIPE, corpora_folder()).recipe.expect
    failed = {name for name, verdict in built.gates.items() if not verdict["passed"]}
    assert built.exit_code == expect.exit == 1
    assert failed == set(expect.failed) == {"coverage", "provenance", "pii"}
    assert set(built.gates["coverage"]["measured"]["missing"]) >= {
        "sarcasm",
        "cptsd",
        "voice_persona",
        "dpo_preference",
    }
    unlicensed = {
        s["source"] for s in built.gates["provenance"]["measured"]["sources_without_a_licence_to_use"]
    }
    assert {"annomi", "epitome"} <= unlicensed
    assert built.gates["pii"]["measured"]["not_searched"]["human"] == ["BIOMETRIC", "PHOTO"]
    assert built.gates["pii"]["measured"]["identifiers_left"] == {}


def test_the_run_balances(built) -> None:
    t = built.totals
    assert t["rows_in"] + t["added"] == t["kept"] + t["dropped"] + t["quarantined"]


def test_counts_by_source_are_exact(labels) -> None:
    rows = {source: sum(decisions(labels, source).values()) for source in ("annomi", "esconv", "epitome")}
    assert rows == {"annomi": 133, "esconv": 1300, "epitome": 3084}
    assert decisions(labels, "epitome")["exact_duplicate"] == 61


def test_a_no_derivatives_licence_is_never_compiled(labels, shards) -> None:
    assert decisions(labels, "cognitive_reframing") == {"license_refuses_train": 600}
    assert not [r for r in shards if r["metadata"]["license"].endswith("-ND-4.0")]


def test_unsafe_replies_enter_no_stage(shards) -> None:
    safety = [r for r in shards if r["metadata"]["source_key"] == "diasafety"]
    assert safety
    assert {orjson.loads(r["metadata"]["source_metadata"])["label"] for r in safety} == {"Safe"}


def test_evaluation_sets_are_in_no_split_and_their_texts_in_no_record_of_any(shards, corpora: Path) -> None:
    assert not [
        r
        for r in shards
        if r["metadata"]["source_key"].startswith("mission_")
        and "samples" not in r["metadata"]["source_key"]
        and "degenerate" not in r["metadata"]["source_key"]
    ]
    data = orjson.loads((corpora / "pixelated/conversations/evaluation_sets.json").read_bytes())
    squash = lambda text: "".join(c for c in text.casefold() if c.isalnum())  # noqa: E731 - used twice below
    wanted = set()
    for item in data["mental_health_eval"]:
        for block in item["text"].split("<|im_start|>")[1:]:
            wanted.add(squash(block.partition("\n")[2].partition("<|im_end|>")[0]))
    assert len(wanted) >= 100
    for split in ("train", "val", "test"):
        texts = [
            squash(m["content"]) for r in shards if r["metadata"]["split"] == split for m in r["messages"]
        ]
        assert texts
        assert not [text for text in wanted if len(text) > 40 and any(text in other for other in texts)], (
            split
        )


def test_groups_stay_whole(shards) -> None:
    seen: dict[str, set[str]] = {}
    for record in shards:
        seen.setdefault(record["metadata"]["group_key"], set()).add(record["metadata"]["split"])
    assert all(len(splits) == 1 for splits in seen.values())


def cut(found: dict[str, set[str]]) -> set[str]:
    return {name for name, splits in found.items() if len(splits) > 1}


def test_no_video_of_annomi_is_cut(shards, corpora: Path) -> None:
    """The videos are read from the raw file, not from `group_key`: one may have several transcripts."""
    with (corpora / "annomi/AnnoMI-full.csv").open(encoding="utf-8", newline="") as f:
        video_of = {row["transcript_id"]: row["video_url"] for row in csv.DictReader(f)}
    found: dict[str, set[str]] = {}
    for record in (r for r in shards if r["metadata"]["source_key"] == "annomi"):
        number = str(orjson.loads(record["metadata"]["source_metadata"])["transcript_id"])
        found.setdefault(video_of[number], set()).add(record["metadata"]["split"])
    assert len(found) >= 60  # sessions with a doubtful name wait for a person and are in no split
    assert cut(found) == set()


def test_no_question_of_counsel_chat_is_cut_in_either_form(shards) -> None:
    by_number: dict[str, set[str]] = {}
    by_text: dict[str, set[str]] = {}
    for record in (r for r in shards if r["metadata"]["source_key"].startswith("counsel_chat")):
        split, notes = record["metadata"]["split"], orjson.loads(record["metadata"]["source_metadata"])
        if "questionID" in notes:
            by_number.setdefault(str(notes["questionID"]), set()).add(split)
        asked = "".join(m["content"] for m in record["messages"] if m["role"] == "user").casefold()
        asked = "".join(c for c in asked if c.isalnum())
        if len(asked) >= 40:
            by_text.setdefault(asked, set()).add(split)
    assert len(by_number) >= 700
    assert len(by_text) >= 700
    assert cut(by_number) == cut(by_text) == set()


def test_no_near_duplicate_crosses_splits(built) -> None:
    measured = built.gates["leakage"]["measured"]
    assert measured["records"] >= 7000
    assert measured["near_in_two_splits"] == 0
    assert set(measured["keys_in_two_splits"].values()) == {0}


def test_shares_are_within_half_a_point_or_the_report_says_why(built) -> None:
    assignment = orjson.loads((built.dataset / "manifest.json").read_bytes())["split_assignment"]
    off = {row["stratum"]: row for row in assignment["off"]}
    for name, shares in assignment["shares"].items():
        away = max(abs(shares["train"] - 0.9), abs(shares["val"] - 0.05), abs(shares["test"] - 0.05))
        assert away <= 0.005 + 1e-6 or (off[name]["group"] and off[name]["group_rows"] and off[name]["why"])
    assert "all" not in off


def test_not_releasable_stands_everywhere(built) -> None:
    assert orjson.loads((built.dataset / "manifest.json").read_bytes())["release"]["releasable"] is False
    for name in ("README.md", "report.html"):
        assert "not releasable" in (built.dataset / name).read_text(encoding="utf-8").lower()


def test_degenerate_files_are_named(built) -> None:
    page = (built.dataset / "report.html").read_text(encoding="utf-8")
    for name in ("zero_byte.json", "git_lfs_pointer_named_json.json", "cot_reasoning_300_identical.json"):
        assert name in page
    assert built.steps["standardise"]["reasons"]["zero_byte"] == 1
    assert built.steps["standardise"]["reasons"]["lfs_pointer"] == 1
