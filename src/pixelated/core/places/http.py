"""Files on HTTP(S) servers: ranged reads that never mix two versions, and JSON calls with retries.

The rules of RFC 9110: a range is asked for together with a strong validator (`If-Range`), an answer is taken
as the rest of a file only where `Content-Range` says so, a weak ETag is no version, and a Last-Modified is
one only where it is at least a minute older than the answer (8.8.2.2).
"""

from __future__ import annotations

import email.utils
import os
import re
import ssl
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import orjson
import urllib3

from pixelated.core.places.digests import digests_of
from pixelated.core.places.patience import patient, wait_of
from pixelated.core.places.protocol import (
    ChangedError,
    Entry,
    Facts,
    Opened,
    TryAgainError,
    UnavailableError,
)
from pixelated.core.places.redirects import next_address
from pixelated.core.places.retrying import patiently, refuse_down

MIRRORS = "PIXELATED_MIRRORS"  # "https://a.example=https://mirror.example/a ...": a site's own copies
_CHUNK = 1 << 18  # at most; `read1` hands on what has arrived
_TIMEOUT = urllib3.Timeout(connect=15, read=90)
_OK, _PARTIAL, _NO_CONTENT, _MULTIPLE, _BAD = 200, 206, 204, 300, 400
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_GONE = {401: "no access (401): credentials are missing or wrong", 403: "no access (403)"}
_SETTLED_SECONDS = 60
_NOT_CONNECTED = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.NameResolutionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.SSLError,
)
_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)")
_LAST_REDIRECT = 10
_DIGITS = re.compile(r"[0-9]{1,18}")  # of a number of bytes that fits 64 bits
_LARGEST_JSON = 64 << 20  # bytes of an answer that is held in memory
_RATIO, _RATIO_FROM = 200, 100 * 10**6  # unpacked to packed bytes, as of archives
_AS_IT_IS = ("", "identity", "aws-chunked")  # the last is how it was sent to the store
Digests = Callable[[Mapping[str, str]], dict[str, str]]


def rewritten(url: str) -> str:
    """Return `url` at the mirror that `$PIXELATED_MIRRORS` names for its beginning, if any."""
    for rule in os.environ.get(MIRRORS, "").split():
        origin, _, mirror = rule.partition("=")
        if mirror and url.startswith(origin):
            return mirror + url[len(origin) :]
    return url


def shown(url: str) -> str:
    """Return a URL fit for logs and manifests: no user, no password, no query (signatures live there)."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}{parts.path}"


@contextmanager
def read(
    url: str,
    start: int = 0,
    end: int | None = None,
    *,
    version: str = "",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    digests: Digests = digests_of,
    stored: bool = False,
) -> Iterator[Opened]:
    """Open a URL at byte `start`.

    Args:
        url: http or https; redirects are followed, credentials stay with the host they were for.
        start: first byte wanted.
        end: byte after the last one wanted; None for all.
        version: what the file has to be still, as an earlier answer said; "" for any.
        headers: sent along, such as Authorization.
        body: sent by POST, to an API that answers with the file or with a redirect to it.
        digests: reads the digests that an answer states.
        stored: the file is the bytes as they are sent, also where they are said to be packed.

    Raises:
        ChangedError: the file is another version now.
        TryAgainError: a passing fault, with the wait that the server asked for.
        UnavailableError: not there, no access, no such host.
    """
    wanted = {"Accept-Encoding": "identity", **(headers or {})}
    if start or end is not None:
        wanted["Range"] = f"bytes={start}-" + (str(end - 1) if end is not None else "")
        if version.startswith('"'):
            wanted["If-Range"] = version
    answer = _request("GET" if body is None else "POST", url, wanted, body)
    try:
        _refuse(answer, url)
        yield _opened(answer, url, start, version, digests, stored=stored)
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise TryAgainError(f"{shown(url)}: the connection broke ({type(error).__name__})") from error
    finally:
        answer.close()  # what was not read must not block the next request
        answer.release_conn()


def head(url: str, headers: Mapping[str, str] | None = None) -> Entry:
    """Return what a server says of a file without sending it; the name is left empty.

    Raises:
        TryAgainError, UnavailableError: see `read`.
    """
    wanted = {"Accept-Encoding": "identity", **(headers or {})}
    answer = _request("HEAD", url, wanted)
    if answer.status in (405, 501):  # no HEAD here: ask for the first byte
        answer = _request("GET", url, {**wanted, "Range": "bytes=0-0"})
    try:
        _refuse(answer, url)
        said = answer.headers
        span = _RANGE.fullmatch(said.get("Content-Range", ""))
        size = span[3] if span else said.get("Content-Length", "")
        return Entry("", None if _packings(answer) else _bytes(size), version_of(said))
    finally:
        answer.close()


def call(
    url: str, body: Any = None, *, headers: Mapping[str, str] | None = None, method: str = ""
) -> tuple[Any, Mapping[str, str]]:
    """Return (JSON value, headers) of an API call; passing faults are tried again.

    Raises:
        UnavailableError: not there, no access, or no JSON in the answer.
    """
    sent = None if body is None else orjson.dumps(body)
    wanted = {"Accept": "application/json", **(headers or {})}
    if sent is not None:
        wanted["Content-Type"] = "application/json"

    def once() -> tuple[Any, Mapping[str, str]]:
        answer = _request(method or ("POST" if sent is not None else "GET"), url, wanted, sent)
        try:
            _refuse(answer, url)
            data = _held(answer, url)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise TryAgainError(f"{shown(url)}: the connection broke ({type(error).__name__})") from error
        finally:
            answer.close()
            answer.release_conn()
        return orjson.loads(data) if data else None, answer.headers

    try:
        return patiently(once)
    except orjson.JSONDecodeError as error:
        raise UnavailableError(
            "bad_answer", f"{shown(url)} did not answer with JSON", "check the address"
        ) from error


def version_of(headers: Mapping[str, str]) -> str:
    """Return what identifies the version of a file in an answer, or "" where nothing safely does."""
    etag = headers.get("X-Linked-Etag") or headers.get("ETag", "")
    if etag and not etag.startswith("W/"):
        return etag if etag.startswith('"') else f'"{etag}"'
    modified, date = headers.get("Last-Modified", ""), headers.get("Date", "")
    try:
        age = email.utils.parsedate_to_datetime(date) - email.utils.parsedate_to_datetime(modified)
    except (TypeError, ValueError, OverflowError):
        return ""
    return f"modified {modified}" if age.total_seconds() >= _SETTLED_SECONDS else ""


def _opened(
    answer: urllib3.BaseHTTPResponse, url: str, start: int, version: str, digests: Digests, *, stored: bool
) -> Opened:
    said = answer.headers
    now = version_of(said)
    if version and now and now != version:
        raise ChangedError(f"{shown(url)} is another version now")
    packings = [] if stored else _packings(answer)
    if set(packings) - set(answer.CONTENT_DECODERS):
        raise UnavailableError(
            "packed", f"{shown(url)} is sent packed in a way that was not asked for", "fetch it by hand"
        )
    if packings:
        # packed whatever was asked for: the bytes are the file's only after unpacking, and have no offsets
        return Opened(0, None, "", _stream(answer, url, decode=True))
    span = _RANGE.fullmatch(said.get("Content-Range", ""))
    if span is None and answer.status == _PARTIAL:
        raise TryAgainError(f"{shown(url)}: a part was sent without saying which")
    if span is None:
        return Opened(0, _bytes(said.get("Content-Length", "")), now, _stream(answer, url), **digests(said))
    if int(span[1]) != start:
        raise TryAgainError(f"{shown(url)}: bytes from {span[1]} were sent, {start} was asked for")
    return Opened(start, _bytes(span[3]), now, _stream(answer, url), **digests(said))


def _stream(answer: Any, url: str, *, decode: bool = False) -> Iterator[bytes]:
    """Yield the bytes as they arrive.

    Raises:
        UnavailableError: hardly any come, or they unpack to too many.
    """
    wait, size, chunk = wait_of(answer), 0, b"-"
    while chunk:
        with wait.waiting(shown(url)):
            # read1 gives what has arrived: a client that is killed has lost nothing that it was holding back
            chunk = answer.read1(_CHUNK, decode_content=decode)
        wait.came(len(chunk))
        size += len(chunk)
        if decode and size > _RATIO_FROM and size > _RATIO * answer.tell():
            message = f"{shown(url)} unpacks to more than {_RATIO} times its size"
            raise UnavailableError("ratio_too_high", message, "fetch it by hand, if it can be trusted")
        if chunk:
            yield chunk


def _held(answer: urllib3.BaseHTTPResponse, url: str) -> bytes:
    """Return the bytes of an answer that is no file."""
    data = bytearray()
    for chunk in _stream(answer, url, decode=True):
        data += chunk
        if len(data) > _LARGEST_JSON:
            message = f"{shown(url)} answers with more than {_LARGEST_JSON:,} bytes"
            raise UnavailableError("bad_answer", message, "check the address")
    return bytes(data)


def _packings(answer: urllib3.BaseHTTPResponse) -> list[str]:
    named = (p.strip().lower() for p in answer.headers.get("Content-Encoding", "").split(","))
    return [p for p in named if p not in _AS_IT_IS]


def _bytes(text: str) -> int | None:
    return int(text) if _DIGITS.fullmatch(text) else None


def _refuse(answer: urllib3.BaseHTTPResponse, url: str) -> None:
    """Raise for an answer that carries no file."""
    status = answer.status
    if _OK <= status < _MULTIPLE and status != _NO_CONTENT:
        return
    if status in _PASSING:
        raise TryAgainError(f"{shown(url)}: the server answered {status}", asked_wait(answer.headers))
    if status in (412, 416):
        raise ChangedError(f"{shown(url)}: the server answered {status}, so it is another version now")
    why = _GONE.get(status, "not there" if status in (404, 410) else "refused")
    note = "".join(c for c in answer.headers.get("X-Error-Message", "") if c.isprintable())[:200]
    raise UnavailableError(
        "no_access" if status in _GONE else "not_found" if status in (404, 410) else "refused",
        f"{shown(url)}: {why} ({status})" + (f": {note}" if note else ""),
        "check the address and the credentials",
    )


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a server asks to wait: a number, or a date."""
    text = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]+", text):
        return float(text[:12])
    try:
        until = email.utils.parsedate_to_datetime(text)
        now = email.utils.parsedate_to_datetime(headers["Date"])
    except (TypeError, ValueError, KeyError, OverflowError):
        return None
    return max(0.0, (until - now).total_seconds())


def _request(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
) -> urllib3.BaseHTTPResponse:
    """Send one request, following redirects; credentials never reach another host."""
    at, sent = rewritten(url), dict(headers)
    if body is not None:
        sent.setdefault("Content-Type", "application/json")
    for _ in range(_LAST_REDIRECT):
        host = urlsplit(at).netloc.rpartition("@")[2]
        refuse_down(host)
        try:
            answer = pool(at).request(
                method, at, headers=sent, body=body, preload_content=False, redirect=False, retries=False,
                timeout=_TIMEOUT,
            )  # fmt: skip
        except urllib3.exceptions.LocationValueError as error:
            raise UnavailableError("bad_address", f"{shown(url)} is no address", "correct it") from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            down = host if isinstance(error, _NOT_CONNECTED) else ""
            raise TryAgainError(f"no connection to {host} ({type(error).__name__})", down=down) from error
        target = answer.get_redirect_location()
        if not target:
            return answer
        answer.close()  # a body of a redirect may be endless
        if answer.status in (301, 302, 303):
            method, body = ("HEAD" if method == "HEAD" else "GET"), None
        there = next_address(at, target, shown(url))
        if urlsplit(at)[:2] != urlsplit(there)[:2]:
            sent = {k: v for k, v in sent.items() if k.lower() not in ("authorization", "cookie")}
        at = there
    raise UnavailableError("redirects", f"{shown(url)}: too many redirects", "check the address")


@cache
def _pools() -> dict[str, urllib3.PoolManager]:
    return {}


def pool(url: str) -> urllib3.PoolManager:
    """Return the connections to use: the environment's proxy, or direct ones."""
    parts = urlsplit(url)
    proxies = urllib.request.getproxies()
    bypass = not parts.hostname or urllib.request.proxy_bypass(parts.hostname)
    proxy = "" if bypass else proxies.get(parts.scheme, "")
    pools = _pools()
    if proxy not in pools:
        context = ssl.create_default_context()
        pools[proxy] = (
            patient(urllib3.ProxyManager(proxy, maxsize=16, ssl_context=context))
            if proxy
            else patient(urllib3.PoolManager(maxsize=16, ssl_context=context))
        )
    return pools[proxy]


class HttpPlace:
    """One file at a URL, or files of given names under a URL that ends with a slash."""

    def __init__(self, location: str, names: tuple[str, ...] = ()) -> None:
        self._base = location
        self._names = names
        self.uri = shown(location)

    def facts(self) -> Facts:
        """Return nothing: a web server says nothing of a file's owner."""
        return Facts()

    def entries(self) -> Iterator[Entry]:
        """Yield the file, or the files that the registry names: a web server has no listing."""
        if not self._base.endswith("/"):
            name = urllib.parse.unquote(urlsplit(self._base).path.rsplit("/", 1)[-1])
            yield self._entry(name or "file")
            return
        if not self._names:
            raise UnavailableError(
                "no_listing",
                f"{self.uri}: a web server does not list its files",
                "name them under acquire.expected",
            )
        for name in sorted(self._names):
            yield self._entry(name)

    def open(self, entry: Entry, start: int = 0, end: int | None = None) -> Any:
        """Open a file; see `read`."""
        return read(self._url(entry.name), start, end, version=entry.version)

    def _entry(self, name: str) -> Entry:
        said = patiently(lambda: head(self._url(name)))
        return Entry(name, said.size, said.version)

    def _url(self, name: str) -> str:
        if not self._base.endswith("/"):
            return self._base
        return self._base + urllib.parse.quote(name)
