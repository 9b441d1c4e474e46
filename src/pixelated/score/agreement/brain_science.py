"""One speaker of the Brain Science podcast against the other, by a profile made of other episodes.

Four folds of episodes; the profile of the host and that of the co-host, each told from the other's texts of
the other folds. Rows are pieces of at least 100 and 250 words of one episode, and all of a speaker in one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pixelated.score.agreement.folds import grouped_folds
from pixelated.score.agreement.metrics import auc, interval
from pixelated.score.agreement.protocol import TASKS, Figure, Tools, folder
from pixelated.score.dialogue import Dialogue
from pixelated.score.protocol import SCORERS
from pixelated.score.voice_profile import make_profile, pieces

SCORER, FOLDS = "voice_consistency", 4
HOSTS = {"Adam": "host", "Mireille": "co-host"}  # by the first name in a transcript
LEAST, AIM = 0.90, 0.97
SIZES = {"pieces of 100 words": 100, "pieces of 250 words": 250, "all of an episode": 10**9}
_SPEAKER = re.compile(r"^\*\*([^*\n]+):\*\*(.*?)(?=^\*\*[^*\n]+:\*\*|\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Row:
    """A piece of one speaker, judged by a profile."""

    id: str
    episode: str
    own: bool
    value: float | None
    length: float


def episodes(corpora: Path) -> dict[str, dict[str, list[str]]]:
    """Return the texts of each speaker, by the first name, of every episode."""
    found: dict[str, dict[str, list[str]]] = {}
    for path in sorted((folder(corpora, "brain_science_podcast") / "brainscience").glob("*.md")):
        texts = found.setdefault(path.stem, {})
        for name, text in _SPEAKER.findall(path.read_text(encoding="utf-8")):
            texts.setdefault(name.split()[0], []).append(re.sub(r"\s+", " ", text).strip())
    return found


@TASKS.register("brain_science")
def brain_science(corpora: Path, tools: Tools) -> list[Figure]:
    """Measure how well a profile tells its speaker from the other one."""
    read = episodes(corpora)
    return [
        figure
        for speaker, role in HOSTS.items()
        for size, words in SIZES.items()
        for figure in _figures(read, speaker, words, f"{role}, {size}", tools.seed)
    ]


def _figures(
    read: dict[str, dict[str, list[str]]], speaker: str, words: int, what: str, seed: int
) -> list[Figure]:
    names = sorted(read)
    rows: list[Row] = []
    for train, test in grouped_folds(names, seed, FOLDS):
        rows += _judged(read, speaker, words, [names[n] for n in train], [names[n] for n in test])
    systems: dict[str, Sequence[float | None]] = {
        "fitted, fast": [row.value for row in rows],
        "baseline: length": [row.length for row in rows],
    }
    gold = [row.own for row in rows]
    missed = sorted((row.value, row.id) for row in rows if row.own and row.value is not None)
    return [
        Figure(
            task=f"brain_science: {what}",
            scorer=SCORER,
            system=system,
            metric="AUC",
            value=round(auc(gold, values), 4),
            interval=interval(
                lambda drawn, values=values: auc([gold[n] for n in drawn], [values[n] for n in drawn]),  # type: ignore[misc]
                [row.episode for row in rows],
                seed,
            ),
            rows=len(rows),
            judged=sum(value is not None for value in values),
            least=LEAST if system == "fitted, fast" else None,
            aim=AIM if system == "fitted, fast" else None,
            failures=tuple(name for _, name in missed[:5]) if system == "fitted, fast" else (),
            note="four folds of episodes; the profile is made of the other folds",
        )
        for system, values in systems.items()
    ]


def _judged(
    read: dict[str, dict[str, list[str]]], speaker: str, words: int, train: Sequence[str], test: Sequence[str]
) -> list[Row]:
    own = [text for name in train for text in read[name].get(speaker, [])]
    others = [text for name in train for who in HOSTS if who != speaker for text in read[name].get(who, [])]
    judge = SCORERS.get(SCORER)(profile=make_profile(speaker, own, others).to_json())
    rows = []
    for name in test:
        for who, role in HOSTS.items():
            for n, piece in enumerate(pieces(read[name].get(who, []), words)):
                made = Dialogue([{"role": "assistant", "content": text} for text in piece])
                length = sum(len(text.split()) for text in piece) / max(len(piece), 1)
                rows.append(Row(f"{name}-{role}-{n}", name, who == speaker, judge(made).value, length))
    return rows
