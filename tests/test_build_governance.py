"""What people decided about a source keeps a dataset from release; nothing of it is dropped for that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import dialogue
from pixelated.recipe import load_recipe
from pixelated.runner import Options, build


def reasons(folder: Path, **changes: Any) -> tuple[list[str], int]:
    """Return why a dataset of one source is not releasable, but for its gates, and how many records it has."""
    (folder / "raw").mkdir()
    lines = [json.dumps({"messages": [{"role": r, "content": c} for r, c in dialogue(i)]}) for i in range(20)]
    (folder / "raw" / "chats.jsonl").write_text("\n".join(lines) + "\n")
    entry = {"path": "raw", "license": "CC0-1.0", "families": ["cptsd"], "origin": "synthetic"} | changes
    (folder / "registry.yaml").write_text(yaml.safe_dump({"sources": {"chats": entry}}))
    recipe = folder / "recipe.yaml"
    recipe.write_text(yaml.safe_dump({"name": "r", "registry": ["registry.yaml"]}))
    result = build(load_recipe(recipe), Options(runs=folder / "runs", workers=1))
    assert not result.release["releasable"]
    said = [r for r in result.release["reasons"] if not r.startswith("gate ")]
    return said, result.totals["kept"]


PLACE = {"location": "https://example.org/chats/", "expected": {"chats.jsonl": {"size": 1}}}
PINNED = {"location": "https://example.org/chats/", "expected": {"chats.jsonl": {"sha256": "0" * 64}}}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, []),
        ({"governance": {"prohibited_uses": ["commercial", "style_imitation"]}}, []),
        ({"acquire": PINNED}, []),
        ({"acquire": PLACE, "revision": "1f0c"}, []),
        ({"governance": {"approval_status": "rejected"}}, ["rejected by a person: chats"]),
        (
            {"governance": {"prohibited_uses": ["train"]}},
            ["use train prohibited (governance.prohibited_uses): chats"],
        ),
        ({"acquire": PLACE}, ["not pinned, neither a revision nor the hash of every file: chats"]),
    ],
)
def test_what_a_person_decided_stands_beside_the_gates(
    tmp_path: Path, changes: dict[str, Any], said: list[str]
) -> None:
    assert reasons(tmp_path, **changes) == (said, 20)
