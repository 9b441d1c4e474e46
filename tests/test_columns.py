"""Lines written from columns are those that orjson writes of each row."""

import io

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelated.core.columns import write_jsonl, write_parquet
from pixelated.core.schema import BASE, MESSAGES

TEXT = (
    st.none()
    | st.text(max_size=70)
    | st.sampled_from(['"' * 40, "\\" * 33, "a" * 31 + "\n", "\x00\x1f\x7f", "é" * 20])
)
MESSAGE = st.none() | st.fixed_dictionaries({"role": TEXT, "content": TEXT})
ROW = st.fixed_dictionaries(
    {
        "id": TEXT,
        "messages": st.none() | st.lists(MESSAGE, max_size=4),
        "n": st.none() | st.integers(-(2**63), 2**63 - 1),
        "ok": st.none() | st.booleans(),
        "x": st.none() | st.floats(),
        'od"d\\': st.none() | st.lists(st.lists(TEXT, max_size=2), max_size=2),
        "inner": st.none()
        | st.fixed_dictionaries({"a": st.none() | st.integers(0, 9), "b": st.lists(TEXT, max_size=2)}),
        "gone": st.none(),
    }
)
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("messages", MESSAGES),
        ("n", pa.int64()),
        ("ok", pa.bool_()),
        ("x", pa.float64()),
        ('od"d\\', pa.list_(pa.list_(pa.string()))),
        ("inner", pa.struct([("a", pa.int8()), ("b", pa.list_(pa.string()))])),
        ("gone", pa.null()),
    ]
)


def written(table):
    stream = io.BytesIO()
    write_jsonl(table, stream)
    return stream.getvalue()


def expected(table):
    return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in table.to_pylist())


@settings(max_examples=200, deadline=None)
@given(st.lists(ROW, max_size=6), st.integers(0, 3))
def test_lines_are_those_of_orjson(rows, skipped):
    table = pa.Table.from_pylist(rows, schema=SCHEMA).slice(skipped)
    assert written(table) == expected(table)


def test_every_byte_of_ascii_is_escaped_like_orjson():
    table = pa.table({"t": [chr(c) * n for c in range(128) for n in (1, 2, 33)]})
    assert written(table) == expected(table)


def test_records_in_chunks_and_more_than_one_batch():
    row = dict.fromkeys(BASE.names) | {
        "id": "a",
        "messages": [{"role": "user", "content": "x"}],
        "families": ["b"],
    }
    one = pa.Table.from_pylist([{**row, "id": f"r{n}"} for n in range(3000)], schema=BASE)
    table = pa.concat_tables([one, one.slice(7, 900), one.slice(0, 0)])
    assert written(table) == expected(table)


def test_dictionaries_are_written_as_their_values_and_dates_are_refused():
    table = pa.table({"d": pa.array(["a", None, "a"]).dictionary_encode()})
    assert written(table) == b'{"d":"a"}\n{"d":null}\n{"d":"a"}\n'
    with pytest.raises(TypeError, match="timestamp"):
        written(pa.table({"t": pa.array([0], pa.timestamp("s"))}))


def test_parquet_comes_back_and_holds_no_dictionary(tmp_path):
    table = pa.table({"t": ["a", "a", None]})
    with (tmp_path / "t.parquet").open("wb") as stream:
        write_parquet(table, stream)
    assert pq.read_table(tmp_path / "t.parquet").equals(table)
    column = pq.read_metadata(tmp_path / "t.parquet").row_group(0).column(0)
    assert (column.compression, column.has_dictionary_page) == ("ZSTD", False)
