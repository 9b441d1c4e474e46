"""A module that behaves as yt-dlp does where this project calls it: lists, captions, parts, errors, hooks.

Shapes are those of yt-dlp 2026.10.26: `extract_info` of a playlist under `extract_flat` gives entries with id,
url and title; private and deleted ones keep their place; a download writes `NAME.EXT.part`, goes on where it
ends, and renames; written captions stand in `requested_subtitles`, the sound in `requested_downloads`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Self


class YoutubeDLError(Exception):
    pass


class DownloadError(YoutubeDLError):
    pass


@dataclass
class Video:
    """One video; `cut_at` breaks the first download after so many bytes; `error` answers every question."""

    sound: bytes = b""
    subtitles: dict[str, str] = field(default_factory=dict)
    automatic: dict[str, str] = field(default_factory=dict)
    title: str = "A title with a name in it"
    error: str = ""
    live_status: str = "not_live"
    cut_at: int = 0


@dataclass
class Site:
    """What is there, and what was asked."""

    videos: dict[str, Video]
    extra: list[Any] = field(default_factory=list)  # entries of the playlist besides the videos
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    sent: int = 0

    def module(self) -> ModuleType:
        """Return a module to stand in `sys.modules`."""
        site, module = self, ModuleType("yt_dlp")
        utils = ModuleType("yt_dlp.utils")
        utils.YoutubeDLError, utils.DownloadError = YoutubeDLError, DownloadError  # type: ignore[attr-defined]
        module.utils = utils  # type: ignore[attr-defined]
        module.YoutubeDL = lambda params: Downloader(site, params)  # type: ignore[attr-defined]
        return module


class Downloader:
    def __init__(self, site: Site, params: dict[str, Any]) -> None:
        self.site, self.params = site, params

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def extract_info(self, url: str, download: bool = True) -> dict[str, Any]:
        self.site.asked.append((url, dict(self.params)))
        if "list=" in url:
            return self._playlist(url)
        name = url.rpartition("=")[2]
        video = self.site.videos.get(name)
        if video is None or video.error:
            said = video.error if video else "Video unavailable"
            raise DownloadError(f"\x1b[0;31mERROR:\x1b[0m [youtube] {name}: {said}")
        info = {
            "id": name,
            "title": video.title,
            "webpage_url": url,
            "live_status": video.live_status,
            "subtitles": {k: [{"ext": "vtt", "url": "u"}] for k in video.subtitles},
            "automatic_captions": {k: [{"ext": "vtt", "url": "u"}] for k in video.automatic},
        }
        return self._downloaded(info, video) if download else info

    def _playlist(self, url: str) -> dict[str, Any]:
        assert self.params["extract_flat"] == "in_playlist"
        if "gone" in url:
            raise DownloadError(
                "ERROR: [youtube:tab] gone: The playlist does not exist. See https://x/?sig=SECRET"
            )
        entries = [
            {"_type": "url", "ie_key": "Youtube", "id": k, "title": v.title, "url": f"https://www.youtube.com/watch?v={k}"}
            for k, v in self.site.videos.items()
        ]  # fmt: skip
        return {"_type": "playlist", "id": "PL1", "entries": iter([*entries, *self.site.extra])}

    def _downloaded(self, info: dict[str, Any], video: Video) -> dict[str, Any]:
        template = self.params["outtmpl"]["default"]
        if self.params.get("writesubtitles"):
            assert not self.params["writeautomaticsub"]
            chosen = [
                k for k in video.subtitles if any(re.fullmatch(p, k) for p in self.params["subtitleslangs"])
            ]
            written = {}
            for language in chosen:
                path = Path(template % {"ext": f"{language}.vtt"})
                path.write_text(video.subtitles[language], encoding="utf-8")
                written[language] = {"ext": "vtt", "filepath": str(path)}
            info["requested_subtitles"] = written
        if not self.params.get("skip_download"):
            info["requested_downloads"] = [{"filepath": str(self._sound(template, video))}]
        return info

    def _sound(self, template: str, video: Video) -> Path:
        path = Path(template % {"ext": "wav"})
        part = path.with_name(path.name + ".part")
        if path.exists():
            return path
        assert self.params["continuedl"]
        assert not self.params["nopart"]
        at = part.stat().st_size if part.exists() else 0
        with part.open("ab") as file:
            while piece := video.sound[at : at + 10_000]:
                if video.cut_at and at + len(piece) > video.cut_at:
                    video.cut_at = 0
                    raise DownloadError("ERROR: unable to download video data: HTTP Error 403: Forbidden")
                file.write(piece)
                at += len(piece)
                self.site.sent += len(piece)
                for hook in self.params["progress_hooks"]:
                    hook({"status": "downloading", "downloaded_bytes": at})
        part.rename(path)
        return path
