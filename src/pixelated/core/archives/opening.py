"""One way to open every kind: members one by one, each refused by name or read as a bounded stream."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from pixelated.core.archives.entries import Entry
from pixelated.core.archives.kinds import COMPRESSIONS, HEAD, foreign, inner_name, is_tar, kind_of
from pixelated.core.archives.limits import ArchiveRefusedError, Budget
from pixelated.core.archives.names import BadNameError, Claims, is_junk, safe_name
from pixelated.core.archives.streams import OUT, Stream, decompress
from pixelated.core.archives.tars import TarReader
from pixelated.core.archives.zips import ZipReader


@dataclass(frozen=True)
class Member:
    """One file in an archive.

    Attributes:
        name: a relative path of plain parts; "" where the name itself is refused.
        refused: why it is not taken.
        junk: it is what a desktop left behind: to be skipped and counted.
        chunks: yields its bytes: of a zip at any time, else once and before the next member is asked for.
            Raises `ArchiveRefusedError` where they are not what they should be, so what came before must not
            be used until the end.
    """

    name: str
    refused: ArchiveRefusedError | None
    junk: bool
    chunks: Callable[[], Iterator[bytes]]


@dataclass(frozen=True)
class Archive:
    """An open archive.

    Attributes:
        kinds: what it is, outermost first: ("zip",), ("gzip", "tar"), ("zstd",).
        members: its files, in the order they lie in it; folders are left out.
    """

    kinds: tuple[str, ...]
    members: Iterator[Member]

    @property
    def is_box(self) -> bool:
        """Whether it may hold several files, other than a compressed file."""
        return self.kinds[-1] in {"zip", "tar"}


def open_archive(file: BinaryIO, name: str, budget: Budget) -> Archive:
    """Open an archive of any kind.

    Args:
        file: the archive; it can seek.
        name: its file name, which a compressed file's one member is named after.
        budget: the limits, and what of them is used.

    Raises:
        ArchiveRefusedError: `not_an_archive`, `not_supported`; more while the members are read.
    """
    file.seek(0)
    head = file.read(HEAD)
    file.seek(0)
    kind = kind_of(head)
    if kind == "zip":
        return Archive((kind,), _checked(ZipReader(file, budget).entries(), budget))
    if kind == "tar":
        return Archive((kind,), _checked(TarReader(Stream(_plain(file, budget)), budget).entries(), budget))
    if kind in COMPRESSIONS:
        return _compressed(file, name, kind, budget)
    other = foreign(head)
    if other is not None:
        raise budget.refuse("not_supported", f"{other[0]} is not read: unpack it with {other[1]}", whole=True)
    raise budget.refuse("not_an_archive", "neither gzip, bzip2, xz, zstd, zip nor tar", whole=True)


def _compressed(file: BinaryIO, name: str, kind: str, budget: Budget) -> Archive:
    stream = Stream(decompress(file.read, kind, budget))
    if is_tar(stream.peek(HEAD)):
        return Archive((kind, "tar"), _checked(TarReader(stream, budget).entries(), budget))
    inner = inner_name(posixpath.basename(name)).encode("utf-8", "surrogateescape")
    budget.enter(inner)
    entry = Entry(inner, 0, folder=False, refused=None, chunks=lambda: iter(stream.some, b""))
    return Archive((kind,), _checked(iter([entry]), budget))


def _plain(file: BinaryIO, budget: Budget) -> Iterator[bytes]:
    while piece := file.read(OUT):
        budget.charge(len(piece))
        yield piece


def _checked(entries: Iterator[Entry], budget: Budget) -> Iterator[Member]:
    claims = Claims()
    for entry in entries:
        name, fault = "", None
        try:
            name = safe_name(entry.name)
            _claim(name, entry, claims, budget)
        except BadNameError as error:
            fault = budget.refuse(error.reason, error.detail, entry.name or "(no name)")
        if fault is not None or not entry.folder:
            yield Member(name, fault, is_junk(name), _limited(entry, budget))


def _claim(name: str, entry: Entry, claims: Claims, budget: Budget) -> None:
    """Take the name of an entry, or refuse the entry.

    Raises:
        BadNameError: for its kind, its size or another entry of this name.
    """
    if entry.refused is not None:
        raise BadNameError(*entry.refused)
    if not name and not entry.folder:
        raise BadNameError("name_empty", "it has no name")
    if name:
        claims.claim(name, folder=entry.folder)
    if entry.size > budget.limits.member_bytes:
        raise BadNameError("member_too_big", _too_big(budget))


def _limited(entry: Entry, budget: Budget) -> Callable[[], Iterator[bytes]]:
    def chunks() -> Iterator[bytes]:
        size = 0
        try:
            for piece in entry.chunks():
                size += len(piece)
                if size > budget.limits.member_bytes:
                    raise budget.refuse("member_too_big", _too_big(budget), entry.name)
                yield piece
        except ArchiveRefusedError as error:
            if error.member:
                raise
            raise budget.refuse(error.reason, error.detail, entry.name, whole=error.whole) from error

    return chunks


def _too_big(budget: Budget) -> str:
    return f"a member over {budget.limits.member_bytes:,} bytes"
