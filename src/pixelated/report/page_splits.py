"""What the report says of the assignment to splits: shares that are off and why, and what had to move."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pixelated.report import facts
from pixelated.report.markup import Html, code, join, tag
from pixelated.report.tables import Column, data_table, figure_columns, text_columns
from pixelated.report.wording import number, share, visible


def split_tables(said: Mapping[str, Any]) -> list[tuple[str, Html | None]]:
    """Return headings and their content: shares that whole groups do not allow, and forced moves."""
    if not said:
        return []
    return [
        ("Shares of the splits, by stage and family", _shares(said)),
        ("Moved from another split", _moves(said)),
    ]


def _shares(said: Mapping[str, Any]) -> Html | None:
    strata, off = facts.table(said, "shares"), facts.rows(said, "off")
    within = len(strata) - len(off)
    words = (
        f"Outside holdouts, {within} of {len(strata)} strata (all records, each stage, each family) have "
        f"their shares within {share(said.get('tolerance'))} of the rows. No group is cut to meet a share."
    )
    columns = [Column("Off"), *figure_columns("Rows", "Train", "Val", "Test"), *text_columns("Largest group")]
    columns += [Column("Its rows", figures=True), Column("Why", wide=True)]
    table = data_table("Strata whose shares are further off", columns, [_off(row) for row in off])
    return join([tag("p", words), table])


def _off(row: Mapping[str, Any]) -> tuple[Html | str, ...]:
    shares = facts.table(row, "shares")
    return (
        visible(row.get("stratum", "?")),
        number(shares.get("rows")),
        *(share(shares.get(split)) for split in facts.SPLITS),
        code(row.get("group", "?")),
        number(row.get("group_rows")),
        visible(row.get("why", "?")),
    )


def _moves(said: Mapping[str, Any]) -> Html | None:
    moves = facts.rows(said, "moves")
    if not moves:
        return None
    moved = number(said.get("moved"))
    words = f"{moved} records left the split that an earlier run gave them; run.json lists all."
    columns = [*text_columns("Record", "From", "To"), Column("Why", wide=True)]
    body = [
        (
            code(m.get("id", "?")),
            visible(m.get("from", "?")),
            visible(m.get("to", "?")),
            visible(m.get("why", "?")),
        )
        for m in moves
    ]
    return join([tag("p", words), data_table("Records that had to move", columns, body)])
