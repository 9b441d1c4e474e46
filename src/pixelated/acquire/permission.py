"""The guard of recordings: fetched with the owner's permission and each speaker's consent, or not at all.

A licence, a public address or anybody's habit of downloading is not consent. What counts is a document that
a person signed, known here by its sha256 and shown at run time (`--permissions DIR`), in force today and
covering what is done. The guard runs before anything is asked of the network.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import urlsplit

from pixelated.acquire.documents import SHA256, Documents, read_documents
from pixelated.core.errors import CheckFailedError, UsageError
from pixelated.core.source import Consent, Source, Transcription

PERSONA = "voice_persona"
_IMITATION = frozenset({"voice_imitation", "style_imitation"})
_PERSONA_USES = _IMITATION | {"persona", PERSONA}
_MADE = ("synthetic", "model")  # origins of text that no person spoke or wrote
_YOUTUBE = re.compile(r"(?:.+\.)?(?:youtube\.com|youtube-nocookie\.com|youtu\.be)")
_LICENCE_WORDS = re.compile(
    r"\bcc0\b|\bcc[ -]?by\b|creative\s+commons|public\s+domain|publicly\s+available|public(?:ly)?\s+access"
    r"|fair\s+(?:use|dealing)|open\s+(?:access|licen[cs]e)|standard\s+youtube|youtube\s+standard",
    re.IGNORECASE,
)
_REVOKED = "was revoked"  # by the person who signed it: no other consent outweighs that
_AFTER_REVOCATION = "delete the transcripts made under it, build without them, and do what the consent says"
_SHOWN = 12  # hex digits of a hash in a message


@dataclass(frozen=True)
class MediaSettings:
    """What a run may do with recordings; by default nothing.

    Attributes:
        allowed: recordings may be fetched (`--media`).
        permissions: folder of the permission and consent documents.
        today: ISO date at which consents must be in force; empty: the real one (UTC).
        keep_audio: the sound stays after it was transcribed.
    """

    allowed: bool = False
    permissions: Path | None = None
    today: str = ""
    keep_audio: bool = False


@dataclass(frozen=True)
class Refusal:
    """Why a source's recordings may not be fetched: about whom, what is missing, what to do."""

    who: str
    missing: str
    remedy: str

    @property
    def line(self) -> str:
        """The reason and the next step, for one line of a report."""
        return f"{self.missing}; to do: {self.remedy}"


def is_media(source: Source) -> bool:
    """Say whether a source is recordings: of kind youtube, to be transcribed, or with an address there."""
    return source.acquire.transcribe is not None or by_platform(source)


def by_platform(source: Source) -> bool:
    """Say whether a source's recordings come from a video platform and not from a place of files."""
    addresses = (source.acquire.location, *source.acquire.fallbacks)
    return source.acquire.kind == "youtube" or any(_on_youtube(a) for a in addresses)


def transcription(source: Source) -> Transcription:
    """Return how a source's recordings become text."""
    return source.acquire.transcribe or Transcription()


def without_media(source: Source) -> Source:
    """Return the source as plain files, to be listed once the guard has let it through.

    `files` says which transcripts are read later: of recordings all are wanted that `exclude` leaves.
    """
    return replace(source, files=("**/*",), acquire=replace(source.acquire, transcribe=None))


def refuse_media(source: Source) -> None:
    """Raise for recordings that come along the way of plain files, past the guard."""
    if is_media(source):
        raise CheckFailedError(
            "media_refused",
            f"source {source.id!r} is recordings of people: they are never fetched as plain files",
            f"with permission and consents: pixelated acquire {source.id} --media --permissions DIR",
        )


def named_speakers(source: Source) -> tuple[str, ...]:
    """Return everyone whom an entry names as heard, sorted."""
    governance = source.governance
    named = {*governance.speakers, *transcription(source).speaker_of.values()}
    return tuple(sorted(named | {c.speaker for c in governance.consents}))


def rests_on_consent(source: Source) -> bool:
    """Say whether a source may be built from only while people's papers hold.

    Recordings and their transcripts; whatever an entry names speakers or papers for; and a persona of
    people, whose voice or style is just what a model would learn. A persona that nobody is behind is free,
    unless its entry says that it imitates somebody.
    """
    governance = source.governance
    papers = governance.speakers or governance.consents or governance.permission_sha256
    imitated = source.origin not in _MADE or bool(_IMITATION & set(governance.prohibited_uses))
    return bool(papers) or is_media(source) or (_is_persona(source) and imitated)


def papers_of(source: Source) -> list[str]:
    """Return the hashes of all documents that an entry rests on, sorted."""
    governance = source.governance
    hashes = {governance.permission_sha256, *(c.document_sha256 for c in governance.consents)}
    return sorted({h.strip().lower() for h in hashes} - {""})


def needed(source: Source) -> frozenset[str]:
    """Return what every speaker's consent must cover for what is done with a source.

    Who trains a model on a person's words may get that person's way of speaking, whatever the family is
    called: consent to training without consent to imitation is not enough.
    """
    does = {"recording", "transcription"}
    if source.use == "train":
        does |= {"training"} | _IMITATION
    if _is_persona(source) or _PERSONA_USES & set(source.governance.allowed_uses):
        does |= _IMITATION
    return frozenset(does)


def refusals(source: Source, media: MediaSettings) -> list[Refusal]:
    """Return everything that keeps a source's recordings from being fetched; empty: they may be.

    Raises:
        UsageError: `today` is no date, or the folder of documents can't be read.
    """
    found = []
    again = f"pixelated acquire {source.id} --media --permissions DIR"
    if not media.allowed:
        found.append(Refusal(source.id, "recordings are not fetched by default (no --media)", again))
    if media.permissions is None:
        found.append(Refusal(source.id, "no folder of permission and consent documents is given", again))
    return found + paper_refusals(source, media.permissions, media.today)


def paper_refusals(source: Source, permissions: Path | None, today: str) -> list[Refusal]:
    """Return what an entry's papers lack on a day; empty: they are in order.

    Args:
        source: the registry entry.
        permissions: folder of the documents; None: only what the entry says is looked at.
        today: ISO date; empty: the real one (UTC).

    Raises:
        UsageError: see `refusals`.
    """
    documents = read_documents(permissions) if permissions is not None else None
    day = _today(today)
    found = list(_permission(source, documents))
    speakers = named_speakers(source)
    if not speakers and source.origin != "synthetic":
        found.append(
            Refusal(
                source.id,
                "the registry entry names nobody who is heard in it",
                "name every speaker in governance.speakers, with a consent for each (docs/speech.md)",
            )
        )
    for speaker in speakers:
        found += _speaker(source, speaker, documents, day)
    return found


def _is_persona(source: Source) -> bool:
    return PERSONA in source.families or PERSONA in source.stage


def _permission(source: Source, documents: Documents | None) -> Iterator[Refusal]:
    """Yield what the platform's or the owner's permission lacks."""
    governance = source.governance
    ask = "ask the platform or the owner in writing; then fill governance.permission and permission_sha256"
    if not governance.permission.strip():
        yield Refusal(source.id, "the platform's or the owner's permission is missing", ask)
    elif _LICENCE_WORDS.search(governance.permission):
        why = "governance.permission names a licence or public availability, and that is no permission"
        yield Refusal(source.id, why, ask)
    if not governance.permission_sha256:
        yield Refusal(source.id, "the hash of the permission's document is missing", ask)
        return
    why = _document(governance.permission_sha256, documents)
    if why:
        yield Refusal(source.id, f"the permission's document {why}", ask)


def _speaker(source: Source, speaker: str, documents: Documents | None, today: date) -> Iterator[Refusal]:
    """Yield what the consents of one speaker lack."""
    who = f"{source.id}, speaker {speaker!r}"
    ask = "obtain a signed consent (docs/speech.md says what it must say) and fill governance.consents"
    mine = [c for c in source.governance.consents if c.speaker == speaker]
    if not mine:
        does = ", ".join(sorted(needed(source)))
        yield Refusal(who, f"there is no consent; it has to cover {does}", ask)
        return
    checked = {consent: list(_consent(consent, documents, today)) for consent in mine}
    covered = {does for consent, wrong in checked.items() if not wrong for does in consent.covers}
    lacking = sorted(needed(source) - covered)
    wrong = [why for whys in checked.values() for why in whys]
    if not lacking and not any(_REVOKED in why for why in wrong):
        return  # a renewed consent stands beside the one that expired
    yield from (Refusal(who, why, _AFTER_REVOCATION if _REVOKED in why else ask) for why in wrong)
    if lacking and not all(checked.values()):
        yield Refusal(who, f"the consent does not cover {', '.join(lacking)}", ask)


def _consent(consent: Consent, documents: Documents | None, today: date) -> Iterator[str]:
    """Yield what is wrong with one consent."""
    why = _document(consent.document_sha256, documents)
    if why:
        yield f"the consent's document {why}"
    if not consent.scope.strip():
        yield "the consent's scope is empty: what the model may be used for"
    if not consent.revocation.strip():
        yield "the consent's revocation is empty: how it is revoked, and what happens then"
    if not consent.expires:
        return
    try:
        if date.fromisoformat(consent.expires) < today:
            yield f"the consent expired on {consent.expires}"
    except ValueError:
        yield f"the consent's expires = {consent.expires!r} is no date"


def _document(sha256: str, documents: Documents | None) -> str:
    """Return what is wrong with a document, or nothing; hashes are shown by their first digits."""
    wanted = sha256.strip().lower()
    if not SHA256.fullmatch(wanted):
        return "is not given as a sha256 of 64 hex digits"
    if documents is None:
        return ""  # that no folder is given stands there already
    shown = f"({wanted[:_SHOWN]}...)"
    if wanted in documents.revoked:
        return f"{shown} {_REVOKED}"
    if wanted not in documents.present:
        return f"{shown} is not in the folder of documents"
    if wanted in documents.public_licences:
        return f"{shown} is the text of a public licence or of terms of service, which nobody signed"
    return ""


def _today(text: str) -> date:
    try:
        return date.fromisoformat(text) if text else datetime.now(UTC).date()
    except ValueError:
        raise UsageError("bad_date", f"--today {text!r} is no date", "write it as 2026-01-31") from None


def _on_youtube(address: str) -> bool:
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return False
    return bool(_YOUTUBE.fullmatch(host))
