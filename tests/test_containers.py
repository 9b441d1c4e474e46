"""Compressed files and archives are read as the files in them would be, to exact counts, mistakes named."""

from __future__ import annotations

import random
from typing import Any

import pytest

from hostile_archives import COMPRESS, CSV, LFS, LINES, PNG, TALK, Part, raw_zip, tar_of, zip_of
from pixelated.core.archives import Limits
from pixelated.standardise import FORMATS, containers
from pixelated.standardise.rows import Document, Parsed, Row, Sample
from standardise_reading import balances, dialogues, numbers, places, quarantined, read, records


@pytest.mark.parametrize(
    ("suffix", "kind"), [("gz", "gzip"), ("bz2", "bzip2"), ("xz", "xz"), ("zst", "zstd")]
)
@pytest.mark.parametrize(
    ("inner", "data"),
    [
        ("a.jsonl", LINES),
        ("a.csv", CSV),
        ("talk.txt", TALK),
        ("a.json", b"[" + LINES[:-1].replace(b"\n", b",") + b"]"),
    ],
)
def test_a_compressed_file_is_read_as_the_file_in_it(suffix: str, kind: str, inner: str, data: bytes) -> None:
    plain, packed = read(inner, data), read(f"{inner}.{suffix}", COMPRESS[suffix](data))
    assert plain.kept.num_rows > 0
    assert dialogues(packed) == dialogues(plain)
    for before, after in zip(records(plain), records(packed), strict=True):
        was, now = before["provenance"], after["provenance"]
        assert now["file"] == f"{inner}.{suffix}"
        assert now["row"] == was["row"]
        assert now["locator"] == f"{inner}!{was['locator']}"
        assert now["original_format"] == f"{was['original_format']}+{kind}"
    assert balances(packed)


FILES = {
    "z/chats.jsonl": LINES,
    "a.csv": CSV,
    "talk.txt": TALK,
    "README.md": b"About this set.",
    "LICENSE": b"CC0",
    ".hidden.csv": CSV,
    "__MACOSX/._a.csv": b"x",
    "Thumbs.db": b"x",
    "cover.png": PNG,
    "empty.json": b"",
    "pointer.csv": LFS,
    "broken.jsonl": LINES[:60] + b'{"prompt": "cut\n',
}


@pytest.mark.parametrize(
    ("name", "packing", "kind"),
    [
        ("set.zip", zip_of, "+zip"),
        ("set.tar", tar_of, "+tar"),
        ("set.tgz", lambda f: COMPRESS["gz"](tar_of(f)), "+tar+gzip"),
        ("set.tar.zst", lambda f: COMPRESS["zst"](tar_of(f)), "+tar+zstd"),
        ("set.tar.xz", lambda f: COMPRESS["xz"](tar_of(f)), "+tar+xz"),
        ("set.tar.bz2", lambda f: COMPRESS["bz2"](tar_of(f)), "+tar+bzip2"),
        ("no-suffix", zip_of, "+zip"),
    ],
)
def test_the_members_of_an_archive_are_read_in_order_each_by_its_format(
    name: str, packing: Any, kind: str
) -> None:
    result = read(name, packing(FILES))
    assert places(result) == [
        (0, "a.csv!line 2", "csv" + kind),
        (1, "a.csv!line 3", "csv" + kind),
        (2, "broken.jsonl!line 1", "jsonl" + kind),
        (7, "talk.txt!line 1", "transcript" + kind),
        *[(11 + k, f"z/chats.jsonl!line {k + 1}", "jsonl" + kind) for k in range(40)],
    ]
    assert [(row, reason, detail.split("!")[0]) for row, reason, detail in quarantined(result)] == [
        (3, "invalid_json", "broken.jsonl"),
        (4, "binary_file", "cover.png"),
        (5, "zero_byte", "empty.json"),
        (6, "lfs_pointer", "pointer.csv"),
    ]
    assert result.measured["skipped_members"] == 5
    assert result.measured["files"] == {
        "csv" + kind: 1, "jsonl" + kind: 2, "transcript" + kind: 1, "binary_file": 1, "zero_byte": 1, "lfs_pointer": 1,
    }  # fmt: skip
    assert {r["provenance"]["file"] for r in records(result)} == {name}
    assert len(set(numbers(result))) == len(numbers(result))
    assert balances(result)


def test_records_do_not_depend_on_the_order_in_the_archive() -> None:
    items = list(FILES.items())
    once = read("a.zip", zip_of(dict(items)))
    random.Random(1).shuffle(items)
    again = read("a.zip", zip_of(dict(items)))
    assert again.kept == once.kept
    assert again.quarantined == once.quarantined


def test_archives_in_archives_are_read_three_deep() -> None:
    deepest = COMPRESS["gz"](b"".join(LINES.splitlines(keepends=True)[:2]))
    third = tar_of({"c.jsonl.gz": deepest, "d.zip": zip_of({"e.csv": CSV})})
    second = zip_of({"b.tar.xz": COMPRESS["xz"](third), "b.csv": CSV})
    result = read("a.tar", tar_of({"x.zip": second}))
    assert places(result) == [
        (0, "x.zip!b.csv!line 2", "csv+zip+tar"),
        (1, "x.zip!b.csv!line 3", "csv+zip+tar"),
    ]
    assert quarantined(result) == [
        (2, "nested_too_deep", "x.zip!b.tar.xz!c.jsonl.gz!file: an archive in 3 others"),
        (3, "nested_too_deep", "x.zip!b.tar.xz!d.zip!file: an archive in 3 others"),
    ]
    shallow = read("b.tar.xz", COMPRESS["xz"](third))
    assert places(shallow)[0] == (0, "c.jsonl.gz!c.jsonl!line 1", "jsonl+gzip+tar+xz")
    assert places(shallow)[-1] == (3, "d.zip!e.csv!line 3", "csv+zip+tar+xz")
    assert balances(result)


def test_a_refused_member_is_one_record_and_the_others_are_read() -> None:
    lie = {"crc": 7}
    secret = {"flags": 0x801}
    parts = [
        Part(b"a.csv", CSV),
        Part(b"../up.csv", CSV),
        Part(b"link.csv", b"a.csv", mode=0o120777),
        Part(b"locked.csv", CSV, local=secret, central=secret),
        Part(b"rotten.csv", CSV, local=lie, central=lie),
        Part(b"other.csv", CSV, local={"name": b"evil1.csv"}),
        Part(b"Twice.csv", CSV),
        Part(b"twice.csv", CSV),
        Part(b"z.csv", CSV),
    ]
    result = read("a.zip", raw_zip(parts))
    assert [p[1] for p in places(result)] == ["a.csv!line 2", "a.csv!line 3", "z.csv!line 2", "z.csv!line 3"]
    found = [(reason, detail.split("!")[0]) for _, reason, detail in quarantined(result)]
    assert found == [
        ("path_traversal", "'../up.csv'"),
        ("duplicate_name", "Twice.csv"),
        ("symbolic_link", "link.csv"),
        ("encrypted", "locked.csv"),
        ("header_mismatch", "other.csv"),
        ("bad_checksum", "rotten.csv"),
        ("duplicate_name", "twice.csv"),
    ]
    assert len(set(numbers(result))) == 11
    assert balances(result)


@pytest.mark.parametrize("kind", ["gz", "xz", "zst", "bz2", "zip", "tar", "tar.gz"])
def test_a_cut_archive_is_one_record_and_nothing_of_it_is_read(kind: str) -> None:
    files = {"a.csv": CSV, "b.jsonl": LINES}
    whole = {"zip": zip_of, "tar": tar_of, "tar.gz": lambda f: COMPRESS["gz"](tar_of(f))}
    data = whole[kind](files) if kind in whole else COMPRESS[kind](LINES)
    cut = data[: len(data.rstrip(b"\0")) - 20]
    result = read(f"a.{kind}", cut)
    assert result.kept.num_rows == 0
    assert [(row, reason) for row, reason, _ in quarantined(result)] == [(0, "truncated")]
    assert balances(result)


def test_a_bomb_is_one_record_also_where_it_lies_deep(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = Limits(total_bytes=3_000_000, member_bytes=2_000_000, ratio=50, ratio_from=600_000)
    real = containers.open_box
    monkeypatch.setattr(
        "pixelated.standardise.reading.open_box", lambda file, sample: real(file, sample, limits)
    )
    zeros = zip_of({"zeros.txt": bytes(900_000)})
    for name, data in (("a.zip", zeros), ("b.tar", tar_of({"ok.csv": CSV, "in.zip": zeros}))):
        result = read(name, data)
        assert result.kept.num_rows == 0
        ((row, reason, detail),) = quarantined(result)
        assert (row, reason) == (0, "ratio_too_high")
        assert "zeros.txt" in detail
    noise = {f"{k}.txt": random.Random(k).randbytes(400_000).hex().encode() for k in range(5)}
    assert [q[1] for q in quarantined(read("c.zip", zip_of(noise)))] == ["too_many_bytes"]
    big = {"a.csv": CSV, "big.txt": b"".join(list(noise.values())[:3])}
    result = read("d.zip", zip_of(big))
    assert [(q[0], q[1]) for q in quarantined(result)] == [(2, "member_too_big")]
    assert result.kept.num_rows == 2


@pytest.mark.parametrize(
    "names",
    [
        ["[Content_Types].xml", "_rels/.rels", "word/document.xml"],
        ["word/document.xml", "[Content_Types].xml"],
        ["mimetype", "META-INF/container.xml", "a.xhtml"],
        ["mimetype", "content.xml", "META-INF/manifest.xml"],
    ],
)
def test_an_office_document_that_no_format_reads_is_refused_by_name(names: list[str]) -> None:
    data = zip_of(dict.fromkeys(names, b"<?xml?>"))
    ((_, reason, detail),) = quarantined(read("a.docx", data))
    assert reason == "binary_file"
    assert "office document" in detail
    result = read("a.zip", zip_of({"a.docx": data, "b.csv": CSV}))
    assert result.kept.num_rows == 2
    ((_, reason, detail),) = quarantined(result)
    assert (reason, detail.split("!")[0]) == ("binary_file", "a.docx")


def test_a_zip_that_a_format_is_certain_of_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    class Book:
        def sniff(self, sample: Sample) -> int:
            return 98 if b"book-mark" in sample.head[:200] else 0

        def parse(self, document: Document) -> Parsed:
            return Parsed(
                rows=[Row(0, "book", {"text": f"{len(document.data)} bytes of a book."})], raw_rows=1
            )

    FORMATS.names()
    monkeypatch.setitem(FORMATS._entries, "book", Book)
    book = zip_of({"book-mark": b"x", "a.csv": CSV})
    assert places(read("a.book", book)) == [(0, "book", "book")]
    assert places(read("b.zip", zip_of({"in.book": book}))) == [(0, "in.book!book", "book+zip")]


@pytest.mark.parametrize(
    ("magic", "what"), [(b"7z\xbc\xaf\x27\x1c", "7z x"), (b"Rar!\x1a\x07\x00", "unrar x")]
)
def test_kinds_that_are_not_read_say_what_to_do(magic: bytes, what: str) -> None:
    for name, data in (("a.7z", magic + bytes(80)), ("a.zip", zip_of({"in.7z": magic + bytes(80)}))):
        ((_, reason, detail),) = quarantined(read(name, data))
        assert reason == "binary_file"
        assert what in detail


def test_an_archive_without_data_does_not_vanish() -> None:
    for data in (zip_of({}), zip_of({"README": b"x"}), tar_of({"d/.DS_Store": b"x"})):
        result = read("a.zip", data)
        assert [(q[0], q[1]) for q in quarantined(result)] == [(0, "no_rows")]
        assert balances(result)
    assert [q[1] for q in quarantined(read("a.jsonl.gz", COMPRESS["gz"](b"")))] == ["zero_byte"]


def test_a_group_by_file_is_a_group_by_member() -> None:
    files = {f"{k}.txt": TALK.replace(b"May", b"May %d" % k) for k in range(3)}
    result = read("a.zip", zip_of(files), group_by=("@file",))
    assert len(set(result.kept["group_key"].to_pylist())) == 3


def test_identical_records_and_odd_bytes_are_reported_by_member() -> None:
    same = b"prompt,response\n" + b"a,b c d e f g.\n" * 3
    result = read("a.zip", zip_of({"same.csv": same, "odd.csv": b"\xef\xbb\xbf" + CSV}))
    assert result.measured["flags"] == {"identical_records": {"a.zip!same.csv": 3}}
    assert result.measured["decoding"] == {"a.zip!odd.csv": {"bom": 1}}


def test_refused_records_of_one_name_have_ids_of_their_own() -> None:
    result = read("a.zip", raw_zip([Part(b"a.csv", CSV), Part(b"a.csv", CSV), Part(b"../x"), Part(b"../x")]))
    assert result.quarantined is not None
    assert [q[1] for q in quarantined(result)] == ["path_traversal"] * 2 + ["duplicate_name"] * 2
    assert len(set(result.quarantined["id"].to_pylist())) == 4
