"""The demo: all gates pass, every planted fault is found, and the corpus is what it says."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import orjson
import pytest

import pixelated
from conftest import ROOT, digest
from pixelated.verify import ORDER, verify_dataset
from planter import FAULTS, copy_tree, plant

pytestmark = pytest.mark.xdist_group("demo_build")


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> pixelated.BuildResult:
    loaded = pixelated.load_recipe(ROOT / "recipes/demo.yaml")
    return pixelated.build(loaded, pixelated.Options(runs=tmp_path_factory.mktemp("demo"), workers=1))


@pytest.fixture(scope="module")
def shards(built) -> list[dict]:
    return [
        orjson.loads(x)
        for p in sorted(built.dataset.glob("shards/*/*.jsonl"))
        for x in p.read_bytes().splitlines()
    ]


def test_all_eight_gates_pass(built) -> None:
    assert {name for name, verdict in built.gates.items() if not verdict["passed"]} == set()
    assert built.release["releasable"] is True
    assert built.totals["kept"] >= 300


def test_every_planted_fault_is_found(built) -> None:
    planted = built.data["planted"]
    assert len(planted) >= 20
    assert [p["what"] for p in planted if p["found"] != p["planted"]] == []


def test_all_families_and_six_formats_are_there(shards) -> None:
    families = Counter(f for r in shards for f in r["metadata"]["families"])
    assert len(families) == 14
    assert min(families.values()) >= 20
    formats = {r["metadata"]["provenance"]["original_format"] for r in shards}
    assert len(formats) >= 6


def test_no_two_records_share_most_of_their_text(shards) -> None:
    seen = []
    for record in shards:
        words = " ".join(m["content"] for m in record["messages"]).casefold().split()
        seen.append({" ".join(words[i : i + 5]) for i in range(len(words) - 4)})
    hashes = [
        r["metadata"]["content_hash"] for r in shards
    ]  # planted collisions share their turns on purpose
    for i, one in enumerate(seen):
        for j, other in enumerate(seen[i + 1 :], i + 1):
            assert hashes[i] == hashes[j] or len(one & other) <= 0.5 * max(1, min(len(one), len(other)))


@pytest.mark.parametrize("gate", ORDER)
def test_faults_planted_in_the_real_build_fail_exactly_their_gate(built, tmp_path: Path, gate: str) -> None:
    for fault in sorted(name for name, fault in FAULTS.items() if fault.gate == gate)[:3]:
        folder = copy_tree(built.dataset, tmp_path / fault)
        touched = plant(folder, fault, seed=3)
        verdicts = verify_dataset(folder).verdicts
        assert [n for n, v in verdicts.items() if not v.passed] == [gate], fault
        assert set(touched) <= set(verdicts[gate].examples), fault


def test_records_hold_what_the_contract_asks(shards) -> None:
    """The corpus contract (FACTS 1.6): required keys, enumerations, and no null where it wants a number."""
    required = {
        "source_family",
        "source_key",
        "content_hash",
        "pii_status",
        "license_tag",
        "split",
        "phase",
        "provenance",
    }
    for record in shards:
        meta = record["metadata"]
        assert required <= set(meta)
        assert meta["pii_status"] in {"scrubbed", "none_detected"}
        assert meta["split"] in {"train", "val", "test"}
        assert len(meta["content_hash"]) == len("sha256:") + 64
        assert {m["role"] for m in record["messages"]} <= {"system", "user", "assistant"}
        assert {"original_s3_key", "processing_pipeline", "processed_at", "dedup_status"} <= set(
            meta["provenance"]
        )
        assert isinstance(meta.get("quality_score", 0.5), float)  # optional; never null
        assert isinstance(meta["conversation_length"], int)


def test_held_out_families_stand_in_test_alone(shards) -> None:
    assert {r["metadata"]["split"] for r in shards if "sarcasm" in r["metadata"]["families"]} == {"test"}


def test_helplines_stand_and_planted_identifiers_do_not(shards) -> None:
    text = "\n".join(m["content"] for r in shards for m in (*r["messages"], *r["chosen"], *r["rejected"]))
    for number in ("988", "741741", "1-800-273-8255"):
        assert number in text
    for gone in ("4111 1111 1111 1111", "@example.org", "212-555-0147"):
        assert gone not in text


def test_bytes_are_the_same_with_two_workers_and_small_parts(built, tmp_path: Path) -> None:
    loaded = pixelated.load_recipe(ROOT / "recipes/demo.yaml")
    again = pixelated.build(loaded, pixelated.Options(runs=tmp_path, workers=2, part_mb=0.005))
    assert digest(again.dataset) == digest(built.dataset)
