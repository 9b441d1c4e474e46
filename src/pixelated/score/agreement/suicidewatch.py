"""Posts labelled with a severity from 0 to 6 by people (suicidewatch_cssrs7, CC BY 4.0): `crisis`.

No post was fitted on for the default; while its wordings were written, one half of the posts was
looked at (the last bit of SHA-256 of `post_id` is 0). The figure of the other half is given apart.
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
from pixelated.score.agreement.metrics import Values, recall_at
from pixelated.score.agreement.protocol import TASKS, Figure, Tools, folder
from pixelated.score.crisis import CLASSES, crisis, sample
from pixelated.score.dialogue import Dialogue
from pixelated.score.heads.head import Plan
from pixelated.score.targets import TARGETS

SEVERE, ALARMS = 3, 0.10
KEYWORDS = ("suicid", "kill myself", "end my life", "want to die", "end it all", "overdose", "pills", "plan")
DEFAULT, FITTED = (0.60, 0.80), (0.78, 0.90)


@TASKS.register("suicidewatch")
def severity(corpora: Path, tools: Tools) -> list[Figure]:
    """Recall of severity 3 and more at 10 % false alarms on level 0."""
    rows = load(corpora)
    wanted = _wanted(rows)
    values = judged(crisis(), rows)
    unfitted = replace(wanted, least=DEFAULT[0], aim=DEFAULT[1], note="no post was fitted on; all posts")
    unseen = replace(unfitted, note="no post was fitted on; the half never looked at")
    seen = replace(unfitted, note="no post was fitted on; the half that was looked at")
    other = [n for n, row in enumerate(rows) if half(row.id)]
    looked = [n for n, row in enumerate(rows) if not half(row.id)]
    found = [
        figure(unfitted, "default", rows, values, seed=tools.seed),
        figure(unseen, "default", rows, values, seed=tools.seed, at=other),
        figure(seen, "default", rows, values, seed=tools.seed, at=looked),
    ]
    fit_apart = replace(wanted, note="5 folds by post; only the half never looked at is measured")
    for name, fit in _fitted(rows, tools).items():
        found.append(figure(wanted, name, rows, fit, seed=tools.seed))
        if name.startswith("fitted"):  # its cues were written with the other half in view
            found.append(figure(fit_apart, name, rows, fit, seed=tools.seed, at=other))
    texts = [row.dialogue.turns[0].text for row in rows]
    found += [figure(wanted, name, rows, v, seed=tools.seed) for name, v in trivial(texts, KEYWORDS).items()]
    return found


def load(corpora: Path) -> list[Row]:
    """Return the posts as conversations of one client's turn."""
    path = folder(corpora, "suicidewatch_cssrs7") / "human_n_llm_labeled_posts.csv"
    with path.open(encoding="utf-8-sig", newline="") as source:
        return [
            Row(
                post["post_id"],
                post["post_id"],
                Dialogue([{"role": "user", "content": post["content"]}]),
                post["severity"],
            )
            for post in csv.DictReader(source)
        ]


def _wanted(rows: Sequence[Row]) -> Wanted:
    gold = [int(row.label) for row in rows]

    def measure(at: Sequence[int], values: Values) -> float:
        chosen = [values[n] for n in at]
        return recall_at([gold[n] >= SEVERE for n in at], chosen, [gold[n] == 0 for n in at], ALARMS)

    def wrong(n: int, value: float | None) -> float:
        if value is None:
            return 1.0
        return 1 - value if gold[n] >= SEVERE else value if gold[n] == 0 else 0.0

    return Wanted(
        task="suicidewatch: severity 3 and more against level 0",
        scorer="crisis",
        metric="recall at 10 % false alarms",
        measure=measure,
        wrong=wrong,
        least=FITTED[0],
        aim=FITTED[1],
        note="5 folds by post; the mean level expected",
    )


def _fitted(rows: Sequence[Row], tools: Tools) -> dict[str, list[float | None]]:
    weights = {name: int(name) / 6 for name in CLASSES}
    target = TARGETS.get("crisis/severity")
    samples = [sample(row.dialogue, 0) for row in rows]
    systems = {
        "fitted, fast": (samples, target.plan),
        "baseline: TF-IDF": (samples, Plan(words=("turn",))),
    }
    if tools.embedder is not None:
        systems["fitted, embed"] = (with_vectors(samples, target.vectors, tools), target.embed_plan)
    return {
        name: fitted(rows, seen, plan, weights, tools.seed) for name, (seen, plan) in sorted(systems.items())
    }
