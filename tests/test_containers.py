"""Compressed files and archives are read as the files in them would be, to exact counts, mistakes named."""

from __future__ import annotations

import io
import json
import random
import tarfile
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pytest

import pixelated
from conftest import write_small_corpus
from hostile_archives import COMPRESS, LINES, Part, raw_zip, tar
from pixelated.core.archives import Limits
from pixelated.core.errors import IncompleteError
from pixelated.core.fingerprint import sha256_file
from pixelated.core.source import Join, Mapping, Source
from pixelated.core.step import StepResult
from pixelated.standardise import FORMATS, containers, plan_units, read_unit, standardise_path
from pixelated.standardise.rows import Document, Parsed, Row, Sample
from standardise_reading import balances, dialogues, read, records

CSV = b"prompt,response\nHow are you?,I am tired today.\nWhy?,I did not sleep at all.\n"
TALK = b"Client: I can't sleep.\nTherapist: Since when is that so?\nClient: Since May.\nTherapist: What was in May?\n"
PNG = b"\x89PNG\r\n" + bytes(60)
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"


def zip_of(files: dict[str, bytes]) -> bytes:
    return raw_zip([Part(name.encode(), data) for name, data in files.items()])


def tar_of(files: dict[str, bytes]) -> bytes:
    return tar(files.items())


def quarantined(result: StepResult) -> list[tuple[int, str, str]]:
    assert result.quarantined is not None
    return [(q["row"], q["reason"], q["detail"]) for q in result.quarantined.to_pylist()]


def places(result: StepResult) -> list[tuple[int, str, str]]:
    found = [r["provenance"] for r in records(result)]
    return [(p["row"], p["locator"], p["original_format"]) for p in found]


def numbers(result: StepResult) -> list[int]:
    """Return the row numbers of what was kept and refused."""
    return sorted([p[0] for p in places(result)] + [q[0] for q in quarantined(result)])


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


def test_a_tar_of_text_is_never_read_as_text(tmp_path: Path) -> None:
    """Its header is a small part of it, so it looks like text; and it may not be cut into ranges either."""
    (tmp_path / "a.jsonl").write_bytes(tar_of({"big.jsonl": LINES * 300}))
    units = plan_units(Source(id="s"), tmp_path, 100_000, sha256_file)
    assert [len(u.pieces) for u in units] == [1]
    assert units[0].pieces[0].start is None
    (result,) = [read_unit(Source(id="s"), tmp_path, u) for u in units]
    assert result.kept.num_rows == 12_000


def test_units_are_shared_out_by_what_archives_hold(tmp_path: Path) -> None:
    noise = random.Random(1).randbytes(3000).hex().encode()
    for k in range(4):
        (tmp_path / f"{k}.txt.gz").write_bytes(COMPRESS["gz"](noise))
        (tmp_path / f"{k}.txt").write_bytes(noise)
    units = plan_units(Source(id="s"), tmp_path, 40_000, sha256_file)
    assert max(len(u.pieces) for u in units) < 8
    assert sum(len(u.pieces) for u in units) == 8


def write_folder(folder: Path) -> None:
    """Write a folder with each kind, and a mistake in each second one."""
    folder.mkdir()
    files = {"b.csv": CSV, "c.jsonl": LINES, "cover.png": PNG, "README": b"x"}
    for suffix, pack in COMPRESS.items():
        (folder / f"one.jsonl.{suffix}").write_bytes(pack(LINES))
        (folder / f"cut.jsonl.{suffix}").write_bytes(pack(LINES)[:-9])
        (folder / f"set.tar.{suffix}").write_bytes(pack(tar_of(files)))
        (folder / f"bad.tar.{suffix}").write_bytes(pack(tar([("a.csv", CSV), ("../b.csv", CSV)])))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in files.items():
            out.writestr(name, data)
    (folder / "set.zip").write_bytes(stream.getvalue())
    (folder / "tail.zip").write_bytes(stream.getvalue() + b"more")
    (folder / "set.tar").write_bytes(tar_of(files))
    links = tar([("a", None)], type=tarfile.SYMTYPE, linkname="b")
    (folder / "links.tar").write_bytes(links)
    (folder / "plain.jsonl").write_bytes(LINES)
    (folder / "a.7z").write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(40))


def test_a_folder_with_each_kind_is_read_to_exact_counts(tmp_path: Path) -> None:
    write_folder(tmp_path / "set")
    for part_bytes in (1 << 26, 10):
        results = list(standardise_path(tmp_path / "set", part_bytes))
        kept = pa.concat_tables([r.kept for r in results])
        by_file = Counter(p["file"] for p in kept["provenance"].to_pylist())
        expected = {f"one.jsonl.{s}": 40 for s in COMPRESS} | {f"set.tar.{s}": 42 for s in COMPRESS}
        expected |= {f"bad.tar.{s}": 2 for s in COMPRESS} | {"set.zip": 42, "set.tar": 42, "plain.jsonl": 40}
        assert by_file == expected
        refused = Counter(
            (q["file"], q["reason"]) for r in results if r.quarantined for q in r.quarantined.to_pylist()
        )
        named = {(f"cut.jsonl.{s}", "truncated"): 1 for s in COMPRESS}
        named |= {(f"bad.tar.{s}", "path_traversal"): 1 for s in COMPRESS}
        named |= {(f"set.tar.{s}", "binary_file"): 1 for s in COMPRESS}
        named |= {
            ("set.zip", "binary_file"): 1,
            ("set.tar", "binary_file"): 1,
            ("tail.zip", "trailing_data"): 1,
        }
        named |= {("links.tar", "symbolic_link"): 1, ("a.7z", "binary_file"): 1}
        assert refused == named
        assert all(balances(r) for r in results)
        assert len(set(kept["id"].to_pylist())) == kept.num_rows
        rows = Counter((p["file"], p["row"]) for p in kept["provenance"].to_pylist())
        assert max(rows.values()) == 1


def test_a_mapping_and_a_join_hold_for_members_too(tmp_path: Path) -> None:
    (tmp_path / "labels.csv.gz").write_bytes(COMPRESS["gz"](b"prompt,label\nWhy?,sleep\n"))
    (tmp_path / "set.zip").write_bytes(zip_of({"a.csv": CSV}))
    mapping = Mapping(joins=(Join("labels.csv.gz", ("prompt",), {"label": "topic"}),))
    source = Source(id="s", files=("set.zip",), mapping=mapping)
    (unit,) = plan_units(source, tmp_path, 1000, sha256_file)
    result = read_unit(source, tmp_path, unit)
    assert [r["source_metadata"].get("topic") for r in records(result)] == [None, "sleep"]
    assert result.measured["join_missed"] == 1


def test_a_join_with_an_archive_that_is_not_one_file_is_named(tmp_path: Path) -> None:
    for data in (
        zip_of({"a.csv": CSV, "b.csv": CSV}),
        raw_zip([Part(b"../a.csv", CSV)]),
        zip_of({"a.csv": CSV})[:-9],
    ):
        (tmp_path / "labels.zip").write_bytes(data)
        (tmp_path / "set.csv").write_bytes(CSV)
        mapping = Mapping(joins=(Join("labels.zip", ("prompt",), {"response": "topic"}),))
        source = Source(id="s", files=("set.csv",), mapping=mapping)
        (unit,) = plan_units(source, tmp_path, 1000, sha256_file)
        with pytest.raises(IncompleteError, match=r"labels\.zip"):
            read_unit(source, tmp_path, unit)


def test_refused_records_of_one_name_have_ids_of_their_own() -> None:
    result = read("a.zip", raw_zip([Part(b"a.csv", CSV), Part(b"a.csv", CSV), Part(b"../x"), Part(b"../x")]))
    assert result.quarantined is not None
    assert [q[1] for q in quarantined(result)] == ["path_traversal"] * 2 + ["duplicate_name"] * 2
    assert len(set(result.quarantined["id"].to_pylist())) == 4


@pytest.mark.parametrize("part", range(2))
def test_damaged_archives_crash_nothing_and_lose_nothing(part: int) -> None:
    packs = [
        zip_of,
        tar_of,
        lambda f: COMPRESS["gz"](tar_of(f)),
        lambda f: COMPRESS["xz"](f["a.csv"]),
        lambda f: COMPRESS["zst"](tar_of(f)),
    ]
    outcomes: Counter[bool] = Counter()
    for number in range(part, 600, 2):
        rng = random.Random(f"boxes-{number}")
        data = bytearray(
            rng.choice(packs)({"a.csv": CSV, "b.jsonl": LINES, "in.zip": zip_of({"c.txt": TALK})})
        )
        for _ in range(rng.choice((0, 1, 1, 2, 5))):
            at = rng.randrange(len(data))
            data[at : at + rng.randrange(5)] = rng.randbytes(rng.randrange(5))
        result = read("file", bytes(data))
        assert balances(result), number
        assert result.kept.num_rows + len(quarantined(result)) >= 1, number
        outcomes[result.kept.num_rows > 0] += 1
        for row in result.kept["source_metadata"].to_pylist():
            json.loads(row)
    assert min(outcomes[True], outcomes[False]) > 30


def test_a_build_over_packed_sources_makes_the_dataset_of_the_plain_ones(tmp_path: Path) -> None:
    texts, totals = [], []
    for packed in (False, True):
        root = tmp_path / str(packed)
        recipe = write_small_corpus(root)
        if packed:
            pack(root)
        runs = pixelated.Options(runs=tmp_path / f"runs-{packed}", workers=1)
        result = pixelated.build(pixelated.load_recipe(recipe), runs)
        lines = [x for p in result.dataset.glob("shards/*/*.jsonl") for x in p.read_bytes().splitlines()]
        texts.append(sorted(json.dumps(orjson.loads(line)["messages"]) for line in lines))
        totals.append(result.totals["kept"])
    assert totals == [125, 125]
    assert texts[0] == texts[1]


def pack(root: Path) -> None:
    """Replace the files of the small corpus by archives of them."""
    (root / "chats.jsonl.zst").write_bytes(COMPRESS["zst"]((root / "chats.jsonl").read_bytes()))
    (root / "tables.zip").write_bytes(zip_of({"pairs.csv": (root / "pairs.csv").read_bytes()}))
    (root / "share.json.gz").write_bytes(COMPRESS["gz"]((root / "share.json").read_bytes()))
    talks = {p.name: p.read_bytes() for p in root.glob("talk_*.txt")}
    (root / "talks.tar.xz").write_bytes(COMPRESS["xz"](tar_of(talks)))
    text = (root / "registry.yaml").read_text()
    for name in ("chats.jsonl", "pairs.csv", "share.json", *talks):
        (root / name).unlink()
    for old, new in (
        ("chats.jsonl", "chats.jsonl.zst"),
        ("pairs.csv", "tables.zip"),
        ("share.json", "share.json.gz"),
        ("talk_*.txt", "talks.tar.xz"),
    ):
        assert old in text
        text = text.replace(old, new)
    (root / "registry.yaml").write_text(text)
