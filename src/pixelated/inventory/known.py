"""Digests that need not be computed again: of a killed run, and of an earlier inventory of the place.

A digest belongs to a name, a size and a version. A killed run leaves a journal of JSON lines, one for each
file that was read; it is removed when the work is done. Versions that are a time in whole seconds are good
enough to go on after a kill, not to believe an old inventory.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import orjson

from pixelated.core.fingerprint import fingerprint
from pixelated.core.home import state_home
from pixelated.core.store import explain_os_error
from pixelated.inventory.document import Inventory
from pixelated.inventory.file import Digests, File

_Key = tuple[str, int | None, str]


class Known:
    """Digests by name, size and version.

    Args:
        journal: where what is read is written down; None for nowhere.
        place: its address and endpoint: a journal of another place is not believed.
    """

    def __init__(self, journal: Path | None, place: tuple[str, str]) -> None:
        self._path, self._place = journal, list(place)
        self._found: dict[_Key, Digests] = {}
        self._lock = threading.Lock()
        self._file: int | None = None
        if journal is not None:
            self._load(journal)

    def get(self, file: File) -> Digests | None:
        """Return the digests of this very version of a file."""
        return self._found.get((file.name, file.size, file.version)) if file.version else None

    def add(self, file: File, digests: Digests) -> None:
        """Remember, and write down at once; called from any thread."""
        if not file.version:
            return
        line = [file.name, file.size, file.version, digests.size, digests.sha256, digests.md5]
        with self._lock:
            self._found[file.name, file.size, file.version] = digests
            if self._path is not None:
                self._append(self._path, line)

    def believe(self, inventory: Inventory | None) -> None:
        """Take over what an earlier inventory of the same place had read."""
        if inventory is None or [inventory.place, inventory.endpoint] != self._place:
            return
        for f in inventory.files:
            strong = f.version and "modified" not in f.version
            if strong and f.by == "read" and f.sha256 and f.size is not None:
                self._found.setdefault((f.name, f.size, f.version), Digests(f.size, f.sha256, f.md5))

    def done(self) -> None:
        """Remove the journal: the work is finished."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _load(self, path: Path) -> None:
        try:
            data = path.read_bytes()
        except OSError:
            return
        whole = data[: data.rfind(b"\n") + 1].splitlines()  # a killed writer leaves half a line
        try:
            mine = bool(whole) and orjson.loads(whole[0]) == self._place
            for line in whole[1:] if mine else ():
                name, size, version, *digests = orjson.loads(line)
                self._found[name, size, version] = Digests(*digests)
        except (ValueError, TypeError):
            mine = False
        if not mine:
            self._found.clear()
            path.unlink(missing_ok=True)

    def _append(self, path: Path, line: list[Any]) -> None:
        try:
            if self._file is None:
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
                there = path.read_bytes()
                os.ftruncate(self._file, there.rfind(b"\n") + 1)
                if not os.fstat(self._file).st_size:
                    os.write(self._file, orjson.dumps(self._place) + b"\n")
            os.write(self._file, orjson.dumps(line) + b"\n")
        except OSError as error:
            raise explain_os_error(error, path) from error


def state_folder() -> Path:
    """Return the user's own folder for what killed runs leave."""
    return state_home() / "pixelated" / "inventory"


def state_journal(place: tuple[str, str], use: str) -> Path:
    """Return the journal of a place for a use such as "diff"."""
    here = str(Path.cwd()) if "://" not in place[0] else ""  # a relative path means another folder elsewhere
    return state_folder() / f"{fingerprint(*place, use, here)}.jsonl"
