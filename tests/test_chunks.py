"""Long texts cut into chunks: every word once and in order, sizes in bounds, paragraphs and sentences whole."""

from __future__ import annotations

import random
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelated.core.source import Mapping
from pixelated.standardise.chunks import Part, chunks
from pixelated.standardise.sentences import count_words, cut
from standardise_reading import balances, dialogues, lines, read, records

WORDS = (
    "we",
    "and",
    "then",
    "because",
    "home,",
    "door;",
    "Dr.",
    "said",
    "it.",
    "Why?",
    "e.g.",
    "No!",
    "e",
    "\u4f60\u597d",
    "so",
)
GAPS = (" ", " ", " ", " ", "\n", "\n\n", "\r\n", "  ", "\t", "\u3000")


def prose(sentences: int, words: int = 15, per_paragraph: int = 0, seed: int = 1) -> str:
    """Return sentences of about so many words, in paragraphs of so many sentences or in one line."""
    rng = random.Random(seed)
    found = []
    for k in range(sentences):
        said = [
            rng.choice(("rain", "house", "again", "slowly", "to", "the"))
            for _ in range(rng.randint(words // 2, words * 3 // 2))
        ]
        found.append(
            "It "
            + " ".join(said)
            + f" {k}."
            + ("\n\n" if per_paragraph and (k + 1) % per_paragraph == 0 else " ")
        )
    return "".join(found).strip()


def cut_text(text: str) -> list[str]:
    return [text[a:b] for a, b in cut(text)]


@given(st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(GAPS)), max_size=1500))
@settings(max_examples=60, deadline=None)
def test_every_word_comes_once_in_order_and_every_size_is_in_bounds(pieces: list[tuple[str, str]]) -> None:
    text = "".join(word + gap for word, gap in pieces)
    got = cut_text(text)
    assert "".join("".join(chunk.split()) for chunk in got) == "".join(text.split())
    total = count_words(text)
    assert sum(map(count_words, got)) == total
    if total > 500:
        assert all(100 <= count_words(chunk) <= 500 for chunk in got)
    else:
        assert len(got) == (total > 0)


@given(st.lists(st.integers(1, 300), min_size=1, max_size=80), st.data())
@settings(max_examples=100, deadline=None)
def test_parts_are_divided_without_loss_and_within_bounds(sizes: list[int], data: st.DataObject) -> None:
    parts = [Part(n, data.draw(st.sampled_from((0.0, 0.1, 10.0)))) for n in sizes]
    found = chunks(parts)
    assert [k for chunk in found for k in chunk] == list(range(len(parts)))
    words = [sum(sizes[k] for k in chunk) for chunk in found]
    assert all(n <= 500 for n in words)
    assert all(n >= 100 for n in words) or sum(sizes) < 100


def test_the_best_division_is_found_as_trying_all_of_them_finds_it() -> None:
    def cost(parts: list[Part], ends: tuple[int, ...]) -> float:
        total = 0.0
        for start, end in pairwise((0, *ends, len(parts))):
            words = sum(p.words for p in parts[start:end])
            if not 10 <= words <= 50:
                return float("inf")
            total += ((words - 30) / 20) ** 2 + (parts[end - 1].cost if end < len(parts) else 0.0)
        return total

    rng = random.Random(5)
    for _ in range(60):
        parts = [Part(rng.randint(1, 20), rng.choice((0.0, 0.3, 2.0))) for _ in range(9)]
        if sum(p.words for p in parts) <= 50:
            continue
        every = [tuple(k for k in range(1, 9) if mask >> k & 1) for mask in range(0, 512, 2)]
        got = tuple(chunk[0] for chunk in chunks(parts, 10, 50)[1:])
        assert cost(parts, got) == pytest.approx(min(cost(parts, ends) for ends in every))


@pytest.mark.parametrize("words", [501, 550, 599, 601, 620, 950, 1001, 1010, 1099])
def test_a_small_remainder_is_shared_out(words: int) -> None:
    text = " ".join(f"w{k}" for k in range(words))
    assert all(100 <= count_words(c) <= 500 for c in cut_text(text))
    (whole,) = cut_text(" ".join(f"w{k}" for k in range(500)))
    assert count_words(whole) == 500


def test_one_huge_line_is_cut_at_sentences_near_300_words() -> None:
    got = cut_text(prose(400))
    assert all(chunk.endswith(".") and chunk.startswith("It ") for chunk in got)
    sizes = [count_words(c) for c in got]
    assert 280 <= sum(sizes) / len(sizes) <= 320
    assert (min(sizes) > 250, max(sizes) < 350) == (True, True)


def test_paragraphs_stay_whole_where_they_fit() -> None:
    text = prose(300, per_paragraph=5)
    paragraphs = text.split("\n\n")
    got = cut_text(text)
    assert [p for chunk in got for p in chunk.split("\n\n")] == paragraphs
    # 450 + 60 and 60 + 450 are too long: the one cut that is needed falls between sentences
    long, short = prose(30, seed=2), prose(4, seed=3)
    both = cut_text(f"{long}\n\n{short}\n\n{long}")
    assert all(c.endswith(".") for c in both)
    assert all(100 <= count_words(c) <= 500 for c in both)


def test_a_paragraph_too_long_for_a_chunk_is_cut_and_its_neighbours_are_not() -> None:
    short = prose(12, seed=4)
    got = cut_text(f"{short}\n\n{prose(100, seed=5)}\n\n{short}")
    assert any(c.startswith(short) for c in got)
    assert any(c.endswith(short) for c in got)


def test_lines_cut_anywhere_are_no_paragraphs() -> None:
    words = prose(200).split()
    wrapped = "\n".join(" ".join(words[k : k + 9]) for k in range(0, len(words), 9))
    got = cut_text(wrapped)
    assert all(c.endswith(".") for c in got)
    assert " ".join(" ".join(got).split()) == " ".join(words)


def test_lines_that_are_sentences_are_paragraphs_where_no_line_is_blank() -> None:
    paragraphs = [prose(8, seed=k) for k in range(20)]
    got = cut_text("\n".join(paragraphs))
    assert [p for chunk in got for p in chunk.split("\n")] == paragraphs


def test_without_punctuation_a_cut_falls_before_a_clause() -> None:
    text = " ".join(f"a{k} b c d e f g h i and" for k in range(200))
    got = cut_text(text)
    assert len(got) > 4
    assert all(c.startswith("and ") for c in got[1:])


@pytest.mark.parametrize("before", ["Dr.", "Mrs.", "J.", "e.g."])
def test_an_abbreviation_ends_no_sentence(before: str) -> None:
    text = " ".join(f"Then {'word ' * 30}{before} Smith came {k}." for k in range(60))
    assert all(not c.endswith(before) and not c.startswith("Smith") for c in cut_text(text))


def test_a_small_letter_starts_no_sentence() -> None:
    text = " ".join(f"Then {'word ' * 20}at 3 p.m. we left at ... some time {k}." for k in range(60))
    assert all(c.startswith("Then ") for c in cut_text(text))


def test_scripts_without_spaces_are_cut_at_their_sentences() -> None:
    text = "\u6211\u4eec\u4eca\u5929\u8c08\u8c08\u7761\u7720\u3002" * 200
    got = cut_text(text)
    assert "".join(got) == text
    assert all(c.endswith("\u3002") and 100 <= count_words(c) <= 500 for c in got)


@pytest.mark.parametrize(
    "text",
    [
        prose(20_000),
        "word " * 300_000,
        "No. " * 100_000,
        "No.\n\n" * 100_000,
        "." * 1_000_000,
        ". " * 200_000,
        "a\n \n" * 100_000,
        "\u3002" * 50_000,
        "('\"" * 200_000,
        " " * 500_000 + "x",
    ],
    ids=["prose", "words", "short", "paragraphs", "dots", "stops", "lines", "ideographs", "quotes", "space"],
)
def test_the_time_is_linear(text: str) -> None:
    def seconds(part: str) -> float:
        start = time.process_time()
        cut(part)
        return time.process_time() - start

    # A quarter: four times the time if linear, sixteen if quadratic. A busy machine gets three tries.
    quarter = text[: len(text) // 4]
    assert any(seconds(text) < 8 * seconds(quarter) + 0.3 for _ in range(3))


def test_a_long_text_file_is_chunks_of_one_group_with_their_numbers() -> None:
    text = prose(200)
    result = read("talk.txt", text)
    got = records(result)
    assert " ".join(r["messages"][0]["content"] for r in got) == text
    assert [r["source_metadata"] for r in got] == [
        {"chunk": k + 1, "chunks": len(got)} for k in range(len(got))
    ]
    assert [r["provenance"]["locator"] for r in got] == [f"file, chunk {k + 1}" for k in range(len(got))]
    assert {r["kind"] for r in got} == {"text"}
    assert len({r["group_key"] for r in got}) == 1
    assert len({r["id"] for r in got}) == len(got)
    assert [r["raw_rows"] for r in got] == [1] + [0] * (len(got) - 1)
    assert result.measured["candidates"] == len(got) > 5
    assert balances(result)
    assert records(read("other.txt", text))[0]["group_key"] != got[0]["group_key"]


def test_a_text_of_500_words_stays_as_it_is_to_the_byte() -> None:
    text = "\n".join(f"  word{k}" for k in range(500)) + "\n"
    (record,) = records(read("a.txt", text))
    assert record["messages"][0]["content"] == text
    assert record["source_metadata"] == {}
    assert len(records(read("a.txt", text + "more"))) == 2


def test_chunks_that_say_the_same_are_records_of_their_own() -> None:
    got = records(read("a.txt", "It rains. " * 600))
    assert len({r["messages"][0]["content"] for r in got}) < len(got)
    assert len({r["id"] for r in got}) == len(got)


def test_a_long_field_keeps_the_other_fields_and_the_group_of_its_row() -> None:
    rows = [{"text": prose(100, seed=k), "title": f"t{k}", "author": "x", "chunk": "c"} for k in range(2)]
    result = read("a.jsonl", lines(*rows))
    got = records(result)
    assert {r["source_metadata"]["title"] for r in got} == {"t0", "t1"}
    assert {r["source_metadata"]["source_chunk"] for r in got} == {"c"}
    assert {r["source_metadata"]["chunks"] for r in got} == {len(got) // 2}
    assert len({r["group_key"] for r in got}) == 1  # the author's
    for named in (("@file",), ("title",), ("@prompt",)):
        grouped = records(read("a.jsonl", lines(*rows), group_by=named))
        keys = {(r["source_metadata"]["title"], r["group_key"]) for r in grouped}
        assert len(keys) == 2, named
    assert (balances(result), result.measured["raw_rows"]) == (True, 2)


def test_a_row_without_its_group_is_refused_chunk_by_chunk_and_counted_once() -> None:
    result = read("a.jsonl", lines({"text": prose(100)}), group_by=("session",))
    assert result.kept.num_rows == 0
    assert result.quarantined is not None
    assert sum(result.quarantined["raw_rows"].to_pylist()) == 1
    assert balances(result)


def test_a_dialogue_is_never_cut() -> None:
    long = prose(200)
    (got,) = dialogues(read("a.txt", f"Therapist: {long}\nClient: {long}\n"))
    assert [len(content) for _, content in got] == [len(long)] * 2
    podcast = f"**Ann:** {long}\n\n**Bob:** {long}\n"
    texts = records(read("a.md", podcast, Mapping(kind="text")))
    assert all(100 <= count_words(r["messages"][0]["content"]) <= 500 for r in texts)
    assert " ".join(" ".join(r["messages"][0]["content"] for r in texts).split()) == " ".join(podcast.split())
