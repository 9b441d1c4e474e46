"""Counts bytes on their way out: pace, progress and time left on standard error."""

from __future__ import annotations

import re
import sys
import threading
import time
from types import TracebackType
from typing import Self

from pixelated.core.errors import UsageError
from pixelated.core.progress import LIVE_EVERY_SECONDS, PLAIN_EVERY_SECONDS

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_RATE = re.compile(r"(\d{1,12})([KMG]?)\Z")


def parse_rate(text: str) -> int:
    """Return bytes per second from `500K`, `10M`, `1G` or a number; 0 for no limit."""
    match = _RATE.match(text.strip().upper())
    if not match or not int(match[1]):
        raise UsageError("bad_rate", f"--limit-rate {text!r} is no rate", "give bytes per second: 500K, 10M")
    return int(match[1]) * _UNITS[match[2]]


def human(count: float) -> str:
    """Return a number of bytes for a person: `1.5 MB` (powers of 1,000)."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":  # noqa: PLR2004 - the step between the units
            return f"{count:,.0f} {unit}" if unit == "B" else f"{count:,.1f} {unit}"
        count /= 1000
    raise AssertionError


class Meter:
    """Bytes of one transfer: `sent` over the wire, `kept` because they were there already.

    Args:
        label: what is being done.
        total: bytes in all.
        rate: bytes per second on average, 0 for no limit.
        quiet: print nothing.
    """

    def __init__(self, label: str = "", total: int = 0, *, rate: int = 0, quiet: bool = True) -> None:
        self.sent = self.kept = 0
        self.rate = rate
        self._label, self._total, self._quiet = label, total, quiet
        self._lock = threading.Lock()
        self._start = self._last = time.monotonic()
        self._free_at = self._start
        self._live = sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None
    ) -> None:
        if self._live and not self._quiet:
            sys.stderr.write("\r\033[K")
        if kind is None and self._total:
            seconds = time.monotonic() - self._start
            there = f", {human(self.kept)} were there" if self.kept else ""
            self._print(f"{self._label}: {human(self.sent)} in {seconds:.1f} s{there}\n")

    def wait(self, count: int) -> None:
        """Wait until `count` bytes may go out; called from any thread, before they are sent."""
        if not self.rate:
            return
        with self._lock:
            now = time.monotonic()
            begin = max(now, self._free_at)
            self._free_at = begin + count / self.rate
            pause = self._free_at - now
        time.sleep(pause)

    def expect(self, count: int) -> None:
        """Count bytes that are to be moved beyond those known of so far."""
        with self._lock:
            self._total += count

    def add_sent(self, count: int) -> None:
        """Count bytes that arrived."""
        with self._lock:
            self.sent += count
            self._tick()

    def add_kept(self, count: int) -> None:
        """Count bytes that need not be sent."""
        with self._lock:
            self.kept += count
            self._tick()

    def _tick(self) -> None:
        now = time.monotonic()
        if now - self._last < (LIVE_EVERY_SECONDS if self._live else PLAIN_EVERY_SECONDS):
            return
        self._last = now
        done, elapsed = self.sent + self.kept, max(now - self._start, 1e-9)
        rate = self.sent / elapsed
        left = f", {max(self._total - done, 0) / rate:.0f} s left" if rate else ""
        line = f"{self._label}: {human(done)} of {human(self._total)}, {human(rate)}/s{left}"
        self._print(f"\r\033[K{line}" if self._live else line + "\n")

    def _print(self, text: str) -> None:
        if not self._quiet:
            sys.stderr.write(text)
            sys.stderr.flush()
