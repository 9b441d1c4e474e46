"""The report: one self-contained HTML page, no script, no request, readable on paper and at 390 px."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from string import Template
from typing import Any

from pixelated.report import facts, page_measures, page_overview, page_records
from pixelated.report.markup import join, tag, text

CONTENTS = (
    ("gates", "Gates"),
    ("steps", "Steps"),
    ("sources", "Sources"),
    ("quarantine", "Quarantined"),
    ("composition", "Composition"),
    ("scores", "Scores"),
    ("identifiers", "Identifiers"),
    ("duplicates", "Duplicates"),
    ("made", "How it was made"),
    ("next", "Next"),
)


def render_report(data: Mapping[str, Any]) -> str:
    """Return the page of a run as HTML text.

    Args:
        data: plain JSON-able figures of the run: `title`, `recipe`, `manifest`, `verdicts`, `steps`
            (in their order), `sources`, `quarantine`, `dropped`, `flags`, `fixed`, `pii`, `pii_status`,
            `scores`, `dedup`, `splits`, `stages`, `safety`, `edge_bypass`, `evaluation`, `release`, `next`,
            `planted`. A key that is missing makes its section say "not measured".

    Returns:
        HTML whose bytes depend on `data` alone. Times, durations and sizes in memory are not shown,
        so that two builds of one recipe have the same page.
    """
    template = files("pixelated") / "presets" / "report" / "page.html"
    page = Template(template.read_text(encoding="utf-8"))
    return page.substitute(title=text(f"{facts.title(data)} - dataset report"), body=_body(data))


def _body(data: Mapping[str, Any]) -> str:
    links = [tag("a", words, href=f"#{anchor}") for anchor, words in CONTENTS]
    parts = [
        page_overview.header(data),
        page_overview.balance(data),
        page_overview.gates(data),
        tag("nav", *links, aria_label="Contents"),
        page_overview.evidence(data),
        page_records.planted(data),
        page_records.steps(data),
        page_records.sources(data),
        page_records.quarantine(data),
        page_records.dropped(data),
        page_records.flags(data),
        page_records.repairs(data),
        page_measures.composition(data),
        page_measures.scores(data),
        page_measures.identifiers(data),
        page_measures.duplicates(data),
        page_measures.evaluation(data),
        page_measures.safety_filters(data),
        page_measures.edge_cases(data),
        page_measures.made(data),
        page_measures.next_step(data),
    ]
    claims = f"Scores: {facts.SCORE_CLAIM}. Identifiers: {facts.PII_CLAIM}."
    note = tag("footer", tag("p", claims, " This page holds ids and counts, and no text of any record."))
    return join([tag("main", *parts), note], "\n")
