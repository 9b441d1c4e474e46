"""Figures of a rank correlation between a scorer and a number that people gave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pixelated.score.agreement.metrics import interval, spearman
from pixelated.score.agreement.protocol import Figure


def rank_figure(
    about: tuple[str, str, str],
    gold: Sequence[float],
    values: Sequence[float | None],
    groups: Sequence[str],
    *,
    note: str,
    seed: int,
) -> Figure:
    """Return the Spearman correlation of values with numbers of people.

    Args:
        about: task, scorer and system.
        gold: what people gave.
        values: what the scorer gave, None where it abstained.
        groups: rows of one group are drawn together for the interval.
        note: how it was measured.
        seed: of the draws.
    """
    task, scorer, system = about

    def measure(at: Any) -> float:
        return spearman([gold[n] for n in at], [values[n] for n in at])

    return Figure(
        task=task,
        scorer=scorer,
        system=system,
        metric="Spearman",
        value=round(measure(range(len(gold))), 4),
        rows=len(gold),
        judged=sum(value is not None for value in values),
        interval=interval(measure, groups, seed),
        note=note,
    )
