"""The narrow columns that corpus steps work on: tens of millions of rows fit on one machine."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

FOLDS = ("fold_all", "fold_prompt", "fold_reply")
MIN_PROMPT, MIN_REPLY = 40, 60  # letters and digits; "I am so sorry to hear that" belongs to nobody
_NOT_WORD = re.compile(r"[\W_]+")

COLUMNS = (
    "id",
    "kind",
    "source",
    "tier",
    "group_key",
    "families",
    "license",
    "origin",
    "is_training_edge_case",
    "tags",
    "pii_status",
    "content_hash",
    "strict_hash",
    "parents",
)


def key_table(table: pa.Table) -> pa.Table:
    """Return the key columns of a part: ids, hashes, labels, scores and sizes, but no text.

    Adds `file` and `row` (where the record came from), `text_bytes` (UTF-8 bytes of messages, chosen
    and rejected) and three folded hashes, over letters and digits of the case-folded text alone, so that
    a lower-cased or re-tokenised copy has the same: `fold_all` (every text, by role), `fold_prompt` (what
    the client says) and `fold_reply` (what the therapist says); the last two are null where the text is
    too short to tell one conversation from another.
    """
    table = table.combine_chunks()
    scores = [n for n in table.column_names if n.startswith("score_")]
    keys = table.select([*COLUMNS, *scores])
    for name in ("file", "row"):
        keys = keys.append_column(name, pc.struct_field(table.column("provenance"), name))
    sizes = sum(_bytes_per_row(table.column(n)) for n in ("messages", "chosen", "rejected"))
    keys = keys.append_column("text_bytes", pa.array(sizes, pa.int64()))
    folds = _folds(table)
    for name in FOLDS:
        keys = keys.append_column(name, pa.array(folds[name], pa.string()))
    return keys


def _folds(table: pa.Table) -> dict[str, list[str | None]]:
    """Return the folded hashes of each row; case folding of text has no Arrow kernel, hence the loop."""
    out: dict[str, list[str | None]] = {name: [] for name in FOLDS}
    columns = (table.column(n).to_pylist() for n in ("messages", "chosen", "rejected"))
    for messages, chosen, rejected in zip(*columns, strict=True):
        prompt = _fold(m["content"] for m in messages if m["role"] == "user")
        reply = _fold(m["content"] for m in (*messages, *(chosen or ())) if m["role"] == "assistant")
        worse = _fold(m["content"] for m in rejected or ())
        out["fold_all"].append(_digest(f"{prompt}\x1f{reply}\x1f{worse}"))
        out["fold_prompt"].append(_digest(prompt) if len(prompt) >= MIN_PROMPT else None)
        out["fold_reply"].append(_digest(reply) if len(reply) >= MIN_REPLY else None)
    return out


def _fold(texts: Iterable[str]) -> str:
    return _NOT_WORD.sub("", "".join(texts).casefold())


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def _bytes_per_row(column: pa.ChunkedArray) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return per row the content bytes of a list<struct<role, content>> column (null: 0)."""
    out = np.zeros(len(column), np.int64)
    if len(column):
        parents = pc.list_parent_indices(column.combine_chunks()).to_numpy()
        lengths = pc.binary_length(pc.struct_field(pc.list_flatten(column), "content"))
        np.add.at(out, parents, pc.fill_null(lengths, 0).to_numpy())
    return out
