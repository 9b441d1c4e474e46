"""Files at hand with no registry entry: a source made up for a path, and its results."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from pixelated.core.errors import UsageError
from pixelated.core.fingerprint import sha256_file
from pixelated.core.source import Source
from pixelated.core.step import StepResult
from pixelated.standardise.reading import read_unit
from pixelated.standardise.units import plan_units

PART_BYTES = 64 << 20
_NOT_NAME = re.compile(r"[^a-z0-9]+")


def sniff_source(path: Path) -> Source:
    """Return a source for a file or a folder of mixed files: everything about it is sniffed.

    Its licence is NOASSERTION and its tier the lowest: what is not stated is not assumed.

    Raises:
        UsageError: there is nothing at `path`.
    """
    whole = path.resolve()
    if not whole.exists():
        raise UsageError("path_missing", f"there is no file or folder {path}", "check the path")
    name = whole.name or "root"
    slug = _NOT_NAME.sub("_", (whole.stem if whole.is_file() else name).lower()).strip("_")
    return Source(id=slug or "source", path=name if whole.name else ".")


def standardise_path(path: Path, part_bytes: int = PART_BYTES) -> Iterator[StepResult]:
    """Yield the results of a file or a folder of mixed files, unit by unit.

    Raises:
        UsageError: there is nothing at `path`, or a link leads out of it.
        IncompleteError: the folder holds no files.
    """
    source = sniff_source(path)
    root = path.resolve().parent
    for unit in plan_units(source, root, part_bytes, sha256_file):
        yield read_unit(source, root, unit)
