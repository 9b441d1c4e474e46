"""PDF: the text layer in reading order, cut into passages; a page without one is named."""

from __future__ import annotations

import re

from pixelated.standardise.documents import Missing, Paragraph, Text, parsed, refused
from pixelated.standardise.formats import CERTAIN, FORMATS
from pixelated.standardise.formats._pdf_layout import Column, columns, number_rows
from pixelated.standardise.formats._pdf_pages import Page, UnreadableError, read_pages
from pixelated.standardise.formats._pdf_running import running_rows
from pixelated.standardise.formats._pdf_text import Joiner, paragraphs
from pixelated.standardise.rows import Document, Parsed, Sample

MAGIC = b"%PDF-"
_LOOK = 1024  # where a reader looks for the magic and for the end mark
_TAIL = 2048
_START = re.compile(rb"startxref\s{1,9}(\d{1,12})\s{1,9}%%EOF")
_TABLE = re.compile(rb"xref\b|\d{1,10}\s{1,9}\d{1,5}\s{1,9}obj\b")
_BLANK = b"\x00\t\n\x0c\r "


@FORMATS.register("pdf")
class PDF:
    """Portable Document Format."""

    def sniff(self, sample: Sample) -> int:
        """Return 100 by the first bytes, 96 by the name."""
        if sample.head.startswith(MAGIC):
            return 100
        if sample.suffix != ".pdf":
            return 0
        return CERTAIN if MAGIC in sample.head[:_LOOK] else CERTAIN - 1

    def parse(self, document: Document) -> Parsed:
        """Read every page that has text; a file that is encrypted, damaged or cut is refused whole."""
        why = _broken(document.data)
        if why is not None:
            return refused(*why)
        try:
            pages = read_pages(document.data)
        except UnreadableError as error:
            return refused(error.reason, error.detail)
        return parsed(document, _text(pages))


def _broken(data: bytes) -> tuple[str, str] | None:
    """Return why a file is not whole: PDFium would mend it, and read a part without a word."""
    head = data.find(MAGIC, 0, _LOOK)
    if head < 0:
        return "damaged_pdf", "the file does not start as a PDF does"
    end = len(data.rstrip(_BLANK))
    tail = data[max(0, end - _TAIL) : end]
    if b"%%EOF" not in tail:
        return "truncated_pdf", "the end mark is missing: the file was cut, fetch it again"
    found = _START.findall(tail)
    starts = [base + int(found[-1]) for base in (head, 0)] if found else []
    if not any(_TABLE.match(data[at : at + 64].lstrip(_BLANK)) for at in starts):
        return "damaged_pdf", "the table of the file's parts is not where the file says it is"
    return None


def _text(pages: list[Page]) -> Text:
    """Return the paragraphs of the pages, with what is missing between them."""
    rows = [number_rows(page.words) for page in pages]
    running = running_rows(rows)
    text = Text("page")
    joiner = Joiner()
    laid: list[list[Column]] = []
    for number, page in enumerate(pages):
        body = [w for w in page.words if (number, w.row) not in running]
        laid.append(columns(body))
        if page.turned:
            laid[-1].append(number_rows(page.turned))
        if not body and page.missing is None:
            page.missing = page.without_text()
    joiner.learn(column for page in laid for column in page)
    flow: list[tuple[int, list[Column]]] = []
    for number, page in enumerate(pages):
        if page.missing is None:
            flow.append((number + 1, laid[number]))
            continue
        _close(text, flow, joiner)
        text.parts.append(Missing(number + 1, *page.missing))
    _close(text, flow, joiner)
    counts = {"running_lines": len(running), "joined_hyphens": joiner.joined}
    text.fixed = {name: count for name, count in counts.items() if count}
    return text


def _close(text: Text, flow: list[tuple[int, list[Column]]], joiner: Joiner) -> None:
    found: list[Paragraph] = list(paragraphs(flow, joiner))
    if found:
        text.parts.append(found)
    flow.clear()
