"""A plain HTTP server told, path by path, to behave well or in one of the ways that break a download.

with HttpServer() as server:
    server.add("/a.bin", body, cut_after=1000, times=2)   # cut the first two answers after 1000 bytes
    server.add("/b.bin", body, failures=[Failure(429, "1")])
    ... fetch server.url + "/a.bin" ...
    assert server.sent["/a.bin"] < 2 * len(body)
    assert not any(e.authorized for e in other.log)
"""

from __future__ import annotations

import gzip
import hashlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Literal

from .listener import PIECE, Exchange, Listener, Reply, read_range

LAST_MODIFIED = "Fri, 02 Jan 2026 03:04:05 GMT"
LATER_MODIFIED = "Sat, 03 Jan 2026 03:04:05 GMT"


@dataclass(frozen=True)
class Failure:
    """One answer instead of the object: a status, and what Retry-After says (seconds or an HTTP date).

    Status 0 is no answer at all: the connection is closed.
    """

    status: int
    retry_after: str | None = None

    @staticmethod
    def dated(status: int, seconds: float) -> Failure:
        """Return a failure whose Retry-After is an HTTP date so many seconds from now."""
        return Failure(status, formatdate(time.time() + seconds, usegmt=True))


@dataclass
class Resource:
    """One object and how it misbehaves; sizes in bytes of what is sent, after any gzip.

    validator       strong or weak ETag, only Last-Modified, or neither.
    ranges          good; none (200 always); wrong_start (206 one byte late); status_200 (the right bytes and an
                    exact Content-Range under status 200, as `rclone serve s3` does); no_total (`bytes 5-9/*`);
                    careless (If-Range and If-Match are not looked at: a part of whatever is there now).
    cut_after       close the connection after so many bytes of body, `times` times (None: always).
    stall_after     stop sending after so many bytes and keep the connection open, `times` times.
    length_off      added to Content-Length; the connection closes after the body. With `times`.
    replacement     another object in the place of this one once `replace_after_requests` GETs were begun or
                    `replace_after_bytes` were sent; an answer under way goes on with the old bytes.
    failures        answered first, one a request (HEAD too).
    redirect        Location, with `redirect_status`.
    rate            bytes a second, in pieces of `piece` bytes.
    authorization   required value of the Authorization header, else 401.
    tag             the ETag's text, instead of one made of the bytes.
    """

    body: bytes
    content_type: str = "application/octet-stream"
    validator: Literal["strong", "weak", "date", "none"] = "strong"
    ranges: Literal["good", "none", "wrong_start", "status_200", "no_total", "careless"] = "good"
    cut_after: int | None = None
    stall_after: int | None = None
    length_off: int = 0
    times: int | None = None
    replacement: bytes | None = None
    replace_after_requests: int | None = None
    replace_after_bytes: int | None = None
    failures: list[Failure] = field(default_factory=list)
    redirect: str | None = None
    redirect_status: int = 302
    gzip: bool = False
    chunked: bool = False
    endless: bool = False
    rate: int | None = None
    piece: int = 4096
    authorization: str | None = None
    tag: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    gets: int = 0
    spent: int = 0
    sent: int = 0
    replaced: bool = False

    @property
    def etag(self) -> str | None:
        """Return the ETag of the object as it is now."""
        if self.validator not in {"strong", "weak"}:
            return None
        text = self.tag if self.tag and not self.replaced else hashlib.sha256(self.body).hexdigest()[:32]
        return ("W/" if self.validator == "weak" else "") + f'"{text}"'

    @property
    def modified(self) -> str | None:
        if self.validator == "none":
            return None
        return LATER_MODIFIED if self.replaced else LAST_MODIFIED

    def misbehaves(self) -> bool:
        """Say whether cut, stall and length apply now, and use up one of `times`."""
        if self.cut_after is None and self.stall_after is None and not self.length_off:
            return False
        if self.times is not None and self.spent >= self.times:
            return False
        self.spent += 1
        return True

    def replace_if_due(self) -> None:
        """Put the replacement in place when its moment has come."""
        by_requests = self.replace_after_requests is not None and self.gets >= self.replace_after_requests
        by_bytes = self.replace_after_bytes is not None and self.sent >= self.replace_after_bytes
        if self.replacement is not None and not self.replaced and (by_requests or by_bytes):
            self.body, self.replaced = self.replacement, True


@dataclass
class Answer:
    """Status, headers and body decided for one request, before it is spoilt."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class HttpServer(Listener):
    """The server; paths that were not added are 404."""

    send_buffer: int | None = 16384
    resources: dict[str, Resource] = field(default_factory=dict)
    refusals: list[tuple[str, Failure]] = field(default_factory=list)

    def add(self, path: str, body: bytes = b"", **behaviour: object) -> Resource:
        """Serve `body` at `path`; `behaviour` are the fields of Resource. Return it (its counters are live)."""
        resource = Resource(body, **behaviour)  # type: ignore[arg-type]
        self.resources[path] = resource
        return resource

    def refuse(self, start: str, failure: Failure, times: int = 1) -> None:
        """Answer the next `times` requests whose path starts with `start` with a failure."""
        self.refusals += [(start, failure)] * times

    def refused(self, exchange: Exchange, reply: Reply) -> bool:
        """Answer with the first refusal that fits the path, and say whether there was one."""
        with self.lock:
            fitting = next((one for one in self.refusals if exchange.path.startswith(one[0])), None)
            if fitting is None:
                return False
            self.refusals.remove(fitting)
        failure = fitting[1]
        again = {"Retry-After": failure.retry_after} if failure.retry_after is not None else {}
        if not failure.status:
            reply.cut()
            return True
        reply.json({"error": f"refused with {failure.status}"}, failure.status, again)
        return True

    def answer(self, exchange: Exchange, reply: Reply) -> None:
        if self.refused(exchange, reply):
            return
        resource = self.resources.get(exchange.path)
        if resource is None:
            reply.send(404, {"Content-Type": "text/plain"}, b"not found\n")
        else:
            self.serve(resource, exchange, reply)

    def serve(self, resource: Resource, exchange: Exchange, reply: Reply) -> None:
        """Answer with a resource, as it is and misbehaves."""
        with self.lock:
            refusal = _refusal(resource, exchange)
            if refusal is None:
                resource.replace_if_due()
                answer = _object(resource, exchange)
                spoilt = exchange.method != "HEAD" and answer.status < 300 and resource.misbehaves()
                resource.gets += exchange.method != "HEAD"
        if refusal is not None and not refusal.status:
            reply.cut()
        elif refusal is not None:
            reply.send(refusal.status, refusal.headers, refusal.body)
        elif answer.status >= 300 or exchange.method == "HEAD":
            reply.start(answer.status, answer.headers)
            reply.write(answer.body)
        else:
            self._send(resource, answer, reply, spoilt=spoilt)

    def _send(self, resource: Resource, answer: Answer, reply: Reply, *, spoilt: bool) -> None:
        if spoilt and resource.length_off:
            length = int(answer.headers["Content-Length"]) + resource.length_off
            answer.headers |= {"Content-Length": str(length), "Connection": "close"}
        stop = _first(resource.cut_after, resource.stall_after) if spoilt else None
        reply.start(answer.status, answer.headers)
        for piece in _pieces(resource, answer.body, stop):
            if resource.rate and self.stopping.wait(len(piece) / resource.rate):
                return
            reply.write(piece, chunked=resource.chunked)
            with self.lock:
                resource.sent += len(piece)
        if spoilt and resource.stall_after is not None:
            self.stopping.wait(60)
        if stop is not None or (spoilt and resource.length_off):
            reply.cut()
        elif resource.chunked:
            reply.handler.wfile.write(b"0\r\n\r\n")


def _first(*limits: int | None) -> int | None:
    return min((limit for limit in limits if limit is not None), default=None)


def _pieces(resource: Resource, body: bytes, stop: int | None) -> Iterator[bytes]:
    """Yield the body, up to `stop` bytes of it; an endless one for ever."""
    size = resource.piece if resource.rate else PIECE
    if resource.endless:
        at, unit = 0, (body or b"\0") * (size // max(1, len(body)) + 1)
        while stop is None or at < stop:
            yield unit[: size if stop is None else min(size, stop - at)]
            at += size
        return
    end = len(body) if stop is None else min(stop, len(body))
    for at in range(0, end, size):
        yield body[at : min(at + size, end)]


def _refusal(resource: Resource, exchange: Exchange) -> Answer | None:
    """Return the answer given instead of the object, if one is due."""
    if resource.failures:
        failure = resource.failures.pop(0)
        again = {"Retry-After": failure.retry_after} if failure.retry_after is not None else {}
        return Answer(failure.status, again, b"refused\n")
    if resource.authorization is not None and exchange.headers.get("authorization") != resource.authorization:
        return Answer(401, {"WWW-Authenticate": 'Bearer realm="test"'}, b"who are you?\n")
    if resource.redirect is not None:
        return Answer(resource.redirect_status, {"Location": resource.redirect}, b"")
    return None


def _object(resource: Resource, exchange: Exchange) -> Answer:
    """Decide status, headers and bytes by the request's Range, If-Range, If-Match and If-None-Match."""
    body = gzip.compress(resource.body, mtime=0) if resource.gzip else resource.body
    headers = {"Content-Type": resource.content_type, **_validators(resource), **resource.headers}
    if resource.gzip:
        headers["Content-Encoding"] = "gzip"
    wanted = exchange.headers.get("if-match")
    careful = resource.ranges != "careless"
    if careful and wanted not in {None, "*"} and (resource.validator != "strong" or wanted != resource.etag):
        return Answer(412, headers | {"Content-Length": "0"}, b"")
    if resource.etag is not None and exchange.headers.get("if-none-match") == resource.etag:
        return Answer(304, headers, b"")
    if resource.endless:
        return Answer(200, headers | {"Connection": "close"}, body)
    if resource.chunked:
        return Answer(200, headers | {"Transfer-Encoding": "chunked"}, body)
    if resource.ranges != "none":
        headers["Accept-Ranges"] = "bytes"
        part = read_range(exchange.range, len(body))
        if part is not None and (not careful or _still_the_same(resource, exchange)):
            return _part(resource, headers, body, part)
    return Answer(200, headers | {"Content-Length": str(len(body))}, body)


def _part(resource: Resource, headers: dict[str, str], body: bytes, part: tuple[int, int]) -> Answer:
    """Return the answer to a Range, false in the way the resource says."""
    first, last = part
    if first < 0:
        return Answer(416, headers | {"Content-Range": f"bytes */{len(body)}", "Content-Length": "0"}, b"")
    if resource.ranges == "wrong_start":
        first = min(first + 1, last)
    data = body[first : last + 1]
    total = "*" if resource.ranges == "no_total" else len(body)
    exact = {"Content-Range": f"bytes {first}-{last}/{total}", "Content-Length": str(len(data))}
    return Answer(200 if resource.ranges == "status_200" else 206, headers | exact, data)


def _validators(resource: Resource) -> dict[str, str]:
    given = {"ETag": resource.etag, "Last-Modified": resource.modified}
    return {name: value for name, value in given.items() if value is not None}


def _still_the_same(resource: Resource, exchange: Exchange) -> bool:
    """Say whether If-Range allows a part: a strong ETag that is equal, or the same date (RFC 9110, 13.1.5)."""
    given = exchange.headers.get("if-range")
    if given is None:
        return True
    strong = resource.etag if resource.validator == "strong" else None
    return given in {strong, resource.modified} - {None}
