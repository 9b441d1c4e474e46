"""Compressed files and archives as boxes of files: each member is read by its own format.

The members are unpacked into one temporary file without a name, so that they can be read in the order of
their names, one at a time, and so that nothing of an archive is read that turns out to be a bomb or cut.
"""

from __future__ import annotations

import io
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from pixelated.core.archives import (
    BOMBS,
    READING,
    ArchiveRefusedError,
    Budget,
    Limits,
    Member,
    folded,
    kind_of,
    open_archive,
)
from pixelated.core.errors import IncompleteError
from pixelated.standardise import saved
from pixelated.standardise.files import is_data
from pixelated.standardise.formats import CERTAIN, sureness
from pixelated.standardise.rows import HEAD_BYTES, Refusal, Sample

_IN_MEMORY = 64 << 20  # bytes of unpacked members before they go to the disk
_OFFICE = (
    {"[Content_Types].xml"},
    {"mimetype", "META-INF/container.xml"},
    {"mimetype", "META-INF/manifest.xml"},
)


@dataclass(frozen=True)
class Boxed:
    """A file in a container.

    Attributes:
        path: its place for a person: "inner.csv", or "inner.zip!a.csv" in an archive in the archive.
        name: its own name, by which formats know it.
        packing: what it is packed in, innermost first: "+gzip", "+tar+gzip".
        refusal: why it is not read.
    """

    path: str
    name: str
    packing: str
    refusal: Refusal | None = None
    start: int = 0
    size: int = 0


def is_container(sample: Sample) -> bool:
    """Say whether a file is a compressed file or an archive that no format claims as a whole."""
    return kind_of(sample.head) is not None and sureness(sample) < CERTAIN


def _temporary() -> BinaryIO:
    return tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # type: ignore[return-value]


@dataclass
class Box:
    """An unpacked container; to be used in a `with` statement, which removes the temporary file.

    Attributes:
        files: its files, those of archives in it among them, sorted by path.
        skipped: members that are no data: README, LICENSE, hidden files, what desktops leave behind.
    """

    budget: Budget
    files: list[Boxed] = field(default_factory=list)
    skipped: int = 0
    _spool: BinaryIO = field(default_factory=_temporary)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spool.close()

    def read(self, boxed: Boxed) -> bytes:
        """Return the bytes of one file."""
        self._spool.seek(boxed.start)
        return self._spool.read(boxed.size)

    def fill(self, file: BinaryIO, name: str) -> None:
        """Unpack a container.

        Raises:
            ArchiveRefusedError: it can't be read to its end, or holds more than the limits allow.
        """
        self.files = sorted(self._collect(file, name, "", ""), key=lambda b: (b.path.split("!"), b.start))

    def _collect(self, file: BinaryIO, name: str, outer: str, packing: str) -> list[Boxed]:
        """Return the files of a container; `outer` and `packing` say where in another it lies, and how."""
        archive = open_archive(file, name, self.budget)
        packing = "".join(f"+{kind}" for kind in reversed(archive.kinds)) + packing
        found: list[Boxed] = []
        twice: set[str] = set()
        names: set[str] = set()
        for member in archive.members:
            boxed = Boxed(outer + member.name, member.name, packing)
            names.add(member.name)
            if member.refused is not None:
                twice |= {folded(member.name)} if member.refused.reason == "duplicate_name" else set()
                found.append(_refused(boxed, member.refused, outer))
            elif archive.is_box and (member.junk or not is_data(member.name)):
                self.skipped += 1
            else:
                found.extend(self._take(boxed, member, outer))
        if archive.kinds == ("zip",) and any(office <= names for office in _OFFICE):
            raise self.budget.refuse("binary_file", "an office document or e-book: convert it", whole=True)
        found = [self._ambiguous(boxed, outer) if folded(boxed.name) in twice else boxed for boxed in found]
        return self._without_beside(found, outer) if archive.is_box else found

    def _without_beside(self, found: list[Boxed], outer: str) -> list[Boxed]:
        """Leave out what stands beside the shards of a folder saved by `datasets`; name missing shards."""
        own = {b.name: b for b in found if b.path == outer + b.name}
        small = {name: b for name, b in own.items() if b.refusal is None and b.size <= saved.MAX_STATE}
        known = saved.look(
            own, lambda name: self.read(small[name]) if name in small else None, own.__contains__
        )
        kept = []
        for boxed in found:
            missing = known.missing.get(boxed.name) if boxed.path == outer + boxed.name else None
            if missing:
                detail = f"its folder lacks {saved.lacks(missing)}"
                kept.append(_refused(boxed, self.budget.refuse("shard_missing", detail, boxed.name), outer))
            elif boxed.refusal is None and boxed.path == outer + boxed.name and boxed.name in known.beside:
                self.skipped += 1
            else:
                kept.append(boxed)
        return kept

    def _take(self, boxed: Boxed, member: Member, outer: str) -> list[Boxed]:
        """Unpack one member; one that is a container itself gives the files in it."""
        start = self._spool.seek(0, io.SEEK_END)
        try:
            for piece in member.chunks():
                self._spool.write(piece)
        except ArchiveRefusedError as error:
            if error.whole:
                raise
            self._spool.truncate(start)
            return [_refused(boxed, error, outer)]
        size = self._spool.tell() - start
        boxed = replace(boxed, start=start, size=size)
        self._spool.seek(start)
        sample = Sample(boxed.name, self._spool.read(min(size, HEAD_BYTES)), size)
        return self._inner(boxed, outer) if is_container(sample) else [boxed]

    def _inner(self, boxed: Boxed, outer: str) -> list[Boxed]:
        if self.budget.depth >= self.budget.limits.depth:
            detail = f"an archive in {self.budget.depth} others"
            return [_refused(boxed, self.budget.refuse("nested_too_deep", detail, boxed.name), outer)]
        self.budget.depth += 1
        part = io.BufferedReader(_Part(self._spool, boxed.start, boxed.size))
        try:
            return self._collect(part, boxed.name, boxed.path + "!", boxed.packing)
        except ArchiveRefusedError as error:
            if error.reason in BOMBS:
                raise
            where = f"{error.detail}, at its member {error.member}" if error.member else error.detail
            return [_refused(boxed, self.budget.refuse(error.reason, where, boxed.name), outer)]
        finally:
            self.budget.depth -= 1

    def _ambiguous(self, boxed: Boxed, outer: str) -> Boxed:
        """Refuse also the first of two members with one name: nobody knows which of them is meant."""
        if boxed.refusal is not None:
            return boxed
        detail = "two members have this name, or names that differ by case or Unicode form only"
        return _refused(boxed, self.budget.refuse("duplicate_name", detail, boxed.name), outer)


def open_box(file: BinaryIO, sample: Sample, limits: Limits = READING) -> Box:
    """Unpack the container that `file` holds; see `Box.fill` for what is raised."""
    box = Box(Budget(sample.name, sample.size, limits))
    try:
        box.fill(file, sample.name)
    except BaseException:
        box.__exit__(None, None, None)
        raise
    return box


def only_file(name: str, path: Path) -> tuple[str, bytes]:
    """Return name and bytes of a file, or of the one file in a container.

    Raises:
        IncompleteError: the container holds several files, or is refused.
    """
    with path.open("rb") as file:
        sample = Sample(name, file.read(HEAD_BYTES), path.stat().st_size)
        if not is_container(sample):
            return name, path.read_bytes()
        with open_box(file, sample) as box:
            if len(box.files) == 1 and box.files[0].refusal is None:
                return box.files[0].name, box.read(box.files[0])
    raise IncompleteError(
        "archive_refused",
        f"{path} does not hold exactly one file that can be read",
        "unpack it and name one file",
    )


def whole_refusal(error: ArchiveRefusedError) -> Refusal:
    """Return the refusal of a container of which nothing is read."""
    where = f"member {error.member}: " if error.member else ""
    return Refusal(0, "file", error.reason, where + error.detail)


def _refused(boxed: Boxed, error: ArchiveRefusedError, outer: str) -> Boxed:
    refusal = Refusal(0, "file", error.reason, error.detail)
    return replace(boxed, path=outer + (boxed.name or error.member), refusal=refusal, size=0)


class _Part(io.RawIOBase):
    """A range of the temporary file as a file by itself, while others read and write the rest."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        super().__init__()
        self._file, self._start, self._size, self._at = file, start, size, 0

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place in the range."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = base + offset
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read from the range."""
        self._file.seek(self._start + self._at)
        data = self._file.read(max(0, min(len(buffer), self._size - self._at)))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
