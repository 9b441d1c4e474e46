"""Kaggle datasets by the API that Kaggle's own client calls: one zip archive per version.

Credentials come from `KAGGLE_API_TOKEN`, `KAGGLE_USERNAME` and `KAGGLE_KEY`, or the client's own store
(`~/.kaggle/kaggle.json`, `~/.kaggle/access_token`). `KAGGLE_API_ENVIRONMENT=TEST` and `LOCALHOST` name a
server on this machine as they do for kagglehub; `PIXELATED_KAGGLE_URL` names any other.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from pixelated.core.places import http
from pixelated.core.places.answers import readable
from pixelated.core.places.protocol import Entry, Facts, Opened, UnavailableError

_SERVICE = "datasets.DatasetApiService"
_KNOWN = {"TEST": "http://localhost:7777/api/v1", "LOCALHOST": "http://localhost/api/v1"}
_PRODUCTION = "https://api.kaggle.com/v1"


class KagglePlace:
    """A dataset at a version (the current one where none is given)."""

    def __init__(self, owner: str, name: str, version: str = "") -> None:
        self._owner, self._name, self._version = owner, name, version
        self.uri = f"kaggle://{owner}/{name}" + (f"@{version}" if version else "")

    def facts(self) -> Facts:
        """Return the owner, the licence and the version, as Kaggle states them."""
        said = self._said
        owner = str(said.get("ownerRef", ""))
        if not owner:  # nothing to compare the registry with
            raise UnavailableError("bad_answer", f"{self.uri}: Kaggle names no owner", "check the address")
        return Facts(owner, str(said.get("licenseName", "")), self._at, {"title": str(said.get("title", ""))})

    def entries(self) -> Iterator[Entry]:
        """Yield the archive of the version; its size is known when it is opened."""
        yield Entry(f"{self._name}.zip", None, f"version {self._at}")

    def open(self, entry: Entry, start: int = 0, end: int | None = None) -> AbstractContextManager[Opened]:  # noqa: ARG002
        """Open the archive at a byte."""
        number = int(self._at) if self._at.isdigit() else None
        wanted = self._names() | ({"datasetVersionNumber": number} if number else {})
        url = f"{_endpoint()}/{_SERVICE}/DownloadDataset"
        return http.read(url, start, end, headers=_headers(), body=orjson.dumps(wanted))

    def _names(self) -> dict[str, Any]:
        return {"ownerSlug": self._owner, "datasetSlug": self._name}

    @property
    def _at(self) -> str:
        return self._version or str(self._said.get("currentVersionNumber", ""))

    @cached_property
    def _said(self) -> dict[str, Any]:
        value, _ = http.call(f"{_endpoint()}/{_SERVICE}/GetDataset", self._names(), headers=_headers())
        return readable(self.uri, lambda: dict(value or {}))


def _endpoint() -> str:
    given = os.environ.get("PIXELATED_KAGGLE_URL", "").rstrip("/")
    return given or _KNOWN.get(os.environ.get("KAGGLE_API_ENVIRONMENT", "").upper(), _PRODUCTION)


def _headers() -> dict[str, str]:
    token = os.environ.get("KAGGLE_API_TOKEN", "") or _stored("access_token").strip()
    if token:
        return {"Authorization": f"Bearer {token}"}
    user, key = os.environ.get("KAGGLE_USERNAME", ""), os.environ.get("KAGGLE_KEY", "")
    if not (user and key):
        try:
            stored = orjson.loads(_stored("kaggle.json") or "{}")
        except orjson.JSONDecodeError:
            stored = {}
        user, key = str(stored.get("username", "")), str(stored.get("key", ""))
    if not (user and key):
        return {}
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{key}".encode()).decode()}


def _stored(name: str) -> str:
    """Return a file of Kaggle's own store, "" where there is none."""
    given = os.environ.get("KAGGLE_CONFIG_DIR", "")
    try:
        folder = Path(given) if given else Path.home() / ".kaggle"
        return (folder / name).read_text(encoding="utf-8")
    except (OSError, RuntimeError, UnicodeDecodeError):  # or no home at all
        return ""
