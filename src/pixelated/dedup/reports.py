"""What deduplication found: the members of each cluster, and counts that are not mixed up.

`members` are all records that stand in some cluster, `removable` those that go (an earlier report gave the
first number for the second).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pixelated.dedup.candidates import unpack
from pixelated.dedup.clusters import SIDE, Pairs
from pixelated.dedup.copies import KINDS, Copies
from pixelated.dedup.shingles import I64

MAX_EXAMPLES = 20
DOUBTFUL = 10  # pairs on each side of the threshold


def clusters_jsonl(keys: pa.Table, decisions: pa.Table) -> Iterator[dict[str, Any]]:
    """Yield one object per cluster, sorted by name: the kept record first, then its copies by position.

    Args:
        keys: the table that `find_copies` was given.
        decisions: what it returned.
    """
    columns = keys.select(["id", "source", "file", "row", "position"])
    for name in ("cluster", "kind", "kept_row", "similarity"):
        columns = columns.append_column(name, decisions.column(name))
    gone = columns.filter(pc.invert(decisions.column("keep")))
    kept = _kept_members(columns, gone)
    members = pa.concat_tables([kept, gone.append_column("first", pa.array(np.ones(gone.num_rows, int)))])
    members = members.sort_by([(name, "ascending") for name in ("cluster", "first", "position", "id")])
    # Rows of clusters alone, for a report that a person reads.
    for name, rows in groupby(_rows(members), key=lambda row: row["cluster"]):
        yield _cluster(name, list(rows))


def _kept_members(columns: pa.Table, gone: pa.Table) -> pa.Table:
    """Return the kept record of each cluster, once, as a row of that cluster."""
    names = gone.group_by(["cluster", "kind", "kept_row"]).aggregate([])
    kept = columns.take(names.column("kept_row"))
    for name in ("cluster", "kind"):
        kept = kept.set_column(kept.schema.get_field_index(name), name, names.column(name))
    return kept.append_column("first", pa.array(np.zeros(kept.num_rows, int)))


def _rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    for batch in table.to_batches(max_chunksize=10_000):
        yield from batch.to_pylist()


def _cluster(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    members = [
        {k: row[k] for k in ("id", "source", "file", "row")} | {"similarity": round(row["similarity"], 6)}
        for row in rows
    ]
    return {"cluster": name, "kind": rows[0]["kind"], "kept": rows[0]["id"], "members": members}


def summary(
    keys: pa.Table, copies: Copies, threshold: float, left: dict[str, Any], kinds: Sequence[str] = KINDS
) -> dict[str, Any]:
    """Return counts of what `find_copies` found.

    `rows`; `unique` (= rows - removable); `groups` (clusters), `members` and `removable`, also by kind;
    `rate_before` (share of rows that are a copy of another, 6 decimals); `rate_after` and `after`, what
    `check.remaining` found among the records that stay (`left`); `by_sources` (removed records by the pair of
    sources of the removed and the kept one); `collisions` (records and content hashes, with up to 20 ids);
    `stock_sentences` (not counted) and `scripted` (records that they are a good part of); `doubtful`, the
    pairs nearest to the threshold on both sides, by id.
    """
    decisions = copies.decisions
    gone = decisions.filter(pc.invert(decisions.column("keep")))
    by_kind = {kind: _counts(gone.filter(pc.equal(gone.column("kind"), kind))) for kind in kinds}
    total = _counts(gone)
    return {
        "rows": keys.num_rows,
        "unique": keys.num_rows - total["removable"],
        **total,
        "kinds": by_kind,
        "rate_before": round(total["removable"] / keys.num_rows, 6) if keys.num_rows else 0.0,
        "rate_after": left["rate"],
        "after": {name: left[name] for name in ("probes", "targets", "found")},
        "by_sources": _by_sources(keys, decisions),
        "collisions": _collisions(keys, decisions),
        "threshold": threshold,
        "compared_pairs": len(copies.near.pairs.keys),
        "stock_sentences": len(copies.near.stock),
        "scripted": copies.near.scripted,
        "doubtful": doubtful(keys, copies.rows, copies.near.pairs, threshold),
    }


def doubtful(keys: pa.Table, rows: I64, pairs: Pairs, threshold: float) -> dict[str, list[dict[str, Any]]]:
    """Return the pairs just `below` and just `above` the threshold of near copies, the closest first."""
    near = pairs.figures.near
    sided = pairs.figures.near_side >= SIDE
    out = {}
    for name, chosen in (("below", sided & (near < threshold)), ("above", sided & (near >= threshold))):
        where = np.flatnonzero(chosen)
        where = where[np.lexsort((pairs.keys[where], np.abs(near[where] - threshold)))][:DOUBTFUL]
        a, b = unpack(pairs.keys[where])
        ids = (keys.column("id").take(pa.array(rows[x])).to_pylist() for x in (a, b))
        out[name] = [
            {"a": x, "b": y, "similarity": round(float(value), 6)}
            for x, y, value in zip(*ids, near[where], strict=True)
        ]
    return out


def _counts(gone: pa.Table) -> dict[str, int]:
    groups = pc.count_distinct(gone.column("cluster"), mode="only_valid").as_py()
    return {"groups": groups, "members": gone.num_rows + groups, "removable": gone.num_rows}


def _by_sources(keys: pa.Table, decisions: pa.Table) -> list[dict[str, Any]]:
    gone = pc.invert(decisions.column("keep"))
    removed = keys.column("source").filter(gone)
    kept = keys.column("source").take(decisions.column("kept_row").filter(gone))
    counts = pa.table({"removed": removed, "kept": kept, "kind": decisions.column("kind").filter(gone)})
    names = ["removed", "kept", "kind"]
    rows = counts.group_by(names).aggregate([([], "count_all")]).sort_by([(n, "ascending") for n in names])
    return [{n: r[n] for n in names} | {"records": r["count_all"]} for r in rows.to_pylist()]


def _collisions(keys: pa.Table, decisions: pa.Table) -> dict[str, Any]:
    hit = keys.filter(decisions.column("collision"))
    ids = np.sort(np.asarray(hit.column("id").to_pylist(), dtype=object))
    return {
        "records": hit.num_rows,
        "content_hashes": pc.count_distinct(hit.column("content_hash")).as_py(),
        "examples": ids[:MAX_EXAMPLES].tolist(),
    }
