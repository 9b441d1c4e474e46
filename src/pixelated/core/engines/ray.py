"""The engine `ray`: tasks on a Ray cluster; a task whose worker or machine is lost runs again elsewhere.

With `RAY_ADDRESS` set (an address, or `auto` for the cluster that this machine belongs to) that cluster is
used, and left running; workers there need this package and see the same files and the same environment
variables for the store. Without it a cluster of this machine's processes is started and stopped: on the
loopback interface, closed to who lacks its token, without dashboard, telling nobody.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Self

from pixelated.core.engines import (
    ENGINES,
    IN_FLIGHT_PER_WORKER,
    Item,
    Out,
    default_workers,
    worker_died,
)
from pixelated.core.errors import IncompleteError
from pixelated.core.uploads.extras import need

ADDRESS = "RAY_ADDRESS"
RETRIES = 2  # after the first try: as many as `local` has
OBJECTS_BYTES = 256 << 20  # results and items are small; what is larger spills to a file
KNOCK_SECONDS = 20.0
# These are set before Ray is imported; what the user has set stays.
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",  # says nothing to anybody
    "RAY_BACKEND_LOG_LEVEL": "error",
    "RAY_USAGE_STATS_PROMPT_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # else it warns
    "RAY_task_oom_retries": str(RETRIES),  # else a task that always runs out of memory is tried for ever
}

OWN_CLUSTER = {
    "RAY_AUTH_MODE": "token",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # everywhere: listen on the loopback interface alone
}


@ENGINES.register("ray")
class RayExecutor:
    """Tasks of one CPU each, a bounded number of them in flight; the cluster is joined at the first `map`."""

    def __init__(self, workers: int = 0) -> None:
        _prepare()
        self._ray = need("ray", "ray")
        self._workers = workers
        self._folder = ""  # of a cluster of our own
        self._joined = False

    def map(self, function: Callable[[Item], Out], items: Iterable[Item]) -> Iterator[Out]:
        """Yield `function(item)` for each item, in the order of the items."""
        self._join()
        task = self._ray.remote(num_cpus=1, max_retries=RETRIES)(_apply)
        pending: deque[tuple[int, Item, Any]] = deque()
        try:
            for index, item in enumerate(items):
                pending.append((index, item, task.remote(function, item)))
                if len(pending) >= self._workers * IN_FLIGHT_PER_WORKER:
                    yield self._result(*pending.popleft())
            while pending:
                yield self._result(*pending.popleft())
        finally:
            for _, _, reference in pending:
                self._ray.cancel(reference)

    def close(self) -> None:
        """Leave the cluster; stop it where it is our own."""
        if self._joined:
            self._ray.shutdown(wait_for_processes=True)
            self._joined = False
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = ""

    def __enter__(self) -> Self:
        """Return the executor."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def _result(self, index: int, item: Any, reference: Any) -> Any:
        errors = self._ray.exceptions
        try:
            return self._ray.get(reference)
        except errors.RayTaskError as error:
            raise error.cause from None  # what the function raised, as the engine `local` raises it
        except (errors.WorkerCrashedError, errors.OutOfMemoryError, errors.NodeDiedError) as error:
            raise worker_died(item, index, RETRIES + 1) from error

    def _join(self) -> None:
        if self._ray.is_initialized():  # joined before, by us or by the program that calls us
            self._workers = self._workers or self._cluster_cpus()
            return
        quiet = {"log_to_driver": False, "logging_level": "ERROR"}
        address = os.environ.get(ADDRESS, "")
        if address:
            try:
                _knock(address)
                self._ray.init(address=address, **quiet)
            except (OSError, RuntimeError, ValueError) as error:
                raise IncompleteError(
                    "ray_unreachable",
                    f"no Ray cluster answers at {ADDRESS}={address}",
                    f"start it, correct {ADDRESS}, or unset it: then a cluster of this machine is started",
                ) from error
            self._workers = self._workers or self._cluster_cpus()
        else:
            self._workers = self._workers or default_workers()
            self._start(quiet)
        self._joined = True

    def _start(self, quiet: dict[str, Any]) -> None:
        # mode 0700, and Ray's folder inside, which it opens to all; short names: sockets lie there
        self._folder = tempfile.mkdtemp(prefix="px-ray-")
        self._ray.init(
            address="local",
            num_cpus=self._workers,
            include_dashboard=False,
            object_store_memory=OBJECTS_BYTES,
            _temp_dir=str(Path(self._folder) / "r"),
            **quiet,
        )

    def _cluster_cpus(self) -> int:
        return max(1, int(self._ray.cluster_resources().get("CPU", 1)))


def _knock(address: str) -> None:
    """Raise `OSError` where nobody listens at `host:port`: Ray itself would try for minutes."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host, int(port)), timeout=KNOCK_SECONDS).close()


def _prepare() -> None:
    """Set what Ray reads when it is imported, and no more than once in a process."""
    if "ray" in sys.modules:  # then a cluster of our own gets a token from Ray, which keeps it in a file
        return
    own = {} if os.environ.get(ADDRESS) else OWN_CLUSTER | {"RAY_AUTH_TOKEN": secrets.token_hex(32)}
    for name, value in (QUIET | own).items():
        os.environ.setdefault(name, value)


def _apply(function: Callable[[Item], Out], item: Item) -> Out:
    """Be the one task that Ray knows: it takes plain functions alone, and not every callable is one."""
    return function(item)
