"""The page of the scorers: a card each, with its figures beside what it is compared with. Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pixelated.score.agreement.protocol import Figure
from pixelated.score.agreement.run import Agreement
from pixelated.score.protocol import SCORERS, USE, Scorer

HEADER = "| task | system | metric | figure | 95 % | judged | least / aim |\n|---|---|---|---|---|---|---|"
_PLACES = 3


def page(agreement: Agreement, *, more: Sequence[tuple[str, Sequence[Figure]]] = ()) -> str:
    """Return the page: what fell short, a card per scorer, and sections for figures of other areas.

    Args:
        agreement: the figures of the scorers.
        more: title and figures of further sections.
    """
    lines = [
        "# Scorers: what they measure and how far people agree",
        "",
        f"Scores are {USE}. Every figure below was measured by `make validate`",
        "on data that this project did not write, unless its row says so. Fitted figures come from folds",
        "cut by group; an abstention counts as an error; `judged` is the share of rows that got a score. A",
        "scorer without a row of agreement is experimental: it may not gate, weight or enter a composite by",
        "default.",
        "",
        *_short(agreement),
    ]
    for name in SCORERS.names():
        lines += _card(SCORERS.get(name)(), [f for f in agreement.figures if f.scorer == name])
    for title, figures in more:
        lines += [f"## {title}", "", *_table(figures), ""]
    if agreement.absent:
        lines += [
            "## Not measured",
            "",
            *(f"- `{n}`: {why}" for n, why in sorted(agreement.absent.items())),
            "",
        ]
    return "\n".join(lines).rstrip() + "\n"


def rows(figures: Iterable[Figure]) -> list[str]:
    """Return a row of a Markdown table per figure."""
    return [_row(figure) for figure in figures]


def _short(agreement: Agreement) -> list[str]:
    if not agreement.missed:
        return []
    missed = [
        f"- {f.task}, {f.metric}: {_number(f.value)}, required {_number(f.least)}" for f in agreement.missed
    ]
    return ["Below what is required:", "", *missed, ""]


def _card(scorer: Scorer, figures: Sequence[Figure]) -> list[str]:
    mark = " (experimental)" if scorer.experimental else ""
    lines = [
        f"## `{scorer.name}` version {scorer.version}{mark}",
        "",
        f"- Measures: {scorer.measures}",
        f"- Scale: {scorer.scale}; null where it cannot judge",
        f"- Basis: {scorer.basis}",
        f"- Limits: {scorer.limits}",
        f"- Use: {USE}",
        "",
    ]
    return [*lines, *_table(figures), ""]


def _table(figures: Sequence[Figure]) -> list[str]:
    if not figures:
        return ["No agreement was measured."]
    notes = sorted({(f.task, f.note) for f in figures if f.note})
    wrong = [
        (f.task, f.system, f.failures) for f in figures if f.failures and not f.system.startswith("baseline")
    ]
    lines = [HEADER, *rows(figures), ""]
    lines += [f"- {task}: {note}" for task, note in notes]
    lines += [
        f"- wrong, {task}, {system}: " + ", ".join(f"`{i}`" for i in ids) for task, system, ids in wrong
    ]
    return lines


def _row(figure: Figure) -> str:
    between = "" if figure.interval is None else "-".join(_number(v) for v in figure.interval)
    wanted = "" if figure.least is None else f"{_number(figure.least)} / {_number(figure.aim)}"
    wanted = f"at most {wanted}" if figure.at_most else wanted
    judged = f"{figure.judged / figure.rows:.0%} of {figure.rows:,}" if figure.rows else ""
    cells = [figure.task, figure.system, figure.metric, _number(figure.value), between, judged, wanted]
    return "| " + " | ".join(cells) + " |"


def _number(value: float | None) -> str:
    if value is None:
        return "not measured"
    text = f"{value:.{_PLACES}f}".rstrip("0").rstrip(".")
    return text.removeprefix("0") if text.startswith("0.") else text
