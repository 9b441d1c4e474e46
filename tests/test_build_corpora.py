"""The main job on the real corpora: exact counts, and the verdicts that the recipe states."""

from __future__ import annotations

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
    assert {"NAME", "PLACE"} <= set(built.gates["pii"]["measured"]["not_searched"]["human"])
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


def test_evaluation_sets_are_in_no_split_and_their_texts_in_no_training_record(shards, corpora: Path) -> None:
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
    trained = [
        squash(m["content"]) for r in shards if r["metadata"]["split"] != "test" for m in r["messages"]
    ]
    assert len(wanted) >= 100
    assert not [text for text in wanted if len(text) > 40 and any(text in other for other in trained)]


def test_groups_stay_whole(shards) -> None:
    seen: dict[str, set[str]] = {}
    for record in shards:
        seen.setdefault(record["metadata"]["group_key"], set()).add(record["metadata"]["split"])
    assert all(len(splits) == 1 for splits in seen.values())


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
