"""What a policy leaves for each stage: an empty stage is an error at `plan`, not an empty shard."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pixelated.core.source import Source
from pixelated.curate.policy import Policy

_KINDS_OF_SHAPE = {"preference": "preference", "text": "text"}


@dataclass(frozen=True)
class SourcePlan:
    """What the policy will do to one source before a row of it has been read."""

    source: str
    kind: str
    stage: str | None
    effect: str  # "train", "evaluation", or why it is refused
    note: str


def plan_sources(sources: Iterable[Source], policy: Policy) -> list[SourcePlan]:
    """Return what the policy does to each source, sorted by source id."""
    return [_plan(s, policy) for s in sorted(sources, key=lambda s: s.id)]


def starved_stages(sources: Iterable[Source], policy: Policy) -> dict[str, list[str]]:
    """Return stages that have sources, all of which the policy refuses or holds out, with the reasons."""
    fed: dict[str, bool] = {}
    why: dict[str, list[str]] = {}
    for source in sources:
        plan = _plan(source, policy)
        if plan.stage is None or plan.effect == "evaluation":
            continue
        full = [f for f in source.families if f in policy.holdouts and policy.holdouts[f].mode == "full"]
        feeds = plan.effect == "train" and not full
        fed[plan.stage] = fed.get(plan.stage, False) or feeds
        if not feeds:
            reason = f"full holdout of {', '.join(full)}" if full else plan.effect
            why.setdefault(plan.stage, []).append(f"{source.id}: {reason}")
    return {stage: why[stage] for stage, ok in sorted(fed.items()) if not ok}


def _plan(source: Source, policy: Policy) -> SourcePlan:
    kind = source.mapping.kind or _KINDS_OF_SHAPE.get(source.mapping.shape, "dialogue")
    stage = policy.curriculum.stage_of(kind, list(source.families), source.stage)
    if source.use == "evaluation":
        return SourcePlan(
            source.id, kind, None, "evaluation", "kept out of training; training data is searched for it"
        )
    refused = policy.refused_use(source.license)
    if refused:
        note = f"{source.license} refuses {refused}: standardised, never compiled"
        return SourcePlan(source.id, kind, stage, f"license_refuses_{refused}", note)
    unproved = policy.unproved_use(source.license)
    notes = (
        [f"nothing shows that {source.license} allows {unproved}: provenance will fail"] if unproved else []
    )
    notes += [f"{f}: {policy.holdouts[f].mode} holdout" for f in source.families if f in policy.holdouts]
    return SourcePlan(source.id, kind, stage, "train", "; ".join(notes))
