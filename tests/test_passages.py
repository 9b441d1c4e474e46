"""Passages hold every word of a text once and in order, within their limits, and end where sentences do."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelated.standardise.passages import count_words, passages

WORD = st.sampled_from(
    ["a", "grief", "Then", "we", "talk.", "Dr.", "why?", "so,", "end.\u201d", "\u6211\u597d\u3002", "x" * 150]
)
GAP = st.sampled_from([" ", "  ", "\n", "\n\n", "\t", "\r\n\r\n"])


@given(st.lists(st.tuples(WORD, GAP), max_size=120), st.integers(1, 6), st.integers(2, 9))
@settings(max_examples=300, deadline=None)
def test_every_word_is_in_one_passage_and_in_order(
    pairs: list[tuple[str, str]], lowest: int, more: int
) -> None:
    text = "".join(word + gap for word, gap in pairs)
    highest = lowest * 2 + more
    found = passages(text, lowest, highest)
    assert "".join("".join(p.split()) for p in found) == "".join(text.split())
    assert all(p == p.strip() and p for p in found)
    assert all(count_words(p) <= highest for p in found)
    assert len(found) < 2 or all(count_words(p) >= lowest for p in found)


@given(st.text(max_size=400))
@settings(max_examples=300, deadline=None)
def test_any_text_comes_back_whole(text: str) -> None:
    found = passages(text, 2, 5)
    assert "".join("".join(p.split()) for p in found) == "".join(text.split())


@given(st.lists(st.sampled_from(["one", "two.", "Three", "four"]), min_size=1, max_size=300))
@settings(max_examples=100, deadline=None)
def test_the_words_of_spaced_text_are_kept_as_they_are(words: list[str]) -> None:
    assert " ".join(passages(" ".join(words), 10, 30)).split() == words


def test_a_passage_ends_at_a_paragraph_before_a_sentence_and_at_a_sentence_before_a_word() -> None:
    sentence = "One two three four five. "
    text = sentence * 3 + "\n\n" + sentence * 4
    assert [count_words(p) for p in passages(text, 5, 18)] == [15, 15, 5]
    assert [p[-1] for p in passages(sentence * 40, 10, 23)] == ["."] * len(passages(sentence * 40, 10, 23))
    assert {count_words(p) for p in passages("word " * 100, 10, 20)} <= set(range(10, 21))


def test_neither_an_abbreviation_nor_a_heading_ends_a_passage() -> None:
    text = "We went to see Dr. Miller at noon. He was out " + "and about " * 3
    assert passages(text, 4, 9)[0].endswith("noon.")
    words = "It rained all day and then some more again. " * 2
    assert not passages(words + "\n\nA heading\n\n" + words, 5, 21)[0].endswith("heading")


def test_a_short_last_part_is_no_passage_of_its_own() -> None:
    sizes = [count_words(p) for p in passages("word " * 1040)]
    assert sum(sizes) == 1040
    assert min(sizes) >= 100
    assert passages("two words") == ["two words"]
    assert passages(" \n ") == []


def test_text_without_spaces_is_cut_too() -> None:
    assert all(len(p) <= 500 for p in passages("\u6211\u4eec\u8c08\u8c08\u3002" * 600))
    assert len(passages("x" * 200_000)) > 1


def test_limits_that_leave_no_cut_are_an_error() -> None:
    with pytest.raises(ValueError, match="twice"):
        passages("a", 10, 19)


def test_the_time_is_linear() -> None:
    text = "Some words that end. " * 20_000
    start = time.perf_counter()
    passages(text)
    once = time.perf_counter() - start
    start = time.perf_counter()
    passages(text * 4)
    assert time.perf_counter() - start < 12 * max(once, 0.05)
