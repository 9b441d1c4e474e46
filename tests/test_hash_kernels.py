"""The columnar hashes are those of `core.hashing`, whatever the text."""

import sys
import unicodedata

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelated.core.hashing import content_hash, strict_hash
from pixelated.core.kernels import bytes_of, kernels_in
from pixelated.core.schema import BASE
from pixelated.dedup.hashes import KERNELS, hash_table

# Text that lower case, NFC or white space treat in a way of their own, and text on the edges of a vector.
ODD = [
    "", " ", "A", "\x1c\x1d\x1e\x1f", "\x85", "\u00a0", "\u2028", "\u3000x", "\u0130", "\u03a3", "\u1e9e", "e\u0301", "\u212b", "\x00",
    "\ufb01", "\u1100\u1161", "O\u0301K", "\U0001f469\u200d\U0001f467", "\u2019", "\u2014", "caf\u00e9", "\u00c9", "\u6211", "x" * 31, "X" * 32, "Y " * 17,
    "a\tb\n\nc", "two  spaces in a text that is longer than a vector", "\t\x0b\x0c\r ", "z" * 31 + "\u00c0", " " * 40, "\x1c" * 33,
]  # fmt: skip
TEXT = st.one_of(st.none(), st.text(max_size=80), st.lists(st.sampled_from(ODD), max_size=6).map("".join))
MESSAGE = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "", "r\u00f4le", None]), "content": TEXT}
)
RECORD = st.fixed_dictionaries(
    {
        "id": st.just("r"),
        "kind": st.sampled_from(["dialogue", "text"]),
        "messages": st.lists(MESSAGE, max_size=5),
        "chosen": st.none() | st.lists(MESSAGE, max_size=2),
        "rejected": st.none() | st.lists(MESSAGE, max_size=2),
    }
)


def plain(messages):
    return [{"role": m["role"] or "", "content": m["content"] or ""} for m in messages or []]


def expected(record):
    lists = [plain(record[name]) for name in ("messages", "chosen", "rejected")]
    return content_hash(lists[0]), strict_hash(record["kind"], *lists)


def hashed(table):
    kept = hash_table(table, {}, 0).kept
    return list(zip(kept["content_hash"].to_pylist(), kept["strict_hash"].to_pylist(), strict=True))


@settings(max_examples=300, deadline=None)
@given(st.lists(RECORD, min_size=1, max_size=6), st.integers(0, 3))
def test_hashes_are_those_of_one_record_alone(records, skipped):
    table = pa.Table.from_pylist(records, schema=BASE).slice(skipped)
    assert hashed(table) == [expected(r) for r in records[skipped:]]


def test_a_record_of_many_turns_is_hashed_alike():
    turns = [{"role": "user", "content": f" Turn {n * 7919 % 100} "} for n in range(100)]
    record = {"id": "r", "kind": "dialogue", "messages": turns, "chosen": None, "rejected": None}
    table = pa.Table.from_pylist([record, {**record, "messages": turns[:64]}], schema=BASE)
    assert hashed(table) == [expected(record), expected({**record, "messages": turns[:64]})]


def test_what_passes_for_plain_has_no_case_no_other_form_and_is_no_space():
    """Every character of Unicode: the kernel may call plain only what its shortcut is right for."""
    characters = [chr(c) for c in range(sys.maxunicode + 1) if not 0xD800 <= c <= 0xDFFF]
    array = pa.array(characters)
    found = np.empty(len(array), bool)
    kernels_in(KERNELS).plain_only(*bytes_of(array), found)
    second = {
        c
        for d in map(unicodedata.decomposition, characters)
        if d and not d.startswith("<")
        for c in (chr(int(x, 16)) for x in d.split()[1:])
    }
    odd = [
        c
        for c, ok in zip(characters, found.tolist(), strict=True)
        if ok
        and c > "\x7f"
        and (
            c.lower() != c
            or c.isspace()
            or c in second
            or unicodedata.combining(c)
            or unicodedata.normalize("NFC", c) != c
        )
    ]
    assert odd == []
    assert found[:0x80].all()
    assert 40_000 > found.sum() > 20_000
