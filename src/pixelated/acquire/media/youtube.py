"""YouTube and what else yt-dlp reads (extra `[speech]`): playlists, the owner's captions, else the sound.

Never tried against the live service. No cookies, no log-in, no automatic captions; what the platform does not
give to everybody is named as a problem. yt-dlp keeps its own `.part` in the private staging folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pixelated.acquire.fetch import Options
from pixelated.acquire.listing import addresses, refuse_status
from pixelated.acquire.media.captions import read_captions
from pixelated.acquire.media.recogniser import Segment
from pixelated.acquire.media.recordings import Recording
from pixelated.acquire.permission import transcription
from pixelated.core.downloads.limiter import StoppedError
from pixelated.core.errors import UsageError
from pixelated.core.places import UnavailableError
from pixelated.core.source import Source

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_ADDRESS = re.compile(r"https?://\S+")
_GONE = {"[private video]": "it is private", "[deleted video]": "it was deleted"}
_NOT_YET = ("is_live", "is_upcoming", "post_live")
_SAID = 300  # characters of yt-dlp's message that are passed on


class YouTube:
    """The videos of a source's address: one video or a playlist."""

    def __init__(self, source: Source, options: Options) -> None:
        """List the videos, without looking into them.

        Raises:
            UsageError: yt-dlp is not installed.
            UnavailableError: the source has no address, or none of them answers.
        """
        refuse_status(source)
        self._options, self._how = options, transcription(source)
        self.problems: list[tuple[str, str]] = []
        self.uri = ""
        self._pages: dict[str, str] = {}
        self._list(source)

    def listed(self) -> list[Recording]:
        """Return the videos that the list calls available."""
        found = sorted(self._pages.items())
        return [Recording(name, name, None, {"video_id": name, "page": page}) for name, page in found]

    def captions(self, recording: Recording, staging: Path) -> list[Segment] | None:
        """Return captions that the owner made in the entry's language."""
        with _asking({}) as ydl:
            info = ydl.extract_info(self._pages[recording.id], download=False) or {}
        if info.get("live_status") in _NOT_YET:
            raise UnavailableError("live", "it is a live stream that has not ended", "fetch it afterwards")
        language = _language(info.get("subtitles") or {}, self._how.language) if self._how.captions else ""
        if not language:
            return None
        wanted = {
            "skip_download": True,
            "writesubtitles": True,
            "writeautomaticsub": False,
            "subtitleslangs": [re.escape(language)],
            "subtitlesformat": "vtt",
            "outtmpl": {"default": str(staging / "captions.%(ext)s")},
        }
        with _asking(wanted) as ydl:
            info = ydl.extract_info(self._pages[recording.id], download=True) or {}
        written = ((info.get("requested_subtitles") or {}).get(language) or {}).get("filepath", "")
        return read_captions(_inside(written, staging))

    def fetch(self, recording: Recording, staging: Path) -> Path:
        """Let yt-dlp download the best sound; it goes on where its part ends."""
        options, told = self._options, [0]

        def arrived(state: dict[str, Any]) -> None:
            if options.limiter.stopped.is_set():
                raise StoppedError
            now = int(state.get("downloaded_bytes") or 0)
            options.arrived(now - told[0])
            told[0] = now

        wanted = {
            "format": "bestaudio/best",
            "outtmpl": {"default": str(staging / "recording.%(ext)s")},
            "continuedl": True,
            "nopart": False,
            "ratelimit": options.limiter.rate or None,
            "progress_hooks": [arrived],
        }
        with _asking(wanted) as ydl:
            info = ydl.extract_info(self._pages[recording.id], download=True) or {}
        got = (info.get("requested_downloads") or [{}])[0].get("filepath", "")
        return _inside(got, staging)

    def _list(self, source: Source) -> None:
        tried: list[tuple[str, str]] = []
        for address in addresses(source):
            try:
                with _asking({"extract_flat": "in_playlist", "skip_download": True}) as ydl:
                    info = ydl.extract_info(address, download=False) or {}
            except UnavailableError as error:
                tried.append((address, error.message))
                continue
            self.uri = address
            self.problems += tried
            self._take(info, address)
            return
        reasons = "; ".join(why for _, why in tried)
        raise UnavailableError(
            "source_unavailable",
            f"source {source.id!r}: {reasons}",
            f"see all at once: pixelated acquire check {source.id} --media --permissions DIR",
        )

    def _take(self, info: dict[str, Any], address: str) -> None:
        """Sort a video, or the entries of a playlist, into those to fetch and those that can't be had."""
        entries = info["entries"] if info.get("entries") is not None else [info | {"url": address}]
        for number, entry in enumerate(entries, 1):
            name = str((entry or {}).get("id") or "")
            why = _unavailable(entry or {}, name)
            if why:
                self.problems.append((name if _ID.fullmatch(name) else f"entry {number} of the list", why))
            else:
                self._pages[name] = str(entry.get("url") or entry.get("webpage_url"))


@contextmanager
def _asking(more: dict[str, Any]) -> Iterator[Any]:
    """Open yt-dlp, quiet, without configuration, cache or cookies; its errors become ours."""
    try:
        import yt_dlp
    except ImportError:
        raise UsageError(
            "missing_library",
            "recordings on YouTube need yt-dlp",
            "install it: pip install 'pixelated-empathy[speech]'",
        ) from None
    settings = {
        "quiet": True,
        "no_warnings": True,
        "noprogress": True,
        "logger": _Silent(),
        "noplaylist": False,
        "cachedir": False,
        "ignoreerrors": False,
        "retries": 5,
        "socket_timeout": 30,
        "remote_components": [],  # it fetches no program of its own
    }
    try:
        with yt_dlp.YoutubeDL(settings | more) as ydl:
            yield ydl
    except yt_dlp.utils.YoutubeDLError as error:
        raise UnavailableError(
            "recording_unavailable", _plain(str(error)), "see the reason; what is private or gone stays away"
        ) from error


class _Silent:
    """Takes what yt-dlp would print: titles and signed addresses are nobody's business in a log."""

    def debug(self, message: str) -> None:
        """Drop a message."""

    def info(self, message: str) -> None:
        """Drop a message."""

    def warning(self, message: str) -> None:
        """Drop a message."""

    def error(self, message: str) -> None:
        """Drop a message: it comes as an exception as well."""


def _plain(message: str) -> str:
    """Return yt-dlp's message without colours, and without addresses, which are signed."""
    text = _COLOUR.sub("", message).strip().removeprefix("ERROR:").strip()
    first = text.splitlines()[0] if text else "yt-dlp does not say why"
    return _ADDRESS.sub("(address)", first)[:_SAID]


def _unavailable(entry: dict[str, Any], name: str) -> str:
    """Return why an entry of a list can't be fetched, or nothing."""
    if not entry:
        return "the list holds it and says nothing of it: it is private or gone"
    gone = _GONE.get(str(entry.get("title") or "").lower(), "")
    if gone or str(entry.get("availability") or "") in (
        "private",
        "premium_only",
        "subscriber_only",
        "needs_auth",
    ):
        return gone or f"it is not open to everybody ({entry['availability']})"
    if entry.get("_type") == "playlist" or entry.get("ie_key") == "YoutubeTab":
        return "it is a list within the list: give its own address"
    return "" if _ID.fullmatch(name) else "its id cannot name a file"


def _language(captions: dict[str, Any], wanted: str) -> str:
    """Return which of the owner's captions are in the language: itself, else its first region, else none."""
    spoken = sorted(k for k, v in captions.items() if k != "live_chat" and v)
    if wanted in spoken:
        return wanted
    return next((k for k in spoken if k.startswith(f"{wanted}-")), "") if wanted else ""


def _inside(path: str, staging: Path) -> Path:
    """Return a file that yt-dlp says it wrote, which must lie in staging."""
    found = Path(path)
    if not path or not found.is_file() or not found.resolve().is_relative_to(staging.resolve()):
        raise UnavailableError(
            "nothing_came", "yt-dlp ended without an error and without a file", "update yt-dlp and try again"
        )
    return found
