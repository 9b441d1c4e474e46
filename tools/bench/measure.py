"""What a command takes: wall clock, processor time and memory of all its processes, orphans too.

Some tools start a server of processes that outlives its parent and is waited for by nobody; its time would
be lost. This process therefore adopts what is orphaned below it and waits for that as well. Memory is the
largest sum, over the whole tree, of each process's proportional share (PSS), sampled: pages that several
processes share count once.
"""

from __future__ import annotations

import ctypes
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_ADOPT_ORPHANS = 36  # PR_SET_CHILD_SUBREAPER
_SAMPLE_S = 0.2
_LINGER_S = 20.0


@dataclass(frozen=True)
class Took:
    """What one run took: seconds, seconds of processor time, bytes."""

    wall: float
    cpu: float
    memory: int


class CommandFailedError(Exception):
    """A measured command did not succeed."""


def run(command: Sequence[str], log: Path, environment: dict[str, str] | None = None) -> Took:
    """Run a command to its end; what it prints goes to `log`. This process has no other children.

    Raises:
        CommandFailedError: it did not return 0; the message holds the log's end.
    """
    if ctypes.CDLL(None, use_errno=True).prctl(_ADOPT_ORPHANS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "this system gives no orphans to their grandparents")
    _orphans()  # of whatever ran before; they are not the command's
    done = threading.Event()
    peak = [0]
    watcher = threading.Thread(target=_watch, args=(done, peak))
    start = time.monotonic()
    with log.open("wb") as out:
        child = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=environment)
    watcher.start()
    try:
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - start
        cpu = used.ru_utime + used.ru_stime + _orphans()
    finally:
        done.set()
        watcher.join()
    if child.returncode:
        end = log.read_bytes()[-2000:].decode(errors="replace")
        raise CommandFailedError(f"{command[0]} returned {child.returncode}:\n{end}")
    return Took(wall, cpu, peak[0])


def median(runs: Sequence[Took]) -> Took:
    """Return the medians of several runs' times and the largest memory."""
    return Took(
        statistics.median(t.wall for t in runs),
        statistics.median(t.cpu for t in runs),
        max(t.memory for t in runs),
    )


def _orphans() -> float:
    """Wait for what the command left behind; return its processor time."""
    cpu, until = 0.0, time.monotonic() + _LINGER_S
    while True:
        try:
            pid, _, used = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return cpu
        if pid:
            cpu += used.ru_utime + used.ru_stime
        elif time.monotonic() > until:
            for left in _below(os.getpid()):
                os.kill(left, signal.SIGKILL)
            print("a measured command left processes running; they were ended", file=sys.stderr)
            until += _LINGER_S
        else:
            time.sleep(0.01)


def _watch(done: threading.Event, peak: list[int]) -> None:
    while not done.wait(_SAMPLE_S):
        peak[0] = max(peak[0], sum(_memory(pid) for pid in _below(os.getpid())))


def _below(pid: int) -> Iterator[int]:
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found = children.read_text().split()
        except OSError:  # ended meanwhile
            continue
        for child in found:
            yield int(child)
            yield from _below(int(child))


def _memory(pid: int) -> int:
    """Return a process's proportional share in bytes, 0 if it has ended."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0
