"""One file from a place to another: fetched with resuming, sent with resuming, proved where it arrived."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from dataclasses import replace as replace_fields
from pathlib import Path
from typing import Any

from pixelated.core.downloads.download import Job, download
from pixelated.core.errors import CheckFailedError, UsageError
from pixelated.core.places.local import LocalPlace
from pixelated.core.source import Expected
from pixelated.core.store import explain_os_error
from pixelated.core.uploads import Journal, LocalFile
from pixelated.core.uploads.protocol import hash_chunks
from pixelated.inventory.file import Digests, File
from pixelated.inventory.known import Known
from pixelated.inventory.reading import Reading, read_digests
from pixelated.inventory.side import STAGING, Side

_BY_PUT = ("rclone", "sftp", "hf")  # rclone's put reads back; the Hub checks what a commit names


@dataclass(frozen=True)
class Moved:
    """A file that is there now.

    Attributes:
        name: of the file.
        digests: of its bytes.
        proved: how it was proved at the far end: "sha256" or "md5" of the store, "read back", "written".
        stated: whether the place that it came from stated a checksum that was compared.
    """

    name: str
    digests: Digests
    proved: str
    stated: bool


@dataclass
class Mover:
    """Moves files from one side to another.

    Attributes:
        a, b: from where to where.
        known: digests of files of `a`.
        reading: workers, bandwidth and progress; its limiter holds for what is fetched, its meter for what
            is sent.
        spool: private folder for files on their way between two stores.
        journal: of open uploads.
    """

    a: Side
    b: Side
    known: Known
    reading: Reading
    spool: Path
    journal: Journal

    def move(self, file: File, *, replace: bool) -> Moved:
        """Move a file.

        Args:
            file: as listed at `a`.
            replace: whether another file may have its name at `b`.

        Raises:
            PixelatedError: it can't be had, can't be written, or is not at `b` what it is at `a`.
        """
        if self.b.root is not None:
            return self._to_folder(file, self.b.root, replace=replace)
        if self.a.root is not None:
            return self._send(file, _path(self.a.root, file), True, replace=replace)
        waiting = self.spool / f"{hashlib.sha256(file.name.encode()).hexdigest()[:24]}.whole"
        moved = self._send(file, waiting, self._to_spool(file, waiting), replace=replace)
        waiting.unlink(missing_ok=True)
        return moved

    def _to_folder(self, file: File, root: Path, *, replace: bool) -> Moved:
        target = root / file.name
        _refuse_links(root, target)
        if target.exists() and not replace:
            raise _appeared(file.name, self.b)
        if self.a.root is not None:  # read twice: a copy is compared with what the first reading gave
            file = replace_fields(file, sha256=self._local_digests(file, self.a.root).sha256)
        staging = root / STAGING / "inventory"
        got = download(self._job(file, target, staging))
        digests = self._digests(file, target, got.sha256)
        return Moved(file.name, digests, "written", got.checked not in ("", "size"))

    def _to_spool(self, file: File, path: Path) -> bool:
        """Fetch a file for sending it on; return whether a checksum was compared."""
        before = self.known.get(file)
        if path.is_file() and before is not None and _digests_of(path) == before:
            self.reading.meter.add_kept(before.size)
            return bool(file.sha256 or file.md5)
        path.unlink(missing_ok=True)
        got = download(self._job(file, path, self.spool))
        self._digests(file, path, got.sha256)
        return got.checked not in ("", "size")

    def _job(self, file: File, target: Path, staging: Path) -> Job:
        if self.a.place is None:
            raise UsageError("no_place", "an inventory file holds no bytes", "name the place to move from")
        size, sha256 = file.size, file.sha256
        return Job(
            self.a.place,
            self.a.entry(file),
            target,
            staging,
            Expected(size, sha256),
            limiter=self.reading.limiter,
            arrived=self.reading.meter.add_sent,
            skipped=self.reading.meter.add_kept,
        )

    def _digests(self, file: File, path: Path, sha256: str) -> Digests:
        digests = _digests_of(path)
        if digests.sha256 != sha256:
            raise CheckFailedError("changed", f"{file.name} changed after it was fetched", "run it again")
        self.known.add(file, digests)
        return digests

    def _send(self, file: File, path: Path, stated: bool, *, replace: bool) -> Moved:
        target = self.b.target
        if target.stat(file.name) is not None and not replace:
            raise _appeared(file.name, self.b)
        digests = self._local_digests(file, path)
        local = LocalFile(path, digests.size, digests.sha256, digests.md5)
        meter: Any = self.reading.meter
        entry = target.put(local, file.name, self.journal, meter)
        return Moved(file.name, digests, self._prove(file.name, digests, entry), stated)

    def _local_digests(self, file: File, path: Path) -> Digests:
        """Return the digests of a file of this machine, read only where they are not known."""
        known = self.known.get(file)
        if known is not None:
            return known
        place = LocalPlace(self.a.root or path)
        entry = self.a.entry(file) if self.a.root is not None else next(place.entries())
        # its bytes are counted when they are moved
        digests = read_digests(place, entry, Reading(limiter=self.reading.limiter))
        self.known.add(file, digests)
        return digests

    def _prove(self, name: str, digests: Digests, entry: object) -> str:
        """Say how the bytes at the far end are known to be those sent; read them back if need be."""
        if getattr(entry, "sha256", "") == digests.sha256:
            return "sha256"
        if getattr(entry, "md5", "") == digests.md5:
            return "md5"
        if self.b.kind in _BY_PUT:
            return "read back" if self.b.kind != "hf" else "at the end"
        with self.b.target.open(name) as chunks:
            if hash_chunks(iter(chunks)) != (digests.size, digests.sha256):
                raise CheckFailedError(
                    "differs_after_sending",
                    f"{name} at {self.b.uri} has other bytes than were sent",
                    "run it again",
                )
        return "read back"


def _path(root: Path, file: File) -> Path:
    return root if root.is_file() else root / file.name


def _appeared(name: str, side: Side) -> CheckFailedError:
    return CheckFailedError(
        "is_there", f"{name} is at {side.uri} already, with other bytes", "give --replace to put it there"
    )


def _refuse_links(root: Path, target: Path) -> None:
    """Refuse a path that leads out of the folder over a link in it."""
    if not target.resolve().is_relative_to(root.resolve()):
        raise CheckFailedError(
            "leads_out",
            f"{target} leads out of {root} over a link",
            "remove the link, or choose another folder",
        )


def _digests_of(path: Path) -> Digests:
    sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    try:
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                sha256.update(piece)
                md5.update(piece)
                size += len(piece)
    except OSError as error:
        raise explain_os_error(error, path) from error
    return Digests(size, sha256.hexdigest(), md5.hexdigest())
