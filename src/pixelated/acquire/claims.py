"""Which paths a source may write to: its own alone, whatever links and other sources are there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pixelated.acquire.boxes import FOLDER, is_box, path_of, stem, unpacked_folder
from pixelated.core.receipts import FOLDER as RECEIPTS
from pixelated.core.receipts import read_receipt
from pixelated.core.source import Source


def refused_place(root: Path, source: Source, name: str) -> str:
    """Return why a file can't be written: a link under the source's folder leads out of it; or ""."""
    folder = root / source.path
    pairs = [(folder, unpacked_folder(root, source, name))] if is_box(source, name) else []
    base = root / FOLDER / source.id if pairs else folder
    for inside, path in [(base, path_of(root, source, name)), *pairs]:
        try:
            stays = path.parent.resolve().is_relative_to(inside.resolve())
        except (OSError, RuntimeError):  # a link that leads to itself
            stays = False
        if not stays:
            return f"{path.parent} leads out of the source's folder over a link: remove the link"
    return ""


def claims(root: Path, source: Source) -> Callable[[str], str]:
    """Return what says, by a file's name, which other source has fetched a file to its path, or "".

    Of two sources that have one folder each would put the other's files aside, and neither would be whole.
    """
    held: dict[Path, str] = {}
    for path in sorted((root / RECEIPTS).glob("*.json")):
        if path.stem == source.id:
            continue
        receipt = read_receipt(root, path.stem)
        for file in receipt.files.values():
            there = root / receipt.path / file.name
            folder = root / receipt.path / stem(file.name)
            unpacked = [folder, *(folder / name for name, _, _ in file.unpacked)]
            held |= dict.fromkeys(unpacked if file.unpacked else [there], receipt.source)

    def held_by(name: str) -> str:
        path = unpacked_folder(root, source, name) if is_box(source, name) else path_of(root, source, name)
        other = held.get(path)
        return f"source {other!r} has a file of this path: give one its own folder" if other else ""

    return held_by
