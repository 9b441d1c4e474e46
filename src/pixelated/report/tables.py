"""Tables with captions and header cells; on a narrow screen each row becomes a block of labelled values.

The explicit roles are there because a browser forgets that a table is one once CSS lays it out as blocks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pixelated.report.markup import Child, Html, tag

FEW_COLUMNS, MANY_COLUMNS = 2, 6


@dataclass(frozen=True)
class Column:
    """One column: its heading, and whether it holds figures (set to the right) or a wide value."""

    heading: str
    figures: bool = False
    wide: bool = False

    @property
    def css(self) -> str | None:
        """Return the column's class."""
        return "figure" if self.figures else "wide" if self.wide else None


def text_columns(*headings: str) -> list[Column]:
    """Return columns of text."""
    return [Column(heading) for heading in headings]


def figure_columns(*headings: str) -> list[Column]:
    """Return columns of figures."""
    return [Column(heading, figures=True) for heading in headings]


def data_table(
    caption: str,
    columns: Sequence[Column],
    body: Iterable[Sequence[Child]],
    total: Sequence[Child] | None = None,
    css: str = "",
) -> Html | None:
    """Return a table whose first column heads its rows, or None where there is no row."""
    lines = [_row(columns, row) for row in body]
    if not lines:
        return None
    heads = [tag("th", c.heading, scope="col", role="columnheader", class_=c.css) for c in columns]
    parts = [
        tag("caption", caption),
        tag("thead", tag("tr", *heads, role="row"), role="rowgroup"),
        tag("tbody", *lines, role="rowgroup"),
    ]
    if total is not None:
        parts.append(tag("tfoot", _row(columns, total), role="rowgroup"))
    return tag("table", *parts, role="table", class_=f"{css} {_size(len(columns))}".strip() or None)


def _size(columns: int) -> str:
    # how a row is laid out as a block on a narrow screen depends on how much it holds
    return "two" if columns <= FEW_COLUMNS else "many" if columns >= MANY_COLUMNS else ""


def _row(columns: Sequence[Column], values: Sequence[Child]) -> Html:
    head, *rest = zip(columns, values, strict=True)
    cells = [tag("th", head[1], scope="row", role="rowheader", class_=head[0].css)]
    cells += [tag("td", v, role="cell", class_=c.css, data_label=c.heading) for c, v in rest]
    return tag("tr", *cells, role="row")
