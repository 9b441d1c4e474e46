"""Which shape a row has and which fields it reads: what the registry says, else what the row shows."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pixelated.core.source import Fields, Mapping
from pixelated.standardise.dialogue_text import START, spoken_by_known
from pixelated.standardise.fields import get, has
from pixelated.standardise.rows import RefusedError
from pixelated.standardise.shapes.recognise import (
    CHOSEN,
    REJECTED,
    SYSTEMS,
    TEXTS,
    TURN_LISTS,
    Sides,
    is_convai,
    is_turn,
    pick,
    sides,
    turns_field,
)


@dataclass(frozen=True, slots=True)
class Plan:
    """The shape of a row and the fields that it reads (all of them named)."""

    shape: str
    fields: Fields


def plan_row(value: Any, mapping: Mapping) -> Plan:
    """Return the plan of one raw row that is a record by itself.

    Raises:
        RefusedError: no shape fits with certainty, or a field that the registry names is missing.
    """
    if not isinstance(value, dict):
        return _plan_bare(value, mapping)
    if not value:
        raise RefusedError("empty_content", "the row has no fields")
    shape = mapping.shape if mapping.shape != "auto" else _shape_of_fields(mapping.fields)
    if shape is not None:
        return Plan(shape, _complete(shape, value, mapping))
    return _sniff(value, mapping)


def _plan_bare(value: Any, mapping: Mapping) -> Plan:
    """Plan a row that is a list of turns or a text."""
    if isinstance(value, list) and value and (mapping.shape == "messages" or all(is_turn(v) for v in value)):
        return Plan("messages", mapping.fields)
    if isinstance(value, str) and mapping.shape in {"text", "chatml", "transcript", "diarised"}:
        return Plan(mapping.shape, mapping.fields)
    if isinstance(value, str) and START in value:
        return Plan("chatml", mapping.fields)
    raise RefusedError("not_an_object", f"a row of fields is expected, found {type(value).__name__}")


def _shape_of_fields(fields: Fields) -> str | None:
    """Return the shape that the registry's field names imply."""
    if fields.chosen or fields.rejected:
        return "preference"
    if fields.messages:
        return "messages"
    if fields.prompt or fields.response:
        return "pair"
    return "text" if fields.text else None


def _complete(shape: str, row: Dict[str, Any], mapping: Mapping) -> Fields:
    """Return the registry's fields for a shape, those that it leaves open taken from the row.

    Raises:
        RefusedError: `field_missing`, the row lacks a field that the registry names or the shape needs.
    """
    fields = mapping.fields
    _require(row, [p for p in (fields.messages, fields.chosen, fields.rejected) if p])
    _require(row, [*fields.prompt, *fields.response, *fields.text])
    if shape == "pair" and not (fields.prompt and (fields.response or mapping.prompt_only)):
        found = _pair(row, mapping, sides(row))
        prompt, response = fields.prompt or found.prompt, fields.response or found.response
        return replace(fields, prompt=prompt, response=response, system=fields.system or found.system)
    if shape == "convai" and not is_convai(row):
        _missing("utterances with history and candidates")
    if shape == "preference":
        return _preference(row, fields)
    if shape == "messages" and not fields.messages:
        return replace(fields, messages=turns_field(row) or _missing("messages"))
    if shape in {"text", "chatml", "transcript", "diarised"} and not fields.text:
        return replace(fields, text=(_text_field(row) or _missing("text"),))
    return fields


def _require(row: Dict[str, Any], paths: Sequence[str]) -> None:
    missing = [p for p in paths if not has(row, p)]
    if missing:
        raise RefusedError("field_missing", f"the row has no {', '.join(missing)}: check mapping.fields")


def _missing(name: str) -> str:
    raise RefusedError(
        "field_missing", f"no field of the row is known to hold {name}: name it in mapping.fields"
    )


def _sniff(row: Dict[str, Any], mapping: Mapping) -> Plan:
    fields = mapping.fields
    if is_convai(row):
        return Plan("convai", fields)
    if pick(row, CHOSEN) and pick(row, REJECTED):
        return Plan("preference", _preference(row, fields))
    turns = turns_field(row)
    if turns is not None:
        return Plan("messages", replace(fields, messages=turns))
    found = sides(row)
    text = _text_field(row)
    written = _written_dialogue(row, text, found, mapping) if text else None
    if text and written:
        return Plan(written, replace(fields, text=(text,)))
    if found.responses or (found.prompts and not text):
        return Plan("pair", _pair(row, mapping, found))
    if not text:
        raise RefusedError(
            "shape_unknown", f"{len(row)} fields, none of a known kind: describe them in mapping"
        )
    if pick([text], TEXTS) is None:
        raise RefusedError("roles_unknown", f"{text!r} is not a transcript with known speakers")
    return Plan("text", replace(fields, text=(text,)))


def _written_dialogue(row: Dict[str, Any], name: str, found: Sides, mapping: Mapping) -> str | None:
    """Return the shape of a dialogue that is written out in a text field, or None."""
    text = get(row, name)
    if not isinstance(text, str):
        return None
    if START in text:
        return "chatml"
    spoken = not found.responses and spoken_by_known(text, mapping.roles) is not None
    return "transcript" if spoken else None


def _text_field(row: Dict[str, Any]) -> str | None:
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


def _preference(row: Dict[str, Any], fields: Fields) -> Fields:
    chosen = fields.chosen or pick(row, CHOSEN) or _missing("chosen")
    rejected = fields.rejected or pick(row, REJECTED) or _missing("rejected")
    prompt = fields.prompt
    if not prompt:
        found = sides({k: v for k, v in row.items() if k not in {chosen, rejected}})
        prompt = _prompt(found) if found.prompts else ()
    return replace(
        fields, chosen=chosen, rejected=rejected, prompt=prompt, system=fields.system or _system(row)
    )


def _pair(row: Dict[str, Any], mapping: Mapping, found: Sides) -> Fields:
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
