"""An archive to a folder: every file checked, then the folder is there as a whole, or not at all.

It is filled beside its place under a name that starts with a dot, which only its owner may enter. A run
that was killed leaves that folder and nothing else; the next run empties it and starts again.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pixelated.core.archives.limits import Budget, Limits
from pixelated.core.archives.opening import Archive, Member, open_archive
from pixelated.core.errors import UsageError
from pixelated.core.store import explain_os_error

_MANY = 100  # files from which one call for the whole disk takes less time than one for each
_FOLDER, _FILE = 0o700, 0o600  # raw text is its owner's alone; whatever the archive says


@dataclass(frozen=True)
class Unpacked:
    """One file that was unpacked: its path in the folder, its bytes and their hash."""

    name: str
    size: int
    sha256: str


def unpack(
    archive: Path, into: Path, limits: Limits | None = None, skipped: list[str] | None = None
) -> list[Unpacked]:
    """Unpack an archive, or a compressed file, into a new folder; archives in it stay files.

    Args:
        archive: gzip, bzip2, xz, zstd, zip or tar, also a compressed tar, told by its bytes.
        into: the folder to make; it may be there only if it is empty.
        limits: what the archive may hold.
        skipped: receives the names of files that desktops leave behind and that were left out.

    Returns:
        list: the files, sorted by name.

    Raises:
        ArchiveRefusedError: a member or the archive is refused; nothing was unpacked.
        UsageError: `into` is there, or another run is unpacking into it.
    """
    if into.is_symlink() or (into.exists() and not (into.is_dir() and not any(into.iterdir()))):
        raise UsageError("target_exists", f"{into} is there already", "remove it, or unpack somewhere else")
    try:
        with archive.open("rb") as file, _staging(into) as staging:
            budget = Budget(archive.name, os.fstat(file.fileno()).st_size, limits or Limits())
            found = _fill(open_archive(file, archive.name, budget), staging, skipped)
            _to_disk(staging, found)
            staging.rename(into)
    except OSError as error:
        if error.filename == str(archive):
            raise UsageError(
                "path_missing", f"cannot read {archive}: {error.strerror}", "check the path"
            ) from error
        raise explain_os_error(error, into) from error
    return sorted(found, key=lambda u: u.name)


def _fill(opened: Archive, staging: Path, skipped: list[str] | None) -> list[Unpacked]:
    found = []
    for member in opened.members:
        if member.refused is not None:
            raise member.refused
        if not member.junk:
            found.append(_write(member, staging))
        elif skipped is not None:
            skipped.append(member.name)
    return found


def _write(member: Member, staging: Path) -> Unpacked:
    """Write one file, which must be new; its name is one that `Claims` has let pass."""
    path = staging / member.name
    path.parent.mkdir(mode=_FOLDER, parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE), "wb") as out:  # noqa: PTH123 - flags
        for piece in member.chunks():
            out.write(piece)
            digest.update(piece)
            size += len(piece)
    return Unpacked(member.name, size, digest.hexdigest())


def _to_disk(staging: Path, found: list[Unpacked]) -> None:
    """Wait until the files are on the disk: what has its name survives a power cut."""
    if len(found) > _MANY:
        os.sync()
        return
    for file in found:
        with (staging / file.name).open("rb") as written:
            os.fsync(written.fileno())


@contextmanager
def _staging(into: Path) -> Iterator[Path]:
    """Give an empty folder beside `into` that no other run uses; it is removed unless it was renamed."""
    folder = into.with_name(f".{into.name}.unpacking")
    into.parent.mkdir(parents=True, exist_ok=True)
    lock = _lock(folder)
    try:
        for child in folder.iterdir():
            shutil.rmtree(child) if child.is_dir() and not child.is_symlink() else child.unlink()
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        os.close(lock)


def _lock(folder: Path) -> int:
    """Make the folder and lock it as long as this process lives; return its descriptor."""
    while True:
        folder.mkdir(mode=_FOLDER, exist_ok=True)
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            if error.errno not in {errno.EWOULDBLOCK, errno.EACCES}:
                raise
            raise UsageError(
                "busy", f"another run is using {folder}", "wait until it has finished and run again"
            ) from error
        if _is_same(lock, folder):
            os.fchmod(lock, _FOLDER)
            return lock
        os.close(lock)  # the other run renamed or removed it between the two calls


def _is_same(descriptor: int, folder: Path) -> bool:
    try:
        there = folder.stat(follow_symlinks=False)
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(descriptor), there)
