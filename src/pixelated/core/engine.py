"""The engine: one `map` over items, the same functions everywhere, results in the order of the items.

`LocalExecutor` runs in this process (one worker) or in a pool of processes with a bounded number of
items in flight, so that memory does not grow with the input. Ray, Dask and Spark are one short
adapter each behind the same protocol.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Protocol, TypeVar

from pixelated.core.errors import InternalError

Item = TypeVar("Item")
Out = TypeVar("Out")

IN_FLIGHT_PER_WORKER = 2


class Executor(Protocol):
    """Something that applies a picklable, module-level function to items, in order."""

    def map(self, function: Callable[[Item], Out], items: Iterable[Item]) -> Iterator[Out]:
        """Yield `function(item)` for each item, in the order of the items."""
        ...


class LocalExecutor:
    """Processes on this machine; `workers=1` stays in this process."""

    def __init__(self, workers: int = 1) -> None:
        self.workers = max(1, workers)

    def map(self, function: Callable[[Item], Out], items: Iterable[Item]) -> Iterator[Out]:
        """Yield `function(item)` for each item, in the order of the items."""
        work = list(items)
        if self.workers == 1 or len(work) <= 1:
            yield from map(function, work)
            return
        yield from self._pooled(function, work)

    def _pooled(self, function: Callable[[Item], Out], work: list[Item]) -> Iterator[Out]:
        # forkserver: a fork of a process with Arrow's threads can deadlock; spawn imports anew each time.
        methods = multiprocessing.get_all_start_methods()
        context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one process per CPU: no threads inside
        pending: deque[Future[Out]] = deque()
        pool = ProcessPoolExecutor(min(self.workers, len(work)), mp_context=context)
        try:
            for item in work:
                pending.append(pool.submit(function, item))
                if len(pending) >= self.workers * IN_FLIGHT_PER_WORKER:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        except BrokenProcessPool as error:
            raise InternalError(
                "worker_died",
                "a worker process ended: not enough memory, or a script that builds outside its main guard",
                "run the same command again: finished parts are kept; try --workers 1",
            ) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def default_workers() -> int:
    """Return the number of CPUs this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
