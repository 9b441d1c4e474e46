"""A list of turns in a record: `messages`, ShareGPT `conversations`, dialogue lists of many spellings."""

from __future__ import annotations

from typing import Any

from pixelated.core.source import Fields, Mapping
from pixelated.standardise import turns
from pixelated.standardise.dialogue_text import speaker_mark
from pixelated.standardise.fields import get, has
from pixelated.standardise.roles import known_role
from pixelated.standardise.rows import Candidate, Draft, RefusedError, Said
from pixelated.standardise.shapes.plan import Plan
from pixelated.standardise.shapes.recognise import SYSTEMS, TurnFields, keyed_by_role, pick, turn_fields


def convert(candidate: Candidate, plan: Plan, mapping: Mapping) -> Draft:
    """Make a dialogue of the turns of one row; the turns' other fields go to `source_metadata.turns`."""
    row = candidate.first.value
    fields = plan.fields
    if isinstance(row, dict):
        path = fields.messages or ""
        listed, used = get(row, path), {path}
    else:
        row, listed, used = {}, row, set()
    said = said_of(listed, fields)
    said = [*_system(row, fields, said, used), *said]
    draft = turns.build(said, mapping)
    draft.fields, draft.used = row, used
    if row.get("kind") == "text" and {m.role for m in draft.messages} == {"assistant"}:
        draft.kind = "text"  # a record of this program, read again
    labels = [turn.labels for turn in said]
    if any(labels):
        draft.extra["turns"] = labels
    return draft


def said_of(listed: Any, fields: Fields) -> list[Said]:
    """Return the turns of a list in order.

    Texts without speakers are named "0" and "1" by turns, so that the registry can say who alternates
    (`roles: {"0": user, "1": assistant}`); no role is assumed.

    Raises:
        RefusedError: `not_an_object`, `empty_content` or `roles_unknown` (turns without a speaker).
    """
    if not isinstance(listed, list):
        raise RefusedError("not_an_object", f"a list of turns is expected, found {type(listed).__name__}")
    if not listed:
        raise RefusedError("empty_content", "the list of turns is empty")
    if all(isinstance(v, str) for v in listed):
        return _texts(listed)
    return [said for turn in listed for said in _said(turn, fields)]


def _texts(listed: list[str]) -> list[Said]:
    """Return texts as turns: by the names they start with (`Client: ...`), else numbered by turns."""
    marks = [speaker_mark(text) for text in listed]
    named = [Said(m.name, m.text.strip(), m.start) for m in marks if m is not None and known_role(m.name, {})]
    if len(named) == len(listed):
        return named
    return [Said(str(k % 2), text) for k, text in enumerate(listed)]


def _said(turn: Any, fields: Fields) -> list[Said]:
    if isinstance(turn, list) and len(turn) == 2 and all(isinstance(v, str) for v in turn):  # noqa: PLR2004
        return [Said(turn[0], turn[1])]  # ["user", "text"]: an unknown first half is refused later
    if not isinstance(turn, dict):
        raise RefusedError(
            "not_an_object", f"a turn is expected to be an object, found {type(turn).__name__}"
        )
    names = turn_fields(turn, fields)
    if names.content is None or (names.role is None and keyed_by_role(turn)):
        if turn and keyed_by_role(turn):
            return [Said(name, text) for name, text in turn.items()]
        raise RefusedError("field_missing", "a turn has no text: name its field in fields.content")
    if names.role is None:
        raise RefusedError("roles_unknown", "the turns have no field that says who speaks")
    said = Said(get(turn, names.role), get(turn, names.content))
    if len(turn) > 2:  # noqa: PLR2004 - more than role and content
        _add_rest(said, turn, names)
    return [said]


def _add_rest(said: Said, turn: dict[str, Any], names: TurnFields) -> None:
    """Fill in the times, and the labels: all fields that went nowhere else."""
    said.start = turns.seconds(get(turn, names.start)) if names.start else None
    said.end = turns.seconds(get(turn, names.end)) if names.end else None
    used = {names.role, names.content, names.start if said.start is not None else None}
    used.add(names.end if said.end is not None else None)
    said.labels = {k: v for k, v in turn.items() if k not in used}


def _system(row: dict[str, Any], fields: Fields, said: list[Said], used: set[str]) -> list[Said]:
    """Return the system message that stands beside the turns, unless they have one themselves."""
    found = pick((k for k, v in row.items() if isinstance(v, str)), SYSTEMS)
    names = [n for n in fields.system if has(row, n)] or ([found] if found else [])
    texts = [t for n in names if isinstance(t := get(row, n), str) and t.strip()]
    if not texts or any(isinstance(t.speaker, str) and t.speaker.lower() == "system" for t in said[:1]):
        return []
    used.update(names)
    return [Said("system", "\n\n".join(texts))]
