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
            raise UsageError(
                "preset_missing", f"there is no {kind} file {path}", "check the path in the recipe"
            )
        return load_yaml(path.read_text(encoding="utf-8"), str(path))
    resource = files("pixelated") / "presets" / kind / f"{name}.yaml"
    if not resource.is_file():
        folder = files("pixelated") / "presets" / kind
        names = sorted(p.name[:-5] for p in folder.iterdir() if p.name.endswith(".yaml"))
        raise UsageError(
            "preset_missing", f"there is no {kind} preset {name!r}", f"choose one of: {', '.join(names)}"
        )
    return load_yaml(resource.read_text(encoding="utf-8"), f"presets/{kind}/{name}.yaml")


def load_yaml(text: str, where: str) -> dict[str, Any]:
    """Parse YAML text that must be a mapping; errors name the file and the line."""
    try:
        value = yaml.safe_load(text)
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
