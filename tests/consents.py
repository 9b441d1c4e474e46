"""A source of recordings whose papers are in order, and the folder that holds them; tests break one thing."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from pixelated.acquire.permission import MediaSettings
from pixelated.core.source import Acquisition, Consent, Governance, Source, Transcription

ALL = ("recording", "transcription", "training", "voice_imitation", "style_imitation")
TODAY = "2026-03-01"
PERMISSION = b"The owner of the channel allows this project to download its talks for training.\n"
CONSENT = b"I, the speaker, agree that my talks are recorded, transcribed and used for training.\n"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def papers(folder: Path, *documents: bytes) -> Path:
    """Write documents under names that say nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, document in enumerate(documents):
        (folder / f"scan {number}").write_bytes(document)
    return folder


def consent(speaker: str = "Ada Example", **changes: Any) -> Consent:
    told: dict[str, Any] = {
        "document_sha256": sha256(CONSENT),
        "covers": ALL,
        "scope": "training therapists; the way of speaking too",
        "revocation": "by letter; transcripts are deleted and the next release is built without them",
    }
    return Consent(speaker, **(told | changes))


def governance(**changes: Any) -> Governance:
    told: dict[str, Any] = {
        "permission": "letter of the channel's owner, file 12/2026",
        "permission_sha256": sha256(PERMISSION),
        "speakers": ("Ada Example",),
        "consents": (consent(),),
    }
    return Governance(**(told | changes))


def talks(location: str = "", **changes: Any) -> Source:
    """Return a source of recordings, of kind youtube unless `acquire` says otherwise."""
    told: dict[str, Any] = {
        "path": "talks",
        "license": "LicenseRef-permission",
        "families": ("video_transcripts",),
        "origin": "transcript",
        "governance": governance(),
        "acquire": Acquisition(
            kind="youtube", location=location or "https://www.youtube.com/playlist?list=PL1"
        ),
    }
    return Source("talks", **(told | changes))


def files(location: Path, **how: Any) -> Source:
    """Return a source whose recordings are files of a folder."""
    wanted = Transcription(**({"recogniser": "pocketsphinx"} | how))
    return talks(acquire=Acquisition(kind="local", location=str(location), transcribe=wanted))


def allowed(folder: Path, **changes: Any) -> MediaSettings:
    """Return settings under which `talks` may be fetched."""
    there = papers(folder, PERMISSION, CONSENT)
    return replace(MediaSettings(allowed=True, permissions=there, today=TODAY), **changes)
