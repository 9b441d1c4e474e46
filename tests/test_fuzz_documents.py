"""Damaged documents and binary tables crash nothing; what is read of them is read whole, the rest is named.

PIXELATED_FUZZ sets another number of inputs (a thirtieth of it here, for these inputs are slower to make).
"""

from __future__ import annotations

import io
import os
import random
import zipfile

import openpyxl
import pyarrow as pa
import pytest

from documents import article, book, chapter, drawn, lines_page, prose, scan, sentences
from pixelated.core.source import Mapping, Source
from pixelated.standardise import read_bytes
from test_format_tables import HEAD, file_of, stream_of
from test_fuzz_standardise import check

EXAMPLES = max(100, int(os.environ.get("PIXELATED_FUZZ", "10000")) // 30)
PIECES = (
    b"\x00", b"\xff\xff\xff\xff", b"%PDF-", b"%%EOF", b"endobj", b"stream\n", b"<<", b"PK\x03\x04", b"ARROW1",
    b"<!DOCTYPE html>", b"<!ENTITY a 'b'>", b"</p>", b"<p", b"<![CDATA[", b"-->", b"<table>", b"xref", b"\x7f" * 9,
)  # fmt: skip


def spreadsheet() -> bytes:
    sheets = openpyxl.Workbook()
    for row in (HEAD, [1, "a", "b"], [2, "c", "d"]):
        sheets.active.append(row)
    stream = io.BytesIO()
    sheets.save(stream)
    return stream.getvalue()


def page() -> bytes:
    body = "".join(f"<h2>Part {k}</h2><p>{text}</p>" for k, text in enumerate(prose(12)))
    return f"<!DOCTYPE html><html><body>{body}</body></html>".encode()


TABLE = pa.table({"prompt": ["a", "c"], "response": ["b", "d"], "labels": [["x"], []], "at": [1.5, None]})
GOOD = {
    "a.pdf": drawn(lines_page([sentences(k, 1) for k in range(20)]), scan, lines_page(["Client: a", "Therapist: b"]), pageCompression=0),
    "b.pdf": article("A title", prose(12)),
    "a.epub": book({"one": chapter("One", *prose(9)), "two": chapter("Two", *prose(9, 2))}),
    "a.html": page(),
    "a.xlsx": spreadsheet(),
    "a.arrow": stream_of(TABLE),
    "b.arrow": file_of(TABLE),
}  # fmt: skip


def damage(rng: random.Random, data: bytes) -> bytes:
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(len(data) + 1)
        kind = rng.randrange(5)
        if kind == 0:
            data = data[:at] + rng.choice(PIECES) + data[at:]
        elif kind == 1:
            data = data[:at]
        elif kind == 2:
            data = data[:at] + data[at + rng.randrange(1, 40) :]
        else:  # as many bytes as before, so that the offsets in the file still hold
            piece = rng.randbytes(rng.randrange(1, 6))
            data = data[:at] + piece + data[at + len(piece) :]
    return data


def inner(rng: random.Random, data: bytes) -> bytes:
    """Damage one entry of a zip file and pack it again, so that the damage gets past the checksums."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w") as new:
        names = old.namelist()
        hit = rng.choice(names)
        for name in names:
            new.writestr(name, damage(rng, old.read(name)) if name == hit else old.read(name))
    return stream.getvalue()


@pytest.mark.parametrize("name", GOOD)
def test_damaged_documents_crash_nothing_and_lose_no_row(name: str) -> None:
    kept = refused = 0
    number_of = EXAMPLES // 10 if name == "a.xlsx" else EXAMPLES  # each starts a process
    for number in range(number_of):
        rng = random.Random(f"{name}-{number}")
        zipped = GOOD[name].startswith(b"PK") and rng.random() < 0.7
        data = inner(rng, GOOD[name]) if zipped else damage(rng, GOOD[name])
        mapping = rng.choice((Mapping(), Mapping(kind="text")))
        try:
            result = read_bytes(Source(id="fuzz", mapping=mapping), name, data)
        except Exception as error:
            raise AssertionError(f"input {number} of {name} ({len(data)} bytes) raised {error!r}") from error
        check(result, number)
        kept += result.kept.num_rows
        refused += 0 if result.quarantined is None else result.quarantined.num_rows
    assert kept > 0
    assert refused > 0


@pytest.mark.parametrize("name", GOOD)
def test_the_undamaged_documents_are_read(name: str) -> None:
    result = read_bytes(Source(id="fuzz"), name, GOOD[name])
    check(result, 0)
    assert result.kept.num_rows > 0
