"""ConvAI and PersonaChat: `utterances` of `history` and `candidates`.

By that format's convention the last candidate is the real reply and the others are distractors taken from
other dialogues. They appear nowhere in the record, only their number does. The last of the history is the
other person's, and the two alternate.
"""

from __future__ import annotations

from typing import Any

from pixelated.core.source import Mapping
from pixelated.standardise import turns
from pixelated.standardise.rows import Candidate, Draft, Message, RefusedError
from pixelated.standardise.shapes.plan import Plan


def convert(candidate: Candidate, plan: Plan, mapping: Mapping) -> Draft:  # noqa: ARG001 - shapes share a signature
    """Make a dialogue of the last round's history and its last candidate.

    Raises:
        RefusedError: `no_reply` (no candidates), `no_prompt` (no history), `ambiguous_history` (the
            rounds are not one dialogue).
    """
    row = candidate.first.value
    rounds = row.get("utterances", [row])
    replies = [_reply(r) for r in rounds]
    for before, reply, after in zip(rounds, replies, rounds[1:], strict=False):
        told = [*before["history"], reply]
        if after["history"][: len(told)] != told:
            raise RefusedError("ambiguous_history", "the rounds of the record do not continue each other")
    said = _alternating([turns.as_text(t) for t in rounds[-1]["history"]], replies[-1])
    messages = [Message(turns.swap(role, mapping), text) for role, text in said if text.strip()]
    used = {"utterances", "history", "candidates"}
    extra = {"candidates": sum(len(r["candidates"]) for r in rounds)}
    return Draft("dialogue", messages, fields=row, used=used, extra=extra, single=len(messages) <= 2)  # noqa: PLR2004


def _reply(turn: dict[str, Any]) -> str:
    candidates, history = turn["candidates"], turn["history"]
    reply = turns.as_text(candidates[-1]) if candidates else ""
    if not reply.strip():
        raise RefusedError("no_reply", "a round has no candidates, or its last is empty")
    if not history:
        raise RefusedError("no_prompt", "a round has no history")
    return reply


def _alternating(history: list[str], reply: str) -> list[tuple[str, str]]:
    roles = ("user", "assistant")
    last = len(history) - 1
    return [*((roles[(last - k) % 2], text) for k, text in enumerate(history)), ("assistant", reply)]
