"""Decide, record by record, what enters the dataset and in which stage: a corpus step on keys.

Scorers and detectors tag; this is where tags, licences and scores become decisions. The first rule
that refuses a record names the reason; the order of the rules is the order of the table below.

| reason | rule |
|---|---|
| evaluation_set | its source is an evaluation set |
| license_refuses_<use> | its licence refuses a use that the policy intends |
| matches_evaluation_set | it holds an evaluation text (decontaminate.py) |
| unsafe_reply, placeholder, think_tag | a tag that the policy refuses as a training target |
| below_<scorer> | a score under the policy's floor (null is never below) |
| over_limit | the build admits a limited number of records of a source (`--limit`) |
| no_stage | no stage of the curriculum takes its kind |
| safety_<filter> | a safety filter drops it (safety.py): looked at last, on what all other rules admit |
| pii_review | held for review (quarantined, not dropped): no split until a person has decided |
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pixelated.core.source import Source
from pixelated.curate.policy import Policy

KEEP = "keep"
HELD = "pii_review"


def decide(
    keys: pa.Table,
    sources: Mapping[str, Source],
    policy: Policy,
    contaminated: Collection[str],
    limit: int | None = None,
) -> pa.Table:
    """Return columns `decision` ("keep" or a reason), `stage` and `weight` for the rows of `keys`.

    Args:
        keys: key columns (keys.py), duplicates already removed.
        sources: registry entries by id.
        policy: the loaded policy.
        contaminated: ids of records that match an evaluation set.
        limit: admit at most so many records of a source, the first ones in canonical order.
    """
    decision = pa.nulls(keys.num_rows, pa.string())
    for reason, mask in _rules(keys, sources, policy, contaminated):
        fresh = pc.and_(pc.is_null(decision), pc.fill_null(mask, False))
        decision = pc.if_else(fresh, pa.scalar(reason), decision)
    if limit is not None:
        decision = pc.if_else(_over_limit(keys, decision, limit), pa.scalar("over_limit"), decision)
    stage = _stages(keys, sources, policy)
    decision = pc.if_else(pc.and_(pc.is_null(decision), pc.is_null(stage)), pa.scalar("no_stage"), decision)
    held = pc.and_(pc.is_null(decision), pc.equal(keys.column("pii_status"), "requires_review"))
    decision = pc.if_else(held, pa.scalar(HELD), decision)
    weights = pa.array([policy.weight(t) for t in keys.column("tier").to_pylist()], pa.float64())
    return pa.table({"decision": pc.fill_null(decision, KEEP), "stage": stage, "weight": weights})


def _over_limit(keys: pa.Table, decision: pa.Array, limit: int) -> pa.Array:
    seen: Counter[str] = Counter()
    over = []
    for source, refused in zip(keys.column("source").to_pylist(), decision.to_pylist(), strict=True):
        seen[source] += refused is None
        over.append(refused is None and seen[source] > limit)
    return pa.array(over)


def spread_refusals(keys: pa.Table, policy: Policy) -> pa.Table:
    """Give the tags that the policy refuses to every record of the same folded text.

    A source may hold one exchange under two labels, or two sources the same exchange in two spellings: what
    is unsafe once is unsafe. This runs before duplicates are removed, so that no label goes with its copy.
    """
    tags = keys.column("tags").to_pylist()
    folds = keys.column("fold_all").to_pylist()
    refused: dict[str, set[str]] = {}
    for fold, mine in zip(folds, tags, strict=True):
        if found := set(mine or ()) & set(policy.file.refuse_tags):
            refused.setdefault(fold, set()).update(found)
    spread = [sorted({*(t or ()), *refused.get(f, ())}) for f, t in zip(folds, tags, strict=True)]
    column = pa.array(spread, pa.list_(pa.string()))
    return keys.set_column(keys.schema.get_field_index("tags"), "tags", column)


def _rules(
    keys: pa.Table, sources: Mapping[str, Source], policy: Policy, contaminated: Collection[str]
) -> list[tuple[str, Any]]:
    source = keys.column("source")
    evaluation = [s.id for s in sources.values() if s.use == "evaluation"]
    rules = [("evaluation_set", pc.is_in(source, value_set=pa.array(evaluation, pa.string())))]
    licenses = pc.unique(keys.column("license")).to_pylist()
    refused = {name: policy.refused_use(name) for name in licenses}
    for use in sorted({u for u in refused.values() if u}):
        names = [n for n, u in refused.items() if u == use]
        mask = pc.is_in(keys.column("license"), value_set=pa.array(names, pa.string()))
        rules.append((f"license_refuses_{use}", mask))
    ids = pa.array(sorted(contaminated), pa.string())
    rules.append(("matches_evaluation_set", pc.is_in(keys.column("id"), value_set=ids)))
    rules += [(tag, _has_tag(keys.column("tags"), tag)) for tag in policy.file.refuse_tags]
    for scorer, floor in sorted(policy.file.min_scores.items()):
        if (column := _score_column(keys, scorer)) is not None:
            rules.append((f"below_{scorer}", pc.less(column, floor)))
    return rules


def _has_tag(tags: pa.ChunkedArray, tag: str) -> pa.Array:
    joined = pc.binary_join(pc.fill_null(tags, pa.scalar([], pa.list_(pa.string()))), "\n")
    return pc.match_substring_regex(joined, rf"(?m)^{tag}$")


def _score_column(keys: pa.Table, scorer: str) -> pa.ChunkedArray | None:
    names = [n for n in keys.column_names if n.startswith(f"score_{scorer}_v")]
    return keys.column(max(names)) if names else None


def _stages(keys: pa.Table, sources: Mapping[str, Source], policy: Policy) -> pa.Array:
    # a loop over rows, but a dictionary look-up each: few distinct (source, kind, families) there are
    known: dict[tuple[str, str, tuple[str, ...]], str | None] = {}
    out = []
    rows = zip(*(keys.column(n).to_pylist() for n in ("source", "kind", "families")), strict=True)
    for source, kind, families in rows:
        case = (source, kind, tuple(families or ()))
        if case not in known:
            known[case] = policy.curriculum.stage_of(kind, list(case[2]), sources[source].stage)
        out.append(known[case])
    return pa.array(out, pa.string())
