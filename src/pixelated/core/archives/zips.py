"""The entries of a zip, in the order of its directory, each checked against its local header first.

Two programs that read a zip differently are how a zip hides something: what the directory and the headers
say must agree, entries must not overlap, and nothing may stand before or after.
"""

from __future__ import annotations

import os
import stat
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO, NamedTuple

from pixelated.core.archives.entries import Entry
from pixelated.core.archives.limits import BOMBS, ArchiveRefusedError, Budget, Meter
from pixelated.core.archives.streams import OUT, decompress

_END = struct.Struct("<4s4H2LH")
_END64_AT = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_MAX_COMMENT = 0xFFFF
_NONE16, _NONE32 = 0xFFFF, 0xFFFFFFFF  # "see the zip64 field"
_ENCRYPTED, _LATER, _PATCH = 0x1 | 0x40 | 0x2000, 0x8, 0x20  # flag bits; _LATER: sizes stand after the data
_AES = 99
_STORED = 0
_METHODS = {8: "deflate", 12: "bzip2", 20: "zstd", 93: "zstd", 95: "xz"}
_ZIP64 = 1
_LINKS = {
    stat.S_IFLNK: ("symbolic_link", "a symbolic link"),
    stat.S_IFCHR: ("device", "a character device"),
    stat.S_IFBLK: ("device", "a block device"),
    stat.S_IFIFO: ("device", "a FIFO"),
    stat.S_IFSOCK: ("device", "a socket"),
}


class _Header(NamedTuple):
    """What directory and local header both state."""

    flags: int
    method: int
    crc: int
    packed: int
    size: int
    name: bytes


@dataclass(frozen=True)
class _Listed:
    """An entry of the directory; `start` is where its bytes start, `fault` what its local header denies."""

    header: _Header
    offset: int
    mode: int
    start: int = 0
    fault: tuple[str, str] | None = None


class ZipReader:
    """Reads the entries of one zip, in a file that can seek."""

    def __init__(self, file: BinaryIO, budget: Budget) -> None:
        self._file, self._budget = file, budget

    def entries(self) -> Iterator[Entry]:
        """Yield every entry.

        Raises:
            ArchiveRefusedError: `truncated`, `trailing_data`, `corrupt`, `overlapping_entries`, ...
        """
        size = self._file.seek(0, os.SEEK_END)
        count, start, end = self._directory(size)
        listed = [self._with_local(found, start) for found in self._listed(count, start, end)]
        self._refuse_overlaps(listed, start)
        for found in listed:
            name = found.header.name
            self._budget.enter(name)
            folder = name.endswith(b"/") or stat.S_IFMT(found.mode) == stat.S_IFDIR
            yield Entry(name, found.header.size, folder, _refused(found), self._reader(found))

    def _directory(self, size: int) -> tuple[int, int, int]:
        """Return the number of entries and where the directory starts and ends."""
        tail_at = max(0, size - _MAX_COMMENT - _END.size)
        self._file.seek(tail_at)
        tail = self._file.read(size - tail_at)
        ends = _ends(tail)
        if len(ends) > 1:
            raise self._refuse("corrupt", "the zip has two ends, so that programs may read it differently")
        if not ends:
            if tail.rfind(b"PK\x05\x06") >= 0:
                raise self._refuse(
                    "trailing_data", "bytes stand after the end of the zip, or in place of its end"
                )
            raise self._refuse("truncated", "the zip ends before its directory does")
        _, disk, first_disk, here, count, length, start, _ = _END.unpack_from(tail, ends[0])
        end = tail_at + ends[0]
        if _NONE16 in {here, count, disk} or _NONE32 in {length, start}:
            disk, first_disk, here, count, length, start, end = self._zip64(end)
        if disk or first_disk or here != count:
            raise self._refuse("not_supported", "a part of a zip that is spread over several files")
        if start + length != end:
            raise self._refuse("corrupt", "the directory does not stand where the end of the zip says")
        if count > self._budget.limits.members:
            detail = f"more than {self._budget.limits.members:,} members"
            raise self._refuse("too_many_members", detail)
        return count, start, end

    def _zip64(self, end: int) -> tuple[int, ...]:
        """Return disk numbers, counts, length and start of the directory, and its end, of a big zip."""
        at = end - _END64_AT.size
        mark, _, place, _ = _END64_AT.unpack(self._bytes(at, _END64_AT.size))
        if mark != b"PK\x06\x07":
            raise self._refuse("corrupt", "the end of the zip names a zip64 record that is not there")
        found = _END64.unpack(self._bytes(place, _END64.size))
        if found[0] != b"PK\x06\x06" or place + 12 + found[1] != at:
            raise self._refuse("corrupt", "the zip64 record is not where the end of the zip says")
        disk, first_disk, here, count, length, start = found[4:]
        return disk, first_disk, here, count, length, start, place

    def _listed(self, count: int, start: int, end: int) -> Iterator[_Listed]:
        at = start
        for _ in range(count):
            fields = _CENTRAL.unpack(self._bytes(at, _CENTRAL.size))
            mark, _, _, flags, method, _, _, crc, packed, size, *lengths, _, _, outer, offset = fields
            tail = self._bytes(at + _CENTRAL.size, sum(lengths))
            name, extra = tail[: lengths[0]], tail[lengths[0] : lengths[0] + lengths[1]]
            if mark != b"PK\x01\x02":
                raise self._refuse("corrupt", "the directory is not readable")
            size, packed, offset = _wide(extra, (size, packed, offset))
            yield _Listed(_Header(flags, method, crc, packed, size, name), offset, outer >> 16)
            at += _CENTRAL.size + len(tail)
        if at != end:
            raise self._refuse("corrupt", "the directory holds more than the end of the zip says")

    def _with_local(self, found: _Listed, end: int) -> _Listed:
        """Return the entry with the place of its bytes and with what its local header denies."""
        if found.offset + _LOCAL.size > end:
            raise self._refuse("corrupt", "an entry lies outside the zip")
        fields = _LOCAL.unpack(self._bytes(found.offset, _LOCAL.size))
        mark, _, flags, method, _, _, crc, packed, size, name_length, extra_length = fields
        tail = self._bytes(found.offset + _LOCAL.size, name_length + extra_length)
        if mark != b"PK\x03\x04":
            raise self._refuse("header_mismatch", "an entry of the directory is not where it should be")
        size, packed, _ = _wide(tail[name_length:], (size, packed, 0))
        local = _Header(flags, method, crc, packed, size, tail[:name_length])
        start = found.offset + _LOCAL.size + len(tail)
        return _Listed(found.header, found.offset, found.mode, start, _differs(found.header, local))

    def _refuse_overlaps(self, listed: list[_Listed], end: int) -> None:
        spans = sorted((f.offset, f.start + f.header.packed, f.header.name) for f in listed)
        spans.append((end, end, b""))
        for (_, stop, name), (after, _, _) in pairwise(spans):
            if stop > after:
                detail = "its bytes are those of another entry too"
                raise self._budget.refuse("overlapping_entries", detail, name, whole=True)

    def _reader(self, found: _Listed) -> Callable[[], Iterator[bytes]]:
        return lambda: self._chunks(found)

    def _chunks(self, found: _Listed) -> Iterator[bytes]:
        """Yield the bytes of one entry, and check them against what the directory states."""
        header = found.header
        crc = size = 0
        refuse = self._budget.refuse
        try:
            for piece in self._pieces(found):
                crc, size = zlib.crc32(piece, crc), size + len(piece)
                if size > header.size:
                    raise refuse("header_mismatch", "it holds more bytes than the zip states", header.name)
                yield piece
        except ArchiveRefusedError as error:
            if error.reason in BOMBS:
                raise
            # the other members do not depend on this one
            raise refuse(error.reason, error.detail, header.name) from error
        if size != header.size:
            raise refuse("header_mismatch", "it holds fewer bytes than the zip states", header.name)
        if crc != header.crc:
            raise refuse("bad_checksum", "its checksum is wrong", header.name)

    def _pieces(self, found: _Listed) -> Iterator[bytes]:
        header = found.header
        if header.method != _STORED:
            read = _Range(self._file, found.start, header.packed).read
            yield from decompress(read, _METHODS[header.method], self._budget, header.name)
            return
        meter = Meter(self._budget)
        part = _Range(self._file, found.start, header.packed)
        while piece := meter.took(part.read(OUT)):
            yield meter.gave(piece)

    def _bytes(self, at: int, size: int) -> bytes:
        self._file.seek(max(0, at))
        data = self._file.read(size)
        if at < 0 or len(data) < size:
            raise self._refuse("corrupt", "the directory is not readable")
        return data

    def _refuse(self, reason: str, detail: str) -> ArchiveRefusedError:
        return self._budget.refuse(reason, detail, whole=True)


class _Range:
    """A range of a file, read from its start; others may read the file in between."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file, self._at, self._end = file, start, start + size

    def read(self, size: int) -> bytes:
        self._file.seek(self._at)
        data = self._file.read(min(size, self._end - self._at))
        self._at += len(data)
        return data


def _ends(tail: bytes) -> list[int]:
    """Return where the records stand whose comment ends with the file: one, in a zip that means well."""
    found = []
    at = tail.find(b"PK\x05\x06")
    while 0 <= at <= len(tail) - _END.size:
        if at + _END.size + _END.unpack_from(tail, at)[7] == len(tail):
            found.append(at)
        at = tail.find(b"PK\x05\x06", at + 1)
    return found


def _wide(extra: bytes, values: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return size, packed size and offset, those that do not fit 32 bits from the zip64 field."""
    wide: bytes = b""
    at = 0
    while at + 4 <= len(extra):
        tag, length = struct.unpack_from("<2H", extra, at)
        if tag == _ZIP64:
            wide = extra[at + 4 : at + 4 + length]
            break
        at += 4 + length
    found = []
    for value in values:
        if value == _NONE32 and len(wide) >= 8:  # noqa: PLR2004 - bytes of a 64-bit number
            found.append(int.from_bytes(wide[:8], "little"))
            wide = wide[8:]
        else:
            found.append(value)
    return found[0], found[1], found[2]


def _differs(listed: _Header, local: _Header) -> tuple[str, str] | None:
    """Return what a local header states otherwise than the directory."""
    if listed.name != local.name:
        return "header_mismatch", "its name is another in its local header"
    if listed.method != local.method or (listed.flags ^ local.flags) & _ENCRYPTED:
        return "header_mismatch", "its method of packing is another in its local header"
    for here, there in ((listed.size, local.size), (listed.packed, local.packed), (listed.crc, local.crc)):
        if here != there and not (local.flags & _LATER and there in {0, _NONE32}):
            return "header_mismatch", "its size or checksum is another in its local header"
    return None


def _refused(found: _Listed) -> tuple[str, str] | None:
    header = found.header
    if header.flags & _ENCRYPTED or header.method == _AES:
        return "encrypted", "it is encrypted"
    if found.fault is not None:
        return found.fault
    kind = _LINKS.get(stat.S_IFMT(found.mode))
    if kind is not None:
        return kind
    if header.flags & _PATCH or header.method not in {_STORED, *_METHODS}:
        return "method_unsupported", f"it is packed by method {header.method}, which nothing here unpacks"
    if header.method == _STORED and header.packed != header.size:
        return "header_mismatch", "it is stored, and yet its two sizes differ"
    return None
