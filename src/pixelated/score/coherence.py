"""`coherence`: do the turns follow each other like a conversation, or are they out of order or unrelated?

Evidence in log-odds, each bounded, summed on a prior that favours coherence:

- alternation: one speaker holds several messages in a row;
- repetition: a longer turn says again what an earlier turn said word for word;
- topic: neighbours share more topic words than the same turns would in any order;
- pairs: questions meet answers, greetings greetings, thanks a welcome, trouble sympathy;
- frame: greetings stand at the start, thanks and farewells at the end;
- roles: the client speaks of "I", the therapist of "you", and asks;
- relatedness, in exchanges too short for an order: does the reply take up a topic word;
- reply: is the therapist's last turn the next one here, or could it stand in any conversation on the subject
  (the counts of `_reply`; its probability is the part `next_reply`);
- speech: a longer turn with hardly a function word is a list of keywords and no utterance.

Topic, pairs and roles are differences from chance inside the conversation itself, as z values; their
log-odds are those of a normal deviate with a mean that grows with the number of turns against one
with mean 0. The growth was read off windows of Changelog transcripts (CC BY-SA 4.0) and off
conversations written for this project; the weights of the reply are fitted on counsel_chat (MIT),
diasafety (Apache-2.0) and Changelog transcripts (CC BY-SA 4.0), see `_fit_reply`. The lists and weights of
pairs come from conversation analysis.

Known limits: not a measure of clinical worth. English only; it sees order and words, not meaning, so
a fluent non sequitur on the same topic passes; below about eight turns an order can hardly be told
from another, and the value stays near the prior.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from itertools import pairwise

import orjson

from pixelated.score._cohesion import LAGS, order_z, pair_relation, reply_evidence, topic_relation
from pixelated.score._evidence import bounded, sigmoid
from pixelated.score._frame import frame_evidence
from pixelated.score._reply import reply_numbers
from pixelated.score._roles import role_z, short_role_lead
from pixelated.score.dialogue import Dialogue, Turn
from pixelated.score.heads.apply import probabilities
from pixelated.score.heads.head import Head, Plan, Sample
from pixelated.score.heads.store import heads_of
from pixelated.score.protocol import DECIMALS, SCORERS, Score, Scorer
from pixelated.score.targets import TARGETS, Target

PRIOR = 1.5
# Longer conversations are judged in blocks, so that the work grows with the turns and not their square.
BLOCK = 128
SHORT = 4  # messages below which there is no order to speak of
# Mean z of real order per turn, and its cap.
TOPIC_GROWTH, TOPIC_CAP = 0.07, 4.0
PAIR_GROWTH, PAIR_CAP = 0.045, 1.8
ROLE_GROWTH, ROLE_CAP = 0.07, 1.6
# The last reply is what a model learns from a conversation: both have to be right, the order and the reply.
REPLY_PRIOR, REPLY_WEIGHT, ORDER_POWER, LEVEL = 3.0, 2.0, 0.75, 1.15
LIST_FITS = -2.0
NEXT = "next"
TARGET = "coherence/next_reply"
CONTEXT, LEAST_CHANCE = 3, 1e-6  # turns before a reply that an embedding reads
# Right roles say little about order, wrong ones much. In counsel_chat (MIT) the client leads by 2 +- 1.
ROLE_MOST, SHORT_ROLE_SLOPE = 1.5, 0.8
BOUND = 4.0
# How often a real conversation lacks the trait: extracts have no frame, in interviews both say "I".
ABSENT = {"topic": 0.05, "pairs": 0.3, "frame": 0.2, "roles": 0.25}
# A single reply may well tell of oneself: among peers, helpers do.
SHORT_ROLES_ABSENT = 0.5
ALTERNATION_WEIGHT = 6.0
REPETITION_WEIGHT, REPEATED_WORDS = 8.0, 4
# Among eight words of real speech none of the closed classes is rare, a single one is not.
SPEECH_WEIGHT, SPEECH_WORDS, SPEECH_LONGER, SPEECH_SHARE = 6.0, 8, 12, 0.15


def _sample(dialogue: Dialogue, turn: int) -> Sample:
    """Return what a head sees of a turn: its counts in its context, and both as texts."""
    turns = dialogue.turns
    before = " ".join(t.text for t in turns[max(0, turn - CONTEXT) : turn])
    return Sample(
        texts={"reply": turns[turn].text, "context": before},
        numbers=reply_numbers(turns, turn) if turn else {},
    )


TARGETS.register(TARGET)(
    Target(
        (NEXT, "random"),
        _sample,
        Plan(numbers=True, number_scale=1.0, inverse_penalty=0.05),
        "is this turn the next one here, or was it taken from another conversation on the subject",
        vectors=("reply", "context"),
    )
)


@SCORERS.register("coherence")
def coherence(heads: Mapping[str, Head] | None = None) -> Scorer:
    """Make the scorer; `heads` may hold another head for the reply than the shipped one."""
    head = (heads or {}).get(TARGET) or _shipped()
    return Scorer(
        name="coherence",
        version=3,
        judge=lambda dialogue: _judge(dialogue, head),
        measures="turns that follow each other: alternation, no repeats, topic and question-answer order, "
        "and a last reply that belongs here",
        basis="adjacency pairs, lexical cohesion against chance within the conversation, a cache model of "
        "words fitted on permissive conversations; see the module",
        limits="not a measure of clinical worth; English; order and words, not meaning; "
        "near its prior below about eight turns; a reply of one or two words fits nearly anywhere",
    )


@cache
def _shipped() -> Head:
    resource = files("pixelated") / "presets" / "score" / "next_reply.json"
    return heads_of(orjson.loads(resource.read_bytes()), resource.name)[TARGET]


def _judge(dialogue: Dialogue, head: Head) -> Score:
    turns = dialogue.turns
    if len(turns) < 2 or len({turn.role for turn in turns}) < 2:  # noqa: PLR2004 - it takes two
        return Score(None, "one_speaker" if len(turns) > 1 else "one_turn")
    if dialogue.foreign:
        return Score(None, dialogue.foreign)
    if not any(turn.words for turn in turns):
        return Score(None, "no_words")
    repeats, lists = _repeats(turns), _keyword_lists(turns)
    reply = _last_reply(dialogue, head)
    if reply is not None and len(turns) - 1 in lists:
        reply = min(reply, LIST_FITS)  # a list of keywords has every word of its subject
    evidence = {
        "alternation": -ALTERNATION_WEIGHT * _same_speaker(turns),
        "repetition": -REPETITION_WEIGHT * len(repeats) / len(turns),
        "speech": -SPEECH_WEIGHT * len(lists) / len(turns),
        **_order(turns),
    }
    fits = 1.0 if reply is None else sigmoid(REPLY_PRIOR + REPLY_WEIGHT * reply)
    reason = min(evidence, key=lambda name: evidence[name])
    if fits < sigmoid(evidence[reason]):
        reason = "reply"
    at = tuple(dialogue.positions[n] for n in sorted(set(repeats) | set(lists)))
    part = None if reply is None else round(sigmoid(reply), DECIMALS)
    both = sigmoid(PRIOR + sum(evidence.values())) ** ORDER_POWER * fits
    # The level moves all values and no rank: real conversations stand where they stood by their order alone.
    value = sigmoid(LEVEL + _log_odds(both))
    return Score(value, reason, at, {"next_reply": part})


def _last_reply(dialogue: Dialogue, head: Head) -> float | None:
    """Return the log-odds that the therapist's last turn is the next one there; None where it opens."""
    turns = dialogue.turns
    places = [n for n, turn in enumerate(turns) if turn.role != "user" and turn.words]
    if not places or places[-1] == 0:
        return None
    return _log_odds(probabilities(head, _sample(dialogue, places[-1]))[NEXT])


def _log_odds(chance: float) -> float:
    return math.log(max(chance, LEAST_CHANCE) / max(1 - chance, LEAST_CHANCE))


def _same_speaker(turns: list[Turn]) -> float:
    same = sum(a.role == b.role for a, b in pairwise(turns))
    return same / (len(turns) - 1)


def _repeats(turns: list[Turn]) -> list[int]:
    seen: set[tuple[str, ...]] = set()
    found = []
    for n, turn in enumerate(turns):
        key = tuple(turn.words)
        if len(key) >= REPEATED_WORDS and key in seen:
            found.append(n)
        seen.add(key)
    return found


def _keyword_lists(turns: list[Turn]) -> list[int]:
    """Return the longer turns that hold hardly a function word; all turns, where they do so together."""
    words = sum(len(turn.words) for turn in turns)
    share = sum(turn.closed_share * len(turn.words) for turn in turns) / max(words, 1)
    if _is_list(words, share):
        return list(range(len(turns)))
    return [n for n, turn in enumerate(turns) if _is_list(len(turn.words), turn.closed_share)]


def _is_list(words: int, closed_share: float) -> bool:
    return closed_share < SPEECH_SHARE and words >= (SPEECH_LONGER if closed_share else SPEECH_WORDS)


def _order(turns: list[Turn]) -> dict[str, float]:
    if len(turns) < SHORT:
        lead = bounded(SHORT_ROLE_SLOPE * short_role_lead(turns), ROLE_MOST)
        return {"relatedness": reply_evidence(turns), "roles": _unless_absent(lead, SHORT_ROLES_ABSENT)}
    evidence = {
        "topic": _over_blocks(turns, "topic", TOPIC_GROWTH, TOPIC_CAP),
        "pairs": _over_blocks(turns, "pairs", PAIR_GROWTH, PAIR_CAP),
        "frame": frame_evidence(turns),
        "roles": min(ROLE_MOST, _deviate(role_z(turns), min(ROLE_GROWTH * len(turns), ROLE_CAP))),
    }
    return {name: _unless_absent(value, ABSENT[name]) for name, value in evidence.items()}


def _over_blocks(turns: list[Turn], relation: str, growth: float, cap: float) -> float:
    """Join the z values of blocks of turns into one and return its evidence."""
    blocks = [turns[i : i + BLOCK] for i in range(0, len(turns), BLOCK)]
    found = [z for block in blocks if len(block) >= SHORT and (z := _block_z(block, relation)) is not None]
    z = sum(found) / math.sqrt(len(found)) if found else None
    return _deviate(z, min(growth * len(turns), cap))


def _block_z(turns: list[Turn], relation: str) -> float | None:
    roles = [turn.role for turn in turns]
    if relation == "topic":
        return order_z(topic_relation(turns), roles, LAGS)
    return order_z(pair_relation(turns), roles, ((1, 1.0),))


def _deviate(z: float | None, mean: float) -> float:
    """Return the log-odds of a normal deviate around `mean` against one around 0 (no z: no evidence)."""
    return 0.0 if z is None else bounded(mean * (z - mean / 2), BOUND)


def _unless_absent(evidence: float, absent: float) -> float:
    """Return log-odds for a trait that real conversations lack with probability `absent`.

    Its lack then speaks against order by no more than log(absent).
    """
    return math.log(absent + (1 - absent) * math.exp(evidence))
