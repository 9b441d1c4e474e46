"""Identity is content: a folder's name is the hash of the settings and inputs that made it."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import orjson


def fingerprint(*parts: Any) -> str:
    """Return 16 hex digits over the canonical JSON of `parts` (sorted keys)."""
    options = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
    plain = [asdict(p) if is_dataclass(p) and not isinstance(p, type) else p for p in parts]
    return hashlib.sha256(orjson.dumps(plain, default=_plain, option=options)).hexdigest()[:16]


def sha256_file(path: Path) -> str:
    """Return the hex SHA-256 of a file, read in pieces into one buffer."""
    with path.open("rb", buffering=0) as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return list(value)
    return str(value)
