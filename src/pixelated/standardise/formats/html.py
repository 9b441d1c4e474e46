"""Web pages: the main text, cut into passages."""

from __future__ import annotations

import codecs
import re

from pixelated.core.decoding import Decoded, decode
from pixelated.standardise.documents import Text, parsed, refused
from pixelated.standardise.formats import CERTAIN, FORMATS
from pixelated.standardise.formats._html_text import read_page
from pixelated.standardise.rows import Document, Parsed, RefusedError, Sample

SUFFIXES = (".html", ".htm", ".xhtml", ".xht")
_START = re.compile(
    r"\A[\s\ufeff]*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--[^>]{0,400}-->\s*)?<(?:!doctype\s+html|html)\b",
    re.IGNORECASE,
)
_TAG = re.compile(r"<(?:head|body|main|article|section|div|p|h[1-6]|ul|ol|table|title)\b", re.IGNORECASE)
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_XML = re.compile(r"\A[\s\ufeff]*<\?xml\b|\A[^>]{0,400}<html[^>]{0,400}xmlns", re.IGNORECASE)
_LOOK = 4096
_MAX_BYTES = 1 << 28
_WIDE = ("utf-16", "utf-32")


@FORMATS.register("html")
class HTML:
    """HTML and XHTML."""

    def sniff(self, sample: Sample) -> int:
        """Return 98 for a page by its name and tags, or by its start where it has no extension.

        A page under another name, such as `data.csv`, is the error page of a failed download and no data.
        """
        if sample.suffix not in {*SUFFIXES, ""}:
            return 0
        start = sample.decoded.text[:_LOOK]
        return CERTAIN + 1 if _START.match(start) or (sample.suffix and _TAG.search(start)) else 0

    def parse(self, document: Document) -> Parsed:
        """Read the page; one without text is refused: a script may write it, and nothing runs here."""
        if len(document.data) > _MAX_BYTES:
            return refused("too_large", f"the page has more than {_MAX_BYTES} bytes")
        decoded = decode_page(document.data)
        try:
            page = read_page(decoded.text, xml=_XML.match(decoded.text[:_LOOK]) is not None)
        except RefusedError as error:
            return refused(error.reason, error.detail)
        if not page.paragraphs:
            return refused("empty_page", f"the page has no text outside its frame, and {page.images} images")
        about = {"document": page.title} if page.title else {}
        return parsed(document, Text(parts=[page.paragraphs], about=about, fixed=dict(decoded.fixed)))


def decode_page(data: bytes) -> Decoded:
    """Return the text of a page: by its BOM, the charset that it names if all bytes fit, or as any text."""
    named = _CHARSET.search(data[:_LOOK])
    bom = data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if named is None or bom:
        return decode(data)
    name = named[1].decode("ascii").lower()
    if name in {"iso-8859-1", "latin1", "latin-1", "us-ascii", "ascii"}:
        name = "cp1252"  # what browsers do
    try:
        codec = codecs.lookup(name)
        if name.startswith(_WIDE) or not codec._is_text_encoding:  # noqa: SLF001 - no other way to ask
            return decode(data)
        return Decoded(data.decode(name), codec.name)
    except (LookupError, UnicodeError):
        return decode(data)
