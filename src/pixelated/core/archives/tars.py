"""The entries of a tar, in the order they lie: ustar, pax, GNU long names and the form before all of them.

Read strictly: a checksum that is wrong, a missing end mark and bytes after the end are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pixelated.core.archives.entries import Entry
from pixelated.core.archives.kinds import HEAD, checksum_fits
from pixelated.core.archives.limits import ArchiveRefusedError, Budget
from pixelated.core.archives.streams import OUT, Stream

_Refuse = Callable[[str, str], ArchiveRefusedError]

_MAX_EXTENDED = 1 << 20  # bytes of a pax header or a long name: they are held in memory
_MAX_DIGITS = 20
_FILES = (b"0", b"\0", b"7")
_REFUSED = {
    b"1": ("hard_link", "a hard link"),
    b"2": ("symbolic_link", "a symbolic link"),
    b"3": ("device", "a character device"),
    b"4": ("device", "a block device"),
    b"6": ("device", "a FIFO"),
    b"S": ("sparse_file", "a file with holes"),
    b"M": ("unknown_type", "a part of a file in another tar"),
}
_NO_DATA = (b"1", b"2", b"3", b"4", b"5", b"6")  # whatever their size field says


class TarReader:
    """Reads the entries of one tar; the bytes of an entry are there until the next is asked for."""

    def __init__(self, stream: Stream, budget: Budget) -> None:
        self._stream, self._budget = stream, budget
        self._left = 0  # bytes of the current entry not yet read
        self._padding = 0

    def entries(self) -> Iterator[Entry]:
        """Yield every entry.

        Raises:
            ArchiveRefusedError: `truncated`, `corrupt`, `trailing_data`, `header_too_big`.
        """
        while (found := self._next({})) is not None:
            yield found

    def _next(self, known: dict[bytes, bytes]) -> Entry | None:
        """Return the next entry; `known` is what extended headers before it state."""
        while True:
            self._skip()
            block = self._block("header")
            if not block.strip(b"\0"):
                self._end()
                return None
            if not checksum_fits(block):
                raise self._refuse("corrupt", "the checksum of a header is wrong")
            kind = block[156:157]
            self._left = _number(block[124:136], self._refuse)
            if kind in {b"x", b"g", b"L", b"K"}:
                self._extend(kind, known)
                continue
            return self._entry(block, kind, known)

    def _entry(self, block: bytes, kind: bytes, known: dict[bytes, bytes]) -> Entry:
        name = known.get(b"path", _name(block))
        if b"size" in known:
            self._left = _decimal(known[b"size"], self._refuse)
        self._left = 0 if kind in _NO_DATA else self._left
        self._padding = -self._left % HEAD
        self._budget.enter(name)
        refused = _REFUSED.get(kind)
        if any(key.startswith(b"GNU.sparse.") for key in known):
            refused = _REFUSED[b"S"]
        folder = kind == b"5" or (kind in _FILES and name.endswith(b"/"))
        if refused is None and not folder and kind not in _FILES:
            refused = ("unknown_type", f"an entry of unknown type {kind!r}")
        return Entry(name, self._left, folder, refused, self._data)

    def _extend(self, kind: bytes, known: dict[bytes, bytes]) -> None:
        """Read an extended header; it counts as an entry, so that there can't be endlessly many."""
        self._budget.enter("")
        if self._left > _MAX_EXTENDED:
            raise self._refuse("header_too_big", f"an extended header of {self._left:,} bytes")
        self._padding = -self._left % HEAD
        data = b"".join(self._data())
        if kind == b"L":
            known[b"path"] = data.rstrip(b"\0")
        elif kind in {b"x", b"g"}:
            found = _pax(data, self._refuse)
            if kind == b"g" and found.keys() & {b"path", b"size"}:
                raise self._refuse("corrupt", "a global header states the name or size of every member")
            known.update(found if kind == b"x" else {})

    def _data(self) -> Iterator[bytes]:
        """Yield the bytes of the current entry."""
        while self._left:
            piece = self._stream.read(min(self._left, OUT))
            if not piece:
                raise self._refuse("truncated", "the tar ends inside a member")
            self._left -= len(piece)
            yield piece

    def _skip(self) -> None:
        for _ in self._data():
            pass
        if len(self._stream.read(self._padding)) < self._padding:
            raise self._refuse("truncated", "the tar ends inside a member")
        self._padding = 0

    def _block(self, what: str) -> bytes:
        block = self._stream.read(HEAD)
        if len(block) < HEAD:
            raise self._refuse("truncated", f"the tar ends where a {what} or its end mark should stand")
        return block

    def _end(self) -> None:
        while data := self._stream.some():
            if data.strip(b"\0"):
                raise self._refuse("trailing_data", "bytes stand after the end mark of the tar")

    def _refuse(self, reason: str, detail: str) -> ArchiveRefusedError:
        return self._budget.refuse(reason, detail, whole=True)


def _name(block: bytes) -> bytes:
    name = block[:100].split(b"\0", 1)[0]
    prefix = block[345:500].split(b"\0", 1)[0] if block[257:263] == b"ustar\0" else b""
    return prefix + b"/" + name if prefix else name


def _number(digits: bytes, refuse: _Refuse) -> int:
    """Return a size: octal digits, or a big-endian number where the first bit is set."""
    if digits[0] == 0x80:  # noqa: PLR2004 - the mark of a positive number in base 256
        return int.from_bytes(digits[1:], "big")
    octal = digits.strip(b" \0")
    if not all(c in b"01234567" for c in octal):
        raise refuse("corrupt", "the size in a header is no number")
    return int(octal or b"0", 8)


def _decimal(digits: bytes, refuse: _Refuse) -> int:
    if not digits.isdigit() or len(digits) > _MAX_DIGITS:
        raise refuse("corrupt", "the size in an extended header is no number")
    return int(digits)


def _pax(data: bytes, refuse: _Refuse) -> dict[bytes, bytes]:
    """Return the fields of a pax header: records of `length key=value`, each ended by a line end."""
    found: dict[bytes, bytes] = {}
    at = 0
    while at < len(data) and data[at] != 0:
        space = data.find(b" ", at, at + _MAX_DIGITS)
        length = _decimal(data[at:space], refuse) if space > at else 0
        record = data[space + 1 : at + length]
        key, equals, value = record[:-1].partition(b"=")
        if length <= space - at or at + length > len(data) or record[-1:] != b"\n" or not equals:
            raise refuse("corrupt", "an extended header is not readable")
        found[key] = value
        at += length
    return found
