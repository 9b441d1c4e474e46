"""Commands around scores that decide: a voice's profile, a threshold's effect, a red team's cases."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pixelated.cli.output import JsonFlag, emit
from pixelated.core.errors import EXIT_FAILED, EXIT_INCOMPLETE, EXIT_OK, UsageError
from pixelated.core.registry_file import read_registries
from pixelated.recipe import load_policy
from pixelated.runner.safety import redteam_file, screen_file, tune
from pixelated.score.voice_profile import profile_file

SHOWN = 10  # ids on a terminal


def profile(
    file: Annotated[
        Path, typer.Argument(help='JSON lines of {"id", "messages"} or {"id", "speaker", "text"}.')
    ],
    speaker: Annotated[str, typer.Option(help="Whose voice: the name, or the role where there is none.")],
    output: Annotated[Path, typer.Option(help="Where the profile goes (JSON).")],
    as_json: JsonFlag = False,
) -> None:
    """Make the profile of a speaker's voice, told from the other speakers of the file."""
    found = profile_file(file, speaker, output)
    lines = [
        f"{found['grams']:,} words and pairs of {speaker}, from {found['words']:,} words: {output}",
        f"next: pixelated score FILE --scorers voice_consistency --profile {output} --output OUT.jsonl",
    ]
    emit(found, "\n".join(lines), as_json=as_json)


def tune_(
    scores: Annotated[Path, typer.Option(help="Output of `pixelated score`.")],
    scorer: Annotated[str, typer.Option(help="Whose threshold.")],
    threshold: Annotated[float, typer.Option(help="The threshold now.")],
    to: Annotated[float, typer.Option(help="The threshold to try.")],
    keep: Annotated[
        str, typer.Option(help="high: admitted at or above it; low: at or below (harm).")
    ] = "high",
    records: Annotated[
        Path | None, typer.Option(help="The scored records, for counts by source and family.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Say which records another threshold would let in and keep out. Nothing is changed."""
    if keep not in ("high", "low"):
        raise UsageError("usage", f"--keep {keep!r} is neither high nor low", "choose one of them")
    found = tune(scores, scorer, threshold, to, keep_low=keep == "low", records=records)
    lines = [
        f"{scorer} {threshold:g} to {to:g}: {found['rows']:,} records, {found['nulls']:,} without a value"
    ]
    for change, words in (("let_in", "let in"), ("keep_out", "kept out")):
        side = found[change]
        lines.append(f"  {words}: {side['count']:,}")
        lines += [f"    {name}: {n:,}" for name, n in side["by_source"].items() if name != "unknown"]
        lines += [f"    {name}" for name in side["ids"][:SHOWN]]
        lines += [f"    and {side['count'] - SHOWN:,} more: --json"] if side["count"] > SHOWN else []
    emit(found, "\n".join(lines), as_json=as_json)


def redteam(
    file: Annotated[Path, typer.Argument(help='JSON lines of {"id", "messages", "expect"}.')],
    safety: Annotated[str, typer.Option(help="Safety preset or file.")] = "default",
    as_json: JsonFlag = False,
) -> int:
    """Run a red team's cases against the safety filters. Exits 1 where an expectation is not met."""
    found = redteam_file(file, safety)
    lines = [
        f"{found['checks']:,} expectations of {found['cases']:,} cases, {len(found['failures']):,} not met"
    ]
    lines += [
        f"  {f['id']}: {f['filter']} expected {f['expected']}, found {f['found']}"
        + (" (not judged)" if f["unjudged"] else "")
        for f in found["failures"]
    ]
    emit(found, "\n".join(lines), as_json=as_json)
    return EXIT_OK if found["passed"] else EXIT_FAILED


def screen(
    file: Annotated[Path, typer.Argument(help="JSON lines of records with their source.")],
    output: Annotated[Path, typer.Option(help="Folder for what is kept, what is dropped, and the audit.")],
    registry: Annotated[
        list[str] | None, typer.Option(help="Registries that say which sources may grant the bypass.")
    ] = None,
    policy: Annotated[str, typer.Option(help="Policy preset or file, for its curriculum.")] = "default",
    safety: Annotated[str, typer.Option(help="Safety preset or file.")] = "default",
    as_json: JsonFlag = False,
) -> int:
    """Screen records by the safety filters; edge cases skip those of client turns, each use is audited."""
    sources = read_registries(tuple(registry or ()), Path())
    found = screen_file(file, output, sources, load_policy(policy).curriculum, safety)
    kept = f"{found['kept']:,} kept ({found['masked']:,} with masked turns)"
    lines = [f"{kept}, {found['dropped']:,} dropped, {found['quarantined']:,} no records: {output}"]
    lines += [f"  {reason}: {n:,}" for reason, n in found["reasons"].items()]
    lines.append(f"bypass used {found['bypass']['uses']:,} times, {found['tags_refused']:,} tags refused")
    lines += [f"  {name}: nothing to judge in {n:,} records" for name, n in found["unjudged"].items()]
    emit(found, "\n".join(lines), as_json=as_json)
    return EXIT_OK if found["kept"] or not found["rows_in"] else EXIT_INCOMPLETE
