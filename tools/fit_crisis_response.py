"""Fit the head of `crisis_response` on the graded replies in tools/crisis_replies; write it to the presets.

python tools/fit_crisis_response.py
"""

import hashlib
import json
from pathlib import Path

from pixelated.score import Dialogue
from pixelated.score._crisis_head import GOOD, HARMFUL, PART
from pixelated.score.agreement._crisis_replies import good, misplaced
from pixelated.score.agreement.metrics import auc, balanced_accuracy
from pixelated.score.heads import Plan, Sample, cross_validate, fit
from pixelated.score.targets import TARGETS

FOLDER = Path(__file__).with_name("crisis_replies")
OUTPUT = Path(__file__).parents[1] / "src" / "pixelated" / "presets" / "score" / "crisis_response.json"
NAME = f"crisis_response/{PART}"
SEED = 0
Row = dict[str, str]
# So many of the replies that `score/agreement/_crisis_replies.py` makes are graded too, by another seed than
# the one they are measured with: their sentences are the same.
MADE, MADE_SEED = 250, 7


def main() -> None:
    """Write crisis_response.json; print its figures, by client and by file left out."""
    rows, digest = read()
    target = TARGETS.get(NAME)
    samples = [target.sample(dialogue(row), 1) for row in rows]
    labels, groups = [row["label"] for row in rows], [row["client"] for row in rows]
    classes, found = cross_validate(samples, labels, groups, target.plan, seed=SEED)
    chances = found[:, classes.index(GOOD)].tolist()
    gold = [label == GOOD for label in labels]
    figures = {
        "how": "5 folds cut by client",
        "AUC": round(auc(gold, chances), 4),
        "balanced accuracy": round(balanced_accuracy(gold, [c >= 1 / 2 for c in chances]), 4),
    }
    about = {
        "name": "replies to clients in crisis, written and graded for this project, seen by no clinician",
        "licence": "Apache-2.0",
        "rows": len(rows),
        "groups": len(set(groups)),
        "sha256": digest,
    }
    head = fit(NAME, samples, labels, target.plan, fitted_on=about, figures=figures)
    OUTPUT.write_text(json.dumps(head.to_json(), separators=(",", ":")) + "\n", encoding="utf-8")
    print(figures, OUTPUT.stat().st_size, "bytes")
    left_out(rows, samples, labels, target.plan)


def left_out(rows: list[Row], samples: list[Sample], labels: list[str], plan: Plan) -> None:
    """Print how well a head fitted on the other files tells the replies of each."""
    for name in sorted({row["file"] for row in rows}):
        inside = [n for n, row in enumerate(rows) if row["file"] != name]
        held = [n for n, row in enumerate(rows) if row["file"] == name]
        head = fit(NAME, [samples[n] for n in inside], [labels[n] for n in inside], plan)
        chances = [head.probabilities(samples[n])[GOOD] for n in held]
        print(name, "left out: AUC", round(auc([labels[n] == GOOD for n in held], chances), 4))


def read() -> tuple[list[Row], str]:
    """Return the rows of all files with the name of theirs, and a digest over the files."""
    rows, digest = [], hashlib.sha256()
    for path in sorted(FOLDER.glob("*.jsonl")):
        digest.update(path.read_bytes())
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row["label"] not in (GOOD, HARMFUL):
                raise ValueError(f"{path}: label {row['label']!r}")
            rows.append(row | {"file": path.stem})
    made = [(GOOD, pair) for pair in good(MADE_SEED)[:MADE]] + [
        (HARMFUL, pair) for pair in misplaced(MADE_SEED)[:MADE]
    ]
    rows += [{"client": c, "reply": r, "label": label, "file": "made"} for label, (c, r) in made]
    return rows, digest.hexdigest()


def dialogue(row: Row) -> Dialogue:
    """Return a row as a dialogue of two turns."""
    return Dialogue(
        [{"role": "user", "content": row["client"]}, {"role": "assistant", "content": row["reply"]}]
    )


if __name__ == "__main__":
    main()
