"""`clean encoding` on a folder: every readable file is UTF-8 afterwards, and its structure is the same."""

# ruff: noqa: RUF001 -- foreign punctuation is what is tested

import csv
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelated.clean import repair_folder
from pixelated.clean.folder import repair_document
from pixelated.core.errors import UsageError


@pytest.fixture
def folders(tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    return source, tmp_path / "out"


def run(folders, **files):
    source, target = folders
    for name, data in files.items():
        path = source / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    report = repair_folder(source, target, normalize=True)
    return report, {f["file"]: f for f in report["files"]}, target


def test_every_readable_file_is_written_as_utf8_under_its_name(folders):
    report, files, out = run(
        folders,
        sub__latin_dot_txt="Ça va?\r\n".encode("cp1252"),
        bom_dot_txt=b"\xef\xbb\xbfhello \xc3\xa2\xe2\x82\xac\xe2\x84\xa2",
        wide_dot_md="naïve e\u0301".encode("utf-16"),
        same_dot_txt="sound “text”".encode(),
    )
    assert (out / "sub/latin.txt").read_bytes() == "Ça va?\r\n".encode()
    assert (out / "bom.txt").read_text(encoding="utf-8") == "hello ’"
    assert (out / "wide.md").read_text(encoding="utf-8") == "naïve é"
    assert files["same.txt"]["status"] == "unchanged"
    assert files["sub/latin.txt"] == {
        "file": "sub/latin.txt", "status": "repaired", "encoding": "cp1252", "fixed": {"cp1252_bytes": 1}
    }  # fmt: skip
    assert (report["rows_in"], report["kept"], report["quarantined"]) == (4, 4, 0)
    assert report["fixed"] == {"bom": 2, "cp1252_bytes": 1, "mojibake": 1, "nfc": 1}


def test_files_that_cannot_be_read_are_named_and_not_written(folders):
    report, files, out = run(
        folders,
        zero_dot_json=b"",
        pointer_dot_json=b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
        image_dot_png=b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        noise_dot_bin=bytes(range(32)) * 50,
        good_dot_txt=b"good",
    )
    assert {n: f["status"] for n, f in files.items() if n != "good.txt"} == {
        "zero.json": "zero_byte", "pointer.json": "lfs_pointer", "image.png": "binary", "noise.bin": "binary"
    }  # fmt: skip
    assert report["reasons"] == {"binary": 2, "lfs_pointer": 1, "zero_byte": 1}
    assert report["rows_in"] == report["kept"] + report["quarantined"] == 5
    assert [p.name for p in out.iterdir()] == ["good.txt"]


def test_json_keeps_its_syntax_numbers_and_keys():
    text = (
        '{ "kâ€™y": 1.50, "big": 12345678901234567890123,\n "t": "donâ€™t \\"q\\" â€œxâ€\x9d", "a": "ASCII" }'
    )
    repaired, fixed = repair_document(text, "x.json", normalize=True)
    assert repaired == (
        '{ "kâ€™y": 1.50, "big": 12345678901234567890123,\n "t": "don’t \\"q\\" “x”", "a": "ASCII" }'
    )
    assert fixed == {"mojibake": 1}


def test_json_lines_are_repaired_value_by_value():
    lines = ['{"a": "donâ€™t", "b": [1, "\\u00e2\\u20ac\\u2122"]}', "", '{"a": "x\\nÂ£5"}']
    repaired, _ = repair_document("\n".join(lines), "x.jsonl", normalize=True)
    assert [json.loads(line) for line in repaired.split("\n") if line] == [
        {"a": "don’t", "b": [1, "’"]}, {"a": "x\n£5"}
    ]  # fmt: skip


def test_lone_surrogates_in_json_become_replacement_characters():
    repaired, _ = repair_document('{"a": "\\ud83d x \\ud83d\\ude42"}', "x.json", normalize=True)
    assert json.loads(repaired) == {"a": "\ufffd x 🙂"}


def test_csv_cells_are_repaired_and_curly_quotes_stay_curly():
    text = 'id,text\r\n1,"She said â€œhi, youâ€\x9d"\r\n2,“plain” donâ€™t\r\n'
    repaired, _ = repair_document(text, "x.csv", normalize=True)
    assert list(csv.reader(io.StringIO(repaired))) == [
        ["id", "text"], ["1", "She said “hi, you”"], ["2", "“plain” don’t"]
    ]  # fmt: skip
    assert repaired.count('"') == text.count('"')


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.lists(st.text(st.sampled_from("aÂâ€™œ\x9d£\"',;\n é"), max_size=8), min_size=2, max_size=2),
        min_size=1,
        max_size=5,
    )
)
def test_no_repair_breaks_the_cells_of_a_table(rows):
    stream = io.StringIO()
    csv.writer(stream).writerows(rows)
    repaired, _ = repair_document(stream.getvalue(), "x.csv", normalize=True)
    after = list(csv.reader(io.StringIO(repaired)))
    assert [len(r) for r in after] == [2] * len(rows)


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(
        st.text(max_size=9) | st.integers() | st.booleans() | st.none(),
        lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(max_size=4), x, max_size=3),
        max_leaves=8,
    )
)
def test_no_repair_breaks_the_structure_of_json(value):
    text = json.dumps({"v": value}, ensure_ascii=False)
    repaired, _ = repair_document(text, "x.json", normalize=False)
    assert shape(json.loads(repaired)) == shape(json.loads(text))


def shape(value):
    if isinstance(value, dict):
        return {k: shape(v) for k, v in value.items()}
    if isinstance(value, list):
        return [shape(v) for v in value]
    return "text" if isinstance(value, str) else value


def test_a_line_whose_cells_would_change_stays_as_it_was():
    line = "x\x1b[3;1my;z"
    assert repair_document(line, "x.csv", normalize=True)[0] == line
    assert repair_document(line, "x.txt", normalize=True)[0] == "xy;z"


def test_without_normalisation_decomposed_text_stays():
    assert repair_document("e\u0301", "x.txt", normalize=False)[0] == "e\u0301"


def test_an_output_inside_the_input_is_not_read_again(folders):
    source, _ = folders
    (source / "a.txt").write_text("a")
    first = repair_folder(source, source / "clean", normalize=True)
    again = repair_folder(source, source / "clean", normalize=True)
    assert first == again
    assert [f["file"] for f in again["files"]] == ["a.txt"]


def test_a_wrong_path_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="no folder"):
        repair_folder(tmp_path / "absent", tmp_path / "out", normalize=True)
    with pytest.raises(UsageError, match="also the input"):
        repair_folder(tmp_path, tmp_path, normalize=True)
