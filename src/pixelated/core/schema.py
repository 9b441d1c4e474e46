"""The one record shape, as an Arrow schema. Each column has one owner area (DESIGN, section 2).

`standardise` writes BASE; each later step appends its own columns and rewrites nobody else's,
except `clean`, which repairs and redacts text in place.
"""

from __future__ import annotations

import pyarrow as pa

MESSAGE = pa.struct([("role", pa.string()), ("content", pa.string())])
MESSAGES = pa.list_(MESSAGE)
TURN = pa.struct(
    [
        ("speaker", pa.string()),  # the source's own name of the speaker
        ("start", pa.float64()),  # seconds, or null
        ("end", pa.float64()),
        ("merged", pa.int32()),  # source turns joined into this message (>= 1)
        ("raw_rows", pa.int32()),  # source rows behind it, annotators' repeats included
    ]
)
PROVENANCE = pa.struct(
    [
        ("uri", pa.string()),  # where the source was published
        ("file", pa.string()),  # path relative to the source's root, '/' separated
        ("file_sha256", pa.string()),
        ("row", pa.int64()),  # 0-based ordinal of the record's first source row in the file
        ("locator", pa.string()),  # the same place for a person: "row 12", "line 3", "/train/0"
        ("original_format", pa.string()),
        ("retrieved_at", pa.string()),  # from the registry, never from the clock
        ("transforms", pa.list_(pa.string())),  # names and versions of what changed the record
    ]
)
PII_COUNT = pa.struct([("type", pa.string()), ("count", pa.int32())])

KINDS = ("dialogue", "preference", "text")
ROLES = ("system", "user", "assistant")
MESSAGE_LIST = "messages"
ORIGINS = ("human", "transcript", "synthetic", "augmented", "model")

BASE = pa.schema(
    [
        ("id", pa.string()),
        ("kind", pa.string()),
        ("messages", MESSAGES),
        ("turns", pa.list_(TURN)),
        ("chosen", MESSAGES),
        ("rejected", MESSAGES),
        ("source", pa.string()),
        ("tier", pa.int8()),
        ("group_key", pa.string()),
        ("families", pa.list_(pa.string())),
        ("source_metadata", pa.string()),  # JSON object: fields and labels without a column
        ("origin", pa.string()),
        ("license", pa.string()),
        ("provenance", PROVENANCE),
        ("parents", pa.list_(pa.string())),
        ("is_training_edge_case", pa.bool_()),
        ("edge_category", pa.string()),
        ("difficulty", pa.string()),
        ("tags", pa.list_(pa.string())),
        ("raw_rows", pa.int32()),  # source rows this record was made of
    ]
)

PII_COLUMNS = [pa.field("pii_status", pa.string()), pa.field("pii", pa.list_(PII_COUNT))]
PII_STATUSES = ("none_detected", "scrubbed", "requires_review")
HASH_COLUMNS = [pa.field("content_hash", pa.string()), pa.field("strict_hash", pa.string())]

# What a step that refuses a row says about it. The text stays in the run folder, which is private.
QUARANTINE = pa.schema(
    [
        ("id", pa.string()),
        ("source", pa.string()),
        ("file", pa.string()),
        ("row", pa.int64()),
        ("locator", pa.string()),  # the same place for a person: "file", "line 13", "a.csv!line 7"
        ("reason", pa.string()),  # a code, such as "roles_unknown"
        ("detail", pa.string()),  # one line for a person; names fields and counts, never content
        ("raw_rows", pa.int32()),
        ("text", pa.string()),  # the refused input (private), cut at 100,000 characters
    ]
)


def empty(schema: pa.Schema) -> pa.Table:
    """Return a table of no rows with `schema`."""
    return schema.empty_table()


def set_column(table: pa.Table, field: pa.Field, values: object) -> pa.Table:
    """Return `table` with the column `field` replaced, or appended where it is new."""
    column = values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values, field.type)
    position = table.schema.get_field_index(field.name)
    if position < 0:
        return table.append_column(field, column)
    return table.set_column(position, field, column)
