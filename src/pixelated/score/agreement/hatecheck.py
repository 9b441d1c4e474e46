"""HateCheck (Rottger et al. 2021, CC BY 4.0): short texts from templates, hateful or not, for `toxicity`.

The rules are fitted on nothing. While they were written, the half of the templates was looked at where the
last bit of SHA-256 of `templ_id` is 0. Of the other half no text was read, but how often each kind was told
right, and why not, was: its figure is not that of data never used. Misspelt templates repeat others; the
folds of fitted heads keep them together with what they were made from.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pixelated.score.agreement._measured import (
    Row,
    Wanted,
    figure,
    fitted,
    half,
    judged,
    trivial,
    with_vectors,
)
from pixelated.score.agreement.metrics import Values, auc
from pixelated.score.agreement.protocol import TASKS, Figure, Tools, folder
from pixelated.score.dialogue import Dialogue
from pixelated.score.heads.head import Plan
from pixelated.score.targets import TARGETS
from pixelated.score.toxicity import HATEFUL, sample, toxicity

LEAST, AIM = 0.80, 0.90
UNREAD = "the half of the templates whose texts were not read; its figures by kind steered the rules"
KEYWORDS = (
    "hate",
    "disgust",
    "kill",
    "fuck",
    "scum",
    "trash",
    "stupid",
    "worthless",
    "die",
    "vermin",
    "rape",
)


@TASKS.register("hatecheck")
def hatred(corpora: Path, tools: Tools) -> list[Figure]:
    """Tell hateful from other texts, by the area under the curve."""
    rows, templates = load(corpora)
    values = judged(toxicity(), rows)
    wanted = _wanted(rows)
    unfitted = replace(wanted, note="fitted on nothing; all rows")
    unseen = replace(wanted, note=f"fitted on nothing; {UNREAD}")
    other = [n for n, template in enumerate(templates) if half(template)]
    found = [
        figure(unfitted, "default", rows, values, seed=tools.seed),
        figure(unseen, "default", rows, values, seed=tools.seed, at=other),
    ]
    fit_apart = replace(wanted, note=f"5 folds cut by template; measured on {UNREAD}")
    for name, fit in _fitted(rows, tools).items():
        found.append(figure(wanted, name, rows, fit, seed=tools.seed))
        if name.startswith("fitted"):  # its cues were written with the other half in view
            found.append(figure(fit_apart, name, rows, fit, seed=tools.seed, at=other))
    texts = [row.dialogue.turns[0].text for row in rows]
    found += [figure(wanted, name, rows, v, seed=tools.seed) for name, v in trivial(texts, KEYWORDS).items()]
    return found


def load(corpora: Path) -> tuple[list[Row], list[str]]:
    """Return the cases, each grouped by the template that it comes from, and the template of each."""
    path = folder(corpora, "hatecheck") / "test_suite_cases.csv"
    rows, templates = [], []
    with path.open(encoding="utf-8", newline="") as source:
        for case in csv.DictReader(source):
            dialogue = Dialogue([{"role": "user", "content": case["test_case"]}])
            origin = (case["ref_templ_id"] or case["templ_id"]).removesuffix(".0")
            rows.append(Row(case["case_id"], origin, dialogue, case["label_gold"]))
            templates.append(case["templ_id"])
    return rows, templates


def _wanted(rows: Sequence[Row]) -> Wanted:
    gold = [row.label == HATEFUL for row in rows]

    def measure(at: Sequence[int], values: Values) -> float:
        return auc([gold[n] for n in at], [values[n] for n in at])

    def wrong(n: int, value: float | None) -> float:
        if value is None:
            return 1.0
        return max(0.0, 0.5 - value if gold[n] else value - 0.5)

    return Wanted(
        task="hatecheck: hateful against not",
        scorer="toxicity",
        metric="AUC",
        measure=measure,
        wrong=wrong,
        least=LEAST,
        aim=AIM,
        note="5 folds cut by template",
    )


def _fitted(rows: Sequence[Row], tools: Tools) -> dict[str, list[float | None]]:
    target = TARGETS.get("toxicity/hate")
    samples = [sample(row.dialogue, 0) for row in rows]
    systems = {
        "fitted, fast": (samples, target.plan),
        "baseline: TF-IDF": (samples, Plan(words=("turn",))),
    }
    if tools.embedder is not None:
        plan = replace(target.plan, vectors=target.vectors)
        systems["fitted, embed"] = (with_vectors(samples, target.vectors, tools), plan)
    weights = {"non-hateful": 0.0, HATEFUL: 1.0}
    return {
        name: fitted(rows, seen, plan, weights, tools.seed) for name, (seen, plan) in sorted(systems.items())
    }
