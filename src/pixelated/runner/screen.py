"""The safety filters of a build: the records to train on are looked at by part, and the driver settles.

Only what is no copy and is admitted by all other rules is looked at: a scorer reads text, and most records
have gone by then. What was seen of a part is kept beside it, under the filters and rows that it holds for.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pixelated.core.fingerprint import fingerprint
from pixelated.core.object_store import store_of
from pixelated.curate import KEEP
from pixelated.curate.policy import Policy
from pixelated.curate.safety import (
    DROP,
    MASKED,
    Finding,
    Grant,
    Outcome,
    SafetyPolicy,
    Seen,
    audit_lines,
    settle,
)
from pixelated.recipe import Loaded
from pixelated.runner.context import Run
from pixelated.runner.texts import PartRows, Parts, taken
from pixelated.score import Dialogue
from pixelated.score.limits import Limit, find_beyond, limits_of

AUDIT = "bypass_audit.jsonl"
REASON = "safety_"  # before a filter's name, as the reason of a drop and as the tag of a report
COLUMNS = ("messages", "chosen")
CHUNK = 512  # records that one task looks at: a large part too is shared among workers
_MASKS = pa.list_(pa.int32())
_NAMES = pa.list_(pa.string())


@dataclass
class Screened:
    """What became of the admitted records: outcomes by position, of those only where something was found."""

    outcomes: dict[int, Outcome] = field(default_factory=dict)
    unjudged: Counter[str] = field(default_factory=Counter)
    looked_at: int = 0


@dataclass(frozen=True)
class _Task:
    """Rows of a part to look at, and where the result goes."""

    rows: PartRows
    limits: tuple[dict[str, Any], ...]
    name: str


def screen(run: Run, sizes: list[int], keys: pa.Table, verdicts: pa.Table) -> Screened:
    """Look at the admitted records and settle what was found.

    Args:
        run: the run, whose parts hold the texts.
        sizes: rows of each part.
        keys: keys of what is no copy, in canonical order, with `position`.
        verdicts: decision and stage of each, before the filters.
    """
    policy = run.loaded.policy.safety
    if policy is None or not policy.filters:
        return Screened()
    mask = pc.and_(pc.equal(verdicts.column("decision"), KEEP), pc.not_equal(keys.column("kind"), "text"))
    keys, stages = keys.filter(mask), verdicts.column("stage").filter(mask).to_pylist()
    tasks = _tasks(Parts(run.store, run.parts, sizes), keys.column("position").to_numpy(), policy)
    screened = Screened(looked_at=keys.num_rows)
    found: list[Seen | None] = []
    for part in run.executor.map(_look_at, tasks):
        found += [_seen(row) if row else None for row in part["rows"]]
        screened.unjudged.update(part["unjudged"])
    names = ("position", "source", "origin", "kind", "is_training_edge_case")
    rows = zip(*(keys.column(name).to_pylist() for name in names), strict=True)
    edge = {stage.name for stage in run.loaded.policy.curriculum.stages if stage.edge}
    for seen, stage, (position, source, origin, kind, tagged) in zip(found, stages, rows, strict=True):
        if seen is not None:
            grant = Grant(bool(tagged), run.loaded.sources[source].edge_bypass, stage in edge)
            screened.outcomes[position] = settle(seen, grant, policy, (origin, kind))
    return screened


def with_outcomes(verdicts: pa.Table, positions: Sequence[int], screened: Screened) -> pa.Table:
    """Return the verdicts with the records that the filters drop, and columns `masked` and `reported`."""
    outcomes = [screened.outcomes.get(position) for position in positions]
    reasons = [f"{REASON}{o.reasons[0]}" if o and o.decision == DROP else None for o in outcomes]
    decision = pc.coalesce(pa.array(reasons, pa.string()), verdicts.column("decision"))
    verdicts = verdicts.set_column(verdicts.schema.get_field_index("decision"), "decision", decision)
    masked = pa.array([o.masked if o else [] for o in outcomes], _MASKS)
    reported = pa.array([[f"{REASON}{name}" for name in o.reported] if o else [] for o in outcomes], _NAMES)
    return verdicts.append_column("masked", masked).append_column("reported", reported)


def audit_of(labels: pa.Table, screened: Screened) -> list[dict[str, Any]]:
    """Return a line for each use of the bypass by a record that stays; `labels` in canonical order."""
    used = {position for position, outcome in screened.outcomes.items() if outcome.bypassed}
    mask = pc.and_(
        pc.equal(labels.column("decision"), KEEP),
        pc.is_in(labels.column("position"), value_set=pa.array(sorted(used), pa.int64())),
    )
    lines: list[dict[str, Any]] = []
    for row in labels.filter(mask).select(["id", "source", "position"]).to_pylist():
        found = audit_lines(row["id"], screened.outcomes[row["position"]])
        lines += [line | {"source": row["source"]} for line in found]
    return lines


def facts(loaded: Loaded, labels: pa.Table, screened: Screened, refused: int) -> dict[str, Any]:
    """Return what the manifest and the report say of the filters; counts are of records that stay."""
    if loaded.policy.safety is None:
        return {"policy": None, "tags_refused": refused}
    kept = set(labels.filter(pc.equal(labels.column("decision"), KEEP)).column("position").to_pylist())
    stay = [outcome for position, outcome in screened.outcomes.items() if position in kept]
    gone = [outcome for outcome in screened.outcomes.values() if outcome.decision == DROP]
    uses = Counter(finding.filter for outcome in stay for finding in outcome.bypassed)
    masking = [outcome for outcome in stay if outcome.decision == MASKED]
    return {
        "policy": loaded.policy.safety.name,
        **_rules(loaded.policy, loaded.sources),
        "looked_at": screened.looked_at,
        "dropped": _counts(Counter(outcome.reasons[0] for outcome in gone)),
        "masked": {
            "records": len(masking),
            "turns": sum(len(outcome.masked) for outcome in masking),
            "by_filter": _counts(Counter(name for outcome in masking for name in outcome.reasons)),
        },
        "reported": _counts(Counter(name for outcome in stay for name in outcome.reported)),
        "bypass": {
            "records": sum(bool(outcome.bypassed) for outcome in stay),
            "uses": uses.total(),
            "by_filter": _counts(uses),
        },
        "tags_refused": refused,
        "unjudged": _counts(screened.unjudged),
    }


def _rules(policy: Policy, sources: Mapping[str, Any]) -> dict[str, Any]:
    """Return the filters, and who may skip them where."""
    filters = policy.safety.filters if policy.safety else {}
    return {
        "filters": {name: asdict(one) | {"spares": list(one.spares)} for name, one in filters.items()},
        "granting_sources": sorted(s.id for s in sources.values() if s.edge_bypass),
        "edge_stages": [stage.name for stage in policy.curriculum.stages if stage.edge],
    }


def _counts(counter: Counter[str]) -> dict[str, int]:
    return dict(sorted(counter.items()))


def _tasks(parts: Parts, rows: Any, policy: SafetyPolicy) -> list[_Task]:
    entries = policy.limits()
    versions = [(limit.scorer.name, limit.scorer.version) for limit in limits_of(entries)]
    tasks = []
    for part in parts.tasks(rows):
        mine = np.frombuffer(part.rows, np.int64)
        for start in range(0, len(mine), CHUNK):
            some = replace(part, rows=mine[start : start + CHUNK].tobytes())
            identity = fingerprint(entries, versions, hashlib.sha256(some.rows).hexdigest())
            tasks.append(_Task(some, tuple(entries), f"{part.name}-safety-{identity}.json"))
    return tasks


def _look_at(task: _Task) -> dict[str, Any]:
    """Return per row what was seen (None: nothing), and how often each filter had nothing to say."""
    store = store_of(task.rows.store)
    if store.exists(task.name):
        return dict(store.read_json(task.name))
    limits = limits_of(task.limits)
    unjudged: Counter[str] = Counter()
    rows: list[dict[str, Any] | None] = []
    for row in taken(task.rows, COLUMNS).to_pylist():
        seen = look(row["messages"] or [], row["chosen"] or [], limits)
        unjudged.update(seen.unjudged)
        found = [[f.filter, f.turn, f.score] for f in seen.findings]
        rows.append({"found": found, "own": seen.own, "replies": seen.replies} if found else None)
    result = {"rows": rows, "unjudged": _counts(unjudged)}
    store.write_json(task.name, result)
    return result


def look(
    messages: Sequence[Mapping[str, Any]], chosen: Sequence[Mapping[str, Any]], limits: Sequence[Limit]
) -> Seen:
    """Return what the limits see of one record."""
    whole = [*messages, *chosen]
    found, silent = find_beyond(Dialogue(whole), limits)
    findings = [Finding(one.name, one.turn, one.score) for one in found]
    replies = sum(message["role"] == "assistant" for message in whole)
    return Seen(findings, len(messages), replies, silent)


def _seen(row: Mapping[str, Any]) -> Seen:
    return Seen([Finding(*one) for one in row["found"]], row["own"], row["replies"])
