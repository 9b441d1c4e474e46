"""Names of members: what is taken, in which form, and which two of them would be one file somewhere."""

from __future__ import annotations

import re
import unicodedata
from hashlib import blake2b

PART_BYTES = 255  # of a file or folder name, on every usual file system
NAME_BYTES = 1024
MAX_PARTS = 32

_DRIVE = re.compile(rb"[A-Za-z]:")
_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)  # also what turns text round
_JUNK_FOLDER = "__MACOSX"
_JUNK = (".DS_Store", "Thumbs.db")
_SHOWN = 120


class BadNameError(Exception):
    """Raised inside this package by a name that is not taken."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


def safe_name(raw: bytes) -> str:
    """Return a member's name as a relative path of plain parts, "" for the archive's own folder.

    Raises:
        BadNameError: `path_absolute`, `path_drive`, `path_backslash`, `path_traversal`, `name_control`,
            `name_not_utf8`, `name_too_long`.
    """
    if raw.startswith(b"/"):
        raise BadNameError("path_absolute", "its path starts at the root of the disk")
    if _DRIVE.match(raw):
        raise BadNameError("path_drive", "its path starts with a drive letter")
    if b"\\" in raw:
        raise BadNameError("path_backslash", "its path holds a backslash, a separator on some systems")
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise BadNameError("name_not_utf8", "its name is not UTF-8") from None
    if _CONTROL.search(name):
        raise BadNameError("name_control", "its name holds a NUL or another control character")
    parts = [p for p in name.split("/") if p not in {"", "."}]
    if ".." in parts:
        raise BadNameError("path_traversal", "its path leads out of the archive by '..'")
    sizes = [len(p.encode()) for p in parts]
    if max(sizes, default=0) > PART_BYTES or sum(sizes) + len(sizes) > NAME_BYTES or len(sizes) > MAX_PARTS:
        detail = f"over {PART_BYTES} bytes a part, {NAME_BYTES} bytes in all or {MAX_PARTS} parts"
        raise BadNameError("name_too_long", f"its path is {detail}")
    return "/".join(parts)


def folded(name: str) -> str:
    """Return what two names share that a file system may take for one: case and Unicode form."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def is_junk(name: str) -> bool:
    """Say whether a member is what a desktop leaves behind: no data of anybody."""
    parts = name.split("/")
    return _JUNK_FOLDER in parts or parts[-1] in _JUNK or parts[-1].startswith("._")


def shown(name: bytes | str) -> str:
    """Return a name in quotes, fit for a terminal and a log: escaped, and cut where it is long."""
    text = name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name
    quoted = ascii(text[:_SHOWN]) if not text.isprintable() else repr(text[:_SHOWN])
    return quoted + ("..." if len(text) > _SHOWN else "")


class Claims:
    """The names that are taken so far, as hashes, so that many long names fit in memory."""

    def __init__(self) -> None:
        self._files: set[bytes] = set()
        self._folders: set[bytes] = set()

    def claim(self, name: str, *, folder: bool) -> None:
        """Take a name.

        Raises:
            BadNameError: `duplicate_name`, another file has it; `name_conflict`, a file and a folder have it.
        """
        parts = folded(name).split("/")
        paths = [_hash("/".join(parts[:k])) for k in range(1, len(parts) + 1)]
        own = paths[-1]
        if not folder and own in self._files:
            detail = "two members have this name, or names that differ by case or Unicode form only"
            raise BadNameError("duplicate_name", detail)
        folders = paths if folder else paths[:-1]
        if any(p in self._files for p in folders) or (not folder and own in self._folders):
            raise BadNameError("name_conflict", "a file and a folder have the same name")
        self._folders.update(folders)
        if not folder:
            self._files.add(own)


def _hash(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()
