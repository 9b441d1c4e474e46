"""AnnoMI (Wu et al. 2022): 133 sessions of motivational interviewing, good and bad, with behaviours.

Without a licence: measured on, nothing that ships was fitted or tuned on it. Transcripts of one video stay in
one fold. `AnnoMI-simple.csv` holds one line per utterance; each is a turn, nothing is merged.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from pixelated.score._behaviours import OTHER, Behaviour, behaviours, is_signal
from pixelated.score.agreement._classes import (
    SHOWN,
    HeldOut,
    Labelled,
    Wanted,
    baseline_figures,
    class_figure,
    fitted_figure,
    held_out,
)
from pixelated.score.agreement.metrics import auc, interval
from pixelated.score.agreement.protocol import TASKS, Figure, Tools, folder
from pixelated.score.dialogue import Dialogue
from pixelated.score.empathy import empathy
from pixelated.score.mi_quality import TARGET, consistent_share, counted, expected, mi_quality, sample
from pixelated.score.targets import TARGETS
from pixelated.score.therapeutic_fidelity import therapeutic_fidelity

KEYWORDS = ("should", "need to", "have to", "sounds like", "feel", "tell me", "okay", "percent", "help")
ORDERS = ("should", "need to", "have to", "must")
NOTE = "5 folds cut by video; one turn per utterance; default fitted on nothing"
TASK = "annomi: therapist behaviour, 4 classes"
BEHAVIOUR = Wanted(TASK, "mi_quality", 0.73, 0.78, NOTE)
UNFITTED = Wanted(f"{TASK}, default", "mi_quality", None, None, NOTE)
SESSION = "annomi: session quality, high against low"
SESSION_NOTE = (
    "sessions of a video stay together; the behaviours of a fitted one come from heads fitted on other "
    "videos, its formula was fitted on nothing"
)


@dataclass(frozen=True)
class Session:
    """A session: its dialogue, one turn per utterance, and its labels."""

    key: str
    video: str
    high: bool
    dialogue: Dialogue
    labels: Sequence[str]

    @property
    def therapist(self) -> list[int]:
        """The positions of the therapist's turns."""
        return [at for at, turn in enumerate(self.dialogue.turns) if turn.role == "assistant"]

    @cached_property
    def shown(self) -> list[Behaviour | None]:
        """The behaviour of each therapist's turn by the shipped wordings; None for turns without words."""
        found = dict(behaviours(self.dialogue))
        return [found.get(at) for at in self.therapist]


@TASKS.register("annomi")
def annomi(corpora: Path, tools: Tools) -> list[Figure]:
    """Tell the therapist's behaviours apart, and good sessions from bad ones."""
    sessions = load(folder(corpora, "annomi") / "AnnoMI-simple.csv")
    rows = turns_of(sessions)
    made = held_out(TARGETS.get(TARGET), rows, tools)
    defaults = [one.main if one else OTHER for session in sessions for one in session.shown]
    return [
        class_figure(UNFITTED, "default", rows, defaults, seed=tools.seed),
        *(fitted_figure(BEHAVIOUR, one, rows, tools.seed) for one in made),
        *baseline_figures(BEHAVIOUR, rows, KEYWORDS, tools),
        *_qualities(sessions, made, tools.seed),
    ]


def load(path: Path) -> list[Session]:
    """Read the sessions in the order of the file."""
    found: dict[str, list[dict[str, str]]] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["transcript_id"], []).append(row)
    return [_session(key, rows) for key, rows in found.items()]


def _session(key: str, rows: Sequence[dict[str, str]]) -> Session:
    roles = {"therapist": "assistant", "client": "user"}
    dialogue = Dialogue(
        [{"role": roles[row["interlocutor"]], "content": row["utterance_text"]} for row in rows]
    )
    return Session(
        key=key,
        video=rows[0]["video_url"],
        high=rows[0]["mi_quality"] == "high",
        dialogue=dialogue,
        labels=[
            row["main_therapist_behaviour"] if row["interlocutor"] == "therapist" else "" for row in rows
        ],
    )


def turns_of(sessions: Sequence[Session]) -> Labelled:
    """Return the therapist's turns of all sessions in order."""
    places = [(session, at) for session in sessions for at in session.therapist]
    return Labelled(
        samples=[sample(session.dialogue, at) for session, at in places],
        labels=[session.labels[at] for session, at in places],
        groups=[session.video for session, _ in places],
        ids=[f"{session.key}/{at}" for session, at in places],
    )


def _qualities(sessions: Sequence[Session], made: Sequence[HeldOut], seed: int) -> list[Figure]:
    values: dict[str, list[float | None]] = {
        "default": [mi_quality()(session.dialogue).value for session in sessions]
    }
    for one in made:
        values[one.system] = list(_from_held_out(sessions, one))
    baselines: dict[str, list[float | None]] = {
        "baseline: length": [len(session.dialogue.words) for session in sessions],
        "baseline: turns": [len(session.therapist) for session in sessions],
        "baseline: question mark": [_share(session, ("?",)) for session in sessions],
        "baseline: keyword list": [-_share(session, ORDERS) for session in sessions],
    }
    figures = [_auc_figure(sessions, "mi_quality", system, found, seed) for system, found in values.items()]
    figures += [_auc_figure(sessions, "mi_quality", name, given, seed) for name, given in baselines.items()]
    for scorer in (therapeutic_fidelity(), empathy()):
        judged = [scorer(session.dialogue).value for session in sessions]
        figures.append(_auc_figure(sessions, scorer.name, "default", judged, seed))
    return figures


def _from_held_out(sessions: Sequence[Session], made: HeldOut) -> Iterator[float]:
    """Give the value of each session from behaviours that heads fitted on other videos saw in it."""
    row = 0
    for session in sessions:
        said = []
        for at, one in zip(session.therapist, session.shown, strict=True):
            if one is not None and not is_signal(session.dialogue.turns[at]):
                said.append((one, dict(zip(made.classes, made.found[row].tolist(), strict=True))))
            row += 1
        yield consistent_share(counted([one for one, _ in said]) | expected(said))


def _share(session: Session, wordings: Sequence[str]) -> float:
    texts = [session.dialogue.turns[at].plain for at in session.therapist]
    return sum(any(wording in text for wording in wordings) for text in texts) / len(texts)


def _auc_figure(
    sessions: Sequence[Session], scorer: str, system: str, values: Sequence[float | None], seed: int
) -> Figure:
    gold = np.array([session.high for session in sessions])
    found = np.array([np.nan if value is None else value for value in values])

    def measure(at: Any) -> float:
        return auc(gold[at].tolist(), [None if np.isnan(v) else float(v) for v in found[at]])

    everything = np.arange(len(gold))
    required = scorer == "mi_quality" and not system.startswith("baseline")
    return Figure(
        task=SESSION if scorer == "mi_quality" else f"{SESSION}, by {scorer}",
        scorer=scorer,
        system=system,
        metric="AUC",
        value=round(measure(everything), 4),
        rows=len(gold),
        judged=int((~np.isnan(found)).sum()),
        interval=interval(measure, [session.video for session in sessions], seed),
        least=0.90 if required else None,
        aim=0.93 if required else None,
        failures=_misplaced(sessions, values) if required else (),
        note=SESSION_NOTE,
    )


def _misplaced(sessions: Sequence[Session], values: Sequence[float | None]) -> tuple[str, ...]:
    """Return the bad sessions with the highest values."""
    low = [
        (value, session.key)
        for session, value in zip(sessions, values, strict=True)
        if not session.high and value is not None
    ]
    return tuple(key for _, key in sorted(low, reverse=True)[:SHOWN])
