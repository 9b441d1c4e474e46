"""What was fetched, written down beside the files: `<root>/.acquired/<source>.json`.

A receipt says where a file came from, what it is (size, sha256), and which version the place called it. It
is what later runs compare with before they fetch, and what an inventory and a build can be held to.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from pixelated.core.store import LocalStore

FOLDER = ".acquired"


@dataclass
class FileReceipt:
    """One file as it was fetched.

    Attributes:
        name: path relative to the source's folder, '/' separated.
        size: bytes.
        sha256: of the bytes.
        uri: the place it came from, without credentials.
        version: what the place called this version.
        checked: what the bytes were compared with; "" where nothing was stated.
        unpacked: for an archive, the files that it gave: (name, size, sha256).
        rests_on: for a transcript, sha256 of the permission and the consents under which it was made.
    """

    name: str
    size: int
    sha256: str
    uri: str
    version: str = ""
    checked: str = ""
    unpacked: list[tuple[str, int, str]] = field(default_factory=list)
    rests_on: list[str] = field(default_factory=list)


@dataclass
class Receipt:
    """What is there of a source: `path` is its folder under the root, `complete` that all of it was there."""

    source: str
    license: str = ""
    upstream_license: str = ""
    owner: str = ""
    revision: str = ""
    retrieved_at: str = ""
    path: str = ""
    complete: bool = False
    files: dict[str, FileReceipt] = field(default_factory=dict)


def read_receipt(root: Path, source: str) -> Receipt:
    """Return the receipt of a source, an empty one where nothing was fetched or the file is damaged."""
    try:
        data = orjson.loads((root / FOLDER / f"{source}.json").read_bytes())
        files = {f["name"]: FileReceipt(**f) for f in data.pop("files")}
        return Receipt(**data, files=files)
    except (OSError, ValueError, TypeError, KeyError):
        return Receipt(source)


def write_receipt(root: Path, receipt: Receipt) -> None:
    """Write the receipt by an atomic rename."""
    data: dict[str, Any] = asdict(receipt)
    data["files"] = [asdict(receipt.files[name]) for name in sorted(receipt.files)]
    LocalStore(root / FOLDER).write_json(f"{receipt.source}.json", data)


def now() -> str:
    """Return the time of a retrieval, `SOURCE_DATE_EPOCH` where it is set; it enters no dataset by itself."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    when = datetime.fromtimestamp(int(epoch), UTC) if epoch.isdigit() else datetime.now(UTC)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")
