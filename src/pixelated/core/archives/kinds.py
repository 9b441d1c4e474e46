"""Which kind of archive a file is, by its first bytes; its name decides nothing."""

from __future__ import annotations

COMPRESSIONS = ("gzip", "bzip2", "xz", "zstd")
HEAD = 512  # bytes that decide: a tar header

# Kinds that nothing here opens, and what does.
FOREIGN = (
    (b"7z\xbc\xaf\x27\x1c", "7-zip", "7z x"),
    (b"Rar!\x1a\x07", "RAR", "unrar x"),
    (b"\x04\x22\x4d\x18", "LZ4", "lz4 -d"),
    (b"LZIP\x01", "lzip", "lzip -d"),
    (b"\x1f\x9d", "Unix compress", "uncompress"),
    (b"PK\x07\x08", "a zip in several parts", "zip -s 0"),
    (b"MSCF\x00\x00\x00\x00", "a Windows cabinet", "cabextract"),
)
_MAGIC = (
    (b"\x1f\x8b\x08", "gzip"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),  # without members
)
_BZIP2_BLOCKS = (b"1AY&SY", b"\x17rE8P\x90")  # first block, or the end of an empty stream
_SKIPPABLE = bytes(range(0x50, 0x60))  # zstd frames that hold no data
_SUFFIXES = (".gz", ".gzip", ".bz2", ".xz", ".zst", ".zstd")
_TAR_SUFFIXES = (".tgz", ".tbz", ".tbz2", ".txz", ".tzst")
_CHECKSUM = slice(148, 156)


def kind_of(head: bytes) -> str | None:
    """Return gzip, bzip2, xz, zstd, zip or tar, or None; `head` is the first 512 bytes or more."""
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[:3] == b"BZh" and head[3:4].isdigit() and head[4:10] in _BZIP2_BLOCKS:
        return "bzip2"
    if head[1:4] == b"\x2a\x4d\x18" and head[0] in _SKIPPABLE:
        return "zstd"
    return "tar" if is_tar(head) else None


def foreign(head: bytes) -> tuple[str, str] | None:
    """Return (kind, command that opens it) of an archive that nothing here opens."""
    return next(((kind, command) for magic, kind, command in FOREIGN if head.startswith(magic)), None)


def is_tar(head: bytes) -> bool:
    """Say whether a file starts with a tar header: its mark, or, as before 1988, only a right checksum."""
    block = head[:HEAD]
    if len(block) < HEAD or not block.strip(b"\0"):
        return False
    return block[257:262] == b"ustar" or checksum_fits(block)


def checksum_fits(block: bytes) -> bool:
    """Say whether the checksum of a tar header is right, its bytes taken as unsigned or as signed."""
    digits = block[_CHECKSUM].strip(b" \0")
    if not digits or not all(c in b"01234567" for c in digits):
        return False
    rest = block[: _CHECKSUM.start] + b" " * 8 + block[_CHECKSUM.stop :]
    total = sum(rest)
    return int(digits, 8) in {total, total - 256 * sum(b > 127 for b in rest)}  # noqa: PLR2004 - sign bit


def inner_name(name: str) -> str:
    """Return the name of what a compressed file holds: `x.jsonl.gz` -> `x.jsonl`, `x.tgz` -> `x.tar`."""
    for suffix in _SUFFIXES:
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)]
    for suffix in _TAR_SUFFIXES:
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)] + ".tar"
    return name
