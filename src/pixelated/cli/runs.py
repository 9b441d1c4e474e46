"""Commands on recipes and runs: init, plan, build, explain, diff, status, report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from pixelated.cli.output import EngineOption, JsonFlag, QuietFlag, WorkersOption, emit, pretty
from pixelated.core.errors import UsageError
from pixelated.recipe import Loaded, load_recipe
from pixelated.report import render_report, summary_text
from pixelated.runner import Options, default_runs
from pixelated.runner import build as run_build
from pixelated.runner.init import write_starter
from pixelated.runner.inspect import (
    diff as diff_runs,
)
from pixelated.runner.inspect import (
    explain as explain_record,
)
from pixelated.runner.inspect import (
    explain_anywhere,
    find_run,
)
from pixelated.runner.inspect import (
    status as run_status,
)
from pixelated.runner.plan import plan_recipe, plan_text

RecipeArgument = Annotated[Path, typer.Argument(help="Recipe file (YAML).")]
CorporaOption = Annotated[
    Path | None, typer.Option("--corpora", help="Folder that the sources' paths start from.")
]
RunsOption = Annotated[Path | None, typer.Option("--runs", help="Folder of run folders (default: runs/).")]
PermissionsOption = Annotated[
    Path | None,
    typer.Option("--permissions", help="Folder of consents, for sources that rest on them."),
]
RunOption = Annotated[str | None, typer.Option("--run", help="Name or folder of a run.")]


def init(
    folder: Annotated[Path, typer.Argument(help="Folder to write into.")] = Path(),
    as_json: JsonFlag = False,
) -> None:
    """Write a starter recipe and registry that run as they are (the gates will refuse so little data)."""
    written = write_starter(folder)
    lines = [f"wrote {name}" for name in written]
    follow = f"put your files into {folder / 'raw/my_source'}, edit registry.yaml, then"
    text = "\n".join([*lines, f"next: {follow}: pixelated plan {folder / 'recipe.yaml'}"])
    emit({"written": [str(w) for w in written]}, text, as_json=as_json)


def plan(
    recipe: RecipeArgument,
    corpora: CorporaOption = None,
    runs: RunsOption = None,
    permissions: PermissionsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Show what would run, what is cached, and what the policy will do to each source."""
    options = Options(runs=runs or default_runs(), permissions=permissions)
    planned = plan_recipe(load_recipe(recipe, corpora), options)
    given = (("--corpora", corpora), ("--runs", runs), ("--permissions", permissions))
    flags = "".join(f" {flag} {value}" for flag, value in given if value)
    emit(planned, plan_text(planned, f"{recipe}{flags}"), as_json=as_json)


def build(
    recipe: RecipeArgument,
    corpora: CorporaOption = None,
    output: Annotated[Path | None, typer.Option(help="Where the dataset goes (default: in the run).")] = None,
    runs: RunsOption = None,
    engine: EngineOption = "local",
    workers: WorkersOption = None,
    store: Annotated[
        str, typer.Option(help="Where parts go: s3://bucket/prefix, or a folder (default: in the run).")
    ] = "",
    part_mb: Annotated[float | None, typer.Option(min=0.000001, help="Input per part, in MB.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Admit at most so many records of each source (not releasable).")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Instead of the recipe's seed.")] = None,
    keep_steps: Annotated[
        bool, typer.Option("--keep-steps", help="Keep the records after every step.")
    ] = False,
    permissions: PermissionsOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and do nothing.")] = False,
    quiet: QuietFlag = False,
    as_json: JsonFlag = False,
) -> int:
    """Build a dataset from raw files and prove it by the eight gates. Exits 1 where a gate refuses."""
    loaded = _with(load_recipe(recipe, corpora), limit=limit, seed=seed)
    options = Options(
        runs=runs or default_runs(), output=output, quiet=quiet or as_json, keep_steps=keep_steps
    )
    options.part_mb, options.permissions = part_mb, permissions
    options.engine, options.workers, options.store = engine, workers or 0, store
    if dry_run:
        planned = plan_recipe(loaded, options)
        emit(planned, plan_text(planned, str(recipe)), as_json=as_json)
        return 0
    result = run_build(loaded, options)
    data = result.data | {"dataset": str(result.dataset), "report": str(result.dataset / "report.html")}
    data["next"] = f"pixelated verify {result.dataset}"
    text = summary_text(data) + _expectation(loaded.recipe.expect, result.gates)
    emit(result.as_json(), text, as_json=as_json)
    return result.exit_code


def _with(loaded: Loaded, **changes: int | None) -> Loaded:
    """Return the recipe with the flags that were given in place of its own values."""
    given = {name: value for name, value in changes.items() if value is not None}
    return replace(loaded, recipe=loaded.recipe.model_copy(update=given))


def _expectation(expect: Any, gates: dict[str, dict[str, Any]]) -> str:
    """Say whether the verdicts are those that the recipe states."""
    if expect is None:
        return ""
    failed = sorted(name for name, verdict in gates.items() if not verdict["passed"])
    if failed == sorted(expect.failed):
        return "\nas the recipe states: " + (f"{', '.join(failed)} refuse" if failed else "all gates pass")
    stated, found = (", ".join(names) or "none" for names in (sorted(expect.failed), failed))
    return f"\nUNLIKE the recipe: it states that {stated} refuse; here {found} refuse"


def explain(
    record: Annotated[str, typer.Argument(metavar="ID", help="A record's id, or the beginning of one.")],
    run: RunOption = None,
    runs: RunsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Tell one record's whole story: where it came from, what each step did, where it is and why."""
    root = runs or default_runs()
    story = explain_record(find_run(root, run), record) if run else explain_anywhere(root, record)
    emit(story, pretty(story), as_json=as_json)


def diff(
    before: Annotated[str, typer.Argument(help="Name or folder of a run.")],
    after: Annotated[str, typer.Argument(help="Name or folder of another run.")],
    runs: RunsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Compare two runs by counts, reasons, gates and records."""
    root = runs or default_runs()
    found = diff_runs(find_run(root, before), find_run(root, after))
    emit(found, pretty(found), as_json=as_json)


def status(runs: RunsOption = None, as_json: JsonFlag = False) -> None:
    """List the run folders: finished or not, rows, failed gates, size, where the dataset is."""
    lines = run_status(runs or default_runs())
    text = "\n".join(_status_line(line) for line in lines) or "no runs yet; next: pixelated build RECIPE"
    emit({"runs": lines}, text, as_json=as_json)


def _status_line(line: dict[str, Any]) -> str:
    size = f"{line['bytes'] / 1e6:,.1f} MB"
    if not line["finished"]:
        return f"{line['run']}: unfinished, {line['parts']} parts there, {size}; build it again to go on"
    failed = ", ".join(line["failed_gates"])
    state = "all gates passed" if line["passed"] else f"failed: {failed}"
    return f"{line['run']}: {line['totals']['kept']:,} records, {state}, {size}, dataset {line['dataset']}"


def report(
    run: Annotated[
        str | None, typer.Argument(help="Name or folder of a run (default: the only one).")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Write the page here.")] = None,
    run_option: RunOption = None,
    runs: RunsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Write the run's self-contained report page and print its summary."""
    folder = find_run(runs or default_runs(), run or run_option)
    if not folder.exists("dataset.json"):
        raise UsageError(
            "run_missing", f"{folder.root} has no finished dataset", "build it: pixelated build RECIPE"
        )
    data = folder.read_json("dataset.json")["data"]
    target = output or folder.root / "report.html"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(render_report(data), encoding="utf-8")
    shown = data | {"dataset": folder.summary()["dataset"], "report": str(target)}
    emit({"report": str(target), "release": data["release"]}, summary_text(shown), as_json=as_json)
