"""What a build would do: per source the files, the bytes, what is cached and what the policy does."""

from __future__ import annotations

from typing import Any

from pixelated.core.engines import executor_for
from pixelated.curate import plan_sources
from pixelated.recipe import Loaded
from pixelated.runner.build import read_tasks, refuse_starved
from pixelated.runner.context import Options, Run
from pixelated.runner.folder import RunFolder


def plan_recipe(loaded: Loaded, options: Options) -> dict[str, Any]:
    """Return the plan; nothing is read but file lists and hashes.

    Raises:
        UsageError: the policy leaves a stage without data.
        IncompleteError: see `read_tasks`.
    """
    refuse_starved(loaded)
    folder = RunFolder(options.runs / loaded.recipe.name)
    run = Run(loaded, folder, executor_for("local", 1), options)
    tasks = read_tasks(run, save=False)
    policies = {p.source: p for p in plan_sources(loaded.sources.values(), loaded.policy)}
    sources = []
    for source in loaded.sources.values():
        mine = [t for t in tasks if t.source.id == source.id]
        files = sorted({piece.file for t in mine for piece in t.unit.pieces})
        cached = sum(run.store.exists(f"{t.name}.json") for t in mine)
        plan = policies[source.id]
        sources.append(
            {
                "source": source.id,
                "files": len(files),
                "parts": len(mine),
                "cached": cached,
                "license": source.license,
                "families": list(source.families),
                "kind": plan.kind,
                "stage": plan.stage,
                "effect": plan.effect,
                "note": plan.note,
            }
        )
    known = {f for s in loaded.sources.values() for f in s.families if s.use == "train"}
    fed = {s["stage"] for s in sources if s["effect"] == "train"}
    return {
        "recipe": loaded.recipe.name,
        "policy": loaded.policy.file.name,
        "curriculum": loaded.policy.curriculum.name,
        "steps": [
            "standardise",
            "clean_encoding",
            "clean_pii",
            "score",
            "hash",
            "dedup",
            "curate",
            "compile",
            "verify",
        ],
        "scorers": list(loaded.recipe.scorers),
        "sources": sources,
        "missing_families": [f for f in loaded.policy.families if f not in known],
        "stages_without_source": [s.name for s in loaded.policy.curriculum.stages if s.name not in fed],
        "run": str(folder.root),
    }


def plan_text(plan: dict[str, Any], recipe: str) -> str:
    """Return the plan as lines for a terminal."""
    lines = [f"recipe {plan['recipe']}, policy {plan['policy']}, curriculum {plan['curriculum']}", ""]
    width = max(len(s["source"]) for s in plan["sources"])
    for s in plan["sources"]:
        state = f"{s['cached']}/{s['parts']} parts cached"
        where = f"{s['effect']} -> {s['stage']}" if s["effect"] == "train" else s["effect"]
        lines.append(
            f"{s['source']:<{width}}  {s['files']:>3} files  {state:<18}  {s['license']:<18} {where}"
        )
        if s["note"]:
            lines.append(f"{'':<{width}}    {s['note']}")
    lines.append("")
    if plan["missing_families"]:
        lines.append(f"families without a source (coverage will fail): {', '.join(plan['missing_families'])}")
    if plan["stages_without_source"]:
        lines.append(f"stages without a source: {', '.join(plan['stages_without_source'])}")
    lines.append(f"next: pixelated build {recipe}")
    return "\n".join(lines)
