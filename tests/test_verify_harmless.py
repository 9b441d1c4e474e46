"""No false alarm: 200 random harmless datasets pass every gate, and so does one with nothing held out."""

from __future__ import annotations

import random
from pathlib import Path

import jsonschema
import orjson
import pytest

from dataset_builder import build
from pixelated.core.presets import files
from pixelated.verify import ORDER, verify_dataset

SCHEMA = orjson.loads((files("pixelated") / "presets/schema/manifest.schema.json").read_bytes())
HOLDOUTS = ("none", "full", "partial", "mixed")


@pytest.mark.parametrize("seed", range(200))
def test_a_harmless_dataset_fails_no_gate(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    mode = HOLDOUTS[seed % 4]
    folder = build(tmp_path / "dataset", seed, rng.choice((60, 67, 75, 140)), mode)
    verification = verify_dataset(folder, policy={"holdouts": {}} if mode == "none" else None)
    failed = {name: v.errors for name, v in verification.verdicts.items() if not v.passed}
    assert not failed
    assert verification.passed
    assert list(verification.verdicts) == list(ORDER)


@pytest.mark.parametrize("seed", range(4))
def test_the_manifest_of_a_harmless_dataset_fits_the_schema(seed: int, tmp_path: Path) -> None:
    folder = build(tmp_path / "dataset", seed, 60, HOLDOUTS[seed])
    jsonschema.Draft202012Validator(SCHEMA).validate(orjson.loads((folder / "manifest.json").read_bytes()))
