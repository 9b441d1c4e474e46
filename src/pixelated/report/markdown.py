"""Markdown from functions: foreign strings are escaped, so that no file name becomes markup in a card."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pixelated.report.wording import visible

_MARKUP = re.compile(r"([\\`*\[\]|~#!])|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


class Md(str):
    """Markdown made by this module: it is not escaped again."""

    __slots__ = ()


def prose(value: object) -> Md:
    """Return `value` with everything that Markdown or HTML would read as markup escaped."""
    if isinstance(value, Md):
        return value
    text = _MARKUP.sub(lambda m: "\\" + m.group(), visible(value))
    # a scheme would become a link by itself: a colon as an entity reads the same and links nothing
    text = "".join(_HTML.get(character, character) for character in text)
    return Md(text.replace("://", "&#58;//"))


def code(value: object) -> Md:
    """Return an identifier as a code span that also stands in a table cell."""
    return Md("`" + visible(value).replace("`", "'").replace("|", "\\|") + "`")


def bullets(items: Iterable[object]) -> Md:
    """Return an unordered list."""
    return Md("\n".join(f"- {prose(item)}" for item in items))


def table(headings: Sequence[str], body: Iterable[Sequence[object]], figures: int = 0) -> Md:
    """Return a table whose last `figures` columns are set to the right."""
    words = len(headings) - figures
    rule = ["---"] * words + ["---:"] * figures
    lines = [headings, rule, *([prose(cell) for cell in row] for row in body)]
    return Md("\n".join("| " + " | ".join(line) + " |" for line in lines))
