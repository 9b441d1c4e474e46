"""Repair the encoding of the files of a folder: `pixelated clean encoding --input-dir D --output-dir E`.

Every readable text file is written as UTF-8 under the same name. The syntax of JSON, JSON lines, CSV and TSV
is not touched: in JSON only string values are rewritten, elsewhere a line whose quotes, separators or breaks
would change stays as it was.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from pixelated.clean.repair import repair_encoding
from pixelated.core.decoding import Decoded, decode
from pixelated.core.errors import UsageError
from pixelated.core.store import LocalStore

BINARY = "binary"
UNREADABLE = "unreadable"
ZERO_BYTE = "zero_byte"
LINK_OUTSIDE = "link_outside"
LFS_POINTER = "lfs_pointer"
REPAIRED = "repaired"
UNCHANGED = "unchanged"

_LFS = b"version https://git-lfs.github.com/spec/"
_MAGIC = (b"PAR1", b"PK\x03\x04", b"\x1f\x8b", b"\x89PNG", b"%PDF", b"\xff\xd8\xff", b"SQLite", b"ARROW1")
_SAMPLE = 1 << 16
_MAX_CONTROL_SHARE = 0.02  # of the characters; text has next to none, a binary file about an eighth
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\ufffd]")

_JSON_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"(\s*+:)?', re.DOTALL)
_SYNTAX = re.compile('[",;|\t\r]')  # what separates and quotes cells


@dataclass
class FileReport:
    """What was done with one file; `fixed` counts characters of the file or strings, by kind."""

    file: str
    status: str
    encoding: str = ""
    fixed: dict[str, int] = field(default_factory=dict)


def repair_folder(input_dir: Path, output_dir: Path, *, normalize: bool) -> dict[str, Any]:
    """Repair every file under `input_dir` into `output_dir`, each by an atomic rename.

    Returns:
        dict: `rows_in`, `kept`, `dropped`, `added`, `quarantined` (in files), `reasons` (status -> files not
        written), `fixed` (kind -> count) and `files`: [{file, encoding, fixed, status}] sorted by name.

    Raises:
        UsageError: `input_dir` is no folder, or the two are the same.
    """
    if not input_dir.is_dir():
        raise UsageError("no_such_folder", f"there is no folder {input_dir}", "check --input-dir")
    if output_dir.resolve() == input_dir.resolve():
        raise UsageError("same_folder", f"{output_dir} is also the input", "choose another --output-dir")
    store = LocalStore(output_dir, private=True)
    reports = [_repair_file(p, name, store, normalize) for name, p in _files(input_dir, output_dir)]
    return _summary(reports)


def repair_document(text: str, name: str, *, normalize: bool) -> tuple[str, Counter[str]]:
    """Repair the text of a file without touching its syntax.

    Args:
        text: the whole file.
        name: its name; JSON and JSON lines are told from the text, not from the name.
        normalize: bring text into NFC.
    """
    if _is_json(text):
        return _repair_json(text, normalize)
    guarded = Path(name).suffix.lower() in {".csv", ".tsv", ".tab", ".psv", ".json", ".jsonl", ".ndjson"}
    fixed: Counter[str] = Counter()
    lines = [_repair_line(line, normalize, guarded, fixed) for line in text.split("\n")]
    return "\n".join(lines), fixed


def _files(input_dir: Path, output_dir: Path) -> list[tuple[str, Path]]:
    """List the files to read: no hidden ones, and none of the output where it lies inside the input."""
    out = output_dir.resolve()
    found = []
    for folder, folders, names in os.walk(input_dir):
        here = Path(folder)
        folders[:] = sorted(f for f in folders if not f.startswith(".") and (here / f).resolve() != out)
        found += [here / n for n in names if not n.startswith(".") and (here / n).is_file()]
    return sorted((p.relative_to(input_dir).as_posix(), p) for p in found)


def _repair_file(path: Path, name: str, store: LocalStore, normalize: bool) -> FileReport:
    root = path.parents[name.count("/")].resolve()
    if not path.resolve().is_relative_to(root):
        return FileReport(name, LINK_OUTSIDE)  # a link may not bring in what lies elsewhere on the machine
    try:
        data = path.read_bytes()
    except OSError:
        return FileReport(name, UNREADABLE)
    refused = _refusal(data)
    if refused:
        return FileReport(name, refused)
    decoded = decode(data)
    if _is_binary(decoded):
        return FileReport(name, BINARY)
    text, fixed = repair_document(decoded.text, name, normalize=normalize)
    fixed.update(decoded.fixed)
    out = text.encode("utf-8")
    store.write(name, lambda f: _write(f, out))
    status = UNCHANGED if out == data else REPAIRED
    return FileReport(name, status, decoded.encoding, dict(sorted(fixed.items())))


def _refusal(data: bytes) -> str | None:
    if not data:
        return ZERO_BYTE
    if data.startswith(_LFS):
        return LFS_POINTER
    return BINARY if data.startswith(_MAGIC) else None


def _is_binary(decoded: Decoded) -> bool:
    sample = decoded.text[:_SAMPLE]
    return len(_CONTROL.findall(sample)) > _MAX_CONTROL_SHARE * len(sample)


def _is_json(text: str) -> bool:
    """Say whether the whole text is one JSON value, or JSON lines."""
    if text.lstrip()[:1] not in ("{", "[", '"'):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):  # a number of too many digits is a ValueError of its own
        return all(_is_json_line(line) for line in text.split("\n"))
    return True


def _is_json_line(line: str) -> bool:
    if not line.strip():
        return True
    try:
        json.loads(line)
    except (ValueError, RecursionError):  # a number of too many digits is a ValueError of its own
        return False
    return True


def _repair_json(text: str, normalize: bool) -> tuple[str, Counter[str]]:
    """Repair string values inside JSON text; keys, numbers, order and white space stay as they are."""
    fixed: Counter[str] = Counter()

    def value(match: re.Match[str]) -> str:
        literal = match.group()
        if match.group(1) is not None or (literal.isascii() and "\\u" not in literal):
            return literal
        new, kinds = repair_encoding(json.loads(literal, strict=False), normalize=normalize)
        fixed.update(kinds)
        return orjson.dumps(new).decode() if kinds else literal

    return _JSON_STRING.sub(value, text), fixed


def _repair_line(line: str, normalize: bool, guarded: bool, fixed: Counter[str]) -> str:
    if line.isascii() and line.isprintable():
        return line
    new, kinds = repair_encoding(line, normalize=normalize)
    if not kinds or (guarded and _SYNTAX.findall(new) != _SYNTAX.findall(line)):
        return line
    fixed.update(kinds)
    return new


def _write(stream: Any, data: bytes) -> None:
    stream.write(data)


def _summary(reports: list[FileReport]) -> dict[str, Any]:
    fixed: Counter[str] = Counter()
    for report in reports:
        fixed.update(report.fixed)
    refused = Counter(r.status for r in reports if r.status not in (REPAIRED, UNCHANGED))
    return {
        "rows_in": len(reports),
        "added": 0,
        "kept": len(reports) - refused.total(),
        "dropped": 0,
        "quarantined": refused.total(),
        "reasons": dict(sorted(refused.items())),
        "fixed": dict(sorted(fixed.items())),
        "files": [vars(r) for r in reports],
    }
