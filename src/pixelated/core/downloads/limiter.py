"""A bandwidth limit shared by all downloads, and the order to stop."""

from __future__ import annotations

import threading
import time


class StoppedError(Exception):
    """The user interrupted: what is there stays, nothing more is fetched."""


class Limiter:
    """Lets `rate` bytes per second through, over all threads; 0 lets everything through."""

    def __init__(self, rate: float = 0) -> None:
        self._rate = rate
        self._lock = threading.Lock()
        self._free_at = 0.0
        self.stopped = threading.Event()

    @property
    def rate(self) -> float:
        """Bytes per second; 0 for no limit."""
        return self._rate

    def take(self, size: int) -> None:
        """Wait until `size` more bytes may have come.

        Raises:
            StoppedError: the user interrupted.
        """
        if self.stopped.is_set():
            raise StoppedError
        if not self._rate:
            return
        with self._lock:
            now = time.monotonic()
            self._free_at = max(self._free_at, now) + size / self._rate
            wait = self._free_at - now
        self.sleep(wait)

    def sleep(self, seconds: float) -> None:
        """Wait, but not longer than the user does.

        Raises:
            StoppedError: the user interrupted.
        """
        if self.stopped.wait(seconds):
            raise StoppedError
