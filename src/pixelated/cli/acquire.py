"""`pixelated acquire`: bring sources home, say what that would take, check what can be had."""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from pixelated.acquire.fetch import STAGING, Options, Outcome
from pixelated.acquire.media.run import AUDIO
from pixelated.acquire.permission import MediaSettings, is_media
from pixelated.acquire.run import check_all, exit_code, fetch_all, plan_all
from pixelated.cli.output import JsonFlag, QuietFlag, emit
from pixelated.core.addresses import without_secrets
from pixelated.core.downloads.limiter import Limiter, StoppedError
from pixelated.core.errors import EXIT_INCOMPLETE, EXIT_OK, UsageError
from pixelated.core.meter import Meter, human, parse_rate
from pixelated.core.registry_file import read_registries
from pixelated.core.source import Acquisition, Source
from pixelated.core.store import LocalStore

CHECK = "check"  # `pixelated acquire check`; no source has this id
_NEAR = 8  # names of sources in a message
_ADDRESS = re.compile(r"[a-z0-9+]+://.+|[A-Za-z0-9_:][^/]*:.*|[./~].*")


def acquire(
    sources: Annotated[
        list[str] | None,
        typer.Argument(help="Ids of the registry, or addresses (default: all). `check` tests access."),
    ] = None,
    recipe: Annotated[
        Path | None, typer.Option(help="Fetch the sources of this recipe to its corpora.")
    ] = None,
    registry: Annotated[
        list[str] | None, typer.Option(help="Registry preset or file; may be given again.")
    ] = None,
    to: Annotated[Path | None, typer.Option(help="Root folder of the corpora (default: data).")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be fetched.")] = False,
    parallel: Annotated[int, typer.Option(min=1, max=64, help="Files at a time.")] = 4,
    limit_rate: Annotated[str, typer.Option(help="Bytes per second in all: 500K, 10M.")] = "",
    verify: Annotated[bool, typer.Option("--verify", help="Hash again what is there.")] = False,
    endpoint: Annotated[str, typer.Option(help="S3-compatible store, for addresses given here.")] = "",
    media: Annotated[
        bool, typer.Option("--media", help="Also fetch recordings; each needs permission and consents.")
    ] = False,
    permissions: Annotated[
        Path | None, typer.Option(help="Folder of the permission and consent documents.")
    ] = None,
    keep_audio: Annotated[
        bool, typer.Option("--keep-audio", help="Keep the sound of recordings: a voice identifies a person.")
    ] = False,
    today: Annotated[str, typer.Option(help="Date at which consents must be in force (default: now).")] = "",
    output: Annotated[Path | None, typer.Option(help="Also write the outcome as JSON here.")] = None,
    quiet: QuietFlag = False,
    as_json: JsonFlag = False,
) -> int:
    """Bring sources home: from the byte where it stopped, verified, under their names only when whole."""
    named = list(sources or ())
    checking = named[:1] == [CHECK]
    wanted, root = _wanted(named[checking:], recipe, registry, to, endpoint)
    recordings = MediaSettings(media, permissions, today, keep_audio)
    if checking:
        return _check(wanted, recordings, output, as_json=as_json)
    limiter = Limiter(parse_rate(limit_rate) if limit_rate else 0)
    options = Options(root, parallel, limiter, verify=verify, media=recordings)
    if dry_run:
        return _dry_run(wanted, options, output, as_json=as_json)
    root.mkdir(parents=True, exist_ok=True)
    return _fetch(wanted, options, output, quiet=quiet or as_json, as_json=as_json)


def _wanted(
    named: list[str], recipe: Path | None, registry: list[str] | None, to: Path | None, endpoint: str
) -> tuple[list[Source], Path]:
    """Return the sources that are asked for and the root that they go to."""
    ids = [n for n in named if not _ADDRESS.fullmatch(n)]
    addressed = [_of_address(n, endpoint) for n in named if _ADDRESS.fullmatch(n)]
    folders = [s.path for s in addressed]
    if len(set(folders)) < len(folders):
        twice = next(f for f in folders if folders.count(f) > 1)
        raise UsageError(
            "same_folder", f"two of the addresses go to the folder {twice}", "fetch each to its own --to"
        )
    if addressed and not ids and recipe is None and not registry:
        return addressed, to or Path("data")
    if recipe is not None:
        from pixelated.recipe import recipe_sources  # noqa: PLC0415 - imports every area

        known, root = recipe_sources(recipe)
    else:
        known, root = read_registries(tuple(registry or ("mission",))), Path("data")
    for name in ids:
        if name not in known:
            raise _unknown(name, known)
    chosen = [known[n] for n in sorted(set(ids))] if ids or addressed else [known[n] for n in sorted(known)]
    return [*chosen, *addressed], to or root


def _unknown(name: str, known: dict[str, Source]) -> UsageError:
    """Return the error for a name that is no source: what was meant is a folder, or nearly a source."""
    near = sorted(known)
    if len(known) > _NEAR:
        inside = [k for k in near if name.lower() in k.lower()]
        near = [*inside, *difflib.get_close_matches(name, set(known) - set(inside), _NEAR)][:_NEAR]
    ways = [f"for the folder here write ./{name}"] if Path(name).exists() else []
    ways += [f"choose from: {', '.join(near)}"] if near else [f"none of its {len(known)} is called like it"]
    ways += ["--registry names another registry", "or give an address such as s3://bucket/prefix"]
    return UsageError("unknown_source", f"no source {name!r} in the registry", "; ".join(ways))


def _of_address(address: str, endpoint: str) -> Source:
    """Return a source for an address alone: nothing about its licence is assumed."""
    last = [
        p
        for p in re.split(r"[/:@?#]+", without_secrets(address))
        if p and p not in ("datasets", ".", "..", "~")
    ]
    slug = re.sub(r"[^a-z0-9_]+", "_", last[-1].lower()).strip("_") if last else ""
    where = Acquisition(location=address, endpoint=endpoint)
    return Source(id=slug or "source", path=slug or "source", acquire=where)


def _fetch(wanted: list[Source], options: Options, output: Path | None, *, quiet: bool, as_json: bool) -> int:
    with Meter("acquire", quiet=quiet) as meter:
        options = replace(options, arrived=meter.add_sent, expecting=meter.expect)
        try:
            outcomes = fetch_all(wanted, options)
        except (KeyboardInterrupt, StoppedError):
            options.limiter.stopped.set()
            raise KeyboardInterrupt from None
    told = [o.as_json() for o in outcomes]
    width = max(len(o.source) for o in outcomes)
    lines = [line for outcome in told for line in _outcome_lines(outcome, width)]
    lines.append(_last_line(outcomes, options.root))
    heard = {source.id for source in wanted if is_media(source)}
    if any(o.source in heard and o.status != "refused" for o in outcomes):
        lines.append(_sound(options))
    value = {"root": str(options.root), "sources": told}
    _write(output, value)
    emit(value, "\n".join(lines), as_json=as_json)
    return exit_code(o.status for o in outcomes)


def _last_line(outcomes: list[Outcome], root: Path) -> str:
    """Say how many sources are there, and whether the same command would bring more."""
    statuses = [o.status for o in outcomes]
    complete = statuses.count("complete")
    if complete == len(statuses):
        return f"the files are in {os.path.normpath(root)}"
    goes_on = (
        "what came stays; the same command goes on" if "incomplete" in statuses else "the others: see above"
    )
    return f"{complete} of {len(statuses)} sources are complete; {goes_on}"


def _sound(options: Options) -> str:
    """Say where the sound of recordings is: a voice identifies a person."""
    if options.media.keep_audio:
        kept = options.root / AUDIO
        return f"the sound of recordings is in {kept}, readable by you alone (a voice is an identifier)"
    unfinished = f"unfinished ones lie in {options.root / STAGING}, readable by you alone"
    return f"the sound of transcribed recordings was removed (a voice is an identifier); {unfinished}"


def _outcome_lines(outcome: dict[str, Any], width: int) -> list[str]:
    size, moved = human(outcome["bytes"]), f"{human(outcome['fetched_bytes'])} fetched"
    if outcome["resumed_bytes"]:
        moved += f", {human(outcome['resumed_bytes'])} were there from before"
    head = f"{outcome['source']:<{width}}  {outcome['status']:<10}  {outcome['files']:>5,} files  {size:>9}"
    lines = [f"{head}  ({moved})"]
    lines += [_problem(p["what"], p["why"]) for p in outcome["problems"]]
    lines += [_problem(t["address"], t["why"]) for t in outcome["tried"]]
    lines += [f"  so it came from the fallback {outcome['uri']}"] if outcome["tried"] else []
    lines += [f"  next: {outcome['remedy']}"] if outcome["remedy"] else []
    if outcome["unchecked"]:
        count, some = len(outcome["unchecked"]), ", ".join(outcome["unchecked"][:3])
        lines.append(f"  nobody states a checksum of {count} files ({some}): their size was checked")
    return lines


def _problem(what: str, why: str) -> str:
    """Return a line that names what is wrong once."""
    return f"  {why}" if what in why else f"  {what}: {why}"


def _dry_run(wanted: list[Source], options: Options, output: Path | None, *, as_json: bool) -> int:
    planned = plan_all(wanted, options)
    total, left = sum(p.bytes for p in planned), sum(p.to_fetch for p in planned)
    unknown = sum(p.unknown for p in planned)
    value = {"sources": [p.as_json() for p in planned], "bytes": total, "to_fetch": left}
    lines = []
    for p in planned:
        size = f"{p.files} files, {human(p.bytes)}, {human(p.to_fetch)} to fetch"
        lines.append(f"{p.source}: {size}; {p.uri or 'unavailable'}")
        lines += [_problem(what, why) for what, why in p.problems]
        lines += [f"  next: {p.remedy}"] if p.remedy else []
    more = f", and {unknown} files of unknown size" if unknown else ""
    lines.append(f"in all {human(total)}, {human(left)} to fetch{more}; nothing was fetched")
    _write(output, value)
    emit(value, "\n".join(lines), as_json=as_json)
    statuses = ("refused" if p.refused else "complete" if p.uri else "incomplete" for p in planned)
    return exit_code(statuses)


def _check(wanted: list[Source], media: MediaSettings, output: Path | None, *, as_json: bool) -> int:
    found = check_all(wanted, media=media)
    reachable = {a.source for a in found if a.available}
    missing = sorted({a.source for a in found} - reachable)
    value = {"access": [vars(a) for a in found], "unavailable": missing}
    lines = []
    for a in found:
        state = "ok         " if a.available else "unavailable"
        where = (a.address or "-") + (" (fallback)" if a.role == "fallback" else "")
        lines.append(f"{state} {a.source}: {where}")
        lines += [f"            why: {a.why}"] * bool(a.why)
        lines += [f"            next: {a.remedy}"] * bool(a.remedy)
    for source in sorted(reachable):
        ways = [a for a in found if a.source == source]
        if not ways[0].available:
            used = next(a.address for a in ways if a.available)
            lines.append(f"{source}: its location is unavailable; the fallback {used} will be used")
    lines.append(f"{len(reachable)} of {len(reachable) + len(missing)} sources can be fetched")
    _write(output, value)
    emit(value, "\n".join(lines), as_json=as_json)
    return EXIT_INCOMPLETE if missing else EXIT_OK


def _write(output: Path | None, value: dict[str, Any]) -> None:
    if output is not None:
        LocalStore(output.parent).write_json(output.name, value)
