"""A source of recordings: guarded, then one recording after the other to its transcript.

Sound lies in `<root>/.staging/<source>/` (mode 0700) while it is worked on and is removed when its transcript
has its name; a voice identifies a person. With `keep_audio` it goes to `<root>/.audio/<source>/` (0700).
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pixelated.acquire.fetch import STAGING, Options, Outcome, alone
from pixelated.acquire.media.audio import require_converter, seconds, to_wav
from pixelated.acquire.media.recogniser import Recogniser, Segment, recogniser_for
from pixelated.acquire.media.recordings import FilesOfPlace, Recording, Recordings
from pixelated.acquire.media.youtube import YouTube
from pixelated.acquire.permission import by_platform, named_speakers, papers_of, refusals, transcription
from pixelated.core.downloads.download import Got
from pixelated.core.errors import EXIT_INTERNAL, CheckFailedError, PixelatedError
from pixelated.core.fingerprint import fingerprint, sha256_file
from pixelated.core.places import UnavailableError
from pixelated.core.receipts import FileReceipt, Receipt, now, read_receipt, write_receipt
from pixelated.core.source import Source
from pixelated.core.store import LocalStore

AUDIO = ".audio"


@dataclass
class Plan:
    """What would be fetched: where, the recordings that have no transcript yet, those that have one."""

    uri: str
    todo: list[Recording] = field(default_factory=list)
    kept: list[Got] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class _Work:
    """One run over a source: its recogniser is loaded when the first sound needs it."""

    source: Source
    options: Options
    origin: Recordings
    receipt: Receipt
    loaded: Recogniser | None = None

    @property
    def staging(self) -> Path:
        return self.options.root / STAGING / self.source.id

    def recogniser(self) -> Recogniser:
        self.loaded = self.loaded or recogniser_for(transcription(self.source))
        return self.loaded


def guard(source: Source, options: Options) -> None:
    """Raise for recordings that may not be fetched.

    Raises:
        CheckFailedError: names everything that is missing.
        UsageError: see `refusals`.
    """
    found = refusals(source, options.media)
    if found:
        lines = "; ".join(f"{r.who}: {r.missing}" for r in found)
        raise CheckFailedError("media_refused", lines, found[0].remedy)


def plan_media(source: Source, options: Options) -> Plan:
    """Return what would be fetched of a source that the guard lets through.

    Raises:
        CheckFailedError: the guard refuses it; nothing was asked of any network.
        UnavailableError, UsageError: it can't be listed.
    """
    guard(source, options)
    return _plan(source, options, _origin(source, options))


def fetch_media(source: Source, options: Options) -> Outcome:
    """Bring the transcripts of a source home. What can't be had is a problem of the outcome.

    Raises:
        StoppedError, UsageError, InternalError: see `pixelated.acquire.fetch.fetch_source`.
    """
    refused = refusals(source, options.media)
    if refused:
        problems = [(r.who, r.line) for r in refused]
        return Outcome(
            source.id, "refused", problems=problems, remedy="nothing was fetched; see docs/speech.md"
        )
    with alone(options.root, source.id):
        try:
            origin = _origin(source, options)
        except CheckFailedError as error:
            return Outcome(source.id, "refused", problems=[(source.id, error.message)], remedy=error.remedy)
        except PixelatedError as error:
            return Outcome(
                source.id, "incomplete", problems=[(source.id, error.message)], remedy=error.remedy
            )
        return _fetch(source, options, origin)


def _origin(source: Source, options: Options) -> Recordings:
    return YouTube(source, options) if by_platform(source) else FilesOfPlace(source, options)


def _plan(source: Source, options: Options, origin: Recordings) -> Plan:
    receipt = read_receipt(options.root, source.id)
    plan = Plan(origin.uri, problems=list(origin.problems))
    for recording in origin.listed():
        there = _there(source, recording, receipt, options)
        if there is None:
            plan.todo.append(recording)
        else:
            plan.kept.append(there)
    return plan


def _fetch(source: Source, options: Options, origin: Recordings) -> Outcome:
    plan = _plan(source, options, origin)
    outcome = Outcome(source.id, uri=origin.uri, problems=plan.problems)
    outcome.files = list(plan.kept)
    outcome.kept = [got.name for got in plan.kept]
    options.expecting(sum(recording.size or 0 for recording in plan.todo))
    work = _Work(source, options, origin, read_receipt(options.root, source.id))
    work.receipt.license = source.license
    for recording in plan.todo:
        try:
            outcome.files.append(_transcript(work, recording))
        except PixelatedError as error:
            if error.exit_code == EXIT_INTERNAL:
                raise
            outcome.problems.append((recording.id, error.message))
            outcome.remedy = outcome.remedy or error.remedy
    outcome.files.sort(key=lambda f: f.name)
    if outcome.problems:
        outcome.status = "incomplete"
    return outcome


def _transcript(work: _Work, recording: Recording) -> Got:
    """Write one transcript and its receipt; its sound is gone then, or kept where that is asked for."""
    staging = work.staging / hashlib.sha256(recording.id.encode()).hexdigest()[:24]
    staging.mkdir(parents=True, exist_ok=True, mode=0o700)
    captions = work.origin.captions(recording, staging)
    told: dict[str, Any] = {"recogniser": {"name": "captions", "made_by": "the owner"}}
    fetched = 0
    if captions is None:
        work.recogniser()  # before the sound: what can't be transcribed need not come
        require_converter(recording.about.get("file", ""))
        sound = work.origin.fetch(recording, staging)
        fetched = sound.stat().st_size
        told["sha256"], told["bytes"] = sha256_file(sound), fetched
        captions = _hear(work, sound, told)
        _keep(work, sound, recording)
    elif strangers := _strangers(work.source, captions):
        shutil.rmtree(staging)
        raise UnavailableError(
            "speaker_without_consent",
            f"its captions name {strangers} speakers whom the registry entry does not name",
            "name everyone who is heard in governance.speakers, with a consent for each (docs/speech.md)",
        )
    if not captions:
        shutil.rmtree(staging)
        raise UnavailableError("no_speech", "no speech was recognised in it", "listen to it; or leave it out")
    got = _write(work, recording, captions, told, fetched)
    shutil.rmtree(staging)
    return got


def _strangers(source: Source, captions: list[Segment]) -> int:
    """Count the voices of captions that are nobody's whom the entry names; a first name alone may be."""
    if source.origin == "synthetic":
        return 0
    known = [set(name.casefold().split()) for name in named_speakers(source)]
    voices = {s.speaker for s in captions if s.speaker}
    return sum(not any(set(v.casefold().split()) <= name for name in known) for v in voices)


def _hear(work: _Work, sound: Path, told: dict[str, Any]) -> list[Segment]:
    """Return what is said in a recording; one that can't be decoded is removed at once."""
    wav = sound.with_name("sound.wav.16k")
    try:
        told["converted_by"] = to_wav(sound, wav)
        told["seconds"] = round(seconds(wav), 3)
        told["recogniser"] = work.recogniser().about()
        return list(work.recogniser().segments(wav))
    except UnavailableError:
        shutil.rmtree(sound.parent)
        raise
    finally:
        wav.unlink(missing_ok=True)


def _keep(work: _Work, sound: Path, recording: Recording) -> None:
    """Move the sound to the private folder where the user asked for it."""
    if not work.options.media.keep_audio:
        return
    target = work.options.root / AUDIO / work.source.id / (recording.id + sound.suffix)
    for folder in reversed(target.relative_to(work.options.root).parents[:-1]):
        (work.options.root / folder).mkdir(mode=0o700, exist_ok=True)
    sound.chmod(0o600)
    sound.replace(target)


def _write(
    work: _Work, recording: Recording, segments: list[Segment], told: dict[str, Any], fetched: int
) -> Got:
    source, how = work.source, transcription(work.source)
    everyone = named_speakers(source)
    voices = {s.speaker for s in segments if s.speaker}
    only = everyone[0] if len(everyone) == 1 and not voices else ""
    speaker = how.speaker_of.get(recording.id, only)  # as the entry says; who speaks is never guessed
    value = {
        "source": source.id,
        "recording_id": recording.id,
        **recording.about,
        **told,
        "language": how.language,
        "text": " ".join(s.text for s in segments),
        "segments": [s.as_json(number, speaker) for number, s in enumerate(segments)],
    }
    name = f"{recording.id}.json"
    store = LocalStore(work.options.root / source.path)
    store.write_json(name, value)
    path = store.path(name)
    got = Got(name, path.stat().st_size, sha256_file(path), "sha256", fetched)
    version, rests_on = _version(source, recording), papers_of(source)
    work.receipt.files[name] = FileReceipt(
        name, got.size, got.sha256, work.origin.uri, version, "sha256", rests_on=rests_on
    )
    work.receipt.retrieved_at = now()
    write_receipt(work.options.root, work.receipt)
    return got


def _version(source: Source, recording: Recording) -> str:
    """Return what a transcript rests on: the recording's version and how it becomes text."""
    return f"{recording.version}; {recording.size} bytes; {fingerprint(asdict(transcription(source)))}"


def _there(source: Source, recording: Recording, receipt: Receipt, options: Options) -> Got | None:
    """Return the transcript of this version of a recording, made in this way, if it is there."""
    name = f"{recording.id}.json"
    path, known = options.root / source.path / name, receipt.files.get(name)
    if known is None or known.version != _version(source, recording):
        return None
    if not path.is_file() or path.stat().st_size != known.size:
        return None
    if not recording.version and recording.size is None:
        return None  # nobody says whether it is the same one
    if options.verify and sha256_file(path) != known.sha256:
        return None
    return Got(name, known.size, known.sha256, known.checked)
