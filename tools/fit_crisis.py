"""Fit the head of `crisis` that leans to danger where no wording names it; write it to the presets.

python tools/fit_crisis.py FOLDER_OF_CORPORA

It is fitted on the lines written for this project (but for the last set) and on sentences of CounselChat
(MIT) in which the ladder finds nothing: people in distress who speak of no danger.
"""

import csv
import hashlib
import json
import random
import re
import sys
from pathlib import Path

from pixelated.score import Dialogue
from pixelated.score._crisis import findings
from pixelated.score._crisis_lean import DANGER, NAME, OTHER, PLAN, Lean
from pixelated.score.agreement._crisis_replies import lines, more_lines
from pixelated.score.agreement.metrics import auc
from pixelated.score.heads import Sample, fit

OUTPUT = Path(__file__).parents[1] / "src" / "pixelated" / "presets" / "score" / "crisis_lean.json"
CALM, SEED, WORDS = 300, 0, (5, 50)
Row = tuple[str, str, str]  # text, label, set


def main(corpora: Path) -> None:
    """Write crisis_lean.json; print how it ranks each set of lines when fitted without it."""
    rows = read(corpora)
    fitted = [row for row in rows if row[2] != "last"]
    figures = {"how": "each set left out in turn", "AUC": left_out(rows)}
    about = {
        "name": "lines written for this project, seen by no clinician; sentences of CounselChat",
        "licence": "Apache-2.0; MIT",
        "rows": len(fitted),
        "groups": len(fitted),
        "sha256": hashlib.sha256("\n".join(text for text, _, _ in fitted).encode()).hexdigest(),
    }
    head = fit(NAME, samples(fitted), [row[1] for row in fitted], PLAN, fitted_on=about, figures=figures)
    OUTPUT.write_text(json.dumps(head.to_json(), separators=(",", ":")) + "\n", encoding="utf-8")
    print(figures, OUTPUT.stat().st_size, "bytes")


def left_out(rows: list[Row]) -> dict[str, float]:
    """Return for each set of lines how a head fitted without it (and without the last set) ranks it."""
    found = {}
    for name in sorted({row[2] for row in rows} - {"calm"}):
        inside = [row for row in rows if row[2] not in (name, "last")]
        held = [row for row in rows if row[2] == name]
        head = fit(NAME, samples(inside), [row[1] for row in inside], PLAN)
        lean = Lean(head)
        chances = [lean.chance(Dialogue([message(text)]).turns[0].words) for text, _, _ in held]
        found[name] = round(auc([row[1] == DANGER for row in held], chances), 4)
    return found


def samples(rows: list[Row]) -> list[Sample]:
    """Return what the head sees of the rows."""
    turns = [Dialogue([message(text)]).turns[0] for text, _, _ in rows]
    return [Sample(texts={"turn": " ".join(turn.words)}) for turn in turns]


def message(text: str) -> dict[str, str]:
    """Return a client's turn."""
    return {"role": "user", "content": text}


def read(corpora: Path) -> list[Row]:
    """Return all rows."""
    label = {True: DANGER, False: OTHER}
    rows = [(one["text"], label[one["in_crisis"]], "first") for one in lines()]
    for name, given in more_lines().items():
        rows += [(one["text"], label[one["in_crisis"]], name) for one in given]
    return rows + [(text, OTHER, "calm") for text in calm(corpora)]


def calm(corpora: Path) -> list[str]:
    """Return pairs of sentences of people who ask a counsellor, in which no danger is named."""
    with (corpora / "counsel_chat" / "20200325_counsel_chat.csv").open(
        encoding="utf-8", newline=""
    ) as source:
        asked = sorted({row["questionText"] or "" for row in csv.DictReader(source)})
    parts = [re.split(r"(?<=[.!?])\s+", text) for text in asked]
    texts = [" ".join(part[n : n + 2]).strip() for part in parts for n in range(0, len(part), 2)]
    texts = [text for text in texts if WORDS[0] <= len(text.split()) <= WORDS[1] and harmless(text)]
    return random.Random(SEED).sample(texts, CALM)  # noqa: S311 - no secret


def harmless(text: str) -> bool:
    """Whether the ladder finds nothing in a text."""
    return not findings(Dialogue([message(text)]).turns[0].plain)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
