"""Progress of long work on standard error: a live line on a terminal, plain lines otherwise.

Standard output belongs to results: with `--json` it carries one object and nothing else.
"""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

PLAIN_EVERY_SECONDS = 5.0
LIVE_EVERY_SECONDS = 0.1


class Progress:
    """Counts finished items and rows of one phase; prints rows, rate and time left."""

    def __init__(self, label: str, total: int, *, quiet: bool = False) -> None:
        self._label, self._total, self._quiet = label, total, quiet
        self._done = self._rows = 0
        self._start = self._last = time.monotonic()
        self._live = sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None
    ) -> None:
        if self._live and not self._quiet:
            sys.stderr.write("\r\033[K")
        if kind is None and self._total:
            self._print(f"{self._label}: {self._rows:,} rows in {time.monotonic() - self._start:.1f} s\n")

    def advance(self, rows: int) -> None:
        """Count one more item of `rows` rows."""
        self._done += 1
        self._rows += rows
        now = time.monotonic()
        if now - self._last < (LIVE_EVERY_SECONDS if self._live else PLAIN_EVERY_SECONDS):
            return
        self._last = now
        elapsed = max(now - self._start, 1e-9)
        left = elapsed / self._done * (self._total - self._done)
        line = (
            f"{self._label}: {self._done}/{self._total} parts, {self._rows:,} rows, "
            f"{self._rows / elapsed:,.0f} rows/s, {left:.0f} s left"
        )
        self._print(f"\r\033[K{line}" if self._live else line + "\n")

    def _print(self, text: str) -> None:
        if not self._quiet:
            sys.stderr.write(text)
            sys.stderr.flush()
