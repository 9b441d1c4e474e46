"""Workbooks, Arrow files and folders saved by `datasets`: rows in order with the places that a person sees."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
from pyarrow import feather, ipc

from pixelated.core.errors import IncompleteError
from pixelated.core.source import Source
from pixelated.standardise import list_files, standardise_path
from standardise_reading import balances, dialogues, read, records, refusals

HEAD = ["id", "prompt", "response"]


def workbook(**sheets: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for number, row in enumerate(rows, 1):
            for column, cell in enumerate(row, 1):
                sheet.cell(number, column, cell)
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_every_sheet_is_a_table_and_rows_are_named_as_the_program_shows_them() -> None:
    data = workbook(
        One=[HEAD, [1, "a", "b"], [None, None, None], [2, "c", "d"]],
        Empty=[],
        Two=[["question", "answer"], ["e", "f"]],
    )
    result = read("a.xlsx", data)
    assert dialogues(result) == [[("user", p), ("assistant", r)] for p, r in ("ab", "cd", "ef")]
    places = [(r["provenance"]["row"], r["provenance"]["locator"]) for r in records(result)]
    assert places == [(0, "sheet One, row 2"), (1, "sheet One, row 4"), (2, "sheet Two, row 2")]
    assert result.measured["raw_rows"] == 3
    assert refusals(result) == []


def test_a_table_that_starts_lower_and_further_right_keeps_its_row_numbers() -> None:
    book = openpyxl.Workbook()
    for column, cell in enumerate(HEAD, 3):
        book.active.cell(7, column, cell)
        book.active.cell(9, column, f"x{column}")
    (record,) = records(read("a.xlsx", saved(book)))
    assert record["provenance"]["locator"] == "sheet Sheet, row 9"
    assert record["source_metadata"] == {"id": "x3"}


def test_cells_become_what_they_mean() -> None:
    names = ["prompt", "response", "whole", "part", "day", "moment", "clock", "yes", "blank"]
    cells = [
        "a",
        "b",
        3.0,
        2.5,
        dt.date(2024, 5, 1),
        dt.datetime(2024, 5, 1, 12, 30),  # noqa: DTZ001 - a workbook knows no zones
        dt.time(8, 15),
        True,
        "  ",
    ]
    (record,) = records(read("a.xlsx", workbook(S=[names, cells])))
    assert record["source_metadata"] == {
        "whole": 3, "part": 2.5, "day": "2024-05-01", "moment": "2024-05-01T12:30:00", "clock": "08:15:00",
        "yes": True, "blank": None,
    }  # fmt: skip


def test_rows_that_are_no_rows_of_the_table_are_named() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    rows = [["All sessions"], HEAD, [1, "a", "b"], ["Second week"], HEAD, [2, "c", "d", "e"], [3, "f", "g"]]
    for row in rows:
        sheet.append(row)
    sheet.merge_cells("A1:C1")
    sheet.merge_cells("A4:C4")
    result = read("a.xlsx", saved(book))
    assert refusals(result) == [
        (0, "above_header"),
        (2, "merged_row"),
        (3, "repeated_header"),
        (4, "ragged_row"),
    ]
    assert [d[0][1] for d in dialogues(result)] == ["a", "f"]
    assert balances(result)


def test_a_cell_merged_downwards_holds_for_each_of_its_rows() -> None:
    book = openpyxl.Workbook()
    rows = [
        ["conversation_id", "speaker", "text"],
        ["s1", "client", "a"],
        [None, "therapist", "b"],
        ["s2", "client", "c"],
        [None, "therapist", "d"],
    ]
    for row in rows:
        book.active.append(row)
    book.active.merge_cells("A2:A3")
    book.active.merge_cells("A4:A5")
    assert dialogues(read("a.xlsx", saved(book))) == [
        [("user", "a"), ("assistant", "b")],
        [("user", "c"), ("assistant", "d")],
    ]


def test_a_sheet_without_a_header_and_a_doubled_header() -> None:
    assert refusals(read("a.xlsx", workbook(S=[[1, "How are you today, my friend?"], [2, "x"]]))) == [
        (0, "shape_unknown"), (1, "shape_unknown"),
    ]  # fmt: skip
    doubled = workbook(S=[["prompt", "response", "response"], ["a", "b", "c"]])
    assert refusals(read("a.xlsx", doubled)) == [(0, "duplicate_header")]
    assert refusals(read("a.xlsx", workbook(S=[]))) == [(0, "no_rows")]


def test_two_cells_far_apart_ask_for_no_memory_and_end_no_process() -> None:
    data = workbook(S=[["prompt"]])
    book = openpyxl.load_workbook(io.BytesIO(data))
    book.active["XFD1048576"] = "far"
    assert refusals(read("a.xlsx", saved(book))) == [(0, "too_large")]


def test_workbooks_that_are_locked_damaged_or_none_are_named() -> None:
    good = workbook(S=[HEAD, [1, "a", "b"]])
    for bad in (
        good[: len(good) // 2],
        b"hello",
        b"PK\x03\x04 hello",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000),
    ):
        assert refusals(read("a.xlsx", bad)) == [(0, "damaged_workbook")]
    old = bytes.fromhex("0908100000060500000000000000000000000000") + bytes.fromhex("2f000600010000000000")
    for bad in (ole("EncryptedPackage"), ole("Workbook", old)):
        assert refusals(read("a.xls", bad)) == [(0, "encrypted_workbook")]


def ole(stream: str, data: bytes = b"") -> bytes:
    """Return the smallest OLE file with one stream of 4,096 bytes."""
    free, end, table = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD

    def words(*values: int) -> bytes:
        return b"".join(v.to_bytes(4, "little") for v in values)

    def entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
        wide = name.encode("utf-16-le") + b"\0\0"
        head = wide.ljust(64, b"\0") + len(wide).to_bytes(2, "little") + bytes([kind, 1])
        return head + words(free, free, child) + bytes(36) + words(start, size, 0)

    magic = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    head = magic + bytes(16) + bytes.fromhex("3e000300feff09000600") + bytes(6)
    head += words(0, 1, 1, 0, 4096, end, 0, end, 0, 0) + words(*[free] * 108)
    folder = entry("Root Entry", 5, 1, end, 0) + entry(stream, 2, free, 2, 4096)
    sectors = (
        words(table, end, *range(3, 10), end, *[free] * 118)
        + folder.ljust(512, b"\0")
        + data.ljust(4096, b"\0")
    )
    return head + sectors


def test_workbooks_are_known_by_their_bytes_and_other_zip_files_are_not_taken() -> None:
    data = workbook(S=[HEAD, [1, "a", "b"]])
    assert dialogues(read("download", data)) == [[("user", "a"), ("assistant", "b")]]
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr("[Content_Types].xml", "<x/>")
        file.writestr("word/document.xml", "<x/>")
    assert refusals(read("a.docx", stream.getvalue())) == [(0, "binary_file")]


CELL = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'


def test_an_opendocument_workbook_is_read() -> None:
    rows = "".join(
        "<table:table-row>" + "".join(CELL.format(c) for c in row) + "</table:table-row>"
        for row in (["prompt", "response"], ["a", "b"])
    )
    names = "".join(
        f' xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in ("office", "table", "text")
    )
    content = (
        f"<?xml version='1.0'?><office:document-content{names}><office:body><office:spreadsheet>"
        f'<table:table table:name="S">{rows}</table:table></office:spreadsheet></office:body></office:document-content>'
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        file.writestr("META-INF/manifest.xml", "<manifest/>")
        file.writestr("content.xml", content)
    for name in ("a.ods", "a"):
        assert dialogues(read(name, stream.getvalue())) == [[("user", "a"), ("assistant", "b")]]


TURNS = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]


def stream_of(table: pa.Table, rows: int = 1) -> bytes:
    sink = io.BytesIO()
    with ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=rows)
    return sink.getvalue()


def file_of(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


TABLE = pa.table({"messages": [TURNS, TURNS], "when": pa.array([1, 1_000_000_001], pa.timestamp("ns"))})


@pytest.mark.parametrize("name", ["a.arrow", "a.feather", "a"])
@pytest.mark.parametrize("data", [stream_of(TABLE), file_of(TABLE)], ids=["stream", "file"])
def test_arrow_files_and_streams_are_read(name: str, data: bytes) -> None:
    result = read(name, data)
    assert dialogues(result) == [[("user", "a"), ("assistant", "b")]] * 2
    assert [r["provenance"]["locator"] for r in records(result)] == ["row 0", "row 1"]
    assert records(result)[1]["source_metadata"]["when"].startswith("1970-01-01 00:00:01")


def test_compressed_feather_and_categories_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.feather"
    table = pa.table({"prompt": pa.array(["a", "a"]).dictionary_encode(), "response": ["b", "c"]})
    feather.write_feather(table, path, compression="zstd")
    assert dialogues(read("a.feather", path.read_bytes())) == [
        [("user", "a"), ("assistant", "b")], [("user", "a"), ("assistant", "c")],
    ]  # fmt: skip


def test_arrow_that_is_cut_anywhere_is_refused_whole() -> None:
    for data in (stream_of(TABLE), file_of(TABLE)):
        for length in range(16, len(data), 8):
            result = read("a.arrow", data[:length])
            assert refusals(result) == [(0, "truncated_arrow")], length
    assert refusals(read("a.arrow", "hello")) == [(0, "truncated_arrow")]
    assert refusals(read("a.arrow", stream_of(TABLE) * 2)) == [(0, "unreadable_arrow")]
    assert refusals(read("a.feather", b"FEA1" + bytes(60) + b"FEA1")) == [(0, "feather_v1")]


def test_arrow_with_offsets_that_lead_nowhere_is_refused() -> None:
    data = bytearray(file_of(pa.table({"prompt": ["abcd", "efgh"], "response": ["x", "y"]})))
    at = data.index((0).to_bytes(4, "little") + (4).to_bytes(4, "little") + (8).to_bytes(4, "little"))
    data[at + 4 : at + 8] = (1 << 30).to_bytes(4, "little")
    assert refusals(read("a.arrow", bytes(data))) == [(0, "unreadable_arrow")]


def save_to_disk(folder: Path, shards: list[list[list[dict[str, str]]]]) -> None:
    """Write a folder as `datasets.Dataset.save_to_disk` does."""
    folder.mkdir(parents=True)
    names = [f"data-{k:05}-of-{len(shards):05}.arrow" for k in range(len(shards))]
    for name, rows in zip(names, shards, strict=True):
        (folder / name).write_bytes(stream_of(pa.table({"messages": rows})))
    state = {
        "_data_files": [{"filename": n} for n in names],
        "_fingerprint": "0",
        "_format_type": None,
        "_split": "train",
    }
    (folder / "state.json").write_text(json.dumps(state))
    info = {"citation": "", "description": "", "features": {"messages": {}}, "homepage": "", "license": ""}
    (folder / "dataset_info.json").write_text(json.dumps(info))


def turns(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}, {"role": "assistant", "content": "b"}]


def saved_dict(root: Path) -> Path:
    save_to_disk(root / "set" / "train", [[turns("1")], [turns("2"), turns("3")]])
    save_to_disk(root / "set" / "test", [[turns("4")]])
    (root / "set" / "dataset_dict.json").write_text(json.dumps({"splits": ["train", "test"]}))
    return root / "set"


def test_a_saved_dataset_is_its_shards_in_order_and_nothing_else(tmp_path: Path) -> None:
    folder = saved_dict(tmp_path)
    (folder / "train" / "cache-0123.arrow").write_bytes(stream_of(pa.table({"messages": [turns("old")]})))
    results = list(standardise_path(folder))
    said = [d[0][1] for result in results for d in dialogues(result)]
    assert said == ["4", "1", "2", "3"]
    assert [refusals(result) for result in results] == [[]] * len(results)
    for split in ("train", "test"):
        assert [d[0][1] for r in standardise_path(folder / split) for d in dialogues(r)] == sorted(
            s for s in said if (s == "4") == (split == "test")
        )


def test_the_files_beside_the_shards_are_data_only_where_they_are_named(tmp_path: Path) -> None:
    saved_dict(tmp_path)
    assert "set/train/state.json" not in list_files(
        Source(id="s", files=("**/*.json", "**/*.arrow")), tmp_path
    )
    assert list_files(Source(id="s", files=("set/train/state.json",)), tmp_path) == ["set/train/state.json"]


def test_other_files_of_these_names_are_data(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text('{"prompt": "a", "response": "b"}')
    (tmp_path / "dataset_dict.json").write_text("[]")
    assert list_files(Source(id="s"), tmp_path) == ["dataset_dict.json", "state.json"]


def test_a_shard_that_is_not_there_is_named(tmp_path: Path) -> None:
    folder = saved_dict(tmp_path)
    (folder / "train" / "data-00001-of-00002.arrow").unlink()
    with pytest.raises(IncompleteError, match="data-00001-of-00002") as caught:
        list_files(Source(id="s"), tmp_path)
    assert caught.value.code == "shard_missing"
