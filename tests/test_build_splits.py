"""Splits from run to run: data is added and records stay; what has to move is named; evaluation texts reach none."""

from __future__ import annotations

import json
from pathlib import Path

import orjson
import pyarrow.parquet as pq
import pytest
import yaml

import pixelated
from conftest import dialogue, digest, write_recipe, write_small_corpus
from pixelated.core.errors import UsageError


def run(recipe: Path, runs: Path) -> pixelated.BuildResult:
    return pixelated.build(pixelated.load_recipe(recipe), pixelated.Options(runs=runs, workers=1))


def labels(result: pixelated.BuildResult) -> dict[str, dict]:
    rows = pq.read_table(result.run / "plan/labels.parquet").to_pylist()
    return {row["id"]: row for row in rows if row["decision"] == "keep"}


def splits(result: pixelated.BuildResult) -> dict[str, str]:
    return {name: row["split"] for name, row in labels(result).items()}


def said(result: pixelated.BuildResult) -> dict:
    return orjson.loads((result.run / "run.json").read_bytes())["split"]


def add_chats(recipe: Path, *chats: list[tuple[str, str]]) -> None:
    lines = [json.dumps({"messages": [{"role": r, "content": c} for r, c in chat]}) + "\n" for chat in chats]
    with (recipe.parent / "chats.jsonl").open("a", encoding="utf-8") as f:
        f.writelines(lines)


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    return write_small_corpus(tmp_path / "in", rows=80)


def test_added_data_moves_nobody(recipe: Path, tmp_path: Path) -> None:
    before = splits(run(recipe, tmp_path / "runs"))
    add_chats(recipe, *(dialogue(5000 + i) for i in range(25)))
    result = run(recipe, tmp_path / "runs")
    after = splits(result)
    assert len(after) == len(before) + 25
    assert {name: after[name] for name in before} == before
    counts = said(result)["history"]
    assert (counts["known"], counts["new"], counts["moved"]) == (len(before), 25, 0)
    assert orjson.loads((result.dataset / "manifest.json").read_bytes())["split_assignment"]["moves"] == []


def test_a_record_that_joins_two_splits_moves_one_and_every_report_says_so(
    recipe: Path, tmp_path: Path
) -> None:
    first = run(recipe, tmp_path / "runs")
    rows = pq.read_table(next((first.run / "read/chats").glob("*/*-keys.parquet")).with_name("part.parquet"))
    kept = labels(first)
    texts = {r["id"]: r["messages"] for r in rows.to_pylist()}
    trained = next(i for i in sorted(texts) if kept[i]["split"] == "train")
    tested = next(i for i in sorted(texts) if kept[i]["split"] == "test")
    said_by = lambda who, role: " ".join(m["content"] for m in texts[who] if m["role"] == role)  # noqa: E731
    add_chats(recipe, [("client", said_by(trained, "user")), ("therapist", said_by(tested, "assistant"))])
    second = run(recipe, tmp_path / "runs")
    assert splits(second)[tested] == "train"
    (move,) = said(second)["moves"]
    assert (move["id"], move["from"], move["to"]) == (tested, "test", "train")
    assert "linked with records of train" in move["why"]
    manifest = orjson.loads((second.dataset / "manifest.json").read_bytes())
    assert manifest["split_assignment"]["moves"] == [move]
    page = (second.dataset / "report.html").read_text(encoding="utf-8")
    assert tested in page
    assert "linked with records of train" in page
    assert second.gates["leakage"]["passed"]


def test_splits_of_another_run_are_taken_over(recipe: Path, tmp_path: Path) -> None:
    base = run(recipe, tmp_path / "runs")
    add_chats(recipe, *(dialogue(5000 + i) for i in range(25)))
    alone = splits(run(recipe, tmp_path / "alone"))
    path = base.run / "plan/splits.parquet"
    named = write_recipe(recipe.parent, splits_from=str(path))
    taken = splits(run(named, tmp_path / "other"))
    before = splits(base)
    assert {name: taken[name] for name in before} == before
    assert {name: alone[name] for name in before} != before, "the balance of more data changes nothing here"


def test_a_named_history_that_is_missing_is_refused_before_any_work(recipe: Path, tmp_path: Path) -> None:
    named = write_recipe(recipe.parent, splits_from="nowhere.parquet")
    with pytest.raises(UsageError, match=r"nowhere\.parquet"):
        run(named, tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_another_seed_assigns_anew(recipe: Path, tmp_path: Path) -> None:
    before = splits(run(recipe, tmp_path / "runs"))
    result = run(write_recipe(recipe.parent, seed=4), tmp_path / "runs")
    assert splits(result) != before
    assert said(result)["history"]["not_used_because"] == "the seed was 3 and is 4"


def test_a_rebuild_with_its_history_writes_the_same_bytes(recipe: Path, tmp_path: Path) -> None:
    first = run(recipe, tmp_path / "runs")
    before = digest(first.dataset)
    (first.dataset / "README.md").unlink()
    assert digest(run(recipe, tmp_path / "runs").dataset) == before


def test_shares_that_groups_do_not_allow_are_said_in_manifest_and_report(
    recipe: Path, tmp_path: Path
) -> None:
    result = run(recipe, tmp_path / "runs")
    assignment = orjson.loads((result.dataset / "manifest.json").read_bytes())["split_assignment"]
    (talks,) = [row for row in assignment["off"] if row["stratum"] == "family cptsd"]  # five talks
    assert (talks["group_rows"], talks["groups"]) == (1, 5)
    assert talks["why"] == "one of its 5 rows is more than half a point"
    assert assignment["shares"]["all"]["rows"] == 245
    page = (result.dataset / "report.html").read_text(encoding="utf-8")
    assert "family cptsd" in page
    assert talks["group"] in page


def test_an_evaluation_text_reaches_no_split(recipe: Path, tmp_path: Path) -> None:
    """Texts of records of all three splits are made an evaluation set: each is refused, wherever it would go."""
    base = run(recipe, tmp_path / "base")
    chats = {r["id"]: r for r in labels(base).values() if r["source"] == "chats"}
    table = pq.read_table(next((base.run / "read/chats").glob("*/part.parquet")))
    texts = {r["id"]: [m["content"] for m in r["messages"]] for r in table.to_pylist()}
    chosen = [next(i for i in sorted(chats) if chats[i]["split"] == s) for s in ("train", "val", "test")]
    long = " and then it was said that ".join
    answer = {"role": "assistant", "content": "What would you like to do about it now?"}
    lines = [json.dumps({"messages": [{"role": "user", "content": long(texts[i])}, answer]}) for i in chosen]
    registry = yaml.safe_load((recipe.parent / "registry.yaml").read_text(encoding="utf-8"))
    registry["sources"]["golden"] = {
        "license": "Apache-2.0", "origin": "synthetic", "retrieved_at": "2026-01-02", "tier": 2, "uri": "own",
        "use": "evaluation", "families": ["addiction"], "files": ["golden.jsonl"],
        "mapping": {"shape": "messages"},
    }  # fmt: skip
    (recipe.parent / "golden.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (recipe.parent / "registry.yaml").write_text(yaml.safe_dump(registry), encoding="utf-8")
    result = run(recipe, tmp_path / "runs")
    decided = {r["id"]: r for r in pq.read_table(result.run / "plan/labels.parquet").to_pylist()}
    refused = {i for i, row in decided.items() if row["decision"] == "matches_evaluation_set"}
    assert set(chosen) <= refused
    assert {decided[i]["split"] for i in refused} == {None}
    assert {splits(base)[i] for i in refused} == {"train", "val", "test"}
    evaluation = orjson.loads((result.dataset / "manifest.json").read_bytes())["evaluation_sets"]["golden"]
    assert evaluation["matched_in_training_data"] == len(refused)
    assert "neither train, val nor test" in (result.dataset / "report.html").read_text(encoding="utf-8")
