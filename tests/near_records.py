"""Records for tests of near copies: keys, signatures and texts of a table in memory, in parts."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa

from pixelated.core.schema import BASE
from pixelated.dedup import Signatures, Source, Texts, find_copies, hash_table, shingle_sets, sign, streams

WORDS = [f"{a}{b}{c}" for a in "bdgklmnprst" for b in "aeiou" for c in ("n", "r", "st", "ll", "")]


def talk(*turns, kind="dialogue", first="user"):
    """Make a record's columns: turns alternate, beginning with `first`."""
    roles = ["user", "assistant"] if first == "user" else ["assistant", "user"]
    return {"kind": kind, "messages": [{"role": roles[n % 2], "content": t} for n, t in enumerate(turns)]}


def prose(rng, words):
    return " ".join(rng.choice(WORDS, words))


def changed(rng, text, edits):
    """Replace `edits` words that stand apart."""
    words = text.split()
    for at in rng.choice(len(words) // 4, edits, replace=False) * 4:
        words[at] = f"new{at}"
    return " ".join(words)


def table_of(records):
    rows = [
        {"id": f"r{n:04d}", "source": "a", "group_key": f"g{n}", "parents": [], **r}
        for n, r in enumerate(records)
    ]
    return hash_table(pa.Table.from_pylist(rows, schema=BASE), {}, 0).kept


def keys_of(table, **columns):
    rows = table.num_rows
    keys = table.select(["id", "source", "group_key", "parents", "strict_hash", "content_hash"])
    more = {
        "file": ["f"] * rows,
        "row": list(range(rows)),
        "position": list(range(rows)),
        "priority": [0] * rows,
        "text_bytes": [sum(len(m["content"]) for m in r) for r in table.column("messages").to_pylist()],
        "quality": pa.nulls(rows, pa.float64()),
    } | columns
    for name, values in more.items():
        keys = keys.append_column(name, pa.array(values))
    return keys


def source_of(table, parts=1):
    edges = np.linspace(0, table.num_rows, parts + 1).astype(int)
    loaders = [lambda a=a, b=b: sign(streams(table.slice(a, b - a))) for a, b in pairwise(edges)]
    return Source(
        loaders,
        np.diff(edges).tolist(),
        Texts(
            lambda rows, stock: shingle_sets(streams(table.take(pa.array(rows))), stock),
            lambda rows, stock: sign(streams(table.take(pa.array(rows))), stock),
        ),
    )


def copies_of(records, threshold=0.85, strategy="keep_first", parts=1, **columns):
    table = table_of(records)
    keys = keys_of(table, **columns)
    return keys, find_copies(keys, strategy, source_of(table, parts), threshold)


def removed(records, **options):
    """Return (removed, kept instead, kind) by place in `records`."""
    _, found = copies_of(records, **options)
    rows = found.decisions.select(["keep", "kept_row", "kind"]).to_pylist()
    return [(n, r["kept_row"], r["kind"]) for n, r in enumerate(rows) if not r["keep"]]


NOTHING_LEFT = {"rate": 0.0, "probes": 0, "targets": 0, "found": 0}


def exact_only(keys, strategy):
    """Find copies among keys without texts: nothing but hashes can be equal."""
    rows = keys.num_rows
    none, bounds = np.zeros(0, np.uint64), np.zeros(rows + 1, np.int64)
    silent = Signatures(
        np.full((rows, 128), 0xFFFFFFFF, np.uint32), np.full((rows, 3, 16), 0xFFFFFFFF, np.uint32),
        none, bounds, none, bounds, np.zeros(rows, np.int64),
    )  # fmt: skip

    def refuse(*_):
        raise AssertionError("no text is asked for where there is none")

    return find_copies(keys, strategy, Source([lambda: silent], [rows], Texts(refuse, refuse)))
