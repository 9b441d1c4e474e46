"""The commands that fetch a source: this program's, and the plain tool's for its kind of place."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from urllib.parse import quote, unquote, urlsplit

from pixelated.core.addresses import without_secrets
from pixelated.core.places.http import shown
from pixelated.core.source import Source

_HUB = re.compile(r"hf://datasets/([\w.-]+(?:/[\w.-]+)?)(?:@([^/]+))?(?:/(.+))?")
_KAGGLE = re.compile(r"kaggle://([\w.-]+/[\w.-]+?)(?:@(\d+))?/?")
_LAST_HAS_SUFFIX = re.compile(r"/[^/]*\.[A-Za-z0-9]{1,8}\Z")


def own_command(source: Source, registries: tuple[str, ...], root: str) -> str:
    """Return the command of this program that brings a source home."""
    named = [part for name in registries for part in ("--registry", name)]
    return shlex.join(["pixelated", "acquire", source.id, *named, "--to", root])


def plain_command(source: Source, folder: str) -> str:
    """Return the command of the place's own tool that would fetch the same to `folder`, "" where none is."""
    location = source.acquire.location
    scheme, separator, rest = location.partition("://")
    if not separator:
        scheme = "rclone" if ":" in location else "file" if location else ""
    makers: dict[str, Callable[[], list[str]]] = {
        "s3": lambda: _s3(source, folder),
        "gs": lambda: ["gcloud", "storage", "cp", "-r", location, folder],
        "hf": lambda: _hub(source, folder),
        "kaggle": lambda: _kaggle(source, folder),
        "rclone": lambda: ["rclone", "copy", without_secrets(location), folder],
        "sftp": lambda: _sftp(location, folder),
        "file": lambda: ["cp", "-R", unquote(urlsplit(location).path) if separator else location, folder],
    }
    if scheme in ("http", "https") and rest:
        return " && ".join(shlex.join(c) for c in _web(source, folder))
    return shlex.join(makers[scheme]()) if scheme in makers else ""


def _s3(source: Source, folder: str) -> list[str]:
    location = source.acquire.location
    single = bool(_LAST_HAS_SUFFIX.search(location.partition("://")[2]))
    words = ["aws", "s3", "cp", location, f"{folder}/", *([] if single else ["--recursive"])]
    return [*words, "--endpoint-url", source.acquire.endpoint] if source.acquire.endpoint else words


def _hub(source: Source, folder: str) -> list[str]:
    found = _HUB.fullmatch(source.acquire.location)
    if found is None:
        return []
    revision = found[2] or source.revision
    words = ["hf", "download", found[1], "--repo-type", "dataset"]
    words += ["--revision", revision] if revision else []
    words += ["--include", f"{found[3].rstrip('/')}/*"] if found[3] else []
    return [*words, "--local-dir", folder]


def _kaggle(source: Source, folder: str) -> list[str]:
    found = _KAGGLE.fullmatch(source.acquire.location)
    return ["kaggle", "datasets", "download", "-d", found[1], "-p", folder, "--unzip"] if found else []


def _sftp(location: str, folder: str) -> list[str]:
    parts = urlsplit(location)
    user = f"{parts.username}@" if parts.username else ""
    port = ["-P", str(parts.port)] if parts.port else []
    return ["scp", "-r", *port, f"{user}{parts.hostname}:{unquote(parts.path)}", folder]


def _web(source: Source, folder: str) -> list[list[str]]:
    base = shown(source.acquire.location)
    if not base.endswith("/"):
        name = unquote(base.rsplit("/", 1)[-1])
        return [_curl(base, f"{folder}/{name}")]
    return [_curl(base + quote(name), f"{folder}/{name}") for name in sorted(source.acquire.expected)]


def _curl(url: str, path: str) -> list[str]:
    return ["curl", "-fL", "-C", "-", "--create-dirs", "-o", path, url]
