"""Digests of a file while it is being written: threads that read what is there and follow the writer.

A resumed download has to be hashed from its first byte, and hashing after the last byte would cost a pass
over the file; so the hash follows the writer through the page cache. `hashlib` releases the interpreter.
"""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path
from typing import Any

_PIECE = 1 << 21  # bytes that are waited for and hashed at a time


class TrailingHash:
    """Digests of the first bytes of a growing file, one thread for each algorithm."""

    def __init__(self, path: Path, algorithms: dict[str, Any]) -> None:
        """Start following.

        Args:
            path: the file; it exists.
            algorithms: name -> hashlib object, which may have taken a prefix already.
        """
        self._path = path
        self._there = 0
        self._closed = False
        self._failure: OSError | None = None
        self._moved = threading.Condition()
        self._digests = algorithms
        self._threads = [
            threading.Thread(target=self._follow, args=(d,), daemon=True) for d in algorithms.values()
        ]
        for thread in self._threads:
            thread.start()

    def there(self, size: int) -> None:
        """Say that the first `size` bytes are written."""
        with self._moved:
            self._there = size
            self._moved.notify_all()

    def finish(self) -> dict[str, str]:
        """Return name -> hex digest of all that is there.

        Raises:
            OSError: the file could not be read back.
        """
        self.stop()
        for thread in self._threads:
            thread.join()
        if self._failure is not None:
            raise self._failure
        return {name: digest.hexdigest() for name, digest in self._digests.items()}

    def stop(self) -> None:
        """Let the threads end when they have read what is there."""
        with self._moved:
            self._closed = True
            self._moved.notify_all()

    def _follow(self, digest: Any) -> None:
        try:
            buffer = memoryview(bytearray(_PIECE))  # one buffer: fresh ones cost a page fault per 4 KiB
            with self._path.open("rb", buffering=0) as file:
                at = 0
                while (until := self._next(at)) > at:
                    at += self._take(file.fileno(), at, until, digest, buffer)
        except OSError as error:
            self._failure = error

    def _next(self, at: int) -> int:
        """Wait until a good piece is there, or all of it; return how far the file may be read."""
        with self._moved:
            self._moved.wait_for(lambda: self._closed or self._there - at >= _PIECE)
            return self._there

    @staticmethod
    def _take(descriptor: int, at: int, until: int, digest: Any, buffer: memoryview) -> int:
        taken = 0
        while at + taken < until:
            size = os.preadv(descriptor, [buffer[: until - at - taken]], at + taken)
            if not size:
                raise OSError("the file became shorter while it was read")
            digest.update(buffer[:size])
            taken += size
        return taken


def git_sha1(size: int) -> Any:
    """Return a hash object for git's object id of a file of `size` bytes (git-hash-object)."""
    digest = hashlib.sha1(usedforsecurity=False)
    digest.update(b"blob %d\0" % size)
    return digest
