"""PDF and EPUB files of this project's own text, made for the tests."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, FrameBreak, NextPageTemplate, PageTemplate, Paragraph

WIDTH, HEIGHT = A4
HEADER = "Journal of Quiet Studies"
_WORDS = [
    "the", "river", "keeps", "moving", "while", "people", "speak", "slowly", "about", "their", "grief", "and",
    "nobody", "interrupts", "a", "long", "silence", "which", "helps", "more", "than", "advice", "would", "on",
    "days", "when", "even", "small", "tasks", "feel", "heavy",
]  # fmt: skip


def sentences(seed: int, count: int) -> str:
    """Return sentences that no other seed has."""
    rng = random.Random(seed)
    made = []
    for _ in range(count):
        words = [rng.choice(_WORDS) for _ in range(rng.randint(6, 16))]
        made.append(" ".join(words).capitalize() + ".")
    return " ".join(made)


def prose(count: int, seed: int = 1) -> list[str]:
    """Return paragraphs."""
    return [sentences(seed * 1000 + k, 4 + k % 4) for k in range(count)]


def drawn(*pages: Callable[[Canvas], Any], **options: Any) -> bytes:
    """Return a PDF of pages that functions draw."""
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=A4, invariant=1, **options)
    for draw in pages:
        canvas.setFont("Helvetica", 10)
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def lines_page(lines: Sequence[str], x: float = 72, top: float = 760) -> Callable[[Canvas], None]:
    """Return a function that draws lines one below the other."""

    def draw(canvas: Canvas) -> None:
        for k, line in enumerate(lines):
            canvas.drawString(x, top - 12 * k, line)

    return draw


def scan(canvas: Canvas) -> None:
    """Draw an image over the page, as a scanner does."""
    from reportlab.lib.utils import ImageReader

    canvas.drawImage(ImageReader(io.BytesIO(_pixel())), 0, 0, WIDTH, HEIGHT)


def _pixel() -> bytes:
    """Return a PNG of one pixel."""
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\x00\x80"))
        + chunk(b"IEND", b"")
    )


def article(title: str, paragraphs: Sequence[str], columns: int = 2) -> bytes:
    """Return a PDF with a full-width title, justified text in columns, running headers and page numbers."""
    stream = io.BytesIO()
    gutter = 24
    width = (WIDTH - 112 - gutter * (columns - 1)) / columns

    def frames(height: float) -> list[Frame]:
        return [Frame(56 + k * (width + gutter), 70, width, height) for k in range(columns)]

    def running(canvas: Canvas, document: Any) -> None:
        canvas.setFont("Helvetica", 8)
        canvas.drawString(56, HEIGHT - 40, HEADER)
        canvas.drawCentredString(WIDTH / 2, 40, str(document.page))

    first = [Frame(56, HEIGHT - 140, WIDTH - 112, 90), *frames(HEIGHT - 220)]
    document = BaseDocTemplate(stream, pagesize=A4, invariant=1)
    document.addPageTemplates(
        [
            PageTemplate("first", first, onPage=running),
            PageTemplate("next", frames(HEIGHT - 140), onPage=running),
        ]
    )
    styles = getSampleStyleSheet()
    body = ParagraphStyle(
        "body", parent=styles["Normal"], alignment=4, fontSize=9, leading=11, firstLineIndent=10
    )
    story = [NextPageTemplate("next"), Paragraph(title, styles["Title"]), FrameBreak()]
    document.build([*story, *(Paragraph(p, body) for p in paragraphs)])
    return stream.getvalue()


CONTAINER = (
    '<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)


def package(names: Sequence[str], title: str = "A book") -> str:
    """Return the package file of a book whose spine has `names` in their order, its manifest in another."""
    items = "".join(
        f'<item id="{n}" href="text/{n}" media-type="application/xhtml+xml"/>'
        for n in sorted(names, reverse=True)
    )
    spine = "".join(f'<itemref idref="{n}"/>' for n in names)
    return (
        '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
        f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title></metadata>'
        f"<manifest>{items}</manifest><spine>{spine}</spine></package>"
    )


def chapter(title: str, *paragraphs: str) -> str:
    """Return a chapter as XHTML, with the empty elements that HTML has not."""
    body = "".join(f"<p>{p}</p>" for p in paragraphs)
    return (
        '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/>'
        f'<script src="x.js"/></head><body><a id="top"/><h1>{title}</h1>{body}</body></html>'
    )


def book(chapters: dict[str, str], **extra: str | bytes) -> bytes:
    """Return an EPUB of chapters by file name, in the order of the spine."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(_entry("mimetype", zipfile.ZIP_STORED), "application/epub+zip")
        files: dict[str, str | bytes] = {
            "META-INF/container.xml": CONTAINER,
            "OPS/book.opf": package(list(chapters)),
        }
        files |= {f"OPS/text/{name}": text for name, text in chapters.items()} | extra
        for name, data in files.items():
            file.writestr(_entry(name, zipfile.ZIP_DEFLATED), data)
    return stream.getvalue()


def _entry(name: str, method: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
    entry.compress_type = method
    return entry
