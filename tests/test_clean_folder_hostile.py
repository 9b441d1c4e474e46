"""Folders that were made to harm: links that lead out, numbers that no reader takes, deep nesting."""

from __future__ import annotations

from pathlib import Path

import pytest

from pixelated.clean import repair_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def statuses(folder: Path) -> dict[str, str]:
    found = repair_folder(folder, folder.parent / "out", normalize=True)
    return {report["file"]: report["status"] for report in found["files"]}


def test_a_link_that_leads_out_of_the_folder_is_not_followed(folder: Path) -> None:
    secret = folder.parent / "secret.txt"
    secret.write_text("not part of the input")
    (folder / "p.txt").symlink_to(secret)
    (folder / "inside.txt").write_text("caf\u00e9")
    (folder / "alias.txt").symlink_to(folder / "inside.txt")
    assert statuses(folder) == {"alias.txt": "unchanged", "inside.txt": "unchanged", "p.txt": "link_outside"}
    assert not (folder.parent / "out/p.txt").exists()


@pytest.mark.parametrize(
    "text",
    ['{"n": ' + "9" * 5000 + "}", "[" * 100_000, '{"a": "caf\u00c3\u00a9"}\n{"n": ' + "1" * 4400 + "}"],
)
def test_one_impossible_file_does_not_take_the_others_with_it(folder: Path, text: str) -> None:
    (folder / "bad.jsonl").write_text(text, encoding="utf-8")
    (folder / "good.txt").write_text("I don\u00e2\u20ac\u2122t know.", encoding="utf-8")
    assert statuses(folder)["good.txt"] == "repaired"
    assert (folder.parent / "out/good.txt").read_text(encoding="utf-8") == "I don\u2019t know."
    assert (folder.parent / "out/bad.jsonl").is_file()


def test_repaired_files_are_their_owners_alone(folder: Path) -> None:
    (folder / "a.txt").write_text("private words")
    statuses(folder)
    assert (folder.parent / "out").stat().st_mode & 0o077 == 0
    assert (folder.parent / "out/a.txt").stat().st_mode & 0o077 == 0
