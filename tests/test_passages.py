"""Passages of documents: 100 to 500 words, every word once and in order, with the pages they are from."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pixelated.standardise.documents import Missing, Paragraph, Text, parsed
from pixelated.standardise.rows import Document
from pixelated.standardise.sentences import count_words, cut

DOCUMENT = Document("a.pdf", b"", as_text=True)
LENGTHS = st.lists(st.tuples(st.integers(1, 700), st.integers(0, 2), st.sampled_from("ab")), max_size=25)


def flow(lengths: list[tuple[int, int, str]]) -> list[Paragraph]:
    """Return paragraphs of numbered words; each starts so many pages after the one before, under a title."""
    found, number, page = [], 0, 1
    for words, turns, title in lengths:
        text = " ".join(f"w{k}{'.' * (k % 11 == 0)}" for k in range(number, number + words))
        found.append(Paragraph(text, page + turns, page + turns + words // 400, title))
        number, page = number + words, found[-1].last
    return found


def pages_of(value: str) -> tuple[int, int]:
    first, _, last = value.partition("-")
    return int(first), int(last or first)


@given(LENGTHS)
@settings(max_examples=150, deadline=None)
def test_every_word_is_in_one_passage_of_its_pages(lengths: list[tuple[int, int, str]]) -> None:
    paragraphs = flow(lengths)
    rows = parsed(DOCUMENT, Text("page", [paragraphs])).rows
    assert " ".join(" ".join(r.value["text"] for r in rows).split()) == " ".join(p.text for p in paragraphs)
    sizes = [count_words(r.value["text"]) for r in rows]
    total = sum(n for n, _, _ in lengths)
    assert all(100 <= n <= 500 for n in sizes) or (total < 100 and len(rows) <= 1)
    places = {word: (p.first, p.last) for p in paragraphs for word in p.text.split()}
    for row in rows:
        words = row.value["text"].split()
        assert pages_of(row.value["pages"]) == (places[words[0]][0], places[words[-1]][1]), row.locator
        first, last = pages_of(row.value["pages"])
        written = f"page {first}" if first == last else f"pages {first}-{last}"
        assert row.locator == f"{written}, passage {row.value['passage']}"


def test_a_passage_never_reaches_over_a_page_that_cannot_be_read() -> None:
    before, after = flow([(30, 0, "")]), [Paragraph("v" + " v" * 39, 3, 3)]
    found = parsed(DOCUMENT, Text("page", [before, Missing(2, "page_without_text", "an image"), after]))
    assert [(r.locator, count_words(r.value["text"])) for r in found.rows] == [
        ("page 1, passage 1", 30),
        ("page 3, passage 2", 40),
    ]
    assert [(r.row, r.locator, r.reason) for r in found.refused] == [(1, "page 2", "page_without_text")]
    assert found.raw_rows == 3


def test_a_section_of_its_own_size_is_a_passage_and_a_short_one_goes_with_the_next() -> None:
    found = parsed(DOCUMENT, Text("page", [flow([(150, 0, "a"), (40, 1, "b"), (150, 1, "c"), (20, 0, "d")])]))
    sections = [(r.value["section"], r.value["pages"], count_words(r.value["text"])) for r in found.rows]
    assert sections == [("a", "1", 150), ("b / c / d", "2-3", 210)]


def test_a_heading_stays_with_what_follows() -> None:
    body = ("It rained all day and then some more again. " * 30).strip()
    text = "\n\n".join(f"About day {'x ' * (k % 5)}{k}\n\n{body}" for k in range(9))
    chunks = [text[a:b] for a, b in cut(text)]
    assert len(chunks) == 9
    assert all(c.startswith("About day") and c.endswith(".") for c in chunks)
    # where there is nothing but such lines, they are what is cut at
    lines = "\n\n".join(f"one two three four five six {k}" for k in range(100))
    found = [lines[a:b] for a, b in cut(lines)]
    assert [line for c in found for line in c.split("\n\n")] == lines.split("\n\n")
    assert len(found) > 1


def test_characters_of_scripts_without_spaces_are_words() -> None:
    rare = "\U00020000\U00020001\U00020002\u3002" * 200
    sizes = [count_words(rare[a:b]) for a, b in cut(rare)]
    assert (sum(sizes), max(sizes) <= 500, min(sizes) >= 100) == (800, True, True)
