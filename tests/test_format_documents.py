"""PDF, EPUB and HTML: reading order, what is left out, what is named, and passages that share a group."""

from __future__ import annotations

from pathlib import Path

import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

import documents
from documents import article, book, chapter, drawn, lines_page, prose, scan, sentences
from pixelated.core.archives import Limits
from pixelated.core.source import Mapping, Source
from pixelated.core.step import StepResult
from pixelated.standardise import list_files
from standardise_reading import balances, dialogues, read, records, refusals


def whole(result: StepResult) -> str:
    return "\n\n".join(r["messages"][0]["content"] for r in records(result))


def locators(result: StepResult) -> list[str]:
    return [r["provenance"]["locator"] for r in records(result)]


TITLE = "A full title over the columns of the page that is long enough to wrap into a second line"


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_pages_are_read_column_by_column_without_running_lines(columns: int) -> None:
    paragraphs = prose(40)
    result = read("a.pdf", article(TITLE, paragraphs, columns))
    assert whole(result).split() == " ".join([TITLE, *paragraphs]).split()
    assert refusals(result) == []
    pages = int(records(result)[-1]["source_metadata"]["pages"].split("-")[-1])
    assert pages >= 3
    assert result.measured["decoding"]["a.pdf"]["running_lines"] == 2 * pages
    sizes = [len(r["messages"][0]["content"].split()) for r in records(result)]
    assert all(100 <= n <= 500 for n in sizes)


def test_most_paragraphs_of_columns_stay_whole() -> None:
    paragraphs = prose(40)
    found = whole(read("a.pdf", article(TITLE, paragraphs, 2))).split("\n\n")
    assert len(set(paragraphs) & set(found)) >= 36


def rows_of_two_columns(canvas: Canvas) -> None:
    canvas.drawString(
        72,
        780,
        "One title that goes over the whole width of the page, so that it crosses the gutter in the middle",
    )
    for k in range(8):
        canvas.drawString(72, 740 - 12 * k, f"left line {k} of the first column")
        canvas.drawString(320, 740 - 12 * k, f"right line {k} of the second one")
    canvas.drawString(
        72,
        600,
        "One last line below that goes over the whole width of the page, and so crosses the gutter, too",
    )


def test_columns_drawn_row_by_row_are_still_read_one_after_the_other() -> None:
    text = whole(read("a.pdf", drawn(rows_of_two_columns)))
    order = [
        text.index(s)
        for s in ("One title", "left line 0", "left line 7", "right line 0", "right line 7", "One last")
    ]
    assert order == sorted(order)


def test_rows_of_a_table_of_short_cells_are_read_across() -> None:
    def table(canvas: Canvas) -> None:
        for k in range(8):
            canvas.drawString(72, 740 - 12 * k, f"Item {k}")
            canvas.drawString(320, 740 - 12 * k, f"value {k}")

    assert "Item 3 value 3" in whole(read("a.pdf", drawn(table)))


def test_hyphens_at_line_ends_are_joined_and_those_of_compounds_kept() -> None:
    lines = [
        "We spoke about avoid-",
        "ance and about self-",
        "esteem, and then of a well-known thing, a well-",
        "known one, of Cognitive-",
        "Behavioural work in 2019-",
        "2020, and that was all there was to it.",
    ]
    text = whole(read("a.pdf", drawn(lines_page(lines))))
    for kept in ("avoidance", "self-esteem", "a well-known one", "Cognitive-Behavioural", "2019-2020"):
        assert kept in text, kept


def test_headings_and_numbers_that_only_look_like_running_lines_stay() -> None:
    def page(k: int) -> documents.Callable[[Canvas], None]:
        def draw(canvas: Canvas) -> None:
            canvas.setFont("Helvetica-Bold", 16)
            canvas.drawString(72, 780, "Worksheet")
            canvas.setFont("Helvetica", 10)
            lines_page(
                [f"{k}{k} people came", *(sentences(k * 10 + j, 1) for j in range(5)), "The same last line."],
                top=740,
            )(canvas)
            canvas.drawString(300, 40, str(k + 1))

        return draw

    text = whole(read("a.pdf", drawn(*(page(k) for k in range(1, 5)))))
    assert text.count("Worksheet") == 4
    assert [f"{k}{k} people" in text for k in range(1, 5)] == [True] * 4
    assert not any(line.strip().isdecimal() for line in text.split("\n"))


def test_what_somebody_says_on_every_page_is_no_running_line() -> None:
    """A client's "No." at the foot of each page is a client's turn; a name for the file is none."""

    def page(k: int) -> documents.Callable[[Canvas], None]:
        said = [f"{name}: {sentences(k * 20 + j, 1)}" for j in range(4) for name in ("Therapist", "Client")]
        return lines_page(["Patient: 0421", "Therapist: Mm-hmm.", *said, "Client: No.", "Therapist: Mm-hmm."])

    result = read("a.pdf", drawn(*(page(k) for k in range(4))))
    assert result.measured["decoding"]["a.pdf"]["running_lines"] == 4
    [record] = records(result)
    turns = [(m["role"], m["content"].split("\n")[-1]) for m in record["messages"]]
    assert [r for r, text in turns if "No." in text.split("Mm-hmm")[0][-4:]] == ["user"] * 4
    assert sum(m["content"].count("Mm-hmm.") for m in record["messages"]) == 8
    assert "0421" not in str(record["messages"])


def test_pages_without_text_are_named_and_the_others_read() -> None:
    text = lines_page([sentences(k, 1) for k in range(12)])
    result = read("a.pdf", drawn(text, scan, lines_page([sentences(99, 1)]), lambda _: None))
    assert refusals(result) == [(1, "page_without_text"), (3, "blank_page")]
    assert locators(result) == ["page 1, passage 1", "page 3, passage 2"]
    assert balances(result)
    assert result.measured["raw_rows"] == 4


def test_a_scan_that_bears_only_a_stamp_has_no_text() -> None:
    def stamped(canvas: Canvas) -> None:
        scan(canvas)
        canvas.drawString(72, 40, "Scanned by the archive")

    result = read("a.pdf", drawn(stamped, stamped, stamped))
    assert [reason for _, reason in refusals(result)] == ["page_without_text"] * 3


def test_a_pdf_that_is_not_whole_is_refused_whole() -> None:
    good = drawn(lines_page([sentences(k, 1) for k in range(12)]))
    assert refusals(read("a.pdf", good)) == []
    assert refusals(read("a.pdf", good[: len(good) // 2])) == [(0, "truncated_pdf")]
    assert refusals(read("a.pdf", good[:200] + good[260:])) == [(0, "damaged_pdf")]
    assert refusals(read("a.pdf", "hello")) == [(0, "damaged_pdf")]
    packed = article(TITLE, prose(9))
    at = packed.rindex(b"endstream") - 300
    for other in (b"A", b"zz"):  # as long as before, so that only what is packed shows it
        changed = packed[:at] + (other * 8)[:8] + packed[at + 8 :]
        assert refusals(read("a.pdf", changed)) == [(0, "damaged_pdf")]
    locked = drawn(lines_page(["a secret"]), encrypt=StandardEncryption("user", "owner"))
    assert refusals(read("a.pdf", locked)) == [(0, "encrypted_pdf")]
    opened = drawn(lines_page(["no secret"]), encrypt=StandardEncryption("", "owner"))
    assert whole(read("a.pdf", opened)) == "no secret"


def test_turned_pages_are_read() -> None:
    def turned(canvas: Canvas) -> None:
        canvas.rotate(90)
        for k in range(6):
            canvas.drawString(72, -72 - 12 * k, f"turned line {k} of the page")

    expected = " ".join(f"turned line {k} of the page" for k in range(6))
    assert " ".join(whole(read("a.pdf", drawn(turned))).split()) == expected


TALK = [
    "Therapist: What would you like to talk about today, and where shall we",
    "begin?",
    "Client: The night shifts. They are wearing me",
    "down.",
    "Therapist: How long has it been so?",
    "Client: Since the spring.",
]


def test_a_transcript_is_a_dialogue_unless_the_source_is_text_or_a_page_is_missing() -> None:
    data = drawn(lines_page(TALK))
    (dialogue,) = dialogues(read("a.pdf", data))
    assert [role for role, _ in dialogue] == ["assistant", "user", "assistant", "user"]
    assert dialogue[1] == ("user", "The night shifts. They are wearing me down.")
    assert records(read("a.pdf", data, Mapping(kind="text")))[0]["kind"] == "text"
    cut = read("a.pdf", drawn(lines_page(TALK), scan))
    assert [reason for _, reason in refusals(cut)] == ["page_without_text", "incomplete_dialogue"]
    assert cut.measured["raw_rows"] == 5
    assert balances(cut)


def test_a_book_that_quotes_a_dialogue_is_no_transcript() -> None:
    def page(seed: int) -> list[str]:
        return [line for k in range(6) for line in (*sentences(seed + k, 2).split(". "), "")]

    pages = [lines_page([*page(10 * k), *TALK, "", *page(10 * k + 6)]) for k in range(3)]
    result = read("a.pdf", drawn(*pages))
    assert {r["kind"] for r in records(result)} == {"text"}


def test_all_passages_of_a_file_are_one_group_and_those_of_another_are_not() -> None:
    one = read("a.pdf", article(TITLE, prose(40)))
    groups = {r["group_key"] for r in records(one)}
    assert one.kept.num_rows > 3
    assert len(groups) == 1
    assert groups.isdisjoint(r["group_key"] for r in records(read("b.pdf", article(TITLE, prose(40)))))
    assert len(set(locators(one))) == one.kept.num_rows


def test_the_chapters_of_a_book_come_in_the_order_of_its_spine() -> None:
    chapters = {f"{n}.xhtml": chapter(f"Chapter {n}", *prose(8, k)) for k, n in enumerate("cab")}
    result = read("a.epub", book(chapters))
    titles = list(dict.fromkeys(r["source_metadata"]["section"] for r in records(result)))
    assert titles == ["Chapter c", "Chapter a", "Chapter b"]
    words = " ".join(f"Chapter {n} " + " ".join(prose(8, k)) for k, n in enumerate("cab"))
    assert whole(result).split() == words.split()
    assert {r["source_metadata"]["document"] for r in records(result)} == {"A book"}
    assert locators(result)[0].startswith("chapter 1, passage 1")
    assert len({r["group_key"] for r in records(result)}) == 1


def test_chapters_that_cannot_be_read_are_named_and_the_others_read() -> None:
    good = chapter("Good", *prose(8))
    bomb = (
        '<?xml version="1.0"?><!DOCTYPE html [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><html><p>&b;</p></html>'
    )
    image = '<html><body><img src="cover.jpg"/></body></html>'
    data = book({"cover": image, "one": good, "bomb": bomb, "gone": good, "two": good})
    data = data.replace(b"OPS/text/gone", b"OPS/text/left")
    result = read("a.epub", data)
    assert [reason for _, reason in refusals(result)] == [
        "page_without_text",
        "dtd_entities",
        "missing_chapter",
    ]
    assert {r["source_metadata"]["chapters"] for r in records(result)} == {"2", "5"}
    assert balances(result)


def encryption(*names: str, method: str = "http://www.w3.org/2001/04/xmlenc#aes128-cbc") -> str:
    entries = "".join(
        f'<EncryptedData><EncryptionMethod Algorithm="{method}"/><CipherData><CipherReference URI="OPS/text/{n}"/>'
        "</CipherData></EncryptedData>"
        for n in names
    )
    return f"<encryption>{entries}</encryption>"


def test_encrypted_books_are_named_and_obfuscated_fonts_are_no_matter() -> None:
    chapters = {"a": chapter("A", *prose(8)), "b": chapter("B", *prose(8, 2))}
    name = "META-INF/encryption.xml"
    assert refusals(read("a.epub", book(chapters, **{name: encryption("a", "b")}))) == [(0, "encrypted_epub")]
    half = read("a.epub", book(chapters, **{name: encryption("a")}))
    assert refusals(half) == [(0, "encrypted_chapter")]
    assert half.kept.num_rows > 0
    fonts = encryption("f.otf", method="http://www.idpf.org/2008/embedding")
    assert refusals(read("a.epub", book(chapters, **{name: fonts}))) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"../evil": b"x"}, "bad_name"),
        ({"/etc/x": b"x"}, "bad_name"),
        ({"META-INF/container.xml": b"<container/>"}, "damaged_epub"),
        ({"OPS/book.opf": b"<package"}, "damaged_epub"),
        ({"OPS/book.opf": b'<!DOCTYPE p [<!ENTITY a "b">]><package/>'}, "dtd_entities"),
    ],
)
def test_books_that_break_a_rule_are_refused_whole(change: dict[str, bytes], reason: str) -> None:
    assert refusals(read("a.epub", book({"a": chapter("A", *prose(8))}, **change))) == [(0, reason)]


def test_a_book_that_unpacks_to_more_than_the_limit_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    data = book({"a": chapter("A", *prose(8)), "b": chapter("B", "b " * 9000)}, picture=bytes(1 << 20))
    assert refusals(read("a.epub", data)) == []
    monkeypatch.setattr("pixelated.standardise.formats._zip.LIMITS", Limits(total_bytes=10_000))
    found = read("a.epub", data)  # what is not read does not count
    assert (refusals(found), found.kept.num_rows) == ([(1, "too_large")], 1)
    monkeypatch.setattr("pixelated.standardise.formats._zip.LIMITS", Limits(members=4))
    assert refusals(read("a.epub", data)) == [(0, "too_large")]


def test_a_book_that_is_cut_or_none_is_damaged() -> None:
    data = book({"a": chapter("A", *prose(8))})
    assert refusals(read("a.epub", data[:-50])) == [(0, "damaged_epub")]
    assert refusals(read("a.epub", b"PK\x03\x04 nothing")) == [(0, "damaged_epub")]
    assert refusals(read("a.epub", "hello")) == [(0, "damaged_epub")]


PAGE = """<!DOCTYPE html><html><head><title>My page</title><script>var menu</script></head><body>
<nav>menu</nav><header>Site menu</header>
<article><header><h1>Sleep</h1></header><p>Some <b>bo</b>ld
text<br>and more</p><ul><li>one</li><li>two<ul><li>inner</li></ul></li></ul>
<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table><pre> x
   y</pre><p hidden>menu</p><p style="display: none">menu</p><form>menu</form></article>
<aside>menu</aside><footer>menu</footer></body></html>"""


def test_the_main_text_of_a_page_keeps_its_breaks() -> None:
    (record,) = records(read("a.html", PAGE))
    expected = "Sleep\n\nSome bold text\nand more\n\n- one\n- two\n- inner\n\na b\nc\n\n x\n   y"
    assert record["messages"] == [{"role": "assistant", "content": expected}]
    assert record["source_metadata"] == {"document": "My page", "section": "Sleep", "passage": 1}
    assert record["kind"] == "text"


def test_sections_of_a_page_are_cut_at_their_headings() -> None:
    body = "".join(f"<h2>Part {k}</h2><p>{' '.join(prose(3, k))}</p>" for k in range(4))
    result = read("a.html", f"<html><body>{body}<h2>End</h2><p>Short.</p></body></html>")
    sections = [r["source_metadata"]["section"] for r in records(result)]
    assert sections == ["Part 0", "Part 1", "Part 2", "Part 3 / End"]


@pytest.mark.parametrize(
    "data",
    [
        "<html><head><meta charset='iso-8859-2'></head><p>Łódź".encode("iso-8859-2"),
        '<html><head><meta http-equiv="Content-Type" content="text/html; charset=windows-1250"></head><p>Łódź'.encode(
            "cp1250"
        ),
        "<html><p>Łódź".encode("utf-8-sig"),
        "<html><p>Łódź".encode("utf-16"),
        "<html><meta charset=nonsense><p>Łódź".encode(),
        "<html><meta charset=koi8-r><p>Łódź".encode("utf-8-sig"),
    ],
)
def test_the_charset_is_that_of_the_bom_or_the_meta_element(data: bytes) -> None:
    assert whole(read("a.html", data)) == "Łódź"


def test_pages_without_text_and_pages_that_nest_without_end_are_named() -> None:
    assert refusals(read("a.html", "<html><body><script>write()</script></body></html>")) == [
        (0, "empty_page")
    ]
    assert refusals(read("a.html", "<html>" + "<div>" * 50_000 + "x")) == [(0, "too_deep")]


def test_licences_and_readmes_beside_data_are_no_text_to_learn_from(tmp_path: Path) -> None:
    for name in ("Some License.htm", "corpus_README.pdf", "README.html", "data.html", "talk_license.csv"):
        (tmp_path / name).write_text("x")
    assert list_files(Source(id="s"), tmp_path) == ["data.html", "talk_license.csv"]
    assert list_files(Source(id="s", files=("*.htm",)), tmp_path) == ["Some License.htm"]


def test_a_page_that_is_a_transcript_is_a_dialogue() -> None:
    turns = "".join(
        f"<p><b>{name}:</b> {text}</p>"
        for name, text in [("Therapist", "Hello."), ("Client", "Hi."), ("Therapist", "So?")]
    )
    assert dialogues(read("a.html", f"<html><body>{turns}</body></html>")) == [
        [("assistant", "Hello."), ("user", "Hi."), ("assistant", "So?")]
    ]
