"""HTML from functions: text is escaped unless it is markup made here, so foreign strings stay inert."""

from __future__ import annotations

import html
from collections.abc import Iterable

from pixelated.report.wording import NOT_MEASURED, visible

# A line break after these keeps words of neighbours apart where a page is read as text.
_BLOCKS = frozenset(
    (
        *("article", "caption", "dd", "div", "dl", "dt", "details", "figcaption", "figure", "header", "li"),
        *("h1", "h2", "h3", "nav", "p", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead"),
        *("tr", "ul"),
    )
)
_SHAPES = ("rect", "line", "path", "circle")


class Html(str):
    """Markup made by this module: it is not escaped again."""

    __slots__ = ()


Child = str | int | float | None


def text(value: object) -> Html:
    """Return `value` escaped, or as it is where it is markup already."""
    return value if isinstance(value, Html) else Html(html.escape(visible(value)))


def tag(name: str, *children: Child, **attributes: object) -> Html:
    """Return an element; `class_` and `data_label` become `class` and `data-label`, None leaves one out."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(visible(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _SHAPES:
        return Html(f"<{name}{given}/>")
    return Html(f"<{name}{given}>{join(children)}</{name}>" + ("\n" if name in _BLOCKS else ""))


def join(children: Iterable[Child], between: str = "") -> Html:
    """Return the children one after the other; None is left out."""
    return Html(between.join(text(child) for child in children if child is not None))


def code(value: object) -> Html:
    """Return an identifier, path or command in a fixed-width face that may break anywhere."""
    return tag("code", visible(value))


def word(value: object) -> Html:
    """Return a name that may break after its underscores, as text."""
    return Html(text(value).replace("_", "_<wbr>"))


def bullets(items: Iterable[Child], **attributes: object) -> Html:
    """Return an unordered list."""
    return tag("ul", *(tag("li", item) for item in items), **attributes)


def facts_list(pairs: Iterable[tuple[Child, Child]], **attributes: object) -> Html:
    """Return a definition list of (term, value)."""
    return tag("dl", *(tag("div", tag("dt", term), tag("dd", value)) for term, value in pairs), **attributes)


def section(anchor: str, heading: str, *children: Child) -> Html:
    """Return a section with a heading of level 2; one without content says "not measured"."""
    content = [child for child in children if child is not None]
    body = content or [tag("p", NOT_MEASURED, class_="missing")]
    return tag("section", tag("h2", heading), *body, id=anchor, aria_label=heading)


def mark(state: str) -> Html:
    """Return the sign of a state ("pass", "fail", "unknown"): three shapes, so colour is not needed."""
    drawings = {
        "pass": '<circle cx="8" cy="8" r="7"/><path d="M4.6 8.3l2.3 2.3 4.5-4.9"/>',
        "fail": '<rect x="1" y="1" width="14" height="14" rx="2"/><path d="M5 5l6 6M11 5l-6 6"/>',
        "unknown": '<path class="outline" d="M8 1l7 7-7 7-7-7z"/><path d="M5.5 8h5"/>',
    }
    return Html(f'<svg class="mark {state}" viewBox="0 0 16 16" aria-hidden="true">{drawings[state]}</svg>')


def stated(state: str, words: Child) -> Html:
    """Return a mark and its words, in the colour of the state."""
    return tag("span", mark(state), " ", words, class_=f"state {state}")
