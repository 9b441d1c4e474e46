"""The words of a PDF's pages, read by PDFium: text, box, baseline and direction of each."""

from __future__ import annotations

import ctypes
import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from pixelated.standardise.formats._json import whole
from pixelated.standardise.formats._pdf_layout import Word
from pixelated.standardise.formats._pdf_text import SOFT

MAX_PAGES = 5000
MAX_CHARACTERS = 500_000  # on a page
_PASSWORD, _SECURITY = 4, 5  # PDFium's error codes
_HYPHEN = (0x2, 0xFFFE)  # what PDFium writes for a hyphen at the end of a line, and no line end after it
_SPACES = frozenset({0x85, 0xA0, 0x202F, 0x3000, *range(0x2000, 0x200C)})
_REPLACED = 0xFFFD
_PRIVATE = range(0xE000, 0xF900)
_MAX_UNMAPPED = 0.3  # share of characters without a meaning
_LIGATURES = {
    0xFB00: "ff",
    0xFB01: "fi",
    0xFB02: "fl",
    0xFB03: "ffi",
    0xFB04: "ffl",
    0xFB05: "st",
    0xFB06: "st",
}
_FEW = 40  # words; a page with fewer may be a scan with a stamp
_QUARTER = math.pi / 2
_MIN_HEIGHT = 1.0  # points; a box without one would make every line its own paragraph


class UnreadableError(Exception):
    """The file can't be read as a whole; `reason` and `detail` as in a refusal."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


@dataclass(slots=True)
class Page:
    """The words of a page in its main direction, those in others, and what else is on it."""

    words: list[Word] = field(default_factory=list)
    turned: list[Word] = field(default_factory=list)
    objects: int = 0
    images: int = 0
    missing: tuple[str, str] | None = None

    def without_text(self) -> tuple[str, str]:
        """Return how a page without text is named."""
        if not self.objects:
            return "blank_page", "nothing is drawn on the page"
        return "page_without_text", f"{self.images} images and no text layer: recognise its text first"


def read_pages(data: bytes) -> list[Page]:
    """Return the pages of a document in order.

    Raises:
        UnreadableError: `encrypted_pdf`, `damaged_pdf` or `too_large`.
    """
    # Imported here: 90 ms that a source without PDFs need not pay.
    import pypdfium2  # noqa: PLC0415

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if error.err_code in {_PASSWORD, _SECURITY}:
            raise UnreadableError("encrypted_pdf", "the file needs a password") from None
        raise UnreadableError("damaged_pdf", "PDFium cannot read the file") from None
    try:
        if len(document) > MAX_PAGES:
            raise UnreadableError("too_large", f"the file has more than {MAX_PAGES} pages: split it")
        return [_read(pypdfium2, document, number) for number in range(len(document))]
    finally:
        document.close()


def _read(pdfium: Any, document: Any, number: int) -> Page:
    try:
        page = document[number]
        text = page.get_textpage()
    except pdfium.PdfiumError:
        return Page(missing=("unreadable_page", "PDFium cannot read the page"))
    found = Page()
    count = text.count_chars()
    if count > MAX_CHARACTERS:
        found.missing = ("too_large", f"the page has more than {MAX_CHARACTERS} characters")
    else:
        _read_words(pdfium.raw, text.raw, count, found)
    found.objects = len(found.words)
    if found.objects < _FEW:
        types = [o.type for o in page.get_objects(max_depth=3)]
        found.objects, found.images = len(types), types.count(pdfium.raw.FPDF_PAGEOBJ_IMAGE)
    text.close()
    page.close()
    return found


def _read_words(raw: Any, text: Any, count: int, page: Page) -> None:
    codes = [raw.FPDFText_GetUnicode(text, k) for k in range(count)]
    shown = [c for c in codes if c > ord(" ")]
    unmapped = sum(c == _REPLACED or c in _PRIVATE for c in shown) + codes.count(0)
    if unmapped > _MAX_UNMAPPED * max(1, len(shown)):
        detail = f"{unmapped} of {len(shown)} characters have no meaning: recognise the text of the page"
        page.missing = ("text_unmapped", detail)
        return
    words: list[tuple[int, Word]] = []
    start = 0
    for end in range(count + 1):
        hyphen = end < count and codes[end] in _HYPHEN
        if end < count and not hyphen and not _is_break(codes[end]):
            continue
        if end + hyphen > start:
            words.append(_word(raw, text, start, end + hyphen, codes))
        start = end + 1
    main = Counter(turn for turn, _ in words).most_common(1)[0][0] if words else 0
    page.words = [word for turn, word in words if turn == main]
    page.turned = [word for turn, word in words if turn != main]


def _is_break(code: int) -> bool:
    return (code <= ord(" ") and code not in _HYPHEN) or code in _SPACES


def _word(raw: Any, text: Any, start: int, end: int, codes: list[int]) -> tuple[int, Word]:
    """Return the quarter turns of a word, and the word as seen in its own direction."""
    one, other = raw.FS_RECTF(), raw.FS_RECTF()
    raw.FPDFText_GetLooseCharBox(text, start, one)
    raw.FPDFText_GetLooseCharBox(text, end - 1, other)
    x, y = ctypes.c_double(), ctypes.c_double()
    raw.FPDFText_GetCharOrigin(text, start, x, y)
    turn = -round(max(0.0, raw.FPDFText_GetCharAngle(text, start)) / _QUARTER) % 4  # its angle is clockwise
    across = (one.left, one.right, other.left, other.right)
    along = (one.bottom, one.top, other.bottom, other.top)
    if turn % 2:
        across, along = along, across
    low, high = min(across), max(across)
    base = (-y.value, x.value, y.value, -x.value)[turn]
    if turn > 1:
        low, high = -high, -low
    height = max(_MIN_HEIGHT, abs(along[1] - along[0]), abs(along[3] - along[2]))
    return turn, Word(_written(codes[start:end]), low, high, base, height)


def _written(codes: list[int]) -> str:
    text = "".join(map(chr, codes))
    if text.isascii() and text.isprintable():
        return text
    text = "".join(SOFT if c in _HYPHEN else _LIGATURES.get(c) or chr(c) for c in codes if c)
    return whole(text[:-1].replace(SOFT, "") + text[-1:])  # one inside a word is not to be seen
