"""What deduplication found: the members of each cluster, and counts that are not mixed up.

`members` are all records that stand in some group of equals, `removable` those that go
(members less one per group): an earlier report gave the first number for the second.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

MAX_EXAMPLES = 20


def clusters_jsonl(keys: pa.Table, decisions: pa.Table) -> Iterator[dict[str, Any]]:
    """Yield one object per cluster, sorted by name, its members (the kept one too) by position.

    Args:
        keys: the table that `find_exact` was given.
        decisions: what it returned.
    """
    columns = keys.select(["id", "source", "file", "row", "position"])
    columns = columns.append_column("cluster", decisions.column("cluster"))
    columns = columns.append_column("kept_id", decisions.column("kept_id"))
    members = columns.filter(pc.is_valid(columns.column("cluster")))
    members = members.sort_by([(name, "ascending") for name in ("cluster", "position", "id")])
    # Rows of clusters alone, for a report that a person reads.
    for name, rows in groupby(_rows(members), key=lambda row: row["cluster"]):
        yield _cluster(name, list(rows))


def _rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    for batch in table.to_batches(max_chunksize=10_000):
        yield from batch.to_pylist()


def _cluster(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    members = [{k: row[k] for k in ("id", "source", "file", "row")} | {"similarity": 1.0} for row in rows]
    return {"cluster": name, "kind": "exact", "kept": rows[0]["kept_id"], "members": members}


def summary(keys: pa.Table, decisions: pa.Table) -> dict[str, Any]:
    """Return counts of what `find_exact` found.

    `rows`; `unique` (= rows - removable); `groups` of equal records; `members` of groups;
    `removable`; `rate_before` and `rate_after` (share of rows that repeat another, 6 decimals,
    measured among the rows and among those kept); `by_sources` (removed records by the pair of
    sources of the removed and the kept one); `collisions` (records and content hashes, with up to
    20 ids).
    """
    keep = decisions.column("keep")
    clusters = decisions.column("cluster")
    removed = keys.filter(pc.invert(keep))
    return {
        "rows": keys.num_rows,
        "unique": keys.num_rows - removed.num_rows,
        "groups": pc.count_distinct(clusters, mode="only_valid").as_py(),
        "members": len(clusters) - clusters.null_count,
        "removable": removed.num_rows,
        "rate_before": _repeat_rate(keys),
        "rate_after": _repeat_rate(keys.filter(keep)),
        "by_sources": _by_sources(keys, decisions),
        "collisions": _collisions(keys, decisions),
    }


def _repeat_rate(keys: pa.Table) -> float:
    if not keys.num_rows:
        return 0.0
    distinct = pc.count_distinct(keys.column("strict_hash"), mode="all").as_py()
    return round(1 - distinct / keys.num_rows, 6)


def _by_sources(keys: pa.Table, decisions: pa.Table) -> list[dict[str, Any]]:
    gone = pc.invert(decisions.column("keep"))
    kept_rows = pc.index_in(decisions.column("kept_id").filter(gone), keys.column("id"))
    removed = keys.column("source").filter(gone)
    kept = keys.column("source").take(kept_rows)
    counts = pa.table({"removed": removed, "kept": kept}).group_by(["removed", "kept"])
    rows = counts.aggregate([([], "count_all")]).sort_by([("removed", "ascending"), ("kept", "ascending")])
    return [{"removed": r["removed"], "kept": r["kept"], "records": r["count_all"]} for r in rows.to_pylist()]


def _collisions(keys: pa.Table, decisions: pa.Table) -> dict[str, Any]:
    hit = keys.filter(decisions.column("collision"))
    ids = np.sort(np.asarray(hit.column("id").to_pylist(), dtype=object))
    return {
        "records": hit.num_rows,
        "content_hashes": pc.count_distinct(hit.column("content_hash")).as_py(),
        "examples": ids[:MAX_EXAMPLES].tolist(),
    }
