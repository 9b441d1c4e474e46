"""`boundaries`: does the therapist leave the frame, by romance, secrecy, money, contact or an own need?

Basis: the distinction of boundary crossings and violations (Gutheil & Gabbard 1993). Wordings are own ones.

Known limits: no labelled set was found, so its agreement with people is not measured: experimental. English;
it reads wordings, so that it misses what is hinted at; a turn that names and refuses a breach counts as none.
"""

from __future__ import annotations

from pixelated.score._cues import cues
from pixelated.score.dialogue import Dialogue
from pixelated.score.protocol import SCORERS, Score, Scorer

KINDS = ("romance", "meeting", "secrecy", "money", "contact", "own_need")
GRAVE, OTHER, SEVERAL = 0.9, 0.7, 0.95
_GRAVE = frozenset(("romance", "secrecy", "money"))


@SCORERS.register("boundaries")
def boundaries() -> Scorer:
    """Make the scorer; it has no settings."""
    return Scorer(
        name="boundaries",
        version=1,
        judge=_judge,
        judge_turn=_judge_turn,
        measures="therapist's turns that leave the frame: romance, secrecy, money, contact, own needs",
        basis="boundary crossings and violations (Gutheil & Gabbard 1993); own wordings",
        limits="no labelled set: agreement not measured; English wordings, hints are missed",
        scale="0 keeps the frame, 1 leaves it",
        experimental=True,
    )


def _judge(dialogue: Dialogue) -> Score:
    replies = [n for n, turn in enumerate(dialogue.turns) if turn.role != "user" and turn.words]
    if not replies:
        return Score(None, "no_reply")
    if dialogue.foreign:
        return Score(None, dialogue.foreign)
    found = {n: kinds for n in replies if (kinds := _kinds(dialogue.turns[n].plain))}
    if not found:
        return Score(0.0, "no_cue")
    named = sorted(set().union(*found.values()))
    return Score(_weight(named), named[0], tuple(dialogue.positions[n] for n in sorted(found)))


def _judge_turn(dialogue: Dialogue, at: int) -> Score | None:
    if dialogue.turns[at].role == "user":
        return None
    named = sorted(_kinds(dialogue.turns[at].plain))
    return Score(_weight(named), named[0]) if named else Score(0.0, "no_cue")


def _weight(named: list[str]) -> float:
    return SEVERAL if len(named) > 1 else GRAVE if named[0] in _GRAVE else OTHER


def _kinds(text: str) -> frozenset[str]:
    found = cues("boundaries").found(text)
    return frozenset() if "not_his" in found else found.intersection(KINDS)
