"""One source brought home: listed, compared with what is there, fetched, verified, unpacked, written down."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pixelated.acquire.boxes import is_box, open_box, path_of
from pixelated.acquire.claims import claims, refused_place
from pixelated.acquire.listing import Listing, list_source
from pixelated.acquire.permission import MediaSettings, is_media
from pixelated.core.downloads.download import Got, Job, download
from pixelated.core.downloads.limiter import Limiter, StoppedError
from pixelated.core.errors import CheckFailedError, IncompleteError, PixelatedError, UsageError
from pixelated.core.fingerprint import sha256_file
from pixelated.core.places import Entry
from pixelated.core.places.patience import cut_all
from pixelated.core.receipts import FileReceipt, Receipt, now, read_receipt, write_receipt
from pixelated.core.source import Expected, Source
from pixelated.core.store import explain_os_error

STAGING = ".staging"


@dataclass
class Options:
    """How to fetch.

    Attributes:
        root: the folder of the corpora; a source goes to `root / source.path`.
        parallel: files at a time.
        limiter: bandwidth and the order to stop.
        verify: hash files that are there again and compare with their receipts.
        expecting: is told of the bytes that a source has to fetch.
        arrived: is told of bytes as they arrive.
        base: folder that a relative local location starts from.
        media: what may be done with recordings; by default nothing.
    """

    root: Path
    parallel: int = 4
    limiter: Limiter = field(default_factory=Limiter)
    verify: bool = False
    expecting: Callable[[int], None] = lambda _: None
    arrived: Callable[[int], None] = lambda _: None
    base: Path | None = None
    media: MediaSettings = field(default_factory=MediaSettings)


@dataclass
class Outcome:
    """What became of a source.

    Attributes:
        source: its id.
        status: "complete", "incomplete" or "refused".
        uri: the place that the files came from.
        files: the files that are there, whole.
        kept: names of those that were there before.
        problems: (file or address, why).
        tried: (address, why) of places that were unavailable, so that a fallback was used.
        remedy: what to do about the first problem.
    """

    source: str
    status: str = "complete"
    uri: str = ""
    files: list[Got] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)
    tried: list[tuple[str, str]] = field(default_factory=list)
    remedy: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return counts and names; the hashes stand in the receipt."""
        return {
            "source": self.source,
            "status": self.status,
            "uri": self.uri,
            "files": len(self.files),
            "bytes": sum(f.size for f in self.files),
            "fetched_bytes": sum(f.fetched for f in self.files),
            "resumed_bytes": sum(f.resumed for f in self.files),
            "kept": len(self.kept),
            "unchecked": sorted(f.name for f in self.files if f.checked in ("", "size")),
            "problems": [{"what": what, "why": why} for what, why in self.problems],
            "tried": [{"address": address, "why": why} for address, why in self.tried],
            "remedy": self.remedy,
        }


def fetch_source(source: Source, options: Options) -> Outcome:
    """Bring one source home. What can't be had is a problem of the outcome, not an exception.

    Raises:
        StoppedError: the user interrupted; parts and receipts stay.
        UsageError: another process is fetching this source.
        InternalError: it can't be written; parts and receipts stay.
    """
    if is_media(source):
        from pixelated.acquire.media.run import fetch_media  # it builds on this file

        return fetch_media(source, options)
    try:
        listing = list_source(source, options.base)
    except CheckFailedError as error:
        return Outcome(source.id, "refused", problems=[(source.id, error.message)], remedy=error.remedy)
    except PixelatedError as error:
        return Outcome(source.id, "incomplete", problems=[(source.id, error.message)], remedy=error.remedy)
    with alone(options.root, source.id):
        return _fetch(source, listing, options)


def there_now(source: Source, entry: Entry, options: Options) -> bool:
    """Say whether a file is there as the place lists it now."""
    receipt = read_receipt(options.root, source.id)
    return _there(receipt, source, entry, options) is not None


def _fetch(source: Source, listing: Listing, options: Options) -> Outcome:
    outcome = Outcome(
        source.id, uri=listing.place.uri, problems=list(listing.problems), tried=list(listing.tried)
    )
    receipt = _receipt(source, listing, options.root)
    todo = []
    claimed = claims(options.root, source)
    for name, entry in sorted(listing.entries.items()):
        why = refused_place(options.root, source, name)
        there = _there(receipt, source, entry, options) if not why else None
        if why or (there is None and (why := claimed(name))):
            outcome.problems.append((name, why))
            receipt.files.pop(name, None)
        elif there is None:
            todo.append(entry)
        else:
            outcome.files.append(there)
            outcome.kept.append(name)
    receipt.complete = False  # also where this process is killed between two files
    if todo:
        write_receipt(options.root, receipt)
    options.expecting(sum(entry.size or 0 for entry in todo))
    for entry, result in _downloads(source, listing, todo, options):
        if isinstance(result, PixelatedError):
            _fault(outcome, entry.name, result)
            continue
        outcome.files.append(result)
        receipt.files[entry.name] = FileReceipt(
            entry.name, result.size, result.sha256, listing.place.uri, entry.version, result.checked
        )
        receipt.retrieved_at = now()
        write_receipt(options.root, receipt)
    _unpack(source, receipt, outcome, options)
    outcome.files.sort(key=lambda f: f.name)
    if outcome.problems:
        outcome.status = "incomplete"
    receipt.complete = outcome.status == "complete"
    write_receipt(options.root, receipt)
    return outcome


def _unpack(source: Source, receipt: Receipt, outcome: Outcome, options: Options) -> None:
    """Unpack the archives that are there; one that is refused stays, and is a problem."""
    for file in outcome.files:
        if is_box(source, file.name):
            try:
                open_box(options.root, source, receipt.files[file.name])
            except IncompleteError as error:
                _fault(outcome, file.name, error)
    if outcome.files:
        write_receipt(options.root, receipt)


def _fault(outcome: Outcome, name: str, error: PixelatedError) -> None:
    outcome.problems.append((name, error.message))
    outcome.remedy = outcome.remedy or error.remedy


def _downloads(
    source: Source, listing: Listing, todo: list[Entry], options: Options
) -> Iterator[tuple[Entry, Got | PixelatedError]]:
    """Yield each file as it is done; an interruption stops all of them where they are."""
    jobs = {entry.name: _job(source, listing, entry, options) for entry in todo}
    with ThreadPoolExecutor(max_workers=max(1, options.parallel)) as pool:
        futures: dict[Future[Got], Entry] = {pool.submit(download, jobs[e.name]): e for e in todo}
        waiting = set(futures)
        try:
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in sorted(done, key=lambda f: futures[f].name):
                    yield futures[future], _result(future)
        except BaseException:
            options.limiter.stopped.set()
            cut_all()
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _result(future: Future[Got]) -> Got | PixelatedError:
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, PixelatedError) and error.exit_code != 4:  # noqa: PLR2004 - internal: the disk is full
        return error
    raise error


def _job(source: Source, listing: Listing, entry: Entry, options: Options) -> Job:
    expected = source.acquire.expected.get(entry.name, Expected())

    def again() -> Entry:
        return next((e for e in listing.place.entries() if e.name == entry.name), entry)

    return Job(
        listing.place,
        entry,
        path_of(options.root, source, entry.name),
        options.root / STAGING / source.id,
        expected,
        again,
        options.limiter,
        options.arrived,
        lambda size: options.expecting(-size),
    )


def _there(receipt: Receipt, source: Source, entry: Entry, options: Options) -> Got | None:
    """Return the file if it is there and is what the place lists now."""
    path, known = path_of(options.root, source, entry.name), receipt.files.get(entry.name)
    if not path.is_file() or (entry.size is not None and path.stat().st_size != entry.size):
        return None
    expected = source.acquire.expected.get(entry.name, Expected())
    stated = expected.sha256 or entry.sha256
    size = path.stat().st_size
    if known is not None and known.size == size and not options.verify:
        same = known.version == entry.version and bool(entry.version)
        if (stated and known.sha256 == stated) or (same and not stated):
            return Got(entry.name, size, known.sha256, known.checked)
    digest = sha256_file(path)  # no receipt, or nothing to compare it with: look at the bytes
    if digest != (stated or (known.sha256 if known is not None and known.version == entry.version else "")):
        return None
    checked = known.checked if known is not None and not stated else "sha256"  # our own hash proves no more
    receipt.files[entry.name] = FileReceipt(
        entry.name, size, digest, known.uri if known else path.name, entry.version, checked
    )
    return Got(entry.name, size, digest, checked)


def _receipt(source: Source, listing: Listing, root: Path) -> Receipt:
    receipt = read_receipt(root, source.id)
    receipt.path = source.path
    receipt.license = source.license
    receipt.upstream_license = listing.facts.license
    receipt.owner = listing.facts.owner
    receipt.revision = listing.facts.revision or source.revision
    return receipt


@contextmanager
def alone(root: Path, source: str) -> Iterator[None]:
    """Hold the source's staging folder: two processes would write one part file."""
    folder = root / STAGING / source
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(folder / ".lock", os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise explain_os_error(error, folder / ".lock") from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UsageError(
                "busy",
                f"another process is fetching source {source!r} into {root}",
                "wait for it, or stop it",
            ) from error
        yield
    finally:
        os.close(lock)


__all__ = ["Options", "Outcome", "StoppedError", "alone", "fetch_source", "there_now"]
