"""ESConv (Liu et al. 2021): how the seeker rated the supporter's empathy after the conversation, 1 to 5.

CC BY-NC: measured on, nothing that ships was fitted or tuned on it. Nine of ten ratings are 4 or 5, so little
can be told apart; the figures are reported as they are.
"""

from __future__ import annotations

import json
from pathlib import Path

from pixelated.score.agreement._ranks import rank_figure
from pixelated.score.agreement.protocol import TASKS, Figure, Tools, folder
from pixelated.score.dialogue import Dialogue
from pixelated.score.emotional_authenticity import emotional_authenticity
from pixelated.score.empathy import empathy
from pixelated.score.therapeutic_fidelity import therapeutic_fidelity

FILES = ("train.txt", "valid.txt", "test.txt")
ROLES = {"sys": "assistant", "usr": "user"}  # the corpus calls the human supporter "sys"
NOTE = "one rating per conversation, by the seeker; nine of ten ratings are 4 or 5; nothing fitted"


@TASKS.register("esconv_ratings")
def esconv_ratings(corpora: Path, tools: Tools) -> list[Figure]:
    """Rank conversations by the empathy that the seeker felt."""
    rated = list(_rated(folder(corpora, "esconv")))
    dialogues, gold = [dialogue for dialogue, _ in rated], [rating for _, rating in rated]
    groups = [str(n) for n in range(len(rated))]
    figures = []
    for scorer in (empathy(), emotional_authenticity(), therapeutic_fidelity()):
        systems: dict[str, list[float | None]] = {
            "default": [scorer(dialogue).value for dialogue in dialogues],
            "baseline: length": [float(_words(dialogue)) for dialogue in dialogues],
            "baseline: question mark": [float(_questions(dialogue)) for dialogue in dialogues],
        }
        figures += [
            rank_figure(
                (f"esconv: empathy that the seeker rated, by {scorer.name}", scorer.name, system),
                gold,
                values,
                groups,
                note=NOTE,
                seed=tools.seed,
            )
            for system, values in systems.items()
        ]
    return figures


def _rated(root: Path) -> list[tuple[Dialogue, float]]:
    found = []
    for name in FILES:
        for line in (root / name).read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            rating = ((record.get("survey_score") or {}).get("seeker") or {}).get("empathy")
            if rating:
                turns = [
                    {"role": ROLES[turn["speaker"]], "content": turn["text"]} for turn in record["dialog"]
                ]
                found.append((Dialogue(turns), float(rating)))
    return found


def _words(dialogue: Dialogue) -> int:
    return sum(len(turn.words) for turn in dialogue.turns if turn.role == "assistant")


def _questions(dialogue: Dialogue) -> int:
    return sum("?" in turn.plain for turn in dialogue.turns if turn.role == "assistant")
