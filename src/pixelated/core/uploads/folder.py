"""A local folder: copied to a temporary name beside it, flushed, read back, renamed."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pixelated.core.fingerprint import sha256_file
from pixelated.core.places.protocol import Entry, UnavailableError
from pixelated.core.store import explain_os_error
from pixelated.core.uploads.journal import Journal
from pixelated.core.uploads.meter import Meter
from pixelated.core.uploads.protocol import (
    ANY,
    CHUNK,
    Found,
    LocalFile,
    RaceError,
    changed,
    check_name,
    check_sent,
    found,
)

_AWAY = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.ENOENT, errno.EEXIST, errno.EIO)


class FolderTarget:
    """A folder of this machine, or one mounted here."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.uri = str(root)

    def check(self) -> None:
        """Find the nearest folder that is there, and see whether it may be written to."""
        folder = self.root.absolute()
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
            raise UnavailableError(
                "unavailable", f"{folder} is no folder that can be written to", "choose another folder"
            )

    def stat(self, name: str) -> Entry | None:
        """Return size and time; hashes are not at hand without reading."""
        path = self._path(name)
        if not path.is_file():
            return None
        facts = path.stat()
        return Entry(name, facts.st_size, f"{facts.st_ino}-{facts.st_size}-{facts.st_mtime_ns}")

    def has(self, file: LocalFile, name: str) -> Found:
        """Compare sizes, then bytes."""
        entry = self.stat(name)
        if entry is None or entry.size != file.size:
            return found(entry, file)
        return "same" if sha256_file(self._path(name)) == file.sha256 else "other"

    def put(self, file: LocalFile, name: str, journal: Journal, meter: Meter) -> Entry:
        """Copy; a local copy is not resumed, so nothing is noted in the journal."""
        del journal
        target, digest = self._path(name), hashlib.sha256()
        temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        with _speaking(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                with file.path.open("rb") as source, temporary.open("wb") as sink:
                    while piece := source.read(CHUNK):
                        meter.wait(len(piece))
                        sink.write(piece)
                        digest.update(piece)
                        meter.add_sent(len(piece))
                    sink.flush()
                    os.fsync(sink.fileno())
                if digest.hexdigest() != file.sha256:
                    raise changed(file)
                read_back = Entry(name, temporary.stat().st_size, sha256=sha256_file(temporary))
                check_sent(name, read_back, file)
                temporary.replace(target)
                _sync_folder(target.parent)
            finally:
                temporary.unlink(missing_ok=True)
        return check_sent(name, self.stat(name), file)

    def put_bytes(self, data: bytes, name: str, instead_of: Entry | None = None) -> Entry:
        """Write to a temporary name; a link (it fails where the name is taken) or a rename makes it final."""
        target = self._path(name)
        temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        with _speaking(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                with temporary.open("wb") as sink:
                    sink.write(data)
                    sink.flush()
                    os.fsync(sink.fileno())
                if instead_of is not ANY and self.stat(name) != instead_of:
                    raise RaceError(self.uri, name)
                if instead_of is None:
                    _link(temporary, target, self.uri, name)
                else:
                    temporary.replace(target)
                _sync_folder(target.parent)
            finally:
                temporary.unlink(missing_ok=True)
        return self.stat(name) or Entry(name)

    def finish(self, message: str) -> None:
        """Do nothing: what was put is visible."""

    def get(self, name: str) -> bytes:
        """Return the bytes of a file."""
        with self.open(name) as chunks:
            return b"".join(chunks)

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        """Yield the files; a temporary file of a killed copy is not one."""
        base = self.root / prefix if prefix.endswith("/") else self.root
        for path in sorted(base.rglob("*")) if base.is_dir() else []:
            name = path.relative_to(self.root).as_posix()
            unfinished = path.name.startswith(".") and path.name.endswith(".tmp")
            if path.is_file() and name.startswith(prefix) and not unfinished:
                yield self.stat(name) or Entry(name)

    @contextmanager
    def open(self, name: str) -> Iterator[Iterator[bytes]]:
        """Open a file to read it back."""
        path = self._path(name)
        if not path.is_file():
            raise UnavailableError("not_there", f"{name} is not at {self.uri}", "publish it again")
        with _speaking(path), path.open("rb") as stream:
            yield iter(lambda: stream.read(CHUNK), b"")

    def _path(self, name: str) -> Path:
        return self.root / check_name(name)


def _link(temporary: Path, target: Path, uri: str, name: str) -> None:
    try:
        os.link(temporary, target)
    except FileExistsError as error:
        raise RaceError(uri, name) from error
    except OSError:  # a file system without links: the look before has to do
        temporary.replace(target)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _speaking(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _AWAY:
            raise UnavailableError(
                "unavailable", f"cannot write {path}: {error.strerror}", "see the reason, or choose another"
            ) from error
        raise explain_os_error(error, path) from error
