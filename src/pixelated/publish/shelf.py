"""How releases lie at a destination: one folder each, and a pointer beside them.

releases/<release>/release.json    which dataset this folder is for; written first, it holds the name
releases/<release>/...             the files of the dataset, then its manifest.json
current.json                       written last
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol

import orjson

from pixelated.core.errors import CheckFailedError
from pixelated.core.places.protocol import Entry
from pixelated.core.uploads import Found, Journal, LocalFile, Meter, Target
from pixelated.core.uploads.protocol import hash_chunks
from pixelated.publish.dataset import MANIFEST, POINTER, RECORD


class Shelf(Protocol):
    """The releases at one destination; a file is named by its release and its name in the dataset."""

    uri: str

    def check(self) -> None:
        """Raise UnavailableError where the destination can't be reached."""
        ...

    def record(self, release: str) -> dict[str, Any] | None:
        """Return `release.json` of a release that was begun; at least its `manifest_sha256`."""
        ...

    def is_sealed(self, release: str) -> bool:
        """Say whether the release is there with its manifest."""
        ...

    def has(self, release: str, name: str, file: LocalFile) -> Found:
        """Say whether a file need not be sent."""
        ...

    def claim(self, release: str, record: bytes) -> None:
        """Take the name of a release that was not begun."""
        ...

    def put(self, release: str, name: str, file: LocalFile, journal: Journal, meter: Meter) -> None:
        """Send a file."""
        ...

    def seal(self, release: str, names: set[str]) -> None:
        """Make the release, whose files were put, visible under its name."""
        ...

    def stat(self, release: str, name: str) -> Entry | None:
        """Return what the store says of a file of a sealed release."""
        ...

    def open(self, release: str, name: str) -> AbstractContextManager[Iterator[bytes]]:
        """Open a file of a sealed release."""
        ...

    def extras(self, release: str, names: set[str]) -> list[str]:
        """Return the files among those of a release that are none of `names`."""
        ...

    def pointer(self) -> tuple[bytes, Entry] | None:
        """Return `current.json` and its version."""
        ...

    def where(self, release: str) -> dict[str, str]:
        """Return how a reader of `current.json` finds the release."""
        ...

    def point(self, release: str, names: set[str], data: bytes, instead_of: Entry | None) -> None:
        """Write `current.json`, as long as it is still `instead_of`."""
        ...


class StoreShelf:
    """Releases in folders of a store."""

    def __init__(self, target: Target) -> None:
        self.uri = target.uri
        self._target = target
        self._begun: tuple[str, set[str]] | None = None  # a release and its files, as listed before sending

    def check(self) -> None:
        """See whether the store can be reached."""
        self._target.check()

    def record(self, release: str) -> dict[str, Any] | None:
        """Return `release.json`, or the hash of a manifest that somebody put there without one."""
        if self._target.stat(_at(release, RECORD)) is not None:
            return parse_record(self._target.get(_at(release, RECORD)), release)
        if not self.is_sealed(release):
            return None
        with self.open(release, MANIFEST) as chunks:
            return {"manifest_sha256": hash_chunks(chunks)[1]}

    def is_sealed(self, release: str) -> bool:
        """Say whether the manifest is there: it is sent last."""
        return self._target.stat(_at(release, MANIFEST)) is not None

    def has(self, release: str, name: str, file: LocalFile) -> Found:
        """Ask the store about a file that stands in its list, which is asked for once."""
        if self._begun is None or self._begun[0] != release:
            self._begun = (release, {e.name for e in self._target.entries(_at(release, ""))})
        at = _at(release, name)
        return self._target.has(file, at) if at in self._begun[1] else "absent"

    def claim(self, release: str, record: bytes) -> None:
        """Write `release.json`, if none is there: of two writers with other data one is refused here."""
        self._target.put_bytes(record, _at(release, RECORD))

    def put(self, release: str, name: str, file: LocalFile, journal: Journal, meter: Meter) -> None:
        """Send a file into the release's folder."""
        self._target.put(file, _at(release, name), journal, meter)

    def seal(self, release: str, names: set[str]) -> None:
        """Do nothing: the manifest, put last, is the seal."""

    def stat(self, release: str, name: str) -> Entry | None:
        """Ask the store."""
        return self._target.stat(_at(release, name))

    def open(self, release: str, name: str) -> AbstractContextManager[Iterator[bytes]]:
        """Open a file of the release's folder."""
        return self._target.open(_at(release, name))

    def extras(self, release: str, names: set[str]) -> list[str]:
        """List the release's folder: a reader who takes all of it must get nothing else."""
        base = _at(release, "")
        listed = (e.name.removeprefix(base) for e in self._target.entries(base))
        return [name for name in listed if name not in names]

    def pointer(self) -> tuple[bytes, Entry] | None:
        """Return the pointer, and the version that was looked at before it was read."""
        entry = self._target.stat(POINTER)
        return None if entry is None else (self._target.get(POINTER), entry)

    def where(self, release: str) -> dict[str, str]:
        """Return the manifest's path from the destination."""
        return {"manifest": _at(release, MANIFEST)}

    def point(self, release: str, names: set[str], data: bytes, instead_of: Entry | None) -> None:
        """Write the pointer."""
        del release, names
        self._target.put_bytes(data, POINTER, instead_of)


def parse_record(data: bytes, release: str) -> dict[str, Any]:
    """Return a `release.json`; CheckFailedError where it is not what publish writes."""
    try:
        value = orjson.loads(data)
    except ValueError:
        value = None
    fine = isinstance(value, dict) and value.get("release") == release
    if not fine or not isinstance(value.get("manifest_sha256"), str):
        raise CheckFailedError(
            "bad_record", f"{RECORD} of {release} is not one that publish wrote", "choose another --release"
        )
    return value


def _at(release: str, name: str) -> str:
    return f"releases/{release}/{name}"
