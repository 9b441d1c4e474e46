"""One entry of the mission's files as one of ours: its place, its families, and what is missing of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args, get_type_hints

from pixelated.core.errors import UsageError
from pixelated.core.source import Acquisition
from pixelated.registry.items import Item
from pixelated.registry.locations import kind_of

STATUSES = frozenset(get_args(get_type_hints(Acquisition)["status"]))
TEMPLATE = re.compile(r"[{}<>*$]|\.\.\.")
MISSING = "the file states none; missing: the upstream source, its licence and a pinned revision"
FOLDERS = {"huggingface": "raw/huggingface", "kaggle": "raw/kaggle", "local": "raw/local", "http": "raw/http"}


class Refusal(Exception):  # noqa: N818 - an item that can't be placed is a result, not a failure
    """Why an item can't be placed."""


@dataclass
class Tables:
    """The importer's preset, the families, and folders that several entries share as a fallback."""

    preset: dict[str, Any]
    families: tuple[str, ...]
    aliases: Mapping[str, tuple[str, ...]]
    shared: set[str] = field(default_factory=set)


def slug(name: str) -> str:
    """Return a name as an id: lower case, anything else than letters, digits, - and _ as one _."""
    return re.sub(r"[^a-z0-9_-]+", "_", name.lower()).strip("_-") or "unnamed"


def family_names(name: str, tables: Tables, where: str) -> tuple[str, ...]:
    """Return the families that a name stands for; neither a family nor an alias: an error."""
    if name in tables.families:
        return (name,)
    if name in tables.aliases:
        return tables.aliases[name]
    remedy = f"choose from: {', '.join(tables.families)}; or declare an alias in presets/families"
    raise UsageError("unknown_family", f"{where}: unknown family {name!r}", remedy)


def located(source: Mapping[str, Any]) -> set[str]:
    """Return all places of an entry."""
    return {source["acquire"]["location"], *source["acquire"].get("fallbacks", [])}


def entry_of(item: Item, tables: Tables, families: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return an item as a registry entry whose `path` is the folder that the source's own folder lies in.

    Args:
        item: an entry, or a routed file.
        tables: the importer's tables.
        families: what a routing table says; else told from the entry.

    Raises:
        Refusal: it can't be placed.
        UsageError: the entry states a family that is none.
    """
    value = item.value
    acquire = _acquire(item, tables)
    facts, guess = _facts(item, tables) if not families else ({"families": list(families)}, "")
    out: dict[str, Any] = {"title": str(value.get("focus") or value.get("description") or item.name)}
    kind = kind_of(acquire["location"]) or ""
    out["path"] = FOLDERS.get(kind, "raw/gdrive")
    out["license"], out["license_evidence"] = _license(value, tables)
    out |= facts
    out |= {k: value[k] for k in ("tier", "stage", "quality_profile") if k in value}
    out["acquire"] = acquire
    notes = [str(value[k]) for k in ("notes", "note") if value.get(k)]
    if notes or guess:
        out["notes"] = "; ".join([*notes, *([guess] if guess else [])])
    return out


def _acquire(item: Item, tables: Tables) -> dict[str, Any]:
    value = item.value
    status = value.get("status")
    places = _places(item, tables)
    for place in places:
        _look(place, tables)
    if status == "TBD":
        raise Refusal("status TBD: nobody has seen it")
    if not places:
        state = f" (status {status})" if status else ""
        raise Refusal(f"no location{state}")
    if status is not None and status not in STATUSES:
        raise Refusal(f"status {status!r} is none of {', '.join(sorted(STATUSES))}")
    out: dict[str, Any] = {"kind": kind_of(places[0]), "location": places[0]}
    if places[1:]:
        out["fallbacks"] = places[1:]
    if any(p.startswith(f"s3://{tables.preset['bucket']}/") for p in places):
        out["endpoint"] = tables.preset["endpoint"]
    if isinstance(value.get("size_mb"), int | float):
        out["approx_mb"] = value["size_mb"]
    if value.get("license"):
        out["upstream_license"] = str(value["license"])
    return out | ({"status": status} if status else {})


def _places(item: Item, tables: Tables) -> list[str]:
    value = item.value
    fallbacks = value.get("fallback_paths") or {}
    if not isinstance(fallbacks, dict):
        fallbacks = {"": fallbacks}
    for key, place in fallbacks.items():
        if key.endswith("_dir") and isinstance(place, str):
            tables.shared.add(_location(place, tables))
    stated = [value.get(k) for k in ("path", "s3_path", "gdrive_path")] + list(fallbacks.values())
    if "/" in item.name and item.kind == "entry":
        stated.insert(0, f"hf://datasets/{item.name}")
    wrong = [p for p in stated if p is not None and not isinstance(p, str)]
    if wrong:
        raise Refusal(f"a path is no text: {wrong[0]!r}")
    key = value.get("s3_path")
    if isinstance(key, str) and "://" not in key:
        stated[stated.index(key)] = f"s3://{tables.preset['bucket']}/{key}"
    return list(dict.fromkeys(_location(p, tables) for p in stated if p))


def _location(path: str, tables: Tables) -> str:
    for mount, remote in tables.preset["mounts"].items():
        if path.startswith(mount):
            return str(remote) + path[len(mount) :]
    return path


def _look(place: str, tables: Tables) -> None:
    if TEMPLATE.search(place):
        raise Refusal(f"{place} is a template, not a path")
    if kind_of(place) is None:
        raise Refusal(f"{place} is no location of a known form")
    last = place.rstrip("/").rsplit("/", 1)[-1].lower()
    words = [w for w in tables.preset["metadata_words"] if w in last]
    if last in tables.preset["metadata_names"] or words:
        raise Refusal(f"{place} is a file about data (metadata, a report), not data")


def _facts(item: Item, tables: Tables) -> tuple[dict[str, Any], str]:
    """Return what the tables say of an entry, its families resolved, and a remark where they are a guess."""
    value, preset = item.value, tables.preset
    stated = value.get("family") or value.get("families")
    groups = [value.get("category"), *reversed(item.groups)]
    known = (preset["types"].get(value.get("type")), *(preset["groups"].get(g) for g in groups if g))
    table: dict[str, Any] = next((t for t in known if t), {})
    if stated:
        names = [stated] if isinstance(stated, str) else list(stated)
        return table | {"families": _resolve(names, item, tables)}, ""
    for name in (item.name, *(g for g in groups if g)):
        if not table and (name in tables.families or name in tables.aliases):
            table = {"families": [name]}
    if table:
        return table | {"families": _resolve(table["families"], item, tables)}, ""
    text = f"{item.name} {value.get('path', '')}".lower()
    guessed = [f for f, words in preset["keywords"].items() if any(w in text for w in words)]
    if not guessed:
        raise Refusal(f"family unknown: type {value.get('type')!r}, group {'.'.join(item.groups)!r}")
    return {"families": guessed}, "families guessed from the name: to be checked"


def _resolve(names: list[str], item: Item, tables: Tables) -> list[str]:
    where = f"{item.file}: {item.key}"
    return list(dict.fromkeys(f for name in names for f in family_names(str(name), tables, where)))


def _license(value: Mapping[str, Any], tables: Tables) -> tuple[str, str]:
    tag = str(value.get("license") or "").lower()
    if not tag:
        return "NOASSERTION", MISSING
    known = tables.preset["licenses"].get(tag)
    if known is None:
        return "NOASSERTION", f"the file says {tag!r}, which is no licence known here; missing: its text"
    return known, f"the file says {tag}; missing: a look at the source itself, and a pinned revision"
