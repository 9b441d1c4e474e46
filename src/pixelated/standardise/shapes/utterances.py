"""Tables with one row per utterance: found, grouped, ordered, repeats of annotators collapsed."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from pixelated.core.source import Fields, Mapping
from pixelated.standardise import turns
from pixelated.standardise.fields import get, has, normal
from pixelated.standardise.roles import known_role, plain
from pixelated.standardise.rows import Candidate, Draft, Refusal, RefusedError, Row, Said
from pixelated.standardise.shapes.plan import Plan
from pixelated.standardise.shapes.recognise import (
    ENDS,
    ORDERS,
    PARENTS,
    SPEAKERS,
    STARTS,
    UTTERANCES,
    dialogue_key,
    pick,
    turns_field,
)

_LOOK = 20_000  # rows that decide about a table
_WEAK = ("type", "party", "actor")  # speakers only where their values are roles of a therapy
_NOT_THERAPY = frozenset({"human", "ai", "model", "gpt", "chatgpt", "bot", "chatbot", "machine"})


def find(values: Sequence[Any], mapping: Mapping) -> Plan | None:
    """Return the plan of an utterance table, or None where the rows are no such table.

    The registry's names are taken as they are. Sniffed, a table needs a speaker, an utterance and a
    dialogue's key that repeats; without a key, only if both sides are known by name (one dialogue per file).
    """
    fields = mapping.fields
    named = fields.role and fields.content and not fields.messages
    if mapping.shape == "utterances" or (mapping.shape == "auto" and named):
        return Plan("utterances", _complete(values, fields, mapping))
    if mapping.shape != "auto" or fields != Fields():
        return None
    rows = [v for v in values[:_LOOK] if isinstance(v, dict)]
    if len(rows) < 2 or len(rows) * 10 < len(values[:_LOOK]) * 9 or _has_turns(rows[0]):  # noqa: PLR2004
        return None
    found = _complete(values, fields, mapping)
    if found.role is None or found.content is None:
        return None
    if found.conversation is None and not _both_sides(rows, found.role, mapping):
        return None
    return Plan("utterances", found)


def _has_turns(row: dict[str, Any]) -> bool:
    try:
        return turns_field(row) is not None
    except RefusedError:
        return True


def _complete(values: Sequence[Any], fields: Fields, mapping: Mapping) -> Fields:
    """Return the fields with those that the registry leaves open taken from the names of the columns."""
    rows = [v for v in values[:_LOOK] if isinstance(v, dict)]
    names = [n for n in (rows[0] if rows else {}) if all(n in row for row in rows[:100])]
    content = fields.content or pick(names, UTTERANCES)
    role = fields.role or _speaker([n for n in names if n != content], rows, mapping)
    free = [n for n in names if n not in {content, role}]
    conversation = fields.conversation or (None if fields.role else _conversation(free, rows))
    order = fields.order or _order([n for n in free if n != conversation], rows)
    times = (fields.start or pick(free, STARTS), fields.end or pick(free, ENDS))
    return replace(
        fields,
        content=content,
        role=role,
        conversation=conversation,
        order=order,
        start=times[0],
        end=times[1],
    )


def _speaker(names: Sequence[str], rows: Sequence[dict[str, Any]], mapping: Mapping) -> str | None:
    """Return the column of speakers: the first whose names all have a role, else the first by its name."""
    found = sorted((n for n in names if normal(n) in SPEAKERS), key=lambda n: SPEAKERS.index(normal(n)))
    weak = [n for n in names if normal(n) in _WEAK and not _names_machines(rows, n)]
    sure = next((n for n in (*found, *weak) if _both_sides(rows, n, mapping)), None)
    return sure or (found[0] if found else None)


def _names_machines(rows: Sequence[dict[str, Any]], name: str) -> bool:
    """Say whether a column tells people from machines, as in sets for detecting generated text."""
    return any(isinstance(v := row.get(name), str) and plain(v) in _NOT_THERAPY for row in rows)


def _both_sides(rows: Sequence[dict[str, Any]], role: str, mapping: Mapping) -> bool:
    values = {v for row in rows if isinstance(v := get(row, role), str | int)}
    known = {known_role(v, mapping.roles) for v in values}
    return {"user", "assistant"} <= known and None not in known


def _conversation(names: Sequence[str], rows: Sequence[dict[str, Any]]) -> str | None:
    """Return the finest key of a dialogue that repeats over rows."""
    counts = {n: len({str(row.get(n)) for row in rows}) for n in names if dialogue_key(n)}
    if not counts:
        counts = {n: len({str(row.get(n)) for row in rows}) for n in names if normal(n) == "id"}
    repeated = {n: c for n, c in counts.items() if c < len(rows)}
    return max(repeated, key=lambda n: repeated[n], default=None)


def _order(names: Sequence[str], rows: Sequence[dict[str, Any]]) -> str | None:
    """Return the column that numbers the utterances of a dialogue, if all its values are numbers."""
    found = sorted((n for n in names if normal(n) in ORDERS), key=lambda n: ORDERS.index(normal(n)))
    return next((n for n in found if all(_number(row.get(n)) is not None for row in rows)), None)


def _number(value: Any) -> float | None:
    return turns.seconds(value) if not isinstance(value, str) or ":" not in value else None


def group(rows: Iterable[Row], plan: Plan) -> tuple[list[Candidate], list[Refusal]]:
    """Return the dialogues in order of their first rows, and the rows that belong to none."""
    fields = plan.fields
    dialogues: dict[str, list[Row]] = {}
    refused: list[Refusal] = []
    needed = [f for f in (fields.role, fields.content, fields.conversation) if f]
    for row in rows:
        missing = [f for f in needed if not isinstance(row.value, dict) or not has(row.value, f)]
        key = None if missing else get(row.value, fields.conversation) if fields.conversation else "@file"
        if missing or key is None or key == "":
            detail = f"the row has no {', '.join(missing or needed[-1:])}"
            refused.append(Refusal(row.ordinal, row.locator, "field_missing", detail, str(row.value)))
        else:
            dialogues.setdefault(str(key), []).append(row)
    return [Candidate(tuple(rows_)) for rows_ in dialogues.values()], refused


def beside(refused: Sequence[int], rows: Sequence[Row]) -> set[int]:
    """Return the ordinals of the rows next to refused ones: their dialogues may lack a turn."""
    ordinals = [row.ordinal for row in rows]
    found: set[int] = set()
    for ordinal in refused:
        at = bisect_left(ordinals, ordinal)
        found.update(ordinals[max(0, at - 1) : at])
        at += at < len(ordinals) and ordinals[at] == ordinal
        found.update(ordinals[at : at + 1])
    return found - set(refused)


def convert(candidate: Candidate, plan: Plan, mapping: Mapping) -> Draft:
    """Make a dialogue of its rows; what differs between them goes to `source_metadata.turns`."""
    fields = plan.fields
    rows = candidate.rows
    if fields.order is not None and all(_number(get(r.value, fields.order)) is not None for r in rows):
        rows = tuple(sorted(rows, key=lambda r: _number(get(r.value, fields.order or "")) or 0.0))
    times = [f for f in (fields.start, fields.end) if f and _all_times(rows, f)]
    kept = [f for f in (fields.role, fields.content, *times) if f]
    used = set(kept)
    shared = _shared_fields([r.value for r in rows])
    utterances = _collapse(rows, fields)
    _require_chain([same[0].value for same in utterances])
    said = [_said(same, fields, used | set(shared)) for same in utterances]
    draft = turns.build(said, mapping)
    draft.fields, draft.used = shared, used
    labels = [turn.labels for turn in said]
    if any(labels):
        draft.extra["turns"] = labels
    repeats = len(rows) - len(said)
    if repeats:
        draft.counts["repeated_rows"] = repeats
    return draft


def _require_chain(values: Sequence[dict[str, Any]]) -> None:
    """Refuse a tree of messages: several answers to one message are several dialogues.

    Raises:
        RefusedError: `branching_dialogue`.
    """
    parent = pick(values[0], PARENTS)
    if parent is None:
        return
    parents = [str(p) for value in values if (p := value.get(parent)) not in (None, "")]
    if len(set(parents)) < len(parents):
        raise RefusedError("branching_dialogue", f"several messages have the same {parent!r}")


def _all_times(rows: Sequence[Row], field: str) -> bool:
    """Say whether every value that is there can be read as a time; other columns stay labels."""
    values = [get(row.value, field) for row in rows]
    return all(v in (None, "") or turns.seconds(v) is not None for v in values)


def _shared_fields(values: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the fields that have one value over all rows of a dialogue."""
    first = values[0]
    return {k: v for k, v in first.items() if all(k in other and other[k] == v for other in values)}


def _collapse(rows: Sequence[Row], fields: Fields) -> list[list[Row]]:
    """Return the rows in order, with annotators' repeats of one utterance together.

    A repeat has the same number, speaker and text, white space aside. Without numbers nothing is a repeat:
    people do say the same thing twice.
    """
    if fields.order is None:
        return [[row] for row in rows]
    together: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        text = get(row.value, fields.content or "")
        said = " ".join(text.split()) if isinstance(text, str) else repr(text)
        key = (_number(get(row.value, fields.order)), str(get(row.value, fields.role or "")), said)
        together.setdefault(key, []).append(row)
    return list(together.values())


def _said(same: Sequence[Row], fields: Fields, known: set[str]) -> Said:
    first = same[0].value
    labels = [{k: v for k, v in row.value.items() if k not in known} for row in same]
    start = turns.seconds(get(first, fields.start)) if fields.start else None
    end = turns.seconds(get(first, fields.end)) if fields.end else None
    return Said(
        get(first, fields.role or ""), get(first, fields.content or ""), start, end, len(same), _merge(labels)
    )


def _merge(labels: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return one annotation as it is; of several, what they share and the rest as a list."""
    if len(labels) == 1:
        return labels[0]
    shared = _shared_fields(labels)
    own = [{k: v for k, v in one.items() if k not in shared} for one in labels]
    return {**shared, "annotations": own}
