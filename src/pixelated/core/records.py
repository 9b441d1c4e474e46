"""The file layout of a command that works on files: `records.jsonl` and `quarantine.jsonl` in a folder.

A line of `records.jsonl` holds the record's columns; nulls are written, so every line has the same
keys. `quarantine.jsonl` holds file, row, locator, reason and detail, never the refused text.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import orjson
import pyarrow as pa

from pixelated.core.store import LocalStore

RECORDS = "records.jsonl"
QUARANTINED = "quarantine.jsonl"
_PRIVATE = ("text",)


def write_folder(folder: Path, records: Iterable[pa.Table], quarantined: Iterable[pa.Table]) -> None:
    """Write both files of the layout, each by an atomic rename."""
    store = LocalStore(folder, private=True)  # raw text, not redacted: its owner's alone
    store.write(RECORDS, lambda f: _lines(f, records, ()))
    store.write(QUARANTINED, lambda f: write_quarantine(f, quarantined))


def write_quarantine(stream: BinaryIO, quarantined: Iterable[pa.Table]) -> None:
    """Write the lines of `quarantine.jsonl`."""
    _lines(stream, quarantined, _PRIVATE)


def _lines(stream: BinaryIO, tables: Iterable[pa.Table], without: tuple[str, ...]) -> None:
    for table in tables:
        kept = table.drop_columns([n for n in without if n in table.column_names])
        for batch in kept.to_batches(max_chunksize=1000):
            # to_pylist: this is the output of the single-file commands, not the build's hot path.
            for row in batch.to_pylist():
                if isinstance(row.get("source_metadata"), str):
                    row["source_metadata"] = orjson.loads(row["source_metadata"])
                stream.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
