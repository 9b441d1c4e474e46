"""A prompt and its reply in fields of one row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pixelated.core.source import Mapping
from pixelated.standardise import turns
from pixelated.standardise.fields import get
from pixelated.standardise.rows import Candidate, Draft, Message, RefusedError
from pixelated.standardise.shapes.plan import Plan

HISTORY = "history"  # earlier rounds beside instruction and output: a list of [prompt, reply]


def convert(candidate: Candidate, plan: Plan, mapping: Mapping) -> Draft:
    """Make a dialogue of one exchange: system (if any), earlier rounds (if any), prompt, reply."""
    row, fields = candidate.first.value, plan.fields
    prompt, reply = joined(row, fields.prompt), joined(row, fields.response)
    if not prompt.strip():
        raise RefusedError("no_prompt", f"the prompt is empty ({', '.join(fields.prompt)})")
    if not reply.strip() and not mapping.prompt_only:
        raise RefusedError("no_reply", f"the reply is empty ({', '.join(fields.response) or 'no field'})")
    used = {*fields.system, *fields.prompt, *fields.response}
    earlier = _history(row.get(HISTORY))
    if earlier:
        used.add(HISTORY)
    system = joined(row, fields.system)
    said = [("system", system), *earlier, ("user", prompt), ("assistant", reply)]
    messages = [Message(turns.swap(role, mapping), text) for role, text in said if text.strip()]
    return Draft("dialogue", messages, fields=row, used=used, single=True)


def joined(row: dict[str, Any], paths: Iterable[str]) -> str:
    """Return the texts of several fields joined by a blank line; empty and repeated ones count once."""
    texts = [one_text(get(row, path)) for path in paths]
    return "\n\n".join(dict.fromkeys(t for t in texts if t.strip()))


def one_text(value: Any) -> str:
    """Return a field's text; a list must hold exactly one.

    Raises:
        RefusedError: `several_replies`, or `content_not_text`.
    """
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        if len(value) > 1:
            raise RefusedError("several_replies", f"a field holds {len(value)} texts where one is expected")
        return value[0] if value else ""
    return turns.as_text(value)


def _history(value: Any) -> list[tuple[str, str]]:
    if not isinstance(value, list):
        return []
    rounds = [r for r in value if isinstance(r, list) and [type(v) for v in r] == [str, str]]
    if len(rounds) < len(value):
        return []
    return [turn for prompt, reply in rounds for turn in (("user", prompt), ("assistant", reply))]
