"""The shape of a row that the registry does not describe, from the names and values of its fields."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from pixelated.core.source import Fields, Mapping
from pixelated.standardise.dialogue_text import START, spoken_by_known
from pixelated.standardise.fields import get, normal
from pixelated.standardise.rows import RefusedError
from pixelated.standardise.shapes.recognise import (
    CHOSEN,
    MESSAGES,
    REJECTED,
    SPEAKERS_BY_NAME,
    SYSTEMS,
    TEXTS,
    TURN_LISTS,
    UTTERANCES,
    Sides,
    is_convai,
    is_record,
    pick,
    sides,
    turns_field,
)

Signature = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The shape of a row and the fields that it reads (all of them named)."""

    shape: str
    fields: Fields


def sniff_row(row: Dict[str, Any], mapping: Mapping) -> Plan:
    """Return the plan of one row.

    Raises:
        RefusedError: no shape fits with certainty.
    """
    signature = _signature(row)
    if signature is None:
        return _sniff(row, mapping)
    found = _plan_of(signature, mapping.fields, mapping.prompt_only)
    if isinstance(found, Plan):
        return found
    raise RefusedError(*found)


@lru_cache(maxsize=10_000)
def _may_hold_dialogue(name: str) -> bool:
    """Say whether a dialogue may be written out in a text field of this name."""
    return normal(name) in TEXTS or normal(name) in TURN_LISTS


def _signature(row: Dict[str, Any]) -> Signature | None:
    """Return all that the plan of a row of plain fields depends on; None where it depends on more."""
    kinds = []
    for name, value in row.items():
        if isinstance(value, str):
            if _may_hold_dialogue(name):
                return None
            kinds.append((name, "text" if value.strip() else "empty"))
        elif value is None or isinstance(value, int | float):
            kinds.append((name, "empty" if value is None else "number"))
        else:
            return None
    return tuple(kinds)


@lru_cache(maxsize=1000)  # the rows of a source have a handful of signatures
def _plan_of(signature: Signature, fields: Fields, prompt_only: bool) -> Plan | tuple[str, str]:
    """Return the plan of all rows with a signature, or the reason and detail of their refusal."""
    examples: dict[str, Any] = {"text": "x", "empty": "", "number": 1}
    try:
        row = {name: examples[kind] for name, kind in signature}
        return _sniff(row, Mapping(fields=fields, prompt_only=prompt_only))
    except RefusedError as error:
        return error.reason, error.detail


def _sniff(row: Dict[str, Any], mapping: Mapping) -> Plan:
    fields = mapping.fields
    listed = _sniff_lists(row, fields)
    if listed is not None:
        return listed
    found = sides(row)
    text = text_field(row)
    written = _written_dialogue(row, text, found, mapping) if text else None
    if text and written:
        return Plan(written, replace(fields, text=(text,)))
    if found.responses or (found.prompts and not text):
        return Plan("pair", pair_fields(row, mapping, found))
    if pick(row, SPEAKERS_BY_NAME) and pick(row, UTTERANCES):
        raise RefusedError(
            "roles_unknown", "a row of an utterance table whose speakers or dialogues are not known by name"
        )
    if text is None:
        return _inside(row, mapping)
    if pick([text], TEXTS) is None:
        raise RefusedError("roles_unknown", f"{text!r} is not a transcript with known speakers")
    return Plan("text", replace(fields, text=(text,)))


def _sniff_lists(row: Dict[str, Any], fields: Fields) -> Plan | None:
    """Plan a row by its lists of turns or candidates, or its two answers."""
    if is_convai(row):
        return Plan("convai", fields)
    turns = turns_field({k: v for k, v in row.items() if normal(k) not in (*CHOSEN, *REJECTED)})
    answers = [row[name] for names in (CHOSEN, REJECTED) if (name := pick(row, names)) is not None]
    if len(answers) == 2 and (turns is None or any(answers)):  # noqa: PLR2004 - chosen and rejected
        return Plan("preference", preference_fields(row, fields))
    return None if turns is None else Plan("messages", _with_turns(fields, turns))


@lru_cache(maxsize=100)  # one name per source, and a copy of the fields is dear for each row
def _with_turns(fields: Fields, name: str) -> Fields:
    return replace(fields, messages=name)


def _inside(row: Dict[str, Any], mapping: Mapping) -> Plan:
    """Plan a row whose record lies inside one of its fields (`{"id": 1, "data": {"messages": [...]}}`)."""
    empty = pick((k for k, v in row.items() if v is None or v == []), TURN_LISTS)
    if empty is not None:
        raise RefusedError("empty_content", f"the list of turns ({empty!r}) is empty")
    inner = [k for k, v in row.items() if isinstance(v, dict) and is_record(v)]
    if len(inner) == 1 and "." not in inner[0]:
        plan = _sniff(row[inner[0]], mapping)
        if plan.shape != "convai":
            return Plan(plan.shape, _under(inner[0], plan.fields))
    raise RefusedError("shape_unknown", f"{len(row)} fields, none of a known kind: describe them in mapping")


def _under(name: str, fields: Fields) -> Fields:
    """Return the fields of a row that lies in the field `name` of another."""

    def many(paths: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(f"{name}.{p}" for p in paths)

    return replace(
        fields,
        messages=fields.messages and f"{name}.{fields.messages}",
        chosen=fields.chosen and f"{name}.{fields.chosen}",
        rejected=fields.rejected and f"{name}.{fields.rejected}",
        system=many(fields.system),
        prompt=many(fields.prompt),
        response=many(fields.response),
        text=many(fields.text),
    )


def _written_dialogue(row: Dict[str, Any], name: str, found: Sides, mapping: Mapping) -> str | None:
    """Return the shape of a dialogue that is written out in a text field, or None."""
    text = get(row, name)
    if not isinstance(text, str):
        return None
    if START in text:
        return "chatml"
    spoken = not found.responses and spoken_by_known(text, mapping.roles) is not None
    return "transcript" if spoken else None


def text_field(row: Dict[str, Any]) -> str | None:
    """Return the field that holds a text: `text`, `content`, `transcript`, `conversation` ...

    Raises:
        RefusedError: `ambiguous_columns`, two such fields hold text.
    """
    filled = [k for k, v in row.items() if isinstance(v, str)]
    first = pick(filled, (*TEXTS, *TURN_LISTS))
    if first is None:
        return None
    second = pick([k for k in filled if k != first and row[k].strip()], TEXTS)
    if second is not None and row[first].strip():
        raise RefusedError(
            "ambiguous_columns", f"{first!r} and {second!r} both hold text: name one in fields.text"
        )
    return first if row[first].strip() or second is None else second


def preference_fields(row: Dict[str, Any], fields: Fields) -> Fields:
    """Return the fields of a preference; chosen and rejected are empty names where none is known."""
    chosen = fields.chosen or pick(row, CHOSEN) or ""
    rejected = fields.rejected or pick(row, REJECTED) or ""
    prompt = fields.prompt
    if not prompt:
        found = sides({k: v for k, v in row.items() if k not in {chosen, rejected}})
        prompt = _prompt(found) if found.prompts else tuple(k for k in row if k == MESSAGES)
    return replace(
        fields, chosen=chosen, rejected=rejected, prompt=prompt, system=fields.system or _system(row)
    )


def pair_fields(row: Dict[str, Any], mapping: Mapping, found: Sides) -> Fields:
    """Return the fields of a pair.

    Raises:
        RefusedError: `ambiguous_columns`, `no_reply` or `no_prompt`.
    """
    replies = [r for r in found.responses if row[r] not in (None, "")] or list(found.responses)
    if len(replies) > 1:
        raise RefusedError(
            "ambiguous_columns", f"{len(replies)} fields could be the reply: {_names(replies)}"
        )
    if not replies and not mapping.prompt_only:
        raise RefusedError("no_reply", "the row has a prompt and no field with a reply")
    if not found.prompts:
        raise RefusedError("no_prompt", "the row has a reply and no field with a prompt")
    return replace(mapping.fields, prompt=_prompt(found), response=tuple(replies), system=_system(row))


def _prompt(found: Sides) -> tuple[str, ...]:
    """Return the prompt's fields in reading order: title and text, instruction and input, or one field."""
    names = {n.lower(): n for n in found.prompts}
    if len(names) == 2 and {"instruction", "input"} == set(names):  # noqa: PLR2004 - the two of the set
        return (names["instruction"], names["input"])
    if len(found.prompts) > 1:
        raise RefusedError(
            "ambiguous_columns", f"{len(found.prompts)} fields could be the prompt: {_names(found.prompts)}"
        )
    return (*found.titles, *found.prompts) if len(found.titles) == 1 else tuple(found.prompts)


def _system(row: Dict[str, Any]) -> tuple[str, ...]:
    name = pick((k for k, v in row.items() if isinstance(v, str)), SYSTEMS)
    return () if name is None else (name,)


def _names(names: Sequence[str]) -> str:
    return ", ".join(repr(n[:40]) for n in names[:5])
