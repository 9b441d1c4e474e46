"""Where recordings come from, as one shape; the files of any place are one such origin."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Protocol

from pixelated.acquire.fetch import Options
from pixelated.acquire.listing import Listing, is_document, list_source
from pixelated.acquire.media.audio import is_recording
from pixelated.acquire.media.recogniser import Segment
from pixelated.acquire.permission import without_media
from pixelated.core.downloads.download import Job, download
from pixelated.core.places import Entry
from pixelated.core.source import Expected, Source


@dataclass(frozen=True)
class Recording:
    """One recording, not fetched yet.

    Attributes:
        id: names it within its source and names its transcript; '/' separated.
        version: what changes when it changes; "" where its origin does not say.
        size: bytes; None where its origin does not say.
        about: what the transcript says of it.
    """

    id: str
    version: str = ""
    size: int | None = None
    about: dict[str, str] = field(default_factory=dict)


class Recordings(Protocol):
    """An origin of recordings.

    Attributes:
        uri: where, without credentials.
        problems: (name, why) of what can't be had.
    """

    uri: str
    problems: list[tuple[str, str]]

    def listed(self) -> list[Recording]:
        """Return the recordings, sorted by id."""
        ...

    def captions(self, recording: Recording, staging: Path) -> list[Segment] | None:
        """Return the owner's own captions, None where there are none.

        Raises:
            UnavailableError: the recording can't be had.
        """
        ...

    def fetch(self, recording: Recording, staging: Path) -> Path:
        """Bring the sound to a file under `staging`, from the byte where it stopped.

        Raises:
            UnavailableError: it can't be had.
            StoppedError: the user interrupted; the part stays.
        """
        ...


class FilesOfPlace:
    """Recordings that are files of a folder, a bucket, a remote or a web server."""

    def __init__(self, source: Source, options: Options) -> None:
        """List the place.

        Raises:
            UnavailableError, CheckFailedError: see `list_source`.
        """
        self._source, self._options = source, options
        self._listing: Listing = list_source(without_media(source), options.base, recordings=True)
        self.uri = self._listing.place.uri
        self.problems = [*self._listing.tried, *self._listing.problems]
        self._entries = self._recordings()

    def listed(self) -> list[Recording]:
        """Return the files whose names are those of recordings."""
        return [
            Recording(name, entry.version, entry.size, {"file": entry.name})
            for name, entry in sorted(self._entries.items())
        ]

    def captions(self, recording: Recording, staging: Path) -> list[Segment] | None:  # noqa: ARG002
        """Return nothing: files have no owner's captions."""
        return None

    def fetch(self, recording: Recording, staging: Path) -> Path:
        """Download the file, verified as any other."""
        entry, listing = self._entries[recording.id], self._listing

        def again() -> Entry:
            return next((e for e in listing.place.entries() if e.name == entry.name), entry)

        target = staging / f"recording{PurePosixPath(entry.name).suffix.lower()}"
        expected = self._source.acquire.expected.get(entry.name, Expected())
        options = self._options
        job = Job(listing.place, entry, target, staging, expected, again, options.limiter, options.arrived)
        download(job)
        return target

    def _recordings(self) -> dict[str, Entry]:
        """Return id -> file; two files that would share a transcript are both refused."""
        names = [n for n in self._listing.entries if is_recording(n)]
        shared = Counter(_id(n) for n in names)
        found = {}
        for name, entry in self._listing.entries.items():
            if not is_recording(name):
                if not is_document(name):
                    self.problems.append((name, "not a recording: name it in `exclude` of the source"))
            elif shared[_id(name)] > 1:
                self.problems.append((name, "another recording has the same name but for its suffix"))
            else:
                found[_id(name)] = entry
        return found


def _id(name: str) -> str:
    return PurePosixPath(name).with_suffix("").as_posix()
