"""Engines: one `map` over items, the same functions everywhere, results in the order of the items.

One file per engine; other packages add theirs by an entry point (group `pixelated.engines`) whose module
registers a class with ENGINES. Scheduling, retries and placement are the engine's; what an item does is not.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Protocol, Self, TypeVar

from pixelated.core.errors import InternalError
from pixelated.core.plugins import Registry

Item = TypeVar("Item")
Out = TypeVar("Out")

IN_FLIGHT_PER_WORKER: Final = 2  # so that memory does not grow with the input


class Executor(Protocol):
    """Something that applies a picklable, module-level function to items, in order.

    Items should be small, such as the name of a part: they travel to the workers, and again after a death.
    A function may run twice for one item, so what it writes must be the same and take its name whole.
    """

    def map(self, function: Callable[[Item], Out], items: Iterable[Item]) -> Iterator[Out]:
        """Yield `function(item)` for each item, in the order of the items.

        Raises:
            InternalError: `worker_died`, the workers of an item ended again and again.
        """
        ...

    def close(self) -> None:
        """Stop what the executor started; what was there before it stays."""
        ...

    def __enter__(self) -> Self:
        """Return the executor."""
        ...

    def __exit__(self, *_: object) -> None:
        """Close it."""
        ...


ENGINES: Registry[Callable[[int], Executor]] = Registry("engine", "pixelated.core.engines")


def executor_for(engine: str = "local", workers: int = 0) -> Executor:
    """Return the executor of an engine, to be used in a `with` statement, which closes it.

    Args:
        engine: name of an engine, such as "local" or "ray".
        workers: processes; 0 for as many as the engine has CPUs.

    Raises:
        UsageError: no such engine, or its library is not installed.
    """
    return ENGINES.get(engine)(workers)


def default_workers() -> int:
    """Return the number of CPUs this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def worker_died(item: object, index: int, times: int) -> InternalError:
    """Return the error for an item whose workers ended `times` times; says its name, never its content."""
    name = getattr(item, "name", None)
    named = f"item {index}" + (f" ({name})" if isinstance(name, str) else "")
    return InternalError(
        "worker_died",
        f"{named}: its worker process ended {times} times: not enough memory, or a script that builds "
        "outside its main guard",
        "run the same command again: finished parts are kept; try --workers 1, or a smaller --part-mb",
    )
