"""A run folder: parts, ledgers and the finished dataset of one recipe, private to its owner.

`runs/<recipe name>/` holds `read/` (parts after the row steps), `plan/` (what the corpus steps
decided), `compile/` (a dataset being written), `dataset/` (the last finished one), `run.json`. With
`--store` the first and what workers write of the third are there, and not here.
A file has its final name only when it is whole; the ledger of a part is written last.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pixelated.core.errors import UsageError
from pixelated.core.fingerprint import sha256_file
from pixelated.core.object_store import store_of
from pixelated.core.store import LocalStore, Store, explain_os_error

RUNS_VARIABLE = "PIXELATED_RUNS"
RETENTION_DAYS = 90  # raw, dropped and quarantined text is private and should not outlive its use


class RunFolder(LocalStore):
    """The store of one run."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, private=True)

    @property
    def dataset(self) -> Path:
        """Return the folder of the finished dataset."""
        return self.root / "dataset"

    def summary(self) -> dict[str, Any]:
        """Return `run.json`, or raise `UsageError` where the run never finished."""
        if not self.exists("run.json"):
            raise UsageError(
                "run_missing", f"{self.root} holds no finished run", "build it: pixelated build RECIPE"
            )
        return dict(self.read_json("run.json"))

    def parts(self) -> Store:
        """Return where the parts of the finished run are: here, or in the store that it was built with."""
        address = self.summary().get("store", "")
        return store_of(address) if address else self

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the run for this process; a second build of the same run is refused, not mixed in."""
        try:
            self._make_folder(self.root)
            descriptor = os.open(self.root / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise explain_os_error(error, self.root / ".lock") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise UsageError(
                "run_busy",
                f"another build works in {self.root}",
                "wait for it, or choose another --runs folder",
            ) from error
        try:
            self.sweep()  # nobody else writes while the lock is held
            yield
        finally:
            os.close(descriptor)  # the lock goes with it, also when the process is killed


def default_runs() -> Path:
    """Return where run folders go: `$PIXELATED_RUNS`, else `runs/` here."""
    return Path(os.environ.get(RUNS_VARIABLE, "runs"))


class InputHashes:
    """SHA-256 of input files, remembered by path, size and change time so that a rerun reads none again.

    The times are a key of this cache alone: they enter no content and no fingerprint.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._known: dict[str, list[Any]] = (
            folder.read_json("inputs.json") if folder.exists("inputs.json") else {}
        )
        self._used: dict[str, list[Any]] = {}

    def __call__(self, path: Path) -> str:
        """Return the hex SHA-256 of `path`."""
        stat = path.stat()
        key, stamp = str(path), [stat.st_size, stat.st_mtime_ns, stat.st_ino]
        known = self._known.get(key)
        digest = str(known[1]) if known and known[0] == stamp else sha256_file(path)
        self._used[key] = [stamp, digest]
        return digest

    def save(self) -> None:
        """Keep what was asked for in this run."""
        self._folder.write_json("inputs.json", self._used)
