"""Functions that workers run in the tests of the engines; some of them kill their own process, once."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from pixelated.core.errors import UsageError

LONGEST = 60.0  # seconds to wait for the others


def meet(item: tuple[str, int, int]) -> tuple[int, int]:
    """Return the square of a number and this process, when so many processes have come to the folder."""
    folder, others, number = item
    (Path(folder) / f"pid-{os.getpid()}").touch()
    limit = time.monotonic() + LONGEST
    while len(list(Path(folder).glob("pid-*"))) < others and time.monotonic() < limit:
        time.sleep(0.02)
    return number * number, os.getpid()


def die_once(item: tuple[str, int]) -> int:
    """Kill this process the first time that number 4 comes."""
    folder, number = item
    if number == 4 and is_first(Path(folder) / "died"):
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


class Deadly:
    """An item that kills whoever takes it."""

    def __init__(self, number: int) -> None:
        self.name = f"part {number}"
        self.number = number


def die_on_three(item: Deadly) -> int:
    """Kill this process whenever number 3 comes."""
    if item.number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return item.number


def refuse(number: int) -> int:
    """Raise what a step raises for a wrong path."""
    raise UsageError("wrong", f"number {number} is wrong", "take another")


def die(*_: object) -> None:
    """Kill this process."""
    os.kill(os.getpid(), signal.SIGKILL)


def is_first(mark: Path) -> bool:
    """Say whether nobody asked this of the same mark before."""
    try:
        mark.open("x").close()
    except FileExistsError:
        return False
    return True
