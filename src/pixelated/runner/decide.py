"""The driver step: duplicates, admission, stages and splits, decided on key columns alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pixelated.core.object_store import store_of
from pixelated.core.step import Ledger
from pixelated.core.store import Store, read_table
from pixelated.curate import (
    HELD,
    KEEP,
    EvaluationIndex,
    History,
    Split,
    assign,
    build_index,
    decide,
    matching_ids,
    remember,
    spread_refusals,
)
from pixelated.dedup import KINDS, Copies, clusters_jsonl, find_copies, summary
from pixelated.recipe import Loaded
from pixelated.runner.context import Run
from pixelated.runner.screen import Screened, with_outcomes
from pixelated.runner.texts import Parts, left_over, source_of

DUPLICATES = frozenset(f"{kind}_duplicate" for kind in KINDS)
TEXT_COLUMNS = ("id", "messages", "chosen", "rejected")


@dataclass
class Decisions:
    """What the driver decided: one row per record in canonical order, and the ledgers."""

    labels: pa.Table  # part, row_in_part, id, source, decision, stage, weight, split, dedup_status, ...
    ledgers: dict[str, Ledger]
    split: Split
    history: History  # of the splits, after this run
    dedup: dict[str, Any]
    evaluation: dict[str, dict[str, int]]
    clusters: list[dict[str, Any]] = field(default_factory=list)
    screened: Screened = field(default_factory=Screened)


@dataclass(frozen=True)
class _Match:
    """One part to look for evaluation texts in."""

    name: str
    store: str
    index: EvaluationIndex


def load_keys(store: Store, parts: list[str]) -> pa.Table:
    """Return the keys of all parts in canonical order, with `part`, `row_in_part` and `position`."""
    tables = []
    for index, name in enumerate(parts):
        keys = read_table(store, f"{name}-keys.parquet")
        rows = keys.num_rows
        keys = keys.append_column("part", pa.array(np.full(rows, index), pa.int64()))
        tables.append(keys.append_column("row_in_part", pa.array(np.arange(rows), pa.int64())))
    keys = pa.concat_tables(tables, promote_options="default").combine_chunks()
    return keys.append_column("position", pa.array(np.arange(keys.num_rows), pa.int64()))


def find_contaminated(run: Run, keys: pa.Table) -> tuple[set[str], dict[str, dict[str, int]]]:
    """Return ids of training records that hold evaluation texts, and counts by evaluation source."""
    loaded, store, parts = run.loaded, run.store, run.parts
    evaluation = sorted(s.id for s in loaded.sources.values() if s.use == "evaluation")
    settings = loaded.policy.file.decontaminate
    counts: dict[str, dict[str, int]] = {}
    texts: dict[str, list[str]] = {}
    for source in evaluation:
        mask = pc.equal(keys.column("source"), source)
        mine = [parts[p] for p in pc.unique(keys.filter(mask).column("part")).to_pylist()]
        texts[source] = [t for name in mine for t in _texts(store, name)]
        counts[source] = {"records": int(pc.sum(mask).as_py() or 0), "matched_in_training_data": 0}
    if not texts:
        return set(), counts
    index = build_index(texts, settings.ngram, settings.containment)
    training = [n for n in parts if n.split("/")[1] not in evaluation]
    found: set[str] = set()
    for part in run.executor.map(_match_part, [_Match(n, store.address, index) for n in training]):
        for source, ids in part.items():
            counts[source]["matched_in_training_data"] += len(ids)
            found.update(ids)
    return found, counts


@dataclass(frozen=True)
class Copied:
    """Copies among the records to train on: their keys, what was found, and its counts."""

    keys: pa.Table
    copies: Copies
    counts: dict[str, Any]


def find_training_copies(run: Run, keys: pa.Table) -> Copied:
    """Find exact, near and contained copies.

    Evaluation records stand apart: they are no duplicates of training records, they are kept from them.
    """
    loaded = run.loaded
    trained = [s.id for s in loaded.sources.values() if s.use == "train"]
    mask = pc.is_in(keys.column("source"), value_set=pa.array(trained, pa.string()))
    narrow = dedup_keys(loaded, keys).filter(mask)
    rows = narrow.column("position").to_numpy()
    sizes = np.bincount(keys.column("part").to_numpy(), minlength=len(run.parts)).tolist()
    parts = Parts(run.store, run.parts, sizes)
    threshold = loaded.recipe.dedup_threshold
    found = find_copies(
        narrow,
        loaded.recipe.keep_strategy,
        source_of(parts, run.executor, rows),
        threshold,
        loaded.policy.file.leak_similarity,
    )
    left = left_over(parts, run.executor, narrow, found, threshold)
    return Copied(narrow, found, summary(narrow, found, threshold, left))


def decide_all(
    loaded: Loaded,
    keys: pa.Table,
    contaminated: set[str],
    copied: Copied,
    *,
    history: History | None = None,
    screen: Callable[[pa.Table, pa.Table], Screened] = lambda *_: Screened(),
) -> Decisions:
    """Decide admission and stage of what is no copy, and assign splits.

    Args:
        loaded: the recipe.
        keys: keys of all records.
        contaminated: ids of records that match an evaluation set.
        copied: what is a copy.
        history: of the splits.
        screen: looks at keys and verdicts of what is admitted (the safety filters).
    """
    keys = spread_refusals(keys, loaded.policy)
    decided = copied.copies.decisions.drop_columns(["id", "kept_row"])
    labels = _labels(keys, decided.append_column("position", copied.keys.column("position")))
    survivors = keys.append_column("near_cluster", labels.column("near_cluster"))
    survivors = survivors.filter(labels.column("keep"))
    verdicts = decide(survivors, loaded.sources, loaded.policy, contaminated, loaded.recipe.limit)
    screened = screen(survivors, verdicts)
    verdicts = with_outcomes(verdicts, survivors.column("position").to_pylist(), screened)
    labels = _join(labels, verdicts.append_column("position", survivors.column("position")))
    unique = pc.coalesce(
        labels.column("decision"), pc.binary_join_element_wise(labels.column("kind"), "duplicate", "_")
    )
    labels = labels.set_column(labels.schema.get_field_index("decision"), "decision", unique)
    admitted = survivors.append_column("stage", verdicts.column("stage"))
    admitted = admitted.filter(pc.equal(verdicts.column("decision"), KEEP))
    ratio, seed = loaded.policy.ratio, loaded.recipe.seed
    split = assign(admitted, ratio, loaded.policy.holdouts, seed, history)
    labels = _join(labels, pa.table({"position": admitted.column("position"), "split": split.column}))
    return Decisions(
        labels,
        _ledgers(labels),
        split,
        remember(history, admitted, split.column, seed, ratio),
        copied.counts,
        {},
        list(clusters_jsonl(copied.keys, copied.copies.decisions)),
        screened,
    )


def dedup_keys(loaded: Loaded, keys: pa.Table) -> pa.Table:
    """Return the columns that duplicate removal needs: with source priority and mean score."""
    priority = {s.id: s.priority for s in loaded.sources.values()}
    order = pa.array([priority[s] for s in keys.column("source").to_pylist()], pa.int64())
    columns = [
        "id",
        "source",
        "file",
        "row",
        "position",
        "strict_hash",
        "content_hash",
        "group_key",
        "text_bytes",
        "parents",
    ]
    return keys.select(columns).append_column("priority", order).append_column("quality", _quality(keys))


def _labels(keys: pa.Table, decided: pa.Table) -> pa.Table:
    labels = _join(
        keys.select(["part", "row_in_part", "id", "source", "group_key", "text_bytes", "position"]), decided
    )
    keep = pc.fill_null(labels.column("keep"), True)
    gone = decided.filter(pc.invert(decided.column("keep")))
    several = pc.is_in(labels.column("id"), value_set=gone.column("kept_id").combine_chunks())
    status = pc.if_else(several, "kept_of_duplicates", "unique")
    labels = labels.set_column(labels.schema.get_field_index("keep"), "keep", keep)
    return labels.append_column("dedup_status", status)


def _ledgers(labels: pa.Table) -> dict[str, Ledger]:
    counts = {r["values"]: r["counts"] for r in pc.value_counts(labels.column("decision")).to_pylist()}
    copies = {k: counts.pop(k) for k in sorted(DUPLICATES & set(counts))}
    rows, duplicates = labels.num_rows, sum(copies.values())
    kept, held = counts.pop(KEEP, 0), counts.pop(HELD, 0)
    dedup = Ledger(rows_in=rows, kept=rows - duplicates, dropped=duplicates)
    dedup.reasons.update(copies)
    refused = sum(counts.values())
    curate = Ledger(rows_in=rows - duplicates, kept=kept, dropped=refused, quarantined=held)
    curate.reasons.update(counts | ({HELD: held} if held else {}))
    for name, ledger in (("dedup", dedup), ("curate", curate)):
        ledger.check(name)
    return {"dedup": dedup, "curate": curate}


def _join(left: pa.Table, right: pa.Table) -> pa.Table:
    """Left-join on `position` (unique on both sides), keeping the order of `left`."""
    index = pc.index_in(left.column("position"), value_set=right.column("position").combine_chunks())
    for name in right.column_names:
        if name != "position":
            left = left.append_column(name, right.column(name).combine_chunks().take(index.combine_chunks()))
    return left


def _quality(keys: pa.Table) -> pa.Array:
    scores = [keys.column(n).to_numpy().astype(float) for n in keys.column_names if n.startswith("score_")]
    if not scores:
        return pa.nulls(keys.num_rows, pa.float64())
    stacked = np.stack(scores)
    known = ~np.isnan(stacked)
    total, n = np.where(known, stacked, 0).sum(axis=0), known.sum(axis=0)
    return pa.array(np.where(n > 0, total / np.maximum(n, 1), np.nan), pa.float64(), from_pandas=True)


def _texts(store: Store, name: str) -> list[str]:
    out: list[str] = []
    table = read_table(store, f"{name}.parquet", list(TEXT_COLUMNS[1:]))
    for row in table.to_pylist():  # evaluation sets are small
        parts = [*(row["messages"] or ()), *(row["chosen"] or ()), *(row["rejected"] or ())]
        out += [m["content"] for m in parts if m["role"] != "system"]
    return out


def _match_part(task: _Match) -> dict[str, list[str]]:
    table = read_table(store_of(task.store), f"{task.name}.parquet", list(TEXT_COLUMNS))
    return matching_ids(table, task.index)
