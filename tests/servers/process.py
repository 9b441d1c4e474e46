"""A server in a process of its own: started, waited for, and stopped for sure."""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

START_LIMIT_S = 30.0
STOP_LIMIT_S = 5.0
# runs the given Python text, and ends with its parent: stdin closes when the parent is gone, however it ended
WITH_PARENT = """
import os, sys, threading
def watch():
    sys.stdin.buffer.read()
    os._exit(0)
threading.Thread(target=watch, daemon=True).start()
"""


class ChildServer:
    """A child process that prints its address; subclasses give `command`, `announced` and, if needed, `environment`.

    Attributes:
        url: the address without a slash at the end, known once entered.
        pid: of the child.
    """

    announced = re.compile(r"(http://127\.0\.0\.1:\d+)")

    def __init__(self) -> None:
        self.url = ""
        self.pid = 0

    def command(self) -> list[str]:
        """Return the command line."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """Return the child's environment."""
        return dict(os.environ)

    def start(self) -> None:
        """Start the child and wait until it answers."""
        self._said = tempfile.NamedTemporaryFile(prefix="server-", suffix=".log")  # noqa: SIM115 - closed in stop
        self._process = subprocess.Popen(
            self.command(),
            env=self.environment(),
            stdin=subprocess.PIPE,
            stdout=self._said,
            stderr=subprocess.STDOUT,
        )
        atexit.register(self.kill)
        self.pid = self._process.pid
        try:
            self.url = self._wait_until_it_answers()
        except BaseException:
            self.stop()
            raise

    def said(self) -> str:
        """Return what the child printed so far."""
        return Path(self._said.name).read_text(encoding="utf-8", errors="replace")

    def kill(self) -> None:
        """SIGKILL the child, as a crash would, and collect it."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End the child: politely, then not."""
        self._process.terminate()
        try:
            self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.kill()
        if self._process.stdin:
            self._process.stdin.close()
        atexit.unregister(self.kill)
        self._said.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self.stop()

    def _wait_until_it_answers(self) -> str:
        limit = time.monotonic() + START_LIMIT_S
        while time.monotonic() < limit:
            if self._process.poll() is not None:
                raise RuntimeError(f"{self.command()[:4]} ended at once: {self.said()[-2000:]}")
            found = self.announced.search(self.said())
            if found and _accepts(found[1]):
                return found[1]
            time.sleep(0.02)
        raise RuntimeError(f"{self.command()[:4]} did not answer in {START_LIMIT_S} s: {self.said()[-2000:]}")


def python_command(text: str) -> list[str]:
    """Return the command that runs Python text as a child that ends with its parent."""
    return [sys.executable, "-c", WITH_PARENT + text]


def _accepts(url: str) -> bool:
    host, port = url.rpartition("/")[2].split(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True
