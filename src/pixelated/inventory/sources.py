"""The dataset inventory: of every registered source where it comes from, how to get it, and what is there.

What a file must be is said by the registry, else by the receipt of its download; whether it still is that, by
its SHA-256. A file of which nobody states a checksum is never called whole.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from pixelated.core.addresses import without_secrets
from pixelated.core.errors import EXIT_FAILED, EXIT_INCOMPLETE, EXIT_OK, PixelatedError, worst
from pixelated.core.places.names import name_problem
from pixelated.core.receipts import Receipt, read_receipt
from pixelated.core.source import Source
from pixelated.inventory.commands import own_command, plain_command
from pixelated.inventory.document import Inventory
from pixelated.inventory.file import Digests, File
from pixelated.inventory.known import Known
from pixelated.inventory.reading import Reading, read_all
from pixelated.inventory.side import STAGING, side_of

FORMAT = "pixelated-dataset-inventory/1"
NOTHING_TO_FETCH = ("missing", "in_progress", "needs_generation", "generated_on_demand", "TBD")
_CODES = {"whole": EXIT_OK, "unverified": EXIT_OK, "changed": EXIT_FAILED}


@dataclass
class Options:
    """How the sources are looked at.

    Attributes:
        root: the folder of the corpora.
        registries: the names they were read from, for the download command.
        output: the file of an earlier inventory, whose digests are believed for unchanged files.
        reading: workers, progress.
    """

    root: Path
    registries: tuple[str, ...] = ()
    output: Path | None = None
    reading: Reading = field(default_factory=Reading)


@dataclass(frozen=True)
class _Wanted:
    """What a file must be, and who says so."""

    size: int | None
    sha256: str
    said_by: str


def dataset_inventory(sources: dict[str, Source], options: Options) -> tuple[dict[str, Any], Known]:
    """Return the inventory of all sources, and what to call `done()` on once it is written down."""
    place = (options.root.as_posix(), "sources")
    journal = options.output.with_name(f".{options.output.name}.journal") if options.output else None
    known = Known(journal, place)
    if options.output is not None:
        known.believe(_earlier(options.output, place))
    rows = [_row(sources[name], known, options) for name in sorted(sources)]
    return {
        "format": FORMAT,
        "root": options.root.as_posix(),
        "registries": list(options.registries),
        "counts": {
            "sources": len(rows),
            "bytes": sum(row["size"] for row in rows),
            "status": dict(sorted(Counter(row["status"] for row in rows).items())),
        },
        "datasets": rows,
    }, known


def exit_code(document: dict[str, Any]) -> int:
    """Return 1 where a source was changed, 3 where one that can be fetched is not there whole."""
    due = (r for r in document["datasets"] if r["status"] != "missing" or r["can_be_fetched"])
    return worst(EXIT_OK, *(_CODES.get(r["status"], EXIT_INCOMPLETE) for r in due))


def _row(source: Source, known: Known, options: Options) -> dict[str, Any]:
    receipt = read_receipt(options.root, source.id)
    wanted = _wanted(source, receipt)
    folder = options.root / source.path
    files = _looked_at(source, folder, wanted, known, options)
    problems = _problems(source, receipt, files, options.root)
    acquire = source.acquire
    return {
        "id": source.id,
        "title": source.title,
        "families": list(source.families),
        "tier": source.tier,
        "stage": source.stage,
        "license": source.license,
        "upstream_license": receipt.upstream_license or acquire.upstream_license,
        "revision": receipt.revision or source.revision,
        "retrieved_at": receipt.retrieved_at or source.retrieved_at,
        "registry_status": acquire.status,
        "can_be_fetched": bool(acquire.location) and acquire.status not in NOTHING_TO_FETCH,
        "location": without_secrets(acquire.location),
        "fallbacks": [without_secrets(a) for a in acquire.fallbacks],
        "download": {
            "command": own_command(source, options.registries, options.root.as_posix()),
            "plain": plain_command(source, folder.as_posix()),
        },
        "destination": folder.as_posix(),
        "size": sum(f.get("size", 0) for f in files),
        "status": _status(files, problems),
        "problems": problems,
        "files": files,
    }


def _wanted(source: Source, receipt: Receipt) -> dict[str, _Wanted]:
    """Return what each file must be: the registry's word first."""
    wanted = {n: _Wanted(f.size, f.sha256, "receipt") for n, f in receipt.files.items()}
    for file in receipt.files.values():
        for name, size, sha256 in file.unpacked:
            wanted.setdefault(name, _Wanted(size, sha256, "receipt"))
    for name, expected in source.acquire.expected.items():
        before = wanted.get(name)
        if expected.sha256 or before is None:
            wanted[name] = _Wanted(expected.size, expected.sha256, "registry")
    return {n: w for n, w in wanted.items() if not name_problem(n)}


def _looked_at(
    source: Source, folder: Path, wanted: dict[str, _Wanted], known: Known, options: Options
) -> list[dict[str, Any]]:
    there = _there(source, folder)
    chosen = {n: f for n, f in there.items() if n in wanted} if wanted else there
    found = _digests(source, folder, list(chosen.values()), known, options)
    rows = []
    for name in sorted(wanted.keys() | chosen.keys()):
        want = wanted.get(name, _Wanted(None, "", ""))
        rows.append(_file_row(name, want, chosen.get(name), found.get(name)))
    return rows


def _there(source: Source, folder: Path) -> dict[str, File]:
    """List the files of a source's folder; of one that is the whole root, those that its patterns name."""
    if not folder.exists():
        return {}
    listed = {f.name: f for f in side_of(folder.resolve().as_posix()).files() if not f.problem}
    if source.path not in ("", "."):
        return listed
    named = {p.relative_to(folder).as_posix() for pattern in source.files for p in folder.glob(pattern)}
    return {n: f for n, f in listed.items() if n in named or n in source.acquire.expected}


def _digests(
    source: Source, folder: Path, files: list[File], known: Known, options: Options
) -> dict[str, Digests | PixelatedError]:
    side = side_of(folder.resolve().as_posix())
    return read_all(side, files, _OfSource(known, source.id), options.reading)


class _OfSource(Known):
    """What is known of one source's files: names of two sources are told apart."""

    def __init__(self, known: Known, source: str) -> None:
        super().__init__(None, ("", ""))
        self._all, self._source = known, source

    def get(self, file: File) -> Digests | None:
        return self._all.get(self._named(file))

    def add(self, file: File, digests: Digests) -> None:
        self._all.add(self._named(file), digests)

    def _named(self, file: File) -> File:
        return File(f"{self._source}/{file.name}", file.size, version=file.version)


def _file_row(
    name: str, want: _Wanted, there: File | None, found: Digests | PixelatedError | None
) -> dict[str, Any]:
    row: dict[str, Any] = {"name": name}
    if want.said_by:
        row["expected"] = {"size": want.size, "sha256": want.sha256, "said_by": want.said_by}
    if there is None:
        return row | {"status": "missing"}
    if not isinstance(found, Digests):
        return row | {"status": "unreadable"}
    row |= {"size": found.size, "sha256": found.sha256, "version": there.version}
    if want.size not in (None, found.size) or want.sha256 not in ("", found.sha256):
        return row | {"status": "changed"}
    return row | {"status": "whole" if want.sha256 else "unverified"}


def _problems(source: Source, receipt: Receipt, files: list[dict[str, Any]], root: Path) -> list[str]:
    """Say what hinders that a source is there whole, beyond its single files."""
    problems = [f"{f['name']}: {f['status']}" for f in files if f["status"] not in ("whole", "unverified")]
    if receipt.files and not receipt.complete:
        problems.append("its download did not end")
    if list((root / STAGING / source.id).glob("*.part")):
        problems.append("a part of a file is in staging")
    total, size = source.acquire.total_bytes, sum(f.get("size", 0) for f in files)
    if total is not None and files and size < total:
        problems.append(f"{size:,} bytes are there, the registry names {total:,}")
    return problems


def _status(files: list[dict[str, Any]], problems: list[str]) -> str:
    states = {f["status"] for f in files}
    if not states - {"missing"}:
        return "missing" if not any("staging" in p for p in problems) else "incomplete"
    if "changed" in states:
        return "changed"
    if problems:
        return "incomplete"
    return "unverified" if "unverified" in states else "whole"


def _earlier(output: Path, place: tuple[str, str]) -> Inventory | None:
    """Return what an earlier dataset inventory had read, None where there is none of this root."""
    try:
        data = orjson.loads(output.read_bytes())
        if data["format"] != FORMAT or data["root"] != place[0]:
            return None
        files = [
            File(f"{d['id']}/{f['name']}", f["size"], f["sha256"], version=f["version"], by="read")
            for d in data["datasets"]
            for f in d["files"]
            if "version" in f
        ]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Inventory(place[0], files, place[1])
