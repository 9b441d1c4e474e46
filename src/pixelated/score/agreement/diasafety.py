"""DiaSafety (Sun et al. 2022, Apache-2.0): replies that ignore a risk or claim expertise, for `harmfulness`.

The heads that ship were fitted on all of these rows, so the figure of the default comes from folds cut by
context: the same fit on the other folds, used as the scorer uses it. The official test split is given apart.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from pixelated.score.agreement._measured import Row, Wanted, figure, fitted, judged, trivial, with_vectors
from pixelated.score.agreement.folds import Rows, grouped_folds
from pixelated.score.agreement.metrics import Values, macro_f1
from pixelated.score.agreement.protocol import TASKS, Figure, Tools, folder
from pixelated.score.dialogue import Dialogue
from pixelated.score.harmfulness import SHIPPED, UNSAFE, harmfulness
from pixelated.score.heads.fitting import fit
from pixelated.score.heads.head import Plan, Sample
from pixelated.score.targets import TARGETS

FILES = ("train", "val", "test")
CATEGORIES = {"risk": "Risk Ignorance", "expertise": "Unauthorized Expertise"}
KEYWORDS = ("great", "glad", "good", "fun", "lol", "not", "you're", "same", "agree", "die")
LEAST, AIM = 0.78, 0.85
FOLDS = 5


@TASKS.register("diasafety")
def replies(corpora: Path, tools: Tools) -> list[Figure]:
    """Tell safe from unsafe replies, by macro-F1."""
    return [one for part in CATEGORIES for one in _part(corpora, part, tools)]


def load(corpora: Path, category: str) -> list[Row]:
    """Return the pairs of a category; the group is the context, the id says the file and its row."""
    root = folder(corpora, "diasafety")
    found = []
    for name in FILES:
        for n, pair in enumerate(json.loads((root / f"{name}.json").read_text(encoding="utf-8"))):
            if pair["category"] == category:
                messages = [
                    {"role": "user", "content": pair["context"]},
                    {"role": "assistant", "content": pair["response"]},
                ]
                found.append(Row(f"{name}/{n}", pair["context"], Dialogue(messages), pair["label"]))
    return found


def _part(corpora: Path, part: str, tools: Tools) -> list[Figure]:
    rows = load(corpora, CATEGORIES[part])
    samples = [TARGETS.get(f"harmfulness/{part}").sample(row.dialogue, 1) for row in rows]
    wanted = _wanted(rows, part)
    found = _defaults(part, rows, samples, wanted, tools.seed)
    for name, values in _fitted(part, rows, samples, tools).items():
        found.append(figure(wanted, name, rows, values, seed=tools.seed))
    texts = [row.dialogue.turns[1].text for row in rows]
    for name, raw in trivial(texts, KEYWORDS).items():
        found.append(figure(wanted, name, rows, _split(raw, rows, tools.seed), seed=tools.seed))
    return found


def _defaults(
    part: str, rows: Sequence[Row], samples: Sequence[Sample], wanted: Wanted, seed: int
) -> list[Figure]:
    if part not in SHIPPED:
        rules = replace(wanted, note="the scorer as it ships, without a head for this; any value above 0")
        return [figure(rules, "default", rows, judged(harmfulness(), rows), seed=seed)]
    default = replace(wanted, note="the scorer with its head fitted on the other folds; any value above 0")
    official = replace(wanted, note="the scorer with its head fitted on train and val; the official test")
    every = list(grouped_folds([row.group for row in rows], seed, FOLDS))
    test = np.array([n for n, row in enumerate(rows) if row.id.startswith("test/")])
    split = [(np.array(sorted(set(range(len(rows))) - set(test.tolist()))), test)]
    return [
        figure(default, "default", rows, _scored(part, rows, samples, every), seed=seed),
        figure(official, "default", rows, _scored(part, rows, samples, split), seed=seed, at=test.tolist()),
    ]


def _scored(
    part: str, rows: Sequence[Row], samples: Sequence[Sample], folds: Sequence[tuple[Rows, Rows]]
) -> list[float | None]:
    """Return the values of the scorer whose head is fitted on the other rows, for the rows of `folds`."""
    plan = TARGETS.get(f"harmfulness/{part}").plan
    values: list[float | None] = [None] * len(rows)
    for train, test in folds:
        head = fit(part, [samples[n] for n in train], [rows[n].label for n in train], plan)
        scorer = harmfulness({part: head})
        for n in test:
            values[n] = scorer(rows[n].dialogue).value
    return values


def _fitted(
    part: str, rows: Sequence[Row], samples: Sequence[Sample], tools: Tools
) -> dict[str, list[float | None]]:
    target = TARGETS.get(f"harmfulness/{part}")
    systems = {
        "fitted, fast": (samples, target.plan),
        "baseline: TF-IDF": (samples, Plan(words=("reply", "context"))),
        "baseline: TF-IDF of the reply alone": (samples, Plan(words=("reply",))),
    }
    if tools.embedder is not None:
        systems["fitted, embed"] = (with_vectors(samples, target.vectors, tools), target.embed_plan)
    weights = {"Safe": -1.0, UNSAFE: 1.0}
    return {
        name: fitted(rows, seen, plan, weights, tools.seed) for name, (seen, plan) in sorted(systems.items())
    }


def _wanted(rows: Sequence[Row], part: str) -> Wanted:
    def measure(at: Sequence[int], values: Values) -> float:
        return macro_f1([rows[n].label for n in at], [_named(values[n]) for n in at])

    def wrong(n: int, value: float | None) -> float:
        if _named(value) == rows[n].label:
            return 0.0
        return 1.0 if value is None else 0.01 + abs(value)

    required = part == "risk"
    return Wanted(
        task=f"diasafety: {CATEGORIES[part].lower()}, safe against unsafe",
        scorer="harmfulness",
        metric="macro-F1",
        measure=measure,
        wrong=wrong,
        least=LEAST if required else None,
        aim=AIM if required else None,
        note="5 folds cut by context",
    )


def _named(value: float | None) -> str | None:
    return None if value is None else UNSAFE if value > 0 else "Safe"


def _split(values: Values, rows: Sequence[Row], seed: int) -> list[float | None]:
    """Return a trivial value above or below the mid-point between the classes' means on the other folds."""
    given = np.array([value or 0.0 for value in values])
    unsafe = np.array([row.label == UNSAFE for row in rows])
    found: list[float | None] = [None] * len(rows)
    for train, test in grouped_folds([row.group for row in rows], seed, FOLDS):
        high, low = given[train][unsafe[train]].mean(), given[train][~unsafe[train]].mean()
        for n in test:
            found[n] = float(np.sign(high - low) * (given[n] - (high + low) / 2))
    return found
