"""Delimited tables: dialect, quoting, line ends in cells, big cells, and broken rows that swallow nothing."""

from __future__ import annotations

import pytest

from standardise_reading import balances, dialogues, read, refusals

HEAD = "id,prompt,response\n"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
def test_the_delimiter_is_found(delimiter: str, name: str) -> None:
    rows = [["prompt", "response"], ["one two", "three"], ["four", "five"]]
    result = read(name, "\n".join(delimiter.join(row) for row in rows))
    assert dialogues(result)[0] == [("user", "one two"), ("assistant", "three")]


def test_a_line_that_names_the_separator_is_no_header() -> None:
    result = read("a.csv", "sep=;\nprompt;response\na, b;c\n")
    assert dialogues(result) == [[("user", "a, b"), ("assistant", "c")]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_encodings_and_byte_order_marks(encoding: str) -> None:
    text = "prompt,response\nMüde,Schön\n"
    assert dialogues(read("a.csv", text.encode(encoding))) == [[("user", "Müde"), ("assistant", "Schön")]]


def test_quotes_delimiters_and_line_ends_inside_cells_are_text() -> None:
    result = read("a.csv", b'prompt,response\r\n"a ""b"", c","line\r\nline\nline"\r\nq,r\r\n')
    assert dialogues(result)[0] == [("user", 'a "b", c'), ("assistant", "line\r\nline\nline")]
    assert result.measured["raw_rows"] == 2


def test_backslash_escapes_are_read_where_doubled_quotes_do_not_fit() -> None:
    result = read("a.csv", 'prompt,response\n"say \\"hi\\", now",x\n')
    assert dialogues(result) == [[("user", 'say "hi", now'), ("assistant", "x")]]


def test_stray_quotes_of_a_tab_separated_file_are_text() -> None:
    result = read("a.tsv", 'prompt\tresponse\n"Yes," he said\tno\nwhat" is\t"so\n')
    assert dialogues(result)[0] == [("user", '"Yes," he said'), ("assistant", "no")]
    assert len(dialogues(result)) == 2


@pytest.mark.parametrize(
    ("body", "kept", "refused"),
    [
        ('1,a,b\n2,"c,d\n3,e,f\n4,g,h\n', ["1", "3", "4"], [(1, "unbalanced_quote")]),
        ('1,a,b\n2,"c,d\n3,e,f\n4,g,"h"\n', ["1", "3", "4"], [(1, "unbalanced_quote")]),
        ('1,a,b\n2,"c" d,e\n3,f,g\n', ["1", "3"], [(1, "unbalanced_quote")]),
        (
            '1,a,"b\n2,c,d\n3,e,f\n4,g,"\n5,h,i\n',
            ["2", "3", "5"],
            [(0, "unbalanced_quote"), (3, "unbalanced_quote")],
        ),
        ('1,"a,b\n2,",c,d\n4,g,h\n', ["4"], [(0, "unbalanced_quote"), (1, "unbalanced_quote")]),
        ('1,"a,b\n2,c,d\n3,",f\n4,g,h\n', ["2", "4"], [(0, "unbalanced_quote"), (2, "unbalanced_quote")]),
        ("1,a\n2,b,c\n3,d,e,f\n4,g,h,\n", ["2", "4"], [(0, "ragged_row"), (2, "ragged_row")]),
        ("1,a,b\nid,prompt,response\n2,c,d\n", ["1", "2"], [(1, "repeated_header")]),
    ],
)
def test_a_broken_row_is_refused_by_itself(
    body: str, kept: list[str], refused: list[tuple[int, str]]
) -> None:
    result = read("a.csv", HEAD + body)
    ids = [m.split('"')[3] for m in result.kept["source_metadata"].to_pylist()]
    assert ids == kept
    assert refusals(result) == refused
    assert balances(result)


def test_a_quote_that_is_never_closed_does_not_swallow_the_file() -> None:
    rows = "".join(f"{k},q{k},a{k}\n" for k in range(2000))
    result = read("a.csv", HEAD + 'x,"open,y\n' + rows)
    assert result.kept.num_rows == 2000
    assert refusals(result) == [(0, "unbalanced_quote")]


def test_a_column_that_stands_twice_makes_every_row_uncertain() -> None:
    assert refusals(read("a.csv", "prompt,response,response\na,b,c\n")) == [(0, "duplicate_header")]


def test_a_file_without_a_header_loses_no_row() -> None:
    result = read("a.csv", "1,How are you today my friend?,Fine.\n2,Who is it?,Me.\n")
    assert refusals(result) == [(0, "shape_unknown"), (1, "shape_unknown")]


def test_a_header_alone_is_named_and_not_lost() -> None:
    result = read("a.csv", HEAD)
    assert refusals(result) == [(0, "no_rows")]
    assert result.measured["raw_rows"] == 0


def test_a_cell_of_fifty_megabytes_comes_through_whole() -> None:
    big = b"words and words, " * (50_000_000 // 17)
    result = read("a.csv", b'prompt,response\r\n"' + big + b'",x\r\ny,z\r\n')
    assert result.kept.num_rows == 2
    assert len(result.kept["messages"][0][0]["content"].as_py()) == len(big)


def test_nul_and_odd_characters_stay_in_the_text() -> None:
    result = read("a.csv", "prompt,response\na\x00b\u2028c,d\x85e\n")
    assert dialogues(result) == [[("user", "a\x00b\u2028c"), ("assistant", "d\x85e")]]


def test_lists_of_turns_written_as_json_in_a_cell_are_read() -> None:
    cell = '"[{""role"": ""user"", ""content"": ""a""}, {""role"": ""bot"", ""content"": ""b""}]"'
    assert dialogues(read("a.csv", f"id,messages\n1,{cell}\n")) == [[("user", "a"), ("assistant", "b")]]
    assert refusals(read("a.csv", 'id,messages\n1,"[{cut"\n')) == [(0, "bad_list_cell")]


def test_lines_of_white_space_are_blank_lines() -> None:
    result = read("a.csv", "\n  \nprompt,response\n \t \na,b\n   \nc,d\n")
    assert len(dialogues(result)) == 2
    assert result.measured["raw_rows"] == 2
