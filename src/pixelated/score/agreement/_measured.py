"""Figures of a scorer's values: one measure over labelled rows, for every system alike."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pixelated.score.agreement.metrics import Values, interval
from pixelated.score.agreement.protocol import Figure, Tools
from pixelated.score.dialogue import Dialogue
from pixelated.score.heads.fitting import cross_validate
from pixelated.score.heads.head import Array, Plan, Sample
from pixelated.score.protocol import Scorer

FOLDS = 5
SHOWN = 5  # failures named
Measure = Callable[[Sequence[int], Values], float]


@dataclass(frozen=True)
class Row:
    """A labelled row: its id, the group that stays in one fold, its messages and its label."""

    id: str
    group: str
    dialogue: Dialogue
    label: str


@dataclass(frozen=True)
class Wanted:
    """What a row of the table asks: `measure` maps positions of rows and the values of all rows to a figure.

    `wrong` maps a row's position and value to how wrong it is (0 or less: right), for the failures named.
    """

    task: str
    scorer: str
    metric: str
    measure: Measure
    wrong: Callable[[int, float | None], float]
    least: float | None = None
    aim: float | None = None
    note: str = ""


def judged(scorer: Scorer, rows: Sequence[Row]) -> list[float | None]:
    """Return the scorer's value of every row."""
    return [scorer(row.dialogue).value for row in rows]


def figure(
    wanted: Wanted,
    system: str,
    rows: Sequence[Row],
    values: Values,
    *,
    seed: int,
    at: Sequence[int] | None = None,
) -> Figure:
    """Return a figure over the rows at positions `at`; a baseline has nothing to reach."""
    chosen = np.arange(len(rows)) if at is None else np.array(list(at))
    required = not system.startswith("baseline")
    wrong = [(wanted.wrong(int(n), values[n]), rows[n].id) for n in chosen]
    worst = sorted((pair for pair in wrong if pair[0] > 0), key=lambda pair: (-pair[0], pair[1]))
    value = wanted.measure(chosen.tolist(), values)
    return Figure(
        task=wanted.task,
        scorer=wanted.scorer,
        system=system,
        metric=wanted.metric,
        value=None if math.isnan(value) else round(value, 4),
        rows=len(chosen),
        judged=sum(values[n] is not None for n in chosen),
        interval=interval(
            lambda drawn: wanted.measure(chosen[drawn].tolist(), values),
            [rows[n].group for n in chosen],
            seed,
        ),
        least=wanted.least if required else None,
        aim=wanted.aim if required else None,
        failures=tuple(name for _, name in worst[:SHOWN]) if required else (),
        note=wanted.note,
    )


def fitted(
    rows: Sequence[Row],
    samples: Sequence[Sample],
    plan: Plan,
    weights: Mapping[str, float],
    seed: int,
) -> list[float | None]:
    """Return for each row the mean of `weights` over the classes, by heads fitted on the other groups."""
    labels, groups = [row.label for row in rows], [row.group for row in rows]
    classes, chances = cross_validate(samples, labels, groups, plan, seed=seed, folds=FOLDS)
    means: Array = chances @ np.array([weights[name] for name in classes])
    return [float(mean) for mean in means]


def with_vectors(samples: Sequence[Sample], fields: Iterable[str], tools: Tools) -> list[Sample]:
    """Return the samples with the embeddings of their fields."""
    if tools.embedder is None:
        raise ValueError("there is no embedding model")
    made = {
        name: np.asarray(tools.embedder.embed([s.texts.get(name, "") for s in samples]), np.float64)
        for name in fields
    }
    return [
        replace(one, vectors={name: vectors[n] for name, vectors in made.items()})
        for n, one in enumerate(samples)
    ]


def half(name: str) -> int:
    """Return 0 for the half of the ids that was looked at while a default was written, 1 for the other."""
    return hashlib.sha256(name.encode()).digest()[-1] % 2


def trivial(texts: Sequence[str], keywords: Sequence[str]) -> dict[str, list[float | None]]:
    """Return the values of the trivial baselines that need no fitting."""
    lowered = [text.lower() for text in texts]
    return {
        "baseline: length": [float(len(text)) for text in texts],
        "baseline: question mark": [float("?" in text) for text in texts],
        "baseline: keyword list": [float(sum(word in text for word in keywords)) for text in lowered],
    }
