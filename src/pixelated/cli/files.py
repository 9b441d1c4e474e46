"""Commands that work alone on files and folders: standardise, clean, dedup, score, compile, verify."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from pixelated.cli.output import JsonFlag, QuietFlag, WorkersOption, emit, pretty
from pixelated.core.errors import EXIT_FAILED, EXIT_INCOMPLETE, EXIT_OK, UsageError
from pixelated.core.store import LocalStore
from pixelated.dedup import SEMANTIC_THRESHOLD, THRESHOLD
from pixelated.recipe import Loaded, Recipe, load_policy
from pixelated.runner import Options, build, default_runs
from pixelated.runner.dedup import Options as DedupOptions
from pixelated.runner.dedup import dedup_again, dedup_to
from pixelated.runner.files import Outcome, encode_to, standardise_to
from pixelated.runner.manifest_in import sources_of
from pixelated.runner.semantic import Meaning
from pixelated.verify import verify_dataset

UNKNOWN_TIME = "1970-01-01T00:00:00Z"  # the manifest does not say

OutputFolder = Annotated[Path, typer.Option("--output", help="Folder to write into.")]


def standardise(
    path: Annotated[Path, typer.Argument(help="A file, or a folder of mixed files.")],
    output: OutputFolder,
    as_json: JsonFlag = False,
) -> None:
    """Turn raw files of any supported format into records.jsonl and quarantine.jsonl."""
    outcome = standardise_to(path, output)
    emit(outcome.as_json(output), _balance(outcome, output), as_json=as_json)


def clean_encoding(
    input_dir: Annotated[Path, typer.Option(help="Folder of raw files.")],
    output_dir: Annotated[Path, typer.Option(help="Folder for the repaired files and their records.")],
    normalize_utf8: Annotated[bool, typer.Option("--normalize-utf8", help="Also normalise to NFC.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Repair the encoding of every file of a folder: bytes, mojibake, entities, control characters."""
    outcome = encode_to(input_dir, output_dir, normalize=normalize_utf8)
    emit(outcome.as_json(output_dir), _balance(outcome, output_dir), as_json=as_json)


def dedup(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Raw files or folders, in order of priority.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Folder for survivors and clusters.jsonl.")] = None,
    keep_strategy: Annotated[str, typer.Option(help="Which of equal records stays.")] = "priority_order",
    confirm: Annotated[bool, typer.Option("--confirm", help="Write; without it nothing changes.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report only (the default).")] = False,
    threshold: Annotated[
        float, typer.Option(min=0.5, max=1, help="Similarity of near copies and excerpts.")
    ] = THRESHOLD,
    rethreshold: Annotated[
        float | None,
        typer.Option(min=0.5, max=1, help="Another threshold for what --output DIR was made of; no PATH."),
    ] = None,
    scan: Annotated[
        bool, typer.Option("--scan", help="Also count identifiers and the terms of three lists, by record.")
    ] = False,
    semantic: Annotated[
        bool, typer.Option("--semantic", help="Also report pairs that say the same in other words ([embed]).")
    ] = False,
    semantic_drop: Annotated[
        bool, typer.Option("--semantic-drop", help="Such pairs go too, as the kind semantic.")
    ] = False,
    semantic_threshold: Annotated[
        float | None,
        typer.Option(min=0.5, max=1, help=f"Cosine of each side of such a pair ({SEMANTIC_THRESHOLD})."),
    ] = None,
    engine: Annotated[str, typer.Option(help="local, or ray.")] = "local",
    workers: WorkersOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Find copies: exact, near and contained; with --confirm, write what stays and what was a copy."""
    if confirm and dry_run:
        raise UsageError("usage", "--confirm and --dry-run exclude each other", "give one of them")
    if confirm and output is None:
        raise UsageError("usage", "--confirm writes, so it needs --output DIR", "add --output DIR")
    meaning = _meaning(semantic_threshold, report=semantic, drop=semantic_drop)
    options = DedupOptions(
        keep_strategy, rethreshold or threshold, engine, workers or 0, scan, meaning=meaning
    )
    if rethreshold is not None:
        if paths or output is None:
            raise UsageError("usage", "--rethreshold takes --output DIR and no PATH", "give the DIR of a run")
        outcome = dedup_again(output, options, write=confirm)
    elif not paths:
        raise UsageError("usage", "there is no PATH", "name raw files or folders")
    else:
        outcome = dedup_to(paths, output if confirm else None, options)
    text = _balance(outcome, output if confirm else None)
    if meaning is not None:
        told = outcome.more["duplicates"]["semantic"]
        text += f"\n{told['pairs']:,} pairs say the same in other words: {_fate(told)}"
    if not confirm:
        text += "\nnothing was written; next: the same with --confirm --output DIR"
    emit(outcome.as_json(output if confirm else None), text, as_json=as_json)


def _meaning(threshold: float | None, *, report: bool, drop: bool) -> Meaning | None:
    if report or drop:
        return Meaning(SEMANTIC_THRESHOLD if threshold is None else threshold, drop)
    if threshold is not None:
        raise UsageError(
            "usage", "--semantic-threshold needs --semantic or --semantic-drop", "add one of them"
        )
    return None


def _fate(told: dict[str, Any]) -> str:
    if told["dropped"] is None:
        return "reported only; --semantic-drop lets them go"
    return f"{told['dropped']:,} records go"


def compile_(
    manifest: Annotated[Path, typer.Option(help="A list of record files, or the S3 inventory manifest.")],
    output_dir: Annotated[Path, typer.Option(help="Folder for the dataset.")],
    split_ratio: Annotated[
        tuple[float, float, float],
        typer.Option(help="Shares of train, val and test.", metavar="TRAIN VAL TEST"),
    ] = (0.9, 0.05, 0.05),
    root: Annotated[
        Path | None, typer.Option(help="Where the listed files lie (default: beside it).")
    ] = None,
    policy: Annotated[str, typer.Option(help="Policy preset or file.")] = "default",
    seed: Annotated[int, typer.Option(help="Changes which groups go where.")] = 17,
    runs: Annotated[Path | None, typer.Option(help="Folder of run folders (default: runs/).")] = None,
    workers: WorkersOption = None,
    quiet: QuietFlag = False,
    as_json: JsonFlag = False,
) -> int:
    """Compile a dataset from the record files that a manifest lists; verify says what it is worth."""
    loaded_policy = load_policy(policy)
    ratio: Any = dict(zip(("train", "val", "test"), split_ratio, strict=True))
    if abs(sum(split_ratio) - 1) > 1e-6 or min(split_ratio) < 0:  # noqa: PLR2004 - rounding of three decimals
        raise UsageError(
            "bad_split_ratio", f"--split-ratio {split_ratio} does not sum to 1", "give three shares"
        )
    loaded_policy = replace(loaded_policy, file=replace(loaded_policy.file, split_ratio=ratio))
    listed = sources_of(manifest, root, loaded_policy.families)
    scope = f"{len(listed.missing)} listed files were missing" if listed.missing else "full"
    recipe = Recipe(
        name="compile", title=f"compiled from {manifest.name}", registry=(), seed=seed, scope=scope
    )
    options = Options(runs=runs or default_runs(), output=output_dir, quiet=quiet or as_json)
    if workers:
        options.workers = workers
    result = build(Loaded(recipe, None, listed.root, listed.sources, loaded_policy), options)
    shown = result.as_json() | {"missing": listed.missing}
    why = "; ".join(result.release["reasons"])
    lines = [
        f"{result.totals['kept']:,} records in {result.dataset}, {result.release['status']}: {why}".rstrip(
            ": "
        )
    ]
    lines += [f"missing: {name}" for name in listed.missing]
    lines.append(f"next: pixelated verify --manifest {result.dataset / 'manifest.json'}")
    emit(shown, "\n".join(lines), as_json=as_json)
    return EXIT_INCOMPLETE if listed.missing else EXIT_OK


def verify(
    dataset: Annotated[Path | None, typer.Argument(help="A dataset folder or its manifest.")] = None,
    manifest: Annotated[Path | None, typer.Option(help="The same, as an option.")] = None,
    policy: Annotated[
        str | None,
        typer.Option(help="Policy preset or file to hold it to (default: the shipped one it names)."),
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Write the verification report (JSON) here.")] = None,
    as_json: JsonFlag = False,
) -> int:
    """Prove a dataset by the eight gates, from the bytes of its shards. Exits 1 where one refuses."""
    path = dataset or manifest
    if path is None:
        raise UsageError("usage", "give a dataset folder or --manifest FILE", "pixelated verify DATASET")
    if (path / "run.json").is_file():
        raise UsageError("usage", f"{path} is a run, not a dataset", f"pixelated verify {path / 'dataset'}")
    required = load_policy(policy).requirements() if policy else None
    verification = verify_dataset(path, policy=required)
    if output is not None:
        target = output / "verification_report.json" if output.is_dir() else output
        LocalStore(target.parent).write_json(target.name, verification.report(_timestamp(path)))
    lines = []
    for name, verdict in verification.verdicts.items():
        lines.append(f"{name:<12} {'passed' if verdict.passed else 'FAILED'}")
        lines += [f"    {error}" for error in verdict.errors[:5]]
        if not verdict.passed:
            shown = ", ".join(verdict.examples[:3])
            lines += [f"    records: {shown}"] * bool(shown) + [f"    next: {verdict.remedy}"]
    emit(verification.as_json(), "\n".join(lines), as_json=as_json)
    return EXIT_OK if verification.passed else EXIT_FAILED


def _timestamp(path: Path) -> str:
    """Return the dataset's own date-time: the report of the same bytes is the same bytes."""
    manifest = path / "manifest.json" if path.is_dir() else path
    try:
        return str(orjson.loads(manifest.read_bytes())["generated_at"])
    except (OSError, ValueError, KeyError, TypeError):
        return UNKNOWN_TIME


def _balance(outcome: Outcome, output: Path | None) -> str:
    o = outcome.ledger
    lines = [
        (
            f"{o.rows_in:,} in + {o.added:,} added = {o.kept:,} kept + {o.dropped:,} dropped + "
            f"{o.quarantined:,} quarantined ({o.raw_rows:,} source rows)"
        )
    ]
    lines += [f"  {reason}: {n:,}" for reason, n in sorted(o.reasons.items())]
    if outcome.more.get("flags"):
        lines.append(pretty(outcome.more["flags"]))
    if output is not None:
        lines.append(f"written: {output}")
    return "\n".join(lines)
