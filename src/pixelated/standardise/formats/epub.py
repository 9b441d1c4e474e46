"""EPUB: the chapters of a book in the order of its spine, cut into passages."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from pixelated.core.decoding import decode
from pixelated.standardise.documents import Missing, Paragraph, Text, parsed, refused
from pixelated.standardise.formats import CERTAIN, FORMATS
from pixelated.standardise.formats._html_text import read_page
from pixelated.standardise.formats._zip import Container, ContainerError, open_container
from pixelated.standardise.formats.html import decode_page
from pixelated.standardise.rows import Document, Parsed, RefusedError, Sample

_MIME = b"mimetypeapplication/epub+zip"
_AT = 30  # offset of the first entry's name in a zip file
_CONTAINER, _ENCRYPTION = "META-INF/container.xml", "META-INF/encryption.xml"
_PAGES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document")
_FONTS = (
    "http://www.idpf.org/2008/embedding",
    "http://ns.adobe.com/pdf/enc#RC",
)  # obfuscated fonts, not text
_MAX_CHAPTERS = 5000
_MAX_TITLE = 200


@dataclass(slots=True)
class _Book:
    """Title of the book and (path or None where the manifest lacks it) of its chapters in order."""

    title: str = ""
    chapters: list[str | None] = field(default_factory=list)
    contents: set[str] = field(default_factory=set)  # paths of tables of contents


@FORMATS.register("epub")
class EPUB:
    """EPUB 2 and 3 without DRM."""

    def sniff(self, sample: Sample) -> int:
        """Return 100 by the first bytes, 98 for a zip file of that name, 96 by the name."""
        if sample.head[_AT:].startswith(_MIME):
            return 100
        if sample.suffix != ".epub":
            return 0
        return CERTAIN + 1 if sample.head.startswith(b"PK") else CERTAIN - 1

    def parse(self, document: Document) -> Parsed:
        """Read each chapter; one that is encrypted, missing or damaged is refused by itself."""
        try:
            container = open_container(document.data)
            locked = _locked(container)
            book = _book(container)
        except ContainerError as error:
            return refused(_reason(error), error.detail)
        if len(book.chapters) > _MAX_CHAPTERS:
            return refused("too_large", f"the book has more than {_MAX_CHAPTERS} chapters")
        if locked and all(path in locked for path in book.chapters):
            return refused("encrypted_epub", "the book is encrypted (DRM): its text can't be read")
        text = Text("chapter", about={"document": book.title} if book.title else {})
        _read_chapters(container, book, locked, text)
        if not text.parts:
            return refused("empty_document", f"none of {len(book.chapters)} chapters has any text")
        return parsed(document, text)


def _reason(error: ContainerError) -> str:
    return {"damaged": "damaged_epub", "encrypted": "encrypted_epub"}.get(error.reason, error.reason)


def _read_chapters(container: Container, book: _Book, locked: set[str], text: Text) -> None:
    flow: list[Paragraph] = []
    for number, path in enumerate(book.chapters, 1):
        found = _chapter(container, path, number, locked)
        if isinstance(found, Missing) and not (path in book.contents and found.reason == "page_without_text"):
            if flow:
                text.parts.append(flow)
            flow = []
            text.parts.append(found)
        elif not isinstance(found, Missing):
            flow += found
    if flow:
        text.parts.append(flow)


def _chapter(
    container: Container, path: str | None, number: int, locked: set[str]
) -> list[Paragraph] | Missing:
    if path is None or path not in container.entries:
        return Missing(number, "missing_chapter", "the spine names a chapter that is not in the book")
    if path in locked:
        return Missing(number, "encrypted_chapter", "the chapter is encrypted (DRM)")
    try:
        data = container.read(path)
        markup = _without_entities(decode_page(data).text)
        page = read_page(markup, number, xml=True)
    except ContainerError as error:
        reason = "damaged_chapter" if error.reason == "damaged" else error.reason
        return Missing(number, reason, error.detail)
    except RefusedError as error:
        return Missing(number, error.reason, error.detail)
    if not page.paragraphs and page.images:
        return Missing(number, "page_without_text", f"{page.images} images and no text")
    return page.paragraphs


def _book(container: Container) -> _Book:
    """Return the chapters that the package file of the container names.

    Raises:
        ContainerError: the container has no package file that can be read.
    """
    root = _xml(container, _CONTAINER)
    name = next((e.get("full-path") for e in _all(root, "rootfile") if e.get("full-path")), None)
    if name is None:
        raise ContainerError("damaged", "META-INF/container.xml names no package file")
    package = _xml(container, name)
    base = posixpath.dirname(name)
    items: dict[str, str] = {}
    book = _Book(title=next((" ".join("".join(e.itertext()).split()) for e in _all(package, "title")), ""))
    book.title = book.title[:_MAX_TITLE]
    for item in _all(package, "item"):
        path = posixpath.normpath(posixpath.join(base, unquote(item.get("href", ""))))
        if item.get("media-type", "") in _PAGES:
            items[item.get("id", "")] = path
        if "nav" in item.get("properties", "").split():
            book.contents.add(path)
    book.chapters = [items.get(ref.get("idref", "")) for ref in _all(package, "itemref")]
    if not book.chapters:
        raise ContainerError("damaged", "the package file names no chapters")
    return book


def _locked(container: Container) -> set[str]:
    """Return the paths of the entries that are encrypted; obfuscated fonts do not count."""
    if _ENCRYPTION not in container.entries:
        return set()
    found: set[str] = set()
    for data in _all(_xml(container, _ENCRYPTION), "EncryptedData"):
        method = next((e.get("Algorithm", "") for e in _all(data, "EncryptionMethod")), "")
        if method not in _FONTS:
            found.update(unquote(e.get("URI", "")) for e in _all(data, "CipherReference"))
    return found


def _xml(container: Container, name: str) -> ET.Element:
    try:
        text = _without_entities(decode(container.read(name)).text)
        # As bytes: a declaration of another encoding is then no error, since this is what it says now.
        parser = ET.XMLParser(encoding="utf-8")  # noqa: S314 - see above: no entities
        return ET.fromstring(text.encode(), parser)  # noqa: S314
    except KeyError:
        raise ContainerError("damaged", f"the book has no {name}") from None
    except ET.ParseError:
        raise ContainerError("damaged", "the package file is no XML") from None
    except RefusedError as error:
        raise ContainerError(error.reason, error.detail) from None


def _without_entities(text: str) -> str:
    """Return the text, or refuse it where it declares entities, which could expand without end.

    Raises:
        RefusedError: `dtd_entities`.
    """
    if "<!ENTITY" in text:
        raise RefusedError("dtd_entities", "the XML declares entities, which are never expanded")
    return text


def _all(root: ET.Element, name: str) -> Iterator[ET.Element]:
    """Yield the elements of a name in any namespace, in document order."""
    for element in root.iter():
        if isinstance(element.tag, str) and element.tag.rsplit("}", 1)[-1] == name:
            yield element
