"""`therapeutic_fidelity`: does the therapist keep to what therapies share, in a reply or over a session?

Sentence by sentence (the "utterances" of the MISC, Miller et al. 2003): behaviours that leave the client in
charge and understood, less those that order, warn, confront or advise unasked; with structure besides: the
reply takes up what the client said, gives room to answer, and speaks with the client more than about a topic
(after the common items of the Cognitive Therapy Rating Scale: collaboration, understanding, feedback).

Known limits: wording and build, no judgement whether a technique fits the case. Not a measure of clinical
worth.
"""

from __future__ import annotations

import re
from statistics import fmean

from pixelated.score._behaviours import CONSISTENT, INCONSISTENT, behaviour, is_signal, taken_up
from pixelated.score._lexicon import word_set
from pixelated.score._questions import invites
from pixelated.score.dialogue import Dialogue, Turn
from pixelated.score.protocol import SCORERS, USE, Score, Scorer

LEAST_WORDS = 4
BALANCE, STRUCTURE = 0.75, 0.25
ADDED = 1.0  # undecided sentences that every conversation is given
SENTENCES = 40  # of a turn that are read
FULL_UPTAKE = 0.3  # share of content words taken up that counts as full
FULL_ADDRESS = 0.1  # share of words that speak to the client that counts as full
ROOM_EVERY = 3  # turns among which one should give room to answer
_PIECE = re.compile(r"[^.!?\n]+[.!?]*")


@SCORERS.register("therapeutic_fidelity")
def therapeutic_fidelity() -> Scorer:
    """Make the scorer; it has no settings."""
    return Scorer(
        name="therapeutic_fidelity",
        version=1,
        judge=_judge,
        measures="sentences that understand, affirm, ask openly and leave the choice, less orders, "
        "warnings, blame and unasked advice; whether replies take up, address and give room to the client",
        basis="MISC 2.5 behaviours counted by sentence, and what rating scales of therapies share; "
        "own wordings, fitted on no data",
        limits="not a measure of clinical worth; English; wording and build, not whether a technique fits "
        f"the case; direct guidance scores low where it is right, such as in danger; {USE}",
    )


def _judge(dialogue: Dialogue) -> Score:
    if not any(turn.role == "assistant" for turn in dialogue.turns):
        return Score(None, "no_therapist_turn")
    if dialogue.foreign:
        return Score(None, dialogue.foreign)
    replies = _replies(dialogue)
    if not replies:
        return Score(None, "too_short")
    weights = [_weigh(dialogue.turns[at]) for at in replies]
    good, bad = sum(w[0] for w in weights), sum(w[1] for w in weights)
    parts = {"balance": (good - bad) / (good + bad + ADDED) / 2 + 0.5, **_structure(dialogue, replies)}
    structure = fmean(value for name, value in parts.items() if name != "balance")
    value = BALANCE * parts["balance"] + STRUCTURE * structure
    shown = tuple(dialogue.positions[at] for at, (_, wrong) in zip(replies, weights, strict=True) if wrong)
    return Score(
        value, "inconsistent" if bad > good else "consistent" if good else "nothing_shown", shown, parts
    )


def _replies(dialogue: Dialogue) -> list[int]:
    return [
        at
        for at, turn in enumerate(dialogue.turns)
        if turn.role == "assistant"
        and len(turn.words) >= LEAST_WORDS
        and not turn.foreign
        and not is_signal(turn)
    ]


def _weigh(turn: Turn) -> tuple[int, int]:
    """Return how many sentences of a turn are consistent, and how many inconsistent."""
    good = bad = 0
    for sentence in _sentences(turn):
        codes = behaviour(sentence, None).codes
        wrong = not codes.isdisjoint(INCONSISTENT)
        bad += wrong
        good += not wrong and not codes.isdisjoint(CONSISTENT)
    return good, bad


def _sentences(turn: Turn) -> list[Turn]:
    if len(turn.sentences) < 2:  # noqa: PLR2004 - a turn of one sentence is that sentence
        return [turn]
    made = [Turn(turn.role, piece) for piece in _PIECE.findall(turn.speech)[:SENTENCES]]
    return [sentence for sentence in made if sentence.words]


def _structure(dialogue: Dialogue, replies: list[int]) -> dict[str, float]:
    turns = [dialogue.turns[at] for at in replies]
    uptake = fmean(_uptake(dialogue, at) for at in replies)
    spoken = sum(len(turn.words) for turn in turns)
    address = sum(map(word_set("other").__contains__, (w for turn in turns for w in turn.words))) / spoken
    chunks = [turns[n : n + ROOM_EVERY] for n in range(0, len(turns), ROOM_EVERY)]
    room = fmean(any("?" in turn.plain or invites(turn) for turn in chunk) for chunk in chunks)
    return {"uptake": uptake, "address": min(1.0, address / FULL_ADDRESS), "room": room}


def _uptake(dialogue: Dialogue, at: int) -> float:
    client = next((turn for turn in reversed(dialogue.turns[:at]) if turn.role != "assistant"), None)
    return min(1.0, taken_up(dialogue.turns[at], client) / FULL_UPTAKE)
