"""The plan of a row: what the registry says, completed by what the row shows."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pixelated.core.source import Fields, Mapping
from pixelated.standardise.dialogue_text import START
from pixelated.standardise.fields import has
from pixelated.standardise.recogniser import is_recording, is_segment_list
from pixelated.standardise.rows import RefusedError
from pixelated.standardise.shapes.recognise import (
    is_convai,
    is_segments,
    is_turn,
    sides,
    turns_field,
)
from pixelated.standardise.shapes.sniff import Plan, pair_fields, preference_fields, sniff_row, text_field

__all__ = ["Plan", "plan_row"]


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
    if shape in {None, "text"} and not mapping.fields.text and is_recording(value):
        return Plan("segments", mapping.fields)
    if shape is not None:
        return Plan(shape, _complete(shape, value, mapping))
    return sniff_row(value, mapping)


def _plan_bare(value: Any, mapping: Mapping) -> Plan:
    """Plan a row that is a list of turns or a text."""
    if isinstance(value, list) and value and (mapping.shape == "messages" or all(is_turn(v) for v in value)):
        return Plan("messages", mapping.fields)
    if mapping.shape in {"auto", "text"} and (is_segments(value) or is_segment_list(value)):
        return Plan("segments", mapping.fields)
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
        found = pair_fields(row, mapping, sides(row))
        prompt, response = fields.prompt or found.prompt, fields.response or found.response
        return replace(fields, prompt=prompt, response=response, system=fields.system or found.system)
    if shape == "convai" and not is_convai(row):
        _missing("utterances with history and candidates")
    if shape == "preference":
        return _answers(preference_fields(row, fields))
    if shape == "messages" and not fields.messages:
        return replace(fields, messages=turns_field(row) or _missing("messages"))
    if shape in {"text", "chatml", "transcript", "diarised"} and not fields.text:
        return replace(fields, text=(text_field(row) or _missing("text"),))
    return fields


def _answers(fields: Fields) -> Fields:
    if not fields.chosen or not fields.rejected:
        _missing("chosen and rejected")
    return fields


def _require(row: Dict[str, Any], paths: Sequence[str]) -> None:
    missing = [p for p in paths if not has(row, p)]
    if missing:
        raise RefusedError("field_missing", f"the row has no {', '.join(missing)}: check mapping.fields")


def _missing(name: str) -> str:
    raise RefusedError(
        "field_missing", f"no field of the row is known to hold {name}: name it in mapping.fields"
    )
