"""A place, or the inventory file of one: what can be listed, and of a place also asked and read."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pixelated.core.errors import UsageError
from pixelated.core.home import expanded
from pixelated.core.places import Entry, Given, Place, UnavailableError, place_of
from pixelated.core.places.http import shown
from pixelated.core.places.names import EMPTY_PART, name_problem
from pixelated.core.places.rclone import RclonePlace
from pixelated.core.receipts import FOLDER as RECEIPTS
from pixelated.core.receipts import read_receipt
from pixelated.core.uploads import Target, target_of
from pixelated.inventory.document import Inventory, read_inventory
from pixelated.inventory.file import File

STAGING = ".staging"
_OWN = (f"{RECEIPTS}/", f"{STAGING}/")
_HEX64 = re.compile(r"[0-9a-f]{64}\Z")


@dataclass
class Side:
    """Something with files.

    Attributes:
        address: as it was given; never shown.
        endpoint: of an S3-compatible store.
        place: None where it is an inventory file.
        stored: the inventory in the file, None where it is a place.
        left_out: files of this program's own that the last listing left out.
    """

    address: str
    endpoint: str = ""
    place: Place | None = None
    stored: Inventory | None = None
    left_out: int = 0

    @property
    def uri(self) -> str:
        """The address without credentials; of an inventory file the place that it is of."""
        return self.place.uri if self.place is not None else (self.stored.place if self.stored else "")

    @property
    def identity(self) -> tuple[str, str]:
        """What its digests are kept under."""
        return self.uri, shown(self.endpoint) if self.endpoint else ""

    @cached_property
    def root(self) -> Path | None:
        """The local folder or file, None elsewhere."""
        if self.place is None or self.kind not in ("", "file"):
            return None
        if self.kind == "file":
            return Path(unquote(urlsplit(self.address).path))
        return expanded(self.address)

    @property
    def kind(self) -> str:
        """The scheme: "s3", "gs", "hf", ..., "rclone", "" for a local path."""
        if "://" in self.address:
            return self.address.partition("://")[0]
        return "rclone" if isinstance(self.place, RclonePlace) else ""

    def entry(self, file: File) -> Entry:
        """Return the file as the place's own kind of entry."""
        sha256, md5 = (file.sha256, file.md5) if file.by == "place" else ("", "")
        return Entry(file.name, file.size, file.version, sha256, md5, file.modified, problem=file.problem)

    def files(self) -> list[File]:
        """List what is there, sorted by name; nothing is read.

        Raises:
            UnavailableError: the place can't be had, or nothing is there.
        """
        if self.stored is not None:
            return self.stored.files
        if self.place is None:
            return []
        entries = list(self.place.entries())
        own = [e for e in entries if e.name.startswith(_OWN)]
        self.left_out = len(own)
        names = Counter(e.name for e in entries)
        listed = [self._file(e, twice=names[e.name] > 1) for e in entries if not e.name.startswith(_OWN)]
        return sorted(listed, key=lambda f: (f.name, f.version))

    def _file(self, entry: Entry, *, twice: bool) -> File:
        # a bucket's own metadata is what an uploader said: only what a store computed counts as its word
        sha256 = "" if self.kind == "gs" or not _HEX64.match(entry.sha256) else entry.sha256
        etag = entry.version.strip('"') if self.kind == "s3" else ""
        problem = entry.problem or ("two files have this name" if twice else name_problem(entry.name))
        by = "place" if sha256 or entry.md5 else ""
        # bytes that are no UTF-8, as file systems allow, are written \xE9
        name = entry.name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        return File(name, entry.size, sha256, entry.md5, etag, entry.modified, entry.version, by, problem)

    def can_read(self, file: File) -> bool:
        """Say whether the bytes of a file can be had under its name."""
        odd = file.problem == EMPTY_PART and self.kind in ("s3", "gs")
        return self.place is not None and (not file.problem or odd)

    def stated(self, file: File) -> Entry | None:
        """Ask an S3 store what it computed of an object; None where that can't be asked."""
        if self.kind != "s3" or file.problem or self.place is None:
            return None
        return self.target.stat(file.name)

    @property
    def states_sha256(self) -> bool:
        """Whether asking for one object may bring a SHA-256 that the store computed."""
        return self.kind == "s3" and self.place is not None and getattr(self.target, "believes_sha256", False)

    @cached_property
    def target(self) -> Target:
        """The same place, to be written to."""
        return target_of(self.address, self.endpoint)

    def receipts(self) -> dict[str, tuple[int, str]]:
        """Return name -> (size, sha256) as the receipts of downloads into this folder, or around it, say."""
        if self.root is None or not self.root.is_dir():
            return {}
        found: dict[str, tuple[int, str]] = {}
        home = self.root.resolve()
        for base in (home, home.parent):
            for path in sorted((base / RECEIPTS).glob("*.json")):
                receipt = read_receipt(base, path.stem)
                for name, file in receipt.files.items():
                    there = base / receipt.path / name
                    if receipt.path and there.is_relative_to(home):
                        found.setdefault(there.relative_to(home).as_posix(), (file.size, file.sha256))
        return found


def side_of(address: str, endpoint: str = "", names: tuple[str, ...] = ()) -> Side:
    """Return the side at an address: an inventory file, else a place.

    Raises:
        UsageError: no such form of address, or one with a password in it.
    """
    _refuse_secret(address)
    if endpoint:
        _refuse_secret(endpoint)
    stored = read_inventory(Path(address)) if "://" not in address else None
    if stored is not None:
        return Side(address, endpoint, stored=stored)
    return Side(address, endpoint, place_of(address, Given(names, endpoint)))


def there_or_empty(side: Side) -> list[File]:
    """List a side that is to be filled: one at which nothing lies yet is empty.

    Raises:
        UnavailableError: it can't be reached.
    """
    try:
        return side.files()
    except UnavailableError as error:
        if error.code != "not_found":
            raise
        return []


def _refuse_secret(address: str) -> None:
    try:
        parts = urlsplit(address)
        password: Any = parts.password
    except ValueError:
        return
    if "://" in address and (password or (parts.username and parts.scheme != "sftp")):
        raise UsageError(
            "secret_in_address",
            f"an address ({parts.scheme}://...) must not carry credentials",
            "put them into the environment, or into the store of the tool",
        )
