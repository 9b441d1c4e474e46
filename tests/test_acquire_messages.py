"""What `acquire` says when something is not as expected: each message ends with a step that works."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pixelated.cli.app import app
from pixelated.cli.output import run_app
from pixelated.core.places.hub import hub_endpoint
from pixelated.core.receipts import read_receipt
from pixelated.core.registry_file import read_registries

REGISTRY = """
sources:
  mine:
    path: mine
    license: NOASSERTION
    license_evidence: nobody was asked
    families: [mental_health_datasets]
    tier: 2
    acquire: {kind: local, location: nowhere, fallbacks: [here]}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "a.jsonl").write_text("{}\n")
    (tmp_path / "registry.yaml").write_text(REGISTRY)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = run_app(app, list(arguments))
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def test_the_hub_has_an_address_without_any_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    assert hub_endpoint() == "https://huggingface.co"


def test_a_fallback_that_was_used_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = said(capsys, "acquire", "--registry", "registry.yaml", "--output", "outcome.json")
    assert code == 0
    assert "there is no nowhere" in text
    assert "so it came from the fallback here" in text
    outcome = json.loads((folder / "outcome.json").read_text())["sources"][0]
    assert outcome["tried"] == [{"address": "nowhere", "why": "there is no nowhere"}]


def test_a_file_is_no_better_checked_for_lying_there(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        _, text = said(capsys, "acquire", "--verify", "./here")
        assert "nobody states a checksum of 1 files" in text
        assert read_receipt(folder / "data", "here").files["a.jsonl"].checked in {"", "size"}


@pytest.mark.usefixtures("folder")
def test_a_name_that_is_a_folder_says_how_to_write_it(capsys: pytest.CaptureFixture[str]) -> None:
    code, text = said(capsys, "acquire", "here")
    assert code == 2
    assert "for the folder here write ./here" in text
    assert len(text) < 500  # not the names of all 76 sources


def test_a_name_that_is_nearly_right_is_offered(capsys: pytest.CaptureFixture[str]) -> None:
    code, text = said(capsys, "acquire", "psych8")
    assert code == 2
    assert "choose from: psych8k" in text


def test_a_name_within_another_is_offered(capsys: pytest.CaptureFixture[str]) -> None:
    _, text = said(capsys, "acquire", "psych8k", "--registry", "huggingface")
    assert "choose from: hf_emocareai_psych8k" in text


def test_the_ids_in_the_documents_are_there() -> None:
    pages = [*Path("docs").glob("*.md"), Path("README.md")]
    lines = [li for page in pages for li in page.read_text().splitlines() if "pixelated acquire " in li]
    named = [re.search(r"acquire ((?:[\w-]+ )+)--registry ([\w-]+)", line) for line in lines]
    checked = [(i, m[2]) for m in named if m and m[1] != "check " for i in m[1].split()]
    assert checked
    assert [f"{i} in {r}" for i, r in checked if i not in read_registries((r,))] == []


@pytest.mark.usefixtures("folder")
def test_what_is_refused_is_not_said_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    entry = REGISTRY.replace(
        "kind: local", "kind: local, transcribe: {recogniser: pocketsphinx, language: en}"
    )
    Path("talks.yaml").write_text(entry)
    words = ["acquire", "--registry", "talks.yaml", "--media", "--permissions", "here"]
    code, text = said(capsys, *words)
    assert code == 1
    assert "0 of 1 sources are complete; the others: see above" in text
    assert "the sound of" not in text  # there was none


@pytest.mark.usefixtures("folder")
def test_the_step_that_is_named_is_one_that_works(capsys: pytest.CaptureFixture[str]) -> None:
    code, text = said(capsys, "acquire", "./gone")
    assert code == 3
    assert "next: check the path" in text
    assert "acquire check gone" not in text  # it is no source of a registry


@pytest.mark.parametrize("command", [["acquire", "s3://b/p"], ["inventory", "s3://b/p"]])
def test_an_endpoint_that_is_no_address_is_no_internal_error(
    command: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = said(capsys, *command, "--endpoint", "localhost:9000")
    assert code in {2, 3}, (folder, text)
    assert "https://host:port" in text


@pytest.mark.parametrize("words", [[], ["inventory"], ["registry"]])
def test_without_a_command_the_help_is_shown_and_no_error(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = said(capsys, *words)
    assert code == 2
    assert text.startswith("Usage: pixelated")
    assert "next: see" not in text


@pytest.mark.usefixtures("folder")
def test_publish_to_an_unknown_rclone_remote_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RCLONE_CONFIG", "/dev/null")
    code, text = said(capsys, "publish", "--rollback", "nobody:here")
    assert code == 3
    assert "rclone knows no such remote" in text
    assert "rclone config" in text
