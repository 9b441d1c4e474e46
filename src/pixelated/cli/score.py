"""`pixelated score FILE`: scores of records by the scorers here, and by a judge where one is named.

Exit codes with a judge: 2 where the estimate is above a cap (nothing was sent); 3 where a cap was reached on
the way, or the endpoint did not answer (what it answered is kept: the same command goes on).
"""

from __future__ import annotations

import time
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import typer

from pixelated.clean import redact_record
from pixelated.cli.output import JsonFlag, emit
from pixelated.core.errors import EXIT_INCOMPLETE, EXIT_OK, UsageError
from pixelated.core.presets import load_yaml, read_text
from pixelated.core.registry_file import parse
from pixelated.score import SCORERS, score_file
from pixelated.score.judge import JudgeSettings, judge_estimate, judge_file
from pixelated.score.judge.cache import default_cache


def score(
    file: Annotated[Path, typer.Argument(help='JSON lines of {"id", "messages"}.')],
    scorers: Annotated[str, typer.Option(help="Names, separated by commas.")],
    output: Annotated[Path | None, typer.Option(help="Where the scores go, one line per record.")] = None,
    judge: Annotated[
        str | None,
        typer.Option(help="Base URL of an OpenAI-compatible endpoint that judges too."),
    ] = None,
    judge_model: Annotated[str | None, typer.Option(help="Name of its model.")] = None,
    judge_key_env: Annotated[
        str | None, typer.Option(help="Environment variable that holds its API key.")
    ] = None,
    judge_settings: Annotated[
        Path | None, typer.Option(help="YAML of a judge's settings; flags go before it.")
    ] = None,
    judge_cache: Annotated[
        Path | None, typer.Option(help="Folder of judgements that need not be made again.")
    ] = None,
    price_in: Annotated[float | None, typer.Option(help="Price of a million tokens sent.")] = None,
    price_out: Annotated[float | None, typer.Option(help="Price of a million tokens received.")] = None,
    max_cost: Annotated[
        float | None, typer.Option(help="Do not start above this estimate; stop there.")
    ] = None,
    max_tokens: Annotated[int | None, typer.Option(help="The same in tokens.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what the judge would take; send nothing.")
    ] = False,
    as_json: JsonFlag = False,
) -> int:
    """Score records. For data curation; not for triage, diagnosis or monitoring of clients."""
    names = _names(file, scorers)
    given = {
        "url": judge, "model": judge_model, "key_env": judge_key_env, "price_in": price_in,
        "price_out": price_out, "max_cost": max_cost, "max_tokens": max_tokens,
    }  # fmt: skip
    settings = _settings(judge_settings, {k: v for k, v in given.items() if v is not None})
    cache = judge_cache or default_cache()
    if dry_run:
        if settings is None:
            raise UsageError("usage", "--dry-run estimates what a judge takes", "add --judge URL")
        told = judge_estimate(file, names, settings, cache, redact_record)
        emit({"judge": told}, "\n".join(_estimate(told)), as_json=as_json)
        return EXIT_OK
    if output is None:
        raise UsageError("usage", "there is no --output", "add --output FILE")
    if output.resolve() == file.resolve():
        raise UsageError("usage", f"--output {output} is the input", "write to another file")
    start = time.monotonic()
    if settings is None:
        found = score_file(file, names, output)
    else:
        found = judge_file(file, names, output, settings, cache=cache, redact=redact_record)
    found |= {"seconds": time.monotonic() - start, "output": str(output)}
    emit(found, "\n".join(_lines(found, file)), as_json=as_json)
    left = bool(found.get("judge", {}).get("failed"))
    return EXIT_INCOMPLETE if left or (found["rows_in"] and not found["kept"]) else EXIT_OK


def _names(file: Path, scorers: str) -> list[str]:
    if not file.is_file():
        raise UsageError("input_missing", f"there is no file {file}", "correct the path")
    names = list(dict.fromkeys(n.strip() for n in scorers.split(",") if n.strip()))
    if not names:
        raise UsageError("usage", "--scorers names no scorer", f"choose from: {', '.join(SCORERS.names())}")
    return names


def _settings(file: Path | None, given: dict[str, Any]) -> JudgeSettings | None:
    if file is None and not given:
        return None
    written = load_yaml(read_text(file), str(file)) if file is not None else {}
    merged = written | given
    missing = [flag for key, flag in (("url", "--judge"), ("model", "--judge-model")) if not merged.get(key)]
    if missing:
        raise UsageError("usage", f"a judge needs {' and '.join(missing)}", f"add {' and '.join(missing)}")
    known = {field.name for field in fields(JudgeSettings)}
    settings: JudgeSettings = parse(JudgeSettings, merged, str(file) if set(written) - known else "the judge")
    return settings


def _lines(found: dict[str, Any], file: Path) -> list[str]:
    lines = [f"{found['kept']:,} records scored: {found['output']}"]
    lines += [f"  {reason}: {n:,} lines left out" for reason, n in sorted(found["reasons"].items())]
    if not found["kept"]:
        lines.append(f"next: pixelated standardise {file} --output DIR, then score DIR/records.jsonl")
    if told := found.get("judge"):
        lines += _estimate(told)
        spent = told["spent"]
        cost = "" if spent["cost"] is None else f", cost {spent['cost']:.4f}"
        lines.append(
            f"judge: {spent['answers']:,} answers, {spent['tokens_in']:,} + {spent['tokens_out']:,}{cost}"
        )
        lines += [f"  {why}: {n:,} judgements missing" for why, n in told["failed"].items()]
        lines += [
            f"  {pair}: Spearman {a['spearman']}, mean difference {a['mean_difference']} ({a['both']:,} rows)"
            for pair, a in told["agreement"].items()
        ]
        if told["failed"]:
            lines.append("next: the same command again: what was answered is kept and not asked again")
    return lines


def _estimate(told: dict[str, Any]) -> list[str]:
    said = told["estimate"]
    cost = "price unknown" if said["cost"] is None else f"cost at most {said['cost']:.4f}"
    calls = f"{said['calls']:,} requests ({said['cached']:,} in the cache)"
    taken = f"about {said['tokens_in']:,} tokens out there and at most {said['tokens_out']:,} back"
    lines = [f"judge {told['model']} at {told['url']}: {calls}, {taken}, {cost}"]
    if told["without_rubric"]:
        lines.append(f"  without a rubric, so not judged: {', '.join(told['without_rubric'])}")
    return lines
