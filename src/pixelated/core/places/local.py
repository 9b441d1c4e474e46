"""A folder or a file on this machine. Links are not followed out of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pixelated.core.places.protocol import ChangedError, Entry, Facts, Opened, UnavailableError

_CHUNK = 1 << 20


class LocalPlace:
    """A folder, or a single file."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.uri = root.as_posix()

    def facts(self) -> Facts:
        """Return nothing: a folder says nothing of its owner."""
        return Facts()

    def entries(self) -> Iterator[Entry]:
        """Yield the files; what is no plain file, or a link that leads out, carries its problem."""
        if not self._root.exists():
            raise UnavailableError("not_found", f"there is no {self._root}", "check the path")
        if self._root.is_file():
            yield self._entry(self._root, self._root.name)
            return
        home = self._root.resolve()
        closed: dict[str, str] = {}
        for name in sorted({*_names(self._root, closed), *closed}):
            path = self._root / name
            if name in closed:
                yield Entry(name, problem=f"cannot be read: {closed[name]}")
            elif path.is_symlink() and not _leads_inside(path, home):
                yield Entry(name, problem="a link that leads out of the folder")
            elif path.is_file():
                yield self._entry(path, name)
            elif not path.is_dir():
                yield Entry(name, problem="neither a file nor a folder")

    @contextmanager
    def open(self, entry: Entry, start: int = 0, end: int | None = None) -> Iterator[Opened]:
        """Open a file at a byte."""
        path = self._root if self._root.is_file() else self._root / entry.name
        try:
            with path.open("rb") as file:
                now = _version(os.fstat(file.fileno()))
                if entry.version and now != entry.version:
                    raise ChangedError(f"{path} was changed")
                file.seek(start)
                size = os.fstat(file.fileno()).st_size
                yield Opened(start, size, now, _chunks(file.fileno(), (end or size) - start))
        except OSError as error:
            raise UnavailableError(
                "not_readable",
                f"cannot read {path}: {error.strerror}",
                "check that it is there and may be read",
            ) from error

    def _entry(self, path: Path, name: str) -> Entry:
        try:
            stat = path.stat()
        except OSError as error:
            return Entry(name, problem=f"cannot be read: {error.strerror}")
        when = datetime.fromtimestamp(stat.st_mtime, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return Entry(name, stat.st_size, _version(stat), modified=when)


def _names(root: Path, closed: dict[str, str]) -> Iterator[str]:
    """Yield the names of all that lies under a folder; note folders that can't be read, and why."""

    def note(error: OSError) -> None:
        closed[Path(str(error.filename)).relative_to(root).as_posix()] = str(error.strerror)

    for folder, folders, files in os.walk(root, onerror=note):
        base = Path(folder).relative_to(root)
        yield from ((base / name).as_posix() for name in (*folders, *files))


def _leads_inside(path: Path, home: Path) -> bool:
    try:
        return path.resolve().is_relative_to(home)
    except (OSError, RuntimeError):  # a link that leads to itself
        return False


def _version(stat: os.stat_result) -> str:
    return f"{stat.st_size} bytes, inode {stat.st_ino}, changed {stat.st_mtime_ns}"


def _chunks(descriptor: int, left: int) -> Iterator[bytes]:
    while left > 0 and (chunk := os.read(descriptor, min(_CHUNK, left))):
        left -= len(chunk)
        yield chunk
