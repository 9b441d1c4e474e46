"""Turns to messages: roles, times, blank turns, and consecutive turns of one role merged with a count."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pixelated.core.source import Mapping
from pixelated.standardise import roles as roles_
from pixelated.standardise.rows import Draft, Message, RefusedError, Said

_CLOCK = re.compile(r"\[?\(?(?:(\d{1,3}):)?(\d{1,3}):(\d{1,2}(?:[.,]\d{1,9})?)\)?\]?")
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?")
_SWAPPED = {"user": "assistant", "assistant": "user"}


def build(said: Sequence[Said], mapping: Mapping) -> Draft:
    """Return a dialogue draft of turns in order.

    Raises:
        RefusedError: a speaker without a role, content that is not text, or nothing said at all.
    """
    given = roles_.assign([turn.speaker for turn in said], mapping.roles)
    messages: list[Message] = []
    counts = {"blank_turns": 0, "skipped_turns": 0}
    for turn in said:
        role = given[turn.speaker if isinstance(turn.speaker, str | int) else None]
        content = as_text(turn.text)
        if role == "skip" or not content.strip():
            why = "skipped" if role == "skip" else "blank"
            counts[f"{why}_turns"] += 1
            turn.labels["dropped"] = why  # keeps source_metadata.turns in step with the messages
        else:
            _add(messages, _message(turn, swap(role, mapping), content))
    if not messages:
        raise RefusedError("empty_content", f"none of {len(said)} turns has any text")
    return Draft("dialogue", messages, counts=counts)


def swap(role: str, mapping: Mapping) -> str:
    """Return the role, exchanged where the source is role-reversed."""
    return _SWAPPED.get(role, role) if mapping.role_reversed else role


def _message(turn: Said, role: str, content: str) -> Message:
    speaker = None if turn.speaker is None else str(turn.speaker)
    return Message(role, content, speaker, turn.start, turn.end, 1, turn.raw_rows)


def _add(messages: list[Message], new: Message) -> None:
    last = messages[-1] if messages else None
    if last is None or last.role != new.role:
        messages.append(new)
        return
    last.content += "\n" + new.content
    last.merged += 1
    last.raw_rows += new.raw_rows
    last.end = new.end
    if new.speaker and last.speaker and new.speaker not in last.speaker.split(" + "):
        last.speaker += " + " + new.speaker


def as_text(value: Any) -> str:
    """Return the text of a turn's content; a list of text parts (chat API style) is joined by line ends.

    Raises:
        RefusedError: `content_not_text`, for numbers, images and other things that are not text.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, list) and all(_is_part(p) for p in value):
        return "\n".join(p if isinstance(p, str) else p["text"] for p in value)
    raise RefusedError("content_not_text", f"text is expected, found {type(value).__name__}")


def _is_part(part: Any) -> bool:
    if isinstance(part, dict):
        return isinstance(part.get("text"), str) and part.get("type", "text") == "text"
    return isinstance(part, str)


def seconds(value: Any) -> float | None:
    """Return a time as seconds: a number, or a clock such as 00:01:13.5; None if it is neither."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return float(value) if abs(value) < 1e12 else None  # noqa: PLR2004 - more is no time in a recording
    text = str(value).strip()[:40]
    if _NUMBER.fullmatch(text):
        return float(text)
    clock = _CLOCK.fullmatch(text)
    if clock is None:
        return None
    hours, minutes, secs = clock.groups()
    return int(hours or 0) * 3600.0 + int(minutes) * 60.0 + float(secs.replace(",", "."))


def require_sides(draft: Draft, mapping: Mapping) -> None:
    """Refuse a draft that is no exchange.

    Raises:
        RefusedError: `no_reply` without an assistant turn (unless the source wants prompts only),
            `no_prompt` without a user turn.
    """
    if draft.kind == "text":
        return
    roles = {m.role for m in draft.messages}
    if draft.kind == "dialogue" and "assistant" not in roles and not mapping.prompt_only:
        raise RefusedError("no_reply", f"none of {len(draft.messages)} messages is the assistant's")
    if "user" not in roles:
        raise RefusedError("no_prompt", f"none of {len(draft.messages)} messages is the user's")
