"""Lists of turns in a cell: JSON, Python and numpy spellings are read, broken and cut ones named."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import time

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import ipc

from pixelated.core.source import Fields, Mapping
from pixelated.standardise.literals import MAX_DEPTH, LiteralError, closes, read_literal
from standardise_reading import balances, dialogues, read, records, refusals

DIALOGUE = [("user", 'a, it\'s "x"'), ("assistant", "b\nc")]
TURNS = [{"role": "user", "content": DIALOGUE[0][1]}, {"role": "assistant", "content": DIALOGUE[1][1]}]
NUMPY = "[" + "\n ".join(repr(t) for t in TURNS) + "]"
SPELLINGS = {
    "json": json.dumps(TURNS),
    "python": repr(TURNS),
    "numpy": NUMPY,
    "array": f"array({TURNS!r}, dtype=object)",
    "array of lines": f"array({NUMPY},\n      dtype=object)",
    "tuples": repr(tuple(TURNS)).replace("(", "[").replace(")", "]"),
    "spaced": f"  {TURNS!r}\n",
}


def table_of(name: str, *cells: str) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(["id", name])
    writer.writerows([k, cell] for k, cell in enumerate(cells))
    return stream.getvalue().encode()


def xlsx(name: str, *cells: str) -> bytes:
    book = openpyxl.Workbook()
    for row in (["id", name], *([k, cell] for k, cell in enumerate(cells))):
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def parquet(name: str, *cells: str) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table({"id": list(range(len(cells))), name: list(cells)}), stream)
    return stream.getvalue()


def arrow(name: str, *cells: str) -> bytes:
    stream = io.BytesIO()
    table = pa.table({"id": list(range(len(cells))), name: list(cells)})
    with ipc.new_stream(stream, table.schema) as writer:
        writer.write_table(table)
    return stream.getvalue()


MAKERS = {"csv": table_of, "xlsx": xlsx, "parquet": parquet, "arrow": arrow}


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_lists_are_read_however_they_are_written(kind: str, spelling: str) -> None:
    result = read(f"a.{kind}", MAKERS[kind]("messages", SPELLINGS[spelling]))
    assert dialogues(result) == [DIALOGUE]
    assert records(result)[0]["source_metadata"] == {"id": "0" if kind == "csv" else 0}


def test_lists_of_texts_and_nested_lists_of_numpy_are_read() -> None:
    talk = Mapping(roles={"0": "user", "1": "assistant"})
    for cell in ("['Hi there', 'Hello']", "['Hi there' 'Hello']", "['Hi there'\n 'Hello']"):
        assert dialogues(read("a.csv", table_of("dialog", cell), talk)) == [
            [("user", "Hi there"), ("assistant", "Hello")]
        ]
    nested = "[array(['user', 'Hi'], dtype=object) array(['bot', 'Yes'],\n  dtype='<U4')]"
    assert dialogues(read("a.csv", table_of("messages", nested))) == [[("user", "Hi"), ("assistant", "Yes")]]


def test_the_registry_may_name_the_column_of_lists() -> None:
    data = table_of("Payload", repr(TURNS))
    assert dialogues(read("a.csv", data, Mapping(fields=Fields(messages="Payload")))) == [DIALOGUE]
    assert dialogues(read("a.csv", data)) == []


@pytest.mark.parametrize(
    "cell",
    [
        "[{'role': 'user', 'content': 'a'",
        "[{'role': 'user', 'content': 'a}]",
        "[{'role': 'user', 'content': open('x')}]",
        "[{'role': 'user', 'content': __import__('os').system('true')}]",
        "[{'role': 'user' 'content': 'a'}]",
        "[{'role': 'user', 'content': 'a'}}",
        "[{'role': 'user', 'content': 'don't'}]",
        "[{'a': 1}\n {'b': 2}, {'c': 3}]",
        "[{'a': 1} ... {'b': 2}]",
        "[" * (MAX_DEPTH + 1) + "'x'" + "]" * (MAX_DEPTH + 1),
        "[{'a': 1, 'b': {1, 2}}]",
        "['a' 'b', 'c']",
    ],
)
def test_lists_that_are_broken_are_named_and_run_nothing(cell: str) -> None:
    result = read("a.csv", table_of("messages", cell, repr(TURNS)))
    assert refusals(result) == [(0, "bad_list_cell")]
    assert dialogues(result) == [DIALOGUE]
    assert balances(result)


@pytest.mark.parametrize(
    "text", ["[Scene: a kitchen] I am tired.", "{name}, hello", "[laughs]", "['sighs'] No.", '["quoted"] x']
)
def test_texts_that_start_with_a_bracket_stay_texts(text: str) -> None:
    data = table_of("prompt", text).replace(b"id,", b"response,")
    assert dialogues(read("a.csv", data)) == [[("user", text), ("assistant", "0")]]


@pytest.mark.parametrize("length", [32_759, 32_767])
@pytest.mark.parametrize("kind", MAKERS)
def test_a_cell_of_the_length_at_which_programs_cut_is_named(kind: str, length: int) -> None:
    text = ("some words " * 3000)[: length - 1] + "x"
    long = json.dumps([{"role": "user", "content": "w" * 40_000}])[:length]
    whole = read(f"a.{kind}", MAKERS[kind]("text", text[:-1], text))
    assert refusals(whole) == [(1, "cell_cut")]
    assert sum(whole.kept.column("raw_rows").to_pylist()) == 1
    result = read(f"a.{kind}", MAKERS[kind]("messages", long, repr(TURNS)))
    assert refusals(result) == [(0, "cell_cut")]
    assert result.quarantined is not None
    assert (
        result.quarantined["detail"][0].as_py()
        == f"column 'messages' has {length} characters, where programs cut a cell"
    )
    assert dialogues(result) == [DIALOGUE]
    assert balances(result)


def test_the_length_is_counted_as_spreadsheet_programs_count() -> None:
    text = "\U0001f642" * 16_383 + "x"
    assert len(text) < 32_767
    assert refusals(read("a.csv", table_of("text", text))) == [(0, "cell_cut")]
    assert refusals(read("a.csv", table_of("text", text[1:]))) == []


def test_a_long_list_that_does_not_close_was_cut_and_one_that_does_was_not() -> None:
    turns = [
        {"role": r, "content": f"{k} " + "it's long " * 30} for k in range(60) for r in ("user", "assistant")
    ]
    for written in (repr(turns), json.dumps(turns)):
        for end in (32_000, 32_400, 32_401, 32_411):
            assert refusals(read("a.csv", table_of("messages", written[:end]))) == [(0, "cell_cut")], end
            assert refusals(read("a.csv", table_of("notes", written[:end]))) == [(0, "cell_cut")], end
        assert refusals(read("a.csv", table_of("messages", written))) == []
        assert refusals(read("a.csv", table_of("messages", written[:31_000]))) == [(0, "bad_list_cell")]


def test_text_of_these_lengths_in_json_lines_was_never_in_a_cell() -> None:
    line = json.dumps({"text": "w" * 32_767})
    assert refusals(read("a.jsonl", line)) == []
    assert refusals(read("a.jsonl", json.dumps({"messages": repr(TURNS)[:-5]}))) == [(0, "bad_list_cell")]


def test_a_cut_utterance_makes_its_dialogue_incomplete() -> None:
    rows = [
        ["id", "conversation_id", "speaker", "text"],
        [1, "s1", "client", "w" * 32_767],
        [2, "s1", "therapist", "b"],
    ]
    rows += [[3, "s2", "client", "c"], [4, "s2", "therapist", "d"]]
    stream = io.StringIO()
    csv.writer(stream).writerows(rows)
    result = read("a.csv", stream.getvalue())
    assert refusals(result) == [(0, "cell_cut"), (1, "incomplete_dialogue")]
    assert dialogues(result) == [[("user", "c"), ("assistant", "d")]]


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


@given(st.lists(PLAIN, min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_what_python_and_json_write_comes_back(value: list[object]) -> None:
    assert read_literal(repr(value)) == value
    assert read_literal(json.dumps(value)) == value
    assert closes(repr(value))


@given(st.lists(PLAIN, min_size=1, max_size=3), st.data())
@settings(max_examples=150, deadline=None)
def test_a_list_that_was_cut_anywhere_is_never_read(value: list[object], data: st.DataObject) -> None:
    text = repr(value)
    end = data.draw(st.integers(1, len(text) - 1))
    with pytest.raises(LiteralError):
        read_literal(text[:end])
    assert not closes(text[:end])


@given(st.text(alphabet="[]{}()'\"\\,: a1\n.-", max_size=60))
@settings(max_examples=250, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(LiteralError):
        assert isinstance(read_literal(text), list | dict)


@pytest.mark.parametrize("piece", ["'\\", "[", "['a' ", "{'a': ", "1 ", "'"])
def test_the_time_is_linear(piece: str) -> None:
    start = time.perf_counter()
    with pytest.raises(LiteralError):
        read_literal("[" + piece * (300_000 // len(piece)))
    assert time.perf_counter() - start < 5
