"""Read a release back from where it was published, and compare every file by size and SHA-256."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pixelated.core.places.protocol import UnavailableError
from pixelated.core.uploads.protocol import hash_chunks
from pixelated.publish.dataset import RECORD
from pixelated.publish.shelf import Shelf


@dataclass(frozen=True)
class Declared:
    """What a file must be."""

    size: int
    sha256: str


@dataclass
class Verified:
    """What was found: files proved by a SHA-256 that the store computed, and by reading them back."""

    by_store: int = 0
    by_reading: int = 0
    faults: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the counts."""
        return {"verified": {"by_the_stores_sha256": self.by_store, "by_reading_back": self.by_reading}}


def verify_release(
    shelf: Shelf, release: str, declared: dict[str, Declared], advance: Callable[[int], None]
) -> Verified:
    """Compare every file of a sealed release; report bytes as they are done."""
    out = Verified()
    for name, wanted in declared.items():
        entry = shelf.stat(release, name)
        if entry is None:
            out.faults.append(f"{name} is missing")
        elif entry.size is not None and entry.size != wanted.size:
            out.faults.append(f"{name} has {entry.size} bytes, not {wanted.size}")
        elif entry.sha256:
            out.by_store += 1
            advance(wanted.size)
            if entry.sha256 != wanted.sha256:
                out.faults.append(f"{name} has another SHA-256")
        else:
            out.by_reading += 1
            out.faults += _read_back(shelf, release, name, wanted, advance)
    out.faults += [f"{n} is not declared" for n in shelf.extras(release, {*declared, RECORD})]
    return out


def _read_back(
    shelf: Shelf, release: str, name: str, wanted: Declared, advance: Callable[[int], None]
) -> list[str]:
    try:
        with shelf.open(release, name) as chunks:
            size, sha256 = hash_chunks(_counted(chunks, advance))
    except UnavailableError as error:
        return [f"{name} can't be read back ({error.code})"]
    return [] if (size, sha256) == (wanted.size, wanted.sha256) else [f"{name} has other bytes"]


def _counted(chunks: Iterator[bytes], advance: Callable[[int], None]) -> Iterator[bytes]:
    for chunk in chunks:
        advance(len(chunk))
        yield chunk
