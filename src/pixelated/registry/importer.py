"""Registry entries from the mission's own files; every item ends as placed, not placed or left out, with why.

Files are given oldest first: where two place the same source differently, the later location is kept and the
earlier becomes a fallback. A routing table or a curriculum only names files by family; what another file has
placed under other families, or what nothing in its name supports, is not placed but reported for a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from pixelated.core.errors import EXIT_INCOMPLETE, EXIT_OK, InternalError, UsageError
from pixelated.core.presets import load_preset, read_text
from pixelated.registry.entry import Refusal, Tables, entry_of, family_names, located, slug
from pixelated.registry.items import Item, items_of

Families = tuple[tuple[str, ...], Mapping[str, tuple[str, ...]]]  # the families, and aliases of them


@dataclass
class Import:
    """What came of the files.

    Attributes:
        sources: entries by id, as plain data fit for a registry file.
        placed: item -> id of the source, or the families that a weight or a name stands for.
        unplaced: item -> why not.
        ignored: item -> why it is no dataset.
        weights: families' weights by curriculum stage, aliases resolved.
    """

    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    placed: list[dict[str, str]] = field(default_factory=list)
    unplaced: list[dict[str, str]] = field(default_factory=list)
    ignored: list[dict[str, str]] = field(default_factory=list)
    weights: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    items: int = 0

    @property
    def exit_code(self) -> int:
        """Return 0 where all was placed, 3 where something was not."""
        return EXIT_INCOMPLETE if self.unplaced else EXIT_OK

    def registry(self) -> dict[str, Any]:
        """Return the registry as a file holds it, sorted by id."""
        return {"sources": {i: self.sources[i] for i in sorted(self.sources)}}

    def as_json(self) -> dict[str, Any]:
        """Return the report."""
        counts = Counter(placed=len(self.placed), unplaced=len(self.unplaced), ignored=len(self.ignored))
        return {
            "items": self.items,
            "counts": dict(counts),
            "sources": sorted(self.sources),
            "placed": self.placed,
            "unplaced": self.unplaced,
            "ignored": self.ignored,
            "weights": self.weights,
        }


def import_files(paths: Iterable[Path], families: Families) -> Import:
    """Read the mission's files, oldest first.

    Raises:
        UsageError: a file is not JSON or none of theirs, or a name that must be a family is none.
        InternalError: an item came to no end.
    """
    tables = Tables(load_preset("importer", "mission"), *families)
    read = [items_of(_load(p), p.name, tables.preset["sections"]) for p in paths]
    for item in (i for items in read for i in items):  # names first: a wrong one stops everything
        if item.kind in ("family", "weight") or (item.kind == "routed" and item.groups == ("families",)):
            family_names(item.name, tables, f"{item.file}: {item.key}")
    out = Import(items=sum(map(len, read)))
    ordered = [*(("entry", items) for items in read), *(("rest", items) for items in read)]
    for turn, items in ordered:  # routing and curricula refer to what registries have placed
        seen: set[str] = set()
        for item in items:
            if (item.kind == "entry") == (turn == "entry"):
                _settle(item, out, tables, seen)
    if len(out.placed) + len(out.unplaced) + len(out.ignored) != out.items:
        raise InternalError("item_lost", f"{out.items} items in, fewer or more came out", "report it")
    return out


def _load(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise UsageError("input_missing", f"there is no file {path}", "correct the path")
    try:
        data = orjson.loads(read_text(path))
    except orjson.JSONDecodeError as error:
        message = f"{path}, line {error.lineno}: {error.msg}"
        raise UsageError("not_json", message, "give one of the mission's JSON files") from error
    if not isinstance(data, dict):
        raise UsageError(
            "not_a_registry", f"{path}: an object is expected", "give one of the mission's files"
        )
    return data


def _settle(item: Item, out: Import, tables: Tables, seen: set[str]) -> None:
    if item.kind == "note":
        why = tables.preset["sections"].get(item.name, "describes the file or a group, no dataset")
        out.ignored.append(_line(item, reason=why))
    elif item.kind in ("family", "weight"):
        _name(item, out, tables)
    else:
        try:
            done = _routed(item, out, tables) if item.kind == "routed" else _entry(item, out, tables, seen)
        except Refusal as refusal:
            out.unplaced.append(_line(item, reason=str(refusal)))
        else:
            out.placed.append(_line(item, **done))


def _name(item: Item, out: Import, tables: Tables) -> None:
    families = family_names(item.name, tables, item.key)
    if item.kind == "weight":
        stage = ".".join(g for g in item.groups if g not in ("datasets", "stages"))
        line = {"name": item.name, "families": list(families), "weight": item.value}
        out.weights.setdefault(stage, []).append(line)
    out.placed.append(_line(item, families=", ".join(families)))


def _entry(item: Item, out: Import, tables: Tables, seen: set[str]) -> dict[str, str]:
    entry = entry_of(item, tables)
    source_id = slug(item.name)
    if source_id in seen:  # the name stands twice in this file: its group tells them apart
        source_id = slug(f"{item.groups[-1]}_{item.name}")
    if source_id in seen:
        raise Refusal("the name stands twice in the file, in groups of one name")
    same = source_id if source_id in out.sources else _holder(entry, out, tables, seen)
    seen.add(same or source_id)
    if same is None:
        entry["path"] = f"{entry['path']}/{source_id}"
        out.sources[source_id] = entry
        return {"source": source_id}
    _merge(out.sources[same], entry, by_name=same == source_id)
    return {"source": same}


def _holder(entry: Mapping[str, Any], out: Import, tables: Tables, seen: set[str]) -> str | None:
    """Return the source of another file that lies where this entry does; a shared folder does not count."""
    here = entry["acquire"]["location"]
    if here in tables.shared:
        return None
    held = (i for i, s in out.sources.items() if i not in seen and here in located(s) - tables.shared)
    return next(held, None)


def _merge(source: dict[str, Any], entry: dict[str, Any], *, by_name: bool) -> None:
    """Put a later entry over an earlier one: its location first, its facts, and all places as fallbacks."""
    old, new = source["acquire"], entry["acquire"]
    first = new if by_name else old
    places = [first["location"], *new.get("fallbacks", []), new["location"], old["location"]]
    places += old.get("fallbacks", [])
    fallbacks = [p for p in dict.fromkeys(places) if p != first["location"]]
    if by_name:
        kept = {k: v for k, v in source.items() if k in ("path", "tier", "families", "origin")}
        source |= {k: v for k, v in entry.items() if k not in kept or k not in source}
    source["acquire"] = old | (new if by_name else {}) | {"location": first["location"]}
    if fallbacks:
        source["acquire"]["fallbacks"] = fallbacks


def _routed(item: Item, out: Import, tables: Tables) -> dict[str, str]:
    """Place a file that a family is routed to, or refuse it: the name of a file is all there is to go by."""
    family = item.name if item.groups == ("families",) else item.groups[-1]
    families = family_names(family, tables, item.key)
    entry = entry_of(item, tables, families)
    location = entry["acquire"]["location"]
    for source_id, source in sorted(out.sources.items()):
        if location in located(source):
            if set(families) & set(source["families"]):
                return {"source": source_id}
            theirs = ", ".join(source["families"])
            raise Refusal(f"{location} is the source {source_id} of {theirs}; {family} is said here: decide")
    words = [w for f in families for w in tables.preset["keywords"].get(f, [])]
    if not any(w in location.lower() for w in words):
        raise Refusal(f"nothing in the name of {location} says {family}: look into it, then write an entry")
    source_id = slug(location.rstrip("/").rsplit("/", 1)[-1].rsplit(".", 1)[0])
    if source_id in out.sources:
        raise Refusal(f"{location}: another source is called {source_id}")
    entry["path"] = f"{entry['path']}/{source_id}"
    out.sources[source_id] = entry
    return {"source": source_id}


def _line(item: Item, **more: str) -> dict[str, str]:
    return {"file": item.file, "key": item.key} | more
