"""What a target is: somewhere that files are put under a name, whole, and read back from.

A name at a target never stands for half a file. What a store says of an object is believed only where
the store computed it from the bytes; everything else is established by reading them back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Protocol

from pixelated.core.errors import CheckFailedError, UsageError
from pixelated.core.meter import Meter
from pixelated.core.places.protocol import Entry
from pixelated.core.uploads.journal import Journal

CHUNK: Final = 1 << 20
ANY: Final = Entry("*")  # put_bytes: replace whatever is there


@dataclass(frozen=True)
class LocalFile:
    """A file of this machine, with the digests (hex) of the bytes that are to be sent."""

    path: Path
    size: int
    sha256: str
    md5: str


Found = Literal["absent", "same", "other"]


class RaceError(CheckFailedError):
    """Somebody else wrote the same name meanwhile; nothing of ours took its place (exit 1)."""

    def __init__(self, uri: str, name: str) -> None:
        self._given = (uri, name)
        super().__init__(
            "raced", f"{name} at {uri} was written by somebody else meanwhile", "run the same command again"
        )

    def __reduce__(self) -> tuple[type, tuple[str, ...]]:
        """Survive the trip back from a worker process."""
        return (type(self), self._given)


class Target(Protocol):
    """Somewhere that files are put."""

    uri: str  # without credentials; fit for logs

    def check(self) -> None:
        """Find out, without writing, whether the target can be reached.

        Raises:
            UnavailableError: it can't be.
        """
        ...

    def stat(self, name: str) -> Entry | None:
        """Return what the store says of a file, `sha256` only where it computed that; None: not there."""
        ...

    def has(self, file: LocalFile, name: str) -> Found:
        """Say whether `name` is there and is `file`, as far as the store says without sending it."""
        ...

    def put(self, file: LocalFile, name: str, journal: Journal, meter: Meter) -> Entry:
        """Send a file; continue what an earlier, killed process began.

        Raises:
            CheckFailedError: the file is not what it was, or the store has other bytes than were sent.
            RaceError: somebody else wrote the same name meanwhile.
            UnavailableError: the target can't be reached or refuses.
        """
        ...

    def put_bytes(self, data: bytes, name: str, instead_of: Entry | None = None) -> Entry:
        """Write a small file in one piece.

        `instead_of` is what it may replace: None (nothing may be there), an entry (still that version), or
        `ANY`. A store without conditional writes looks first; then two writers can still collide.
        """
        ...

    def finish(self, message: str) -> None:
        """Make visible what was put; most stores do so at once, the Hub in one commit."""
        ...

    def get(self, name: str) -> bytes:
        """Return the bytes of a small file; UnavailableError where it is not there."""
        ...

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        """Yield the files whose names start with `prefix`, sorted by name."""
        ...

    def open(self, name: str) -> AbstractContextManager[Iterator[bytes]]:
        """Open a file to read its bytes back, piece by piece."""
        ...


def check_name(name: str) -> str:
    """Return `name`, which is relative, '/' separated and leads nowhere else."""
    parts = name.split("/")
    if not name or any(p in {"", ".", ".."} for p in parts) or any(c in name for c in "\\\0\r\n"):
        raise UsageError("bad_name", f"{name!r} is no plain relative name", "rename the file")
    return name


def check_sent(name: str, entry: Entry | None, file: LocalFile | bytes) -> Entry:
    """Return `entry`, the store's word after sending; whatever it states must be what was sent."""
    if entry is None:
        raise CheckFailedError("not_there", f"{name} is not there after it was sent", "run it again")
    if found(entry, in_memory(file) if isinstance(file, bytes) else file) != "same":
        raise CheckFailedError(
            "differs_after_sending", f"the store has other bytes of {name} than were sent", "run it again"
        )
    return entry


def changed(file: LocalFile) -> CheckFailedError:
    """Return the error of a local file that is no longer what it was when it was hashed."""
    return CheckFailedError(
        "changed", f"{file.path.name} changed while it was sent", "run the same command again"
    )


def in_memory(data: bytes) -> LocalFile:
    """Return the facts of bytes that stand in no file."""
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    return LocalFile(Path(), len(data), hashlib.sha256(data).hexdigest(), md5)


def found(entry: Entry | None, file: LocalFile) -> Found:
    """Compare what a store states with a local file; what it does not state can't differ."""
    if entry is None:
        return "absent"
    same = (
        entry.size in {None, file.size} and entry.sha256 in {"", file.sha256} and entry.md5 in {"", file.md5}
    )
    return "same" if same else "other"


def hash_chunks(chunks: Iterator[bytes]) -> tuple[int, str]:
    """Return size and hex SHA-256 of a stream of bytes."""
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
    return size, digest.hexdigest()
