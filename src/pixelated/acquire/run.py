"""Many sources: fetched one after the other; what would be fetched; what can be had."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from pixelated.acquire.fetch import Options, Outcome, fetch_source, there_now
from pixelated.acquire.listing import addresses, list_at, list_source, refuse_status
from pixelated.acquire.media.run import guard, plan_media
from pixelated.acquire.permission import MediaSettings, is_media
from pixelated.core.addresses import without_secrets
from pixelated.core.errors import (
    EXIT_FAILED,
    EXIT_INCOMPLETE,
    EXIT_OK,
    CheckFailedError,
    PixelatedError,
    worst,
)
from pixelated.core.source import Source


@dataclass
class Planned:
    """What a run would fetch of one source.

    Attributes:
        source: its id.
        uri: the place that answered.
        files: files in all.
        bytes: their size, as far as it is stated.
        unknown: files whose size nobody states.
        to_fetch: bytes that are not there yet.
        problems: (file or address, why).
        refused: owner or licence are not those of the registry.
    """

    source: str
    uri: str = ""
    files: int = 0
    bytes: int = 0
    unknown: int = 0
    to_fetch: int = 0
    problems: list[tuple[str, str]] = field(default_factory=list)
    refused: bool = False
    remedy: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return a JSON-able object."""
        return vars(self) | {"problems": [{"what": w, "why": y} for w, y in self.problems]}


@dataclass
class Access:
    """Whether one address of a source answers.

    Attributes:
        source: its id.
        address: where it was looked for.
        role: "location" or "fallback".
        available: whether its first file could be opened.
        why: what is wrong; empty where nothing is.
        remedy: what to do about it.
    """

    source: str
    address: str
    role: str
    available: bool
    why: str = ""
    remedy: str = ""


def plan_all(sources: Iterable[Source], options: Options) -> list[Planned]:
    """List every source and say what is missing of it; nothing is fetched."""
    return [_plan(source, options) for source in sources]


def fetch_all(
    sources: Iterable[Source], options: Options, done: Callable[[Outcome], None] = lambda _: None
) -> list[Outcome]:
    """Fetch every source; `done` is told of each.

    Raises:
        StoppedError, UsageError, InternalError: see `fetch_source`.
    """
    outcomes = []
    for source in sources:
        outcomes.append(fetch_source(source, options))
        done(outcomes[-1])
    return outcomes


def check_all(
    sources: Iterable[Source],
    base: Path | None = None,
    parallel: int = 8,
    media: MediaSettings | None = None,
) -> list[Access]:
    """Try every address of every source: list it and open the first file; several sources at a time.

    Recordings are listed where `media` and their papers allow it.
    """
    options = Options(Path(), base=base, media=media or MediaSettings())
    with ThreadPoolExecutor(max_workers=parallel) as pool:
        return [access for found in pool.map(partial(_check, options=options), sources) for access in found]


def _check(source: Source, options: Options) -> list[Access]:
    try:
        refuse_status(source)
        if is_media(source):
            guard(source, options)
    except PixelatedError as error:
        return [_unavailable(source, "", "location", error)]
    roles = {address: "fallback" if at else "location" for at, address in enumerate(addresses(source))}
    return [_access(source, address, role, options) for address, role in roles.items()]


def exit_code(statuses: Iterable[str]) -> int:
    """Return the code for the outcomes' statuses: refused is a failed check, incomplete a missing source."""
    codes = {"complete": EXIT_OK, "incomplete": EXIT_INCOMPLETE, "refused": EXIT_FAILED}
    return worst(*(codes[status] for status in statuses))


def _plan(source: Source, options: Options) -> Planned:
    try:
        if is_media(source):
            return _plan_of_media(source, options)
        listing = list_source(source, options.base)
    except PixelatedError as error:
        refused = isinstance(error, CheckFailedError)
        return Planned(source.id, problems=[(source.id, error.message)], refused=refused, remedy=error.remedy)
    missing = [e for e in listing.entries.values() if not there_now(source, e, options)]
    return Planned(
        source.id,
        listing.place.uri,
        len(listing.entries),
        listing.bytes,
        sum(e.size is None for e in listing.entries.values()),
        sum(e.size or 0 for e in missing),
        [*listing.tried, *listing.problems],
    )


def _plan_of_media(source: Source, options: Options) -> Planned:
    plan = plan_media(source, options)
    return Planned(
        source.id,
        plan.uri,
        len(plan.todo) + len(plan.kept),
        sum(r.size or 0 for r in plan.todo),
        sum(r.size is None for r in plan.todo),
        sum(r.size or 0 for r in plan.todo),
        plan.problems,
    )


def _access(source: Source, address: str, role: str, options: Options) -> Access:
    shown = without_secrets(address)
    try:
        problems = _problems_at(source, address, options)
    except PixelatedError as error:
        return _unavailable(source, shown, role, error)
    except Exception as error:  # noqa: BLE001 - whatever goes wrong, this address can't be had now
        return Access(source.id, shown, role, available=False, why=str(error), remedy="try again later")
    why = "; ".join(f"{name}: {problem}" for name, problem in problems)
    return Access(source.id, shown, role, available=not problems, why=why)


def _problems_at(source: Source, address: str, options: Options) -> list[tuple[str, str]]:
    """List one address and open its first file, of recordings none; return what can't be had."""
    if is_media(source):
        alone = replace(source, acquire=replace(source.acquire, location=address, fallbacks=()))
        return plan_media(alone, options).problems
    listing = list_at(source, address, options.base)
    for entry in list(listing.entries.values())[:1]:
        if entry.size != 0:
            with listing.place.open(entry, 0, 1) as opened:
                next(iter(opened.chunks), b"")
    return listing.problems


def _unavailable(source: Source, address: str, role: str, error: PixelatedError) -> Access:
    return Access(source.id, address, role, available=False, why=error.message, remedy=error.remedy)
