"""What was fetched is what is built from."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import yaml

from conftest import dialogue


def pixelated(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pixelated", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_file_that_is_no_longer_what_was_fetched_stops_the_build(tmp_path: Path) -> None:
    lines = [json.dumps({"messages": [{"role": r, "content": c} for r, c in dialogue(i)]}) for i in range(20)]
    (tmp_path / "there").mkdir()
    (tmp_path / "there/chats.jsonl").write_text("\n".join(lines) + "\n")
    entry = {"path": "raw/chats", "license": "CC0-1.0", "families": ["cptsd"], "origin": "synthetic"}
    source = entry | {"acquire": {"location": str(tmp_path / "there")}}
    (tmp_path / "registry.yaml").write_text(yaml.safe_dump({"sources": {"chats": source}}))
    (tmp_path / "recipe.yaml").write_text(
        yaml.safe_dump({"name": "r", "corpora": "data", "registry": ["registry.yaml"]})
    )
    assert pixelated(tmp_path, "acquire", "--recipe", "recipe.yaml").returncode == 0
    built = pixelated(tmp_path, "build", "recipe.yaml", "--quiet")
    assert built.returncode == 1, built.stderr
    fetched = tmp_path / "data/raw/chats/chats.jsonl"
    fetched.write_text(fetched.read_text().replace("counting", "sleeping", 1))
    stopped = pixelated(tmp_path, "build", "recipe.yaml", "--quiet")
    assert stopped.returncode == 3
    assert "is not the file that was fetched" in stopped.stderr
    again = pixelated(tmp_path, "acquire", "--recipe", "recipe.yaml", "--verify")
    assert again.returncode == 0, again.stderr
    assert fetched.read_bytes() == (tmp_path / "there/chats.jsonl").read_bytes()
    assert pixelated(tmp_path, "build", "recipe.yaml", "--quiet").returncode == 1
