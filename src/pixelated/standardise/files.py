"""The files of a source: globs under its folder, nothing outside it, sorted."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from pixelated.core.errors import IncompleteError, UsageError
from pixelated.core.source import Source
from pixelated.standardise.fields import tokens
from pixelated.standardise.saved import not_data

DEFAULT_PATTERN = "**/*"
_NOT_DATA = ("licence", "license", "readme", "origin")  # beside data, never data, under the default pattern
_DOCUMENTS = (".htm", ".html", ".xhtml", ".pdf")  # of these also "Some License.htm", "corpus_README.pdf"
_ABOUT = frozenset({"licence", "license", "readme"})


def list_files(source: Source, corpora: Path) -> list[str]:
    """Return the paths of a source's files relative to its root, '/' separated and sorted.

    Args:
        source: the registry entry; `path` is a file or a folder, `files` and `exclude` are globs under it.
            Under the default pattern hidden files and LICENCE, README and ORIGIN files are left out, and
            documents with such a word in their name; under any pattern, the files of a folder saved by
            `datasets` that are no data, unless a pattern is the file's name.
        corpora: the folder that `source.path` starts from.

    Raises:
        UsageError: there is no folder `corpora`, a pattern is bad, or a path leads out of `corpora`.
        IncompleteError: the source's path is not there, no file of it matches, or a saved dataset lacks a
            shard.
    """
    root = source_root(source, corpora)
    if root.is_file():
        return [_safe_name(root.name)]
    excluded = {p for pattern in source.exclude for p in _glob(root, pattern, source)}
    found: set[str] = set()
    for pattern in source.files:
        names = (p for p in _glob(root, pattern, source) if p not in excluded)
        found.update(n for n in names if pattern != DEFAULT_PATTERN or is_data(n))
    found -= not_data(root, found) - set(source.files)  # a pattern without wildcards asks for the file
    if not found:
        raise IncompleteError(
            "source_empty",
            f"source {source.id!r}: no file in {root} matches {', '.join(source.files)}",
            "put the files there, or correct `files` and `exclude` of the source",
        )
    return sorted(found)


def source_root(source: Source, corpora: Path) -> Path:
    """Return the folder or file of a source; see `list_files` for what is raised."""
    if not corpora.is_dir():
        raise UsageError(
            "corpora_missing",
            f"there is no folder {corpora}",
            "give the folder of the corpora with --corpora or $PIXELATED_CORPORA",
        )
    root = corpora / source.path
    _inside(root, corpora, source)
    if not root.exists():
        raise IncompleteError(
            "source_missing",
            f"source {source.id!r}: there is no {root}",
            f"fetch it: pixelated acquire {source.id} --recipe RECIPE; or correct its `path` in the registry",
        )
    return root


def locate(source: Source, corpora: Path, file: str) -> Path:
    """Return the path of one of the source's files, which must lie inside its root."""
    root = source_root(source, corpora)
    path = root if root.is_file() else root / file
    _inside(path, corpora if root.is_file() else root, source)
    if not path.is_file():
        raise IncompleteError(
            "file_missing",
            f"source {source.id!r}: there is no file {path}",
            "fetch the source again, or correct the file's name in the registry",
        )
    return path


def _glob(root: Path, pattern: str, source: Source) -> Iterable[str]:
    if not pattern or pattern.startswith("/") or ".." in PurePosixPath(pattern).parts:
        raise UsageError(
            "bad_pattern",
            f"source {source.id!r}: the pattern {pattern!r} does not stay inside the source",
            "use a relative pattern such as '**/*.jsonl'",
        )
    for path in root.glob(pattern):
        if path.is_file():
            _inside(path, root, source)
            yield _safe_name(path.relative_to(root).as_posix())


def _inside(path: Path, root: Path, source: Source) -> None:
    """Refuse a path that leads out of `root` by '..' or by a symbolic link."""
    if ".." in path.relative_to(root).parts or not path.resolve().is_relative_to(root.resolve()):
        raise UsageError(
            "path_outside_root",
            f"source {source.id!r}: {path} leads out of {root}",
            "copy the files into the folder of the corpora, or give that folder as the root",
        )


def is_data(name: str) -> bool:
    """Say whether a file is data under the default pattern: not hidden, no LICENCE, README or ORIGIN."""
    path = PurePosixPath(name)
    parts = path.parts
    if path.suffix.lower() in _DOCUMENTS and _ABOUT & set(tokens(path.stem)):
        return False
    return not any(p.startswith(".") for p in parts) and not parts[-1].lower().startswith(_NOT_DATA)


def _safe_name(name: str) -> str:
    """Refuse a name that is no text: it could be written into no record."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        raise UsageError(
            "bad_file_name",
            f"the name of {name.encode('utf-8', 'replace').decode()!r} is not UTF-8",
            "rename the file",
        ) from None
    return name
