"""The dataset that is to be published, checked on this machine: exactly what its manifest declares.

Its manifest and verdicts are parsed here once more, and not by the code that wrote them.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from pixelated.core.errors import CheckFailedError, UsageError
from pixelated.core.uploads.protocol import CHUNK, LocalFile

MANIFEST, RECORD, POINTER = "manifest.json", "release.json", "current.json"
OURS = (RECORD, POINTER)  # written by publish beside the dataset's files
SHOWN = 5
MIN_DEPTH = 3  # a shorter path may stand in a text by chance
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")
_SHA = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True)
class Release:
    """A dataset under the name it is to be published by.

    Attributes:
        name: of the release.
        title: the manifest's name of the dataset.
        manifest: the manifest's file.
        files: every other file, by its name in the dataset, sorted.
        reasons: why it may not be released; empty where it may.
    """

    name: str
    title: str
    manifest: LocalFile
    files: dict[str, LocalFile]
    reasons: tuple[str, ...]

    @property
    def all_files(self) -> dict[str, LocalFile]:
        """Return every file in the order of sending: the manifest is last."""
        return {**self.files, MANIFEST: self.manifest}

    @property
    def size(self) -> int:
        """Return the bytes of all files."""
        return sum(file.size for file in self.all_files.values())


def read_release(folder: Path, name: str = "") -> Release:
    """Read and check a dataset folder; without `name` it is called after its manifest's SHA-256.

    Raises:
        UsageError: it is no dataset folder, or the name can't be used.
        CheckFailedError: a file is missing, altered, undeclared, or no plain file.
    """
    _refuse_others(folder)
    manifest_file = measure(folder / MANIFEST, b"")
    manifest = _parse(folder / MANIFEST)
    declared = declared_files(manifest)
    faults, files = _undeclared(folder, declared), dict[str, LocalFile]()
    needle = _needle(folder)
    for path, (size, sha256) in sorted(declared.items()):
        fault, file = _check(folder, path, (size, sha256), needle)
        faults += [f"{path}: {fault}"] if fault else []
        if file:
            files[path] = file
    if faults:
        more = f" and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
        raise CheckFailedError(
            "dataset_differs",
            f"{folder} differs from its manifest; nothing was sent: {'; '.join(faults[:SHOWN])}{more}",
            f"pixelated verify {folder}",
        )
    name = check_release_name(name) if name else f"r-{manifest_file.sha256[:12]}"
    return Release(name, str(manifest.get("name", "")), manifest_file, files, _reasons(folder, manifest))


def check_release_name(name: str) -> str:
    """Return a name that can be a folder and a git tag."""
    if not _NAME.match(name) or ".." in name or name.endswith((".lock", ".")):
        raise UsageError(
            "bad_release",
            f"--release {name!r} can't be a name",
            "letters, digits, '.', '_', '-': v2026-01-31, trainset-20260131-v1",
        )
    return name


def declared_files(manifest: dict[str, Any]) -> dict[str, tuple[int, str]]:
    """Return size and SHA-256 by path of every file that a manifest declares.

    Raises:
        CheckFailedError: the list is not there, or has an entry that can't be used.
    """
    files = manifest.get("files")
    if not isinstance(files, dict) or not files:
        raise CheckFailedError(
            "bad_manifest", "the manifest has no list of files", "compile the dataset again"
        )
    out = {}
    for path, facts in files.items():
        size, sha = (
            (facts.get("size_bytes"), facts.get("sha256")) if isinstance(facts, dict) else (None, None)
        )
        parts = str(path).split("/")
        plain = not any(p in {"", ".", ".."} for p in parts) and not set(path) & set("\\\0\r\n")
        if (
            not (isinstance(size, int) and isinstance(sha, str) and _SHA.match(sha))
            or not plain
            or size < 0
            or path in {*OURS, MANIFEST}
        ):
            raise CheckFailedError(
                "bad_manifest",
                f"the manifest declares {path!r} in a way that can't be published",
                "correct it",
            )
        out[path] = (size, sha)
    return out


def measure(path: Path, needle: bytes) -> LocalFile:
    """Return size and digests of a file; raise where it holds `needle`, its path on this machine."""
    sha, md5, size, tail = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0, b""
    with path.open("rb") as stream:
        while piece := stream.read(CHUNK):
            sha.update(piece)
            md5.update(piece)
            size += len(piece)
            if needle and needle in tail + piece:
                raise CheckFailedError(
                    "local_path",
                    f"{path.name} holds the path of a folder of this machine",
                    "compile it again",
                )
            tail = piece[-len(needle) :] if needle else b""
    return LocalFile(path, size, sha.hexdigest(), md5.hexdigest())


def _check(folder: Path, name: str, declared: tuple[int, str], needle: bytes) -> tuple[str, LocalFile | None]:
    path = folder / name
    inside = [folder.joinpath(*path.relative_to(folder).parts[: i + 1]) for i in range(len(Path(name).parts))]
    if any(p.is_symlink() for p in inside):
        return "is a link, or lies behind one", None
    if not path.is_file():
        return "is missing", None
    file = measure(path, needle)
    if file.size != declared[0]:
        return f"has {file.size} bytes, not {declared[0]}", None
    return ("", file) if file.sha256 == declared[1] else ("its SHA-256 is another", None)


def _undeclared(folder: Path, declared: dict[str, tuple[int, str]]) -> list[str]:
    names = (
        p.relative_to(folder).as_posix()
        for p in sorted(folder.rglob("*"))
        if not p.is_dir() or p.is_symlink()
    )
    return [f"{name}: is not declared" for name in names if name != MANIFEST and name not in declared]


def _refuse_others(folder: Path) -> None:
    if not folder.is_dir():
        raise UsageError("dataset_missing", f"there is no folder {folder}", "give the folder of a dataset")
    if (folder / "run.json").exists() or (folder / "dataset.json").exists() or (folder / "read").is_dir():
        raise UsageError(
            "run_folder",
            f"{folder} is a run: it holds private text, and is never published",
            f"pixelated publish {folder / 'dataset'} DEST",
        )
    if not (folder / MANIFEST).is_file() or (folder / MANIFEST).is_symlink():
        raise UsageError("no_manifest", f"{folder} has no {MANIFEST}", "give the folder of a dataset")


def _parse(path: Path) -> dict[str, Any]:
    try:
        value = orjson.loads(path.read_bytes())
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise CheckFailedError("bad_manifest", f"{path} is no JSON object", f"pixelated verify {path.parent}")
    return value


def _reasons(folder: Path, manifest: dict[str, Any]) -> tuple[str, ...]:
    """Return why the dataset may not be released, by manifest and verdicts; unmeasured is not passed."""
    said = manifest.get("release")
    said = said if isinstance(said, dict) else {}
    reasons = [str(r) for r in said.get("reasons") or []]
    if said.get("releasable") is not True and not reasons:
        reasons.append("the manifest does not say that it is releasable")
    if manifest.get("scope") != "full" and not any("scope" in r for r in reasons):
        reasons.append("reduced scope")
    verdicts = _parse(folder / "verdicts.json") if (folder / "verdicts.json").is_file() else None
    if verdicts is None:
        reasons.append("there is no verdicts.json: it was never verified")
    elif verdicts.get("all_gates_passed") is not True and not any(r.startswith("gate ") for r in reasons):
        reasons.append("verdicts.json does not say that all gates passed")
    return tuple(reasons)


def _needle(folder: Path) -> bytes:
    path = folder.resolve()
    return str(path).encode() if len(path.parts) > MIN_DEPTH else b""
