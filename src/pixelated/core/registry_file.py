"""Registry files: sources as people write them, validated before any work.

Unknown keys and unknown families are errors that name the key, the value and the remedy. A file holds
`sources`, `defaults` that are merged under each of them, and `parts`: other files of the same form.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pixelated.core.addresses import without_secrets
from pixelated.core.errors import UsageError
from pixelated.core.presets import load_preset
from pixelated.core.source import Source

MAX_TIER = 6
OWN_FOLDERS = (".acquired", ".staging", ".archives")  # receipts, parts and kept archives, under the root
SOURCE_ID = re.compile(r"[a-z0-9][a-z0-9_-]*")
LICENSE = re.compile(r"\(?[A-Za-z0-9.+:-]+\)?( (AND|OR|WITH) \(?[A-Za-z0-9.+:-]+\)?)*")
Aliases = dict[str, tuple[str, ...]]  # a name that is no family -> the families it stands for


def read_registries(names: tuple[str, ...], base: Path | None = None) -> dict[str, Source]:
    """Return the sources of registry presets or files by id; one id in two of them is an error."""
    families, aliases = load_families("default")
    found: dict[str, Source] = {}
    for name in names:
        add_sources(found, read_registry(name, base or Path(), families, aliases))
    return found


def load_families(name: str, base: Path | None = None) -> tuple[tuple[str, ...], Aliases]:
    """Return the names of a families preset or file, and its aliases; an alias of no family is an error."""
    data = load_preset("families", name, base)
    names, aliases = tuple(data["families"]), {a: tuple(f) for a, f in data.get("aliases", {}).items()}
    for alias, targets in aliases.items():
        for target in targets:
            resolve_family(target, names, {}, f"families {name}: alias {alias}")
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


def add_sources(found: dict[str, Source], more: dict[str, Source]) -> dict[str, Source]:
    """Add sources to `found` and return it; an id that stands twice is an error."""
    for source_id, source in more.items():
        if source_id in found:
            raise UsageError(
                "duplicate_source", f"source {source_id!r} stands in two registries", "rename one of them"
            )
        found[source_id] = source
    return found


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


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)  # building one takes longer than reading a registry entry with it


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
    resolved = (f for family in source.families for f in resolve_family(family, *known, where))
    return replace(
        source,
        families=tuple(dict.fromkeys(resolved)),
        uri=source.uri or without_secrets(source.acquire.location),
    )


def _merged(defaults: Any, entry: Any) -> Any:
    """Return `entry` over `defaults`: objects are merged, anything else replaces."""
    if not isinstance(defaults, dict) or not isinstance(entry, dict):
        return entry
    return defaults | {k: _merged(defaults.get(k), v) for k, v in entry.items()}


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
    """Say whether a path can be a source's: below the root, and none of this program's own folders."""
    parts = Path(path).parts
    own = bool(parts) and parts[0] in OWN_FOLDERS
    return not Path(path).is_absolute() and ".." not in parts and not own and path.isprintable()


def _is_date(text: str) -> bool:
    try:
        return not text or bool(datetime.fromisoformat(text))
    except ValueError:
        return False


def resolve_family(name: str, known: tuple[str, ...], aliases: Aliases, where: str) -> tuple[str, ...]:
    """Return the families that a name stands for; an unknown one is an error."""
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
