"""Google Cloud Storage by its JSON API: resumable sessions, MD5 compared, generations as conditions.

A token comes from Google's default credentials. It goes out over TLS only: to an emulator
(`STORAGE_EMULATOR_HOST`, or a plain http endpoint) requests go without one.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import httpx2 as httpx

from pixelated.core.errors import CheckFailedError
from pixelated.core.places.protocol import Entry, UnavailableError
from pixelated.core.uploads.extras import need
from pixelated.core.uploads.journal import Journal
from pixelated.core.uploads.meter import Meter
from pixelated.core.uploads.protocol import (
    ANY,
    CHUNK,
    Found,
    LocalFile,
    RaceError,
    changed,
    check_name,
    check_sent,
    found,
)

PIECE = 8 << 20  # a multiple of 256 KiB, as the protocol wants
TRIES = 5
DONE = -1
MAX_WAIT = 60.0
_SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
_RANGE = re.compile(r"bytes=0-(\d{1,18})\Z")
_OK, _DONE, _RESUME, _GONE, _RACED = 200, (200, 201), 308, (404, 410), 412
_BUSY = {429, 500, 502, 503, 504}


@dataclass(frozen=True)
class _TokenAnswer:
    status: int
    headers: dict[str, str]
    data: bytes


class GcsTarget:
    """A prefix of a bucket."""

    def __init__(self, bucket: str, prefix: str = "", endpoint: str = "") -> None:
        self.uri = f"gs://{bucket}/{prefix}".rstrip("/")
        self._bucket, self._prefix = bucket, f"{prefix}/" if prefix else ""
        emulator = os.environ.get("STORAGE_EMULATOR_HOST", "")
        base = (endpoint or emulator or "https://storage.googleapis.com").rstrip("/")
        self._base = base if "://" in base else f"http://{base}"
        self._http = httpx.Client(timeout=httpx.Timeout(60, connect=10))
        self._credentials: Any = None
        self._anonymous = bool(emulator and not endpoint) or self._base.startswith("http://")

    def check(self) -> None:
        """Ask for the bucket."""
        self._ask("GET", f"/storage/v1/b/{quote(self._bucket)}")

    def stat(self, name: str) -> Entry | None:
        """Return size, generation and MD5, which the server computed."""
        answer = self._ask("GET", self._object(name), fine=(_OK, 404))
        return None if answer.status_code == 404 else self._entry(answer.json())  # noqa: PLR2004

    def has(self, file: LocalFile, name: str) -> Found:
        """Compare size and MD5."""
        return found(self.stat(name), file)

    def put(self, file: LocalFile, name: str, journal: Journal, meter: Meter) -> Entry:
        """Send through a resumable session, and go on with that of a killed process where it is open."""
        sha256, size = file.sha256, file.size
        session = str(journal.read(self.uri, name, sha256).get("session", ""))
        offset = self._offset(session, size) if session and self._is_ours(session) else None
        for last in (False, True):
            if offset is None:
                session, offset = self._begin(name, file), 0
                journal.write(self.uri, name, sha256, {"session": session})
            if offset == DONE or self._send(file, name, session, offset, meter):
                break
            offset = None
            if last:
                raise UnavailableError(
                    "session_lost", f"{self.uri} lost the upload of {name}", "run it again"
                )
        journal.drop(self.uri, name)
        return check_sent(name, self.stat(name), file)

    def put_bytes(self, data: bytes, name: str, instead_of: Entry | None = None) -> Entry:
        """Write in one request under `ifGenerationMatch`; the emulator ignores it, so look before as well."""
        query = {"uploadType": "media", "name": self._prefix + check_name(name)}
        if instead_of is not ANY:
            there = self.stat(name)
            if (there and there.version) != (instead_of and instead_of.version):
                raise RaceError(self.uri, name)
            query["ifGenerationMatch"] = instead_of.version if instead_of else "0"
        url = f"/upload/storage/v1/b/{quote(self._bucket)}/o"
        headers = {"Content-Type": "application/octet-stream"}
        answer = self._ask("POST", url, params=query, content=data, headers=headers, fine=(_OK, _RACED))
        if answer.status_code == _RACED:
            raise RaceError(self.uri, name)
        return check_sent(name, self.stat(name), data)

    def finish(self, message: str) -> None:
        """Do nothing: what was put is visible."""

    def get(self, name: str) -> bytes:
        """Return the bytes of an object."""
        with self.open(name) as chunks:
            return b"".join(chunks)

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        """Yield the objects under the prefix, page by page."""
        query = {"prefix": self._prefix + prefix}
        while True:
            page = self._ask("GET", f"/storage/v1/b/{quote(self._bucket)}/o", params=query).json()
            yield from (self._entry(item) for item in page.get("items", []))
            if not page.get("nextPageToken"):
                return
            query["pageToken"] = page["nextPageToken"]

    @contextmanager
    def open(self, name: str) -> Iterator[Iterator[bytes]]:
        """Open an object to read it back."""
        url, query = self._base + self._object(name), {"alt": "media"}
        try:
            with self._http.stream("GET", url, params=query, headers=self._headers()) as answer:
                if answer.status_code != _OK:
                    raise self._refused(answer.status_code)
                yield answer.iter_bytes(CHUNK)
        except httpx.TransportError as error:
            raise self._away(error) from error

    def _send(self, file: LocalFile, name: str, session: str, offset: int, meter: Meter) -> bool:
        """Send from `offset` on until the object is there; False where the session is lost."""
        whole, place = hashlib.sha256(), offset
        with file.path.open("rb") as stream:
            for piece in iter(lambda: stream.read(CHUNK), b""):  # what is sent must be what was hashed
                whole.update(piece)
            if whole.hexdigest() != file.sha256:
                raise changed(file)
            meter.add_kept(min(offset, file.size))
            while place != DONE:
                stream.seek(place)
                piece = stream.read(PIECE)
                reached = self._send_piece(session, piece, (place, file.size), name, meter)
                if reached is None:
                    return False
                meter.add_sent(len(piece) if reached == DONE else max(reached - place, 0))
                place = reached
        return True

    def _send_piece(
        self, session: str, piece: bytes, at: tuple[int, int], name: str, meter: Meter
    ) -> int | None:
        """Send one piece; return how far the session came, DONE, or None where it is lost."""
        start, size = at
        stated = f"bytes {start}-{start + len(piece) - 1}/{size}" if piece else f"bytes */{size}"
        for attempt in range(TRIES):
            meter.wait(len(piece))
            answer = self._put_piece(session, piece, stated)
            status = answer.status_code if answer is not None else 503
            if status in _DONE:
                return DONE
            if status == _RACED:
                raise RaceError(self.uri, name)
            if answer is not None and status == _RESUME:
                return _reached(answer)
            if status not in _BUSY:
                return None  # 404, 410: gone; 400: it does not go on where it said
            time.sleep(min(2.0**attempt, MAX_WAIT))
            reached = self._offset(session, size)
            if reached is None or reached != start:
                return reached
        raise UnavailableError(
            "unavailable", f"{self.uri} broke off", "run the same command again: it goes on"
        )

    def _put_piece(self, session: str, piece: bytes, stated: str) -> httpx.Response | None:
        try:
            headers = self._headers() | {"Content-Range": stated}
            return self._http.put(session, content=piece, headers=headers)
        except httpx.TransportError:
            return None

    def _offset(self, session: str, size: int) -> int | None:
        """Ask how far a session came: a number of bytes, DONE, or None where it is lost."""
        answer = self._ask(
            "PUT", session, headers={"Content-Range": f"bytes */{size}"}, fine=(*_DONE, _RESUME, *_GONE, 400)
        )
        if answer.status_code in _DONE:
            return DONE
        if answer.status_code == _RESUME:
            return _reached(answer)
        return None

    def _begin(self, name: str, file: LocalFile) -> str:
        """Open a session; the MD5 is stated, so that the server refuses other bytes."""
        there = self.stat(name)
        query = {
            "uploadType": "resumable",
            "name": self._prefix + check_name(name),
            "ifGenerationMatch": there.version if there else "0",
        }
        body = {
            "name": query["name"],
            "md5Hash": base64.b64encode(bytes.fromhex(file.md5)).decode(),
            "metadata": {"sha256": file.sha256},
        }
        headers = {
            "X-Upload-Content-Length": str(file.size),
            "X-Upload-Content-Type": "application/octet-stream",
        }
        url = f"/upload/storage/v1/b/{quote(self._bucket)}/o"
        answer = self._ask("POST", url, params=query, json=body, headers=headers, fine=(_OK, _RACED))
        if answer.status_code == _RACED:
            raise RaceError(self.uri, name)
        session = answer.headers.get("Location", "")
        if not self._is_ours(session):
            raise CheckFailedError("foreign_session", f"{self.uri} sends uploads to another host", "check it")
        return str(session)

    def _is_ours(self, session: str) -> bool:
        """Say whether a session lives on the host that we speak with: the token goes nowhere else."""
        mine, its = urlsplit(self._base), urlsplit(session)
        return (its.scheme, its.netloc) == (mine.scheme, mine.netloc)

    def _ask(self, method: str, url: str, *, fine: tuple[int, ...] = (_OK,), **more: Any) -> httpx.Response:
        url = url if "://" in url else self._base + url
        headers = more.pop("headers", {})
        for attempt in range(TRIES):
            wait = 2.0**attempt
            try:
                answer = self._http.request(method, url, headers=self._headers() | headers, **more)
            except httpx.TransportError as error:
                if attempt + 1 == TRIES or isinstance(error, httpx.ConnectError):
                    raise self._away(error) from error
            else:
                if answer.status_code in fine:
                    return answer
                if answer.status_code not in _BUSY or attempt + 1 == TRIES:
                    raise self._refused(answer.status_code)
                stated = answer.headers.get("Retry-After", "")
                wait = float(stated) if stated.isdigit() else wait
            time.sleep(min(wait, MAX_WAIT))
        raise AssertionError

    def _headers(self) -> dict[str, str]:
        if self._anonymous:
            return {}
        auth = need("google.auth", "gcs")
        try:
            if self._credentials is None:
                self._credentials, _ = auth.default(scopes=[_SCOPE])
            if not self._credentials.valid:
                self._credentials.refresh(self._token_request)
        except need("google.auth.exceptions", "gcs").GoogleAuthError as error:
            raise UnavailableError(
                "no_credentials",
                f"no credentials for {self.uri} ({type(error).__name__})",
                "gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS",
            ) from error
        return {"Authorization": f"Bearer {self._credentials.token}"}

    def _token_request(
        self, url: str, method: str = "GET", body: Any = None, headers: Any = None, **_: Any
    ) -> _TokenAnswer:
        """Ask for a token the way google-auth wants to be served; spares its `requests` extra."""
        try:
            answer = self._http.request(method, url, content=body, headers=headers)
        except httpx.TransportError as error:
            raise need("google.auth.exceptions", "gcs").TransportError(type(error).__name__) from error
        return _TokenAnswer(answer.status_code, dict(answer.headers), answer.content)

    def _object(self, name: str) -> str:
        return f"/storage/v1/b/{quote(self._bucket)}/o/{quote(self._prefix + check_name(name), safe='')}"

    def _entry(self, item: dict[str, Any]) -> Entry:
        md5 = base64.b64decode(item.get("md5Hash") or "").hex()
        name = str(item["name"]).removeprefix(self._prefix)
        return Entry(
            name, int(item["size"]), str(item["generation"]), md5=md5, modified=item.get("updated", "")
        )

    def _refused(self, status: int) -> UnavailableError:
        return UnavailableError(
            f"http_{status}", f"{self.uri} answered {status}", "check the bucket and the credentials"
        )

    def _away(self, error: Exception) -> UnavailableError:
        return UnavailableError(
            "unavailable", f"{self.uri} can't be reached ({type(error).__name__})", "check the network"
        )


def _reached(answer: httpx.Response) -> int:
    match = _RANGE.match(answer.headers.get("Range", ""))
    return int(match[1]) + 1 if match else 0
