"""Judgements that were paid for, on disk: a file each, named by the hash of what decides them, never text."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import orjson

from pixelated.core.home import state_home
from pixelated.core.store import LocalStore

CACHE_FORMAT = 1


def default_cache() -> Path:
    """Return the folder of judgements in the user's state."""
    return state_home() / "pixelated" / "judge"


def key_of(parts: Any) -> str:
    """Return the hash of what a judgement rests on."""
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()


class Cache:
    """Judgements by key; a file is there whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._store = LocalStore(folder, private=True)

    def get(self, key: str) -> dict[str, Any] | None:
        """Return a judgement, or None: an unreadable file is as good as none."""
        try:
            value = self._store.read_json(_name(key))
        except (OSError, orjson.JSONDecodeError):
            return None
        return value if isinstance(value, dict) and value.get("format") == CACHE_FORMAT else None

    def put(self, key: str, value: dict[str, Any]) -> None:
        """Keep a judgement."""
        self._store.write_json(_name(key), value | {"format": CACHE_FORMAT})


def _name(key: str) -> str:
    return f"{key[:2]}/{key}.json"
