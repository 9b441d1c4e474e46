"""From one place to another just what is missing there: compared, moved, proved, compared again.

There is no deleting, and a file that differs is replaced only where that is asked for. A killed transfer
goes on: parts in staging, open uploads and digests are found again by the next run.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pixelated.core.errors import (
    EXIT_FAILED,
    EXIT_INCOMPLETE,
    EXIT_OK,
    CheckFailedError,
    PixelatedError,
    UsageError,
    worst,
)
from pixelated.core.fingerprint import fingerprint
from pixelated.core.store import explain_os_error
from pixelated.core.uploads import Journal
from pixelated.inventory.compare import Difference, Ways, compare
from pixelated.inventory.file import File
from pixelated.inventory.known import Known, state_folder, state_journal
from pixelated.inventory.move import Moved, Mover
from pixelated.inventory.reading import Reading, in_parallel
from pixelated.inventory.side import STAGING, Side, side_of, there_or_empty

NEEDS_REPLACE = "the other place has other bytes under this name"


@dataclass
class Options:
    """How files are moved.

    Attributes:
        replace: put files in the place of others of their names.
        dry_run: say what would be moved.
        staging: folder for files between two stores; None: the user's state folder.
        reading: workers, bandwidth, progress.
    """

    replace: bool = False
    dry_run: bool = False
    staging: Path | None = None
    reading: Reading = field(default_factory=Reading)


@dataclass
class Outcome:
    """What became of a transfer.

    Attributes:
        a, b: from where to where.
        todo: files to move, as listed.
        moved: files that were moved and proved.
        left: (name, why, remedy, exit code) of what is not the same at both places.
        only_in_b: how many files only the second place has: they stay.
        over_the_wire: bytes that were fetched and sent to move them.
        resumed: bytes that an earlier, killed run had fetched or sent.
        same: how many were the same before.
    """

    a: str
    b: str
    dry_run: bool
    todo: list[File] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)
    left: list[tuple[str, str, str, int]] = field(default_factory=list)
    only_in_b: int = 0
    same: int = 0
    over_the_wire: int = 0
    resumed: int = 0

    @property
    def exit_code(self) -> int:
        """0 where all of A is at B now."""
        return worst(EXIT_OK, *(code for *_, code in self.left))

    def as_json(self) -> dict[str, Any]:
        """Return counts and lists, sorted by name."""
        moved = sorted(self.moved, key=lambda m: m.name)
        return {
            "a": self.a,
            "b": self.b,
            "dry_run": self.dry_run,
            "counts": {
                "to_move": len(self.todo),
                "bytes_to_move": sum(f.size or 0 for f in self.todo),
                "moved": len(moved),
                "bytes_moved": sum(m.digests.size for m in moved),
                "bytes_over_the_wire": self.over_the_wire,
                "bytes_resumed": self.resumed,
                "same_before": self.same,
                "only_in_b": self.only_in_b,
                "left": len(self.left),
            },
            "to_move": [{"name": f.name, "size": f.size} for f in self.todo] if self.dry_run else [],
            "moved": [
                {"name": m.name, "size": m.digests.size, "sha256": m.digests.sha256, "proved": m.proved}
                for m in moved
            ],
            "unchecked_at_source": [m.name for m in moved if not m.stated],
            "left": [{"name": n, "why": w, "remedy": r} for n, w, r, _ in sorted(self.left)],
        }


def transfer(a: Side, b: Side, options: Options) -> Outcome:
    """Move what is missing at `b`, or differs and may be replaced.

    Raises:
        UnavailableError: a place can't be reached.
        UsageError: `b` can't be written to, or another process is at the same transfer.
        StoppedError: the user interrupted; what is there stays.
    """
    _check(a, b)
    known = _known(a, "transfer a"), _known(b, "transfer b")
    ways = Ways(reading=options.reading)
    difference = compare(a, b, (a.files(), there_or_empty(b)), known, ways)
    outcome = Outcome(a.uri, b.uri, options.dry_run)
    outcome.same, outcome.only_in_b = sum(difference.same.values()), len(difference.missing_in_a)
    todo = _todo(difference, outcome, replace=options.replace)
    if options.dry_run:
        _forget(known)
        return outcome
    spool = (options.staging or state_folder() / "spool") / fingerprint(a.identity, b.identity)
    with _alone(spool):
        mover = Mover(a, b, known[0], options.reading, spool, Journal())
        _move_all(mover, todo, outcome, options)
        if outcome.moved:
            _see(mover, known, outcome, ways)
    if outcome.exit_code != EXIT_INCOMPLETE:  # where something was away, the next run goes on from here
        _forget(known)
    if not outcome.exit_code:
        shutil.rmtree(spool, ignore_errors=True)
        if b.root is not None:
            _tidy(b.root / STAGING / "inventory")
    return outcome


def _forget(known: Iterable[Known]) -> None:
    for journal in known:
        journal.done()


def _tidy(staging: Path) -> None:
    """Remove the staging folders of a folder that was filled, unless replaced files are kept there."""
    for folder in (staging, staging.parent):
        with suppress(OSError):
            folder.rmdir()


def _known(side: Side, use: str) -> Known:
    return Known(state_journal(side.identity, use), side.identity)


def _check(a: Side, b: Side) -> None:
    if a.stored is not None or b.stored is not None:
        raise UsageError(
            "no_place",
            "an inventory file holds no bytes",
            "name the places themselves: pixelated inventory transfer A B",
        )
    if b.root is not None and b.root.exists() and not b.root.is_dir():
        raise UsageError("not_a_folder", f"{b.root} is no folder", "choose a folder")
    b.target.check()


def _todo(difference: Difference, outcome: Outcome, *, replace: bool) -> list[tuple[File, bool]]:
    """Return (file, may replace) to move; what must stay is left with its reason."""
    todo = [(f, False) for f in difference.missing_in_b] + [(fa, False) for fa, _ in difference.moved]
    for name, by, file, _ in difference.differing:
        if replace:
            todo.append((file, True))
        else:
            outcome.left.append(
                (name, f"{NEEDS_REPLACE} (by {by})", "give --replace to put A's in its place", EXIT_FAILED)
            )
    outcome.left += [
        (n, why, "see: pixelated inventory diff", EXIT_INCOMPLETE) for n, why in difference.unknown
    ]
    for file, _ in todo:
        if file.problem:
            remedy = "rename it at A, or move it by hand"
            outcome.left.append((file.name, file.problem, remedy, EXIT_INCOMPLETE))
    todo = sorted(((f, r) for f, r in todo if not f.problem), key=lambda t: t[0].name)
    outcome.todo = [f for f, _ in todo]
    return todo


def _move_all(mover: Mover, todo: list[tuple[File, bool]], outcome: Outcome, options: Options) -> None:
    both_ways = 1 if mover.a.root is not None or mover.b.root is not None else 2
    options.reading.meter.expect(sum((f.size or 0) * both_ways for f, _ in todo))
    # rclone and the Hub's commit limit and stage on their own: one at a time where a rate is set, or always
    alone = mover.b.kind == "hf" or (mover.b.kind in ("rclone", "sftp") and options.reading.meter.rate)
    reading = replace(options.reading, workers=1) if alone else options.reading
    meter = reading.meter
    before = meter.sent, meter.kept
    for (file, _), result in in_parallel(lambda t: mover.move(t[0], replace=t[1]), todo, reading):
        if isinstance(result, PixelatedError):
            code = EXIT_FAILED if isinstance(result, CheckFailedError) else EXIT_INCOMPLETE
            outcome.left.append((file.name, result.message, result.remedy, code))
        else:
            outcome.moved.append(result)
    outcome.over_the_wire, outcome.resumed = meter.sent - before[0], meter.kept - before[1]
    if outcome.moved and mover.b.root is None:
        mover.b.target.finish(f"{len(outcome.moved)} files from {mover.a.uri}")


def _see(mover: Mover, known: tuple[Known, Known], outcome: Outcome, ways: Ways) -> None:
    """List both places again and compare: what is not the same is left, whatever was believed before."""
    a, b = (side_of(s.address, s.endpoint) for s in (mover.a, mover.b))
    proved = {m.name: m for m in outcome.moved if m.proved != "at the end"}
    there = b.files()
    for file in there:  # what was proved need not be read, where the store itself says nothing of it
        moved = proved.get(file.name)
        if moved is not None and moved.digests.size == file.size:
            known[1].add(file, moved.digests)
    difference = compare(a, b, (a.files(), there), known, ways)
    told = {name for name, *_ in outcome.left}
    again = [(f.name, "it is not there after it was moved") for f in difference.missing_in_b]
    again += [(fa.name, f"it is there as {fb.name} alone") for fa, fb in difference.moved]
    again += [(name, f"{NEEDS_REPLACE} (by {by})") for name, by, *_ in difference.differing]
    again += difference.unknown
    outcome.left += [(n, why, "run the command again", EXIT_FAILED) for n, why in again if n not in told]


@contextmanager
def _alone(spool: Path) -> Iterator[None]:
    """Hold the transfer: two processes would write one part file."""
    try:
        spool.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (spool / ".lock").open("w")
    except OSError as error:
        raise explain_os_error(error, spool) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UsageError(
                "busy", "another process is at the same transfer", "wait for it, or stop it"
            ) from error
        yield
