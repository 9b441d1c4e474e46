"""What `pixelated score` takes and prints for a judge.

Exit codes with a judge: 2 where the estimate is above a cap (nothing was sent); 3 where a cap was reached on
the way, or the endpoint did not answer (what it answered is kept: the same command goes on).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from pixelated.core.errors import UsageError
from pixelated.core.presets import load_yaml, read_text
from pixelated.core.registry_file import parse
from pixelated.score.judge import JudgeSettings

UrlOption = Annotated[
    str | None,
    typer.Option("--judge", help="Base URL of an OpenAI-compatible endpoint that judges by rubrics too."),
]
ModelOption = Annotated[str | None, typer.Option("--judge-model", help="Name of its model.")]
KeyOption = Annotated[
    str | None, typer.Option("--judge-key-env", help="Environment variable that holds its API key.")
]
SettingsOption = Annotated[
    Path | None, typer.Option("--judge-settings", help="YAML of a judge's settings; flags go before it.")
]
CacheOption = Annotated[
    Path | None, typer.Option("--judge-cache", help="Folder of judgements that need not be made again.")
]
PriceInOption = Annotated[float | None, typer.Option("--price-in", help="Price of a million tokens sent.")]
PriceOutOption = Annotated[
    float | None, typer.Option("--price-out", help="Price of a million tokens received.")
]
CostOption = Annotated[
    float | None,
    typer.Option("--max-cost", help="The judge does not start above this, and stops there."),
]
TokensOption = Annotated[int | None, typer.Option("--max-tokens", help="The same in tokens.")]
DryOption = Annotated[bool, typer.Option("--dry-run", help="Print what the judge would take; send nothing.")]


def settings_of(file: Path | None, **flags: Any) -> JudgeSettings | None:
    """Return a judge's settings from a file and the flags that are given, or None where neither is."""
    given = {name: value for name, value in flags.items() if value is not None}
    if file is None and not given:
        return None
    merged = (load_yaml(read_text(file), str(file)) if file is not None else {}) | given
    missing = [flag for key, flag in (("url", "--judge"), ("model", "--judge-model")) if not merged.get(key)]
    if missing:
        raise UsageError("usage", f"a judge needs {' and '.join(missing)}", f"add {' and '.join(missing)}")
    settings: JudgeSettings = parse(JudgeSettings, merged, str(file or "the judge"))
    return settings


def judge_lines(told: dict[str, Any]) -> list[str]:
    """Return what a person reads of a judge's run."""
    lines, spent = estimate_lines(told), told["spent"]
    cost = "" if spent["cost"] is None else f", cost {spent['cost']:.4f}"
    taken = f"{spent['tokens_in']:,} + {spent['tokens_out']:,} tokens{cost}"
    lines.append(f"judge: {spent['answers']:,} answers, {taken}")
    lines += [f"  {why}: {n:,} judgements missing" for why, n in told["failed"].items()]
    lines += [
        f"  {pair}: Spearman {a['spearman']}, mean difference {a['mean_difference']} ({a['both']:,} rows)"
        for pair, a in told["agreement"].items()
    ]
    if told["failed"]:
        lines.append("next: the same command again: what was answered is kept and not asked again")
    return lines


def estimate_lines(told: dict[str, Any]) -> list[str]:
    """Return what a person reads of an estimate."""
    said = told["estimate"]
    cost = "price unknown" if said["cost"] is None else f"cost at most {said['cost']:.4f}"
    calls = f"{said['calls']:,} requests ({said['cached']:,} in the cache)"
    taken = f"about {said['tokens_in']:,} tokens out there and at most {said['tokens_out']:,} back"
    lines = [f"judge {told['model']} at {told['url']}: {calls}, {taken}, {cost}"]
    if told["without_rubric"]:
        lines.append(f"  without a rubric, so not judged: {', '.join(told['without_rubric'])}")
    return lines
