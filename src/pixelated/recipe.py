"""Recipes: one YAML file that names sources, policy and settings, validated before any work.

Unknown keys, unknown families and missing paths are errors that name the key, the value and the
remedy. Relative paths start from the recipe's folder.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from pixelated.core.errors import UsageError
from pixelated.core.presets import load_preset, load_yaml, read_text
from pixelated.core.source import Source
from pixelated.curate import Curriculum, Holdout, Policy, PolicyFile
from pixelated.dedup import KEEP_STRATEGIES
from pixelated.score import SCORERS

GATES = ("coverage", "leakage", "distribution", "pii", "provenance", "hash", "split", "stats")
RATIO_TOLERANCE = 1e-9
MAX_TIER = 6
SOURCE_ID = re.compile(r"[a-z0-9][a-z0-9_-]*")
LICENSE = re.compile(r"\(?[A-Za-z0-9.+:-]+\)?( (AND|OR|WITH) \(?[A-Za-z0-9.+:-]+\)?)*")
CORPORA_VARIABLE = "PIXELATED_CORPORA"
Aliases = dict[str, tuple[str, ...]]  # a name that is no family -> the families it stands for


class Expect(BaseModel):
    """What this recipe is known to give: `pixelated build` says where the outcome differs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    exit: int = 0
    failed: tuple[str, ...] = ()  # the gates that refuse; all others pass


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
    scorers: tuple[str, ...] = ("language_quality", "coherence", "completeness")
    keep_strategy: str = "priority_order"
    part_mb: Annotated[float, Field(gt=0)] = 32.0
    shard_mb: Annotated[float, Field(gt=0)] = 1000.0
    scope: str = Field("full", description="'full', or what is left out: then it is not releasable")
    limit: Annotated[int, Field(ge=1)] | None = Field(
        None, description="records of each source to admit at most: a reduced scope, so never releasable"
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
    return Loaded(recipe, path, _corpora(recipe, base, corpora), sources, policy, planted)


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
        for family in _resolve_family(name_, names, aliases, f"policy {name}: holdouts"):
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
            _resolve_family(family, names, {}, f"curriculum {curriculum.name}, stage {stage.name}")
    return Policy(file, curriculum, names, licenses, holdouts)


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)  # building one takes longer than reading a registry entry with it


def parse(shape: Any, data: Any, where: str) -> Any:
    """Validate `data` against a pydantic model or dataclass; an error names key, value and remedy."""
    try:
        return _adapter(shape).validate_python(data)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(p) for p in first["loc"])
        if first["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
            message, remedy = (
                f"{where}: unknown key {key!r}",
                f"remove it, or correct it: {_known_keys(shape, first['loc'])}",
            )
        else:
            message = f"{where}: {key or 'value'} = {str(first.get('input'))[:80]!r}: {first['msg']}"
            remedy = f"correct {key or 'the file'}"
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise UsageError("bad_recipe", message + more, remedy) from None


def recipe_schema() -> dict[str, Any]:
    """Return the JSON Schema of a recipe."""
    return Recipe.model_json_schema()


def registry_schema() -> dict[str, Any]:
    """Return the JSON Schema of a registry file."""
    entry = TypeAdapter(Source).json_schema(ref_template="#/$defs/{model}")
    definitions = entry.pop("$defs", {})
    entry["required"] = []
    entry["properties"].pop("id")
    definitions["Entry"] = entry
    reference = {"$ref": "#/$defs/Entry"}
    names = {"type": "array", "items": {"type": "string"}}
    return {
        "title": "Registry",
        "type": "object",
        "properties": {
            "parts": names | {"description": "registry presets or files that this one stands for"},
            "defaults": reference | {"description": "what every source of this file has unless it says else"},
            "sources": {"type": "object", "additionalProperties": reference},
        },
        "anyOf": [{"required": ["sources"]}, {"required": ["parts"]}],
        "additionalProperties": False,
        "$defs": definitions,
    }


def load_families(name: str, base: Path | None = None) -> tuple[tuple[str, ...], Aliases]:
    """Return the names of a families preset or file, and its aliases; an alias of no family is an error."""
    data = load_preset("families", name, base)
    names, aliases = tuple(data["families"]), {a: tuple(f) for a, f in data.get("aliases", {}).items()}
    for alias, targets in aliases.items():
        for target in targets:
            _resolve_family(target, names, {}, f"families {name}: alias {alias}")
    return names, aliases


def read_registry(
    name: str, base: Path, families: tuple[str, ...], aliases: Aliases | None = None
) -> dict[str, Source]:
    """Return the sources of one registry preset or file, and of the parts it names.

    A file holds `sources`, `defaults` (merged under each of its sources) and `parts` (other registries).
    A family may be given by an alias that the families preset declares; any other name is an error.
    """
    return sources_in(load_preset("registry", name, base), name, base, families, aliases)


def sources_in(
    data: dict[str, Any], name: str, base: Path, families: tuple[str, ...], aliases: Aliases | None = None
) -> dict[str, Source]:
    """Return the checked sources of a registry that is at hand as plain data."""
    return _sources_in(
        data, name, base, (families, load_families("default")[1] if aliases is None else aliases), ()
    )


def _sources_in(
    data: dict[str, Any],
    name: str,
    base: Path,
    known: tuple[tuple[str, ...], Aliases],
    above: tuple[str, ...],
) -> dict[str, Source]:
    where = f"registry {name}"
    listed, parts, defaults = data.get("sources", {}), data.get("parts", []), data.get("defaults", {})
    fine = isinstance(listed, dict) and isinstance(parts, list) and isinstance(defaults, dict)
    if not fine or not (data.keys() & {"sources", "parts"}) or data.keys() - {"sources", "parts", "defaults"}:
        message = f"{where}: the keys 'sources', 'parts' and 'defaults' are expected"
        raise UsageError("bad_registry", message, "see docs/adding-a-source.md")
    out: dict[str, Source] = {}
    for part in map(str, parts):
        if part in (*above, name):
            raise UsageError("bad_registry", f"{where}: {part} is a part of itself", "remove it from `parts`")
        more = load_preset("registry", part, base)
        add_sources(out, _sources_in(more, part, base, known, (*above, name)))
    found = {i: _source(i, _merged(defaults, e or {}), f"{where}: {i}", known) for i, e in listed.items()}
    return add_sources(out, found)


def _source(source_id: str, entry: Any, where: str, known: tuple[tuple[str, ...], Aliases]) -> Source:
    source: Source = parse(Source, {"id": source_id, **_as_lists(entry)}, where)
    _check_source(source, where)
    resolved = (f for family in source.families for f in _resolve_family(family, *known, where))
    return replace(source, families=tuple(dict.fromkeys(resolved)), uri=source.uri or source.acquire.location)


def _merged(defaults: Any, entry: Any) -> Any:
    """Return `entry` over `defaults`: objects are merged, anything else replaces."""
    if not isinstance(defaults, dict) or not isinstance(entry, dict):
        return entry
    return defaults | {k: _merged(defaults.get(k), v) for k, v in entry.items()}


def add_sources(found: dict[str, Source], more: dict[str, Source]) -> dict[str, Source]:
    """Add sources to `found` and return it; an id that stands twice is an error."""
    for source_id, source in more.items():
        if source_id in found:
            raise UsageError(
                "duplicate_source", f"source {source_id!r} stands in two registries", "rename one of them"
            )
        found[source_id] = source
    return found


def _as_lists(entry: dict[str, Any]) -> dict[str, Any]:
    """Take one field name where a list of them is meant: `prompt: question` for `prompt: [question]`."""
    mapping = entry.get("mapping")
    if not isinstance(mapping, dict) or not isinstance(fields := mapping.get("fields"), dict):
        return entry
    lists = {
        k: [v]
        for k, v in fields.items()
        if k in ("system", "prompt", "response", "text") and isinstance(v, str)
    }
    return entry | {"mapping": {**mapping, "fields": fields | lists}}


def _check_source(source: Source, where: str) -> None:
    """Refuse what would only show at the end of a build: names, paths, dates and licences that are none."""
    checks = (
        ("id", source.id, SOURCE_ID.fullmatch(source.id), "use lower-case letters, digits, - and _"),
        ("path", source.path, _stays_inside(source.path), "give a path under the recipe's corpora folder"),
        ("retrieved_at", source.retrieved_at, _is_date(source.retrieved_at), "write it as 2026-01-31"),
        (
            "license",
            source.license,
            LICENSE.fullmatch(source.license),
            "give an SPDX expression or NOASSERTION",
        ),
        ("tier", source.tier, 1 <= source.tier <= MAX_TIER, f"give a tier from 1 to {MAX_TIER}"),
    )
    for key, value, fine, remedy in checks:
        if not fine:
            raise UsageError("bad_registry", f"{where}: {key} = {value!r} cannot be used", remedy)


def _stays_inside(path: str) -> bool:
    return not Path(path).is_absolute() and ".." not in Path(path).parts


def _is_date(text: str) -> bool:
    try:
        return not text or bool(datetime.fromisoformat(text))
    except ValueError:
        return False


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


def _resolve_family(name: str, known: tuple[str, ...], aliases: Aliases, where: str) -> tuple[str, ...]:
    if name in known:
        return (name,)
    if name in aliases:
        return aliases[name]
    raise UsageError(
        "unknown_family", f"{where}: unknown family {name!r}", f"choose from: {', '.join(known)}"
    )


def _known_keys(shape: Any, location: tuple[int | str, ...]) -> str:
    schema = TypeAdapter(shape).json_schema()
    here: dict[str, Any] = schema
    for part in location[:-1]:
        here = _follow(here, schema)
        here = (
            here.get("properties", {}).get(part)
            or here.get("items")
            or here.get("additionalProperties")
            or {}
        )
    return "known keys are " + ", ".join(sorted(_follow(here, schema).get("properties", {})))


def _follow(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    for option in (node, *node.get("anyOf", [])):
        if "$ref" in option:
            return dict(schema["$defs"][option["$ref"].rsplit("/", 1)[1]])
    return node
