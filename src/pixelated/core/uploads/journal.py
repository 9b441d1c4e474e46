"""What a killed upload leaves for its successor: one small private file per destination and name.

It holds upload ids and session addresses, which let their bearer write that one object: mode 0600, kept
in the user's own state folder, never beside the data.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pixelated.core.fingerprint import fingerprint
from pixelated.core.home import state_home
from pixelated.core.store import LocalStore


class Journal:
    """Notes on open uploads; by default in `$XDG_STATE_HOME/pixelated/uploads`."""

    def __init__(self, folder: Path | None = None) -> None:
        self._store = LocalStore(folder or _state_folder(), private=True)

    def read(self, uri: str, name: str, sha256: str) -> dict[str, Any]:
        """Return the note on an upload of exactly this file; empty where there is none."""
        try:
            note = self._store.read_json(_key(uri, name))
        except (OSError, ValueError):
            return {}
        return note if isinstance(note, dict) and note.get("sha256") == sha256 else {}

    def write(self, uri: str, name: str, sha256: str, note: dict[str, Any]) -> None:
        """Note that an upload is open."""
        self._store.write_json(_key(uri, name), {**note, "sha256": sha256})

    def drop(self, uri: str, name: str) -> None:
        """Forget an upload that is done."""
        self._store.remove(_key(uri, name))


def _key(uri: str, name: str) -> str:
    return f"{fingerprint(uri, name)}.json"


def _state_folder() -> Path:
    return state_home() / "pixelated" / "uploads"
