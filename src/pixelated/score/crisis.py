"""`crisis`: how acute is the danger that the client's own turns speak of?

A ladder after the Columbia scale (Posner et al. 2011): a wish to be dead, thoughts of suicide, a method, an
intent, a plan or preparation, an attempt; self-harm, overdose and harm to others besides. The value is that
of the highest step that holds for the client now, raised a little by every other one. Denials, other
people's danger, idioms, topics and settled history are read clause by clause (`_crisis.py`).
What is hinted at without being named is read over the whole turn (`_crisis_hints.py`): one hint stays below
`THRESHOLD`, two reach it. A small head adds what the turn leans to, below `THRESHOLD` (`_crisis_lean.py`).
From `THRESHOLD` on, the client counts as in crisis.

Known limits: wordings, not meaning. Of lines that only hint at danger and that nobody had looked at, it found
about one in four; it misses irony and most slang. A low value is no evidence that somebody is safe.
"""

from __future__ import annotations

from collections.abc import Mapping

from pixelated.score._crisis import LEVELS, THRESHOLD, findings, severity
from pixelated.score._crisis_lean import leaning
from pixelated.score.dialogue import Dialogue
from pixelated.score.heads.head import Head, Plan, Sample
from pixelated.score.protocol import SCORERS, USE, Score, Scorer
from pixelated.score.targets import TARGETS, Target

CLASSES = ("0", "1", "2", "3", "4", "5", "6")
PLAN = Plan(words=("turn",), chars=("turn",), numbers=True)


@SCORERS.register("crisis")
def crisis(heads: Mapping[str, Head] | None = None) -> Scorer:
    """Make the scorer.

    Args:
        heads: "severity", a head fitted for `crisis/severity`, in the place of the ladder.
    """
    head = (heads or {}).get("severity")

    def judge(dialogue: Dialogue) -> Score:
        return _judge(dialogue, head)

    def judge_turn(dialogue: Dialogue, at: int) -> Score | None:
        turn = dialogue.turns[at]
        if turn.role != "user":
            return None
        value = _by_head(dialogue, dialogue.positions[at], head) if head else severity(findings(turn.plain))
        return Score(value, "turn")

    return Scorer(
        name="crisis",
        version=2,
        judge=judge,
        judge_turn=judge_turn,
        measures="danger in the client's own turns: the highest step of a ladder from a wish to be dead "
        "to an attempt; also self-harm, overdose, harm to others",
        basis="own wordings after the Columbia scale (Posner et al. 2011), IS PATH WARM (Rudd et al. 2006), "
        "negation after NegEx (Chapman et al. 2001); the ladder is fitted on nothing, a small head below the "
        "threshold on the project's own lines and CounselChat (MIT)",
        limits=f"{USE}; wordings, not meaning: of lines that only hint at danger three in four are missed, "
        "irony, most slang; a low value is no evidence of safety; English",
        scale="0 no danger named, 0.35 a wish to be dead, 1 acute",
    )


def _judge(dialogue: Dialogue, head: Head | None) -> Score:
    client = [
        (n, turn)
        for n, turn in zip(dialogue.positions, dialogue.turns, strict=True)
        if turn.role == "user" and turn.words
    ]
    if not client:
        return Score(None, "no_client_turn")
    if dialogue.foreign:
        return Score(None, dialogue.foreign)
    values = [
        (_by_head(dialogue, n, head) if head else leaning(severity(findings(turn.plain)), turn), n)
        for n, turn in client
    ]
    top = max(value for value, _ in values)
    steps = {one.step for _, turn in client for one in findings(turn.plain) if one.weight >= THRESHOLD}
    reason = max(steps, key=lambda step: LEVELS[step]) if steps else "none_named"
    return Score(top, reason, tuple(n for value, n in values if value >= THRESHOLD))


def _by_head(dialogue: Dialogue, position: int, head: Head) -> float:
    found = head.probabilities(sample(dialogue, dialogue.positions.index(position)))
    most = max(map(float, head.classes))
    return sum(float(name) / most * chance for name, chance in found.items())


def sample(dialogue: Dialogue, at: int) -> Sample:
    """Return what a head sees of a client's turn: its text, the steps it names, and the ladder's value."""
    turn = dialogue.turns[at]
    found = findings(turn.plain)
    numbers = {f"step:{name}": 0.0 for name in LEVELS} | {"severity": severity(found)}
    for one in found:
        numbers[f"step:{one.step}"] = max(numbers[f"step:{one.step}"], one.weight)
    return Sample(texts={"turn": turn.speech}, numbers=numbers)


TARGETS.register("crisis/severity")(
    Target(CLASSES, sample, PLAN, "severity of a client's turn: 0 none to 6 attempt", ("turn",))
)
