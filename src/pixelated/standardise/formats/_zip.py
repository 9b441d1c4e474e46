"""Zip containers of documents, read within limits: nothing goes to disk, no entry grows without end."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass

MAX_ENTRIES = 20_000
MAX_TOTAL = 1 << 29  # bytes unpacked, of all entries together
MAX_ENTRY = 1 << 27
_ENCRYPTED = 0x1
_ERRORS = (  # what the standard library raises for bad bytes
    zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError, OverflowError, struct.error,
)  # fmt: skip


class ContainerError(Exception):
    """The container can't be read; `reason` is one of `damaged`, `encrypted`, `too_large`, `bad_name`."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


@dataclass(frozen=True, slots=True)
class Container:
    """The entries of a zip file by name."""

    file: zipfile.ZipFile
    entries: dict[str, zipfile.ZipInfo]

    def read(self, name: str) -> bytes:
        """Return the bytes of an entry.

        Raises:
            KeyError: there is no such entry.
            ContainerError: it is damaged, encrypted, or larger than it says.
        """
        entry = self.entries[name]
        if entry.flag_bits & _ENCRYPTED:
            raise ContainerError("encrypted", "an entry needs a password")
        if entry.file_size > MAX_ENTRY:
            raise ContainerError("too_large", f"an entry unpacks to more than {MAX_ENTRY} bytes")
        try:
            with self.file.open(entry) as stream:
                data = stream.read(entry.file_size + 1)
        except _ERRORS as error:
            raise ContainerError("damaged", f"an entry can't be unpacked ({type(error).__name__})") from None
        if len(data) != entry.file_size:
            raise ContainerError("damaged", "an entry has not the size that it states")
        return data


def open_container(data: bytes) -> Container:
    """Return the entries of a zip file.

    Raises:
        ContainerError: it is no whole zip file, or breaks a limit.
    """
    try:
        file = zipfile.ZipFile(io.BytesIO(data))
        infos = [entry for entry in file.infolist() if not entry.is_dir()]
    except _ERRORS as error:
        raise ContainerError("damaged", f"no whole zip file ({type(error).__name__})") from None
    if len(infos) > MAX_ENTRIES:
        raise ContainerError("too_large", f"{len(infos)} entries, more than {MAX_ENTRIES}")
    if sum(entry.file_size for entry in infos) > MAX_TOTAL:
        raise ContainerError("too_large", f"it unpacks to more than {MAX_TOTAL} bytes")
    entries = {entry.filename: entry for entry in infos}
    if len(entries) < len(infos) or not all(_is_safe(name) for name in entries):
        raise ContainerError("bad_name", "the name of an entry stands twice or leads out of the container")
    return Container(file, entries)


def _is_safe(name: str) -> bool:
    parts = name.split("/")
    return not (name.startswith("/") or "\\" in name or "\x00" in name or ".." in parts or ":" in parts[0])
