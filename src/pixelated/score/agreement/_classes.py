"""Figures of a classified turn: the shipped default, fitted heads and trivial baselines on the same folds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pixelated.score.agreement.metrics import interval, macro_f1
from pixelated.score.agreement.protocol import Figure, Tools
from pixelated.score.heads.fitting import cross_validate
from pixelated.score.heads.head import Array, Plan, Sample
from pixelated.score.targets import Target

FOLDS = 5
SHOWN = 5  # failures named


@dataclass(frozen=True)
class Labelled:
    """Labelled turns of a corpus: what a head sees, the label, the group and the id of each."""

    samples: Sequence[Sample]
    labels: Sequence[str]
    groups: Sequence[str]
    ids: Sequence[str]


@dataclass(frozen=True)
class Wanted:
    """What a row is called and what is asked of it."""

    task: str
    scorer: str
    least: float | None
    aim: float | None
    note: str


def class_figure(
    wanted: Wanted,
    system: str,
    rows: Labelled,
    guesses: Sequence[str | None],
    *,
    seed: int,
    sure: Array | None = None,
) -> Figure:
    """Return the macro-F1 of guesses; None is an abstention. `sure` orders the failures, the surest first."""
    gold, found = np.array(list(rows.labels)), np.array(list(guesses), dtype=object)
    wrong = np.flatnonzero(gold != found)
    if sure is not None:
        wrong = wrong[np.argsort(-sure[wrong], kind="stable")]
    required = not system.startswith("baseline")
    return Figure(
        task=wanted.task,
        scorer=wanted.scorer,
        system=system,
        metric="macro-F1",
        value=round(macro_f1(gold.tolist(), found.tolist()), 4),
        rows=len(gold),
        judged=sum(guess is not None for guess in guesses),
        interval=interval(lambda at: macro_f1(gold[at].tolist(), found[at].tolist()), rows.groups, seed),
        least=wanted.least if required else None,
        aim=wanted.aim if required else None,
        failures=tuple(rows.ids[n] for n in wrong[:SHOWN]) if required else (),
        note=wanted.note,
    )


@dataclass(frozen=True)
class HeldOut:
    """What heads fitted on other groups say of each row: probabilities of the classes."""

    system: str
    classes: Sequence[str]
    found: Array

    @property
    def guesses(self) -> list[str]:
        """The likeliest class of each row."""
        return [self.classes[n] for n in self.found.argmax(axis=1)]


def held_out(target: Target, rows: Labelled, tools: Tools) -> list[HeldOut]:
    """Fit heads by folds: the back end fast, and embed where there is an embedding model."""
    made = [_by_folds("fitted, fast", rows, target.plan, tools.seed)]
    vectors = _embedded(target, rows.samples, tools)
    if vectors:
        samples = [
            replace(sample, vectors={name: table[n] for name, table in vectors.items()})
            for n, sample in enumerate(rows.samples)
        ]
        plan = target.embed_plan
        made.append(_by_folds("fitted, embed", replace(rows, samples=samples), plan, tools.seed))
    return made


def fitted_figure(wanted: Wanted, made: HeldOut, rows: Labelled, seed: int) -> Figure:
    """Return the macro-F1 of heads fitted on other groups."""
    return class_figure(wanted, made.system, rows, made.guesses, seed=seed, sure=made.found.max(axis=1))


def baseline_figures(
    wanted: Wanted, rows: Labelled, keywords: Sequence[str], tools: Tools, text: str = "reply"
) -> list[Figure]:
    """Return the figures of the trivial baselines: each is a head of its own on the same folds."""
    seen = [
        Sample({text: sample.texts[text]}, _trivial(sample.texts[text], keywords)) for sample in rows.samples
    ]
    systems = []
    for name in ("length", "question mark", "keyword list"):
        samples = [Sample(numbers={name: sample.numbers[name]}) for sample in seen]
        systems.append((name, samples, Plan(numbers=True, number_scale=1.0)))
    systems.append(("TF-IDF", seen, Plan(words=(text,))))
    return [
        fitted_figure(
            wanted,
            _by_folds(f"baseline: {name}", replace(rows, samples=samples), plan, tools.seed),
            rows,
            tools.seed,
        )
        for name, samples, plan in systems
    ]


def _embedded(target: Target, samples: Sequence[Sample], tools: Tools) -> dict[str, Array]:
    if tools.embedder is None:
        return {}
    found = {}
    for name in target.vectors:
        texts = [sample.texts.get(name, "") for sample in samples]
        once = sorted(set(texts))
        at = {text: n for n, text in enumerate(once)}
        made = np.asarray(tools.embedder.embed(once), np.float64)
        found[name] = made[[at[text] for text in texts]]
    return found


def _by_folds(system: str, rows: Labelled, plan: Plan, seed: int) -> HeldOut:
    classes, found = cross_validate(rows.samples, rows.labels, rows.groups, plan, seed=seed, folds=FOLDS)
    return HeldOut(system, classes, found)


def _trivial(text: str, keywords: Sequence[str]) -> dict[str, float]:
    lowered = text.lower()
    return {
        "length": math.log1p(len(text)),
        "question mark": float("?" in text),
        "keyword list": float(sum(word in lowered for word in keywords)),
    }
