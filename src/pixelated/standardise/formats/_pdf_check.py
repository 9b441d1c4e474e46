"""Whether a PDF is whole: PDFium mends what it can and reads the rest without a word.

A file without its end mark was cut. One whose table of parts is not where it says, or one of whose packed
streams of text does not unpack, was changed on the way. Images and fonts are not looked at, and nothing is
in a file with a password, whose streams are scrambled.
"""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterator

MAGIC = b"%PDF-"
LOOK = 1024  # bytes at the start in which a reader looks for the magic
_TAIL = 2048
_START = re.compile(rb"startxref\s{1,9}(\d{1,12})\s{1,9}%%EOF")
_TABLE = re.compile(rb"xref\b|\d{1,10}\s{1,9}\d{1,5}\s{1,9}obj\b")
_STREAM = re.compile(rb">>\s{0,8}stream\r?\n")
_FILTER = re.compile(rb"/Filter\s{0,8}(\[[^\]]{0,200}\]|/\w{1,40})")
_NAME = re.compile(rb"/(\w+)")
_OTHER = (b"/Image", b"/Length1", b"/Length2", b"/FontFile", b"/Metadata")
_DICTIONARY = 4096  # bytes looked at before a stream
_BLANK = b"\x00\t\n\x0c\r "
_PIECE, _MOST = 1 << 20, 1 << 28


def why_broken(data: bytes) -> tuple[str, str] | None:
    """Return the reason and detail of a file's refusal, or None where it is whole."""
    head = data.find(MAGIC, 0, LOOK)
    if head < 0:
        return "damaged_pdf", "the file does not start as a PDF does"
    end = len(data.rstrip(_BLANK))
    tail = data[max(0, end - _TAIL) : end]
    if b"%%EOF" not in tail:
        return "truncated_pdf", "the end mark is missing: the file was cut, fetch it again"
    found = _START.findall(tail)
    starts = [base + int(found[-1]) for base in (head, 0)] if found else []
    if not any(_TABLE.match(data[at : at + 64].lstrip(_BLANK)) for at in starts):
        return "damaged_pdf", "the table of the file's parts is not where the file says it is"
    if b"/Encrypt" not in data:
        broken = sum(not _unpacks(stream) for stream in _packed(data))
        if broken:
            return "damaged_pdf", f"{broken} of the file's packed streams do not unpack"
    return None


def _packed(data: bytes) -> Iterator[bytes]:
    """Yield the zlib streams of a file but those of images and fonts."""
    for match in _STREAM.finditer(data):
        start = max(data.rfind(b"obj", max(0, match.start() - _DICTIONARY), match.start()), 0)
        dictionary = data[start : match.start()]
        filters = _FILTER.search(dictionary)
        end = data.find(b"endstream", match.end())
        if filters is None or end < 0 or any(word in dictionary for word in _OTHER):
            continue
        names = _NAME.findall(filters[1])
        packed = data[match.end() : end]
        if names == [b"FlateDecode"]:
            yield packed
        elif names == [b"ASCII85Decode", b"FlateDecode"]:
            yield _ascii85(packed)


def _ascii85(packed: bytes) -> bytes:
    try:
        return base64.a85decode(packed.strip().removesuffix(b"~>"))
    except ValueError:
        return b""


def _unpacks(packed: bytes) -> bool:
    """Say whether a zlib stream unpacks; a missing checksum is no matter, a wrong one is."""
    unpacker = zlib.decompressobj()
    written = 0
    rest = packed
    try:
        while rest and not unpacker.eof and written < _MOST:
            written += len(unpacker.decompress(rest, _PIECE))
            rest = unpacker.unconsumed_tail
    except zlib.error:
        return False
    return unpacker.eof or written > 0
