"""Archives of a source: kept apart from its files, unpacked into a folder of their name, within limits.

A source's folder then holds what is read and not the same rows twice, packed and unpacked.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from pixelated.core.archives import unpack
from pixelated.core.receipts import FileReceipt
from pixelated.core.registry_file import OWN_FOLDERS
from pixelated.core.source import Source

FOLDER = ".archives"
SUFFIXES = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.xz", ".tar.zst", ".tar.bz2")


def is_box(source: Source, name: str) -> bool:
    """Say whether a file of the source is an archive that is to be unpacked."""
    return source.acquire.unpack and name.lower().endswith(SUFFIXES)


def path_of(root: Path, source: Source, name: str) -> Path:
    """Return where a file of the source is kept."""
    if is_box(source, name):
        return root / FOLDER / source.id / name
    return root / source.path / name


def unpacked_folder(root: Path, source: Source, name: str) -> Path:
    """Return the folder that an archive is unpacked into."""
    return root / source.path / stem(name)


def place_problems(source: Source, names: Iterable[str]) -> dict[str, str]:
    """Return why files can't lie beside the others of their source: what they would take the place of.

    Two that would have one path, an archive's folder among them, would push each other aside; a name can
    lead into this program's own folders, and an archive called `...zip` out of the source's folder.
    """
    found: dict[str, str] = {}
    taken: dict[str, str] = {}  # path -> whose it is
    inner = {name: stem(name) if is_box(source, name) else name for name in sorted(names)}
    folders = {str(above) for path in inner.values() for above in PurePosixPath(path).parents}
    for name, path in sorted(inner.items(), key=lambda item: (item[0] != item[1], item)):
        first = (PurePosixPath(source.path) / path).parts[:1]
        if path.rsplit("/", 1)[-1] in ("", ".", ".."):
            found[name] = "an archive that leaves no name for its folder"
        elif first and first[0] in OWN_FOLDERS:
            found[name] = "its name leads into a folder of this program"
        elif path in taken or path in folders:
            other = taken.get(path) or f"the files under {path}/"
            found[name] = f"it would take the place of {other}: exclude one of them"
        else:
            taken[path] = name
    return found


def stem(name: str) -> str:
    """Return the name of an archive without its suffix, any other name as it is."""
    suffix = next((s for s in sorted(SUFFIXES, key=len, reverse=True) if name.lower().endswith(s)), "")
    return name[: len(name) - len(suffix)]


def open_box(root: Path, source: Source, receipt: FileReceipt) -> None:
    """Unpack an archive unless its files are there; note them in the receipt.

    Raises:
        ArchiveRefusedError: it breaks a limit or is damaged; nothing of it appears.
        UsageError, InternalError: it can't be written.
    """
    folder = unpacked_folder(root, source, receipt.name)
    if receipt.unpacked and _whole(folder, receipt.unpacked):
        return
    if folder.exists():
        _aside(folder, root / ".staging" / source.id / "replaced")
    folder.parent.mkdir(parents=True, exist_ok=True)
    receipt.unpacked = []
    found = unpack(path_of(root, source, receipt.name), folder)
    receipt.unpacked = [(file.name, file.size, file.sha256) for file in found]


def _whole(folder: Path, files: list[tuple[str, int, str]]) -> bool:
    """Say whether all files of an earlier unpacking are there with their sizes."""
    paths = ((folder / name, size) for name, size, _ in files)
    return all(path.is_file() and path.stat().st_size == size for path, size in paths)


def _aside(folder: Path, shelf: Path) -> None:
    """Move what stands in the way aside: an older version, or files that somebody put there."""
    shelf.mkdir(parents=True, exist_ok=True, mode=0o700)
    number = 0
    while (target := shelf / f"{folder.name}.{number}").exists():
        number += 1
    folder.rename(target)
