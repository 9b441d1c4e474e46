"""The inventory of a place as a file: written the same for the same state, read in three shapes.

Besides its own, the mission's `s3_manifest.json` (categories of objects) and its discovery report (a list of
paths with their container) are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from pixelated.core.errors import UsageError
from pixelated.inventory.file import File

FORMAT = "pixelated-inventory/1"


@dataclass
class Inventory:
    """What lies at a place.

    Attributes:
        place: its address, without credentials.
        files: sorted by name.
        endpoint: of an S3-compatible store.
        layout: name of the bucket layout that its names follow, "" where none.
        left_out: files of this program's own (`.acquired`, `.staging`) that are not listed.
    """

    place: str
    files: list[File] = field(default_factory=list)
    endpoint: str = ""
    layout: str = ""
    left_out: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """Files, bytes, and how many have which digest."""
        return {
            "files": len(self.files),
            "bytes": sum(f.size or 0 for f in self.files),
            "with_sha256": sum(bool(f.sha256) for f in self.files),
            "with_md5": sum(bool(f.md5) for f in self.files),
            "without_digest": sum(not (f.sha256 or f.md5) for f in self.files),
            "unknown_size": sum(f.size is None for f in self.files),
            "problems": sum(bool(f.problem) for f in self.files),
            "left_out": self.left_out,
        }

    def as_json(self) -> dict[str, Any]:
        """Return the document."""
        head = {"format": FORMAT, "place": self.place, "layout": self.layout, "counts": self.counts}
        if self.endpoint:
            head["endpoint"] = self.endpoint
        return head | {"files": [f.as_json() for f in sorted(self.files, key=lambda f: f.name)]}


def read_inventory(path: Path) -> Inventory | None:
    """Return the inventory in a file, None where it is a file of another kind.

    Raises:
        UsageError: it says that it is an inventory, and it is damaged.
    """
    if path.suffix != ".json" or not path.is_file():
        return None
    try:
        value = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return None
    if not isinstance(value, dict):
        return None
    reader = _reader(value)
    if reader is None:
        return None
    try:
        return reader(value)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(
            "bad_inventory",
            f"{path} looks like an inventory and is damaged ({type(error).__name__}: {error})",
            "take it again: pixelated inventory PLACE --output FILE.json",
        ) from error


def _reader(value: dict[str, Any]) -> Any:
    if value.get("format") == FORMAT:
        return _own
    if "categories" in value and "total_objects" in value:
        return _s3_manifest
    listed = value.get("files")
    first = listed[0] if isinstance(listed, list) and listed else None
    if "total_files" in value and isinstance(first, dict) and {"container", "path", "size"} <= first.keys():
        return _discovery
    return None


def _own(value: dict[str, Any]) -> Inventory:
    files = [_file(f) for f in value["files"]]
    left_out = int(value["counts"]["left_out"])
    words = value["place"], value.get("endpoint", ""), value["layout"]
    if not all(isinstance(word, str) for word in words):
        raise TypeError("place, endpoint and layout are texts")
    return Inventory(words[0], files, words[1], words[2], left_out)


def _file(said: dict[str, Any]) -> File:
    file = File(**said)
    texts = (value for key, value in vars(file).items() if key != "size")
    if not all(isinstance(text, str) for text in texts):
        raise TypeError(f"the facts of {file.name!r} are no texts")
    if file.size is not None and (type(file.size) is not int or file.size < 0):
        raise TypeError(f"the size of {file.name!r} is {file.size!r}")
    return file


def _s3_manifest(value: dict[str, Any]) -> Inventory:
    files = [
        File(
            name=str(o["key"]),
            size=int(o["size"]),
            sha256=str(o.get("sha256") or ""),
            etag=str(o.get("etag") or "").strip('"'),
            modified=str(o.get("last_modified") or ""),
        )
        for o in _objects(value["categories"])
    ]
    files.sort(key=lambda f: f.name)
    if len(files) != int(value["total_objects"]):
        raise ValueError(f"total_objects is {value['total_objects']}, {len(files)} are listed")
    return Inventory(f"s3://{value['bucket']}/", files, str(value.get("endpoint") or ""))


def _objects(node: Any) -> Iterator[dict[str, Any]]:
    """Yield the objects of a category and of those in it."""
    for key, value in node.items():
        if key == "objects":
            yield from value
        elif isinstance(value, dict):
            yield from _objects(value)


def _discovery(value: dict[str, Any]) -> Inventory:
    files = sorted((File(str(f["path"]), int(f["size"])) for f in value["files"]), key=lambda f: f.name)
    containers = sorted({str(f["container"]) for f in value["files"]})
    return Inventory(f"s3://{containers[0]}/", files)
