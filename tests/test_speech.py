"""Recordings to transcripts: real synthesised speech, a real recogniser, a yt-dlp that stands in for the real one."""

from __future__ import annotations

import json
import math
import shutil
import stat
import struct
import subprocess
import sys
import wave
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import yaml

from consents import PERMISSION, allowed, consent, files, governance, sha256, talks
from fake_yt_dlp import Site, Video
from pixelated.acquire.fetch import Options, Outcome, fetch_source
from pixelated.acquire.media import run as media_run
from pixelated.acquire.media.audio import seconds, to_wav
from pixelated.acquire.media.faster_whisper import FasterWhisper
from pixelated.acquire.media.recogniser import Segment, recogniser_for
from pixelated.acquire.run import check_all, plan_all
from pixelated.core.downloads.limiter import Limiter, StoppedError
from pixelated.core.errors import UsageError
from pixelated.core.places import UnavailableError
from pixelated.core.source import Acquisition, Mapping, Source, Transcription
from servers.http_server import HttpServer
from standardise_reading import read, records, refusals

SENTENCES = (
    "my name is anna",
    "how are you feeling today",
    "i feel very tired and alone",
    "thank you for telling me",
)
GRAMMAR = f"#JSGF V1.0;\ngrammar talk;\npublic <said> = {' | '.join(SENTENCES)};\n"
CAPTIONS = """WEBVTT

00:01.000 --> 00:02.500
<v Ada Example>What brings you
here today?

00:03.000 --> 00:04.000
I could not sleep.
"""
needs_espeak = pytest.mark.skipif(
    not (shutil.which("espeak-ng") and shutil.which("sox")),
    reason="espeak-ng and sox are not installed: apt-get install espeak-ng sox",
)
needs_sox = pytest.mark.skipif(not shutil.which("sox"), reason="sox is not installed: apt-get install sox")


def tone(path: Path, rate: int = 16_000, channels: int = 1, length: float = 1.0) -> bytes:
    """Write a hum as WAV and return its bytes."""
    samples = [int(8000 * math.sin(i / 20)) for i in range(int(rate * length))]
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", "not compressed"))
        file.writeframes(b"".join(struct.pack("<h", s) * channels for s in samples))
    return path.read_bytes()


def say(path: Path, *sentences: str) -> Path:
    """Synthesise sentences with pauses between them, at 16 kHz."""
    path.parent.mkdir(parents=True, exist_ok=True)
    parts = []
    for number, sentence in enumerate(sentences):
        raw, part = path.with_suffix(f".{number}.raw.wav"), path.with_suffix(f".{number}.part.wav")
        subprocess.run(["espeak-ng", "-v", "en-us", "-s", "140", "-w", raw, sentence], check=True)
        shape = ["-r", "16000", "-c", "1", "-b", "16", part, "pad", "0.5", "0.8"]
        subprocess.run(["sox", "-D", raw, *shape], check=True)
        raw.unlink()
        parts.append(part)
    subprocess.run(["sox", *parts, path], check=True)
    for part in parts:
        part.unlink()
    return path


class Parrot:
    """A recogniser that says how long the sound is."""

    def __init__(self, _: Transcription) -> None:
        pass

    def about(self) -> dict[str, str]:
        return {"name": "parrot", "version": "1", "model": "none"}

    def segments(self, wav: Path) -> Iterator[Segment]:
        length = seconds(wav)
        if length > 0.5:
            yield Segment(0.0, length, f"heard {length:.1f} seconds", confidence=0.5)


@pytest.fixture
def parrot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_run, "recogniser_for", Parrot)


def site(monkeypatch: pytest.MonkeyPatch, **videos: Video) -> Site:
    found = Site(videos)
    module = found.module()
    monkeypatch.setitem(sys.modules, "yt_dlp", module)
    monkeypatch.setitem(sys.modules, "yt_dlp.utils", module.utils)
    return found


def options(folder: Path, **changes: Any) -> Options:
    return Options(folder / "root", media=allowed(folder / "papers", **changes))


def transcript(folder: Path, name: str) -> dict[str, Any]:
    return json.loads((folder / "root" / "talks" / f"{name}.json").read_bytes())


def sounds(folder: Path) -> list[str]:
    """Return whatever lies in the root but transcripts and receipts."""
    root = folder / "root"
    return sorted(
        p.relative_to(root).as_posix()
        for p in root.rglob("*")
        if p.is_file() and p.suffix != ".json" and p.name != ".lock"
    )


# YouTube, by a yt-dlp of our own


def test_captions_of_the_owner_are_taken_instead_of_the_sound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = site(monkeypatch, abc=Video(b"sound", {"de": "WEBVTT\n", "en": CAPTIONS, "live_chat": "x"}))
    outcome = fetch_source(talks(), options(tmp_path))
    assert outcome.status == "complete", outcome.problems
    told = transcript(tmp_path, "abc")
    assert told["segments"] == [
        {"id": 0, "start": 1.0, "end": 2.5, "text": "What brings you here today?", "speaker": "Ada Example"},
        {
            "id": 1,
            "start": 3.0,
            "end": 4.0,
            "text": "I could not sleep.",
        },  # a cue that names nobody is nobody's
    ]
    assert told["recogniser"] == {"name": "captions", "made_by": "the owner"}
    assert (told["source"], told["video_id"], told["language"]) == ("talks", "abc", "en")
    assert there.sent == 0
    assert sounds(tmp_path) == []
    assert "title with a name" not in json.dumps(told)


def test_a_voice_whom_the_entry_does_not_name_is_not_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Captions that name a second speaker show that somebody is heard who was not asked."""
    second = CAPTIONS.replace("I could not", "<v Ben Roe>I could not")
    site(monkeypatch, abc=Video(b"", {"en": second}), d=Video(b"", {"en": CAPTIONS.replace(" Example", "")}))
    outcome = fetch_source(talks(), options(tmp_path))
    assert [f.name for f in outcome.files] == ["d.json"]  # her first name is hers
    [(what, why)] = outcome.problems
    assert what == "abc"
    assert "name 1 speakers whom" in why
    assert "Ben" not in json.dumps(outcome.as_json())
    assert sounds(tmp_path) == []
    both = governance(consents=(consent(), consent("Ben Roe")))
    assert fetch_source(replace(talks(), governance=both), options(tmp_path)).status == "complete"


@pytest.mark.parametrize(
    ("offered", "how", "sound"),
    [
        ({"subtitles": {"en-GB": CAPTIONS}}, {}, False),
        ({"subtitles": {"de": CAPTIONS}}, {}, True),
        ({"automatic": {"en": CAPTIONS}}, {}, True),
        ({"subtitles": {"en": CAPTIONS}}, {"captions": False}, True),
        ({"subtitles": {"english": CAPTIONS}}, {}, True),
    ],
)
@pytest.mark.usefixtures("parrot")
def test_which_captions_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, offered: dict[str, Any], how: dict[str, Any], sound: bool
) -> None:
    there = site(monkeypatch, abc=Video(tone(tmp_path / "a.wav"), **offered))
    source = talks()
    source = replace(source, acquire=replace(source.acquire, transcribe=Transcription(**how)))
    assert fetch_source(source, options(tmp_path)).status == "complete"
    told = transcript(tmp_path, "abc")
    assert (told["recogniser"]["name"] == "parrot") is sound
    assert (there.sent > 0) is sound


@pytest.mark.usefixtures("parrot")
def test_a_playlist_comes_but_for_what_is_private_gone_or_live(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = tone(tmp_path / "a.wav")
    there = site(
        monkeypatch,
        good=Video(body),
        members=Video(error="This video is available to this channel's members. https://x.y/?sig=SECRET"),
        stream=Video(body, live_status="is_live"),
    )
    there.extra = [
        None,
        {"id": "gone", "title": "[Deleted video]", "url": "u"},
        {"id": "hidden", "title": "[Private video]", "url": "u"},
        {"id": "paid", "title": "t", "availability": "subscriber_only", "url": "u"},
        {"id": "../../up", "title": "t", "url": "u"},
        {"id": "PL2", "_type": "url", "ie_key": "YoutubeTab", "url": "u"},
        {"id": "good", "title": "t", "url": "https://www.youtube.com/watch?v=good"},
    ]
    outcome = fetch_source(talks(), options(tmp_path))
    assert outcome.status == "incomplete"
    assert [f.name for f in outcome.files] == ["good.json"]
    why = dict(outcome.problems)
    assert set(why) == {"entry 4 of the list", "gone", "hidden", "paid", "entry 8 of the list", "PL2", "members", "stream"}  # fmt: skip
    assert "deleted" in why["gone"]
    assert "private" in why["hidden"]
    assert "subscriber_only" in why["paid"]
    assert "list within the list" in why["PL2"]
    assert why["members"] == "[youtube] members: This video is available to this channel's members. (address)"
    assert "live" in why["stream"]
    assert "SECRET" not in json.dumps(outcome.as_json())
    assert [p.name for p in (tmp_path / "root" / "talks").rglob("*.json")] == ["good.json"]


@pytest.mark.usefixtures("parrot")
def test_a_download_goes_on_in_its_part_and_leaves_no_sound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = tone(tmp_path / "a.wav", length=2.0)
    there = site(monkeypatch, abc=Video(body, cut_at=30_000))
    first = fetch_source(talks(), options(tmp_path))
    assert first.status == "incomplete"
    assert "403" in first.problems[0][1]
    [part] = sounds(tmp_path)
    assert part.endswith(".part")
    folder = (tmp_path / "root" / part).parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    arrived: list[int] = []
    again = replace(options(tmp_path), arrived=arrived.append)
    second = fetch_source(talks(), again)
    assert second.status == "complete"
    assert there.sent == len(body)
    told = transcript(tmp_path, "abc")
    assert (told["sha256"], told["bytes"], told["seconds"]) == (sha256(body), len(body), 2.0)
    assert told["recogniser"] == {"name": "parrot", "version": "1", "model": "none"}
    assert told["segments"] == [
        {
            "id": 0,
            "start": 0.0,
            "end": 2.0,
            "text": "heard 2.0 seconds",
            "speaker": "Ada Example",
            "confidence": 0.5,
        }
    ]
    assert sounds(tmp_path) == []
    questions = len(there.asked)
    third = fetch_source(talks(), options(tmp_path))
    assert third.kept == ["abc.json"]
    assert len(there.asked) == questions + 1  # the list alone


@pytest.mark.usefixtures("parrot")
def test_an_interruption_stops_the_download_and_keeps_its_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site(monkeypatch, abc=Video(tone(tmp_path / "a.wav")))
    limiter = Limiter(rate=123)
    asked = replace(options(tmp_path), limiter=limiter)
    limiter.stopped.set()
    with pytest.raises(StoppedError):
        fetch_source(talks(), asked)
    assert len(sounds(tmp_path)) == 1
    assert not (tmp_path / "root" / "talks").exists()


def test_settings_of_yt_dlp_are_ours_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = site(monkeypatch, abc=Video(b"", {"en": CAPTIONS}))
    fetch_source(talks(), options(tmp_path))
    for _, params in there.asked:
        assert params["cachedir"] is False
        assert params["remote_components"] == []
        assert not {"cookiefile", "cookiesfrombrowser", "username", "usenetrc"} & set(params)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("builtins.print", lambda *_: pytest.fail("it printed"))
            params["logger"].error("x")


def test_a_list_that_is_gone_and_a_fallback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site(monkeypatch, abc=Video(b"", {"en": CAPTIONS}))
    gone = talks("https://www.youtube.com/playlist?list=gone")
    outcome = fetch_source(gone, options(tmp_path))
    assert outcome.status == "incomplete"
    assert "does not exist" in outcome.problems[0][1]
    assert "SECRET" not in outcome.problems[0][1]
    second = replace(
        gone, acquire=replace(gone.acquire, fallbacks=("https://www.youtube.com/playlist?list=PL1",))
    )
    outcome = fetch_source(second, options(tmp_path))
    assert [f.name for f in outcome.files] == ["abc.json"]


def test_dry_run_and_check_list_and_fetch_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = site(monkeypatch, abc=Video(b"x", {"en": CAPTIONS}), d=Video(b"x"))
    asked = options(tmp_path)
    [plan] = plan_all([talks()], asked)
    assert (plan.files, plan.unknown, plan.refused) == (2, 2, False)
    [access] = check_all([talks()], media=asked.media)
    assert access.available
    assert {url for url, _ in there.asked} == {"https://www.youtube.com/playlist?list=PL1"}
    assert not (tmp_path / "root").exists()


def test_without_yt_dlp_the_message_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "yt_dlp", None)
    outcome = fetch_source(talks(), options(tmp_path))
    assert outcome.status == "incomplete"
    assert "pixelated-empathy[speech]" in outcome.remedy


@pytest.mark.usefixtures("parrot")
def test_the_real_yt_dlp_where_it_is_installed(tmp_path: Path, http_server: HttpServer) -> None:
    """Its reader of plain web addresses, on loopback: an interrupted download, captions of a page, a 404."""
    pytest.importorskip("yt_dlp", reason="yt-dlp is not installed: pip install 'pixelated-empathy[speech]'")
    body = tone(tmp_path / "a.wav", length=30.0)
    http_server.add("/talk.wav", body)
    http_server.add("/cap.vtt", CAPTIONS.encode())
    page = '<html><video src="/talk.wav"><track kind="subtitles" src="/cap.vtt" srclang="en"></video></html>'
    http_server.add("/page.html", page.encode())

    def at(path: str) -> Source:
        return talks(acquire=Acquisition(kind="youtube", location=http_server.url + path))

    stopping = options(tmp_path)
    stopping.arrived = lambda _: stopping.limiter.stopped.set()
    with pytest.raises(StoppedError):
        fetch_source(at("/talk.wav"), stopping)
    [part] = sounds(tmp_path)
    there = (tmp_path / "root" / part).stat().st_size
    assert part.endswith(".part")
    assert 0 < there < len(body)
    outcome = fetch_source(at("/talk.wav"), options(tmp_path))
    assert (outcome.status, outcome.problems) == ("complete", [])
    assert transcript(tmp_path, "talk")["sha256"] == sha256(body)
    assert f"bytes={there}-" in [e.range for e in http_server.requests("/talk.wav", "GET")]
    assert [f.name for f in fetch_source(at("/page.html"), options(tmp_path)).files] == ["page-1.json"]
    assert transcript(tmp_path, "page-1")["segments"][0]["text"] == "What brings you here today?"
    assert "404" in fetch_source(at("/none"), options(tmp_path)).problems[0][1]
    assert sounds(tmp_path) == []


# files of a place


@pytest.mark.usefixtures("parrot")
def test_a_folder_of_recordings_becomes_a_folder_of_transcripts(tmp_path: Path) -> None:
    box = tmp_path / "box"
    (box / "week 1").mkdir(parents=True)
    tone(box / "a.wav")
    tone(box / "week 1" / "b.wav", length=2.0)
    tone(box / "silence.wav", length=0.2)
    tone(box / "twice.wav")
    (box / "twice.mp3").write_bytes(b"x")
    (box / "broken.flac").write_bytes(b"not a recording at all")
    (box / "notes.txt").write_text("x")
    (box / "README.md").write_text("x")
    source = replace(files(box, speaker_of={"a": "Ben Roe"}), files=("**/*.json",))
    both = governance(speakers=("Ada Example", "Ben Roe"), consents=(consent(), consent("Ben Roe")))
    source = replace(source, governance=both)
    outcome = fetch_source(source, options(tmp_path))
    assert [f.name for f in outcome.files] == ["a.json", "week 1/b.json"]
    why = dict(outcome.problems)
    assert set(why) == {"silence", "twice.mp3", "twice.wav", "broken", "notes.txt"}
    assert "no speech" in why["silence"]
    assert "cannot decode" in why["broken"] or "neither ffmpeg nor sox" in why["broken"]
    assert "same name" in why["twice.wav"]
    assert transcript(tmp_path, "a")["segments"][0]["speaker"] == "Ben Roe"
    assert "speaker" not in transcript(tmp_path, "week 1/b")["segments"][0]  # two may speak: nobody guesses
    assert sounds(tmp_path) == []
    assert sorted(p.name for p in box.rglob("*.wav")) == ["a.wav", "b.wav", "silence.wav", "twice.wav"]


@pytest.mark.usefixtures("parrot")
def test_what_changed_is_heard_again_and_what_did_not_is_kept(tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.mkdir()
    tone(box / "a.wav")
    tone(box / "b.wav")
    source = files(box)
    assert fetch_source(source, options(tmp_path)).kept == []
    before = (tmp_path / "root/talks/a.json").read_bytes()
    assert fetch_source(source, options(tmp_path)).kept == ["a.json", "b.json"]
    tone(box / "b.wav", length=3.0)
    assert fetch_source(source, options(tmp_path)).kept == ["a.json"]
    assert transcript(tmp_path, "b")["seconds"] == 3.0
    other = replace(
        source, acquire=replace(source.acquire, transcribe=Transcription("pocketsphinx", model="x"))
    )
    assert fetch_source(other, options(tmp_path)).kept == []
    assert (tmp_path / "root/talks/a.json").read_bytes() == before  # the same sound, the same bytes
    (tmp_path / "root/talks/a.json").write_bytes(before.replace(b"heard", b"hoard"))
    verified = replace(options(tmp_path), verify=True)
    assert fetch_source(other, verified).kept == ["b.json"]


@pytest.mark.usefixtures("parrot")
def test_the_sound_is_kept_where_that_is_asked_for_and_only_for_its_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "box" / "x").mkdir(parents=True)
    body = tone(tmp_path / "box" / "x" / "a.wav")
    fetch_source(files(tmp_path / "box"), options(tmp_path, keep_audio=True))
    assert sounds(tmp_path) == [".audio/talks/x/a.wav"]
    kept = tmp_path / "root/.audio/talks/x/a.wav"
    assert kept.read_bytes() == body
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    for folder in (kept.parent, kept.parent.parent, kept.parent.parent.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    site(monkeypatch, abc=Video(body))
    fetch_source(talks(), options(tmp_path, keep_audio=True))
    assert stat.S_IMODE((tmp_path / "root/.audio/talks/abc.wav").stat().st_mode) == 0o600


# conversion


def test_sound_in_the_right_shape_needs_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    tone(tmp_path / "a.wav")
    assert to_wav(tmp_path / "a.wav", tmp_path / "b") == ""
    tone(tmp_path / "c.wav", rate=8000)
    with pytest.raises(UsageError, match="neither ffmpeg nor sox") as caught:
        to_wav(tmp_path / "c.wav", tmp_path / "b")
    assert "apt-get install" in caught.value.remedy


@needs_sox
@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (44_100, 2), (16_000, 2)])
def test_any_sound_becomes_16_khz_mono(
    tmp_path: Path, rate: int, channels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_sox = tmp_path / "bin"
    only_sox.mkdir()
    (only_sox / "sox").symlink_to(str(shutil.which("sox")))
    monkeypatch.setenv("PATH", str(only_sox))
    tone(tmp_path / "a.wav", rate, channels)
    outputs = []
    for name in ("b", "c"):
        assert to_wav(tmp_path / "a.wav", tmp_path / name) == "sox"
        with wave.open(str(tmp_path / name)) as file:
            assert file.getparams()[:3] == (1, 2, 16_000)
        outputs.append((tmp_path / name).read_bytes())
    assert seconds(tmp_path / "b") == pytest.approx(1.0, abs=0.01)
    assert outputs[0] == outputs[1]
    (tmp_path / "d.flac").write_bytes(b"#EXTM3U\n/etc/passwd\n")
    with pytest.raises(UnavailableError, match=r"d\.flac: sox cannot decode it"):
        to_wav(tmp_path / "d.flac", tmp_path / "e")


@needs_sox
def test_a_recording_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pixelated.acquire.media.audio._MAX_SECONDS", 2)
    tone(tmp_path / "a.wav", rate=8000, length=3.0)
    with pytest.raises(UnavailableError, match="longer than"):
        to_wav(tmp_path / "a.wav", tmp_path / "b")


def test_ffmpeg_is_asked_for_recordings_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in notes its arguments and copies a sound to the last of them."""
    tone(tmp_path / "sound.wav")
    program = tmp_path / "bin" / "ffmpeg"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\nfor a in "$@"; do echo "$a" >> {tmp_path}/said; done\ncp {tmp_path}/sound.wav "${{a#file:}}"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    (tmp_path / "-x.webm").write_bytes(b"x")
    assert to_wav(tmp_path / "-x.webm", tmp_path / "b") == "ffmpeg"
    said = (tmp_path / "said").read_text().splitlines()
    assert said[said.index("-protocol_whitelist") + 1] == "file"
    assert "hls" not in said[said.index("-format_whitelist") + 1]
    assert said[said.index("-i") + 1] == f"file:{tmp_path}/-x.webm"
    assert "-nostdin" in said


# recognisers


def whisper_module(folder: Path, asked: list[Any]) -> ModuleType:
    module = ModuleType("faster_whisper")

    class WhisperModel:
        def __init__(self, where: str, **settings: Any) -> None:
            asked.append((where, settings))

        def transcribe(self, wav: str, **settings: Any) -> tuple[Iterator[Any], Any]:
            asked.append((wav, settings))
            figures = {"avg_logprob": -0.25, "no_speech_prob": 0.01, "compression_ratio": 1.2}
            told = [(0.0, 1.5, " Hello there."), (1.5, 2.0, "  "), (2.0, 3.25, " Go on.")]
            found = (SimpleNamespace(start=s, end=e, text=t, **figures) for s, e, t in told)
            return found, SimpleNamespace(language="en")

    def download_model(name: str, *, local_files_only: bool) -> str:
        assert local_files_only
        if name != "small":
            raise FileNotFoundError(name)
        return str(folder)

    module.WhisperModel = WhisperModel  # type: ignore[attr-defined]
    module.__version__ = "1.2.1"  # type: ignore[attr-defined]
    module.utils = SimpleNamespace(download_model=download_model)  # type: ignore[attr-defined]
    return module


def test_faster_whisper_is_greedy_local_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    (tmp_path / "model.bin").write_bytes(b"weights")
    monkeypatch.setitem(sys.modules, "faster_whisper", whisper_module(tmp_path, asked))
    recogniser = recogniser_for(Transcription(language="en"))
    found = list(recogniser.segments(tmp_path / "a.wav"))
    assert [(s.start, s.end, s.text) for s in found] == [(0.0, 1.5, "Hello there."), (2.0, 3.25, "Go on.")]
    assert found[0].confidence == pytest.approx(math.exp(-0.25))
    assert found[0].as_json(0, "A")["avg_logprob"] == -0.25
    about = recogniser.about()
    assert (about["model"], about["version"]) == ("small", "1.2.1")
    assert about["model_sha256"] == sha256(b"weights")
    assert asked[0][1]["local_files_only"] is True
    assert (asked[1][1]["temperature"], asked[1][1]["language"]) == (0.0, "en")
    with pytest.raises(UsageError, match="not on this machine"):
        FasterWhisper(Transcription(model="large-v9"))
    with pytest.raises(UsageError, match="no grammar"):
        FasterWhisper(Transcription(grammar="g.jsgf"))


def test_a_recogniser_that_is_not_installed_costs_no_download(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    there = site(monkeypatch, abc=Video(b"sound"))
    outcome = fetch_source(talks(), options(tmp_path))
    assert outcome.problems == [("abc", "transcribing needs faster-whisper")]
    assert "pixelated-empathy[speech]" in outcome.remedy
    assert there.sent == 0


def test_pocketsphinx_refuses_what_it_cannot_do(tmp_path: Path) -> None:
    pytest.importorskip("pocketsphinx")
    with pytest.raises(UsageError, match="US English"):
        recogniser_for(Transcription("pocketsphinx", language="de"))
    for text in ("no grammar at all", GRAMMAR.replace("anna", "xqzzt")):
        (tmp_path / "g.jsgf").write_text(text)
        with pytest.raises(UsageError, match="cannot load"):
            recogniser_for(Transcription("pocketsphinx", grammar=str(tmp_path / "g.jsgf")))


# the whole way, with real sound


def hear(folder: Path, source: Source) -> Outcome:
    outcome = fetch_source(source, options(folder))
    assert outcome.status == "complete", outcome.problems
    return outcome


def word_error_rate(said: str, heard: str) -> float:
    """Return edit distance in words over the words said."""
    a, b = said.split(), heard.split()
    row = list(range(len(b) + 1))
    for i, word in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (word != other))
    return row[-1] / len(a)


@needs_espeak
def test_synthesised_speech_comes_out_word_for_word(tmp_path: Path) -> None:
    """Speech of espeak-ng through the command to transcripts that `pixelated standardise` reads."""
    pytest.importorskip("pocketsphinx")
    box = tmp_path / "box"
    say(box / "session.wav", *SENTENCES)
    for number, sentence in enumerate(SENTENCES):
        say(box / f"alone {number}.wav", sentence)
    (tmp_path / "g.jsgf").write_text(GRAMMAR)
    source = files(box, grammar=str(tmp_path / "g.jsgf"))
    hear(tmp_path, source)
    told = transcript(tmp_path, "session")
    assert [s["text"] for s in told["segments"]] == list(SENTENCES)
    assert [transcript(tmp_path, f"alone {n}")["text"] for n in range(4)] == list(SENTENCES)
    times = [t for s in told["segments"] for t in (s["start"], s["end"])]
    assert times == sorted(times)
    assert told["segments"][0]["start"] == pytest.approx(0.5, abs=0.25)
    assert times[-1] < told["seconds"]
    assert told["recogniser"]["grammar_sha256"] == sha256(GRAMMAR.encode())
    assert sounds(tmp_path) == []
    before = {p.name: p.read_bytes() for p in (tmp_path / "root/talks").iterdir()}
    shutil.rmtree(tmp_path / "root")
    (box / "alone 0.wav").unlink()  # another order of files, the same text of each
    hear(tmp_path, source)
    assert {p.name: p.read_bytes() for p in (tmp_path / "root/talks").iterdir()}.items() <= before.items()
    assert told["segments"][0]["speaker"] == "Ada Example"
    for kept in standardised("session.json", before["session.json"], "Ada Example"):
        assert kept.split() == " ".join(SENTENCES).split()


@needs_espeak
def test_the_command_goes_the_whole_way(tmp_path: Path) -> None:
    pytest.importorskip("pocketsphinx")
    say(tmp_path / "box" / "a.wav", SENTENCES[1])
    (tmp_path / "g.jsgf").write_text(GRAMMAR)
    how = {"recogniser": "pocketsphinx", "grammar": "g.jsgf"}
    paper = {"permission": "letter of the owner of the recordings", "permission_sha256": sha256(PERMISSION)}
    entry = {
        "path": "talks",
        "origin": "synthetic",
        "acquire": {"kind": "local", "location": "box", "transcribe": how},
    }
    (tmp_path / "r.yaml").write_text(yaml.safe_dump({"sources": {"talks": entry | {"governance": paper}}}))
    allowed(tmp_path / "papers")
    command = [sys.executable, "-m", "pixelated", "acquire", "talks", "--registry", "r.yaml", "--to", "root"]
    refused = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert refused.returncode == 1
    command += ["--media", "--permissions", "papers"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the sound of transcribed recordings was removed" in done.stdout
    assert transcript(tmp_path, "a")["text"] == SENTENCES[1]
    assert sounds(tmp_path) == []


def standardised(name: str, data: bytes, speaker: str) -> list[str]:
    """Return the text of the one record that `standardise` makes of a monologue."""
    result = read(name, data, Mapping(kind="text", roles={speaker: "assistant"}))
    assert refusals(result) == []
    [record] = records(result)
    assert record["source_metadata"]["recogniser"]
    return [m["content"] for m in record["messages"]]


@needs_espeak
@pytest.mark.slow
def test_free_decoding_is_rough_and_says_so(tmp_path: Path) -> None:
    """Without a grammar some words are wrong; every segment carries a measured confidence."""
    pytest.importorskip("pocketsphinx")
    say(tmp_path / "box" / "session.wav", *SENTENCES)
    short = say(tmp_path / "short.wav", SENTENCES[3])
    recogniser = recogniser_for(Transcription("pocketsphinx"))
    before = list(recogniser.segments(short))
    assert len(list(recogniser.segments(tmp_path / "box" / "session.wav"))) == 4
    assert list(recogniser.segments(short)) == before  # nothing is carried from file to file
    hear(tmp_path, files(tmp_path / "box"))
    told = transcript(tmp_path, "session")
    rate = word_error_rate(" ".join(SENTENCES), told["text"])
    assert 0 < rate < 0.7
    assert all(0 <= s["confidence"] <= 1 for s in told["segments"])
    assert {s["speaker"] for s in told["segments"]} == {"Ada Example"}


def test_permission_documents_never_reach_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site(monkeypatch, abc=Video(b"", {"en": CAPTIONS}))
    fetch_source(talks(), options(tmp_path))
    written = b"".join(p.read_bytes() for p in (tmp_path / "root").rglob("*") if p.is_file())
    assert PERMISSION.strip() not in written
    assert b"scan 0" not in written
    assert b"papers" not in written
