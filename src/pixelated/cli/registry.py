"""Commands on the registry of sources: import, matrix, check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer
import yaml

from pixelated.cli.output import JsonFlag, emit
from pixelated.core.errors import EXIT_FAILED, EXIT_OK, UsageError
from pixelated.core.presets import read_text
from pixelated.core.registry_file import add_sources, load_families, read_registry, sources_in
from pixelated.core.source import Source
from pixelated.core.store import LocalStore
from pixelated.recipe import load_policy
from pixelated.registry import (
    Import,
    check_rows,
    check_sources,
    import_files,
    matrix_csv,
    matrix_rows,
    read_matrix,
    unpinned,
)

SHIPPED = ("mission", "huggingface", "research", "public")
RegistryOption = Annotated[
    list[str] | None,
    typer.Option("--registry", help=f"Preset or file; may be repeated (default: {', '.join(SHIPPED)})."),
]


def import_(
    files: Annotated[list[Path], typer.Argument(help="The mission's JSON files, oldest first.")],
    output: Annotated[Path, typer.Option("--output", help="Registry file to write (YAML).")],
    report: Annotated[Path | None, typer.Option("--report", help="Where the report goes (JSON).")] = None,
    as_json: JsonFlag = False,
) -> int:
    """Turn dataset registries, routing tables, policy manifests and curricula into a registry file."""
    families = load_families("default")
    imported = import_files(files, families)
    data = imported.registry()
    sources_in(data, output.name, output.parent, *families)  # what is written can be read back
    _write(output, _yaml(data, files))
    if report:
        LocalStore(report.parent).write_json(report.name, imported.as_json())
    emit(imported.as_json(), _import_text(imported, output), as_json=as_json)
    return imported.exit_code


def matrix(
    output: Annotated[Path, typer.Option("--output", help="CSV file to write.")],
    registry: RegistryOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Write the data source matrix: one row a source, with what was decided about it."""
    rows = matrix_rows(_sources(registry).values(), load_policy("default").licenses)
    _write(output, matrix_csv(rows))
    emit({"rows": len(rows), "output": str(output)}, f"wrote {output}: {len(rows)} rows", as_json=as_json)


def check(
    registry: RegistryOption = None,
    matrix_file: Annotated[
        Path | None, typer.Option("--matrix", help="Also check a matrix that was edited by hand (CSV).")
    ] = None,
    as_json: JsonFlag = False,
) -> int:
    """Check the registry and its matrix; exits 1 with the list where a rule is broken."""
    sources, licenses = _sources(registry), load_policy("default").licenses
    rows = read_matrix(matrix_csv(matrix_rows(sources.values(), licenses)), "matrix")
    found = [*check_sources(sources.values(), licenses), *check_rows(rows)]
    if matrix_file:
        if not matrix_file.is_file():
            raise UsageError("input_missing", f"there is no file {matrix_file}", "correct the path")
        found += check_rows(read_matrix(read_text(matrix_file), str(matrix_file)))
    loose = unpinned(sources.values())
    lines = [f"{f.source}: {f.rule}: {f.what}" for f in found]
    lines.append(f"{len(sources)} sources, {len(found)} broken rules")
    if loose:
        lines.append(f"{len(loose)} not pinned, so not releasable: {', '.join(loose)}")
    value: dict[str, Any] = {
        "sources": len(sources),
        "findings": [{"rule": f.rule, "source": f.source, "what": f.what} for f in found],
        "unpinned": loose,
    }
    emit(value, "\n".join(lines), as_json=as_json)
    return EXIT_FAILED if found else EXIT_OK


def _sources(names: list[str] | None) -> dict[str, Source]:
    families, aliases = load_families("default")
    found: dict[str, Source] = {}
    for name in names or SHIPPED:
        add_sources(found, read_registry(name, Path(), families, aliases))
    return found


def _write(path: Path, text: str) -> None:
    def write(f: BinaryIO) -> None:
        f.write(text.encode())

    LocalStore(path.parent).write(path.name, write)


def _yaml(data: dict[str, Any], files: list[Path]) -> str:
    names = ", ".join(f.name for f in files)
    head = f"# Imported from {names}. Licences, pins and mappings are to be completed.\n"
    return head + yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=110)


def _import_text(imported: Import, output: Path) -> str:
    counts = (len(imported.placed), len(imported.unplaced), len(imported.ignored))
    lines = [f"not placed: {u['file']}: {u['key']}: {u['reason']}" for u in imported.unplaced]
    lines.append(f"wrote {output}: {len(imported.sources)} sources")
    lines.append(
        f"{imported.items} items = {counts[0]} placed + {counts[1]} not placed + {counts[2]} no dataset"
    )
    if imported.unplaced:
        lines.append(
            f"next: add entries for what is not placed, then: pixelated registry check --registry {output}"
        )
    return "\n".join(lines)
