"""What a speech recogniser is here, and which one an entry asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pixelated.core.source import Transcription


@dataclass(frozen=True)
class Segment:
    """Something said without a long pause.

    Attributes:
        start: seconds from the beginning of the recording.
        end: seconds.
        text: what was said.
        speaker: as the recogniser or the caption names who speaks; empty where it does not.
        confidence: from 0 to 1; None where it was not measured.
        more: the recogniser's own figures, by Whisper's names for them.
    """

    start: float
    end: float
    text: str
    speaker: str = ""
    confidence: float | None = None
    more: dict[str, float] = field(default_factory=dict)

    def as_json(self, number: int, speaker: str) -> dict[str, Any]:
        """Return Whisper's shape of a segment; `speaker` is who is heard where nothing else is known."""
        told: dict[str, Any] = {
            "id": number,
            "start": round(self.start, 3),
            "end": round(self.end, 3),
            "text": self.text,
        }
        if self.speaker or speaker:
            told["speaker"] = self.speaker or speaker
        if self.confidence is not None:
            told["confidence"] = round(self.confidence, 4)
        return told | {name: round(value, 4) for name, value in sorted(self.more.items())}


class Recogniser(Protocol):
    """Turns sound into text, the same sound always into the same text."""

    def about(self) -> dict[str, str]:
        """Return name, version, model and settings, for the transcript."""
        ...

    def segments(self, wav: Path) -> Iterator[Segment]:
        """Yield what is said in a WAV file of 16 kHz, mono, 16 bits, in the order of time."""
        ...


def recogniser_for(wanted: Transcription) -> Recogniser:
    """Return the recogniser that an entry asks for, loaded.

    Raises:
        UsageError: it is not installed, its model is not there, or it can't do what the entry asks for.
    """
    if wanted.recogniser == "pocketsphinx":
        from pixelated.acquire.media.pocketsphinx import Pocketsphinx

        return Pocketsphinx(wanted)
    from pixelated.acquire.media.faster_whisper import FasterWhisper

    return FasterWhisper(wanted)
