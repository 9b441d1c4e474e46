"""The mission's `s3_manifest.json` (objects of a bucket by category), written from an inventory."""

from __future__ import annotations

import os
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from pixelated.core.errors import UsageError
from pixelated.core.meter import human
from pixelated.inventory.document import Inventory
from pixelated.inventory.file import File

_TOP = ("acquired", "lightning", "voice", "pixel_voice")


def s3_manifest(inventory: Inventory) -> dict[str, Any]:
    """Return the manifest; its time is `SOURCE_DATE_EPOCH`, else that of the newest object.

    Raises:
        UsageError: the place is no bucket.
    """
    scheme, _, rest = inventory.place.partition("://")
    bucket, _, prefix = rest.partition("/")
    if scheme not in ("s3", "gs"):
        raise UsageError(
            "no_bucket",
            f"{inventory.place} is no bucket",
            "leave --format out, or name an s3:// or gs:// place",
        )
    prefix = f"{prefix.rstrip('/')}/" if prefix else ""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for file in inventory.files:
        key = prefix + file.name
        groups[_category(key)].append(_object(key, file))
    total = inventory.counts["bytes"]
    return {
        "bucket": bucket,
        "endpoint": inventory.endpoint,
        "generated_at": _when(inventory),
        "total_objects": len(inventory.files),
        "total_size_bytes": total,
        "total_size_formatted": human(total),
        "categories": _tree(groups),
    }


def _category(key: str) -> tuple[str, ...]:
    """Return the path of a key's category."""
    parts = key.removeprefix("datasets/").split("/")
    match parts:
        case ["gdrive", "raw", _, *_]:
            return "gdrive", "raw"
        case ["gdrive", "processed", group, _, *_]:
            return "gdrive", "processed", group
        case ["consolidated", *_]:
            return "metadata", "consolidation"
        case [top, _, *_] if top in _TOP:
            return (top,)
    return ("other",)


def _object(key: str, file: File) -> dict[str, Any]:
    known = {
        "key": key,
        "size": file.size or 0,
        "size_formatted": human(file.size or 0),
        "last_modified": file.modified,
        "etag": file.etag,
    }
    return known | ({"sha256": file.sha256} if file.sha256 else {})


def _tree(groups: dict[tuple[str, ...], list[dict[str, Any]]]) -> dict[str, Any]:
    tree: dict[str, Any] = {
        "gdrive": {"raw": _group([]), "processed": {}},
        "metadata": {},
        "other": _group([]),
    }
    tree |= {top: _group([]) for top in _TOP}
    tree["metadata"]["consolidation"] = _group([])
    for path, objects in sorted(groups.items()):
        node = tree
        for name in path[:-1]:
            node = node[name]
        node[path[-1]] = _group(objects)
    return tree


def _group(objects: list[dict[str, Any]]) -> dict[str, Any]:
    size = sum(o["size"] for o in objects)
    listed = sorted(objects, key=lambda o: str(o["key"]))
    return {"count": len(objects), "size_bytes": size, "size_formatted": human(size), "objects": listed}


def _when(inventory: Inventory) -> str:
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if epoch.isdigit():
        return datetime.fromtimestamp(int(epoch), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return max((f.modified for f in inventory.files), default="")
