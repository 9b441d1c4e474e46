"""The cheap look at texts misses nothing: whatever a pattern matches, its traits announce."""

# ruff: noqa: RUF001 -- foreign punctuation is what is tested

import sys

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelated.clean import repair_table
from pixelated.clean.encoding import _DAMAGE, _IN_JSON, _SIGNS
from pixelated.clean.markup import MARKS, REPLACEMENT, SLOT, STUB, THINK
from pixelated.clean.repair import TRIGGER, repair_text
from pixelated.clean.texts import matching
from pixelated.clean.traits import bits, matching_among, traits_of
from pixelated.core import schema

SIGNS = {
    TRIGGER: _DAMAGE,
    _IN_JSON: (*_DAMAGE, "ANGLE", "BACKSLASH"),
    **{pattern: ("HIGH", _SIGNS[pattern]) for pattern in (THINK, SLOT, STUB)},
    REPLACEMENT: ("HIGH",),
}
PIECES = [
    "a", " ", "\n", "\t", "\r", "\x0b", "\x7f", "\x00", "é", "É", "â", "ã ", "Ã©", "’", "—", "‚", "€", "é’", "我", "😀", "\u200b", "\ufeff", "e\u0301",
    "&amp;", "&#39;", "&", "<think>", "<b>", "</Reasoning>", "\\u00e9", "[Your Name]", "{{name}}", "{", "x_REDACTED", "lorem ipsum", "Lorem Ipſum",
    "response goes here", "reply GOEſ here", "your text here", "\ufffd", "TODO: write the response", "test prompt 3", "xxxx", "[deleted]", "Null",
    "plain words of a longer text that fills one vector", " " * 40, "y" * 31,
]  # fmt: skip
TEXT = st.lists(st.sampled_from(PIECES), max_size=5).map("".join) | st.text(max_size=70)


def missed(values: pa.Array, pattern: str) -> set[int]:
    announced = (traits_of(values) & bits(*SIGNS[pattern])) != 0
    return set(matching(values, pattern).tolist()) - set(np.flatnonzero(announced).tolist())


def test_no_character_of_unicode_is_missed_alone_or_beside_another():
    characters = [chr(c) for c in range(sys.maxunicode + 1) if not 0xD800 <= c <= 0xDFFF]
    for before, after in (("", ""), ("", " "), ("", "é"), ("é", "z"), ("", "’"), ("x" * 40, "y" * 40)):
        values = pa.array([before + c + after for c in characters])
        assert missed(values, TRIGGER) == set()
        assert missed(values, REPLACEMENT) == set()
    flagged = (traits_of(pa.array(characters)) & bits("HIGH")) != 0
    assert not flagged[:0x80].any()
    assert 20_000 < (~flagged).sum() < 40_000


@pytest.mark.parametrize("pattern", SIGNS)
@settings(max_examples=200, deadline=None)
@given(st.lists(TEXT, min_size=1, max_size=8), st.integers(0, 2))
def test_no_text_is_missed(pattern, texts, skipped):
    assert missed(pa.array([*texts, None]).slice(skipped), pattern) == set()


def test_every_mark_has_its_sign():
    assert {pattern for patterns in MARKS.values() for pattern, _ in patterns} <= set(SIGNS)


def test_only_candidates_are_searched():
    values = pa.array(["xa", "b", "xc", "d", "xe", None])
    assert matching_among(values, "x", np.array([1, 0, 0, 0, 0, 1])).tolist() == [0]
    assert matching_among(values, "x", np.zeros(6)).tolist() == []


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(TEXT, min_size=1, max_size=4), min_size=1, max_size=5))
def test_a_table_is_repaired_as_its_texts_one_by_one(dialogues):
    rows = [
        {"messages": [{"role": "user", "content": t} for t in d], "source": "s", "file": "f"}
        for d in dialogues
    ]
    fields = [("messages", schema.MESSAGES), ("chosen", schema.MESSAGES), ("rejected", schema.MESSAGES)]
    table = pa.Table.from_pylist(
        rows, schema=pa.schema([*fields, ("source", pa.string()), ("file", pa.string())])
    )
    result = repair_table(table, {}, 0)
    expected = [[repair_text(t)[0] for t in d] for d in dialogues]
    assert [[m["content"] for m in r] for r in result.kept["messages"].to_pylist()] == [
        d for d in expected if not blank(d)
    ]
    assert (result.dropped.num_rows if result.dropped else 0) == sum(map(blank, expected))


def blank(texts: list[str]) -> bool:
    return all(c in " \t\n\f\r\u00a0\u3000" for text in texts for c in text)
