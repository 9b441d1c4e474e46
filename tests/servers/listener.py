"""A threaded HTTP listener on 127.0.0.1 that logs every request and counts every byte of body it sends."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

PIECE = 65536
RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass
class Exchange:
    """One request and what was answered: header names in lower case, `sent` in bytes of body."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""
    status: int = 0
    sent: int = 0
    target: str = ""  # path and query as they came, still quoted

    @property
    def parts(self) -> list[str]:
        """Return the parts of the path between slashes; a quoted slash stays inside its part."""
        return [unquote(part) for part in urlsplit(self.target).path.strip("/").split("/")]

    def all(self, name: str) -> list[str]:
        """Return every value of a repeated query parameter."""
        return [value for key, value in parse_qsl(urlsplit(self.target).query) if key == name]

    @property
    def range(self) -> str | None:
        return self.headers.get("range")

    @property
    def authorized(self) -> bool:
        """Say whether the request carried any Authorization header."""
        return "authorization" in self.headers

    def json(self) -> dict:
        """Return the body as a JSON object, {} if there is none."""
        return json.loads(self.body) if self.body else {}


def read_range(value: str | None, size: int) -> tuple[int, int] | None:
    """Return first and last byte of a single Range of an object of `size` bytes.

    None: no range, or one to be ignored. (-1, -1): cannot be satisfied (416).
    """
    match = RANGE.fullmatch(value or "")
    if match is None or match[0] == "bytes=-":
        return None
    first, last = match[1], match[2]
    if first == "":
        return (max(0, size - int(last)), size - 1) if size and int(last) else (-1, -1)
    if int(first) >= size:
        return (-1, -1)
    return int(first), min(int(last), size - 1) if last else size - 1


@dataclass
class Reply:
    """The way back to the client: `start` once, `write` in pieces, or `send` all at once."""

    handler: BaseHTTPRequestHandler
    exchange: Exchange
    listener: Listener

    def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Send status line and headers exactly as given."""
        self.exchange.status = status
        self.handler.send_response(status)
        for name, value in headers.items():
            self.handler.send_header(name, value)
        self.handler.end_headers()

    def write(self, data: bytes, *, chunked: bool = False) -> None:
        """Send body bytes; they are counted before they leave, so that no client is ahead of the count."""
        if self.exchange.method == "HEAD":
            return
        self.listener.count(self.exchange, len(data))
        try:
            self.handler.wfile.write(b"%x\r\n%b\r\n" % (len(data), data) if chunked else data)
        except OSError:
            self.listener.count(self.exchange, -len(data))
            raise

    def send(self, status: int, headers: Mapping[str, str], body: bytes = b"") -> None:
        """Send a whole answer with its true Content-Length."""
        self.start(status, {"Content-Length": str(len(body)), **headers})
        for at in range(0, len(body), PIECE):
            self.write(body[at : at + PIECE])

    def json(self, value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Send a value as JSON."""
        self.send(status, {"Content-Type": "application/json", **(headers or {})}, json.dumps(value).encode())

    def cut(self) -> None:
        """Close the connection where it stands."""
        self.handler.close_connection = True
        with contextlib.suppress(OSError):
            self.handler.connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_: object) -> None:
        """Say nothing: the listener keeps the log."""

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        exchange = Exchange(
            method=self.command,
            path=unquote(parts.path),
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            target=self.path,
        )
        self.server.listener.log.append(exchange)
        exchange.body = self._read_body()
        self.server.listener.answer(exchange, Reply(self, exchange, self.server.listener))

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - http.server asks for these names

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that server_close waits for every handler
    block_on_close = True
    request_queue_size = 64

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.open_sockets: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def process_request(self, request: socket.socket, client_address: object) -> None:
        request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.listener.send_buffer:
            request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self.listener.send_buffer)
        self.open_sockets.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket) -> None:
        self.open_sockets.discard(request)
        super().shutdown_request(request)

    def handle_error(self, _request: object, _client_address: object) -> None:
        error = sys.exception()
        if not isinstance(error, ConnectionError | TimeoutError) and not self.listener.stopping.is_set():
            self.listener.errors.append(error)


@dataclass
class Listener:
    """A server whose subclass gives the answers; `log` and `sent` say what happened.

    `errors` holds what the answering code raised (not a client that went away); leaving the `with` raises it.
    """

    send_buffer: int | None = None
    log: list[Exchange] = field(default_factory=list)
    sent: Counter[str] = field(default_factory=Counter)
    errors: list[BaseException | None] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def answer(self, exchange: Exchange, reply: Reply) -> None:
        """Answer one request."""
        raise NotImplementedError

    def count(self, exchange: Exchange, number: int) -> None:
        """Add body bytes to the request and to its path."""
        with self.lock:
            exchange.sent += number
            self.sent[exchange.path] += number

    def requests(self, path: str | None = None, method: str | None = None) -> list[Exchange]:
        """Return the requests of a path and method, in order."""
        return [e for e in list(self.log) if path in (None, e.path) and method in (None, e.method)]

    def forget(self) -> None:
        """Empty the log and the counts."""
        with self.lock:
            self.log.clear()
            self.sent.clear()

    @property
    def host(self) -> str:
        """Return host:port."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        """Return the address without a slash at the end."""
        return f"http://{self.host}"

    def __enter__(self) -> Self:
        self.stopping.clear()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="listener")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        self.stopping.set()
        self._server.shutdown()
        for connection in list(self._server.open_sockets):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._server.server_close()
        self._thread.join()
        if self.errors and kind is None:
            raise RuntimeError(f"the test server failed: {self.errors[0]!r}") from self.errors[0]
