"""The mission's own files as a flat list of items: every entry, and every part that is none, with its key.

Four forms are told apart by their keys: the dataset registry, the routing table, the policy manifest (with
and without its datasets) and the curriculum. Nesting depth varies between and within files, so nothing is
looked for at a fixed depth; whatever carries a location has to come out as an item, which is checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pixelated.core.errors import InternalError, UsageError

LOCATED = ("path", "s3_path", "gdrive_path", "s3_paths")
ENTRY_KEYS = (*LOCATED, "fallback_paths", "type", "status", "size_mb", "downloads")
MAX_DEPTH = 40
Kind = Literal["entry", "routed", "family", "weight", "note"]


@dataclass(frozen=True)
class Item:
    """One thing that a file says.

    Attributes:
        file: name of the file.
        key: dotted path in it.
        name: the last key, or a hub id.
        kind: an entry; a routed file of a family; a name that has to be a family; a family's weight in a
            stage; a note that names no dataset.
        value: what stands there.
        groups: the keys above, outermost first.
    """

    file: str
    key: str
    name: str
    kind: Kind
    value: Any
    groups: tuple[str, ...]


def items_of(data: Mapping[str, Any], file: str, sections: Mapping[str, str]) -> list[Item]:
    """Return every item of one of the mission's files.

    Args:
        data: the parsed file.
        file: its name, for messages.
        sections: keys of parts that hold no dataset.

    Raises:
        UsageError: the file has none of the four forms.
    """
    if _depth(data) > MAX_DEPTH:
        raise UsageError("not_a_registry", f"{file}: nested too deeply", "give one of the mission's files")
    if "families" in data and "datasets" not in data:
        found = list(_routing(data, file))
    elif any(k.startswith("phase_") for k in data) or "curriculum_version" in data:
        found = list(_curriculum(data, file, sections))
    elif "datasets" in data or "edge_case_sources" in data:
        found = list(_walk(data, _Place(file), sections))
    else:
        message = f"{file} is no dataset registry, routing table, policy manifest or curriculum"
        raise UsageError("not_a_registry", message, "give one of the mission's files")
    _complete(data, found, file)
    return found


@dataclass(frozen=True)
class _Place:
    file: str
    groups: tuple[str, ...] = ()

    def item(self, name: str, kind: Kind, value: Any) -> Item:
        return Item(self.file, ".".join((*self.groups, name)), name, kind, value, self.groups)

    def under(self, name: str) -> _Place:
        return _Place(self.file, (*self.groups, name))


def _walk(data: Mapping[str, Any], place: _Place, sections: Mapping[str, str]) -> Iterator[Item]:
    for name, value in data.items():
        if isinstance(value, dict):
            yield from _node(name, value, place, sections)
        elif isinstance(value, list) and any(_is_hub_id(v) for v in value):
            yield from (
                place.under(name).item(str(v), "entry" if _is_hub_id(v) else "note", {}) for v in value
            )
        else:
            yield place.item(name, "note", value)


def _node(name: str, value: dict[str, Any], place: _Place, sections: Mapping[str, str]) -> Iterator[Item]:
    holds = _locations(value)
    if name in sections and not holds:
        yield place.item(name, "note", value)
    elif any(k in value for k in LOCATED) or (not holds and (_is_entry(value) or "/" in name)):
        yield place.item(name, "entry", value)
    elif value:
        yield from _walk(value, place.under(name), sections)
    else:
        yield place.item(name, "note", value)


def _is_entry(value: Mapping[str, Any]) -> bool:
    inner = any(isinstance(v, dict) and k != "fallback_paths" for k, v in value.items())
    return not inner and any(k in value for k in ENTRY_KEYS)


def _is_hub_id(value: object) -> bool:
    return isinstance(value, str) and value.count("/") == 1 and " " not in value


def _routing(data: Mapping[str, Any], file: str) -> Iterator[Item]:
    for name, value in data.items():
        if name != "families" or not isinstance(value, dict):
            yield _Place(file).item(name, "note", value)
            continue
        place = _Place(file, ("families",))
        for family, entry in value.items():
            yield place.item(family, "routed", entry if isinstance(entry, dict) else {})


def _curriculum(data: Mapping[str, Any], file: str, sections: Mapping[str, str]) -> Iterator[Item]:
    def walk(node: Mapping[str, Any], place: _Place) -> Iterator[Item]:
        for name, value in node.items():
            if name == "datasets" and isinstance(value, dict):
                yield from _weights(value, place.under(name))
            elif name == "test_holdout_families" and isinstance(value, list):
                yield from (place.under(name).item(str(v), "family", "holdout") for v in value)
            elif isinstance(value, dict) and (name not in sections or _weighted(value)):
                yield from walk(value, place.under(name))
            else:
                yield place.item(name, "note", value)

    yield from walk(data, _Place(file))


def _weights(data: Mapping[str, Any], place: _Place) -> Iterator[Item]:
    for family, value in data.items():
        paths = value.get("s3_paths", []) if isinstance(value, dict) else []
        weight = value.get("weight") if isinstance(value, dict) else value
        yield place.item(family, "weight", weight)
        for path in paths:
            name = str(path).rstrip("/").rsplit("/", 1)[-1]
            yield place.under(family).item(name, "routed", {"s3_path": path})


def _locations(node: Any, above: tuple[str, ...] = ()) -> list[str]:
    """Return the dotted keys of all objects that carry a location, found without any of the rules above."""
    if not isinstance(node, dict):
        return []
    here = [".".join(above)] if any(k in node for k in LOCATED) else []
    return here + [key for name, value in node.items() for key in _locations(value, (*above, name))]


def _weighted(node: Any, above: tuple[str, ...] = ()) -> list[str]:
    """Return the dotted keys of all weights of a curriculum, found without any of the rules above."""
    if not isinstance(node, dict):
        return []
    named = node["datasets"] if isinstance(node.get("datasets"), dict) else {}
    here = [".".join((*above, "datasets", name)) for name in named]
    deeper = (key for name, value in node.items() for key in _weighted(value, (*above, name)))
    return here + [key for key in deeper if key not in here]


def _complete(data: Mapping[str, Any], found: list[Item], file: str) -> None:
    keys = {item.key for item in found if item.kind != "note"}
    weights = any(item.kind == "weight" for item in found)
    lost = [key for key in (*_locations(data), *(_weighted(data) if weights else ())) if key not in keys]
    if lost:
        raise InternalError("entry_lost", f"{file}: {', '.join(lost[:5])} came out as no entry", "report it")


def _depth(node: Any) -> int:
    level, deepest = [node], 0
    while level and deepest <= MAX_DEPTH:
        values = [v for n in level for v in (n.values() if isinstance(n, dict) else n)]
        level = [v for v in values if isinstance(v, dict | list)]
        deepest += 1
    return deepest
