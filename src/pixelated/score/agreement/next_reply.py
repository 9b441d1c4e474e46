"""The true next reply against a random one on the same subject: ESConv by problem type, AnnoMI by topic.

Nothing of either corpus shapes what ships: the weights of the default come from other conversations
(`_fit_reply`). Each reply is judged in all that was said before it; the value of `coherence` and its part
`next_reply`, which looks at the reply alone, are given apart.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pixelated.score.agreement.dialogues import Messages, annomi, esconv
from pixelated.score.agreement.metrics import auc, interval
from pixelated.score.agreement.protocol import TASKS, Figure, Tools
from pixelated.score.dialogue import Dialogue
from pixelated.score.heads.fitting import cross_validate
from pixelated.score.heads.head import Plan, Sample
from pixelated.score.protocol import SCORERS
from pixelated.score.targets import TARGETS

SCORER, TARGET, NEXT = "coherence", "coherence/next_reply", "next"
LEAST, AIM = 0.75, 0.85
PER_DIALOGUE = {"esconv": 3, "annomi": 12}  # replies drawn from each
LAST = 3  # turns whose embedding is held against the reply's
ROWS_SHOWN = 5


@dataclass(frozen=True)
class Row:
    """One reply in its context."""

    id: str
    group: str
    dialogue: Dialogue
    next: bool


@TASKS.register("next_reply")
def next_reply(corpora: Path, tools: Tools) -> list[Figure]:
    """Measure how well the next reply is told from another one."""
    read = {"esconv": esconv(corpora), "annomi": annomi(corpora)}
    return [
        figure
        for corpus, dialogues in read.items()
        for figure in _figures(corpus, pairs(dialogues, PER_DIALOGUE[corpus], tools.seed, corpus), tools)
    ]


def pairs(dialogues: Sequence[tuple[str, Messages]], most: int, seed: int, name: str) -> list[Row]:
    """Return drawn replies, each once in its place and once with one of another dialogue of its topic."""
    rng = random.Random(seed)  # noqa: S311 - a seeded draw, no secret
    topics: dict[str, list[int]] = {}
    for n, (topic, messages) in enumerate(dialogues):
        if any(m["role"] == "assistant" for m in messages):
            topics.setdefault(topic, []).append(n)
    rows = []
    for n, (topic, messages) in enumerate(dialogues):
        others = [other for other in topics.get(topic, []) if other != n]
        places = [at for at in range(1, len(messages)) if messages[at]["role"] == "assistant"]
        for at in sorted(rng.sample(places, min(most, len(places)))) if others else []:
            elsewhere = dialogues[rng.choice(others)][1]
            wrong = rng.choice([m for m in elsewhere if m["role"] == "assistant"])
            for reply, true in ((messages[at], True), (wrong, False)):
                made = Dialogue([*messages[:at], reply])
                rows.append(Row(f"{name}-{n}-{at}-{NEXT if true else 'random'}", f"{n}", made, true))
    return rows


def _figures(corpus: str, rows: Sequence[Row], tools: Tools) -> list[Figure]:
    judge, samples = SCORERS.get(SCORER)(), [_sample(row) for row in rows]
    scores = [judge(row.dialogue) for row in rows]
    plan = TARGETS.get(TARGET).plan
    found: dict[str, Sequence[float | None]] = {
        "default": [score.value for score in scores],
        "default, part next_reply": [score.parts.get("next_reply") for score in scores],
        "fitted, fast": _fitted(rows, samples, plan, tools.seed),
    }
    if tools.embedder is not None:
        embedded = _with_cosine(rows, samples, tools.embedder)
        found["embed, cosine alone"] = [sample.numbers["cosine"] for sample in embedded]
        found["fitted, embed"] = _fitted(rows, embedded, plan, tools.seed)
    replies = [row.dialogue.turns[-1] for row in rows]
    found["baseline: length"] = [float(len(reply.words)) for reply in replies]
    found["baseline: question mark"] = [float("?" in reply.text) for reply in replies]
    found["baseline: words of the turn before"] = [_shared(row) for row in rows]
    text = Plan(words=("reply", "context"), limit=5000)
    found["baseline: TF-IDF"] = _fitted(rows, samples, text, tools.seed)
    return [_figure(corpus, rows, system, values, tools.seed) for system, values in found.items()]


def _sample(row: Row) -> Sample:
    return TARGETS.get(TARGET).sample(row.dialogue, len(row.dialogue.turns) - 1)


def _fitted(rows: Sequence[Row], samples: Sequence[Sample], plan: Plan, seed: int) -> list[float | None]:
    labels = [NEXT if row.next else "random" for row in rows]
    classes, found = cross_validate(samples, labels, [row.group for row in rows], plan, seed=seed)
    return [float(value) for value in found[:, classes.index(NEXT)]]


def _with_cosine(rows: Sequence[Row], samples: Sequence[Sample], embedder: Any) -> list[Sample]:
    """Add the cosines of a reply with the turns just before it, and with the client's."""
    texts = [
        [row.dialogue.turns[-1].text, *(turn.text for turn in row.dialogue.turns[-1 - LAST : -1])]
        for row in rows
    ]
    flat = sorted({text for one in texts for text in one})
    vectors = dict(zip(flat, embedder.embed(flat), strict=True))
    made = []
    for one, sample in zip(texts, samples, strict=True):
        near = [float(vectors[one[0]] @ vectors[text]) for text in one[1:]]
        numbers = {"cosine": near[-1], "cosine_best": max(near), "cosine_mean": sum(near) / len(near)}
        made.append(replace(sample, numbers={**sample.numbers, **numbers}))
    return made


def _shared(row: Row) -> float:
    """Return the share of a reply's words that stand in the turn before."""
    before = set(row.dialogue.turns[-2].words)
    words = row.dialogue.turns[-1].words
    return sum(word in before for word in words) / max(len(words), 1)


def _figure(
    corpus: str, rows: Sequence[Row], system: str, values: Sequence[float | None], seed: int
) -> Figure:
    gold = [row.next for row in rows]
    missed = sorted((v, row.id) for row, v in zip(rows, values, strict=True) if row.next and v is not None)
    target = not system.startswith(("baseline", "embed, cosine"))
    return Figure(
        task=f"{corpus}: next reply against a random one of the same topic",
        scorer=SCORER,
        system=system,
        metric="AUC",
        value=round(auc(gold, values), 4),
        interval=interval(
            lambda drawn: auc([gold[n] for n in drawn], [values[n] for n in drawn]),
            [row.group for row in rows],
            seed,
        ),
        rows=len(rows),
        judged=sum(value is not None for value in values),
        least=LEAST if target else None,
        aim=AIM if target else None,
        failures=tuple(name for _, name in missed[:ROWS_SHOWN]) if target else (),
        note="grouped by dialogue; all turns before the reply are its context",
    )
