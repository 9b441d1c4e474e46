"""CMU PocketSphinx: small, offline, its US English model in its package (BSD).

Free decoding is rough: on synthesised speech half the words of a session were wrong, nine in ten of single
sentences. With a grammar (JSGF) of all that can be said it was exact, and it hears those sentences in
whatever is said: for tests, drills and fixed phrases, not for sessions.
"""

from __future__ import annotations

import wave
from collections import deque
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from pathlib import Path
from typing import Any

from pixelated.acquire.media.recogniser import Segment
from pixelated.core.errors import UsageError
from pixelated.core.fingerprint import sha256_file
from pixelated.core.source import Transcription

RATE = 16_000  # samples per second
_FRAME = 0.03  # seconds: the unit that is speech or silence
_BEFORE = 10  # frames that are looked at to find a beginning, and kept before it
_PAUSE = 20  # frames of silence that end a segment
_LONGEST = 1000  # frames after which a segment is cut, so that noise without end fills no memory


class Pocketsphinx:
    """A decoder with the model of the package, or one in a folder."""

    def __init__(self, wanted: Transcription) -> None:
        """Load the model.

        Raises:
            UsageError: the library is missing, or the language, grammar or model can't be used.
        """
        try:
            import pocketsphinx
        except ImportError:
            raise UsageError(
                "missing_library",
                "this recogniser needs pocketsphinx",
                "install it: pip install pocketsphinx",
            ) from None
        if not wanted.model and not wanted.language.lower().startswith("en"):
            raise UsageError(
                "language_unknown",
                f"pocketsphinx ships a model of US English alone, the entry says {wanted.language!r}",
                "name the folder of another model in acquire.transcribe.model, or use faster-whisper",
            )
        self._wanted = wanted
        self._library: Any = pocketsphinx
        self._decoder = self._load()

    def about(self) -> dict[str, str]:
        """Return name, version, model and grammar."""
        try:
            number = version("pocketsphinx")
        except PackageNotFoundError:
            number = ""
        told = {"name": "pocketsphinx", "version": number, "model": self._wanted.model or "en-us (its own)"}
        if self._wanted.grammar:
            told["grammar_sha256"] = sha256_file(Path(self._wanted.grammar))
        return told

    def segments(self, wav: Path) -> Iterator[Segment]:
        """Yield what is said between pauses of 0.6 s."""
        self._decoder.reinit_feat()  # forgets the loudness of the file before: the order leaves no trace
        voice = self._library.Vad(mode=0, sample_rate=RATE, frame_length=_FRAME)
        for start, end, frames in _spoken(wav, voice):
            yield from self._decode(start, end, frames)

    def _decode(self, start: float, end: list[float], frames: Iterator[bytes]) -> Iterator[Segment]:
        self._decoder.start_utt()
        for frame in frames:
            self._decoder.process_raw(frame)
        self._decoder.end_utt()
        heard = self._decoder.hyp()
        if heard is not None and heard.hypstr.strip():
            # the best path through a grammar has no probability: then it is not measured
            sure = None if self._wanted.grammar else min(1.0, float(heard.prob))
            yield Segment(start, end[-1], heard.hypstr.strip(), confidence=sure)

    def _load(self) -> Any:
        settings: dict[str, Any] = {"loglevel": "FATAL"}
        if self._wanted.grammar:
            # the lattice's best path may end within a sentence of the grammar: the first pass never does
            settings |= {"jsgf": self._wanted.grammar, "bestpath": False}
        if self._wanted.model:
            settings |= _model(Path(self._wanted.model), grammar=bool(self._wanted.grammar))
        loaded = self._wanted.grammar or self._wanted.model or "its own model"
        try:
            return self._library.Decoder(**settings)
        except (RuntimeError, ValueError) as error:
            raise UsageError(
                "recogniser_refused",
                f"pocketsphinx cannot load {loaded}: {error}",
                "correct acquire.transcribe.grammar (a JSGF file; every word in the dictionary) or model",
            ) from error


def _model(folder: Path, *, grammar: bool) -> dict[str, str]:
    """Return the files of a model's folder by pocketsphinx's names: `hmm/`, `lm.bin`, `words.dict`."""
    found = {"hmm": str(folder / "hmm"), "dict": str(folder / "words.dict")}
    return found if grammar else found | {"lm": str(folder / "lm.bin")}


def _spoken(wav: Path, voice: Any) -> Iterator[tuple[float, list[float], Iterator[bytes]]]:
    """Yield start, end (known when the frames are through) and frames of each stretch of speech."""
    with wave.open(str(wav), "rb") as file:
        frames = _frames(file, voice)
        before: deque[tuple[int, bytes, bool]] = deque(maxlen=_BEFORE)
        for frame in frames:
            before.append(frame)
            if sum(speech for _, _, speech in before) * 2 >= _BEFORE:
                end = [0.0]
                yield before[0][0] * _FRAME, end, _until_pause(list(before), frames, end)
                before.clear()


def _until_pause(
    first: list[tuple[int, bytes, bool]], frames: Iterator[tuple[int, bytes, bool]], end: list[float]
) -> Iterator[bytes]:
    silent = 0
    for count, (at, sound, speech) in enumerate(chain(first, frames)):
        silent = 0 if speech else silent + 1
        end[-1] = (at + 1 - silent) * _FRAME
        yield sound
        if count >= len(first) and (silent >= _PAUSE or count >= _LONGEST):
            return


def _frames(file: wave.Wave_read, voice: Any) -> Iterator[tuple[int, bytes, bool]]:
    """Yield number, sound and whether it is speech; what is shorter than a frame at the end is silence."""
    size = int(voice.frame_bytes)
    at = 0
    while sound := file.readframes(size // 2):
        whole = len(sound) == size
        yield at, sound, whole and bool(voice.is_speech(sound))
        at += 1
