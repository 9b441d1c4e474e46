"""The engine `local`: processes of this machine; one worker stays in this process."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import chain, islice
from typing import Generic, Self

from pixelated.core.engines import (
    ENGINES,
    IN_FLIGHT_PER_WORKER,
    Item,
    Out,
    default_workers,
    worker_died,
)

SHARED_TRIES = 2  # in pools with others; then once alone, which also tells whose fault it is


@dataclass
class _Under(Generic[Item, Out]):
    """An item under way, and how many pools ended under it."""

    index: int
    item: Item
    future: Future[Out]
    deaths: int = 0


@ENGINES.register("local")
class LocalExecutor:
    """A pool of processes with a bounded number of items in flight; a pool that breaks is made anew.

    When one process of a pool is killed, the pool ends and cannot say which item it was: all unfinished
    items run again, and those that lost two pools run alone, each in a process of its own.
    """

    def __init__(self, workers: int = 0) -> None:
        self.workers = workers or default_workers()
        self._pool: ProcessPoolExecutor | None = None

    def map(self, function: Callable[[Item], Out], items: Iterable[Item]) -> Iterator[Out]:
        """Yield `function(item)` for each item, in the order of the items."""
        items = iter(items)
        first = list(islice(items, 2))
        if self.workers == 1 or len(first) == 1:  # one item gains nothing from a pool
            yield from map(function, chain(first, items))
        elif first:
            yield from _Pooled(function, self).run(chain(first, items))

    def pool(
        self, function: Callable[..., object], broken: ProcessPoolExecutor | None
    ) -> ProcessPoolExecutor:
        """Return the pool, made at first use and in the place of a broken one."""
        if self._pool is not None and self._pool is broken:
            self.close()
        if self._pool is None:
            self._pool = _pool(self.workers, _preload(function))
        return self._pool

    def close(self) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def __enter__(self) -> Self:
        """Return the executor."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()


class _Pooled(Generic[Item, Out]):
    """One `map` over one pool after another."""

    def __init__(self, function: Callable[[Item], Out], owner: LocalExecutor) -> None:
        self._function, self._owner = function, owner
        self._pending: deque[_Under[Item, Out]] = deque()
        self._pool = owner.pool(function, None)

    def run(self, items: Iterable[Item]) -> Iterator[Out]:
        """Yield the results in order."""
        try:
            for index, item in enumerate(items):
                self._pending.append(self._begin(index, item))
                if len(self._pending) >= self._owner.workers * IN_FLIGHT_PER_WORKER:
                    yield self._first()
            while self._pending:
                yield self._first()
        finally:
            for under in self._pending:
                under.future.cancel()

    def _begin(self, index: int, item: Item) -> _Under[Item, Out]:
        try:
            return _Under(index, item, self._pool.submit(self._function, item))
        except BrokenProcessPool:
            self._again()
            return _Under(index, item, self._pool.submit(self._function, item))

    def _first(self) -> Out:
        while True:
            try:
                out = self._pending[0].future.result()
            except (BrokenProcessPool, CancelledError):  # cancelled where another map saw the pool break
                self._again()
            else:
                self._pending.popleft()
                return out

    def _again(self) -> None:
        """Make a new pool and give it what the broken one left unfinished."""
        self._pool = self._owner.pool(self._function, self._pool)
        for under in self._pending:
            if not _is_unfinished(under.future):
                continue
            under.deaths += 1
            if under.deaths < SHARED_TRIES:
                under.future = self._pool.submit(self._function, under.item)
            else:
                under.future = self._alone(under)

    def _alone(self, under: _Under[Item, Out]) -> Future[Out]:
        with _pool(1, _preload(self._function)) as pool:
            future = pool.submit(self._function, under.item)
        if _is_unfinished(future):  # the pool has ended, so all others are done
            raise worker_died(under.item, under.index, under.deaths + 1) from future.exception()
        return future


def _is_unfinished(future: Future[Out]) -> bool:
    return future.cancelled() or not future.done() or isinstance(future.exception(), BrokenProcessPool)


def _preload(function: Callable[..., object]) -> list[str]:
    """Return the modules that every worker needs: the function's, and what that module names in PRELOAD."""
    return [function.__module__, *getattr(sys.modules.get(function.__module__), "PRELOAD", ())]


def _pool(workers: int, modules: list[str]) -> ProcessPoolExecutor:
    # forkserver: a fork of a process with Arrow's threads can deadlock; spawn imports anew each time.
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    context.set_forkserver_preload(modules)  # imported once, by the server; only its start heeds this
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one process per CPU: no threads inside
    return ProcessPoolExecutor(workers, mp_context=context)
