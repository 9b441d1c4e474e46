"""One file of an inventory, and what two of them say of each other."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal

Said = Literal["same", "differing"]


@dataclass(frozen=True)
class Digests:
    """What the bytes of a file are: their number, and hex digests computed here."""

    size: int
    sha256: str
    md5: str


@dataclass(frozen=True)
class File:
    """A file as an inventory lists it; what nobody stated is None or empty.

    Attributes:
        name: path relative to the place, '/' separated, exactly as the place gives it.
        size: bytes.
        sha256: hex digest of the bytes.
        md5: the same.
        etag: of S3; an MD5 or the MD5 of the parts' MD5s, but never said to be one without asking.
        modified: as the place states it.
        version: what changes when the bytes change; of a local file its size, inode and time in ns.
        by: who says the digests: "place" computed them, "read" here, "receipt" of the download.
        problem: why the file can't be fetched or its name can't be a path.
    """

    name: str
    size: int | None = None
    sha256: str = ""
    md5: str = ""
    etag: str = ""
    modified: str = ""
    version: str = ""
    by: str = ""
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return what is known, without empty fields."""
        known = {f.name: getattr(self, f.name) for f in fields(self)}
        return {k: v for k, v in known.items() if v not in ("", None)}


def compared(a: File, b: File) -> tuple[Said, str] | None:
    """Return what two files are to each other and by what it was told, None where nothing tells.

    Size alone tells that files differ, never that they are the same.
    """
    if a.size is not None and b.size is not None and a.size != b.size:
        return "differing", "size"
    if a.sha256 and b.sha256:
        return ("same" if a.sha256 == b.sha256 else "differing"), "sha256"
    if a.md5 and b.md5:
        return ("same" if a.md5 == b.md5 else "differing"), "md5"
    # equal ETags of S3, or one that is the other's MD5, are of equal bytes; unequal ones may come from
    # another size of parts, or from encryption
    shared = (a.etag and a.etag in (b.etag, b.md5)) or (b.etag and b.etag == a.md5)
    if shared and a.size is not None and a.size == b.size:
        return "same", "etag"
    return None
