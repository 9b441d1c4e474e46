"""Archives built byte by byte, so that they can say what no honest program would write; what is seen of them."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import random
import struct
import tarfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pixelated.core import archives
from pixelated.core.archives import ArchiveRefusedError, Budget, Limits, unpack
from pixelated.core.errors import EXIT_INCOMPLETE

LINES = b"".join(b'{"prompt": "Question %d", "response": "Answer %d."}\n' % (k, k) for k in range(40))


def zstd(data: bytes) -> bytes:
    return bytes(pa.Codec("zstd").compress(data))


COMPRESS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": zstd}


@dataclass
class Part:
    """One entry of a zip; `local` and `central` overrule single fields of the two headers."""

    name: bytes
    data: bytes = b"text"
    method: int = 8
    packed: bytes | None = None
    mode: int = 0o100644
    local: dict[str, Any] | None = None
    central: dict[str, Any] | None = None
    offset: int | None = None  # of the local header; the part then brings no bytes of its own


def deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def raw_zip(
    parts: Iterable[Part], *, gap: bytes = b"", comment: bytes = b"", count: int | None = None
) -> bytes:
    body, directory = b"", b""
    listed = list(parts)
    for part in listed:
        packed = part.packed
        if packed is None:
            packed = deflate(part.data) if part.method == 8 else part.data
        fields: dict[str, Any] = {
            "flags": 0x800,
            "method": part.method,
            "crc": zlib.crc32(part.data),
            "packed": len(packed),
            "size": len(part.data),
            "name": part.name,
            "extra": b"",
        }
        here, there = fields | (part.local or {}), fields | (part.central or {})
        offset = len(body) if part.offset is None else part.offset
        if part.offset is None:
            body += struct.pack(
                "<4s5H3L2H", b"PK\x03\x04", 20, here["flags"], here["method"], 0, 0, here["crc"], here["packed"],
                here["size"], len(here["name"]), len(here["extra"]),
            ) + here["name"] + here["extra"] + packed  # fmt: skip
        directory += struct.pack(
            "<4s6H3L5H2L", b"PK\x01\x02", 0x314, 20, there["flags"], there["method"], 0, 0, there["crc"], there["packed"],
            there["size"], len(there["name"]), len(there["extra"]), 0, 0, 0, part.mode << 16, offset,
        ) + there["name"] + there["extra"]  # fmt: skip
    body += gap
    number = len(listed) if count is None else count
    end = struct.pack(
        "<4s4H2LH", b"PK\x05\x06", 0, 0, number, number, len(directory), len(body), len(comment)
    )
    return body + directory + end + comment


def tar(members: Iterable[tuple[str, bytes | None]], **kinds: Any) -> bytes:
    """Return a tar of (name, bytes); fields in `kinds` are set on every member (type, linkname, mode ...)."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=kinds.pop("format", tarfile.PAX_FORMAT)) as out:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data or b"")
            for key, value in kinds.items():
                setattr(info, key, value)
            out.addfile(info, io.BytesIO(data or b""))
    return stream.getvalue()


def tar_block(name: bytes, size: bytes, kind: bytes = b"0") -> bytes:
    """Return one raw header block with a right checksum."""
    block = bytearray(name.ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + size.ljust(12, b"\0"))
    block += b"00000000000\0" + b" " * 8 + kind + bytes(100) + b"ustar\x0000"
    block = block.ljust(512, b"\0")
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


KB = 10_000  # not 1,000: what is read ahead (256 KiB) must be small beside the limits


NOISE = random.Random(5).randbytes(60 * KB)


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def put(folder: Path, data: bytes, name: str = "a.bin") -> dict[str, bytes]:
    """Unpack bytes and return the files, which must be the ones that `unpack` says."""
    (folder / name).write_bytes(data)
    found = unpack(folder / name, folder / "out")
    files = tree(folder / "out")
    assert [(u.name, u.size, u.sha256) for u in found] == [
        (n, len(b), hashlib.sha256(b).hexdigest()) for n, b in sorted(files.items())
    ]
    return files


def refusal(folder: Path, data: bytes, limits: Limits | None = None, name: str = "a.bin") -> tuple[str, str]:
    """Return (reason, member) of what is refused; nothing may be left behind."""
    (folder / name).write_bytes(data)
    with pytest.raises(ArchiveRefusedError) as caught:
        unpack(folder / name, folder / "out", limits)
    error = caught.value
    assert sorted(p.name for p in folder.iterdir()) == [name], "something was left behind"
    assert error.code == "archive_refused"
    assert error.exit_code == EXIT_INCOMPLETE
    assert name in error.message
    assert error.reason in error.message
    assert error.remedy
    assert error.member in error.message
    assert error.message.isprintable()
    return error.reason, error.member


def honest(kind: str) -> bytes:
    files = [("d/a.jsonl", LINES), ("b", b""), ("c.txt", b"word")]
    if kind in COMPRESS:
        return COMPRESS[kind](LINES)
    if kind == "zip":
        return raw_zip([Part(n.encode(), b) for n, b in files])
    plain = tar(files, format=tarfile.USTAR_FORMAT)
    return plain if kind == "tar" else COMPRESS[kind[4:]](plain)


ALL = ["gz", "bz2", "xz", "zst", "zip", "tar", "tar.gz", "tar.bz2", "tar.xz", "tar.zst"]


def read_all(data: bytes, name: str = "a.bin") -> dict[str, bytes]:
    """Read an archive as unpack does, without a disk."""
    opened = archives.open_archive(io.BytesIO(data), name, Budget(name, len(data)))
    found = {}
    for member in opened.members:
        if member.refused is not None:
            raise member.refused
        found[member.name] = b"".join(member.chunks())
    return found


def read_or_none(data: bytes) -> dict[str, bytes] | None:
    try:
        return read_all(data)
    except ArchiveRefusedError:
        return None


def zip_of(files: dict[str, bytes]) -> bytes:
    return raw_zip([Part(name.encode(), data) for name, data in files.items()])


def tar_of(files: dict[str, bytes]) -> bytes:
    return tar(files.items())


CSV = b"prompt,response\nHow are you?,I am tired today.\nWhy?,I did not sleep at all.\n"


TALK = b"Client: I can't sleep.\nTherapist: Since when is that so?\nClient: Since May.\nTherapist: What was in May?\n"


PNG = b"\x89PNG\r\n" + bytes(60)


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"
