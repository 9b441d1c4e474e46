"""YAML files shipped in `presets/` and named from a recipe; a path to a user's file overrides one."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from pixelated.core.errors import UsageError


def load_preset(kind: str, name: str, base: Path | None = None) -> dict[str, Any]:
    """Return the mapping in `presets/<kind>/<name>.yaml`, or in the file that `name` is a path of.

    Args:
        kind: folder of the preset, such as "policy".
        name: a shipped name, or a path (it ends in .yaml or .yml), relative to `base`.
        base: folder that a relative path starts from (the recipe's folder).

    Raises:
        UsageError: no such preset or file, or it is not a YAML mapping.
    """
    if name.endswith((".yaml", ".yml")):
        path = (base or Path()) / name
        if not path.is_file():
            raise UsageError("preset_missing", f"there is no {kind} file {path}", "check the path")
        return load_yaml(read_text(path), str(path))
    resource = files("pixelated") / "presets" / kind / f"{name}.yaml"
    if not resource.is_file():
        folder = files("pixelated") / "presets" / kind
        names = sorted(p.name[:-5] for p in folder.iterdir() if p.name.endswith(".yaml"))
        raise UsageError(
            "preset_missing", f"there is no {kind} preset {name!r}", f"choose one of: {', '.join(names)}"
        )
    return load_yaml(resource.read_text(encoding="utf-8"), f"presets/{kind}/{name}.yaml")


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file, or raise `UsageError` that says where it is none."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        message = f"{path}: byte {error.start} is not UTF-8"
        raise UsageError("not_utf8", message, "save the file as UTF-8") from error
    except OSError as error:
        raise UsageError(
            "not_readable", f"cannot read {path}: {error.strerror}", "check its permissions"
        ) from error


MOST_VALUES = 1_000_000  # of a document whose aliases are written out


class _UniqueKeys(yaml.SafeLoader):
    """YAML's safe loader; a key that stands twice is an error and not silently the last one.

    Aliases of aliases can stand for more values than a memory holds: what they stand for is counted before.
    """

    def get_single_node(self) -> Any:
        """Compose the document, refusing one whose aliases stand for too much."""
        node = super().get_single_node()
        if node is not None:
            _refuse_bomb(node)
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Build a value; a date or a number that is none is an error with its line."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, OverflowError) as error:
            raise yaml.constructor.ConstructorError(None, None, str(error)[:80], node.start_mark) from error

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Build a mapping, refusing a repeated key."""
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key is not None and key != "<<" and key in seen:
                problem = f"key {key!r} stands twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


class _TooBigError(Exception):
    """Aliases stand for more values than `MOST_VALUES`, or for what they stand in."""


def _refuse_bomb(root: yaml.Node) -> None:
    """Count the values of a document with every alias written out; each node is looked at once."""
    sizes: dict[int, int] = {}
    todo: list[tuple[yaml.Node, bool]] = [(root, False)]
    open_: set[int] = set()
    while todo:
        node, left = todo.pop()
        inner = _inside(node)
        if left:
            open_.discard(id(node))
            sizes[id(node)] = 1 + sum(sizes[id(child)] for child in inner)
            if sizes[id(node)] > MOST_VALUES:
                raise _TooBigError(f"its aliases stand for more than {MOST_VALUES:,} values")
        elif id(node) not in sizes:
            open_.add(id(node))
            todo.append((node, True))
            if any(id(child) in open_ for child in inner):
                raise _TooBigError("an alias stands for what it is a part of")
            todo += [(child, False) for child in inner if id(child) not in sizes]


def _inside(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def load_yaml(text: str, where: str) -> dict[str, Any]:
    """Parse YAML text that must be a mapping; errors name the file and the line."""
    try:
        value = yaml.load(text, _UniqueKeys)  # noqa: S506 - a SafeLoader that refuses repeated keys
    except RecursionError as error:
        raise UsageError("bad_yaml", f"{where}: nested too deeply", "flatten the YAML") from error
    except _TooBigError as error:
        raise UsageError("bad_yaml", f"{where}: {error}", "write it out without aliases") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise UsageError(
            "bad_yaml", f"{where}{line}: {getattr(error, 'problem', error)}", "correct the YAML"
        ) from error
    if not isinstance(value, dict):
        raise UsageError(
            "bad_yaml", f"{where}: a mapping is expected, found {type(value).__name__}", "correct the YAML"
        )
    return value
