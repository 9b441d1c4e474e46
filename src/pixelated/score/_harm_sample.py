"""What a head of `harmfulness` sees of a reply: its text, the turn before, cues and pairs of them."""

from __future__ import annotations

import math

from pixelated.score import _crisis_reply as reply_of
from pixelated.score._crisis import THRESHOLD, findings, named, severity
from pixelated.score._cues import cues
from pixelated.score.dialogue import Dialogue, Turn
from pixelated.score.heads.head import Sample

TOLD = "told_"  # cues that are read in the turn before the reply
SOOTHES = frozenset({"comfort", "offers", "helps", "understands"})
SHORT_REPLY = 4  # words
PAIRED = ("crisis", "better", "low", "asks", "anxious", "alone")


def sample(dialogue: Dialogue, at: int) -> Sample:
    """Return the sample of the reply at `dialogue.turns[at]`, with the client's turn before it."""
    reply = dialogue.turns[at]
    told = next((turn for turn in reversed(dialogue.turns[:at]) if turn.role == "user"), None)
    context = told.speech if told else ""
    made = sorted(_made(reply))
    texts = {
        "reply": reply.speech,
        "context": context,
        "exchange": f"{context} Reply: {reply.speech}",
        "moves": "z".join(made) or "none",
    }
    return Sample(texts=texts, numbers=_numbers(reply, told, frozenset(made)))


def _made(reply: Turn) -> frozenset[str]:
    found = cues("harmfulness").found(reply.plain.replace("'", ""))
    return frozenset(name for name in found if not name.startswith(TOLD))


def _numbers(reply: Turn, told: Turn | None, made: frozenset[str]) -> dict[str, float]:
    names = [name for name in cues("harmfulness").names if not name.startswith(TOLD)]
    numbers = {name: float(name in made) for name in names}
    context = _context(told)
    numbers |= {f"told:{name}": value for name, value in context.items()}
    numbers |= {f"{name}*{other}": numbers[name] * context[other] for name in names for other in PAIRED}
    numbers |= {f"step:{name}": 1.0 for name in reply_of.good(reply.plain)}
    numbers |= {f"fault:{name}": 1.0 for name in reply_of.harm(reply.plain)}
    return numbers | _form(reply, told, made, context)


def _context(told: Turn | None) -> dict[str, float]:
    if told is None:
        return dict.fromkeys(("severity", *PAIRED), 0.0)
    text = told.plain.replace("'", "")
    found = cues("harmfulness").found(text)
    context = {
        name.removeprefix(TOLD): float(name in found)
        for name in cues("harmfulness").names
        if name.startswith(TOLD)
    }
    danger = severity(named(findings(told.plain)))
    frame = cues("crisis_frame").found(text)
    context |= {
        "severity": danger,
        "crisis": float(danger >= THRESHOLD),
        "despair": float("despair" in frame),
    }
    context["better"] *= 1 - context["crisis"]
    return context


def _form(
    reply: Turn, told: Turn | None, made: frozenset[str], context: dict[str, float]
) -> dict[str, float]:
    words = len(reply.words)
    cheer = float("cheerful" in made and not made & (SOOTHES | {"asks"}))
    return {
        "length": math.log1p(len(reply.text)),
        "length told": math.log1p(len(told.text)) if told else 0.0,
        "question": float("?" in reply.text),
        "exclamation": float("!" in reply.text),
        "short": float(words <= SHORT_REPLY),
        "soothes": float(len(made & (SOOTHES | {"asks"}))),
        "nothing": float(not made),
        "only cheer": cheer,
        "only cheer*low": cheer * max(context["low"], context["crisis"]),
        "related": float(bool(told) and reply_of.related(told.plain, reply.plain)) if told else 0.0,
    }
