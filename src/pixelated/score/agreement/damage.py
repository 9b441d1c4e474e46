"""Real conversations against the same ones damaged: order, ends and words, for the three scorers of form.

No person labelled these: that a conversation out of order is worse than the real one is taken as given.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from pixelated.score.agreement.dialogues import Messages, annomi, esconv
from pixelated.score.agreement.metrics import auc, interval
from pixelated.score.agreement.protocol import TASKS, Figure, Tools
from pixelated.score.dialogue import Dialogue
from pixelated.score.protocol import SCORERS

EVERY = 8  # of ESConv's 1,300 dialogues one in so many is read
Damage = Callable[[Messages, random.Random], Messages]


@TASKS.register("damage")
def damage(corpora: Path, tools: Tools) -> list[Figure]:
    """Measure how well three scorers tell real conversations from damaged ones."""
    read = {
        "esconv": [one for _, one in esconv(corpora)[::EVERY]],
        "annomi": [one for _, one in annomi(corpora)],
    }
    return [
        _figure(corpus, dialogues, scorer, what, tools.seed)
        for corpus, dialogues in read.items()
        for scorer, what in _DAMAGE
        if (corpus, scorer) != ("annomi", "completeness")  # its recordings often end before the session does
    ]


def _figure(corpus: str, dialogues: Sequence[Messages], scorer: str, what: str, seed: int) -> Figure:
    rng, judge = random.Random(seed), SCORERS.get(scorer)()  # noqa: S311 - a seeded draw, no secret
    spoilt = [_DAMAGE[scorer, what](messages, rng) for messages in dialogues]
    values = [judge(Dialogue(messages)).value for messages in [*dialogues, *spoilt]]
    gold = [True] * len(dialogues) + [False] * len(spoilt)

    def measure(rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> float:
        return auc([gold[n] for n in rows], [values[n] for n in rows])

    groups = [str(n % len(dialogues)) for n in range(len(gold))]
    return Figure(
        task=f"{corpus}: real against {what}",
        scorer=scorer,
        system="default",
        metric="AUC",
        value=auc(gold, values),
        interval=interval(measure, groups, seed),
        rows=len(gold),
        judged=sum(value is not None for value in values),
        note="constructed, not labelled by people",
    )


def _order(messages: Messages, rng: random.Random) -> Messages:
    contents = rng.sample([m["content"] for m in messages], len(messages))
    return [{"role": m["role"], "content": text} for m, text in zip(messages, contents, strict=True)]


def _half(messages: Messages, _: random.Random) -> Messages:
    return messages[: (len(messages) + 1) // 2]


def _letters(messages: Messages, rng: random.Random) -> Messages:
    def mixed(word: str) -> str:
        return word[0] + "".join(rng.sample(word[1:-1], len(word) - 2)) + word[-1] if len(word) > 3 else word  # noqa: PLR2004 - nothing inside to mix

    return [{"role": m["role"], "content": " ".join(map(mixed, m["content"].split()))} for m in messages]


_DAMAGE: dict[tuple[str, str], Damage] = {
    ("coherence", "its turns in another order"): _order,
    ("completeness", "its second half dropped"): _half,
    ("language_quality", "the letters inside words mixed"): _letters,
}
