"""Google Cloud Storage by its JSON API: listed by pages, read by generation with the common ranged reader.

Credentials are Google's application default credentials (environment, gcloud's store, the machine's account);
without any, requests are anonymous, which public buckets accept. `STORAGE_EMULATOR_HOST` names an emulator.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import quote, urlencode

from pixelated.core.places import http
from pixelated.core.places.answers import listed, pages
from pixelated.core.places.digests import decoded
from pixelated.core.places.protocol import ChangedError, Entry, Facts, Opened, UnavailableError

_HOST = "https://storage.googleapis.com"
_SCOPES = ["https://www.googleapis.com/auth/devstorage.read_only"]


def gcs_host() -> str:
    """Return the API's address: the emulator's where the environment names one."""
    given = os.environ.get("STORAGE_EMULATOR_HOST", "").rstrip("/")
    return given if not given or "://" in given else f"http://{given}"


def gcs_headers(scopes: list[str]) -> dict[str, str]:
    """Return the Authorization header of the default credentials, or nothing where there are none."""
    if gcs_host():
        return {}
    try:
        import google.auth
        from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
        from google.auth.transport.urllib3 import Request
    except ImportError:
        return {}
    try:
        credentials, _ = google.auth.default(scopes=scopes)
        credentials.refresh(Request(http.pool(_HOST)))
    except DefaultCredentialsError:
        return {}
    except GoogleAuthError as error:
        raise UnavailableError(
            "no_access",
            f"Google's credentials can't be refreshed ({type(error).__name__})",
            "gcloud auth application-default login",
        ) from error
    return {"Authorization": f"Bearer {credentials.token}"}


class GcsPlace:
    """The objects under a prefix, or one object."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self._bucket, self._prefix = bucket, prefix
        self._headers = gcs_headers(_SCOPES)
        self._objects: dict[str, tuple[str, str]] = {}  # name -> key and generation, as listed
        self.uri = f"gs://{bucket}/{prefix}"

    def facts(self) -> Facts:
        """Return nothing: a bucket says nothing of licences."""
        return Facts()

    def entries(self) -> Iterator[Entry]:
        """Yield the objects under the prefix; folder markers are left out."""
        return listed(self.uri, self._entries())

    def _entries(self) -> Iterator[Entry]:
        found = [i for i in self._listed() if self._inside(str(i["name"]))]
        if not found:
            raise UnavailableError("not_found", f"{self.uri}: no object there", "check bucket and prefix")
        for item in sorted(found, key=lambda i: str(i["name"])):
            key, generation = str(item["name"]), str(item.get("generation", ""))
            name = key.rsplit("/", 1)[-1] if key == self._prefix else key[len(self._prefix) :].lstrip("/")
            self._objects[name] = key, generation
            md5 = decoded(str(item.get("md5Hash", "")))
            size = int(item["size"]) if "size" in item else None
            modified = str(item.get("updated", ""))
            sha256 = str((item.get("metadata") or {}).get("sha256", ""))
            yield Entry(name, size, f"generation {generation}", sha256=sha256, md5=md5, modified=modified)

    def open(self, entry: Entry, start: int = 0, end: int | None = None) -> AbstractContextManager[Opened]:
        """Open an object, at the generation that was listed, at a byte."""
        fallback = f"{self._prefix.rstrip('/')}/{entry.name}".lstrip("/"), ""
        key, generation = self._objects.get(entry.name, fallback)
        if start and generation:  # an old generation may be gone, or an emulator may not know of generations
            now, _ = http.call(self._object(key), headers=self._headers)
            if str((now or {}).get("generation", "")) != generation:
                raise ChangedError(f"{self.uri}: {entry.name} is another generation now")
        query = urlencode({"alt": "media"} | ({"generation": generation} if generation else {}))
        return http.read(f"{self._object(key)}?{query}", start, end, headers=self._headers)

    def _listed(self) -> Iterator[dict[str, Any]]:
        base = f"{gcs_host() or _HOST}/storage/v1/b/{quote(self._bucket, safe='')}/o"

        def page(token: str) -> tuple[list[dict[str, Any]], str]:
            query = {"prefix": self._prefix, "maxResults": "1000"} | ({"pageToken": token} if token else {})
            said, _ = http.call(f"{base}?{urlencode(query)}", headers=self._headers)
            return list((said or {}).get("items", ())), str((said or {}).get("nextPageToken", ""))

        return pages(self.uri, page)

    def _inside(self, key: str) -> bool:
        if key.endswith("/") or not self._prefix or self._prefix.endswith("/"):
            return not key.endswith("/")
        return key == self._prefix or key.startswith(self._prefix + "/")

    def _object(self, key: str) -> str:
        host = gcs_host() or _HOST
        return f"{host}/storage/v1/b/{quote(self._bucket, safe='')}/o/{quote(key, safe='')}"
