"""A build looks at the papers again: what was revoked, has expired or is gone is not built from."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import dialogue
from consents import (
    ALL,
    CONSENT,
    PERMISSION,
    TODAY,
    allowed,
    consent,
    files,
    governance,
    papers,
    sha256,
    talks,
)
from pixelated.acquire.fetch import Options as FetchOptions
from pixelated.acquire.fetch import fetch_source
from pixelated.acquire.media import run as media_run
from pixelated.acquire.media.recogniser import Segment
from pixelated.acquire.permission import rests_on_consent
from pixelated.core.errors import IncompleteError
from pixelated.core.receipts import read_receipt
from pixelated.core.registry_file import read_registries
from pixelated.core.source import Acquisition, Source
from pixelated.recipe import load_recipe
from pixelated.runner import Options, build
from pixelated.runner.plan import plan_recipe

SAID = "what was said in the room stays with the one who said it and with nobody else at all"


class Recogniser:
    """Hears the same words in every sound."""

    def __init__(self, _: object) -> None:
        pass

    def about(self) -> dict[str, str]:
        return {"name": "stand-in"}

    def segments(self, _: Path) -> list[Segment]:
        return [Segment(0.0, 9.0, SAID)]


def entry(**changes: Any) -> dict[str, Any]:
    """Return the entry of the recordings as a person writes it."""
    person = {
        "speaker": "Ada Example",
        "document_sha256": sha256(CONSENT),
        "covers": list(ALL),
        "scope": "training of therapists",
        "revocation": "by letter",
        "expires": "2026-12-31",
    }
    told = {
        "path": "talks",
        "license": "LicenseRef-permission",
        "families": ["video_transcripts"],
        "origin": "transcript",
        "mapping": {"kind": "text"},
        "acquire": {"kind": "local", "location": "box", "transcribe": {"recogniser": "pocketsphinx"}},
        "governance": {
            "permission": "letter of the owner",
            "permission_sha256": sha256(PERMISSION),
            "speakers": ["Ada Example"],
            "consents": [person],
        },
    }
    return told | changes


def write(folder: Path, talks: dict[str, Any] | None) -> Path:
    """Write a recipe of chats that nobody spoke and, unless None, of the talks."""
    chats = {"path": "chats", "license": "CC0-1.0", "families": ["cptsd"], "origin": "synthetic"}
    sources = {"chats": chats} | ({"talks": talks} if talks else {})
    (folder / "registry.yaml").write_text(yaml.safe_dump({"sources": sources}))
    recipe = folder / "recipe.yaml"
    recipe.write_text(yaml.safe_dump({"name": "r", "corpora": "root", "registry": ["registry.yaml"]}))
    return recipe


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder with chats, and talks that `acquire` brought home while all papers were in order."""
    from test_speech import tone

    monkeypatch.setattr(media_run, "recogniser_for", Recogniser)
    (tmp_path / "box").mkdir()
    tone(tmp_path / "box" / "a.wav")
    there = FetchOptions(tmp_path / "root", media=allowed(tmp_path / "papers"))
    assert fetch_source(files(tmp_path / "box"), there).status == "complete"
    (tmp_path / "root" / "chats").mkdir()
    lines = [json.dumps({"messages": [{"role": r, "content": c} for r, c in dialogue(i)]}) for i in range(20)]
    (tmp_path / "root" / "chats" / "chats.jsonl").write_text("\n".join(lines) + "\n")
    write(tmp_path, entry())
    return tmp_path


def run(home: Path, **changes: Any) -> Any:
    told: dict[str, Any] = {"permissions": home / "papers", "today": TODAY}
    options = Options(runs=home / "runs", workers=1, **(told | changes))
    return build(load_recipe(home / "recipe.yaml"), options)


def refused(home: Path, **changes: Any) -> str:
    with pytest.raises(IncompleteError) as caught:
        run(home, **changes)
    assert (caught.value.code, caught.value.exit_code) == ("consent_missing", 3)
    assert caught.value.remedy
    return caught.value.message


def texts(home: Path) -> bytes:
    """Return all that the run's folder holds, its dataset and its private parts."""
    import pyarrow.parquet as pq

    plain = b"".join(p.read_bytes() for p in (home / "runs").rglob("*.json*"))
    tables = (pq.read_table(p, partitioning=None) for p in sorted((home / "runs").rglob("*.parquet")))
    return plain + str([t.to_pylist() for t in tables]).encode()


def test_a_build_takes_what_its_papers_cover(home: Path) -> None:
    run(home)
    assert SAID.encode() in texts(home)
    transcript = read_receipt(home / "root", "talks").files["a.json"]
    assert transcript.rests_on == sorted([sha256(CONSENT), sha256(PERMISSION)])


def test_without_the_folder_of_documents_nothing_of_people_is_built(home: Path) -> None:
    assert "talks: no folder of permission and consent documents" in refused(home, permissions=None)
    assert not list((home / "runs").rglob("*.parquet"))
    with pytest.raises(IncompleteError, match="no folder"):
        plan_recipe(load_recipe(home / "recipe.yaml"), Options(runs=home / "runs"))


def test_a_revoked_consent_stops_the_build_and_its_text_goes_from_the_run(home: Path) -> None:
    run(home)
    (home / "papers" / "withdrawn.yaml").write_text(f"revoked: [{sha256(CONSENT)}]\n")
    said = refused(home)
    assert "speaker 'Ada Example'" in said
    assert "was revoked" in said
    write(home, None)  # the registry is without the source
    run(home)
    assert SAID.encode() not in texts(home)


def test_a_document_that_is_gone_or_expired_stops_the_build(home: Path) -> None:
    assert "expired on 2026-12-31" in refused(home, today="2027-01-01")
    (home / "papers" / "scan 1").unlink()
    assert "is not in the folder of documents" in refused(home)


@pytest.mark.parametrize(
    "change",
    [
        {"governance": {}},
        {"acquire": {}, "governance": {}, "origin": "human"},
        {"acquire": {}, "governance": {}, "origin": "synthetic"},
    ],
)
def test_an_entry_stripped_of_its_papers_hides_nothing(home: Path, change: dict[str, Any]) -> None:
    """The receipt says under which papers a transcript was made."""
    write(home, entry(**change))
    assert "permission is missing" in refused(home)


def test_a_transcript_made_under_a_revoked_consent_has_to_go_whoever_is_named_now(home: Path) -> None:
    (home / "papers" / "withdrawn.yaml").write_text(f"revoked: [{sha256(CONSENT)}]\n")
    other = b"I, another speaker, agree.\n"
    papers(home / "papers" / "more", other)
    person = entry()["governance"]["consents"][0] | {"speaker": "Ben Roe", "document_sha256": sha256(other)}
    now = entry()["governance"] | {"speakers": ["Ben Roe"], "consents": [person]}
    write(home, entry(governance=now))
    assert refused(home).startswith("talks: a.json made under a document")
    shutil.rmtree(home / "root" / "talks")
    write(home, None)
    run(home)


def test_the_commands_exit_3_and_name_no_document(home: Path) -> None:
    (home / "papers" / "scan 1").rename(home / "papers" / "Ada Example, signed.pdf")
    (home / "papers" / "withdrawn.yaml").write_text(f"revoked: [{sha256(CONSENT)}]\n")
    for command in ("build", "plan"):
        line = [sys.executable, "-m", "pixelated", command, "recipe.yaml", "--permissions", "papers"]
        done = subprocess.run(line, capture_output=True, text=True, check=False, cwd=home)
        assert done.returncode == 3, done.stderr
        assert "was revoked" in done.stderr
        assert "signed.pdf" not in done.stdout + done.stderr


def test_which_sources_rest_on_consent() -> None:
    free = Source("a", families=("video_transcripts",), origin="transcript")
    persona = replace(free, families=("voice_persona",))
    assert not rests_on_consent(free)
    assert rests_on_consent(persona)
    assert rests_on_consent(replace(free, stage="stage4_voice_persona"))
    assert rests_on_consent(talks())
    assert rests_on_consent(replace(free, governance=governance(speakers=(), consents=(consent(),))))
    assert rests_on_consent(replace(free, acquire=Acquisition(kind="youtube")))
    assert not rests_on_consent(replace(persona, origin="synthetic"))  # nobody's voice
    shipped = read_registries(("mission", "public", "corpora", "huggingface", "research"))
    voices = read_registries(("mission_voice",))
    assert len(voices) == 7
    assert sorted(s.id for s in shipped.values() if rests_on_consent(s)) == sorted(voices)
