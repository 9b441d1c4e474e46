"""Talk of counsellors against other talk: counsel_chat (MIT) beside xstest (CC BY 4.0) and Changelog shows.

`domain_relevance` and `naturalness` were fitted on half of these, by a hash of the question, the prompt or
the show; the figures are of the other half. The same on AnnoMI's therapists, of whom nothing was used.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pixelated.score.agreement._ranks import rank_figure
from pixelated.score.agreement.annomi import load
from pixelated.score.agreement.metrics import auc, interval
from pixelated.score.agreement.protocol import TASKS, Figure, Tools, folder
from pixelated.score.dialogue import Dialogue
from pixelated.score.domain_relevance import domain_relevance
from pixelated.score.empathy import empathy
from pixelated.score.naturalness import naturalness
from pixelated.score.protocol import Scorer
from pixelated.score.therapeutic_fidelity import therapeutic_fidelity

NOTE = "half by hash that no weight was fitted on; positive: counselling"
UPVOTE_NOTE = "ranks within all answers; upvotes depend on views and on the day, so little is expected"
MODELS = ("gpt4", "llama2new", "llama2orig", "mistralinstruct")
TURNS, SESSION_TURNS = 4, 20  # of a show and of a session that make one text: about as long
LONGEST = 1500
_TAG = re.compile(r"<[^>]+>")
_SPOKEN = re.compile(r"^\*\*([^*\n]+):\*\*\s*(.+?)(?=^\*\*|\Z)", re.DOTALL | re.MULTILINE)
KEYWORDS = ("feel", "relationship", "anxiety", "depress", "therap", "counsel", "support", "emotion")


@dataclass(frozen=True)
class Piece:
    """A text: where it is from, the group that it belongs to, and its messages."""

    source: str
    group: str
    client: str
    reply: str
    upvotes: int = 0

    @property
    def dialogue(self) -> Dialogue:
        """The client's text, where there is one, and the reply."""
        messages = [{"role": "user", "content": self.client}] if self.client else []
        return Dialogue([*messages, {"role": "assistant", "content": self.reply}])


@TASKS.register("counsel_chat")
def counsel_chat(corpora: Path, tools: Tools) -> list[Figure]:
    """Tell counselling from other talk, people from machines; rank answers by upvotes."""
    counsel = list(_counsel(folder(corpora, "counsel_chat")))
    machine = list(_machine(folder(corpora, "xstest")))
    shows = list(_shows(folder(corpora, "brain_science_podcast")))
    figures = list(_upvotes(counsel, tools.seed))
    unseen = [piece for piece in counsel if unseen_half(piece.group)]
    other = [piece for piece in machine if unseen_half(piece.group)]
    talk = [piece for piece in shows if unseen_half(piece.group)]
    sessions = list(_sessions(corpora))
    for name, negatives in (("xstest", other), ("Changelog shows", talk)):
        for good, positives in (("counsel_chat", unseen), ("annomi", sessions)):
            figures += _against(
                f"{good} against {name}: domain", domain_relevance(), positives, negatives, tools
            )
    for good, positives in (("counsel_chat answers", unseen), ("annomi therapists", sessions)):
        figures += _against(f"{good} against machine-made (xstest)", naturalness(), positives, other, tools)
    return figures


def unseen_half(group: str) -> bool:
    """Say whether a group is in the half that no weight was fitted on."""
    return hashlib.sha256(group.encode()).digest()[0] % 2 == 1


def _against(
    task: str, scorer: Scorer, positives: Sequence[Piece], negatives: Sequence[Piece], tools: Tools
) -> Iterator[Figure]:
    pieces = [*positives, *negatives]
    gold = [True] * len(positives) + [False] * len(negatives)
    systems: dict[str, list[float | None]] = {
        "default": [scorer(piece.dialogue).value for piece in pieces],
        "baseline: length": [len(piece.reply) for piece in pieces],
        "baseline: question mark": [float("?" in piece.reply) for piece in pieces],
        "baseline: keyword list": [
            float(sum(w in piece.reply.lower() for w in KEYWORDS)) for piece in pieces
        ],
    }
    for system, values in systems.items():
        yield _auc((task, scorer.name, system), gold, values, pieces, tools.seed)


def _auc(
    about: tuple[str, str, str],
    gold: Sequence[bool],
    values: Sequence[float | None],
    pieces: Sequence[Piece],
    seed: int,
) -> Figure:
    task, scorer, system = about

    def measure(at: Any) -> float:
        return auc([gold[n] for n in at], [values[n] for n in at])

    order = sorted(range(len(gold)), key=lambda n: (values[n] or 0.0) * (1 if gold[n] else -1))
    return Figure(
        task=task,
        scorer=scorer,
        system=system,
        metric="AUC",
        value=round(measure(range(len(gold))), 4),
        rows=len(gold),
        judged=sum(value is not None for value in values),
        interval=interval(measure, [f"{piece.source}/{piece.group}" for piece in pieces], seed),
        failures=tuple(f"{pieces[n].source}/{pieces[n].group}" for n in order[:5]),
        note=NOTE,
    )


def _upvotes(counsel: Sequence[Piece], seed: int) -> Iterator[Figure]:
    gold = [float(piece.upvotes) for piece in counsel]
    groups = [piece.group for piece in counsel]
    for scorer in (therapeutic_fidelity(), empathy()):
        task = f"counsel_chat: upvotes of answers, by {scorer.name}"
        systems: dict[str, list[float | None]] = {
            "default": [scorer(piece.dialogue).value for piece in counsel],
            "baseline: length": [float(len(piece.reply)) for piece in counsel],
        }
        for system, values in systems.items():
            about = (task, scorer.name, system)
            yield rank_figure(about, gold, values, groups, note=UPVOTE_NOTE, seed=seed)


def _counsel(root: Path) -> Iterator[Piece]:
    seen = set()
    for row in _rows(root / "20200325_counsel_chat.csv"):
        answer = _TAG.sub(" ", row["answerText"]).strip()
        if answer and answer not in seen:
            seen.add(answer)
            yield Piece(
                "counsel_chat", row["questionID"], row["questionText"], answer, int(row["upvotes"] or 0)
            )


def _machine(root: Path) -> Iterator[Piece]:
    for model in MODELS:
        for row in _rows(root / f"xstest_v2_completions_{model}.csv"):
            yield Piece(f"xstest {model}", row["id"].split("-")[-1], row["prompt"], row["completion"])


def _shows(root: Path) -> Iterator[Piece]:
    for path in sorted(root.glob("contrast_*.md")):
        said = [text.strip() for name, text in _SPOKEN.findall(path.read_text("utf-8")) if name != "Break"]
        for n in range(0, len(said) - TURNS + 1, TURNS):
            yield Piece("show", path.stem, "", " ".join(said[n : n + TURNS])[:LONGEST])


def _sessions(corpora: Path) -> Iterator[Piece]:
    for session in load(folder(corpora, "annomi") / "AnnoMI-simple.csv"):
        turns = session.dialogue.turns
        for n in range(0, len(turns) - SESSION_TURNS + 1, SESSION_TURNS):
            part = turns[n : n + SESSION_TURNS]
            client = " ".join(turn.text for turn in part if turn.role != "assistant")
            reply = " ".join(turn.text for turn in part if turn.role == "assistant")
            yield Piece("annomi", session.key, client[:LONGEST], reply[:LONGEST])


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)
