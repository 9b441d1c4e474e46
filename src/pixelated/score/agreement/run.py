"""Runs the agreement tasks over a folder of corpora, one after the other, and keeps what each says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pixelated.core.sentence_model import installed, minilm
from pixelated.score.agreement.protocol import TASKS, AbsentError, Figure, Tools
from pixelated.score.protocol import USE


@dataclass
class Agreement:
    """The figures of one run, and why a task gave none."""

    figures: list[Figure] = field(default_factory=list)
    absent: dict[str, str] = field(default_factory=dict)

    @property
    def missed(self) -> list[Figure]:
        """The figures that fall short of what is required, where no other system of the row reaches it."""
        best: dict[tuple[str, str], Figure] = {}
        for figure in self.figures:
            if figure.least is None:
                continue
            key = (figure.task, f"{figure.metric} {figure.least}")
            known = best.get(key)
            if known is None or (figure.reached and not known.reached):
                best[key] = figure
        return [figure for figure in best.values() if not figure.reached]

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain data."""
        return {
            "use": USE,
            "figures": [asdict(figure) | {"reached": figure.reached} for figure in self.figures],
            "absent": dict(sorted(self.absent.items())),
            "missed": [f"{f.task}: {f.metric} {f.value} < {f.least}" for f in self.missed],
        }


def run_tasks(
    corpora: Path,
    names: Sequence[str] | None = None,
    *,
    seed: int = 0,
    embed: bool | None = None,
    told: Callable[[str], None] = lambda _: None,
) -> Agreement:
    """Run tasks (all, in order of their names) and return their figures.

    Args:
        corpora: folder of the labelled corpora.
        names: tasks; default all.
        seed: of folds and resampling.
        embed: whether the back end `embed` is measured; default: where it is installed.
        told: is called with the name of each task before it runs.
    """
    with_model = installed() if embed is None else embed
    tools = Tools(seed, minilm() if with_model else None)
    agreement = Agreement()
    for name in TASKS.names() if names is None else names:
        task = TASKS.get(name)
        told(name)
        try:
            agreement.figures += task(corpora, tools)
        except AbsentError as absent:
            agreement.absent[name] = str(absent)
    return agreement
