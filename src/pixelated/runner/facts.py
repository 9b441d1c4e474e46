"""Gather what the report shows from ledgers and key columns: counts and ids, never a client's words.

No times and no worker counts: the report is part of the dataset, whose bytes depend on neither.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pixelated.core.step import Ledger
from pixelated.core.store import Store, read_table
from pixelated.curate import HELD
from pixelated.recipe import Loaded
from pixelated.runner.context import Run
from pixelated.runner.decide import Decisions, load_keys
from pixelated.runner.planted import measure_planted
from pixelated.runner.screen import facts as safety_facts

BINS = 20
SHOWN = 200
SHOWN_OF_A_KIND = 5
MIN_IDENTICAL = 3
NOT_IN_DATASET = ("seconds", "peak_memory_mb", "bytes")


def report_data(run: Run, decisions: Decisions, ledgers: dict[str, Ledger]) -> dict[str, Any]:
    """Return the data of the report, without manifest and verdicts."""
    loaded, names = run.loaded, run.parts
    steps = {n: {k: v for k, v in s.as_json().items() if k not in NOT_IN_DATASET} for n, s in ledgers.items()}
    keys = load_keys(run.store, names)
    quarantine, refused = quarantine_rows(run.store, names)
    quarantine += held_rows(decisions.labels)
    measured = {n: s.measured for n, s in ledgers.items()}
    tags_refused = measured.get("standardise", {}).get("edge_tags_refused", 0)
    safety = safety_facts(loaded, decisions.labels, decisions.screened, tags_refused)
    flags = [*identical_files(keys), *flag_lines(measured.get("standardise", {}))]
    return {
        "title": loaded.recipe.title or loaded.recipe.name,
        "recipe": {
            "name": loaded.recipe.name,
            "seed": loaded.recipe.seed,
            "scope": loaded.recipe.declared_scope,
        },
        "steps": steps,
        "sources": source_rows(run, decisions, refused),
        "quarantine": _few_of_each(quarantine)[:SHOWN],
        "quarantine_by_reason": dict(Counter(q["reason"] for q in quarantine)),
        "quarantine_by_file": dict(Counter(f"{q['source']}/{q['file']}" for q in quarantine)),
        "dropped": {n: _but_held(s["reasons"]) for n, s in steps.items() if s["dropped"]},
        "flags": flags,
        "fixed": measured.get("clean_encoding", {}).get("files", {}),
        "pii": measured.get("clean_pii", {}).get("redacted", {}),
        "pii_status": dict(Counter(keys.column("pii_status").to_pylist())),
        "scores": score_tables(keys),
        "dedup": decisions.dedup,
        "stages": stage_rows(loaded, decisions.labels),
        "safety": safety,
        "edge_bypass": {
            "granted": int(pc.sum(keys.column("is_training_edge_case")).as_py() or 0),
            "refused": tags_refused,
            "records_that_used_it": safety.get("bypass", {}).get("records", 0),
            "turns_that_it_let_pass": safety.get("bypass", {}).get("uses", 0),
        },
        "evaluation": decisions.evaluation,
        "planted": measure_planted(run, decisions, quarantine, loaded.planted),
        "run": totals(ledgers),
        "next": f"pixelated explain ID --run {loaded.recipe.name}",
    }


def totals(ledgers: dict[str, Ledger]) -> dict[str, int]:
    """Return the balance of the whole run: what came into the first step, and where it went in all."""
    steps = ledgers.values()
    return {
        "rows_in": ledgers["standardise"].rows_in,
        "added": sum(s.added for s in steps),
        "kept": ledgers["compile"].kept,
        "dropped": sum(s.dropped for s in steps),
        "quarantined": sum(s.quarantined for s in steps),
        "raw_rows": ledgers["standardise"].raw_rows,
    }


def quarantine_rows(store: Store, names: list[str]) -> tuple[list[dict[str, Any]], Counter[str]]:
    """Return every quarantined row without its text, and the count by source."""
    rows: list[dict[str, Any]] = []
    for name in names:
        if store.exists(f"{name}-quarantined.parquet"):
            columns = ["id", "source", "file", "row", "locator", "reason", "detail"]
            table = read_table(store, f"{name}-quarantined.parquet", columns)
            rows += table.to_pylist()  # few: refused rows, for a person to read
    return rows, Counter(r["source"] for r in rows)


def held_rows(labels: pa.Table) -> list[dict[str, Any]]:
    """Return the records held for review: they reach no split until a person has decided."""
    held = labels.filter(pc.equal(labels.column("decision"), HELD)).select(["id", "source"]).to_pylist()
    detail = "a person decides: pixelated explain ID"
    return [row | {"file": "", "row": None, "locator": "", "reason": HELD, "detail": detail} for row in held]


def _but_held(reasons: dict[str, int]) -> dict[str, int]:
    return {reason: n for reason, n in reasons.items() if reason != HELD}


def _few_of_each(quarantine: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the first rows of each file and reason: 500 rows of one kind hide the one of another."""
    seen: Counter[tuple[str, str, str]] = Counter()
    shown = []
    for row in quarantine:
        kind = (row["source"], row["file"], row["reason"])
        seen[kind] += 1
        if seen[kind] <= SHOWN_OF_A_KIND:
            shown.append(row)
    return shown


def source_rows(run: Run, decisions: Decisions, refused: Counter[str]) -> list[dict[str, Any]]:
    """Return a row per source: what came in, and where it went."""
    into: Counter[str] = Counter()
    dropped_early: Counter[str] = Counter()
    for name in run.parts:
        label = name.split("/")[1]
        steps = run.store.read_json(f"{name}.json")["steps"]
        into[label] += steps["standardise"]["rows_in"]
        dropped_early[label] += sum(s["dropped"] for s in steps.values())
    outcome: dict[str, Counter[str]] = defaultdict(Counter)
    pairs = decisions.labels.group_by(["source", "decision"]).aggregate([("id", "count")])
    for row in pairs.to_pylist():
        outcome[row["source"]][row["decision"]] += row["id_count"]
    rows = []
    for source in run.loaded.sources.values():
        reasons = dict(sorted(outcome[source.id].items()))
        kept, held = reasons.pop("keep", 0), reasons.pop("pii_review", 0)
        rows.append(
            {
                "id": source.id,
                "title": source.title,
                "license": source.license,
                "origin": source.origin,
                "families": list(source.families),
                "use": source.use,
                "rows_in": into[source.id],
                "kept": kept,
                "dropped": sum(reasons.values()) + dropped_early[source.id],
                "quarantined": refused[source.id] + held,
                "compiled": kept,
                "note": "; ".join(f"{k}: {v:,}" for k, v in reasons.items()),
            }
        )
    return rows


def score_tables(keys: pa.Table) -> dict[str, dict[str, Any]]:
    """Return count, nulls, mean, min, max and a histogram of 20 bins over 0..1 for every scorer."""
    out = {}
    for name in [n for n in keys.column_names if n.startswith("score_")]:
        values = keys.column(name).drop_null().to_numpy()
        histogram = np.histogram(values, bins=BINS, range=(0.0, 1.0))[0]
        known = len(values) > 0
        out[name.removeprefix("score_")] = {
            "count": len(values),
            "nulls": keys.num_rows - len(values),
            "mean": round(float(np.sort(values).mean()), 6) if known else None,
            "min": round(float(values.min()), 6) if known else None,
            "max": round(float(values.max()), 6) if known else None,
            "histogram": histogram.tolist(),
        }
    return out


def stage_rows(loaded: Loaded, labels: pa.Table) -> dict[str, dict[str, Any]]:
    """Return per stage of the curriculum the records, the share of SFT records, and the target share."""
    kept = labels.filter(pc.equal(labels.column("decision"), "keep"))
    counts: Counter[str] = Counter(kept.column("stage").to_pylist())
    stages = loaded.policy.curriculum.stages
    sft = sum(counts[s.name] for s in stages if s.phase == "sft")
    out = {}
    for stage in stages:
        share = counts[stage.name] / sft if sft and stage.phase == "sft" else None
        out[stage.name] = {
            "conversations": counts[stage.name],
            "phase": stage.phase,
            "target": stage.share,
            "achieved": None if share is None else round(share, 4),
            "admission": stage.admission,
        }
    return out


def identical_files(keys: pa.Table) -> list[str]:
    """Return a line per file of three or more records that are all the same one."""
    by_file = keys.group_by(["source", "file"])
    counts = by_file.aggregate([("strict_hash", "count"), ("strict_hash", "count_distinct")])
    same = pc.and_(
        pc.equal(counts.column("strict_hash_count_distinct"), 1),
        pc.greater_equal(counts.column("strict_hash_count"), MIN_IDENTICAL),
    )
    rows = counts.filter(same).to_pylist()
    names = sorted((r["source"], r["file"], r["strict_hash_count"]) for r in rows)
    return [f"identical_records: {source}/{file} ({n})" for source, file, n in names]


def flag_lines(measured: dict[str, Any]) -> list[str]:
    """Return what else standardise flagged, as sorted lines."""
    lines = []
    for flag, found in sorted(measured.get("flags", {}).items()):
        if flag == "identical_records":  # seen part by part there; `identical_files` sees whole files
            continue
        if isinstance(found, dict):
            lines += [f"{flag}: {name} ({n})" for name, n in sorted(found.items())]
        else:
            lines.append(f"{flag}: {found}")
    return lines
