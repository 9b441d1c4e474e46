"""Charts as inline SVG: bars that stand in a table beside their figures, and histograms of scores.

The figures are always HTML text beside the drawing, so a chart reads the same at any width, in print
and to a screen reader; the drawing adds the comparison, never a number of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from pixelated.report.markup import Html, stated, tag
from pixelated.report.tables import Column, data_table, figure_columns
from pixelated.report.wording import is_number, number, share

HISTOGRAM_WIDTH, HISTOGRAM_HEIGHT = 240, 64
SMALLEST_BAR = 0.6  # per cent of the width: one record of a million still shows


def bar(part: float, target: float | None = None) -> Html:
    """Return a horizontal bar of `part` (0 to 1) with an optional tick at `target`."""
    width = 0.0 if part <= 0 else max(SMALLEST_BAR, min(100.0, 100 * part))
    shapes = [
        tag("rect", class_="track", x=0, y=3, width=100, height=6),
        tag("rect", class_="value", x=0, y=3, width=f"{width:.2f}", height=6),
    ]
    if target is not None:
        at = f"{100 * max(0.0, min(1.0, target)):.2f}"
        shapes.append(tag("line", class_="tick", x1=at, x2=at, y1=0, y2=12))
    return tag(
        "svg", *shapes, class_="bar", viewBox="0 0 100 12", preserveAspectRatio="none", aria_hidden="true"
    )


def split_chart(counts: dict[str, int | None]) -> Html | None:
    """Return records per split with their share of all."""
    total = sum(value or 0 for value in counts.values())
    body = [
        (name, bar((value or 0) / total if total else 0), number(value), share(value, total))
        for name, value in counts.items()
    ]
    columns = [Column("Split"), Column("", wide=True), *figure_columns("Records", "Share of all")]
    return data_table("Records per split", columns, body, css="chart")


def family_chart(counts: dict[str, int], required: int) -> Html | None:
    """Return records per family; below `required` records the state is said in words and by a mark."""
    largest = max(counts.values(), default=0)
    body = [
        (name, bar(value / largest if largest else 0), number(value), _family_state(value, required))
        for name, value in counts.items()
    ]
    columns = [Column("Family"), Column("", wide=True), Column("Records", figures=True), Column("State")]
    caption = f"Records per family in the shards; {required} are required of each"
    return data_table(caption, columns, body, css="chart")


def _family_state(value: int, required: int) -> Html:
    if value >= required:
        return stated("pass", "present")
    return stated("fail", "missing" if value == 0 else "partial")


def stage_chart(stages: dict[str, dict[str, object]]) -> Html | None:
    """Return target and achieved share per stage; the tick in a bar is the target.

    A stage whose `phase` is not "sft" has records and no share: the mix is of supervised stages.
    """
    body = []
    for name, stage in stages.items():
        target, achieved = _figure(stage.get("target")), _figure(stage.get("achieved"))
        records = number(stage.get("records", stage.get("conversations")))
        inside = stage.get("phase") in (None, "sft")
        reached = share(achieved) if inside else "not in the mix"
        drawing = bar(achieved or 0.0, target) if inside else None
        body.append((name, drawing, records, reached, share(target) if inside else ""))
    figures = figure_columns("Records", "Achieved share", "Target share")
    columns = [Column("Stage"), Column("", wide=True), *figures]
    caption = "Share of each stage in the mix of supervised stages; the tick is the target"
    return data_table(caption, columns, body, css="chart three")


def histogram(name: str, bins: Sequence[object], mean: object = None) -> Html | None:
    """Return a histogram of equal bins over 0 to 1, with a line at the mean, or None without figures."""
    heights = [_figure(value) or 0.0 for value in bins]
    top = max(heights, default=0.0)
    if top <= 0:
        return None
    step = HISTOGRAM_WIDTH / len(heights)
    shapes = [_column(k, value / top, step) for k, value in enumerate(heights) if value > 0]
    base = {"x1": 0, "x2": HISTOGRAM_WIDTH, "y1": HISTOGRAM_HEIGHT - 0.5, "y2": HISTOGRAM_HEIGHT - 0.5}
    shapes.append(tag("line", class_="axis", **base))
    at = _figure(mean)
    if at is not None and 0 <= at <= 1:
        x = f"{at * HISTOGRAM_WIDTH:.1f}"
        shapes.append(tag("line", class_="tick", x1=x, x2=x, y1=0, y2=HISTOGRAM_HEIGHT))
    mode = heights.index(top)
    label = (
        f"Histogram of {name}: {len(heights)} bins from 0 to 1; the fullest is "
        f"{mode / len(heights):.2f} to {(mode + 1) / len(heights):.2f} with {number(top)} records"
    )
    size = f"0 0 {HISTOGRAM_WIDTH} {HISTOGRAM_HEIGHT}"
    drawing = tag("svg", *shapes, class_="histogram", viewBox=size, role="img", aria_label=label)
    axis = tag("span", tag("span", "0"), tag("span", "1"), class_="axis-labels", aria_hidden="true")
    return tag("span", drawing, axis, class_="plot")


def _column(position: int, height: float, step: float) -> Html:
    tall = max(1.0, height * (HISTOGRAM_HEIGHT - 2))
    return tag(
        "rect",
        class_="value",
        x=f"{position * step + 0.5:.2f}",
        y=f"{HISTOGRAM_HEIGHT - tall:.2f}",
        width=f"{step - 1:.2f}",
        height=f"{tall:.2f}",
    )


def _figure(value: object) -> float | None:
    return float(str(value)) if is_number(value) else None
