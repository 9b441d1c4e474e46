"""Files that are no data: empty, a Git LFS pointer, an archive, an image, a web page."""

from __future__ import annotations

from pixelated.core.archives import foreign
from pixelated.standardise.fields import words
from pixelated.standardise.rows import Refusal, Sample

OTHER_KINDS = ("binary_file", "markup_file", "code_file")  # a format may know them all the same
_LFS = b"version https://git-lfs.github.com/spec/"
_MAGIC = (
    (b"PK\x03\x04", "a zip archive or office document"),
    (b"PK\x05\x06", "a zip archive"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"%PDF-", "PDF"),
    (b"\x89PNG\r\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"ARROW1\x00\x00", "an Arrow file"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x80\x04\x95", "a Python pickle"),
    (b"RIFF", "audio or video"),
    (b"ID3", "audio"),
    (b"OggS", "audio"),
    (b"\x7fELF", "a program"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1", "an old office document"),
)
_MARKUP = ((b"<!doctype html", "a web page"), (b"<html", "a web page"), (b"<?xml", "XML"), (b"{\\rtf", "RTF"))
_CODE = frozenset(
    words(
        ".html .htm .xml .css .js .ts .py .ipynb .sh .c .h .cpp .java .rs .go .yaml .yml .toml .ini .cfg "
        ".lock .svg"
    )
)
_BLANK = b" \t\r\n\x0b\x0c\x00"
_CONTROL = bytes(b for b in range(32) if b not in b"\t\n\r\x0b\x0c\x1b\x00")
_LOOK = 1 << 16
_MAX_CONTROL = 0.02  # share of control characters in text
_MAX_NUL = 0.1  # share of NUL bytes in text that is not UTF-16 or UTF-32


def refuse_file(sample: Sample) -> Refusal | None:
    """Return why a file is no data, or None where a format may read it.

    Reasons: `zero_byte`, `blank_file`, `lfs_pointer`, `binary_file`, `markup_file`, `code_file`.
    """
    head = sample.head
    if sample.size == 0:
        return Refusal(0, "file", "zero_byte", "the file has no bytes", raw_rows=0)
    bare = head.removeprefix(b"\xef\xbb\xbf").lstrip(_BLANK)
    if not bare and sample.whole:
        return Refusal(0, "file", "blank_file", f"{sample.size} bytes of white space", raw_rows=0)
    if bare.startswith(_LFS):
        return Refusal(0, "file", "lfs_pointer", "a Git LFS pointer in place of the file: run git lfs pull")
    return _other_kind(sample, bare)


def _other_kind(sample: Sample, bare: bytes) -> Refusal | None:
    found = next((what for magic, what in _MAGIC if sample.head.startswith(magic)), None)
    if found is not None:
        return Refusal(0, "file", "binary_file", f"{found}: unpack or convert it")
    other = foreign(sample.head)
    if other is not None:
        return Refusal(0, "file", "binary_file", f"{other[0]} is not read: unpack it with {other[1]}")
    markup = next((what for start, what in _MARKUP if bare[:20].lower().startswith(start)), None)
    if markup is not None:
        return Refusal(0, "file", "markup_file", f"{markup}: extract its text first")
    if sample.suffix in _CODE:
        return Refusal(0, "file", "code_file", f"{sample.suffix} is code, a page or settings, and no corpus")
    if not sample.head.startswith(b"PAR1") and _is_binary(sample):
        return Refusal(0, "file", "binary_file", "control characters as in a binary file")
    return None


def _is_binary(sample: Sample) -> bool:
    head = sample.head[:_LOOK]
    if b"\x00" not in head and len(head.translate(None, _CONTROL)) == len(head):
        return False
    if sample.decoded.encoding.startswith("utf-") and sample.decoded.encoding != "utf-8":
        return False
    nul = head.count(0) / len(head)
    return nul > _MAX_NUL or 1 - len(head.translate(None, _CONTROL)) / len(head) > _MAX_CONTROL
