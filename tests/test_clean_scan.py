"""Counts of identifiers and of terms: what the kernel counts is what a plain reading counts."""

# ruff: noqa: RUF001 -- foreign punctuation is what is tested

import re
from functools import cache
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelated.clean.scan import KERNELS, LISTS, PATTERNS, scan_table
from pixelated.core import schema
from pixelated.core.kernels import bytes_of, kernels_in
from pixelated.core.presets import load_preset

SHOWN = {
    "email": ["write to jo.b+x@mail.example.org now"],
    "handle": ["ask @jo_b17, please", "@start"],
    "url": ["see https://example.org/a?b=1", "see www.example.org", "at WWW2.example.org"],
    "phone": ["(212) 555-0142", "call 212-555-0142", "+44 20 7946 0958", "07700 900123"],
    "ssn": ["078-05-1120"],
    "card": ["4111 1111 1111 1111", "378282246310005"],
    "iban": ["GB82 WEST 1234 5698 7654 32"],
    "ip": ["from 192.168.10.254."],
    "date": ["03/04/1987", "on 1987-4-3", "March 3rd, 1987", "3 of April 2020"],
    "zip": ["Springfield, IL 62704", "62704-1234"],
    "vehicle": ["1HGCM82633A004352"],
    "record": ["MRN: 00123456", "policy no. 12-3456"],
}
NOT_SHOWN = [
    "I am 25 and slept 4 hours",
    "@ 5",
    "a//b",
    "www",
    "1.2.3",
    "12:30 or 24/7",
    "call 988",
    "in 2019 and 2020",
]
WORDS = [
    "kill",
    "myself",
    "Suicide",
    "sad",
    "i",
    "can",
    "t",
    "go",
    "on",
    "want",
    "to",
    "die",
    "fuck",
    "off",
    "hopelessness",
    "988",
    "x" * 17,
    "é",
    "café",
]
GAPS = [" ", "  ", "'", "’", "-", "\n", ". ", "    ", "", "—", "\u00a0", "é", " ' ", ", "]
PIECES = st.lists(st.sampled_from([*WORDS, *GAPS]), max_size=14).map("".join)
TEXT = PIECES | st.text(max_size=50)


def table(*dialogues):
    rows = [{"messages": [{"role": "user", "content": t} for t in d]} for d in dialogues]
    fields = [(name, schema.MESSAGES) for name in ("messages", "chosen", "rejected")]
    return pa.Table.from_pylist(rows, schema=pa.schema(fields))


def counted(*dialogues):
    kept = scan_table(table(*dialogues), {}, 0).kept
    return kept["identifiers"].to_pylist(), kept["terms"].to_pylist()


# A plain reading of the rules in the kernel's docstring: words with what stands between them.
_WORD = re.compile(r"(?:[A-Za-z0-9]|(?![\u0080-\u00bf\u2000-\u203f])[^\x00-\x7f])+")
_GAP = re.compile(r"[ '\n-]{1,3}|’")


@cache
def terms_by_word():
    lists, found = load_preset("scan", "lexicons"), {}
    for name in LISTS:
        for term in map(str, lists[name]):
            found.setdefault(term.split()[0], []).append((name, term.split()))
    return found


def terms_of(text):
    words = [(m.group(), m.start(), m.end()) for m in _WORD.finditer(text)]
    found = dict.fromkeys(LISTS, 0)
    for k in range(len(words)):
        for name, parts in terms_by_word().get(words[k][0].lower(), ()):
            run = words[k : k + len(parts)]
            same = [w.lower() for w, _, _ in run if w.isascii()] == parts
            found[name] += same and all(_GAP.fullmatch(text[a[2] : b[1]]) for a, b in pairwise(run))
    return found


@settings(max_examples=120, deadline=None)
@given(st.lists(st.lists(TEXT, min_size=1, max_size=3), min_size=1, max_size=3))
def test_terms_are_those_of_a_plain_reading(dialogues):
    sums = [{name: sum(terms_of(t)[name] for t in d) for name in LISTS} for d in dialogues]
    assert counted(*dialogues)[1] == sums


def test_terms_of_one_word_and_of_several():
    assert counted(["I can't go on. I want to die, I feel hopeless"])[1] == [
        {"crisis": 2, "distress": 1, "harsh": 0}
    ]
    assert counted(["I can’t go on"], ["kill. Myself"], ["sadly"], ["passé"])[1] == [
        {"crisis": 1, "distress": 0, "harsh": 0},
        *[{"crisis": 0, "distress": 0, "harsh": 0}] * 3,
    ]


@pytest.mark.parametrize("kind", PATTERNS)
def test_each_kind_is_counted(kind):
    for text in SHOWN[kind]:
        found = counted([text, f"And {text} twice: {text}"])[0][0]
        assert found[kind] == 3, text


def test_what_is_no_identifier_is_not_counted():
    for text in NOT_SHOWN:
        assert set(counted([text])[0][0].values()) == {0}, text


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from([t for texts in SHOWN.values() for t in texts] + NOT_SHOWN), max_size=3),
    st.integers(0, 40),
)
def test_a_text_with_an_identifier_shows_its_sign(pieces, pad):
    text = " " * pad + " ".join(pieces)
    kernels = kernels_in(KERNELS)
    found = counted([text])[0][0]
    for kind, (_, pattern) in PATTERNS.items():
        assert found[kind] == len(list(re2.finditer(pattern, text))), kind
    assert kernels.MIN_DIGITS == 4


def test_every_list_has_about_two_hundred_terms_of_words_the_kernel_can_hold():
    lists = load_preset("scan", "lexicons")
    assert set(lists) == set(LISTS)
    for terms in lists.values():
        assert 190 <= len({str(t) for t in terms}) == len(terms) <= 260
        assert all(re.fullmatch(r"[a-z0-9]{1,16}(?: [a-z0-9]{1,16})*", str(t)) for t in terms)


def test_counts_go_to_their_records_and_sum_up():
    result = scan_table(table(["sad"], [], ["sad", "sad a@b.org"]), {}, 0)
    assert [t["distress"] for t in result.kept["terms"].to_pylist()] == [1, 0, 2]
    assert result.measured["terms"]["distress"] == 3
    assert result.measured["identifiers"]["email"] == 1
    assert scan_table(table(), {}, 0).kept.num_rows == 0


def test_the_last_word_of_the_last_text_is_read_whole():
    data, ends = bytes_of(pa.array(["y " * 40 + "sad"]))
    assert len(data) == ends[-1]
    assert counted(["y " * 40 + "sad"])[1][0]["distress"] == 1
    assert np.count_nonzero(ends) == 1
