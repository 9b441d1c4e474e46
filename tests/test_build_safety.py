"""The safety filters in a build, by role: who is dropped, masked or spared, and what is written down of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from conftest import dialogue
from pixelated.recipe import load_recipe
from pixelated.runner import Options, build
from pixelated.runner.build import BuildResult

DESPAIR = (
    "I have a plan. I am going to end my life tonight, the {thing} is packed and the letters are written."
)
CARE = (
    "Thank you for telling me about the {thing}. Are you safe right now, and who could sit with you tonight?"
)
HARM = "You only want attention with your {thing}. If you meant it you would have done it, so go ahead and do it."
ASK = "What is the {thing} like for you, now that you have said it out loud?"
CALM = "It is the {thing} again, and the rain. I could not sleep, so I counted the stairs."
THINGS = iter(f"{one} {two}" for one in ("red", "tin", "old", "wet", "odd") for two in
              ("kettle", "ladder", "violin", "lantern", "compass", "blanket", "teapot", "mirror", "radio"))  # fmt: skip


def record(*texts: str, tagged: bool | None = None, **more: Any) -> dict[str, Any]:
    """Return a record whose texts take turns, the client first, about a thing that no other has."""
    thing = next(THINGS)
    roles = ("user", "assistant") * len(texts)
    messages = [
        {"role": role, "content": text.format(thing=thing)} for role, text in zip(roles, texts, strict=False)
    ]
    tag = {} if tagged is None else {"is_training_edge_case": tagged}
    return {"messages": messages} | tag | more


EDGE = {"families": ["edge_case_synthetic"], "stage": "stage3_edge_stress_test", "origin": "synthetic"}
ORDINARY = {"families": ["cptsd"], "origin": "synthetic"}


def built(folder: Path, policy: dict[str, Any] | None = None) -> tuple[BuildResult, dict[str, Any]]:
    """Build a corpus of all cases; return the result and the decision of each named record."""
    good = [CALM, ASK, CALM + " Still.", CARE]
    sources: dict[str, tuple[dict[str, Any], list[tuple[str, dict[str, Any]]]]] = {
        "granting": (
            EDGE | {"edge_bypass": True},
            [
                ("tagged", record(DESPAIR, CARE, tagged=True)),
                ("untagged", record(DESPAIR, CARE, tagged=False)),
                ("harmful", record(DESPAIR, HARM, "Right. Just as my father says.", CARE, tagged=True)),
                ("only_harmful", record(DESPAIR, HARM, tagged=True)),
            ],
        ),
        "not_granting": (EDGE, [("refused", record(DESPAIR, CARE, tagged=True))]),
        "ordinary": (ORDINARY, [("despair", record(DESPAIR, CARE)), ("calm", record(*good))]),
        "granting_elsewhere": (
            ORDINARY | {"edge_bypass": True, "stage": "stage2_therapeutic_expertise"},
            [("no_edge_stage", record(DESPAIR, CARE, tagged=True))],
        ),
        "people": (ORDINARY | {"origin": "human"}, [("human", record(DESPAIR, CARE))]),
    }
    registry = {}
    for name, (entry, cases) in sources.items():
        (folder / name).mkdir(parents=True)
        rows = [case | {"case": case_name} for case_name, case in cases]
        if name == "ordinary":
            chats = [{"role": r, "content": c} for i in range(30) for r, c in dialogue(i)]
            rows += [{"messages": chats[at : at + 4]} for at in range(0, len(chats), 4)]
        (folder / name / "a.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
        fields = {"fields": {"messages": "messages", "edge_case": "is_training_edge_case"}}
        mapping = {"mapping": {"shape": "messages"} | fields}
        registry[name] = {"path": name, "license": "CC0-1.0", "retrieved_at": "2026-01-02"} | entry | mapping
    pairs = [("bad_chosen", CARE, HARM), ("bad_rejected", HARM, CARE)]
    (folder / "pairs").mkdir()
    rows = []
    for case, rejected, chosen in pairs:
        thing = next(THINGS)
        texts = {"prompt": DESPAIR, "chosen": chosen, "rejected": rejected}
        rows.append({key: text.format(thing=thing) for key, text in texts.items()} | {"case": case})
    (folder / "pairs" / "a.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    fields = {"prompt": ["prompt"], "chosen": "chosen", "rejected": "rejected"}
    registry["pairs"] = {
        "path": "pairs", "license": "CC0-1.0", "families": ["dpo_preference"], "origin": "synthetic",
        "mapping": {"shape": "preference", "fields": fields}, "retrieved_at": "2026-01-02",
    }  # fmt: skip
    (folder / "registry.yaml").write_text(yaml.safe_dump({"sources": registry}))
    (folder / "policy.yaml").write_text(yaml.safe_dump({"name": "own"} | (policy or {})))
    recipe = folder / "recipe.yaml"
    recipe.write_text(yaml.safe_dump({"name": "r", "registry": ["registry.yaml"], "policy": "policy.yaml"}))
    result = build(load_recipe(recipe), Options(runs=folder / "runs", workers=1))
    found = {}
    for path in sorted(result.dataset.glob("shards/*/*.jsonl")):
        for row in map(orjson.loads, path.read_bytes().splitlines()):
            case = orjson.loads(row["metadata"]["source_metadata"] or "{}").get("case")
            found[case] = row
    return result, found


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[BuildResult, dict[str, Any]]:
    return built(tmp_path_factory.mktemp("safety"))


def lines(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def test_a_tagged_edge_case_of_a_granting_source_keeps_its_despairing_client(run) -> None:
    assert "tagged" in run[1]
    assert run[1]["tagged"]["metadata"]["masked_turns"] == []


@pytest.mark.parametrize("case", ["untagged", "refused", "despair", "no_edge_stage"])
def test_without_tag_grant_or_edge_stage_the_same_client_is_dropped(run, case: str) -> None:
    assert case not in run[1]


def test_what_people_said_in_a_crisis_is_kept_and_reported(run) -> None:
    assert "safety_crisis" in run[1]["human"]["metadata"]["tags"]
    assert run[0].data["safety"]["reported"]["crisis"] == 2  # and the client of the pair whose answer is good


def test_a_harmful_reply_is_masked_in_an_edge_case_and_drops_a_record_without_another(run) -> None:
    assert run[1]["harmful"]["metadata"]["masked_turns"] == [1]
    assert "only_harmful" not in run[1]


def test_a_harmful_answer_may_be_rejected_and_not_chosen(run) -> None:
    assert "bad_rejected" in run[1]
    assert "bad_chosen" not in run[1]


def test_a_client_in_despair_is_no_harm_of_the_therapist(run) -> None:
    assert run[0].data["safety"]["dropped"] == {"crisis": 4, "harm": 2}
    assert run[0].data["safety"]["masked"] == {"records": 1, "turns": 1, "by_filter": {"harm": 1}}


def test_each_use_of_the_bypass_is_audited_in_run_and_dataset_without_text(run) -> None:
    result, found = run
    audit = lines(result.dataset / "bypass_audit.jsonl")
    assert audit == lines(result.run / "plan/bypass_audit.jsonl")
    assert {line["id"] for line in audit} == {found["tagged"]["id"], found["harmful"]["id"]}
    assert all(set(line) == {"id", "source", "filter", "turn", "score"} for line in audit)
    assert {(line["filter"], line["turn"]) for line in audit} == {("crisis", 0)}
    manifest = orjson.loads((result.dataset / "manifest.json").read_bytes())
    assert manifest["safety"]["bypass"] == {"records": 2, "uses": 2, "by_filter": {"crisis": 2}}
    assert manifest["safety"]["tags_refused"] == 1


def test_masked_records_leave_the_stage_files_and_say_what_to_learn(run) -> None:
    result, found = run
    row = found["harmful"]
    assert row["metadata"]["split"] == "train"
    stage = row["metadata"]["phase"]
    assert row["id"] not in {line["id"] for line in lines(result.dataset / f"stages/{stage}.jsonl")}
    [line] = lines(result.dataset / f"masked/{stage}.jsonl")
    assert [message["train"] for message in line["messages"]] == [False, False, False, True]


def test_the_run_balances_and_the_gates_that_look_at_masks_pass(run) -> None:
    totals = run[0].totals
    assert totals["rows_in"] == totals["kept"] + totals["dropped"] + totals["quarantined"]
    assert run[0].gates["stats"]["passed"]
    assert run[0].gates["hash"]["passed"]


def test_card_and_report_say_it(run) -> None:
    card = (run[0].dataset / "README.md").read_text()
    assert "Client turns that the bypass of edge cases let pass, each in `bypass_audit.jsonl`: 2" in card
    assert "Safety filters" in (run[0].dataset / "report.html").read_text()


def test_a_policy_may_turn_the_filters_off_and_then_everything_says_so(tmp_path: Path) -> None:
    result, found = built(tmp_path, {"safety": None})
    assert {"untagged", "despair", "only_harmful"} <= set(found)
    assert orjson.loads((result.dataset / "manifest.json").read_bytes())["safety"]["policy"] is None
    assert "turned the safety filters off" in (result.dataset / "README.md").read_text()
    assert "turned the safety filters off" in (result.dataset / "report.html").read_text()
    assert (result.dataset / "bypass_audit.jsonl").read_bytes() == b""


def test_filters_of_ones_own_are_a_file_beside_the_recipe(tmp_path: Path) -> None:
    one = {"crisis": {"scorer": "crisis", "role": "user", "most": 0.7, "bypass": True}}
    (tmp_path / "strict.yaml").write_text(yaml.safe_dump({"name": "strict", "filters": one}))
    result, found = built(tmp_path, {"safety": "strict.yaml"})
    assert "human" not in found
    assert "only_harmful" in found
    assert result.data["safety"]["policy"] == "strict"
