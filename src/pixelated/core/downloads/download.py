"""One file from a place to a path: in staging, from the byte where it stopped, verified, renamed.

The part file is written from its beginning to its end, so its length is the state of the download: a
process that is killed at any moment loses nothing that it had written. Beside it lies what it is a part
of; a part of another version is thrown away. Data is not flushed to the disk's plates before the rename:
after a power failure the receipt's hashes tell (`acquire --verify`).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson

from pixelated.core.downloads.limiter import Limiter
from pixelated.core.downloads.trailing_hash import TrailingHash, git_sha1
from pixelated.core.places import ChangedError, Entry, Opened, Place, TryAgainError, UnavailableError
from pixelated.core.places.retrying import TRIES, given_up, hopeless, pause
from pixelated.core.source import Expected
from pixelated.core.store import LocalStore, explain_os_error

LARGEST = 1 << 40  # bytes of a file whose size nobody stated
_RESTARTS = 3


@dataclass(frozen=True)
class Got:
    """A file that is there, whole.

    Attributes:
        name: path relative to the source.
        size: bytes.
        sha256: hex digest of the bytes, computed here.
        checked: what it was compared with: "sha256", "md5", "git_sha1", "size", or "": nothing was stated.
        fetched: bytes that came over the wire in this run.
        resumed: bytes that were there from an earlier run.
    """

    name: str
    size: int
    sha256: str
    checked: str = ""
    fetched: int = 0
    resumed: int = 0


@dataclass
class Job:
    """One file to fetch.

    Attributes:
        place: where it lies.
        entry: the file, as listed.
        target: its final path.
        staging: folder of its part file, on the same file system.
        expected: what the registry says it must be.
        again: lists the file anew after it was changed.
        limiter: the shared bandwidth.
        arrived: is told of bytes as they arrive (negative where some are thrown away).
        skipped: is told of the bytes that are there from an earlier run.
    """

    place: Place
    entry: Entry
    target: Path
    staging: Path
    expected: Expected = field(default_factory=Expected)
    again: Callable[[], Entry] | None = None
    limiter: Limiter = field(default_factory=Limiter)
    arrived: Callable[[int], None] = lambda _: None
    skipped: Callable[[int], None] = lambda _: None

    @property
    def part(self) -> Path:
        """The part file."""
        return self.staging / f"{hashlib.sha256(self.entry.name.encode()).hexdigest()[:24]}.part"

    @property
    def sha256(self) -> str:
        """The digest that is known beforehand, the registry's first."""
        return self.expected.sha256 or self.entry.sha256

    @property
    def size(self) -> int | None:
        """The size that is known beforehand, the place's first."""
        return self.entry.size if self.entry.size is not None else self.expected.size


@dataclass
class _Transfer:
    """The state of one try."""

    file: int
    hashes: TrailingHash
    at: int
    opened: Opened
    total: int | None


def download(job: Job) -> Got:
    """Fetch a file.

    Raises:
        UnavailableError: it can't be had, or is not what it must be.
        StoppedError: the user interrupted; the part stays.
        UsageError, InternalError: it can't be written (permissions, disk full); the part stays.
    """
    _promise(job)
    job.staging.mkdir(parents=True, exist_ok=True, mode=0o700)
    fetched = 0
    tell = job.arrived

    def arrived(size: int) -> None:
        nonlocal fetched
        fetched += max(size, 0)
        tell(size)

    resumed = _usable(job)
    job.skipped(resumed)
    job = replace(job, arrived=arrived)
    for restart in range(_RESTARTS + 1):
        try:
            found, digests, opened = _until_whole(job)
            checked = _verify(job, found, digests, opened)
        except ChangedError as change:
            resumed = 0
            job.arrived(-_length(job.part))
            _forget(job)
            if restart == _RESTARTS:
                raise UnavailableError(
                    "changing",
                    f"{job.place.uri}: {job.entry.name} keeps changing ({change})",
                    "run the command again later",
                ) from change
            nameless = replace(job.entry, size=None, version="")
            job = replace(job, entry=job.again() if job.again else nameless)
            _promise(job)
            continue
        break
    _settle(job)
    return Got(job.entry.name, found, digests["sha256"], checked, fetched, resumed)


def _promise(job: Job) -> None:
    """Refuse a file that is listed with another size than the registry names, before a byte is fetched."""
    listed, named = job.entry.size, job.expected.size
    if listed is not None and named is not None and listed != named:
        raise UnavailableError(
            "wrong_size",
            f"{job.place.uri}: {job.entry.name} has {listed:,} bytes, the registry names {named:,}",
            "the file was changed upstream: check it, then correct the registry entry",
        )
    stated = job.entry.sha256
    if stated and job.expected.sha256 and stated != job.expected.sha256:
        raise UnavailableError(
            "wrong_sha256",
            f"{job.place.uri}: {job.entry.name} has sha256 {stated[:12]}..., not the one in the registry",
            "the file was changed upstream: check it, then correct the registry entry",
        )


def _usable(job: Job) -> int:
    """Return the bytes of an earlier part that go on being right; remove a part that does not."""
    part, note = job.part, _note(job)
    try:
        told = orjson.loads(note.read_bytes())
        size = part.stat(follow_symlinks=False).st_size
    except (OSError, orjson.JSONDecodeError):
        _forget(job)
        return 0
    if part.is_symlink():
        _forget(job)
        return 0
    same = told.get("uri") == job.place.uri and told.get("name") == job.entry.name
    version = bool(job.entry.version) and told.get("listed") == job.entry.version
    known = bool(job.sha256) and told.get("sha256") == job.sha256
    too_long = job.size is not None and size > job.size
    if not (same and (version or known)) or too_long:
        _forget(job)
        return 0
    return int(size)


def _until_whole(job: Job) -> tuple[int, dict[str, str], Opened]:
    """Read until the last byte, over as many connections as it takes and as long as there is progress."""
    attempt = farthest = 0
    while True:
        if not (job.entry.version or job.sha256):
            job.arrived(-_length(job.part))
            _forget(job)  # nothing shows that the rest would be of the same version
        before = _length(job.part)
        try:
            return _try(job, before)
        except TryAgainError as fault:
            now = _length(job.part)
            attempt = 0 if now > farthest else attempt + 1
            farthest = max(farthest, now)
            if attempt >= TRIES or hopeless(fault, attempt):
                raise given_up(fault, attempt) from fault
            job.limiter.sleep(pause(fault, attempt))


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _try(job: Job, before: int) -> tuple[int, dict[str, str], Opened]:
    if before and before == job.size:  # killed between the last byte and the name
        return before, _rehash(job, before), Opened(before, before, "", iter(()))
    with job.place.open(job.entry, before) as opened:
        total = _total(job, opened)
        if opened.start > before:
            raise TryAgainError(
                f"{job.place.uri}: {job.entry.name} was sent from a later byte than asked for"
            )
        _note_down(job, opened)
        try:
            file = os.open(job.part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise explain_os_error(error, job.part) from error
        try:
            os.ftruncate(file, opened.start)  # the server began again: so does the part
            if opened.start < before:
                job.arrived(opened.start - before)
            hashes = TrailingHash(job.part, _algorithms(job, opened, total))
            moved = _Transfer(file, hashes, opened.start, opened, total)
            return _copy(job, moved)
        finally:
            os.close(file)


def _copy(job: Job, moved: _Transfer) -> tuple[int, dict[str, str], Opened]:
    moved.hashes.there(moved.at)
    try:
        os.lseek(moved.file, moved.at, os.SEEK_SET)
        for chunk in moved.opened.chunks:
            _refuse_more(job, moved, len(chunk))
            _write(job, moved.file, chunk)
            moved.at += len(chunk)
            moved.hashes.there(moved.at)
            job.arrived(len(chunk))
            job.limiter.take(len(chunk))
        _refuse_less(job, moved)
    except BaseException:
        moved.hashes.stop()
        raise
    return moved.at, moved.hashes.finish(), moved.opened


def _refuse_more(job: Job, moved: _Transfer, size: int) -> None:
    largest = LARGEST if moved.total is None else moved.total
    if moved.at + size > largest:
        raise UnavailableError(
            "too_long",
            f"{job.place.uri}: {job.entry.name} goes on after its {largest:,} bytes",
            "check the file there",
        )


def _refuse_less(job: Job, moved: _Transfer) -> None:
    if moved.total is not None and moved.at < moved.total:
        where = f"byte {moved.at:,} of {moved.total:,}"
        raise TryAgainError(f"{job.place.uri}: {job.entry.name} ended at {where}")


def _write(job: Job, file: int, chunk: bytes) -> None:
    view = memoryview(chunk)
    try:
        while view:
            view = view[os.write(file, view) :]
    except OSError as error:
        raise explain_os_error(error, job.part) from error


def _total(job: Job, opened: Opened) -> int | None:
    """Return the size of the whole file; one that is not the listed size is another version."""
    if opened.total is None:
        return job.size
    if job.size is not None and opened.total != job.size:
        raise ChangedError(f"{opened.total:,} bytes instead of {job.size:,}")
    return opened.total


def _algorithms(job: Job, opened: Opened, total: int | None) -> dict[str, Any]:
    wanted = {"sha256": hashlib.sha256()}
    stated = job.sha256 or opened.sha256
    if not stated and (job.entry.md5 or opened.md5):
        wanted["md5"] = hashlib.md5(usedforsecurity=False)
    if not stated and job.entry.git_sha1 and total is not None:
        wanted["git_sha1"] = git_sha1(total)
    return wanted


def _rehash(job: Job, size: int) -> dict[str, str]:
    hashes = TrailingHash(job.part, _algorithms(job, Opened(0, size, "", iter(())), size))
    hashes.there(size)
    return hashes.finish()


def _verify(job: Job, size: int, digests: dict[str, str], opened: Opened) -> str:
    """Return what the file was compared with.

    Raises:
        ChangedError: a part from an earlier connection does not fit; it has to be fetched anew.
        UnavailableError: fetched in one go, it is not what it must be.
    """
    stated = {
        "sha256": job.sha256 or opened.sha256,
        "md5": job.entry.md5 or opened.md5,
        "git_sha1": job.entry.git_sha1,
    }
    for name, digest in digests.items():
        if stated[name] and digest != stated[name]:
            why = f"its {name} is {digest[:12]}..., {stated[name][:12]}... was stated"
            if opened.start:
                raise ChangedError(why)
            _forget(job)
            raise UnavailableError(
                f"wrong_{name}",
                f"{job.place.uri}: {job.entry.name} is not what it must be: {why}",
                "run the command again; if it stays so, check the file there and the registry entry",
            )
    best = next((n for n in ("sha256", "git_sha1", "md5") if n in digests and stated[n]), "")
    return best or ("size" if size in (job.size, opened.total) else "")


def _settle(job: Job) -> None:
    """Give the file its name; what had it before is moved aside, never lost."""
    try:
        job.target.parent.mkdir(parents=True, exist_ok=True)
        if job.target.exists():
            aside = job.staging / "replaced" / f"{job.target.name}.{job.target.stat().st_mtime_ns}"
            aside.parent.mkdir(exist_ok=True)
            job.target.replace(aside)
        job.part.replace(job.target)
    except OSError as error:
        raise explain_os_error(error, job.target) from error
    _note(job).unlink(missing_ok=True)


def _note(job: Job) -> Path:
    return job.part.with_suffix(".json")


def _note_down(job: Job, opened: Opened) -> None:
    """Write down what the part is a part of, before its first byte is written."""
    told = {
        "uri": job.place.uri,
        "name": job.entry.name,
        "listed": job.entry.version,
        "sent": opened.version,
        "sha256": job.sha256,
        "entry": asdict(job.entry),
    }
    LocalStore(job.staging, private=True).write_json(_note(job).name, told)


def _forget(job: Job) -> None:
    job.part.unlink(missing_ok=True)
    _note(job).unlink(missing_ok=True)
