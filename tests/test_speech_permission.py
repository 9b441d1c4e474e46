"""Recordings of people come with permission and consent, or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

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
from pixelated.acquire.documents import read_documents
from pixelated.acquire.fetch import Options, fetch_source
from pixelated.acquire.listing import list_source
from pixelated.acquire.permission import MediaSettings, is_media, needed, refusals
from pixelated.acquire.run import check_all, exit_code, plan_all
from pixelated.core.errors import CheckFailedError, UsageError
from pixelated.core.source import Acquisition, Source

LICENCE = b"Attribution 4.0 International\n\nCreative Commons Corporation is not a law firm.\n"


def why(source: Source, folder: Path, **settings: Any) -> list[str]:
    """Return the refusals as lines that name who and what."""
    found = refusals(source, allowed(folder, **settings))
    assert all(r.remedy for r in found)
    return [f"{r.who}: {r.missing}" for r in found]


def governed(**changes: Any) -> Source:
    return talks(governance=governance(**changes))


def test_papers_that_are_in_order_let_a_source_through(tmp_path: Path) -> None:
    assert why(talks(), tmp_path) == []


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (governed(permission=""), "talks: the platform's or the owner's permission is missing"),
        (governed(permission_sha256=""), "talks: the hash of the permission's document is missing"),
        (governed(permission_sha256="abc"), "the permission's document is not given as a sha256"),
        (governed(permission_sha256=sha256(b"x")), "the permission's document (2d711642b726...) is not in"),
        (governed(speakers=(), consents=()), "talks: the registry entry names nobody"),
        (governed(consents=()), "speaker 'Ada Example': there is no consent"),
        (governed(speakers=("Ada Example", "Ben Roe")), "speaker 'Ben Roe': there is no consent"),
        (
            governed(consents=(consent(document_sha256=sha256(b"x")),)),
            "'Ada Example': the consent's document",
        ),
        (governed(consents=(consent(document_sha256=""),)), "is not given as a sha256"),
        (
            governed(consents=(consent(covers=("recording", "transcription")),)),
            "does not cover style_imitation, training, voice_imitation",
        ),
        (governed(consents=(consent(covers=ALL[:3]),)), "does not cover style_imitation, voice_imitation"),
        (governed(consents=(consent(covers=ALL[2:]),)), "does not cover recording, transcription"),
        (governed(consents=(consent(scope=" "),)), "the consent's scope is empty"),
        (governed(consents=(consent(revocation=""),)), "the consent's revocation is empty"),
        (governed(consents=(consent(expires="2026-02-28"),)), "the consent expired on 2026-02-28"),
        (governed(consents=(consent(expires="next year"),)), "expires = 'next year' is no date"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, source: Source, said: str) -> None:
    found = why(source, tmp_path)
    assert len(found) == 1, found
    assert said in found[0]
    assert found[0].startswith("talks")


def test_nothing_is_allowed_by_default(tmp_path: Path) -> None:
    found = [r.missing for r in refusals(talks(), MediaSettings(today=TODAY))]
    assert len(found) == 2
    assert "--media" in found[0]
    assert "folder of permission" in found[1]
    assert ["--media" in line for line in why(talks(), tmp_path, allowed=False)] == [True]


def test_a_consent_holds_through_its_last_day(tmp_path: Path) -> None:
    source = governed(consents=(consent(expires=TODAY),))
    assert why(source, tmp_path) == []
    assert len(why(source, tmp_path, today="2026-03-02")) == 1


def test_a_renewed_consent_outweighs_the_expired_one_but_no_revocation(tmp_path: Path) -> None:
    renewed = b"I agree again.\n"
    both = (consent(expires="2026-01-31"), consent(document_sha256=sha256(renewed)))
    source = governed(consents=both)
    assert len(why(source, tmp_path)) == 2  # expired, and the renewed one is not in the folder
    (tmp_path / "renewed").write_bytes(renewed)
    assert why(source, tmp_path) == []
    for one in (renewed, CONSENT):  # with the second, the renewed one alone would cover everything
        (tmp_path / "withdrawn.yaml").write_text(f"revoked: [{sha256(one)}]\n")
        found = refusals(source, allowed(tmp_path))
        assert any("was revoked" in r.missing and "delete the transcripts" in r.remedy for r in found), one


def test_consents_in_parts_count_together(tmp_path: Path) -> None:
    parts = (consent(covers=("recording", "transcription")), consent(covers=ALL[2:]))
    assert why(governed(consents=parts), tmp_path) == []


@pytest.mark.parametrize(
    "change",
    [
        {"families": ("video_transcripts", "voice_persona")},
        {"stage": "stage4_voice_persona"},
        {"governance": governance(allowed_uses=("persona",))},
    ],
)
def test_a_persona_needs_consent_to_imitation_also_for_evaluation(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    source = replace(talks(), **change, use="evaluation")
    assert needed(source) == {*ALL} - {"training"}
    source = replace(
        source,
        governance=replace(source.governance, consents=(consent(covers=("recording", "transcription")),)),
    )
    assert "does not cover style_imitation, voice_imitation" in why(source, tmp_path)[0]
    agreed = replace(source, governance=replace(source.governance, consents=(consent(covers=ALL),)))
    assert why(agreed, tmp_path) == []


def test_evaluation_alone_needs_no_consent_to_training(tmp_path: Path) -> None:
    source = governed(consents=(consent(covers=("recording", "transcription")),))
    assert why(replace(source, use="evaluation"), tmp_path) == []
    assert len(why(source, tmp_path)) == 1


@pytest.mark.parametrize(
    "words",
    [
        "CC-BY-4.0", "cc by 3.0 (reuse allowed)", "Creative Commons", "publicly available on YouTube",
        "public domain", "fair use", "Standard YouTube License", "CC0", "open access",
    ],
)  # fmt: skip
def test_a_licence_or_public_availability_is_no_permission(tmp_path: Path, words: str) -> None:
    found = why(governed(permission=words), tmp_path)
    assert len(found) == 1
    assert "names a licence or public availability" in found[0]


def test_no_licence_field_stands_for_consent(tmp_path: Path) -> None:
    source = replace(
        governed(permission="", permission_sha256="", consents=()),
        license="CC-BY-4.0",
        license_tag="cc-by",
        license_evidence="the page says CC BY",
        consent_basis="licensed",
        acquire=replace(talks().acquire, upstream_license="cc-by-4.0"),
    )
    found = why(source, tmp_path)
    assert len(found) == 3
    assert {line.partition(":")[0] for line in found} == {"talks", "talks, speaker 'Ada Example'"}


def test_the_text_of_a_licence_is_nobodys_signature(tmp_path: Path) -> None:
    papers(tmp_path / "more", LICENCE)
    (tmp_path / "cc.txt").write_bytes(LICENCE)
    source = governed(permission_sha256=sha256(LICENCE), consents=(consent(document_sha256=sha256(LICENCE)),))
    assert ["which nobody signed" in line for line in why(source, tmp_path)] == [True, True]


def test_a_revoked_document_blocks_and_a_damaged_list_stops_everything(tmp_path: Path) -> None:
    listed = tmp_path / "list.json"
    listed.write_text(json.dumps({"revoked": [sha256(PERMISSION).upper()]}))
    assert ["was revoked" in line for line in why(talks(), tmp_path)] == [True]
    for damaged in ('{"revoked": ["12"]}', '{"revoked": "none"}', '{"revoked": [', "revoked: {a: 1}"):
        listed.write_text(damaged)
        with pytest.raises(UsageError, match="revoked documents"):
            why(talks(), tmp_path)
    listed.write_text('{"signed": "nothing was revoked here"}')
    assert why(talks(), tmp_path) == []


def test_documents_are_found_by_hash_in_folders_and_an_empty_one_counts_for_nothing(tmp_path: Path) -> None:
    papers(tmp_path / "a" / "b", CONSENT, b"")
    found = read_documents(tmp_path)
    assert found.present == {sha256(CONSENT)}
    with pytest.raises(UsageError, match="there is no folder"):
        read_documents(tmp_path / "none")


def test_a_wrong_date_is_an_error_and_not_today(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--today"):
        why(talks(), tmp_path, today="yesterday")


def test_a_speaker_of_one_recording_needs_a_consent_too(tmp_path: Path) -> None:
    source = files(tmp_path, speaker_of={"talk": "Ben Roe"})
    assert any("speaker 'Ben Roe': there is no consent" in line for line in why(source, tmp_path / "papers"))


def test_synthesised_speech_has_no_speaker_and_still_an_owner(tmp_path: Path) -> None:
    source = replace(governed(speakers=(), consents=()), origin="synthetic")
    assert why(source, tmp_path) == []
    unpermitted = replace(source, governance=replace(source.governance, permission=""))
    assert len(why(unpermitted, tmp_path)) == 1


@pytest.mark.parametrize(
    "address",
    [
        "https://youtu.be/abc", "https://m.youtube.com/watch?v=abc", "http://youtube.com/@x",
        "https://music.youtube.com/playlist?list=PL1", "https://www.youtube-nocookie.com/embed/abc",
    ],
)  # fmt: skip
def test_an_address_there_is_recordings_whatever_the_entry_says(tmp_path: Path, address: str) -> None:
    for source in (
        Source("plain", acquire=Acquisition(location=address)),
        Source("plain", acquire=Acquisition(location=str(tmp_path), fallbacks=(address,))),
    ):
        assert is_media(source)
        with pytest.raises(CheckFailedError, match="recordings of people"):
            list_source(source)
    assert not is_media(Source("plain", acquire=Acquisition(location="https://notyoutube.com/x")))


def test_a_refused_source_is_not_even_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No origin is opened, by none of the commands; nothing lies in the root."""

    def opened(*_: object) -> None:
        pytest.fail("an origin was opened")

    monkeypatch.setattr("pixelated.acquire.media.run.YouTube", opened)
    monkeypatch.setattr("pixelated.acquire.media.run.FilesOfPlace", opened)
    root = tmp_path / "root"
    options = Options(root, media=allowed(tmp_path / "papers", allowed=False))
    for source in (talks(), files(tmp_path)):
        outcome = fetch_source(source, options)
        assert outcome.status == "refused"
        assert exit_code([outcome.status]) == 1
        assert "--media" in outcome.problems[0][1]
        assert [p.refused for p in plan_all([source], options)] == [True]
        assert [a.available for a in check_all([source], media=options.media)] == [False]
    assert not root.exists()


def test_sound_never_comes_as_a_plain_file(tmp_path: Path) -> None:
    """A folder of recordings whose entry forgets `transcribe` gives its texts and no voice."""
    (tmp_path / "box").mkdir()
    for name in ("a.wav", "b.MP3", "c.mp4", "notes.txt"):
        (tmp_path / "box" / name).write_text("x")
    plain = Source("plain", path="plain", acquire=Acquisition(kind="local", location=str(tmp_path / "box")))
    outcome = fetch_source(plain, Options(tmp_path / "root"))
    assert outcome.status == "incomplete"
    assert [what for what, _ in outcome.problems] == ["a.wav", "b.MP3", "c.mp4"]
    assert all("permission and consents" in why_ and "exclude" in why_ for _, why_ in outcome.problems)
    assert sorted(p.name for p in (tmp_path / "root" / "plain").rglob("*")) == ["notes.txt"]
    without = replace(plain, exclude=("*.wav", "*.MP3", "*.mp4"))
    assert fetch_source(without, Options(tmp_path / "root")).status == "complete"


def test_check_lists_no_place_of_an_entry_whose_fallback_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    mixed = Acquisition(location=str(tmp_path), fallbacks=("https://youtu.be/abc",))
    found = check_all([Source("mixed", acquire=mixed)])
    assert [a.available for a in found] == [False]
    assert "--media" in found[0].why


def command(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "pixelated", "acquire", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, check=False, cwd=cwd, env=dict(os.environ))


def test_the_command_refuses_with_exit_1_and_shows_no_document(tmp_path: Path) -> None:
    told = {
        "acquire": {"kind": "youtube", "location": "https://www.youtube.com/playlist?list=PL1"},
        "governance": {
            "permission": "letter of the owner",
            "permission_sha256": sha256(PERMISSION),
            "speakers": ["Ada Example", "Ben Roe"],
            "consents": [
                {
                    "speaker": "Ada Example", "document_sha256": sha256(CONSENT), "scope": "training", "revocation": "by letter",
                    "covers": list(ALL), "expires": "2026-03-31",
                }
            ],
        },
    }  # fmt: skip
    (tmp_path / "registry.yaml").write_text(yaml.safe_dump({"sources": {"talks": told}}))
    papers(tmp_path / "papers", PERMISSION, CONSENT)
    (tmp_path / "papers" / "scan 1").rename(tmp_path / "papers" / "Ada Example, signed.pdf")
    done = command("talks", "--registry", "registry.yaml", cwd=tmp_path)
    assert done.returncode == 1
    assert "--media" in done.stdout
    given = ("--media", "--permissions", "papers", "--to", "root", "--output", "out.json")
    done = command("talks", "--registry", "registry.yaml", *given, "--today", TODAY, cwd=tmp_path)
    assert done.returncode == 1
    assert "talks, speaker 'Ben Roe': there is no consent" in done.stdout
    assert "Ada Example" not in done.stdout  # her papers are in order
    everything = done.stdout + done.stderr + (tmp_path / "out.json").read_text()
    assert "signed.pdf" not in everything
    late = command("talks", "--registry", "registry.yaml", *given, "--today", "2026-04-01", cwd=tmp_path)
    assert "speaker 'Ada Example': the consent expired on 2026-03-31" in late.stdout
    assert [p.name for p in (tmp_path / "root").rglob("*")] == []
