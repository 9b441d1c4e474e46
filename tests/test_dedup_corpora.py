"""Exact duplicates of the real corpora (read where they are; only counts stand here)."""

import csv
import os
from pathlib import Path

import pyarrow as pa
import pytest

from near_records import NOTHING_LEFT, exact_only
from pixelated.core.schema import BASE
from pixelated.dedup import hash_table, summary

CORPORA = Path(os.environ.get("PIXELATED_CORPORA", Path(__file__).parents[2] / "shared" / "corpora"))
pytestmark = [
    pytest.mark.corpora,
    pytest.mark.skipif(not CORPORA.is_dir(), reason=f"no corpora at {CORPORA}: set PIXELATED_CORPORA"),
]


def decide(rows):
    table = pa.Table.from_pylist(rows, schema=BASE)
    table = hash_table(table, {}, 0).kept
    size = pa.array(range(table.num_rows), pa.int64())
    keys = pa.table(
        {
            "id": table.column("id"),
            "source": table.column("source"),
            "file": table.column("source"),
            "row": size,
            "position": size,
            "strict_hash": table.column("strict_hash"),
            "content_hash": table.column("content_hash"),
            "group_key": table.column("id"),
            "priority": size,
            "text_bytes": size,
            "quality": pa.nulls(table.num_rows, pa.float64()),
        }
    )
    return summary(keys, exact_only(keys, "keep_first"), 0.85, NOTHING_LEFT)


def dialogue(number, source, *turns):
    messages = [{"role": r, "content": c} for r, c in turns]
    return {"id": f"{source}-{number}", "source": source, "kind": "dialogue", "messages": messages}


def read(path):
    with path.open(encoding="utf-8-sig", newline="") as f:
        yield from csv.DictReader(f)


def test_epitome_keeps_3023_of_3084_pairs():
    rows = [
        dialogue(n, "epitome", ("user", row["seeker_post"]), ("assistant", row["response_post"]))
        for n, row in enumerate(read(CORPORA / "epitome" / "emotional-reactions-reddit.csv"))
    ]
    counts = decide(rows)
    assert (counts["rows"], counts["removable"], counts["unique"]) == (3084, 61, 3023)
    assert (counts["groups"], counts["members"]) == (60, 121)


def test_annomi_sessions_are_all_different():
    sessions = {}
    for row in read(CORPORA / "annomi" / "AnnoMI-simple.csv"):
        role = "assistant" if row["interlocutor"] == "therapist" else "user"
        sessions.setdefault(row["transcript_id"], []).append((role, row["utterance_text"]))
    counts = decide([dialogue(n, "annomi", *turns) for n, turns in sessions.items()])
    assert (counts["rows"], counts["removable"]) == (133, 0)
