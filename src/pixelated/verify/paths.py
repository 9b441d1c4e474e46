"""File names that a manifest gives: refused unless they stay inside the dataset, plain and regular."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_BLOCK = 1 << 20


@dataclass(frozen=True)
class FileFact:
    """What the bytes of one file are; `problem` says why they could not be read."""

    size: int = 0
    sha256: str = ""
    lines: int = 0  # newline bytes, plus one where the last line has none
    problem: str = ""


class Files:
    """The files under a dataset's folder, each hashed once, when first asked for."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._facts: dict[str, FileFact] = {}

    def fact(self, name: object) -> FileFact:
        """Return size, SHA-256 and lines of the file called `name`; never raises for a bad name or file."""
        if not isinstance(name, str):
            return FileFact(problem="its path is not a text")
        if name not in self._facts:
            self._facts[name] = self._measure(name)
        return self._facts[name]

    def path(self, name: str) -> Path:
        """Return the local path of a name that `fact` found no problem with."""
        return self.root / name

    def walk(self) -> Iterator[tuple[str, bool]]:
        """Yield (name, is a symbolic link) of every file and link in the folder, sorted; links unfollowed."""
        for folder, folders, names in os.walk(self.root):
            folders.sort()
            here = Path(folder)
            links = [n for n in folders if (here / n).is_symlink()]
            for name in sorted([*names, *links]):
                path = here / name
                yield path.relative_to(self.root).as_posix(), path.is_symlink()

    def _measure(self, name: str) -> FileFact:
        problem = refuse_name(name)
        try:
            problem = problem or self._refuse_file(name)
            return FileFact(problem=problem) if problem else _digest(self.root / name)
        except (OSError, ValueError) as error:
            return FileFact(problem=f"cannot be read ({getattr(error, 'strerror', None) or error})")

    def _refuse_file(self, name: str) -> str:
        path = self.root / name
        try:
            mode = path.lstat().st_mode
        except FileNotFoundError:
            return "is missing"
        if path.resolve() != self.root.resolve() / name:
            return "is reached through a symbolic link"
        return "" if stat.S_ISREG(mode) else "is not a regular file"


def refuse_name(name: str) -> str:
    """Return why `name` cannot be a file of a dataset, or an empty text."""
    pure = PurePosixPath(name)
    if not name or "\\" in name or "\x00" in name or ":" in name:
        return "has a path that is no plain relative path"
    if pure.is_absolute() or ".." in pure.parts or str(pure) != name:
        return "has a path that leads out of the dataset"
    return ""


def _digest(path: Path) -> FileFact:
    sha, size, lines, last = hashlib.sha256(), 0, 0, b"\n"
    with path.open("rb") as f:
        while block := f.read(_BLOCK):
            sha.update(block)
            size += len(block)
            lines += block.count(b"\n")
            last = block[-1:]
    return FileFact(size, sha.hexdigest(), lines + (last != b"\n"))
