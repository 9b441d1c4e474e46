"""`pixelated inventory`: what is where, what differs, moving just that, layouts, the registered sources."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from pixelated.cli.output import JsonFlag, QuietFlag, emit
from pixelated.core.downloads.limiter import Limiter, StoppedError
from pixelated.core.errors import EXIT_FAILED, EXIT_INCOMPLETE, EXIT_OK, UsageError, worst
from pixelated.core.fingerprint import fingerprint
from pixelated.core.meter import Meter, human, parse_rate
from pixelated.core.store import LocalStore
from pixelated.inventory import sources as registered
from pixelated.inventory.compare import Ways, compare
from pixelated.inventory.document import Inventory
from pixelated.inventory.known import Known, state_journal
from pixelated.inventory.layouts import load_layout, map_files
from pixelated.inventory.reading import Reading
from pixelated.inventory.s3_manifest import s3_manifest
from pixelated.inventory.side import Side, side_of
from pixelated.inventory.take import Options, take
from pixelated.inventory.transfer import Options as TransferOptions
from pixelated.inventory.transfer import transfer as run_transfer

T = TypeVar("T")
_SHOWN = 20  # lines of a list on a terminal; --json and files hold all
PIXELATED, S3_MANIFEST = "pixelated", "s3-manifest"

_PLACE = "FOLDER, s3://, gs://, hf://, sftp://, remote:path, or an inventory file."
WorkersFlag = Annotated[int, typer.Option("--workers", min=1, max=64, help="Files at a time.")]
NoHashFlag = Annotated[bool, typer.Option("--no-hash", help="Read no file.")]
EndpointA = Annotated[str, typer.Option(help="S3-compatible store of A.")]
EndpointB = Annotated[str, typer.Option(help="S3-compatible store of B.")]


def list_(
    places: Annotated[list[str], typer.Argument(metavar="PLACE...", help=_PLACE)],
    output: Annotated[
        Path | None, typer.Option(help="FILE.json; for several places a folder, one file for each.")
    ] = None,
    no_hash: NoHashFlag = False,
    rehash: Annotated[
        bool, typer.Option("--rehash", help="Read also what an earlier inventory knows.")
    ] = False,
    layout: Annotated[str, typer.Option(help="Name of the layout (default: the one that fits).")] = "",
    format_: Annotated[str, typer.Option("--format", help="pixelated or s3-manifest.")] = PIXELATED,
    endpoint: Annotated[str, typer.Option(help="S3-compatible store.")] = "",
    workers: WorkersFlag = 4,
    limit_rate: Annotated[str, typer.Option(help="Bytes per second in all: 500K, 10M.")] = "",
    quiet: QuietFlag = False,
    as_json: JsonFlag = False,
) -> int:
    """List every file of a place with size and SHA-256, one inventory file per place."""
    if format_ not in (PIXELATED, S3_MANIFEST):
        raise UsageError("bad_format", f"--format {format_}: no such format", f"{PIXELATED} or {S3_MANIFEST}")
    if layout:
        load_layout(layout)
    sides = [side_of(place, endpoint) for place in places]
    outputs = _outputs(sides, output)
    done: list[dict[str, Any]] = []
    lines: list[str] = []
    code = EXIT_OK
    for side, path in zip(sides, outputs, strict=True):
        with Meter("inventory", quiet=quiet or as_json) as meter:
            reading = _reading(workers, limit_rate, meter)
            options = Options(not no_hash, rehash, path, layout, reading)
            inventory, known = _interruptible(lambda s=side, o=options: take(s, o), reading)  # type: ignore[misc]
        value = inventory.as_json() if format_ == PIXELATED else s3_manifest(inventory)
        if path is not None:
            LocalStore(path.parent).write_json(path.name, value)
        known.done()
        unread = [f for f in inventory.files if f.problem.startswith(("it could not", "its md5"))]
        code = worst(code, EXIT_INCOMPLETE if unread else EXIT_OK)
        done.append(_summary(inventory, path) if path is not None else value)
        lines += _list_lines(inventory, path)
    emit({"inventories": done}, "\n".join(lines), as_json=as_json)
    return code


def diff(
    a: Annotated[str, typer.Argument(metavar="A", help=_PLACE)],
    b: Annotated[str, typer.Argument(metavar="B", help="The same.")],
    no_hash: NoHashFlag = False,
    endpoint_a: EndpointA = "",
    endpoint_b: EndpointB = "",
    workers: WorkersFlag = 4,
    output: Annotated[Path | None, typer.Option(help="Also write the difference as JSON here.")] = None,
    quiet: QuietFlag = False,
    as_json: JsonFlag = False,
) -> int:
    """Say what is missing or differs between two places. Exits 1 where they do, 3 where nothing tells."""
    sides = side_of(a, endpoint_a), side_of(b, endpoint_b)
    known = _known(sides[0], "diff a"), _known(sides[1], "diff b")
    with Meter("inventory diff", quiet=quiet or as_json) as meter:
        reading = _reading(workers, "", meter)
        found = _interruptible(
            lambda: compare(*sides, (sides[0].files(), sides[1].files()), known, Ways(not no_hash, reading)),
            reading,
        )
    for journal in known:
        journal.done()
    value = found.as_json()
    _write(output, value)
    emit(value, "\n".join(_diff_lines(value)), as_json=as_json)
    return found.exit_code


def transfer(
    a: Annotated[str, typer.Argument(metavar="A", help="The place to move from.")],
    b: Annotated[str, typer.Argument(metavar="B", help="FOLDER, s3://, gs://, hf://, sftp://, remote:path.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be moved.")] = False,
    replace_: Annotated[
        bool, typer.Option("--replace", help="Put files in the place of others of their names.")
    ] = False,
    endpoint_a: EndpointA = "",
    endpoint_b: EndpointB = "",
    workers: WorkersFlag = 4,
    limit_rate: Annotated[str, typer.Option(help="Bytes per second, each way: 500K, 10M.")] = "",
    staging: Annotated[
        Path | None, typer.Option(help="Private folder for files between two stores (default: user's state).")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Also write the outcome as JSON here.")] = None,
    quiet: QuietFlag = False,
    as_json: JsonFlag = False,
) -> int:
    """Move what is missing at B, verified there; nothing is deleted, or replaced without --replace."""
    sides = side_of(a, endpoint_a), side_of(b, endpoint_b)
    with Meter("transfer", rate=parse_rate(limit_rate) if limit_rate else 0, quiet=quiet or as_json) as meter:
        reading = _reading(workers, limit_rate, meter)
        options = TransferOptions(replace_, dry_run, staging, reading)
        outcome = _interruptible(lambda: run_transfer(*sides, options), reading)
    value = outcome.as_json()
    _write(output, value)
    emit(value, "\n".join(_transfer_lines(value)), as_json=as_json)
    return outcome.exit_code


def sources(
    registry: Annotated[
        list[str] | None, typer.Option(help="Registry preset or file; may be given again.")
    ] = None,
    root: Annotated[Path, typer.Option(help="Folder of the corpora.")] = Path("data"),
    output: Annotated[Path, typer.Option(help="The dataset inventory.")] = Path("dataset_inventory.json"),
    workers: WorkersFlag = 4,
    quiet: QuietFlag = False,
    as_json: JsonFlag = False,
) -> int:
    """Write the dataset inventory: of each source how to get it, what it must be, and what is there."""
    from pixelated.core.registry_file import read_registries  # noqa: PLC0415 - reads every preset

    names = tuple(registry or ("mission",))
    with Meter("inventory sources", quiet=quiet or as_json) as meter:
        reading = _reading(workers, "", meter)
        options = registered.Options(root, names, output, reading)
        document, known = _interruptible(
            lambda: registered.dataset_inventory(read_registries(names), options), reading
        )
    _write(output, document)
    known.done()
    emit(
        {"output": str(output), "counts": document["counts"]},
        "\n".join(_source_lines(document, output)),
        as_json=as_json,
    )
    return registered.exit_code(document)


def map_(
    place: Annotated[str, typer.Argument(help=_PLACE)],
    layout: Annotated[str, typer.Option(help="The layout that its names follow.")] = "pixel_data_2025",
    output: Annotated[Path | None, typer.Option(help="Write the map as JSON here.")] = None,
    endpoint: Annotated[str, typer.Option(help="S3-compatible store.")] = "",
    as_json: JsonFlag = False,
) -> int:
    """Say where each file of an older layout belongs in the default one. Exits 1 where one has no place."""
    mapped = map_files(side_of(place, endpoint).files(), load_layout(layout))
    value = mapped.as_json()
    _write(output, value)
    emit(value, "\n".join(_map_lines(value, output)), as_json=as_json)
    return EXIT_FAILED if mapped.unplaced or mapped.collisions else EXIT_OK


def _reading(workers: int, rate: str, meter: Meter) -> Reading:
    return Reading(workers, Limiter(parse_rate(rate) if rate else 0), meter)


def _known(side: Side, use: str) -> Known:
    return Known(state_journal(side.identity, use), side.identity)


def _interruptible(work: Callable[[], T], reading: Reading) -> T:
    """Do the work; an interruption stops every thread of it."""
    try:
        return work()
    except (KeyboardInterrupt, StoppedError):
        reading.limiter.stopped.set()
        raise KeyboardInterrupt from None


def _outputs(sides: list[Side], output: Path | None) -> list[Path | None]:
    """Return the file of each place."""
    if output is None:
        return [None] * len(sides)
    if output.suffix == ".json" and not output.is_dir():
        if len(sides) > 1:
            raise UsageError("usage", f"{output} can hold one place, not {len(sides)}", "name a folder")
        return [output]
    slugs = [re.sub(r"[^A-Za-z0-9.-]+", "_", side.uri).strip("_.") or "here" for side in sides]
    twice = {s for s in slugs if slugs.count(s) > 1}
    return [
        output / (f"{slug}-{fingerprint(side.identity)}.json" if slug in twice else f"{slug}.json")
        for slug, side in zip(slugs, sides, strict=True)
    ]


def _write(output: Path | None, value: dict[str, Any]) -> None:
    if output is not None:
        LocalStore(output.parent).write_json(output.name, value)


def _summary(inventory: Inventory, path: Path) -> dict[str, Any]:
    return {
        "place": inventory.place,
        "layout": inventory.layout,
        "counts": inventory.counts,
        "output": str(path),
    }


def _list_lines(inventory: Inventory, path: Path | None) -> list[str]:
    counts = inventory.counts
    layout = f", layout {inventory.layout}" if inventory.layout else ""
    head = f"{inventory.place}: {counts['files']} files, {human(counts['bytes'])}"
    lines = [f"{head}, {counts['with_sha256']} with sha256{layout}"]
    rows = [
        f"{(f.sha256 or f.md5 or f.etag or '-')[:64]:<64} {_size(f.size):>10} {f.name}"
        for f in inventory.files
    ]
    lines += rows if path is None else []
    lines += _some([f"  {f.name!r}: {f.problem}" for f in inventory.files if f.problem])
    return [*lines, f"  written to {path}"] if path is not None else lines


def _size(size: int | None) -> str:
    return "?" if size is None else human(size)


def _some(rows: list[str]) -> list[str]:
    more = len(rows) - _SHOWN
    return [*rows[:_SHOWN], f"  ... and {more} more (--json names all)"] if more > 0 else rows


def _diff_lines(value: dict[str, Any]) -> list[str]:
    counts = value["counts"]
    lines = [f"A = {value['a']}", f"B = {value['b']}"]
    lines += [f"{counts[kind]:>8} {kind.replace('_', ' ')}" for kind in counts]
    for kind in ("missing_in_b", "missing_in_a"):
        lines += _some(
            [f"{kind.replace('_', ' ')}: {f['name']} ({_size(f.get('size'))})" for f in value[kind]]
        )
    lines += _some([f"differing by {f['by']}: {f['name']}" for f in value["differing"]])
    lines += _some([f"moved: A {f['a']} is B {f['b']}" for f in value["moved"]])
    lines += _some([f"unknown: {f['name']}: {f['why']}" for f in value["unknown"]])
    return lines


def _transfer_lines(value: dict[str, Any]) -> list[str]:
    counts = value["counts"]
    if value["dry_run"]:
        lines = _some([f"would move {f['name']} ({_size(f['size'])})" for f in value["to_move"]])
        lines.append(
            f"{counts['to_move']} files, {human(counts['bytes_to_move'])} would be moved; nothing was"
        )
    else:
        lines = [
            f"{counts['moved']} files, {human(counts['bytes_moved'])} moved from {value['a']} to {value['b']}"
        ]
    lines.append(f"{counts['same_before']} were the same, {counts['only_in_b']} are only at B and stay")
    if value["unchecked_at_source"]:
        lines.append(
            f"A states no checksum of {len(value['unchecked_at_source'])} files: they are as they came"
        )
    for left in value["left"][:_SHOWN]:
        lines.append(f"left: {left['name']}: {left['why']}; next: {left['remedy']}")
    if counts["left"]:
        lines.append(f"{counts['left']} files are left")
    return lines


def _source_lines(document: dict[str, Any], output: Path) -> list[str]:
    lines = [f"{'source':<34} {'status':<12} {'size':>10} next"]
    for row in document["datasets"]:
        due = row["status"] not in ("whole", "unverified") and row["can_be_fetched"]
        lines.append(
            f"{row['id']:<34} {row['status']:<12} {human(row['size']):>10} "
            f"{row['download']['command'] if due else ''}".rstrip()
        )
        lines += _some([f"  {problem}" for problem in row["problems"]])
    return [*lines, f"written to {output}"]


def _map_lines(value: dict[str, Any], output: Path | None) -> list[str]:
    counts = value["counts"]
    lines = [] if output else [f"{row['from']} -> {row['to']}" for row in value["placed"]]
    lines += _some([f"left where it is: {r['name']}: {r['reason']}" for r in value["left_out"]])
    lines += _some([f"no place: {r['name']}: {r['reason']}" for r in value["unplaced"]])
    for row in value["collisions"]:
        lines.append(
            f"one name, {row['to']}, for: {', '.join(row['from'])} (same bytes: {row['same_bytes']})"
        )
    lines.append(", ".join(f"{counts[k]} {k.replace('_', ' ')}" for k in counts))
    return lines
