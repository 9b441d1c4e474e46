"""Digests of files by reading them: several at a time, each over as many connections as it takes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pixelated.core.downloads.limiter import Limiter
from pixelated.core.errors import EXIT_INTERNAL, PixelatedError
from pixelated.core.meter import Meter
from pixelated.core.places import ChangedError, Entry, Place, TryAgainError, UnavailableError
from pixelated.core.places.patience import cut_all
from pixelated.core.places.retrying import TRIES, given_up, pause
from pixelated.inventory.file import Digests, File
from pixelated.inventory.known import Known
from pixelated.inventory.side import Side

T = TypeVar("T")
R = TypeVar("R")


@dataclass
class Reading:
    """How files are read.

    Attributes:
        workers: files at a time.
        limiter: bandwidth, and the order to stop.
        meter: is told of bytes.
    """

    workers: int = 4
    limiter: Limiter = field(default_factory=Limiter)
    meter: Meter = field(default_factory=Meter)


class _State:
    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.at = 0
        self.sha256: Any = hashlib.sha256()
        self.md5: Any = hashlib.md5(usedforsecurity=False)


def read_digests(place: Place, entry: Entry, reading: Reading) -> Digests:
    """Read a file and return its digests; memory holds one piece of it.

    Raises:
        UnavailableError: it can't be read, or is not what was listed any more.
        StoppedError: the user interrupted.
    """
    state, attempt, farthest = _State(), 0, 0
    while True:
        try:
            return _read(place, entry, reading, state)
        except ChangedError as change:
            raise UnavailableError(
                "changing", f"{place.uri}: {entry.name} was changed meanwhile", "run the command again"
            ) from change
        except TryAgainError as fault:
            attempt = 0 if state.at > farthest else attempt + 1
            farthest = max(farthest, state.at)
            if attempt >= TRIES:
                raise given_up(fault, attempt) from fault
            reading.limiter.sleep(pause(fault, attempt))
            if not entry.version:  # nothing shows that the rest would be of the same version
                state.begin()


def _read(place: Place, entry: Entry, reading: Reading, state: _State) -> Digests:
    if not state.at or state.at != entry.size:
        with place.open(entry, state.at) as opened:
            total = opened.total if opened.total is not None else entry.size
            if entry.size is not None and total != entry.size:
                raise ChangedError("another size")
            if opened.start not in (0, state.at):
                raise TryAgainError(f"{place.uri}: {entry.name} was sent from another byte than asked for")
            if opened.start != state.at:
                state.begin()
            for chunk in opened.chunks:
                state.sha256.update(chunk)
                state.md5.update(chunk)
                state.at += len(chunk)
                reading.meter.add_sent(len(chunk))
                reading.limiter.take(len(chunk))
        if total is not None and state.at < total:
            raise TryAgainError(f"{place.uri}: {entry.name} ended at byte {state.at:,} of {total:,}")
        if total is not None and state.at > total:
            raise ChangedError("longer than it was listed")
    return Digests(state.at, state.sha256.hexdigest(), state.md5.hexdigest())


def read_all(
    side: Side, files: list[File], known: Known, reading: Reading
) -> dict[str, Digests | PixelatedError]:
    """Return the digests of files by name, or why they can't be had; what is known is not read again."""
    found: dict[str, Digests | PixelatedError] = {}
    todo: list[File] = []
    for file in files:
        before = known.get(file)
        if before is not None:
            found[file.name] = before
            reading.meter.expect(before.size)
            reading.meter.add_kept(before.size)
        else:
            todo.append(file)
            reading.meter.expect(file.size or 0)

    def read(file: File) -> Digests:
        if side.place is None:
            raise UnavailableError("no_place", f"{file.name}: an inventory holds no bytes", "name the place")
        digests = read_digests(side.place, side.entry(file), reading)
        known.add(file, digests)
        return digests

    return found | {f.name: result for f, result in in_parallel(read, todo, reading)}


def in_parallel(
    work: Callable[[T], R], items: Iterable[T], reading: Reading
) -> list[tuple[T, R | PixelatedError]]:
    """Do `work` on every item, a few at a time; a failure of one is its result, an interruption stops all.

    Raises:
        InternalError: such as a full disk.
    """
    out: list[tuple[T, R | PixelatedError]] = []
    with ThreadPoolExecutor(max_workers=max(1, reading.workers)) as pool:
        futures: dict[Future[R], T] = {pool.submit(work, item): item for item in items}
        waiting = set(futures)
        try:
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    failure = _failure(future)
                    out.append((futures[future], future.result() if failure is None else failure))
        except BaseException:
            reading.limiter.stopped.set()
            cut_all()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return out


def _failure(future: Future[R]) -> PixelatedError | None:
    """Return why the work was not done; an error of the program or the disk ends everything."""
    error = future.exception()
    if error is None or (isinstance(error, PixelatedError) and error.exit_code != EXIT_INTERNAL):
        return error
    raise error
