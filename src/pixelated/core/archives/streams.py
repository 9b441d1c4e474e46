"""Compressed streams, decompressed piece by piece: in bounded memory, strict about what is cut or appended.

gzip of several members, bzip2 and xz of several streams and zstd of several frames are read whole. Zero
bytes after the last gzip member or xz stream are padding; anything else there is refused.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import pyarrow as pa

from pixelated.core.archives.limits import Budget, Meter

Read = Callable[[int], bytes]

IN = 1 << 16
OUT = 1 << 18
_XZ_MEMORY = 1 << 29  # xz -9 needs 65 MiB
_PADDED = ("gzip", "xz")


class Stream:
    """Bytes that come in pieces, read in any size; forward only."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held = b""

    def read(self, size: int) -> bytes:
        """Return `size` bytes, fewer only at the end."""
        found = [self._held]
        length = len(self._held)
        while length < size and (piece := next(self._pieces, None)) is not None:
            found.append(piece)
            length += len(piece)
        data = found[0] if len(found) == 1 else b"".join(found)
        self._held = data[size:]
        return data[:size]

    def peek(self, size: int) -> bytes:
        """Return the next `size` bytes without taking them."""
        data = self.read(size)
        self._held = data + self._held
        return data

    def some(self) -> bytes:
        """Return the next bytes, of whatever size, or none at the end."""
        data, self._held = self._held, b""
        return data or next(self._pieces, b"")


class _Decoder(Protocol):
    """What `zlib`, `bz2` and `lzma` have in common, after `_Deflate`."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Deflate:
    """zlib's decompressor behind the interface that bz2 and lzma have."""

    def __init__(self, wbits: int) -> None:
        self._inner = zlib.decompressobj(wbits)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


_DECODERS: dict[str, Callable[[], _Decoder]] = {
    "gzip": lambda: _Deflate(31),
    "deflate": lambda: _Deflate(-15),
    "bzip2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, _XZ_MEMORY),
}
_FAULTS = (zlib.error, lzma.LZMAError, OSError, ValueError, EOFError)


def decompress(read: Read, kind: str, budget: Budget, member: bytes | str = "") -> Iterator[bytes]:
    """Yield the decompressed bytes of a stream, in pieces of at most 256 KiB.

    Args:
        read: returns the next packed bytes, at most as many as asked for, none at the end.
        kind: gzip, bzip2, xz, zstd, or deflate (one raw stream, as in a zip).
        budget: counts what comes out.
        member: for errors.

    Raises:
        ArchiveRefusedError: `truncated`, `trailing_data`, `corrupt`, `bad_checksum`, `needs_memory`, limits.
    """
    meter = Meter(budget)
    pieces = _zstd(read, meter, member) if kind == "zstd" else _frames(read, kind, meter, member)
    for piece in pieces:
        yield meter.gave(piece)


def _frames(read: Read, kind: str, meter: Meter, member: bytes | str) -> Iterator[bytes]:
    refuse = meter.budget.refuse
    data = meter.took(read(IN))
    while True:
        decoder = _DECODERS[kind]()
        while not decoder.eof:
            try:
                piece = decoder.decompress(data, OUT)
            except _FAULTS as error:
                raise refuse(*_fault(kind, error), member, whole=True) from error
            data = b""
            if piece:
                yield piece
            elif not decoder.eof and decoder.needs_input:
                data = meter.took(read(IN))
                if not data:
                    raise refuse(
                        "truncated", f"the {kind} stream ends before its end mark", member, whole=True
                    )
        data = decoder.unused_data or meter.took(read(IN))
        if not data:
            return
        if kind == "deflate" or not _goes_on(data, kind):
            _padding(data, kind, read, meter, member)
            return


def _goes_on(data: bytes, kind: str) -> bool:
    return {"gzip": b"\x1f", "bzip2": b"B", "xz": b"\xfd"}[kind] == data[:1]


def _padding(data: bytes, kind: str, read: Read, meter: Meter, member: bytes | str) -> None:
    """Read what stands after the last stream, which may be zeros in the formats that are padded."""
    while data:
        if kind not in _PADDED or data.strip(b"\0"):
            detail = f"bytes that are no {kind} stand after the end of the stream"
            raise meter.budget.refuse("trailing_data", detail, member, whole=True)
        data = meter.took(read(IN))


def _fault(kind: str, error: Exception) -> tuple[str, str]:
    text = str(error)
    if "memory" in text.lower():
        return "needs_memory", f"the {kind} stream wants more memory than is given to it"
    if "incorrect data check" in text or "incorrect length check" in text:
        return "bad_checksum", f"the checksum of the {kind} stream is wrong"
    return "corrupt", f"not readable as {kind}"


class _Source:
    """Packed bytes as pyarrow reads them."""

    closed = False

    def __init__(self, read: Read, meter: Meter) -> None:
        self._read, self._meter = read, meter

    def read(self, size: int) -> bytes:
        return self._meter.took(self._read(min(size, IN)))

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        """Leave the file to its owner."""


def _zstd(read: Read, meter: Meter, member: bytes | str) -> Iterator[bytes]:
    """Read all frames by pyarrow's codec, which checks their checksums and tells a cut stream."""
    stream = pa.CompressedInputStream(pa.PythonFile(_Source(read, meter), mode="r"), "zstd")
    while True:
        try:
            piece = stream.read(OUT)
        except OSError as error:
            if error.errno is not None:
                raise  # the disk, not the codec
            raise meter.budget.refuse(*_zstd_fault(str(error), meter), member, whole=True) from error
        if not piece:
            return
        yield piece


def _zstd_fault(text: str, meter: Meter) -> tuple[str, str]:
    if "Truncated" in text:
        return "truncated", "the zstd stream ends before its end mark"
    if "too much memory" in text:
        return "needs_memory", "the zstd stream was packed with a window over 128 MiB (--long)"
    if "checksum" in text:
        return "bad_checksum", "the checksum of a zstd frame is wrong"
    if "Unknown frame" in text and meter.unpacked:
        return "trailing_data", "bytes that are no zstd stand after a frame"
    return "corrupt", "not readable as zstd"
