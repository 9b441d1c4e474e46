"""`completeness`: is the conversation whole, or does it break off?

Evidence in log-odds, summed on a prior that favours completeness:

- endings: every message ends as a message ends, not inside a word or on "the" (the last one counts
  apart: a text cut anywhere ends there);
- closing: the last turns thank, take leave, sum up or plan (Schegloff & Sacks 1973). Expected of longer
  conversations only: an exchange of a question and an answer needs no farewell;
- last move: a question that nobody answers, or a client left without a reply;
- opening: a greeting or a first concern, rather than an answer to something not there;
- arc: help was offered and taken up (exploration, insight, action: Hill 2004), again in longer ones.

Where the client has an answer, nothing is cut and the last message ends on a whole sentence, the value
keeps above a floor: what is left to miss, such as a farewell, does not make a fragment of it.

Basis: the rates of endings in whole and in cut messages of counsel_chat (MIT), diasafety (Apache-2.0)
and conversations written for this project, rounded and bounded; the rest from the cited models.

Known limits: not a measure of clinical worth. English only. A session that really ended in the middle,
and an extract, look like one that was cut: that is what they are, though never below the floor above.
Not for running text (one message of the assistant: null).
"""

from __future__ import annotations

import math
from statistics import fmean

from pixelated.score._endings import (
    BARE,
    BARE_AFTER_STOPS,
    DANGLING,
    EMPTY,
    OPEN_MARK,
    PARTIAL,
    STOPPED,
    ending,
    inner_stops,
)
from pixelated.score._evidence import sigmoid, trust
from pixelated.score._moves import (
    ADVICE,
    ANSWER,
    FAREWELL,
    GREETING,
    HOW_ARE_YOU,
    OPEN,
    PLAN,
    POLAR,
    RELIEF,
    THANKS,
    TROUBLE,
    UPTAKE,
    WELCOME,
    WISH,
)
from pixelated.score.dialogue import Dialogue, Turn
from pixelated.score.protocol import SCORERS, Score, Scorer

PRIOR = 1.8
# log(rate among whole messages / rate among messages cut in half). Measured: partial 0.005 / 0.41, dangling
# 0.003 / 0.18, bare 0.07 / 0.28, stopped 0.87 / 0.025. What concerns marks is drawn in to about nothing,
# since whole communities write without any.
ENDINGS = {
    STOPPED: 0.0,
    BARE: 0.0,
    BARE_AFTER_STOPS: -0.2,
    OPEN_MARK: -1.0,
    DANGLING: -4.0,
    PARTIAL: -4.0,
    EMPTY: -4.0,
}
BODY_WEIGHT, LAST_STOPPED = 3.0, 0.5
# A client who trails off and is answered says little, so that few messages weigh less than many.
MESSAGE_WEIGHT = 0.6
# One message in twenty that only looks cut (a name, a rare word) is nothing to count.
ALLOWANCE = 0.6
# log(rate in the last four turns / rate in four turns further up) of a move that is made, and of
# one that is not; means of the rates in the project's own conversations and in the Changelog transcripts
# (thanks 0.5 / 0.06, welcome 0.3 / 0.04, farewell 0.4 / 0.04, open question 0.15 / 0.45 ...).
CLOSING = {
    THANKS: (2.1, -0.63),
    WELCOME: (2.0, -0.3),
    FAREWELL: (2.3, -0.47),
    RELIEF: (1.6, -0.13),
    WISH: (1.6, -0.35),
    PLAN: (1.1, -0.25),
    OPEN: (-1.1, 0.43),
    TROUBLE: (-0.6, 0.14),
}
CLOSING_TURNS = 4
# The moves of a closing come together, so that the sum of their evidence counts one thing twice.
CLOSING_WEIGHT = 0.7
# A closing is a sequence: each further turn that takes leave makes it less likely an accident.
SEQUENCE = 0.8
LONG_HALF = 6  # messages: half of the weight that closing, opening and arc have in long conversations
# A last message without a mark, by how this speaker ended other sentences: two imagined ones, a fifth of
# them unmarked, come first; of messages cut in half, 35 % end on a whole word.
BARE_PRIOR, BARE_PRIOR_WEIGHT, BARE_WHEN_CUT = 0.2, 2.0, 0.35
UNANSWERED, NO_REPLY, NEVER_A_REPLY, LAST_WORD = -1.0, -0.7, -3.0, 0.3
# A question closes an exchange of two messages as well as anything; a longer one it leaves open.
QUESTION_HALF = 2  # messages beyond two
# Of a last message that ends as a whole one: the least value, and the words of the last two that it takes.
FLOOR, FLOOR_WORDS = 0.3, 4
# A missing mark that weighs no more than this (nats) is a habit of the speaker.
HABIT = -0.6
# A long conversation has to show its end.
LONG_PRIOR = -0.5
OPENED, NOT_OPENED, STARTS_INSIDE = 0.4, -0.2, -0.8
ADVISED, TAKEN_UP = 0.7, 0.7
TAKES_LEAVE = frozenset({THANKS, FAREWELL, WELCOME, WISH})
CUT = frozenset({DANGLING, PARTIAL, EMPTY})


@SCORERS.register("completeness")
def completeness() -> Scorer:
    """Make the scorer; it has no settings."""
    return Scorer(
        name="completeness",
        version=2,
        judge=_judge,
        measures="a whole conversation: messages end, it opens and closes, nothing is left unanswered",
        basis="sentence endings, closing sequences, stages of helping; see the module",
        limits="not a measure of clinical worth; English dialogues; extracts and sessions that really "
        "broke off score low",
    )


def _judge(dialogue: Dialogue) -> Score:
    turns = dialogue.turns
    if not any(turn.role == "user" for turn in turns):
        return Score(None, "no_client_turn")
    if dialogue.foreign:
        return Score(None, dialogue.foreign)
    if not any(turn.words for turn in turns):
        return Score(None, "no_words")
    found = [turn.moves for turn in turns]
    ends = [ending(turn) for turn in turns]
    longer = trust(max(0, len(turns) - 2), LONG_HALF)
    evidence = {
        "endings": _body(ends[:-1]),
        "last_ending": _last_ending(turns, ends),
        "last_move": _last_move(turns, found),
        "closing": longer * _closing(found),
        "opening": longer * _opening(found),
        "arc": longer * _arc(turns, found),
    }
    reason = min(evidence, key=lambda name: evidence[name])
    cut = tuple(p for p, e in zip(dialogue.positions, ends, strict=True) if e in CUT)
    value = sigmoid(PRIOR + LONG_PRIOR * longer + sum(evidence.values()))
    if _ends_whole(turns, ends, evidence):
        value = FLOOR + (1 - FLOOR) * value  # keeps the order among such conversations
    return Score(value, reason, cut)


def _ends_whole(turns: list[Turn], ends: list[str], evidence: dict[str, float]) -> bool:
    """Say whether the client has a reply, no message is cut and the last is a whole sentence."""
    if all(turn.role == "user" for turn in turns) or evidence["endings"] < 0:
        return False
    usual = ends[-1] in (BARE, BARE_AFTER_STOPS) and evidence["last_ending"] >= HABIT
    return (ends[-1] == STOPPED or usual) and sum(len(turn.words) for turn in turns[-2:]) >= FLOOR_WORDS


def _body(ends: list[str]) -> float:
    if not ends:
        return 0.0
    return min(
        0.0, min(BODY_WEIGHT, MESSAGE_WEIGHT * len(ends)) * fmean(ENDINGS[e] for e in ends) + ALLOWANCE
    )


def _last_ending(turns: list[Turn], ends: list[str]) -> float:
    if ends[-1] == STOPPED:
        return LAST_STOPPED
    leaves = turns[-1].moves & TAKES_LEAVE
    if ends[-1] not in (BARE, BARE_AFTER_STOPS):
        # Names and kisses follow a farewell, and look like pieces of words.
        return ENDINGS[ends[-1]] / (2 if leaves else 1)
    if leaves:  # "bye" ends a conversation with or without a mark
        return LAST_STOPPED
    own = [e for turn, e in zip(turns[:-1], ends[:-1], strict=True) if turn.role == turns[-1].role]
    bare = sum(e in (BARE, BARE_AFTER_STOPS) for e in own)
    marked = len(own) - bare + inner_stops(turns[-1])
    share = (bare + BARE_PRIOR * BARE_PRIOR_WEIGHT) / (bare + marked + BARE_PRIOR_WEIGHT)
    return min(0.0, math.log(share / BARE_WHEN_CUT))


def _last_move(turns: list[Turn], found: list[frozenset[str]]) -> float:
    if all(turn.role == "user" for turn in turns):
        return NEVER_A_REPLY
    made, closes = found[-1], found[-1] & (TAKES_LEAVE | {RELIEF, PLAN})
    if made & {POLAR, OPEN} and not closes:
        if turns[-1].role == "user":
            return UNANSWERED + NO_REPLY
        return UNANSWERED * trust(max(0, len(turns) - 2), QUESTION_HALF)
    if turns[-1].role == "user":
        return NO_REPLY if not closes | (made & {UPTAKE, ANSWER}) else 0.0
    return LAST_WORD


def _closing(found: list[frozenset[str]]) -> float:
    late = frozenset().union(*found[-CLOSING_TURNS:])
    kinds = sum(made if move in late else not_made for move, (made, not_made) in CLOSING.items())
    leaving = sum(bool(made & TAKES_LEAVE) for made in found[-CLOSING_TURNS:])
    return CLOSING_WEIGHT * kinds + SEQUENCE * max(0, leaving - 1)


def _opening(found: list[frozenset[str]]) -> float:
    early = frozenset().union(*found[:3])
    if found[0] & {ANSWER, UPTAKE} and not found[0] & {GREETING, HOW_ARE_YOU, TROUBLE}:
        return STARTS_INSIDE
    return OPENED if early & {GREETING, HOW_ARE_YOU, TROUBLE} else NOT_OPENED


def _arc(turns: list[Turn], found: list[frozenset[str]]) -> float:
    advised = any(ADVICE in made for turn, made in zip(turns, found, strict=True) if turn.role != "user")
    taken = any(made & {PLAN, RELIEF} for turn, made in zip(turns, found, strict=True) if turn.role == "user")
    return ADVISED * (1 if advised else -1) + TAKEN_UP * (1 if taken else -1)
