"""Publish and roll back: what is sent, in which order, and what must hold before the pointer moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import orjson

from pixelated.core.errors import CheckFailedError, UsageError
from pixelated.core.store import to_json
from pixelated.core.uploads import Journal, Meter, target_of
from pixelated.publish.dataset import MANIFEST, RECORD, Release, declared_files, read_release
from pixelated.publish.hub_shelf import HubShelf
from pixelated.publish.pointer import Link, Pointer, read_pointer
from pixelated.publish.shelf import Shelf, StoreShelf
from pixelated.publish.verifying import Declared, Verified, verify_release

if TYPE_CHECKING:  # its module needs libraries that only the extra brings
    from pixelated.core.uploads.hub import HubTarget


@dataclass
class Options:
    """How to publish.

    Attributes:
        release: its name; "" for one after the manifest's SHA-256.
        allow_reason: why a dataset that is not releasable is published all the same; None to refuse it.
        dry_run: say what would be done, send nothing.
        endpoint: the server of an S3-compatible store, of GCS or of a Hub.
        rate: bytes per second, 0 for no limit.
        quiet: no progress.
        journal: notes on open uploads.
        prove: returns why the dataset may not be released, found anew from its bytes.
        program: name and version of the program, for the release's record.
    """

    release: str = ""
    allow_reason: str | None = None
    dry_run: bool = False
    endpoint: str = ""
    rate: int = 0
    quiet: bool = False
    journal: Journal | None = None
    prove: Callable[[Path], list[str]] = lambda _: []
    program: str = "pixelated"


@dataclass
class Plan:
    """What is to be sent, and what is there already."""

    send: list[str] = field(default_factory=list)
    there: list[str] = field(default_factory=list)


def publish(dataset: Path, destination: str, options: Options) -> dict[str, Any]:
    """Publish a dataset folder; return what was done.

    Raises:
        CheckFailedError: the dataset is not what its manifest declares or may not be released; another
            release has the name; what is read back is not what was sent.
        UnavailableError: the destination can't be reached.
    """
    shelf = shelf_of(destination, options.endpoint)
    _refuse_inside(dataset, destination)
    release = read_release(dataset, options.release)
    found = [reason for reason in options.prove(dataset) if reason not in release.reasons]
    release = replace(release, reasons=(*release.reasons, *found))
    override = _override(release, options.allow_reason)
    shelf.check()
    record = shelf.record(release.name)
    _refuse_other(release, record, shelf.uri)
    pointer, version = _pointer(shelf)
    plan = _plan(shelf, release)
    outcome = _outcome(shelf, release, plan, override)
    if options.dry_run:
        return outcome | {"dry_run": True, "pointer": pointer.current.release if pointer else None}
    claim = to_json(_record(release, override, options.program)) if record is None else b""
    sent = _send(shelf, release, plan, claim, options)
    verified = _verify(shelf, release.name, _declared(release), options)
    recorded = shelf.record(release.name) or {}
    link = Link(release.name, release.manifest.sha256)
    said = override or recorded.get("override")  # a record that was there may say nothing of it
    moved = pointer.moved_to(link, said) if pointer else Pointer((link,), said)
    if moved != pointer:
        names = set(release.all_files)
        shelf.point(release.name, names, moved.as_bytes(shelf.where(release.name)), version)
    previous = moved.previous.release if moved.previous else None
    return outcome | sent | verified.as_json() | {"pointer_moved": moved != pointer, "previous": previous}


def roll_back(destination: str, options: Options) -> dict[str, Any]:
    """Point back to the previous release, once it is proved to be there, whole.

    Raises:
        CheckFailedError: there is none, or it is not whole.
        UnavailableError: the destination can't be reached.
    """
    shelf = shelf_of(destination, options.endpoint)
    shelf.check()
    pointer, version = _pointer(shelf)
    if pointer is None or pointer.previous is None:
        raise CheckFailedError(
            "no_previous", f"there is no previous release at {shelf.uri}", "publish one, then roll back"
        )
    previous = pointer.previous
    declared = _declared_there(shelf, previous)
    verified = _verify(shelf, previous.release, declared, options)
    record = shelf.record(previous.release) or {}
    moved = pointer.rolled_back(record.get("override"))
    if not options.dry_run:
        shelf.point(previous.release, set(declared), moved.as_bytes(shelf.where(previous.release)), version)
    return {
        "destination": shelf.uri,
        "release": previous.release,
        "rolled_back_from": pointer.current.release,
        "dry_run": options.dry_run,
        "pointer_moved": not options.dry_run,
        **verified.as_json(),
    }


def shelf_of(destination: str, endpoint: str) -> Shelf:
    """Return how releases lie at a destination."""
    target = target_of(destination, endpoint)
    if target.uri.startswith("hf://"):
        return HubShelf(cast("HubTarget", target))
    return StoreShelf(target)


def _plan(shelf: Shelf, release: Release) -> Plan:
    """Compare file by file; what differs in a release that is complete is a fault, never overwritten."""
    plan, altered, sealed = Plan(), list[str](), shelf.is_sealed(release.name)
    for name, file in release.all_files.items():
        state = shelf.has(release.name, name, file)
        if state == "other" and sealed:
            altered.append(name)
        (plan.there if state == "same" else plan.send).append(name)
    if altered:
        raise CheckFailedError(
            "altered",
            f"{release.name} at {shelf.uri} was altered: {', '.join(altered[:5])}; nothing was sent",
            "remove these files there and publish again, or publish under another --release",
        )
    return plan


def _send(shelf: Shelf, release: Release, plan: Plan, claim: bytes, options: Options) -> dict[str, Any]:
    """Claim the name, send the data files, then the manifest, then seal."""
    if claim:
        shelf.claim(release.name, claim)
    journal = options.journal or Journal()
    files = release.all_files
    with Meter("publish", release.size, rate=options.rate, quiet=options.quiet) as meter:
        for name in plan.there:
            meter.add_kept(files[name].size)
        for name in plan.send:  # the manifest is the last of them
            shelf.put(release.name, name, files[name], journal, meter)
    shelf.seal(release.name, set(files))
    return {"sent_bytes": meter.sent, "kept_bytes": meter.kept}


def _verify(shelf: Shelf, release: str, declared: dict[str, Declared], options: Options) -> Verified:
    total = sum(d.size for d in declared.values())
    with Meter("read back", total, quiet=options.quiet) as meter:
        verified = verify_release(shelf, release, declared, _advance(meter))
    if verified.faults:
        raise CheckFailedError(
            "differs_at_destination",
            f"{release} at {shelf.uri} is not what was published: {'; '.join(verified.faults[:5])}; "
            "the pointer was not moved",
            "remove these files there, then run the same command again",
        )
    return verified


def _advance(meter: Meter) -> Callable[[int], None]:
    return meter.add_sent


def _declared(release: Release) -> dict[str, Declared]:
    return {name: Declared(file.size, file.sha256) for name, file in release.all_files.items()}


def _declared_there(shelf: Shelf, link: Link) -> dict[str, Declared]:
    """Return what the manifest at the destination declares, itself included."""
    entry = shelf.stat(link.release, MANIFEST)
    if entry is None:
        raise CheckFailedError(
            "no_previous", f"{link.release} is no longer at {shelf.uri}", f"publish {link.release} again"
        )
    with shelf.open(link.release, MANIFEST) as chunks:
        data = b"".join(chunks)
    try:
        files = declared_files(orjson.loads(data))
    except (ValueError, AttributeError) as error:
        raise CheckFailedError(
            "bad_manifest", f"the manifest of {link.release} can't be read", f"publish {link.release} again"
        ) from error
    declared = {name: Declared(size, sha) for name, (size, sha) in sorted(files.items())}
    return declared | {MANIFEST: Declared(len(data), link.manifest_sha256)}


def _pointer(shelf: Shelf) -> tuple[Pointer | None, Any]:
    there = shelf.pointer()
    return (None, None) if there is None else (read_pointer(there[0]), there[1])


def _override(release: Release, reason: str | None) -> dict[str, Any] | None:
    if not release.reasons:
        return None
    if not reason:
        raise CheckFailedError(
            "not_releasable",
            f"this dataset is not releasable: {'; '.join(release.reasons)}; nothing was sent",
            "mend it and build again; or --allow-not-releasable --reason TEXT, which is published with it",
        )
    return {"not_releasable": list(release.reasons), "reason": reason}


def _refuse_other(release: Release, record: dict[str, Any] | None, uri: str) -> None:
    if record is not None and record["manifest_sha256"] != release.manifest.sha256:
        raise CheckFailedError(
            "other_release",
            f"{release.name} at {uri} is another dataset (manifest {record['manifest_sha256'][:12]}); "
            "nothing was sent",
            "publish under another --release: a release is never overwritten",
        )


def _refuse_inside(dataset: Path, destination: str) -> None:
    if "://" not in destination and Path(destination).resolve().is_relative_to(dataset.resolve()):
        raise UsageError("inside", f"{destination} lies inside the dataset", "choose a folder outside of it")


def _record(release: Release, override: dict[str, Any] | None, program: str) -> dict[str, Any]:
    return {
        "release": release.name,
        "dataset": release.title,
        "manifest_sha256": release.manifest.sha256,
        "files": len(release.all_files),
        "bytes": release.size,
        "releasable": not release.reasons,
        "override": override,
        "published_with": program,
    }


def _outcome(shelf: Shelf, release: Release, plan: Plan, override: dict[str, Any] | None) -> dict[str, Any]:
    files = release.all_files
    return {
        "destination": shelf.uri,
        "release": release.name,
        "manifest_sha256": release.manifest.sha256,
        "files": len(files),
        "bytes": release.size,
        "to_send": {name: files[name].size for name in plan.send},
        "there": {name: files[name].size for name in plan.there},
        "override": override,
        "record": RECORD,
    }
