"""The inventory of one place: listed, and every file's digests from who computed them, or by reading."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from pixelated.core.errors import PixelatedError
from pixelated.inventory.document import Inventory, read_inventory
from pixelated.inventory.file import Digests, File
from pixelated.inventory.known import Known, state_journal
from pixelated.inventory.layouts import layout_of
from pixelated.inventory.reading import Reading, in_parallel, read_all
from pixelated.inventory.side import Side


@dataclass
class Options:
    """How an inventory is taken.

    Attributes:
        hash: read what has no SHA-256.
        again: read everything, whatever an earlier inventory says.
        output: the inventory file; it and its journal are not part of the inventory.
        layout: name of the layout; "" to find out.
        reading: workers, bandwidth, progress.
    """

    hash: bool = True
    again: bool = False
    output: Path | None = None
    layout: str = ""
    reading: Reading = field(default_factory=Reading)


def take(side: Side, options: Options) -> tuple[Inventory, Known]:
    """Return the inventory of a place, and what to call `done()` on once it is written down.

    Raises:
        UnavailableError: the place can't be had. A single file that can't be read has a problem.
    """
    known = Known(_journal(side, options.output), side.identity)
    if options.output is not None and not options.again:
        known.believe(read_inventory(options.output))
    files = [f for f in side.files() if not _is_output(side, f, options.output)]
    if side.stored is None:
        files = _with_digests(side, files, known, options) if options.hash else _as_fetched(side, files)
    layout = options.layout or layout_of(files)
    return Inventory(side.uri, files, _endpoint(side), layout, side.left_out), known


def _endpoint(side: Side) -> str:
    return side.stored.endpoint if side.stored is not None else side.identity[1]


def _journal(side: Side, output: Path | None) -> Path:
    if output is None:
        return state_journal(side.identity, "list")
    return output.with_name(f".{output.name}.journal")


def _is_output(side: Side, file: File, output: Path | None) -> bool:
    if output is None or side.root is None:
        return False
    path = (side.root if side.root.is_file() else side.root / file.name).resolve()
    return path in {output.resolve(), _journal(side, output).resolve()}


def _as_fetched(side: Side, files: list[File]) -> list[File]:
    """Without reading: what the receipts of downloads say, where the size is still that."""
    receipts = side.receipts()
    out = []
    for file in files:
        size, sha256 = receipts.get(file.name, (None, ""))
        fits = sha256 and not file.sha256 and size == file.size
        out.append(replace(file, sha256=sha256, by="receipt") if fits else file)
    return out


def _with_digests(side: Side, files: list[File], known: Known, options: Options) -> list[File]:
    found = {f.name: f for f in files} if side.states_sha256 else {}
    for file, entry in in_parallel(side.stated, found.values(), options.reading) if found else ():
        if entry is not None and not isinstance(entry, PixelatedError) and entry.sha256:
            found[file.name] = replace(file, sha256=entry.sha256, md5=entry.md5, by="place")
    files = [found.get(f.name, f) if not f.problem else f for f in files]
    todo = [f for f in files if not f.sha256 and side.can_read(f)]
    read = read_all(side, todo, known, options.reading)
    return [with_result(f, read[f.name]) if f.name in read and not f.sha256 else f for f in files]


def with_result(file: File, result: Digests | PixelatedError) -> File:
    """Return a file with what reading it gave; bytes that are not what the place states are a problem."""
    if isinstance(result, PixelatedError):
        return replace(file, problem=f"it could not be read: {result.message}")
    if file.md5 and file.md5 != result.md5:
        return replace(file, problem=f"its md5 is {result.md5}, the place states another")
    return replace(file, size=result.size, sha256=result.sha256, md5=result.md5, by="read")
