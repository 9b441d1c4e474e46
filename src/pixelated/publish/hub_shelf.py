"""How releases lie on the Hub: the files of the current one at the root, one tag for each release.

A release becomes visible in one commit, which also takes away the files of the release before it: nobody
who loads `main` meanwhile gets shards of two releases. Rolling back is a commit that brings back the files as
they are at the tag. Files that no release declared (a licence added by hand) stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import orjson

from pixelated.core.places.protocol import Entry
from pixelated.core.uploads import Found, Journal, LocalFile, Meter
from pixelated.core.uploads.protocol import found, hash_chunks
from pixelated.publish.dataset import MANIFEST, POINTER, RECORD, declared_files
from pixelated.publish.shelf import parse_record

if TYPE_CHECKING:  # its module needs libraries that only the extra brings
    from pixelated.core.uploads.hub import HubTarget

ATTRIBUTES = ".gitattributes"
# what the Hub keeps by its SHA-256, which it computes, and outside the commit's own bytes
_LARGE = b"".join(
    b"%b filter=lfs diff=lfs merge=lfs -text\n" % pattern
    for pattern in (
        b"shards/**",
        b"compiled/**",
        b"stages/**",
        b"masked/**",
        b"preference/**",
        b"manifest.json",
    )
)


class HubShelf:
    """Releases in a dataset repository."""

    def __init__(self, target: HubTarget) -> None:
        self.uri = target.uri
        self._target = target

    def check(self) -> None:
        """See whether the Hub knows us."""
        self._target.check()

    def record(self, release: str) -> dict[str, Any] | None:
        """Return `release.json` at the tag: an untagged release was not begun."""
        if not self.is_sealed(release):
            return None
        name = RECORD if self.stat(release, RECORD) else MANIFEST
        with self.open(release, name) as chunks:
            if name == MANIFEST:
                return {"manifest_sha256": hash_chunks(chunks)[1]}
            return parse_record(b"".join(chunks), release)

    def is_sealed(self, release: str) -> bool:
        """Say whether the tag is there."""
        return release in self._target.tags()

    def has(self, release: str, name: str, file: LocalFile) -> Found:
        """Compare with the tag where there is one, else with `main`."""
        if not self.is_sealed(release):
            return self._target.has(file, name)
        return found(self.stat(release, name), file)

    def claim(self, release: str, record: bytes) -> None:
        """Make the repository, see that data is kept as large files, and stage `release.json`."""
        del release
        self._target.create()
        there = self._target.get(ATTRIBUTES) if self._target.stat(ATTRIBUTES) else b""
        if _LARGE not in there:
            self._target.stage(
                there + (b"" if there.endswith(b"\n") or not there else b"\n") + _LARGE, ATTRIBUTES
            )
            self._target.finish("Keep data as large files")
        self._target.stage(record, RECORD)

    def put(self, release: str, name: str, file: LocalFile, journal: Journal, meter: Meter) -> None:
        """Send a file ahead of the commit."""
        del release
        self._target.put(file, name, journal, meter)

    def seal(self, release: str, names: set[str]) -> None:
        """Commit everything at once, without the files of the release before, and tag it."""
        if self.is_sealed(release):
            return
        self._target.stage_removal(sorted(self._declared("main") - names))
        self._target.finish(f"Publish {release}")
        self._target.tag(release)

    def stat(self, release: str, name: str) -> Entry | None:
        """Look at the tag."""
        return self._target.at(release).files.get(name)

    def open(self, release: str, name: str) -> AbstractContextManager[Iterator[bytes]]:
        """Read at the tag."""
        return self._target.open(name, release)

    def extras(self, release: str, names: set[str]) -> list[str]:
        """Return nothing: the card names the files of each split, and other files may lie beside them."""
        del release, names
        return []

    def pointer(self) -> tuple[bytes, Entry] | None:
        """Return the pointer on `main`."""
        entry = self._target.stat(POINTER)
        return None if entry is None else (self._target.get(POINTER), entry)

    def where(self, release: str) -> dict[str, str]:
        """Return the tag, at which the manifest lies at the root."""
        return {"manifest": MANIFEST, "revision": release}

    def point(self, release: str, names: set[str], data: bytes, instead_of: Entry | None) -> None:
        """Make `main` what the tag is, where it is not, and write the pointer, in one commit."""
        wanted = {n for n in names | {RECORD} if self.stat(release, n)}
        self._target.stage_removal(sorted(self._declared("main") - names))
        self._target.stage_copies(sorted(wanted), release)
        self._target.put_bytes(data, POINTER, instead_of)

    def _declared(self, revision: str) -> set[str]:
        """Return the files that the manifest at a revision declares."""
        if MANIFEST not in self._target.at(revision).files:
            return set()
        with self._target.open(MANIFEST, revision) as chunks:
            return set(declared_files(orjson.loads(b"".join(chunks))))
