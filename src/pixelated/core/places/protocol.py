"""What a place is: somewhere that files lie, listed by name and read from any byte.

Every kind of store is read through this one shape, so that resuming, verifying, retrying and limiting
are written once (`acquire`), and so that two places can be compared whatever they are (`inventory`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from pixelated.core.errors import IncompleteError


@dataclass(frozen=True)
class Entry:
    """One file at a place, as the place itself states it; what it does not state is None or empty.

    Attributes:
        name: path relative to the place, '/' separated.
        size: bytes; None where the place does not say.
        version: what changes when the bytes change: a strong ETag, a generation, a hash, a time.
        sha256: hex digest of the bytes.
        md5: hex digest of the bytes.
        modified: ISO 8601.
        git_sha1: git's object id of the bytes (SHA-1 over "blob", the size, a NUL and the bytes).
        problem: why the file can't be fetched as it is; empty for a plain file.
    """

    name: str
    size: int | None = None
    version: str = ""
    sha256: str = ""
    md5: str = ""
    modified: str = ""
    git_sha1: str = ""
    problem: str = ""


@dataclass
class Opened:
    """Bytes that are on their way.

    Attributes:
        start: offset in the file of the first byte that comes: 0 where a range was asked for and ignored.
        total: bytes of the whole file, where the answer says so.
        version: the version that is being sent, "" where the answer does not say.
        chunks: the bytes, as they arrive.
        sha256: hex digest of the whole file, where the answer states it.
        md5: the same for MD5.
    """

    start: int
    total: int | None
    version: str
    chunks: Iterator[bytes]
    sha256: str = ""
    md5: str = ""


@dataclass(frozen=True)
class Facts:
    """What a place says of itself: who owns it, under which licence, at which revision."""

    owner: str = ""
    license: str = ""
    revision: str = ""
    more: dict[str, str] = field(default_factory=dict)


class Place(Protocol):
    """Somewhere that files lie."""

    uri: str  # without credentials; fit for logs and manifests

    def facts(self) -> Facts:
        """Return what the place says of itself; empty where it says nothing."""
        ...

    def entries(self) -> Iterator[Entry]:
        """Yield the files, sorted by name."""
        ...

    def open(self, entry: Entry, start: int = 0, end: int | None = None) -> AbstractContextManager[Opened]:
        """Open a file at byte `start` (up to `end`, exclusive), as long as it still is `entry.version`.

        Raises:
            ChangedError: the file is another version now.
            TryAgainError: a passing fault.
            UnavailableError: it can't be had.
        """
        ...


class UnavailableError(IncompleteError):
    """A place or a file can't be had: not there, no access, no such host (exit 3)."""


class ChangedError(Exception):
    """The file is no longer the version that was listed, or that the first bytes were of."""


class TryAgainError(Exception):
    """A passing fault: a cut connection, a busy server.

    Attributes:
        why: one line for a person.
        wait: what the server asked for, in seconds.
        down: the host, where not even a connection came about.
    """

    def __init__(self, why: str, wait: float | None = None, down: str = "") -> None:
        super().__init__(why)
        self.why, self.wait, self.down = why, wait, down
