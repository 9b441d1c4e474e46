"""EPITOME (Sharma et al. 2020): levels of three mechanisms of empathy in 3,084 replies of peer support.

Non-commercial research data: measured on, nothing that ships was fitted or tuned on it. The files of the
three mechanisms are read each for itself: every row has one label there, the repeats and their conflicting
levels included. Replies to the same seeker's post stay in one fold.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from pixelated.score.agreement._classes import (
    Labelled,
    Wanted,
    baseline_figures,
    class_figure,
    fitted_figure,
    held_out,
)
from pixelated.score.agreement.protocol import TASKS, Figure, Tools, folder
from pixelated.score.dialogue import Dialogue
from pixelated.score.empathy import levels, sample
from pixelated.score.targets import TARGETS

FILES = {
    "emotional_reaction": ("emotional-reactions-reddit.csv", (0.55, 0.75), (0.73, 0.75)),
    "interpretation": ("interpretations-reddit.csv", (0.42, 0.63), (0.57, 0.63)),
    "exploration": ("explorations-reddit.csv", (0.55, 0.73), (0.68, 0.73)),
}
# What a list of keywords would look for.
KEYWORDS = (
    "sorry",
    "understand",
    "feel",
    "hope",
    "hug",
    "sounds like",
    "here for you",
    "relate",
    "been there",
)
NOTE = "5 folds cut by seeker post; default fitted on nothing; least and aim differ by system"


@TASKS.register("epitome")
def epitome(corpora: Path, tools: Tools) -> list[Figure]:
    """Tell the three levels of each mechanism apart."""
    root = folder(corpora, "epitome")
    return [figure for name in FILES for figure in _mechanism(root, name, tools)]


def _mechanism(root: Path, name: str, tools: Tools) -> Iterator[Figure]:
    file, (least, aim), (least_fitted, aim_fitted) = FILES[name]
    dialogues, rows = _load(root / file)
    task, scorer = f"epitome: {name.replace('_', ' ')}, levels 0 to 2", "empathy"
    unfitted = Wanted(f"{task}, default", scorer, least, aim, NOTE)
    guesses = [str(levels(dialogue.turns[1])[name]) for dialogue in dialogues]
    yield class_figure(unfitted, "default", rows, guesses, seed=tools.seed)
    wanted = Wanted(task, scorer, least_fitted, aim_fitted, NOTE)
    target = TARGETS.get(f"empathy/{name}")
    for made in held_out(target, rows, tools):
        yield fitted_figure(wanted, made, rows, tools.seed)
    yield from baseline_figures(wanted, rows, KEYWORDS, tools)


def _load(path: Path) -> tuple[list[Dialogue], Labelled]:
    read = list(_rows(path))
    dialogues = [_dialogue(row) for row in read]
    return dialogues, Labelled(
        samples=[sample(dialogue, 1) for dialogue in dialogues],
        labels=[row["level"] for row in read],
        groups=[row["sp_id"] for row in read],
        ids=[f"{row['sp_id']}/{row['rp_id']}" for row in read],
    )


def _rows(path: Path) -> Iterator[Mapping[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def _dialogue(row: Mapping[str, str]) -> Dialogue:
    return Dialogue(
        [
            {"role": "user", "content": row["seeker_post"]},
            {"role": "assistant", "content": row["response_post"]},
        ]
    )
