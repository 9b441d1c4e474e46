"""Plant one fault in a dataset and repair everything else: sizes, counts, checksums, hashes, exports.

A fault is a function that edits the dataset at one step of writing it; the later steps carry the
edit through, so that only the fault remains. `plant` returns what a verdict has to name.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import dataset_builder as builder
import faults_of_content
import faults_of_form
import faults_of_safety
import faults_of_use
from planting import FAULTS, Planting

__all__ = [
    "FAULTS",
    "copy_tree",
    "faults_of_content",
    "faults_of_form",
    "faults_of_safety",
    "faults_of_use",
    "plant",
]


def plant(dataset: Path, fault: str, seed: int = 0) -> list[str]:
    """Plant `fault` in the dataset (a copy that may be spoilt) and return the names a verdict must give.

    Args:
        dataset: a valid dataset's folder.
        fault: a name in `FAULTS`.
        seed: chooses the record.
    """
    manifest, splits, schema = builder.load(dataset)
    planting = Planting(dataset, random.Random(seed), manifest, splits)
    planted = FAULTS[fault]

    def at(step: str) -> None:
        if planted.step == step:
            planted.apply(planting)

    def counted(fresh: dict[str, Any]) -> None:
        planting.manifest = fresh
        at("counted")

    at("records")
    builder.write(
        dataset,
        manifest,
        splits,
        schema,
        derived=lambda: at("derived"),
        counted=counted,
        written=lambda: at("written"),
    )
    at("bytes")
    assert planting.touched, f"the fault {fault} touched nothing"
    return planting.touched


def copy_tree(source: Path, target: Path) -> Path:
    """Copy a dataset's files (hard links would be edited together)."""
    for path in sorted(source.rglob("*")):
        if path.is_file():
            new = target / path.relative_to(source)
            new.parent.mkdir(parents=True, exist_ok=True)
            new.write_bytes(path.read_bytes())
    return target
