"""Recipes: one YAML file that names sources, policy and settings, validated before any work.

Unknown keys, unknown families and missing paths are errors that name the key, the value and the
remedy. Relative paths start from the recipe's folder.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from pixelated.core.errors import UsageError
from pixelated.core.presets import load_preset, load_yaml, read_text
from pixelated.core.registry_file import (
    add_sources,
    load_families,
    parse,
    read_registries,
    read_registry,
    resolve_family,
)
from pixelated.core.source import Source
from pixelated.curate import Curriculum, History, Holdout, Policy, PolicyFile, read_history
from pixelated.curate.safety import SafetyPolicy, load_safety
from pixelated.dedup import KEEP_STRATEGIES
from pixelated.score import SCORERS

GATES = ("coverage", "leakage", "distribution", "pii", "provenance", "hash", "split", "stats")
RATIO_TOLERANCE = 1e-9
CORPORA_VARIABLE = "PIXELATED_CORPORA"


class Expect(BaseModel):
    """What this recipe is known to give: `pixelated build` says where the outcome differs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    exit: int = 0
    failed: tuple[str, ...] = ()  # the gates that refuse; all others pass


class PiiSettings(BaseModel):
    """How identifiers are searched for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    names: bool = Field(
        True, description="look for names of people, places and organisations, which takes longest"
    )


class Recipe(BaseModel):
    """A recipe as written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    title: str = ""
    corpora: str = Field(".", description="folder that the sources' paths start from")
    registry: tuple[str, ...] = Field(description="registry presets or files")
    sources: tuple[str, ...] = Field((), description="ids to build from; empty: all of the registries")
    policy: str = Field("default", description="policy preset or file")
    seed: int = 17
    pii: PiiSettings = PiiSettings()
    scorers: tuple[str, ...] = ("language_quality", "coherence", "completeness")
    keep_strategy: str = "priority_order"
    dedup_threshold: Annotated[float, Field(ge=0.5, le=1)] = 0.85  # of near copies and excerpts
    part_mb: Annotated[float, Field(gt=0)] = 32.0
    shard_mb: Annotated[float, Field(gt=0)] = 1000.0
    scope: str = Field("full", description="'full', or what is left out: then it is not releasable")
    limit: Annotated[int, Field(ge=1)] | None = Field(
        None, description="records of each source to admit at most: a reduced scope, so never releasable"
    )
    splits_from: str = Field(
        "",
        description="plan/splits.parquet of a run whose records keep their split (the run's own counts too)",
    )
    planted: tuple[str, ...] = Field((), description="files that list faults planted in the sources")
    expect: Expect | None = None

    @property
    def declared_scope(self) -> str:
        """Return 'full', or in words what this build leaves out."""
        limited = f"at most {self.limit} records of each source" if self.limit else ""
        return "; ".join(part for part in (self.scope, limited) if part and part != "full") or "full"


@dataclass(frozen=True)
class Loaded:
    """A recipe with everything it names read and checked."""

    recipe: Recipe
    path: Path | None
    corpora: Path
    sources: dict[str, Source]
    policy: Policy
    planted: list[dict[str, Any]] = field(default_factory=list)
    history: History | None = None  # of the splits; None: the one that the run folder holds, if any


def load_recipe(path: Path, corpora: Path | None = None) -> Loaded:
    """Read a recipe and all it names.

    Args:
        path: the YAML file.
        corpora: root of the sources; else `$PIXELATED_CORPORA` where the recipe's root lies outside
            its repository, else the recipe's.

    Raises:
        UsageError: a key, value, family or file is wrong; nothing was done.
    """
    if not path.is_file():
        raise UsageError(
            "recipe_missing", f"there is no recipe {path}", "see recipes/, or write one: pixelated init"
        )
    data = load_yaml(read_text(path), str(path))
    recipe = parse(Recipe, data, str(path))
    return resolve(recipe, path, corpora)


def resolve(recipe: Recipe, path: Path | None, corpora: Path | None = None) -> Loaded:
    """Load the registries, the policy and the planted lists that `recipe` names."""
    base = path.parent if path else Path()
    policy = load_policy(recipe.policy, base)
    sources = _sources(recipe, base, policy)
    _check_names(recipe)
    planted = [item for name in recipe.planted for item in _planted(base / name)]
    history = read_history(str(base / recipe.splits_from)) if recipe.splits_from else None
    return Loaded(recipe, path, _corpora(recipe, base, corpora), sources, policy, planted, history)


def load_policy(name: str, base: Path | None = None) -> Policy:
    """Load a policy preset or file, and the curriculum, families and licences it names."""
    file = parse(PolicyFile, load_preset("policy", name, base), f"policy {name}")
    curriculum = parse(
        Curriculum, load_preset("curriculum", file.curriculum, base), f"curriculum {file.curriculum}"
    )
    names, aliases = load_families(file.families, base)
    licenses = load_preset("licenses", file.licenses, base)["licenses"]
    holdouts: dict[str, Holdout] = {}
    for name_, holdout in file.holdouts.items():
        for family in resolve_family(name_, names, aliases, f"policy {name}: holdouts"):
            holdouts[family] = holdout
    if abs(sum(file.split_ratio.values()) - 1) > RATIO_TOLERANCE or set(file.split_ratio) != {
        "train",
        "val",
        "test",
    }:
        raise UsageError(
            "bad_split_ratio",
            f"policy {name}: split_ratio {file.split_ratio} does not sum to 1",
            "give train, val, test",
        )
    for stage in curriculum.stages:
        for family in stage.families:
            resolve_family(family, names, {}, f"curriculum {curriculum.name}, stage {stage.name}")
    return Policy(file, curriculum, names, licenses, holdouts, _safety(file, base))


def _safety(file: PolicyFile, base: Path | None) -> SafetyPolicy | None:
    """Return the filters that a policy names; None where it turns them off."""
    if file.safety is None:
        return None
    policy = load_safety(file.safety, base)
    for one in policy.filters.values():
        SCORERS.get(one.scorer)
        if one.after:
            SCORERS.get(one.after.scorer)
    return policy


def recipe_sources(path: Path) -> tuple[dict[str, Source], Path]:
    """Return the sources that a recipe names and the root they lie under, which need not be there yet."""
    if not path.is_file():
        raise UsageError("recipe_missing", f"there is no recipe {path}", "see recipes/")
    recipe = parse(Recipe, load_yaml(read_text(path), str(path)), str(path))
    found = read_registries(recipe.registry, path.parent)
    unknown = sorted(set(recipe.sources) - set(found))
    if unknown:
        raise UsageError("unknown_source", f"{path}: no registry entry for {unknown[0]}", "correct `sources`")
    chosen = {i: s for i, s in found.items() if not recipe.sources or i in recipe.sources}
    return chosen, path.parent / recipe.corpora


def recipe_schema() -> dict[str, Any]:
    """Return the JSON Schema of a recipe."""
    return Recipe.model_json_schema()


def _sources(recipe: Recipe, base: Path, policy: Policy) -> dict[str, Source]:
    found: dict[str, Source] = {}
    aliases = load_families(policy.file.families, base)[1]
    for name in recipe.registry:
        add_sources(found, read_registry(name, base, policy.families, aliases))
    wanted = recipe.sources or tuple(found)
    unknown = [s for s in wanted if s not in found]
    if unknown:
        raise UsageError(
            "unknown_source",
            f"recipe {recipe.name}: no registry entry for {', '.join(unknown)}",
            f"choose from: {', '.join(sorted(found))}",
        )
    return {s: found[s] for s in sorted(wanted)}


def _check_names(recipe: Recipe) -> None:
    for scorer in recipe.scorers:
        SCORERS.get(scorer)
    KEEP_STRATEGIES.get(recipe.keep_strategy)
    for gate in recipe.expect.failed if recipe.expect else ():
        if gate not in GATES:
            raise UsageError(
                "unknown_gate", f"expect.failed: no gate {gate!r}", f"choose from: {', '.join(GATES)}"
            )


def _corpora(recipe: Recipe, base: Path, given: Path | None) -> Path:
    if given is not None:
        root = given
    elif os.environ.get(CORPORA_VARIABLE) and recipe.corpora.startswith(".."):
        # the variable stands for data outside the repository; a recipe with its own data keeps it
        root = Path(os.environ[CORPORA_VARIABLE])
    else:
        root = base / recipe.corpora
    if not root.is_dir():
        raise UsageError(
            "corpora_missing", f"there is no folder {root}", f"give --corpora DIR or set {CORPORA_VARIABLE}"
        )
    return root.resolve()


def _planted(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        raise UsageError("planted_missing", f"there is no file {path}", "correct `planted` in the recipe")
    return list(load_yaml(read_text(path), str(path)).get("planted", []))
