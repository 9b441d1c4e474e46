"""Our record as the corpus contract's record (docs/dataset-format.md): one shape for every line.

Every key is written for every record, so that Arrow infers one schema from any line.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from pixelated.core.schema import MESSAGES, PII_COUNT

_PROVENANCE = pa.struct(
    [
        ("original_s3_key", pa.string()),
        ("processing_pipeline", pa.string()),
        ("processed_at", pa.string()),
        ("dedup_status", pa.string()),
        ("processing_steps", pa.list_(pa.string())),
        ("uri", pa.string()),
        ("file_sha256", pa.string()),
        ("row", pa.int64()),
        ("locator", pa.string()),
        ("original_format", pa.string()),
        ("retrieved_at", pa.string()),
    ]
)
_METADATA = pa.struct(
    [
        ("source_family", pa.string()),
        ("source_key", pa.string()),
        ("content_hash", pa.string()),
        ("strict_hash", pa.string()),
        ("pii_status", pa.string()),
        ("pii", pa.list_(PII_COUNT)),
        ("license_tag", pa.string()),
        ("license", pa.string()),
        ("split", pa.string()),
        ("phase", pa.string()),
        ("provenance", _PROVENANCE),
        ("families", pa.list_(pa.string())),
        ("group_key", pa.string()),
        ("origin", pa.string()),
        ("tier", pa.int64()),
        ("weight", pa.float64()),
        ("is_training_edge_case", pa.bool_()),
        ("edge_category", pa.string()),
        ("difficulty", pa.string()),
        ("tags", pa.list_(pa.string())),
        ("masked_turns", pa.list_(pa.int32())),
        ("conversation_length", pa.int64()),
        ("total_tokens", pa.int64()),
        ("scores", pa.list_(pa.struct([("name", pa.string()), ("value", pa.float64())]))),
        ("source_metadata", pa.string()),
    ]
)
RECORD = pa.schema(
    [
        ("id", pa.string()),
        ("kind", pa.string()),
        ("messages", MESSAGES),
        ("chosen", MESSAGES),
        ("rejected", MESSAGES),
        ("metadata", _METADATA),
    ]
)


def contract_records(table: pa.Table, labels: dict[str, str], pipeline: str) -> list[dict[str, Any]]:
    """Return the rows of `table` as contract records.

    Args:
        table: records with every column up to curation, and stage, weight, split, dedup_status, masked
            and reported.
        labels: the contract's licence tag by source id.
        pipeline: what to name as `processing_pipeline`.
    """
    scores = [n for n in table.column_names if n.startswith("score_")]
    # to_pylist: the contract's record is a nested object written once per record, at the very end
    return [_record(row, scores, labels[row["source"]], pipeline) for row in table.to_pylist()]


def _record(row: dict[str, Any], scores: list[str], license_tag: str, pipeline: str) -> dict[str, Any]:
    chosen, rejected = row["chosen"] or [], row["rejected"] or []
    metadata = {
        "source_family": (row["families"] or [""])[0],
        "source_key": row["source"],
        "content_hash": row["content_hash"],
        "strict_hash": row["strict_hash"],
        "pii_status": row["pii_status"],
        "pii": row["pii"] or [],
        "license_tag": license_tag,
        "license": row["license"],
        "split": row["split"],
        "phase": row["stage"],
        "provenance": _provenance(row, pipeline),
        **{n: row[n] for n in ("families", "group_key", "origin", "tier", "weight", "is_training_edge_case")},
        **{n: row[n] for n in ("edge_category", "difficulty")},
        "tags": [*(row["tags"] or []), *row["reported"]],
        "masked_turns": row["masked"],
        "conversation_length": len(row["messages"]),
        "total_tokens": sum(len(m["content"].split()) for m in (*row["messages"], *chosen, *rejected)),
        "scores": [{"name": n.removeprefix("score_"), "value": row[n]} for n in scores],
        "source_metadata": row["source_metadata"],
    }
    messages = row["messages"]
    return {
        "id": row["id"],
        "kind": row["kind"],
        "messages": messages,
        "chosen": chosen,
        "rejected": rejected,
        "metadata": metadata,
    }


def _provenance(row: dict[str, Any], pipeline: str) -> dict[str, Any]:
    origin = row["provenance"]
    return {
        "original_s3_key": f"{row['source']}/{origin['file']}",
        "processing_pipeline": pipeline,
        "processed_at": _date_time(origin["retrieved_at"]),
        "dedup_status": row["dedup_status"],
        "processing_steps": origin["transforms"] or [],
        **{n: origin[n] for n in ("uri", "file_sha256", "row", "locator", "original_format", "retrieved_at")},
    }


def _date_time(when: str | None) -> str:
    """Return an RFC 3339 date-time for a date or date-time of the registry."""
    if not when:
        return ""
    return when if "T" in when else f"{when}T00:00:00Z"
