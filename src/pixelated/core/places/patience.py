"""Connections that are held up: cut where hardly anything comes, and at once where the user stops.

A timeout of a socket ends with every byte: a server that sends one a minute would hold a run for ever. Only
the time in which we wait for the server counts, not what a bandwidth limit of our own takes.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from pixelated.core.places.protocol import UnavailableError

PATIENCE = 120.0  # seconds of waiting in which LEAST bytes, or all headers, must have come
LEAST = 4096
_LOOK = 0.5  # seconds between two looks at all connections


class Wait:
    """One connection that is read from."""

    def __init__(self, connection: socket.socket | None) -> None:
        self.cut = False
        self._socket = connection
        self._since: float | None = None  # when the read in progress began
        self._waited, self._came = 0.0, 0  # since the last LEAST bytes

    @contextmanager
    def waiting(self, where: str) -> Iterator[None]:
        """Count the time in the block as waiting.

        Raises:
            UnavailableError: the connection was cut meanwhile.
        """
        _WATCHER.add(self)
        self._since = time.monotonic()
        try:
            yield
        except Exception as error:
            if self.cut:
                raise _too_slow(where) from error
            raise
        finally:
            since, self._since = self._since, None
            self._waited += time.monotonic() - since
        if self.cut:
            raise _too_slow(where)

    def came(self, size: int) -> None:
        """Count bytes."""
        self._came += size
        if self._came >= LEAST:
            self._waited, self._came = 0.0, 0

    def is_overdue(self) -> bool:
        """Say whether it was waited for too long."""
        since = self._since
        return since is not None and self._waited + time.monotonic() - since > PATIENCE

    def end(self) -> None:
        """Cut the connection; whoever waits on it goes on at once."""
        self.cut = True
        if self._socket is not None and self._since is not None:
            with contextlib.suppress(OSError):  # closed meanwhile
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class _Watcher:
    """Looks at all connections, in one thread that starts with the first of them."""

    def __init__(self) -> None:
        self._all: WeakSet[Wait] = WeakSet()
        self._lock = threading.Lock()
        self._started = False
        self._pause = threading.Event()

    def add(self, wait: Wait) -> None:
        with self._lock:
            self._all.add(wait)
            if not self._started:
                self._started = True
                threading.Thread(target=self._look, daemon=True).start()

    def all(self) -> list[Wait]:
        with self._lock:
            return list(self._all)

    def _look(self) -> None:
        while True:
            self._pause.wait(_LOOK)
            for wait in self.all():
                if wait.is_overdue():
                    wait.end()


_WATCHER = _Watcher()
_OF: WeakKeyDictionary[Any, Wait] = WeakKeyDictionary()  # answer -> its connection


def wait_of(answer: urllib3.BaseHTTPResponse) -> Wait:
    """Return the connection that an answer comes over."""
    return _OF.setdefault(answer, Wait(None))


def cut_all() -> None:
    """Cut every connection that somebody waits on: the user stopped."""
    for wait in _WATCHER.all():
        wait.end()


class _Http(HTTPConnection):
    def getresponse(self) -> Any:
        return _answered(self, super().getresponse)


class _Https(HTTPSConnection):
    def getresponse(self) -> Any:
        return _answered(self, super().getresponse)


def _answered(connection: HTTPConnection, ask: Any) -> Any:
    wait = Wait(connection.sock)
    with wait.waiting(connection.host):
        answer = ask()
    wait.came(LEAST)
    _OF[answer] = wait
    return answer


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https


def patient(manager: urllib3.PoolManager) -> urllib3.PoolManager:
    """Return the manager, its connections watched."""
    manager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
    return manager


def _too_slow(where: str) -> UnavailableError:
    return UnavailableError(
        "too_slow",
        f"{where}: fewer than {LEAST:,} bytes came in {PATIENCE:.0f} s",
        "run the same command again later: it goes on where it stopped",
    )
