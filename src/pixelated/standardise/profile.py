"""Decisions about a whole file, from its first rows: is it an utterance table, are its replies labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pixelated.core.source import Mapping
from pixelated.standardise.cells import unpack
from pixelated.standardise.fields import get
from pixelated.standardise.formats._json import InvalidJSONError, loads
from pixelated.standardise.rows import RefusedError, Sample
from pixelated.standardise.shapes import utterances
from pixelated.standardise.shapes.labels import is_label_table
from pixelated.standardise.shapes.plan import Plan, plan_row

_LOOK = 20_000  # rows


@dataclass(slots=True)
class Profile:
    """What holds for all rows of a file.

    Attributes:
        table: the plan of an utterance table, if it is one.
        labels: the (prompt, response) fields whose responses are labels.
    """

    table: Plan | None = None
    labels: set[tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=set)

    def refuse_labels(self, plan: Plan) -> None:
        """Refuse a row of a label table.

        Raises:
            RefusedError: `label_table`.
        """
        if plan.shape == "pair" and (plan.fields.prompt, plan.fields.response) in self.labels:
            names = ", ".join(plan.fields.response)
            raise RefusedError(
                "label_table", f"the replies ({names}) are a small set of repeated short labels"
            )


def profile(values: Sequence[Any], mapping: Mapping) -> Profile:
    """Return what the first rows of a file say about all of them."""
    found = Profile(table=utterances.find(values, mapping))
    if found.table is None and not mapping.prompt_only:
        pairs: dict[tuple[tuple[str, ...], tuple[str, ...]], dict[tuple[str, ...], Any]] = {}
        for value in values[:_LOOK]:
            plan = _plan(value, mapping)
            if plan is not None and plan.shape == "pair" and len(plan.fields.response) == 1:
                paths = (*plan.fields.prompt, *plan.fields.response)
                seen = pairs.setdefault((plan.fields.prompt, plan.fields.response), {})
                # Identical rows count once: a repeated exchange is a duplicate and no label.
                seen[tuple(str(get(value, p)) for p in paths)] = get(value, plan.fields.response[0])
        found.labels = {key for key, seen in pairs.items() if is_label_table(list(seen.values()))}
    return found


def head_values(sample: Sample) -> list[Any]:
    """Return the values of the whole lines in the head of a JSON-lines file; bad lines are left out."""
    lines = sample.head.split(b"\n")
    if not sample.whole and len(lines) > 1:
        lines.pop()  # cut
    values = []
    for line in lines:
        try:
            values.append(loads(line.strip(b" \t\r\xef\xbb\xbf")))
        except InvalidJSONError:
            continue
    return values


def _plan(value: Any, mapping: Mapping) -> Plan | None:
    try:
        return plan_row(unpack(value, mapping.fields), mapping)
    except RefusedError:
        return None
