"""PDF: the text layer in reading order, cut into passages; a page without one is named."""

from __future__ import annotations

from pixelated.standardise.documents import Missing, Paragraph, Text, parsed, refused
from pixelated.standardise.formats import CERTAIN, FORMATS
from pixelated.standardise.formats._pdf_check import LOOK, MAGIC, why_broken
from pixelated.standardise.formats._pdf_layout import Column, columns, number_rows
from pixelated.standardise.formats._pdf_pages import Page, UnreadableError, read_pages
from pixelated.standardise.formats._pdf_running import running_rows
from pixelated.standardise.formats._pdf_text import Joiner, paragraphs
from pixelated.standardise.rows import Document, Parsed, Sample


@FORMATS.register("pdf")
class PDF:
    """Portable Document Format."""

    def sniff(self, sample: Sample) -> int:
        """Return 100 by the first bytes, 96 by the name."""
        if sample.head.startswith(MAGIC):
            return 100
        if sample.suffix != ".pdf":
            return 0
        return CERTAIN if MAGIC in sample.head[:LOOK] else CERTAIN - 1

    def parse(self, document: Document) -> Parsed:
        """Read every page that has text; a file that is encrypted, damaged or cut is refused whole."""
        why = why_broken(document.data)
        if why is not None:
            return refused(*why)
        try:
            pages = read_pages(document.data)
        except UnreadableError as error:
            return refused(error.reason, error.detail)
        return parsed(document, _text(pages))


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
