"""The head of `crisis_response`: what it sees of a reply, and the one that ships.

It is fitted on replies that this project wrote and graded (`tools/crisis_replies`); no clinician has reviewed
them.
"""

from __future__ import annotations

import math
from functools import cache
from importlib.resources import files

import orjson

from pixelated.score import _crisis_reply as reply_of
from pixelated.score._crisis import findings, severity
from pixelated.score.dialogue import Dialogue, Turn
from pixelated.score.heads.head import Head, Plan, Sample
from pixelated.score.targets import TARGETS, Target

GOOD, HARMFUL = "good", "harmful"
PART = "reply"
PLAN = Plan(words=("reply",), chars=("reply",), numbers=True, limit=5_000)
_SELF = frozenset({"i", "i'm", "i've", "i'd", "i'll", "my", "me", "mine"})
_OTHER = frozenset({"you", "you're", "you've", "you'd", "you'll", "your", "yours"})
QUESTIONS_MOST = 3


@cache
def shipped() -> Head | None:
    """Return the head that ships, read once per process."""
    resource = files("pixelated") / "presets" / "score" / "crisis_response.json"
    if not resource.is_file():  # while it is being fitted anew
        return None
    return Head.from_json(orjson.loads(resource.read_bytes()), resource.name)


def sample_of(reply: Turn, client: Turn | None) -> Sample:
    """Return what the head sees: the reply's words, its steps and faults by name, whom it speaks of."""
    helps, harms = reply_of.good(reply.plain), reply_of.harm(reply.plain)
    numbers = {f"good {name}": 1.0 for name in helps} | {f"harm {name}": 1.0 for name in harms}
    count = max(len(reply.words), 1)
    numbers |= {
        "rules": sum(reply_of.GOOD[n] for n in helps) - sum(reply_of.HARM[n] for n in harms),
        "questions": float(min(reply.text.count("?"), QUESTIONS_MOST)),
        "ends with a question": float(reply.text.rstrip().endswith("?")),
        "log of words": math.log1p(len(reply.words)),
        "you": sum(map(_OTHER.__contains__, reply.words)) / count,
        "i": sum(map(_SELF.__contains__, reply.words)) / count,
    }
    if client is not None:
        numbers["danger"] = severity(findings(client.plain))
        numbers["related"] = float(reply_of.related(client.plain, reply.plain))
    return Sample({"reply": reply.speech}, numbers)


def sample(dialogue: Dialogue, at: int) -> Sample:
    """Return the sample of the reply at a position of `dialogue.turns`."""
    told = next((turn for turn in reversed(dialogue.turns[:at]) if turn.role == "user"), None)
    return sample_of(dialogue.turns[at], told)


TARGETS.register(f"crisis_response/{PART}")(
    Target((HARMFUL, GOOD), sample, PLAN, "whether a reply to a client in crisis is acceptable", ("reply",))
)
