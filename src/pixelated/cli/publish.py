"""The command `publish`: a dataset to a store, proved there, and the way back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from pixelated.cli.output import JsonFlag, QuietFlag, emit
from pixelated.core.errors import UsageError
from pixelated.core.uploads.meter import human, parse_rate
from pixelated.publish import Options, roll_back
from pixelated.publish import publish as run_publish


def publish(
    dataset: Annotated[str, typer.Argument(help="A dataset folder (with --rollback it may be left out).")],
    dest: Annotated[
        str | None,
        typer.Argument(
            help="FOLDER, s3://bucket/prefix, gs://bucket/prefix, hf://datasets/owner/name, remote:path."
        ),
    ] = None,
    release: Annotated[
        str, typer.Option(help="Its name, such as v2026-01-31 (default: after the manifest's SHA-256).")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent; send nothing.")] = False,
    allow_not_releasable: Annotated[
        bool, typer.Option("--allow-not-releasable", help="Publish it all the same; needs --reason.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why; published with the release.")] = "",
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Point back to the previous release at DEST.")
    ] = False,
    endpoint: Annotated[str, typer.Option(help="Server of an S3-compatible store, GCS or a Hub.")] = "",
    limit_rate: Annotated[str, typer.Option(help="Bytes per second on average: 500K, 10M.")] = "",
    quiet: QuietFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Send a dataset to a store, read it back, and point to it. Exits 1 where a check refuses."""
    if allow_not_releasable != bool(reason.strip()):
        raise UsageError(
            "usage", "--allow-not-releasable and --reason TEXT go together", "give both, or neither"
        )
    options = Options(
        release=release,
        allow_reason=reason.strip() or None,
        dry_run=dry_run,
        endpoint=endpoint,
        rate=parse_rate(limit_rate) if limit_rate else 0,
        quiet=quiet or as_json,
    )
    if rollback:
        done = roll_back(dest or dataset, options)
        emit(done, _rollback_text(done), as_json=as_json)
        return
    if dest is None:
        raise UsageError("usage", "publish needs DATASET and DEST", "pixelated publish DATASET DEST")
    done = run_publish(Path(dataset), dest, options)
    emit(done, _text(done), as_json=as_json)


def _text(done: dict[str, Any]) -> str:
    sizes = sum(done["to_send"].values()), sum(done["there"].values())
    head = f"{done['release']}: {done['files']} files, {human(done['bytes'])}, to {done['destination']}"
    sent, there = len(done["to_send"]), len(done["there"])
    counts = f"{sent} files ({human(sizes[0])}) {{}}, {there} ({human(sizes[1])}) were there"
    if done.get("dry_run"):
        return "\n".join([head, counts.format("would be sent"), *(f"  {n}" for n in done["to_send"])])
    read, known = done["verified"]["by_reading_back"], done["verified"]["by_the_stores_sha256"]
    lines = [
        head,
        counts.format("sent"),
        f"proved: {read} files by reading them back, {known} by the SHA-256 that the store computed",
        f"current.json {'points' if done['pointer_moved'] else 'pointed already'} to {done['release']}",
    ]
    if done["override"]:
        lines.append(f"published although not releasable: {done['override']['reason']} (recorded)")
    if done["previous"]:
        lines.append(f"to go back to {done['previous']}: pixelated publish --rollback {done['destination']}")
    return "\n".join(lines)


def _rollback_text(done: dict[str, Any]) -> str:
    verb = "would point" if done["dry_run"] else "points"
    return (
        f"{done['release']} is whole at {done['destination']}; "
        f"current.json {verb} to it instead of {done['rolled_back_from']}"
    )
