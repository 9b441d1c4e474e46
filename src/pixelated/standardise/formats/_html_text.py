"""The running text of an HTML or XHTML page; headings, paragraphs, lists and table rows keep their breaks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pixelated.standardise.documents import Paragraph
from pixelated.standardise.fields import words
from pixelated.standardise.rows import RefusedError

_LEFT_OUT = frozenset(
    words(
        "script style noscript template nav header footer aside form head iframe object embed svg canvas "
        "audio video button select option textarea input dialog menu"
    )
)
_BLOCKS = frozenset(
    words(
        "address article blockquote body center dd details div dl dt fieldset figcaption figure h1 h2 h3 h4 "
        "h5 h6 hr html li main ol p pre section summary table tbody tfoot thead tr ul caption"
    )
)
_HEADINGS = ("h1", "h2", "h3")  # that name a section
_IN_CONTENT = frozenset({"article", "main", "section"})
_LINES = frozenset({"li", "tr", "dt", "dd"})  # blocks that stand on a line, and not between blank lines
_SELF_CLOSED = re.compile(r"<([A-Za-z][\w:.-]*)((?:\s[^<>]*)?)/>")
_VOID = frozenset(words("area base br col embed hr img input link meta source track wbr"))
_NEED_NO_END = _VOID | frozenset(
    words("p li dt dd tr td th tbody thead tfoot option colgroup html head body")
)
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)")
_MAX_OPEN = 10_000  # elements
_CDATA = "<![CDATA["
_WHITE = re.compile(r"[ \t\r\n\f\u200b]+")
_MAX_TITLE = 200
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


@dataclass(slots=True)
class Page:
    """The paragraphs of a page in order, its title, and the number of its images."""

    paragraphs: list[Paragraph] = field(default_factory=list)
    title: str = ""
    images: int = 0


@dataclass(slots=True)
class _Writer:
    """Collects text; a paragraph ends at a block."""

    page: Page
    place: int
    section: str = ""
    lines: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def end_line(self) -> None:
        line = _WHITE.sub(" ", "".join(self.open)).strip() if self.open else ""
        self.open.clear()
        if line:
            self.lines.append(line)

    def end_paragraph(self) -> None:
        self.end_line()
        if self.lines:
            text = "\n".join(self.lines)
            self.lines.clear()
            self.page.paragraphs.append(Paragraph(text, self.place, self.place, self.section))

    def keep(self, text: str) -> None:
        """Add the text of a `pre` as it stands."""
        self.end_paragraph()
        self.lines.extend(line.rstrip() for line in text.strip("\n").split("\n"))


def read_page(markup: str, place: int = 0, section: str = "", *, xml: bool = False) -> Page:
    """Return the running text of a page.

    Scripts, styles, navigation, headers, footers, asides, forms and what is hidden are left out; a header
    inside an article keeps its headings. Where the page has one `main` element, only that is read.

    Args:
        markup: the page.
        place: what the paragraphs carry as their place.
        section: their section up to the first heading.
        xml: whether the page is XHTML, in which `<a/>` is a whole element.

    Raises:
        RefusedError: `too_deep`, the page nests as no page does.
    """
    # Imported here: 35 ms that a source without pages need not pay.
    from selectolax.lexbor import LexborHTMLParser  # noqa: PLC0415

    markup = _closed(markup) if xml else markup
    if _nests_too_deep(markup):
        raise RefusedError("too_deep", f"more than {_MAX_OPEN} elements are open at once")
    tree = LexborHTMLParser(markup)
    page = Page()
    title = tree.css_first("head > title")
    page.title = _WHITE.sub(" ", title.text() or "").strip()[:_MAX_TITLE] if title is not None else ""
    mains = tree.css("main, [role=main]")
    root = mains[0] if len(mains) == 1 and mains[0].text(strip=True) else tree.body
    writer = _Writer(page, place, section)
    for event, node in _walk(root):
        _write(writer, event, node)
    writer.end_paragraph()
    return page


def _walk(root: Any) -> Iterator[tuple[str, Any]]:
    """Yield ("open" or "close", node) in document order; pages nest deeper than Python calls may."""
    if root is None:
        return
    stack: list[tuple[str, Any]] = [("open", root)]
    while stack:
        event, node = stack.pop()
        yield event, node
        if event == "close":
            continue
        if node.is_element_node:
            stack.append(("close", node))
        if node.tag == "pre" or _left_out(node):
            continue
        child = node.last_child
        while child is not None:
            stack.append(("open", child))
            child = child.prev


def _left_out(node: Any) -> bool:
    if not node.is_element_node:
        return False
    if node.tag in _LEFT_OUT:
        return not (node.tag == "header" and _in_content(node))
    attributes = node.attributes
    if "hidden" in attributes or attributes.get("aria-hidden") == "true":
        return True
    return _HIDDEN.search(attributes.get("style") or "") is not None


def _in_content(node: Any) -> bool:
    """Say whether a header stands inside an article, main or section, a few levels up."""
    parent = node.parent
    for _ in range(5):
        if parent is None:
            return False
        if parent.tag in _IN_CONTENT:
            return True
        parent = parent.parent
    return False


def _write(writer: _Writer, event: str, node: Any) -> None:
    if node.is_text_node:
        writer.open.append(node.text_content or "")
        return
    tag = node.tag
    if not node.is_element_node or _left_out(node) or tag in {"td", "th"}:
        writer.open.append(" ")
    elif tag == "br":
        writer.end_line()
    elif tag in {"img", "image"}:
        writer.page.images += event == "open"
    elif tag in _LINES or (tag in {"ul", "ol"} and node.parent.tag == "li"):
        writer.end_line()
        if tag == "li" and event == "open":
            writer.open.append("- ")
    elif tag in _BLOCKS:
        writer.end_paragraph()
        if event == "open":
            _open_block(writer, node)


def _open_block(writer: _Writer, node: Any) -> None:
    if node.tag == "pre":
        writer.keep(node.text() or "")
    elif node.tag in _HEADINGS:
        writer.section = _WHITE.sub(" ", node.text() or "").strip()[:_MAX_TITLE] or writer.section


def _nests_too_deep(markup: str) -> bool:
    """Say whether so many elements are open at once that parsing would take quadratic time."""
    depth = 0
    for match in _TAG.finditer(markup):
        if match[2].lower() not in _NEED_NO_END:
            depth += -1 if match[1] else 1
            if depth > _MAX_OPEN:
                return True
    return False


def _closed(markup: str) -> str:
    """Return XHTML as an HTML parser reads it: empty elements closed, CDATA sections as text."""

    def close(match: re.Match[str]) -> str:
        name = match[1]
        return match[0] if name.lower() in _VOID else f"<{name}{match[2]}></{name}>"

    pieces = markup.split(_CDATA)
    for k in range(1, len(pieces)):
        inside, end, after = pieces[k].partition("]]>")
        pieces[k] = inside.replace("&", "&amp;").replace("<", "&lt;") + after if end else _CDATA + pieces[k]
    return _SELF_CLOSED.sub(close, "".join(pieces))
