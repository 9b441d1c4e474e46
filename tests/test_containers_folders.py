"""Compressed files and archives among the files of a source: units, folders, joins, a build."""

from __future__ import annotations

import io
import json
import random
import tarfile
import zipfile
from collections import Counter
from pathlib import Path

import orjson
import pyarrow as pa
import pytest

import pixelated
from conftest import write_small_corpus
from hostile_archives import COMPRESS, CSV, LINES, PNG, TALK, Part, raw_zip, tar, tar_of, zip_of
from pixelated.core.errors import IncompleteError
from pixelated.core.fingerprint import sha256_file
from pixelated.core.source import Join, Mapping, Source
from pixelated.standardise import plan_units, read_unit, standardise_path
from standardise_reading import balances, quarantined, read, records


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
