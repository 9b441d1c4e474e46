"""Trying again after passing faults: exponential back-off with jitter, longer where the server asks."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from pixelated.core.places.protocol import TryAgainError, UnavailableError

T = TypeVar("T")
_down: set[str] = set()  # hosts that this process found unreachable

TRIES = 6
TRIES_TO_CONNECT = 3  # where there is no network, nobody waits for every source of a registry
FIRST_WAIT, LONGEST_WAIT = 0.5, 60.0  # seconds
LONGEST_ASKED = 900.0  # a server that asks for more is not there for now
_jitter = random.Random(17)  # noqa: S311 - spreads requests; reaches no content


def patiently(work: Callable[[], T], *, tries: int = TRIES) -> T:
    """Return what `work` returns, trying again after a `TryAgainError`.

    Raises:
        UnavailableError: the fault did not pass, or the server asks to wait for too long.
    """
    attempt = 0
    while True:
        try:
            return work()
        except TryAgainError as fault:
            attempt += 1
            if attempt >= tries or hopeless(fault, attempt):
                raise given_up(fault, attempt) from fault
            time.sleep(pause(fault, attempt - 1))


def hopeless(fault: TryAgainError, attempt: int) -> bool:
    """Say whether a host was tried often enough: one that no connection came about to, by anybody before."""
    if not fault.down:
        return False
    if attempt >= TRIES_TO_CONNECT:
        _down.add(fault.down)
    return fault.down in _down


def refuse_down(host: str) -> None:
    """Raise for a host that this process found unreachable: a look-up of its name can take ten seconds."""
    if host in _down:
        raise TryAgainError(f"no connection to {host}", down=host)


def pause(fault: TryAgainError, attempt: int) -> float:
    """Return the seconds to wait before trying again.

    Raises:
        UnavailableError: the server asks for more than `LONGEST_ASKED`.
    """
    own = min(LONGEST_WAIT, FIRST_WAIT * 2**attempt) * (0.5 + _jitter.random() / 2)
    if fault.wait is None:
        return own
    if fault.wait > LONGEST_ASKED:
        raise UnavailableError(
            "busy", f"{fault.why} and asks to wait {fault.wait:.0f} s", "run the same command again later"
        )
    return max(fault.wait, own)


def given_up(fault: TryAgainError, tries: int) -> UnavailableError:
    """Return the error for a fault that did not pass."""
    first = "check the network and the address, then " if fault.down else ""
    return UnavailableError(
        "unreachable",
        f"{fault.why}; tried {tries} times" if tries > 1 else fault.why,
        f"{first}run the same command again: it goes on where it stopped",
    )
