"""JSON documents and JSON lines: where records lie, what is invalid, and which row is which."""

from __future__ import annotations

import json

import pytest

from pixelated.core.source import Fields, Mapping
from standardise_reading import balances, dialogues, document, lines, read, records, refusals

ONE, TWO = {"prompt": "a", "response": "b"}, {"prompt": "c", "response": "d"}
TURNS = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]

PLACES = {
    "a list": ([ONE, TWO], ["/0", "/1"]),
    "lists in document order": (
        {"train": [ONE], "n": 2, "valid": [TWO], "none": []},
        ["/train/0", "/valid/0"],
    ),
    "lists deep inside": (
        {"data": {"v1": {"train": [ONE]}, "x/y": [TWO]}},
        ["/data/v1/train/0", "/data/x~1y/0"],
    ),
    "records by name": ({"first": ONE, "second": TWO}, ["/first", "/second"]),
    "a single record": (ONE, ["/"]),
    "one dialogue": (TURNS, ["/"]),
    "dialogues in a list": ([TURNS, TURNS], ["/0", "/1"]),
    "dialogues by name": ({"x": TURNS, "y": TURNS}, ["/x", "/y"]),
    "exchanges in a list": ([{"user": "a", "assistant": "b"}, {"user": "c", "assistant": "d"}], ["/0", "/1"]),
    "records called conversations": ({"conversations": [{"id": 1, "messages": TURNS}]}, ["/conversations/0"]),
}


@pytest.mark.parametrize("name", PLACES)
def test_records_are_found_wherever_they_lie(name: str) -> None:
    value, places = PLACES[name]
    result = read("a.json", document(value))
    found = records(result)
    assert [r["provenance"]["locator"] for r in found] == places
    assert [r["provenance"]["row"] for r in found] == list(range(len(places)))
    assert dialogues(result)[0] == [("user", "a"), ("assistant", "b")]


def test_the_registry_may_name_the_list() -> None:
    value = {"meta": [TWO], "inner": {"rows": [ONE]}}
    mapping = Mapping(fields=Fields(records="inner.rows", prompt=("prompt",), response=("response",)))
    assert dialogues(read("a.json", document(value), mapping)) == [[("user", "a"), ("assistant", "b")]]
    wrong = Mapping(fields=Fields(records="rows"))
    assert refusals(read("a.json", document(value), wrong)) == [(0, "field_missing")]


def test_a_truncated_document_is_refused_whole() -> None:
    data = document([ONE, TWO])[:-9]
    result = read("a.json", data)
    assert refusals(result) == [(0, "invalid_json")]
    assert result.kept.num_rows == 0


def test_values_one_after_the_other_are_read_as_rows() -> None:
    pretty = json.dumps(ONE, indent=1) + "\n" + json.dumps(TWO, indent=1)
    assert [r["provenance"]["row"] for r in records(read("a.json", pretty))] == [0, 1]


@pytest.mark.parametrize("name", ["a.jsonl", "a.txt", "a.json", "a"])
def test_json_lines_are_known_under_any_name_and_a_bad_line_is_refused_by_itself(name: str) -> None:
    data = b"\n" + lines(ONE) + b'\n\r\n{"prompt": "x", "resp\n' + lines(TWO) + b"\n"
    result = read(name, data)
    assert [(r["provenance"]["row"], r["provenance"]["locator"]) for r in records(result)] == [
        (0, "line 2"),
        (2, "line 5"),
    ]
    assert refusals(result) == [(1, "invalid_json")]
    assert balances(result)


def test_a_pretty_printed_document_named_jsonl_is_read_as_a_document() -> None:
    assert len(dialogues(read("a.jsonl", json.dumps([ONE, TWO], indent=2)))) == 2


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_lines_in_other_encodings(encoding: str) -> None:
    text = json.dumps({"prompt": "Müde", "response": "Schön"}, ensure_ascii=False)
    data = "\n".join([text] * 3).encode(encoding)
    assert dialogues(read("a.jsonl", data)) == [[("user", "Müde"), ("assistant", "Schön")]] * 3


def test_values_that_json_forbids_but_writers_write() -> None:
    text = '{"prompt": "a \\ud83d b", "response": "\\ud83d\\ude00", "x": NaN, "y": 1e999, "z": 12345678901234567890123}'
    (record,) = records(read("a.jsonl", text))
    assert [m["content"] for m in record["messages"]] == ["a \ufffd b", "\U0001f600"]
    assert record["source_metadata"] == {"x": None, "y": None, "z": 12345678901234567890123}


@pytest.mark.parametrize("depth", [300, 100_000])
def test_deep_nesting_is_invalid_and_crashes_nothing(depth: int) -> None:
    data = b'{"prompt": "a", "response": "b", "x": ' + b"[" * depth + b"]" * depth + b"}"
    assert refusals(read("a.json", data)) == [(0, "invalid_json")]
    assert refusals(read("a.jsonl", data)) == [(0, "invalid_json")]


def test_a_number_of_ten_thousand_digits_crashes_nothing() -> None:
    data = b'{"prompt": "a", "response": "b", "x": -' + b"9" * 10_000 + b"}"
    assert balances(read("a.jsonl", data))


def test_an_empty_list_is_named_and_not_lost() -> None:
    assert refusals(read("a.json", b"[]")) == [(0, "no_rows")]


def test_a_document_that_holds_no_records_is_one_refused_record() -> None:
    value = {"version": 1, "weights": {"a": 0.5}, "names": ["x", "y"]}
    assert refusals(read("a.json", document(value))) == [(0, "shape_unknown")]


def test_stray_bytes_in_a_line_are_kept_and_counted() -> None:
    good = '{"prompt": "Müde", "response": "Schön"}'.encode()
    stray = '{"prompt": "Müde", "response": "Schön"}'.encode("cp1252")
    result = read("a.jsonl", b"\n".join([good] * 5 + [stray]))
    assert dialogues(result) == [[("user", "Müde"), ("assistant", "Schön")]] * 6
    assert result.measured["decoding"] == {"a.jsonl": {"cp1252_bytes": 2}}
