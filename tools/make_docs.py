"""Write the generated pages: docs/cli.md from the commands, the JSON Schemas from the models.

`python tools/make_docs.py --check` writes nothing and fails where a page is out of date.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from pixelated.cli import app
from pixelated.cli.app import COMMANDS, load
from pixelated.core.registry_file import registry_schema
from pixelated.core.store import to_json
from pixelated.recipe import recipe_schema

ROOT = Path(__file__).resolve().parent.parent
EXITS = """\
| code | meaning |
|---|---|
| 0 | done and passed |
| 1 | ran, and a gate or a check failed: the evidence is on disk |
| 2 | bad usage, path or recipe: nothing was done |
| 3 | a source was unavailable or incomplete, or held nothing readable |
| 4 | internal error (a lost row, a killed worker, a full disk): finished parts are kept |
| 130 | interrupted by Ctrl-C: finished parts are kept |

Where several hold: 4, then 2, 1, 3, 0.
"""


def cli_page() -> str:
    """Return the reference of every command."""
    lines = ["# Commands", "", "Generated from the code by `make docs`; a test checks it.", "", EXITS]
    for name, entry in COMMANDS.items():
        lines += _command(load(name, entry), f"{app.info.name} {name}")
    return "\n".join(lines).rstrip() + "\n"


def _command(command: Any, path: str) -> list[str]:
    if hasattr(command, "commands"):
        out = []
        for name, child in command.commands.items():
            out += _command(child, f"{path} {name}")
        return out
    lines = [f"## {path}", "", (command.help or "").strip(), "", "```", _usage(command, path), "```", ""]
    rows = [_row(p) for p in command.params if p.name != "help"]
    return [*lines, "| argument | meaning | default |", "|---|---|---|", *rows, ""]


def _usage(command: Any, path: str) -> str:
    context = command.make_context(path, [], resilient_parsing=True)
    return " ".join([path, *command.collect_usage_pieces(context)])


def _row(parameter: Any) -> str:
    named = parameter.param_type_name == "option"
    name = ", ".join(parameter.opts) if named else (parameter.metavar or (parameter.name or "").upper())
    default = "required" if parameter.required else _default(parameter)
    meaning = getattr(parameter, "help", None) or ""
    return f"| `{name}` | {meaning} | {default} |"


def _default(parameter: Any) -> str:
    value = parameter.default
    if value is None or value is False or callable(value) or repr(value).startswith("Sentinel"):
        return ""
    return f"`{value}`"


def pages() -> dict[Path, bytes]:
    """Return every generated file."""
    return {
        ROOT / "docs/cli.md": cli_page().encode(),
        ROOT / "docs/recipe.schema.json": to_json(recipe_schema()),
        ROOT / "docs/registry.schema.json": to_json(registry_schema()),
    }


def main() -> int:
    """Write or check the pages; return the exit code."""
    stale = [path for path, data in pages().items() if not path.is_file() or path.read_bytes() != data]
    if "--check" in sys.argv:
        for path in stale:
            print(f"out of date: {path.relative_to(ROOT)}; next: make docs")
        return int(bool(stale))
    for path in stale:
        path.write_bytes(pages()[path])
        print(f"wrote {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
