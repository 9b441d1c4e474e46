"""The owner's own captions (WebVTT) as segments: times, text and the voice that a cue names."""

from __future__ import annotations

from pathlib import Path

from pixelated.acquire.media.recogniser import Segment
from pixelated.core.places import UnavailableError


def read_captions(path: Path) -> list[Segment]:
    """Return the cues of a WebVTT file that hold text, in order of time.

    Raises:
        UnavailableError: it is no WebVTT.
    """
    import webvtt

    try:
        cues = webvtt.read(str(path))
        found = [
            Segment(_seconds(cue.start), _seconds(cue.end), " ".join(cue.text.split()), cue.voice or "")
            for cue in cues
        ]
    except (webvtt.errors.MalformedFileError, webvtt.errors.MalformedCaptionError, ValueError) as error:
        raise UnavailableError(
            "bad_captions", f"the captions cannot be read: {error}", "set captions: false to hear the sound"
        ) from error
    return sorted((s for s in found if s.text), key=lambda s: (s.start, s.end))


def _seconds(stamp: str) -> float:
    """Return seconds of `hh:mm:ss.ttt`, hours optional."""
    total = 0.0
    for part in stamp.split(":"):
        total = total * 60 + float(part)
    return total
