"""What an agreement task is: it reads one labelled corpus and returns figures, each with how it was measured.

A task is one file in this package:

    @TASKS.register("xstest")
    def refusal(corpora: Path, tools: Tools) -> list[Figure]:
        ...

The folder it reads lies under `corpora`; a task whose folder is absent raises `AbsentError`: its row says so.
Nothing is fitted on what it is measured on: a fitted figure comes from folds cut by group (`folds.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from pixelated.core.plugins import Registry


class Embedder(Protocol):
    """A model of sentences: `embed` returns one vector of unit length per text (float32, rows x width)."""

    name: str

    def embed(self, texts: Sequence[str]) -> np.ndarray[Any, np.dtype[np.float32]]:
        """Return the vectors of `texts`."""
        ...


@dataclass(frozen=True)
class Tools:
    """What a task may use: the embedding model where its extra is installed, the seed of folds and draws."""

    seed: int
    embedder: Embedder | None = None


@dataclass(frozen=True)
class Figure:
    """One measured figure.

    Attributes:
        task: what is told apart on which corpus, such as "xstest gpt4: refusal against compliance".
        scorer: the scorer it speaks of.
        system: "default", "fitted, fast", "fitted, embed", or "baseline: ..." for what it stands beside.
        metric: "macro-F1", "AUC", "agreement", "recall at 10 % false alarms" ...
        value: the figure, or None where it could not be measured; an abstention counts as an error in it.
        interval: 95 % interval by resampling groups, or None.
        rows: how many labelled rows there are.
        judged: how many the scorer judged; the rest are abstentions.
        least: the figure that is required, or None.
        aim: the figure that is aimed at, or None.
        at_most: whether a lower figure is better, `least` being the most there may be.
        failures: ids of rows that are wrong, a few of the most certain ones; never text.
        note: how it was measured (folds, groups, threshold).
    """

    task: str
    scorer: str
    system: str
    metric: str
    value: float | None
    rows: int
    judged: int
    interval: tuple[float, float] | None = None
    least: float | None = None
    aim: float | None = None
    failures: tuple[str, ...] = ()
    note: str = ""
    at_most: bool = False

    @property
    def reached(self) -> bool | None:
        """Whether the required figure is reached; None where none is required. Unmeasured is not reached."""
        if self.least is None:
            return None
        if self.value is None:
            return False
        return self.value <= self.least if self.at_most else self.value >= self.least


class AbsentError(Exception):
    """The corpus of a task is not on this machine."""


def folder(corpora: Path, name: str) -> Path:
    """Return the folder of a corpus, or raise `AbsentError`."""
    found = corpora / name
    if not found.is_dir():
        raise AbsentError(f"no folder {name} in the corpora")
    return found


Task = Callable[[Path, Tools], list[Figure]]

TASKS: Registry[Task] = Registry("agreement task", "pixelated.score.agreement")
