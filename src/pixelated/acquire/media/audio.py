"""Any recording to 16 kHz, mono, 16 bits: by ffmpeg or sox, streaming, never by a shell.

Only suffixes of recordings are taken: both programs also read playlists, which name other files.
"""

from __future__ import annotations

import shutil
import subprocess
import wave
from pathlib import Path, PurePosixPath

from pixelated.core.errors import UsageError
from pixelated.core.places import UnavailableError

RATE = 16_000
MAX_HOURS = 12
SUFFIXES = frozenset(
    {".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".m4a", ".aac", ".aif", ".aiff"}
    | {".mp4", ".webm", ".mkv", ".mov"}
)
_MAX_SECONDS = MAX_HOURS * 3600
_FORMATS = "wav,w64,flac,mp3,ogg,matroska,webm,mov,mp4,m4a,aac,aiff"
_SAID = 200  # characters of a program's complaint that are passed on


def is_recording(name: str) -> bool:
    """Say whether a file's name is that of a recording."""
    return PurePosixPath(name).suffix.lower() in SUFFIXES


def require_converter(name: str) -> None:
    """Raise `UsageError` where a recording of this name needs a program that is not installed."""
    if not name.lower().endswith(".wav") and not (shutil.which("ffmpeg") or shutil.which("sox")):
        raise _no_converter()


def to_wav(recording: Path, target: Path) -> str:
    """Write a recording as 16 kHz mono WAV; return the program that did it, "" where none was needed.

    Raises:
        UsageError: neither ffmpeg nor sox is installed.
        UnavailableError: the recording can't be decoded, holds no sound, or is longer than 12 hours.
    """
    if _fits(recording):
        shutil.copyfile(recording, target)
        return ""
    name, command = _command(recording.absolute(), target.absolute())
    target.unlink(missing_ok=True)
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603
    length = seconds(target) if done.returncode == 0 else 0.0
    if not length:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        why = (
            said[-1].replace(str(recording.absolute()), recording.name)[:_SAID] if said else "no sound in it"
        )
        raise UnavailableError(
            "not_decoded",
            f"{recording.name}: {name} cannot decode it: {why}",
            "replace the file, or leave it out",
        )
    if length >= _MAX_SECONDS:
        raise UnavailableError(
            "too_long", f"{recording.name} is longer than {MAX_HOURS} hours", "cut it into several recordings"
        )
    return name


def _command(recording: Path, target: Path) -> tuple[str, list[str]]:
    """Return the program and its arguments; ffmpeg first, for it reads every suffix."""
    if ffmpeg := shutil.which("ffmpeg"):
        # only recordings, only from this disk: a file may be a playlist of others under a wrong suffix
        reading = ["-protocol_whitelist", "file", "-format_whitelist", _FORMATS, "-i", f"file:{recording}"]
        writing = ["-t", str(_MAX_SECONDS), "-vn", "-ac", "1", "-ar", str(RATE), "-c:a", "pcm_s16le"]
        exact = ["-fflags", "+bitexact", "-flags:a", "+bitexact", "-map_metadata", "-1", "-f", "wav"]
        head = [ffmpeg, "-nostdin", "-v", "error", "-y", *reading]
        return "ffmpeg", [*head, *writing, *exact, f"file:{target}"]
    if sox := shutil.which("sox"):
        shape = ["-t", "wav", "-r", str(RATE), "-c", "1", "-b", "16", "-e", "signed-integer"]
        return "sox", [sox, "-V1", "-D", str(recording), *shape, str(target), "trim", "0", str(_MAX_SECONDS)]
    raise _no_converter()


def _no_converter() -> UsageError:
    return UsageError(
        "no_converter",
        "neither ffmpeg nor sox is installed: the recording cannot be brought to 16 kHz",
        "install one: apt-get install ffmpeg (every format), or sox (WAV, FLAC, Ogg)",
    )


def _fits(recording: Path) -> bool:
    """Say whether a file is what recognisers read already."""
    try:
        with wave.open(str(recording), "rb") as file:
            shape = (file.getframerate(), file.getnchannels(), file.getsampwidth())
            return shape == (RATE, 1, 2) and 0 < file.getnframes() < _MAX_SECONDS * RATE
    except (wave.Error, EOFError, OSError):
        return False


def seconds(path: Path) -> float:
    """Return the length of a WAV file in seconds, 0 where it is none or holds nothing."""
    try:
        with wave.open(str(path), "rb") as file:
            return file.getnframes() / (file.getframerate() or 1)
    except (wave.Error, EOFError, OSError):
        return 0.0
