"""What a verification says: shapes of the report, order, evidence without words, gates of other packages."""

from __future__ import annotations

import sys
import types
from importlib.metadata import EntryPoint
from pathlib import Path

import orjson
import pytest

from dataset_builder import build, load
from pixelated.verify import GATES, ORDER, Dataset, Gate, Record, verify_dataset
from planter import copy_tree, plant


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("sound") / "dataset", seed=5, pool=60)


def test_the_report_has_the_contracts_shape(sound: Path) -> None:
    report = verify_dataset(sound).report("2024-06-19T00:00:00Z")
    assert list(report) == [
        "verification_timestamp", "all_gates_passed", "gate_results", "verification_details", "statistics",
    ]  # fmt: skip
    assert report["verification_timestamp"] == "2024-06-19T00:00:00Z"
    assert report["all_gates_passed"] is True
    assert report["gate_results"] == dict.fromkeys(ORDER, True)
    assert list(report["verification_details"]) == [f"{name}_gate" for name in ORDER]
    assert all(d == {"passed": True, "errors": []} for d in report["verification_details"].values())
    assert report["statistics"]["total_conversations"] == load(sound)[0]["total_conversations"]


def test_a_failed_gate_is_false_in_the_report_and_only_that_one(sound: Path, tmp_path: Path) -> None:
    folder = copy_tree(sound, tmp_path / "dataset")
    plant(folder, "the_first_record_requires_review")
    report = verify_dataset(folder).report("t")
    assert report["all_gates_passed"] is False
    assert [name for name, passed in report["gate_results"].items() if not passed] == ["pii"]
    assert report["verification_details"]["pii_gate"]["errors"]


def test_the_json_form_is_the_same_bytes_each_time_and_cuts_examples_at_20(
    sound: Path, tmp_path: Path
) -> None:
    folder = copy_tree(sound, tmp_path / "dataset")
    plant(folder, "an_identifier_type_was_not_searched")
    first, second = (orjson.dumps(verify_dataset(folder).as_json()) for _ in range(2))
    assert first == second
    gates = orjson.loads(first)["gates"]
    assert list(gates) == list(ORDER)
    assert set(gates["pii"]) == {"gate", "passed", "measured", "required", "errors", "examples", "remedy"}
    (folder / "shards").rename(folder / "gone")
    assert all(len(v.examples) <= 20 for v in verify_dataset(folder).verdicts.values())


def test_no_verdict_repeats_a_clients_words(sound: Path, tmp_path: Path) -> None:
    for fault in (
        "an_email_is_left_in_chosen",
        "a_text_was_changed_after_hashing",
        "a_json_line_is_not_json",
    ):
        folder = copy_tree(sound, tmp_path / fault)
        plant(folder, fault)
        said = orjson.dumps(verify_dataset(folder).as_json()).decode()
        assert "jo.doe" not in said
        assert "lake" not in said
        assert "garden" not in said


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> type[Gate]:
    """A package that brings a gate by an entry point; the registry is as it was afterwards."""
    GATES.names()
    before = dict(GATES._entries)

    class NoSystemPrompt(Gate):
        remedy = "drop system messages"

        def __init__(self, dataset: Dataset) -> None:
            super().__init__(dataset)
            self.seen = 0

        def see(self, record: Record) -> None:
            self.seen += 1
            if any(role == "system" for role, _ in (record.texts or ([],))[0]):
                self.findings.add("a record has a system message", record.name)

        def judge(self) -> tuple[dict[str, int], dict[str, int]]:
            return {"records": self.seen}, {"system_messages": 0}

    module = types.ModuleType("brought_by_another_package")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    points = [EntryPoint("no_system", module.__name__, "pixelated.gates")]
    monkeypatch.setattr(
        "pixelated.core.plugins.entry_points", lambda group: points if "gates" in group else []
    )
    monkeypatch.setattr(GATES, "_loaded", False)
    GATES.register("no_system")(NoSystemPrompt)
    yield NoSystemPrompt
    GATES._entries.clear()
    GATES._entries.update(before)


@pytest.mark.usefixtures("plugin")
def test_a_gate_of_another_package_comes_after_the_eight(sound: Path) -> None:
    verification = verify_dataset(sound)
    assert list(verification.verdicts) == [*ORDER, "no_system"]
    verdict = verification.verdicts["no_system"]
    with_system = [r["id"] for s in load(sound)[1].values() for shard in s for r in shard if _has_system(r)]
    assert verdict.passed == (not with_system)
    assert set(verdict.examples) == set(with_system[:20])
    assert not verification.passed


def test_a_gate_that_breaks_has_failed_and_stops_no_other(plugin: type[Gate], sound: Path) -> None:
    def break_off(_gate: Gate, _record: Record) -> None:
        raise ZeroDivisionError

    plugin.see = break_off
    verification = verify_dataset(sound)
    assert [n for n, v in verification.verdicts.items() if not v.passed] == ["no_system"]
    assert "ZeroDivisionError" in verification.verdicts["no_system"].errors[0]


def _has_system(record: dict) -> bool:
    return any(m["role"] == "system" for m in record["messages"])
