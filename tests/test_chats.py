"""The fast lane for chats gives the general reader's records, refusals and row numbers, line for line."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pixelated.core.fingerprint import sha256_file
from pixelated.standardise import chats, plan_units, read_unit, sniff_source

TURNS = [{"role": "user", "content": "I can't sleep."}, {"role": "assistant", "content": "Since when?"}]
ODD_LINES = [
    b"", b"   ", b"\t\r", b"\x0b", b"not json", b"[1, 2]", b"{}", b"null", b'{"messages": []}', b'{"messages": null}',
    b'{"messages": [{"role": "user", "content": "x"}]}',  # no reply
    b'{"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": null}]}',
    b'{"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": " \\n "}]}',
    b'{"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "\\u00a0"}]}',
    b'{"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "\xc2\xa0"}]}',
    b'{"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "bad \xff byte"}]}',
    b'{"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "half \\ud83d pair"}]}',
    b'{"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "\\ud83d\\ude00 \\u0000"}]}',
    b'{"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "\\ud83d\\ud83d"}]}',
    b'{"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "raw\ttab"}]}',
    b'{"messages": [{"role": "user", "content": "x"}, {"role": "stranger", "content": "y"}]}',
    b'{"messages": [{"role": "user", "content": "x"}, {"role": "user", "content": "y"}, {"role": "bot", "content": "z"}]}',
    b'{"messages": [{"role": "Client", "content": "x"}, {"content": "y", "role": "Dr. Who"}]}',
    b'{"messages": [{"role": "c", "content": "x"}, {"role": "t", "content": "y"}]}',
    b'{"messages": [{"role": "user", "content": "x", "content": "w"}, {"role": "assistant", "content": "y"}]}',
    b'{"messages": [{"role": "user", "content": "x", "time": 3}, {"role": "assistant", "content": "y"}]}',
    b'{"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"},]}',
    b'{"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]} {"a": 1}',
    b'{"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]',
]  # fmt: skip
FIELDS = [
    {"id": "a"}, {"id": 3.5e10, "ok": True, "gone": None}, {"meta": {"deep": [1, {"x": [[]]}, "\u20ac"]}},
    {"system": "Be kind."}, {"kind": "text"}, {"chosen": "a", "rejected": "b"}, {"text": "x"}, {"transcript": "x"},
    {"transcript": '[{"role": "user", "content": "other"}]'}, {"Messages": [{"role": "user", "content": "z"}]},
    {"conversation": "[{'broken"}, {"segments": [{"start": 1, "text": "a"}], "language": "en"}, {"tags": ["a", "b"]},
    {"history": ["a"], "candidates": ["b"]}, {"prompt": "p", "response": "r"}, {"conversations": [TURNS[0]]},
    {"session_id": "s 1"}, {"caf\u00e9": 1}, {"a\\b": 1}, {"big": 10**30}, {"results": {"transcripts": [], "items": [{}]}},
]  # fmt: skip


def chat(**fields):
    return json.dumps({**fields, "messages": TURNS}).encode()


def tables(path: Path, part_bytes=1 << 20):
    """Return kept and quarantined of the fast lane and of the general reader, and what the first measured."""
    source, root = sniff_source(path), path.resolve().parent
    units = plan_units(source, root, part_bytes, sha256_file)
    fast = [chats.chat_lines(source, root, unit) for unit in units]
    slow = [chats.narrow(read_unit(source, root, unit)) for unit in units]
    both = [
        (pa.concat_tables([r.kept for r in results]), pa.concat_tables([r.quarantined for r in results]))
        for results in (fast, slow)
    ]
    return (*both, [r.measured for r in fast])


def assert_same(path: Path, part_bytes=1 << 20):
    fast, slow, measured = tables(path, part_bytes)
    assert fast[0].to_pylist() == slow[0].to_pylist()
    order = [("row", "ascending"), ("id", "ascending")]
    assert fast[1].sort_by(order).to_pylist() == slow[1].sort_by(order).to_pylist()
    assert fast[0].schema == chats.CHATS
    return measured


def test_regular_chats_never_see_the_general_reader(tmp_path, monkeypatch):
    path = tmp_path / "chats.jsonl"
    lines = [chat(id=f"c{n}", n=n, meta={"a": [n, None, True, -1.5e-3]}) for n in range(500)]
    path.write_bytes(b"\n".join(lines))
    measured = assert_same(path)
    assert sum(m["fast_rows"] for m in measured) == 500
    monkeypatch.setattr(chats, "read_lines", None)
    assert tables(path)[0][0].num_rows == 500


def test_every_odd_line_is_read_or_refused_as_the_general_reader_does(tmp_path):
    path = tmp_path / "odd.jsonl"
    lines = [
        chat(id=1),
        *(line for odd in ODD_LINES for line in (odd, chat(id=2))),
        *(chat(**f) for f in FIELDS),
    ]
    lines += [json.dumps({"messages": TURNS, **f}).encode() for f in FIELDS]
    path.write_bytes(b"\n".join(lines))
    measured = assert_same(path)
    assert sum(m["fast_rows"] for m in measured) >= len(ODD_LINES) + 8  # the chats between the odd ones


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"\n\n", b"\xef\xbb\xbf\n"])
def test_rows_and_lines_are_numbered_on_over_ranges_and_blocks(tmp_path, monkeypatch, start):
    monkeypatch.setattr(chats, "BLOCK_BYTES", 300)
    path = tmp_path / "ranges.jsonl"
    lines = [
        chat(n=n) if n % 5 else (b"", b"oops", b'{"messages": []}', b" ")[n // 5 % 4] for n in range(200)
    ]
    path.write_bytes(start + b"\n".join([*lines, chat(n="long" * 400)]))
    for part_bytes in (1 << 20, 2000):
        assert_same(path, part_bytes)


def test_files_of_other_kinds_go_through_the_general_reader(tmp_path):
    for name, data in {
        "pairs.csv": b"question,answer\nhow?,so\n",
        "wide.jsonl": ("\ufeff" + chat(id=1).decode() + "\n").encode("utf-16-le"),
        "table.jsonl": b"\n".join(
            json.dumps(
                {"dialogue_id": n // 2, "speaker": ("client", "therapist")[n % 2], "text": f"t{n}"}
            ).encode()
            for n in range(8)
        ),
    }.items():
        (tmp_path / name).write_bytes(data)
        assert not sum(m["fast_rows"] for m in assert_same(tmp_path / name))


@st.composite
def mutated(draw):
    """Return a line with a few bytes changed, taken out or put in."""
    fields = draw(st.sampled_from(FIELDS))
    turns = [
        {
            "role": draw(st.sampled_from(["user", "assistant", "system", "Client", "c"])),
            "content": draw(st.text(max_size=6)),
        }
        for _ in range(draw(st.integers(0, 4)))
    ]
    first = draw(st.booleans())
    value = {"messages": turns, **fields} if first else {**fields, "messages": turns}
    text = json.dumps(value, ensure_ascii=draw(st.booleans()))
    line = bytearray(text.encode("utf-8", "surrogatepass"))
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(line)))
        line[at : at + draw(st.integers(0, 1))] = draw(
            st.sampled_from([b"", b'"', b"\\", b",", b"}", b"]", b"0", b" ", b"\xff", b"\xe9"])
        )
    return bytes(line)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(mutated(), min_size=1, max_size=6))
def test_any_lines_come_out_as_from_the_general_reader(tmp_path, lines):
    path = tmp_path / "any.jsonl"
    path.write_bytes(b"\n".join([chat(id=0), *lines, chat(id=1)]))
    assert_same(path)
