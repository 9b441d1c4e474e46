"""The README's front matter: what a loader reads from it must map each split to that split's files."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from pixelated.core.errors import UsageError
from pixelated.core.presets import load_yaml
from pixelated.verify.findings import Findings, shown
from pixelated.verify.paths import Files
from pixelated.verify.record import mapping, sequence
from pixelated.verify.shards import SPLITS

README = "README.md"
_MAX_README = 4 << 20
_MAX_PATTERN = 500
_NAMES = {"validation": "val", "valid": "val", "dev": "val"}
_REMEDY = "compile the dataset again: it writes the README's configs"


def check_front_matter(files: Files, shards: dict[str, str], findings: Findings) -> None:
    """File every pattern of the README's `configs` that gives a split files of another.

    Args:
        files: the dataset's files.
        shards: split by file name, of every shard and Parquet twin.
        findings: where faults are filed.
    """
    fact = files.fact(README)
    if fact.problem or fact.size > _MAX_README:
        return  # the hash gate names an unreadable file; no loader reads a larger one
    try:
        head = _front_matter(files.path(README).read_bytes().decode("utf-8-sig"))
    except (UsageError, UnicodeDecodeError, OSError, ValueError):
        findings.add("the README's front matter cannot be read", README, _REMEDY)
        return
    names = [name for name, is_link in files.walk() if not is_link]
    for split, pattern in dict.fromkeys(_patterns(head, findings)):
        problem = _problem(split, pattern, names, shards)
        if problem:
            findings.add(f"the README gives {shown(split)} {problem}", shown(pattern, 200), _REMEDY)


def _front_matter(text: str) -> dict[str, Any]:
    lines = text.splitlines()
    if not lines or lines[0].rstrip() != "---":
        return {}
    end = next((i for i, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), None)
    if end is None:
        raise ValueError("the front matter has no end")
    return load_yaml("\n".join(lines[1:end]), README) if end > 1 else {}


def _patterns(head: dict[str, Any], findings: Findings) -> Iterator[tuple[str, str]]:
    """Yield (split, pattern) of every config; a loader takes files without a split for train."""
    for config in sequence(head.get("configs")):
        if "data_dir" in mapping(config):
            findings.add("the README's configs name a folder in place of files", README, _REMEDY)
        for entry in _listed(mapping(config).get("data_files")):
            split = entry.get("split", "train") if isinstance(entry, dict) else "train"
            paths = _listed(entry.get("path")) if isinstance(entry, dict) else [entry]
            yield from ((str(split), str(path)) for path in paths)


def _listed(value: object) -> list[Any]:
    if isinstance(value, dict) and "path" not in value:  # {split: path}, another spelling that loaders take
        return [{"split": split, "path": path} for split, path in value.items()]
    return value if isinstance(value, list) else ([] if value is None else [value])


def _problem(split: str, pattern: str, names: list[str], shards: dict[str, str]) -> str:
    own = _NAMES.get(split, split)
    if own not in SPLITS:
        return "files, which is no split"
    if len(pattern) > _MAX_PATTERN or ":" in pattern or "{" in pattern or ".." in pattern:
        return "files by a pattern that leads out of the dataset, or cannot be followed"
    # a star that also crosses folders matches more than a loader would, never less
    loose = pattern.removeprefix("./").replace("**/", "*")
    matched = [n for n in names if fnmatchcase(n, loose) or n.startswith(loose.rstrip("/") + "/")]
    return "files of another split" if any(_split_of(n, shards) != own for n in matched) else ""


def _split_of(name: str, shards: dict[str, str]) -> str:
    if name in shards:
        return shards[name]
    folder = name.split("/", maxsplit=1)[0]
    if folder == "preference":
        return name.removeprefix("preference/").removesuffix(".jsonl")
    return "train" if folder in ("compiled", "stages") else ""
