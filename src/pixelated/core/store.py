"""Where run folders and datasets are kept: names appear whole or not at all.

One small interface, so that object storage (`core/object_store.py`) needs no second code path: a local
folder writes to a temporary name in the same folder, flushes to disk and renames; a reader never sees
half a file.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from pixelated.core.errors import InternalError, UsageError


class Store(Protocol):
    """A flat name space of files ('/' separated names)."""

    address: str  # what `object_store.store_of` opens it again by, in a worker too

    def exists(self, name: str) -> bool:
        """Say whether `name` is there, whole."""
        ...

    def read(self, name: str) -> bytes:
        """Return the bytes of `name`."""
        ...

    def read_json(self, name: str) -> Any:
        """Return the JSON value in `name`."""
        ...

    def readable(self, name: str) -> Path | BinaryIO:
        """Return what a library reads `name` from: a path where it is a local file, else its bytes."""
        ...

    def write(self, name: str, writer: Callable[[BinaryIO], None]) -> int:
        """Let `writer` fill a file that takes the name `name` only when it is whole; return its bytes."""
        ...

    def write_json(self, name: str, value: Any) -> None:
        """Write `value` as indented JSON with sorted keys and a final newline."""
        ...

    def put(self, path: Path, name: str) -> None:
        """Store the local file `path` under `name`."""
        ...

    def fetch(self, name: str, stream: BinaryIO) -> None:
        """Write the bytes of `name` to `stream`, piece by piece."""
        ...

    def names(self, prefix: str = "") -> Iterator[str]:
        """Yield the sorted names in the folder `prefix`."""
        ...

    def remove(self, name: str) -> None:
        """Remove the file or folder `name` if it is there."""
        ...


class LocalStore:
    """A store in a local folder; `private` folders are readable by their owner alone (mode 0700)."""

    def __init__(self, root: Path, *, private: bool = False) -> None:
        self.root = root
        self.address = str(root.absolute())
        self._mode = 0o700 if private else 0o755

    def path(self, name: str) -> Path:
        """Return the local path of `name` (for libraries that map files); a name never leaves the root."""
        if name.startswith("/") or ".." in name.split("/"):
            raise UsageError("bad_name", f"{name!r} leads out of {self.root}", "use plain names")
        return self.root / name

    def exists(self, name: str) -> bool:
        """Say whether `name` is there, whole."""
        return self.path(name).is_file()

    def read(self, name: str) -> bytes:
        """Return the bytes of `name`."""
        return self.path(name).read_bytes()

    def read_json(self, name: str) -> Any:
        """Return the JSON value in `name`."""
        return orjson.loads(self.read(name))

    def readable(self, name: str) -> Path:
        """Return the local path of `name`."""
        return self.path(name)

    def write(self, name: str, writer: Callable[[BinaryIO], None]) -> int:
        """Let `writer` fill a temporary file, then give it its name by an atomic rename."""
        target = self.path(name)
        temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        try:
            self._make_folder(target.parent)
            with temporary.open("wb") as f:
                os.fchmod(f.fileno(), self._mode & 0o666)
                writer(f)
                f.flush()
                os.fsync(f.fileno())
                size = os.fstat(f.fileno()).st_size
            temporary.replace(target)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise explain_os_error(error, target) from error
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return size

    def write_json(self, name: str, value: Any) -> None:
        """Write `value` as indented JSON with sorted keys and a final newline."""
        data = to_json(value)
        self.write(name, lambda f: _write_all(f, data))

    def put(self, path: Path, name: str) -> None:
        """Copy the local file `path` to `name`."""
        with path.open("rb") as source:
            self.write(name, partial(shutil.copyfileobj, source))

    def fetch(self, name: str, stream: BinaryIO) -> None:
        """Write the bytes of `name` to `stream`."""
        with self.path(name).open("rb") as source:
            shutil.copyfileobj(source, stream)

    def names(self, prefix: str = "") -> Iterator[str]:
        """Yield the sorted names in the folder `prefix`, temporary files left out."""
        base = self.path(prefix)
        for path in sorted(base.rglob("*")) if base.is_dir() else []:
            if path.is_file() and not path.name.startswith("."):
                yield path.relative_to(self.root).as_posix()

    def remove(self, name: str) -> None:
        """Remove the file or folder `name` if it is there."""
        path = self.path(name)
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove the temporary files of killed processes; nobody else may be writing meanwhile."""
        for path in self.root.rglob(".*.tmp"):
            path.unlink(missing_ok=True)

    def _make_folder(self, folder: Path) -> None:
        missing = [p for p in (folder, *folder.parents) if not p.exists()]
        for path in reversed(missing):
            path.mkdir(mode=self._mode, exist_ok=True)


def read_table(store: Store, name: str, columns: list[str] | None = None) -> pa.Table:
    """Return the table in the Parquet file `name`, or some of its columns."""
    return pq.read_table(store.readable(name), columns=columns, partitioning=None)


def to_json(value: Any) -> bytes:
    """Return deterministic, indented JSON bytes: sorted keys, one final newline."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
    return orjson.dumps(value, option=options | orjson.OPT_APPEND_NEWLINE)


def explain_os_error(error: OSError, path: Path) -> InternalError | UsageError:
    """Turn a failed write into a message with a next step; what was finished before stays."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return InternalError(
            "disk_full",
            f"no space left on the disk of {path.parent}",
            "free some space and run the same command again: finished parts are kept",
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return UsageError(
            "not_writable", f"cannot write {path}: {error.strerror}", "choose another output folder"
        )
    if error.errno == errno.ELOOP:
        return UsageError("is_a_link", f"{path} is a link, which is not followed", "remove it")
    if error.errno in (errno.ENOTDIR, errno.EEXIST, errno.EISDIR):
        return UsageError(
            "not_a_folder", f"cannot write {path}: {error.strerror}", "choose an output path that is a folder"
        )
    return InternalError(
        "write_failed", f"cannot write {path}: {error}", "see the reason above and run again"
    )


def _write_all(stream: BinaryIO, data: bytes) -> None:
    stream.write(data)
