"""Drafts to Arrow tables: columns are filled as lists and turned into a table in one go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from pixelated.core import schema
from pixelated.core.hashing import short_hash
from pixelated.core.source import Source
from pixelated.standardise import groups, marks, metadata
from pixelated.standardise.fields import without
from pixelated.standardise.formats._json import whole
from pixelated.standardise.rows import Candidate, Draft, Message, Refusal

TRANSFORM = "standardise@2"
MAX_REFUSED_TEXT = 100_000
_BATCH_CHARACTERS = 1 << 27  # Arrow's string columns end at 2 GiB


@dataclass(frozen=True, slots=True)
class Origin:
    """The file that records come from.

    Attributes:
        source: its registry entry.
        file: path relative to the source's root.
        sha256: hash of that file.
        format: what its rows were written in, and what that is packed in: "csv+zip".
        member: path of the member, where `file` is a container.
        first_row: rows of the members before it.
    """

    source: Source
    file: str
    sha256: str
    format: str
    member: str = ""
    first_row: int = 0

    @property
    def name(self) -> str:
        """The file, and the member in it."""
        return f"{self.file}!{self.member}" if self.member else self.file

    def place(self, locator: str) -> str:
        """Return a place in the file, also where it is one in a member."""
        return f"{self.member}!{locator}" if self.member else locator


@dataclass(slots=True)
class Builder:
    """Collects records and refusals of a unit."""

    kept: list[pa.Table] = field(default_factory=list)
    columns: dict[str, list[Any]] = field(default_factory=lambda: {n: [] for n in schema.BASE.names})
    refused: dict[str, list[Any]] = field(default_factory=lambda: {n: [] for n in schema.QUARANTINE.names})
    characters: int = 0

    def add(self, origin: Origin, candidate: Candidate, draft: Draft) -> bool:
        """Add one record; return whether an edge-case tag was refused.

        Raises:
            RefusedError: the group or the metadata of the record can't be made; nothing was added.
        """
        rows = [r.value for r in candidate.rows if isinstance(r.value, dict)]
        found = marks.read(origin.source, rows)
        values = _record(origin, candidate, draft, found, rows[0] if rows else {})
        for name, value in values.items():
            self.columns[name].append(value)
        self.characters += sum(len(m.content) for m in draft.messages) + len(values["source_metadata"])
        if self.characters > _BATCH_CHARACTERS:
            self.flush()
        return found.refused

    def refuse(self, origin: Origin, refusal: Refusal) -> None:
        """Add one quarantined record."""
        text = refusal.text[:MAX_REFUSED_TEXT]
        source, place = origin.source.id, origin.place(refusal.locator)
        row = origin.first_row + refusal.row
        parts = [source, origin.file, place, refusal.reason, text]
        if origin.member:
            parts.append(str(row))  # two members may have one name, and then both are refused
        values = {
            "id": f"{source}-{short_hash(*parts)}",
            "source": source,
            "file": origin.file,
            "row": row,
            "locator": place,
            "reason": refusal.reason,
            "detail": refusal.detail,
            "raw_rows": refusal.raw_rows,
            "text": whole(text),
        }
        for name, value in values.items():
            self.refused[name].append(value)

    def flush(self) -> None:
        """Turn what was collected into a table."""
        columns = dict[str, Any](self.columns)
        for name in ("messages", "chosen", "rejected"):
            columns[name] = _lists(columns[name], schema.MESSAGE)
        columns["turns"] = _lists(columns["turns"], schema.TURN)
        self.kept.append(pa.Table.from_pydict(columns, schema=schema.BASE))
        self.columns = {n: [] for n in schema.BASE.names}
        self.characters = 0

    def tables(self) -> tuple[pa.Table, pa.Table]:
        """Return the kept records and the quarantined ones."""
        self.flush()
        quarantined = pa.Table.from_pydict(self.refused, schema=schema.QUARANTINE)
        return pa.concat_tables(self.kept), quarantined


def _record(
    origin: Origin, candidate: Candidate, draft: Draft, found: marks.Marks, row: dict[str, Any]
) -> dict[str, Any]:
    source = origin.source
    first = candidate.first
    identity = f"{source.id}-{short_hash(source.id, origin.file, origin.place(first.locator), draft.content)}"
    row = row or draft.fields  # a recording has no row of fields: what its file says about it serves
    extra = {**without(draft.fields, draft.used | found.used), **draft.extra}
    extra = without(extra, origin.source.mapping.drop)
    return {
        "id": identity,
        "kind": draft.kind,
        "messages": draft.messages,
        "turns": draft.messages,
        "chosen": draft.chosen,
        "rejected": draft.rejected,
        "source": source.id,
        "tier": source.tier,
        "group_key": groups.group_key(source, row, draft, origin.name, identity),
        "families": list(source.families),
        "source_metadata": metadata.encode(extra),
        "origin": source.origin,
        "license": source.license,
        "provenance": _provenance(origin, candidate),
        "parents": [],
        "is_training_edge_case": found.edge_case,
        "edge_category": found.category,
        "difficulty": found.difficulty,
        "tags": found.tags,
        "raw_rows": candidate.raw_rows,
    }


def _lists(column: list[list[Message] | None], struct: pa.StructType) -> pa.Array:
    """Return a list column of `struct`, whose fields are attributes of the messages.

    Filled field by field: that takes a third of the time of a dictionary per message.
    """
    flat = [m for messages in column if messages for m in messages]
    fields = [pa.array([getattr(m, f.name) for m in flat], f.type) for f in struct]
    offsets = [0]
    for messages in column:
        offsets.append(offsets[-1] + len(messages or ()))
    inner = pa.StructArray.from_arrays(fields, fields=list(struct))
    missing = pa.array([messages is None for messages in column], pa.bool_())
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), inner, mask=missing)


def _provenance(origin: Origin, candidate: Candidate) -> dict[str, Any]:
    source = origin.source
    return {
        "uri": source.uri,
        "file": origin.file,
        "file_sha256": origin.sha256,
        "row": origin.first_row + candidate.first.ordinal,
        "locator": origin.place(candidate.first.locator),
        "original_format": origin.format,
        "retrieved_at": source.retrieved_at,
        "transforms": [TRANSFORM, "html"] if source.mapping.html else [TRANSFORM],
    }
