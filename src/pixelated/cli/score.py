"""Commands of scoring: score a file, fit a head, measure agreement, list the scorers."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from pixelated.clean import redact_record
from pixelated.cli.judge import (
    CacheOption,
    CostOption,
    DryOption,
    KeyOption,
    ModelOption,
    PriceInOption,
    PriceOutOption,
    SettingsOption,
    TokensOption,
    UrlOption,
    estimate_lines,
    judge_lines,
    settings_of,
)
from pixelated.cli.output import JsonFlag, QuietFlag, emit
from pixelated.core.errors import EXIT_FAILED, EXIT_INCOMPLETE, EXIT_OK, UsageError
from pixelated.runner.validate import validate_to
from pixelated.score import SCORERS, fit_file, score_file
from pixelated.score.judge import JudgeSettings, judge_estimate, judge_file
from pixelated.score.judge.cache import default_cache
from pixelated.score.protocol import USE

VOICE = "voice_consistency"


def score(
    file: Annotated[Path, typer.Argument(help='JSON lines of {"id", "messages"}.')],
    scorers: Annotated[str, typer.Option(help="Names, separated by commas; or all.")],
    output: Annotated[Path | None, typer.Option(help="Where the scores go, one line per record.")] = None,
    heads: Annotated[
        list[Path] | None, typer.Option(help="A file of `score fit`; may stand several times.")
    ] = None,
    profile: Annotated[
        Path | None, typer.Option(help="A file of `score profile`, for voice_consistency.")
    ] = None,
    url: UrlOption = None,
    model: ModelOption = None,
    key_env: KeyOption = None,
    judge_settings: SettingsOption = None,
    judge_cache: CacheOption = None,
    price_in: PriceInOption = None,
    price_out: PriceOutOption = None,
    max_cost: CostOption = None,
    max_tokens: TokensOption = None,
    dry_run: DryOption = False,
    as_json: JsonFlag = False,
) -> int:
    """Score records. For data curation; not for triage, diagnosis or monitoring of clients."""
    if not file.is_file():
        raise UsageError("input_missing", f"there is no file {file}", "correct the path")
    settings = settings_of(
        judge_settings, url=url, model=model, key_env=key_env, price_in=price_in, price_out=price_out,
        max_cost=max_cost, max_tokens=max_tokens,
    )  # fmt: skip
    cache = judge_cache or default_cache()
    if dry_run:
        return _dry(file, _named(scorers), settings, cache, as_json=as_json)
    if output is None:
        raise UsageError("usage", "there is no --output", "add --output FILE")
    if output.resolve() == file.resolve():
        raise UsageError("usage", f"--output {output} is the input", "write to another file")
    start = time.monotonic()
    if settings is None:
        found = score_file(file, _with_settings(_named(scorers), heads or [], profile), output)
    else:
        names, served = _named(scorers), partial(_with_settings, heads=heads or [], profile=profile)

        found = judge_file(file, names, output, settings, cache=cache, redact=redact_record, served=served)
    found |= {"seconds": time.monotonic() - start, "output": str(output)}
    lines = [f"{found['kept']:,} records scored: {output}", f"  {USE}"]
    lines += [f"  {reason}: {n:,} lines left out" for reason, n in sorted(found["reasons"].items())]
    if found["experimental"]:
        lines.append(f"  experimental, agreement not measured: {', '.join(found['experimental'])}")
    if not found["kept"]:
        lines.append(f"next: pixelated standardise {file} --output DIR, then score DIR/records.jsonl")
    judged = found.get("judge")
    lines += judge_lines(judged) if judged else []
    emit(found, "\n".join(lines), as_json=as_json)
    left = (found["rows_in"] and not found["kept"]) or (judged and judged["failed"])
    return EXIT_INCOMPLETE if left else EXIT_OK


def _dry(file: Path, names: list[str], settings: JudgeSettings | None, cache: Path, *, as_json: bool) -> int:
    if settings is None:
        raise UsageError("usage", "--dry-run estimates what a judge takes", "add --judge URL")
    told = judge_estimate(file, names, settings, cache, redact_record)
    emit({"judge": told}, "\n".join(estimate_lines(told)), as_json=as_json)
    return EXIT_OK


def fit(
    scorer: Annotated[str, typer.Argument(help="A scorer, or one of its parts: empathy/exploration.")],
    data: Annotated[Path, typer.Option(help='JSON lines: "id", "messages", "label", "group", "turn".')],
    output: Annotated[Path, typer.Option(help="Where the heads go (JSON).")],
    licence: Annotated[str, typer.Option(help="Licence of the data (SPDX); the heads carry it.")],
    backend: Annotated[str, typer.Option(help="fast, or embed (sentence embeddings too).")] = "fast",
    seed: Annotated[int, typer.Option(help="Of the folds.")] = 0,
    as_json: JsonFlag = False,
) -> None:
    """Fit and calibrate a scorer on your own labelled turns; prints its cross-validated figures."""
    if backend not in ("fast", "embed"):
        raise UsageError("usage", f"there is no back end {backend!r} to fit", "choose fast or embed")
    found = fit_file(scorer, data, output, licence=licence, backend=backend, seed=seed)
    lines = [
        f"{name}: macro-F1 {f['macro_f1']:.3f} (95 %: {' to '.join(map(str, f['macro_f1_95']))}), {f['how']}"
        for name, f in found["figures"].items()
    ]
    named = scorer.split("/")[0]
    lines.append(f"next: pixelated score FILE --scorers {named} --heads {output} --output OUT.jsonl")
    emit(found, "\n".join(lines), as_json=as_json)


def validate(
    corpora: Annotated[
        Path, typer.Option(envvar="PIXELATED_CORPORA", help="Folder of the labelled corpora.")
    ] = Path("../shared/corpora"),
    output: Annotated[Path | None, typer.Option(help="Page of cards to write (Markdown).")] = None,
    tasks: Annotated[
        str, typer.Option(help="Names, separated by commas, `redaction` too; default all.")
    ] = "",
    embed: Annotated[
        bool | None,
        typer.Option("--embed/--no-embed", help="Measure the back end embed (default: if there)."),
    ] = None,
    tagger: Annotated[
        Path | None, typer.Option(help="Folder of a tagger of names refitted on another split.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of folds and resampling.")] = 0,
    quiet: QuietFlag = False,
    as_json: JsonFlag = False,
) -> int:
    """Measure how far every scorer agrees with people, beside trivial baselines on the same folds."""
    if not corpora.is_dir():
        raise UsageError("input_missing", f"there is no folder {corpora}", "give --corpora DIR")
    names = [n.strip() for n in tasks.split(",") if n.strip()]
    told = (lambda _: None) if quiet or as_json else (lambda name: typer.echo(f"{name} ...", err=True))
    found, text = validate_to(
        corpora, names or None, output, seed=seed, embed=embed, told=told, tagger=tagger
    )
    emit(found, text, as_json=as_json)
    return EXIT_FAILED if found["missed"] else EXIT_INCOMPLETE if found["absent"] else EXIT_OK


def list_(as_json: JsonFlag = False) -> None:
    """List the scorers: what each measures, its scale, and whether agreement with people was measured."""
    made = [SCORERS.get(name)() for name in SCORERS.names()]
    found: dict[str, Any] = {
        "use": USE,
        "scorers": [
            {
                "name": one.name,
                "version": one.version,
                "experimental": one.experimental,
                "measures": one.measures,
                "scale": one.scale,
                "basis": one.basis,
                "limits": one.limits,
            }
            for one in made
        ],
    }
    lines = [f"{one.name}{' (experimental)' if one.experimental else ''}: {one.measures}" for one in made]
    emit(found, "\n".join([*lines, USE]), as_json=as_json)


def _named(scorers: str) -> list[str]:
    names = [n.strip() for n in scorers.split(",") if n.strip()]
    if names == ["all"]:
        return SCORERS.names()
    if not names:
        raise UsageError("usage", "--scorers names no scorer", f"choose from: {', '.join(SCORERS.names())}")
    return list(dict.fromkeys(names))


def _with_settings(
    names: list[str], heads: list[Path], profile: Path | None = None
) -> list[str | dict[str, Any]]:
    made = _with_heads(names, heads)
    if profile is None:
        return made
    if VOICE not in names:
        raise UsageError("usage", f"--profile serves {VOICE}, which --scorers does not name", "name it")
    return [{"name": VOICE, "profile": str(profile)} if entry == VOICE else entry for entry in made]


def _with_heads(names: list[str], heads: list[Path]) -> list[str | dict[str, Any]]:
    """Give the heads to the scorers that they serve; a file that serves none of them is an error."""
    if not heads:
        return list(names)
    from pixelated.score.heads.store import read_heads  # noqa: PLC0415 -- only where there are heads

    served: dict[str, list[Path]] = {}
    for path in heads:
        for target in read_heads(path):
            served.setdefault(target.split("/")[0], []).append(path)
    if not set(served) & set(names):
        raise UsageError(
            "wrong_head",
            f"the heads serve {', '.join(sorted(served))}, which --scorers does not name",
            "name it",
        )
    return [{"name": n, "heads": sorted(set(served[n]))} if n in served else n for n in names]
