"""Tables and archives with mistakes: JSON, delimited text, workbooks, Parquet, Arrow, saved folders, packed files."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Sequence
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import feather, ipc

from hostile_archives import COMPRESS, LFS, PNG, Part, raw_zip, tar, tar_of, zip_of
from planted_formats import Planted, fields, pair, refused

CUT = 32_759  # characters at which programs cut a cell


def planted() -> list[Planted]:
    """Return the files."""
    return [*_json(), *_delimited(), *_workbooks(), *_columnar(), *_saved(), *_packed(), *_boxes(), *_none()]


def _lines(*numbers: int) -> bytes:
    return b"".join(json.dumps(fields(k)).encode() + b"\n" for k in numbers)


def _pairs(*numbers: int) -> list[list[tuple[str, str]]]:
    return [pair(k) for k in numbers]


def _csv(*numbers: int, separator: str = ",") -> bytes:
    rows = [f'"{fields(k)["prompt"]}"{separator}"{fields(k)["response"]}"\n' for k in numbers]
    return f"prompt{separator}response\n{''.join(rows)}".encode()


def _json() -> list[Planted]:
    bad = _lines(1) + b'{"prompt": "cut\n' + b"\n" + _lines(2) + b'{"prompt": "alone"}\n' + b"[]\n"
    mistakes = [("line 2", "invalid_json"), ("line 5", "no_reply"), ("line 6", "not_an_object")]
    document = json.dumps({"version": 1, "rows": [fields(3), fields(4)]}).encode()
    return [
        Planted("bad.jsonl", bad, 5, mistakes, _pairs(1, 2), formats=["jsonl"]),
        Planted("document.json", document, 2, dialogues=_pairs(3, 4), formats=["json"]),
        refused("cut.json", document[:-9], "invalid_json"),
    ]


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def _delimited() -> list[Planted]:
    lists = [[{"role": r, "content": c} for r, c in pair(k)] for k in (10, 11)]
    cells = [json.dumps(lists[0]), repr(lists[1])]
    good = "id,messages\n" + "".join(f"{k},{_quoted(cell)}\n" for k, cell in enumerate(cells))
    longer = json.dumps([{"role": "user", "content": "word " * 9000}])
    cut, broken = longer[:CUT], json.dumps(lists[0])[:-4]
    bad = good + f"2,{_quoted(cut)}\n3,{_quoted(broken)}\n4,[] and more,5\n"
    mistakes = [("line 4", "cell_cut"), ("line 5", "bad_list_cell"), ("line 6", "ragged_row")]
    loose = _csv(12) + b'"never closed,x\n' + _csv(13).partition(b"\n")[2] + b"prompt,response\n"
    tabs = _csv(14, 15, separator="\t")
    return [
        Planted("lists.csv", good.encode(), 2, dialogues=_pairs(10, 11), formats=["csv"]),
        Planted("cut-lists.csv", bad.encode(), 5, mistakes, _pairs(10, 11), formats=["csv"]),
        Planted(
            "loose.csv", loose, 4, [("line 3", "unbalanced_quote"), ("line 5", "repeated_header")],
            _pairs(12, 13), formats=["csv"],
        ),
        Planted("tabs.tsv", tabs, 2, dialogues=_pairs(14, 15), formats=["csv"]),
        Planted("twice.csv", b"prompt,prompt\na,b\n", 1, [("line 2", "duplicate_header")], []),
    ]  # fmt: skip


def _workbook(sheets: dict[str, Sequence[Sequence[Any]]], merged: Sequence[str] = ()) -> bytes:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
        for cells in merged:
            sheet.merge_cells(cells)
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def _row(number: int) -> list[str]:
    return list(fields(number).values())


def _workbooks() -> list[Planted]:
    head = ["prompt", "response"]
    good = _workbook({"One": [head, _row(20), _row(21)], "Two": [head, _row(22)]})
    rows = [["All weeks"], head, _row(23), ["Week two"], head, [*_row(24), "", "more"]]
    rows += [["word " * 7000, "cut"], _row(25)]
    rows[6][0] = rows[6][0][:CUT]
    bad = _workbook({"Main": rows}, merged=["A1:B1", "A4:B4"])
    mistakes = [
        ("sheet Main, row 1", "above_header"), ("sheet Main, row 4", "merged_row"),
        ("sheet Main, row 5", "repeated_header"), ("sheet Main, row 6", "ragged_row"),
        ("sheet Main, row 7", "cell_cut"),
    ]  # fmt: skip
    return [
        Planted("good.xlsx", good, 3, dialogues=_pairs(20, 21, 22), formats=["xlsx"]),
        Planted("bad.xlsx", bad, 7, mistakes, _pairs(23, 25), formats=["xlsx"]),
        refused("half.xlsx", good[: len(good) // 2], "damaged_workbook"),
    ]


def _table(*numbers: int) -> pa.Table:
    return pa.Table.from_pylist([fields(k) for k in numbers])


def _stream(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=1)
    return sink.getvalue()


def _columnar() -> list[Planted]:
    parquet, file, packed = io.BytesIO(), io.BytesIO(), io.BytesIO()
    pq.write_table(pa.concat_tables([_table(30), pa.table({"prompt": ["alone"], "response": [""]})]), parquet)
    with ipc.new_file(file, _table(31).schema) as writer:
        writer.write_table(_table(31, 32))
    feather.write_feather(_table(33), packed, compression="zstd")
    return [
        Planted(
            "rows.parquet", parquet.getvalue(), 2, [("row 1", "no_reply")], _pairs(30), formats=["parquet"]
        ),
        refused("cut.parquet", parquet.getvalue()[:-20], "unreadable_parquet"),
        Planted("rows.arrow", file.getvalue(), 2, dialogues=_pairs(31, 32), formats=["arrow"]),
        Planted("rows.feather", packed.getvalue(), 1, dialogues=_pairs(33), formats=["arrow"]),
        refused("cut.arrows", _stream(_table(34, 35))[:-70], "truncated_arrow"),
    ]


def _dataset(root: str, shards: dict[str, list[list[int]]]) -> dict[str, bytes]:
    """Return the files of a DatasetDict as `datasets` saves it, with the cache of a later map."""
    files = {f"{root}dataset_dict.json": json.dumps({"splits": list(shards)}).encode()}
    for split, parts in shards.items():
        names = [f"data-{k:05}-of-{len(parts):05}.arrow" for k in range(len(parts))]
        for name, rows in zip(names, parts, strict=True):
            files[f"{root}{split}/{name}"] = _stream(_table(*rows))
        state = {"_data_files": [{"filename": n} for n in names], "_fingerprint": "0", "_split": split}
        files[f"{root}{split}/state.json"] = json.dumps(state).encode()
        files[f"{root}{split}/dataset_info.json"] = b'{"features": {}}'
        files[f"{root}{split}/cache-0123.arrow"] = _stream(_table(99))
    return files


def _saved() -> list[Planted]:
    shards = {"train": [[40], [41, 42]], "test": [[43]]}
    rows = {
        f"saved/{s}/data-{k:05}-of-{len(p):05}.arrow": r for s, p in shards.items() for k, r in enumerate(p)
    }
    found = [
        Planted(name, data, len(rows[name]), dialogues=_pairs(*rows[name]), formats=["arrow"])
        if name in rows
        else Planted(name, data, 0, dialogues=[])
        for name, data in _dataset("saved/", shards).items()
    ]
    packed = _dataset("set/", {"train": [[44], [45]], "test": [[46]]})
    del packed["set/train/data-00001-of-00002.arrow"]
    missing = Planted(
        "saved.tar.gz", COMPRESS["gz"](tar_of(packed)), 3, [("set/train/state.json!file", "shard_missing")],
        _pairs(46, 44), formats=["arrow+tar+gzip"],
    )  # fmt: skip
    return [*found, missing]


def _packed() -> list[Planted]:
    bad = _lines(50, 51) + b"{]\n"
    frames = (
        COMPRESS["zst"](_csv(52))
        + COMPRESS["zst"](b"one,two,three\n")
        + COMPRESS["zst"](_csv(53).partition(b"\n")[2])
    )
    document = json.dumps([fields(k) for k in range(54, 60)]).encode()
    return [
        Planted(
            "lines.jsonl.gz", COMPRESS["gz"](bad), 3, [("lines.jsonl!line 3", "invalid_json")],
            _pairs(50, 51), formats=["jsonl+gzip"],
        ),
        Planted(
            "frames.csv.zst", frames, 3, [("frames.csv!line 3", "ragged_row")],
            _pairs(52, 53), formats=["csv+zstd"],
        ),
        Planted("lines.jsonl.bz2", COMPRESS["bz2"](_lines(60)), 1, dialogues=_pairs(60), formats=["jsonl+bzip2"]),
        refused("cut.json.xz", COMPRESS["xz"](document)[:-9], "truncated"),
    ]  # fmt: skip


def _boxes() -> list[Planted]:
    mixed = {
        "a.csv": _csv(70), "b.jsonl": _lines(71) + b"{]\n", "cover.png": PNG, "README.md": b"About.",
        "../evil.csv": _csv(72), "__MACOSX/._a.csv": b"x",
    }  # fmt: skip
    inner = tar_of({"deep.jsonl": _lines(73)})
    fourth = zip_of({"a.zip": zip_of({"b.zip": zip_of({"c.zip": zip_of({"d.csv": _csv(74)})})})})
    nested = zip_of({"inner.tar.gz": COMPRESS["gz"](inner), "z.csv": _csv(75)})
    links = tar([("good.csv", _csv(76))], type=tarfile.REGTYPE)
    link = tar([("link.csv", None)], type=tarfile.SYMTYPE, linkname="/etc/passwd")
    locked = raw_zip(
        [Part(b"a.csv", _csv(77)), Part(b"locked.csv", _csv(78), local={"flags": 1}, central={"flags": 1})]
    )
    return [
        Planted(
            "mixed.zip", zip_of(mixed), 5,
            [("'../evil.csv'!file", "path_traversal"), ("b.jsonl!line 2", "invalid_json"),
             ("cover.png!file", "binary_file")],
            _pairs(70, 71), formats=["csv+zip", "jsonl+zip"],
        ),
        Planted(
            "link.tar", link[:512] + links, 2, [("link.csv!file", "symbolic_link")],
            _pairs(76), formats=["csv+tar"],
        ),
        Planted(
            "nested.zip", nested, 2, dialogues=_pairs(73, 75), formats=["jsonl+tar+gzip+zip", "csv+zip"]
        ),
        Planted("too-deep.zip", fourth, 1, [("a.zip!b.zip!c.zip!file", "nested_too_deep")], []),
        Planted(
            "locked.zip", locked, 2, [("locked.csv!file", "encrypted")], _pairs(77), formats=["csv+zip"]
        ),
        refused("bomb.zip", zip_of({"zeros.csv": bytes(101 * 10**6)}), "ratio_too_high"),
    ]  # fmt: skip


def _none() -> list[Planted]:
    return [
        refused("pointer.jsonl", LFS, "lfs_pointer"),
        refused("nothing.json", b"", "zero_byte", 0),
        refused("blank.csv", b" \n\n", "blank_file", 0),
        refused("figure.png", PNG, "binary_file"),
        refused("train.py", b"print('hello')\n", "code_file"),
        Planted("README.md", b"About this folder.", 0, dialogues=[]),
    ]
