"""One planted fault makes exactly one gate fail, and that gate names the record."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from dataset_builder import build, load, write
from pixelated.verify import ORDER, verify_dataset
from planter import FAULTS, copy_tree, plant
from planting import Planting


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("sound") / "dataset", seed=7, pool=130)


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_planted_fault_fails_exactly_its_gate_and_is_named(fault: str, sound: Path, tmp_path: Path) -> None:
    folder = copy_tree(sound, tmp_path / "dataset")
    touched = plant(folder, fault, seed=3)
    verdicts = verify_dataset(folder).verdicts
    failed = {name: verdict.errors for name, verdict in verdicts.items() if not verdict.passed}
    gate = FAULTS[fault].gate
    assert list(failed) == [gate], failed
    assert set(touched) <= set(verdicts[gate].examples), (touched, verdicts[gate].errors)
    assert verdicts[gate].remedy


def test_the_planter_repairs_all_that_it_does_not_plant(sound: Path, tmp_path: Path) -> None:
    """Without a fault the planter's rewriting leaves a dataset that passes: it repairs, and hides nothing."""
    folder = copy_tree(sound, tmp_path / "dataset")
    write(folder, *load(folder))
    assert verify_dataset(folder).passed


def test_a_share_two_points_off_is_within_the_tolerance(sound: Path, tmp_path: Path) -> None:
    folder = copy_tree(sound, tmp_path / "dataset")
    manifest, splits, schema = load(folder)
    planting = Planting(folder, random.Random(0), manifest, splits)
    planting.move(planting.records("val")[:2], "test")
    write(folder, manifest, splits, schema)
    shares = verify_dataset(folder).verdicts["distribution"]
    assert 0.03 < shares.measured["shares"]["val"] < 0.045
    assert shares.passed


def test_each_gate_has_at_least_three_faults() -> None:
    counts = Counter(fault.gate for fault in FAULTS.values())
    assert set(counts) == set(ORDER)
    assert min(counts.values()) >= 3
