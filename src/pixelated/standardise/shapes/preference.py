"""A prompt with a chosen and a rejected answer: texts, message lists, or two whole transcripts.

Where chosen and rejected are whole dialogues (Anthropic HH, message lists), what they share at the start is
the prompt.
"""

from __future__ import annotations

import re
from typing import Any

from pixelated.core.source import Fields, Mapping
from pixelated.standardise import turns
from pixelated.standardise.fields import get
from pixelated.standardise.rows import Candidate, Draft, Message, RefusedError, Said
from pixelated.standardise.shapes.messages import said_of
from pixelated.standardise.shapes.pair import joined
from pixelated.standardise.shapes.plan import Plan
from pixelated.standardise.shapes.recognise import MESSAGES

_HH = re.compile(r"(?:\A|\n\n)(Human|Assistant|H|A):[ \t]?")


def convert(candidate: Candidate, plan: Plan, mapping: Mapping) -> Draft:
    """Make a preference record.

    Raises:
        RefusedError: `no_reply` (an answer is empty), `equal_preference`, `preference_diverges` (the two
            dialogues differ before the last answer), `no_prompt`.
    """
    row, fields = candidate.first.value, plan.fields
    prompt = _prompt(row, fields, mapping)
    chosen = _answer(get(row, fields.chosen or ""), fields, mapping)
    rejected = _answer(get(row, fields.rejected or ""), fields, mapping)
    if _user_first(chosen) and _user_first(rejected):
        shared = _shared(chosen, rejected)
        if shared == min(len(chosen), len(rejected)):  # one is a beginning of the other, or both are equal
            shared = max(0, shared - 1)
        if MESSAGES not in fields.prompt and not _continues(prompt, chosen[:shared]):
            raise RefusedError("preference_diverges", "prompt and answers do not begin alike")
        prompt, chosen, rejected = chosen[:shared], chosen[shared:], rejected[shared:]
    _check(prompt, chosen, rejected, mapping)
    used = {*fields.prompt, *fields.system, fields.chosen or "", fields.rejected or ""}
    return Draft("preference", prompt, chosen, rejected, fields=row, used=used, single=True)


def _prompt(row: dict[str, Any], fields: Fields, mapping: Mapping) -> list[Message]:
    system = joined(row, fields.system)
    messages = [Message("system", system)] if system.strip() else []
    value = get(row, fields.prompt[0]) if len(fields.prompt) == 1 else None
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [*messages, *turns.build(said_of(value, fields), mapping).messages]
    text = joined(row, fields.prompt)
    if _HH.match(text) is not None:
        return [*messages, *_transcript(text, mapping)]
    return [*messages, Message(turns.swap("user", mapping), text)] if text.strip() else messages


def _answer(value: Any, fields: Fields, mapping: Mapping) -> list[Message]:
    """Return the messages of an answer, which may be a whole dialogue."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return turns.build(said_of(value, fields), mapping).messages
    if isinstance(value, dict):
        return turns.build(said_of([value], fields), mapping).messages
    text = joined({"answer": value}, ["answer"])
    if not text.strip():
        raise RefusedError("no_reply", "the chosen or the rejected answer is empty")
    if _HH.match(text) is not None:
        return _transcript(text, mapping)
    return [Message(turns.swap("assistant", mapping), text)]


def _transcript(text: str, mapping: Mapping) -> list[Message]:
    """Read a transcript of `Human: ...` and `Assistant: ...`; names count only after a blank line."""
    pieces = _HH.split(text)
    names = {"H": "human", "A": "assistant"}
    said = [
        Said(names.get(name, name), body.strip())
        for name, body in zip(pieces[1::2], pieces[2::2], strict=True)
    ]
    return turns.build(said, mapping).messages


def _user_first(messages: list[Message]) -> bool:
    return bool(messages) and messages[0].role != "assistant"


def _shared(one: list[Message], other: list[Message]) -> int:
    pairs = zip(one, other, strict=False)
    return next(
        (k for k, (a, b) in enumerate(pairs) if (a.role, a.content) != (b.role, b.content)),
        min(len(one), len(other)),
    )


def _continues(prompt: list[Message], shared: list[Message]) -> bool:
    """Say whether the given prompt, if any, is what the two dialogues share."""
    given = [m.content.strip() for m in prompt if m.role != "system"]
    return not given or given == [m.content.strip() for m in shared if m.role != "system"]


def _check(prompt: list[Message], chosen: list[Message], rejected: list[Message], mapping: Mapping) -> None:
    if not chosen or not rejected:
        raise RefusedError("no_reply", "the chosen or the rejected answer is empty")
    if any(answer[0].role != turns.swap("assistant", mapping) for answer in (chosen, rejected)):
        raise RefusedError("preference_diverges", "the two dialogues differ before the last answer")
    if not any(m.role == turns.swap("user", mapping) for m in prompt):
        raise RefusedError("no_prompt", "there is no prompt before the answers")
    if [(m.role, m.content) for m in chosen] == [(m.role, m.content) for m in rejected]:
        raise RefusedError("equal_preference", "chosen and rejected are the same")
