"""Policy and curriculum as data: what is admitted, held out, and which stage a record goes to.

`recipe.py` validates the YAML into these dataclasses; unknown keys and family names are errors there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from pixelated.curate.safety import SafetyPolicy

STRICT: dict[str, Any] = {"extra": "forbid"}
SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Stage:
    """One stage of a curriculum. `share` is of the SFT records; `admission` waits for its scorers."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    name: str
    phase: Literal["pretraining", "sft", "preference"]
    kinds: tuple[str, ...]
    share: float | None = None
    families: tuple[str, ...] = ()
    edge: bool = False  # the stage whose tagged records skip crisis and toxicity filters on client turns
    admission: dict[str, dict[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Curriculum:
    """Stages in training order."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    name: str
    stages: tuple[Stage, ...]

    def stage_of(self, kind: str, families: list[str], wanted: str) -> str | None:
        """Return the stage of a record: its source's stage where the kind fits, else by kind and family."""
        by_name = {s.name: s for s in self.stages}
        if wanted in by_name and kind in by_name[wanted].kinds:
            return wanted
        fitting = [s for s in self.stages if kind in s.kinds]
        for family in families:
            for stage in fitting:
                if family in stage.families:
                    return stage.name
        return fitting[0].name if fitting else None


@dataclass(frozen=True)
class Holdout:
    """A family kept for the test split: all of it, or a fraction of its rows by whole groups."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    mode: Literal["full", "partial"]
    rationale: str
    fraction: float = 1.0


@dataclass(frozen=True)
class Decontaminate:
    """Evaluation texts are found in training data by the containment of word n-grams."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    ngram: int = 13
    containment: float = 0.5


@dataclass(frozen=True)
class Tier:
    """Weight of a record of one tier in the mix."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    weight: float


@dataclass(frozen=True)
class PolicyFile:
    """A policy as written in YAML."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    name: str
    curriculum: str = "four_stage"
    families: str = "default"
    licenses: str = "default"
    safety: str | None = "default"  # safety filters; null turns them off, and card and report say so
    intended_uses: tuple[Literal["train", "redistribute", "commercial"], ...] = ("train",)
    split_ratio: dict[Literal["train", "val", "test"], float] = field(
        default_factory=lambda: {"train": 0.9, "val": 0.05, "test": 0.05}
    )
    holdouts: dict[str, Holdout] = field(default_factory=dict)
    refuse_tags: tuple[str, ...] = ()
    min_scores: dict[str, float] = field(default_factory=dict)
    decontaminate: Decontaminate = field(default_factory=Decontaminate)
    leak_similarity: Annotated[float, Field(ge=0.5, le=1)] = 0.95
    tiers: dict[int, Tier] = field(default_factory=dict)


@dataclass(frozen=True)
class Policy:
    """A policy with the files it names loaded: families known, holdout aliases resolved."""

    file: PolicyFile
    curriculum: Curriculum
    families: tuple[str, ...]
    licenses: dict[str, dict[str, bool | None]]
    holdouts: dict[str, Holdout]  # by real family
    safety: SafetyPolicy | None = None

    @property
    def ratio(self) -> dict[str, float]:
        """Return the shares of train, val and test."""
        return {split: float(share) for split, share in self.file.split_ratio.items()}

    def requirements(self) -> dict[str, Any]:
        """Return what the gates are to require, as plain data: aliases resolved, tables in place of names."""
        held = {name: {"mode": h.mode, "rationale": h.rationale} for name, h in self.holdouts.items()}
        return {
            "split_ratio": self.ratio,
            "leak_similarity": self.file.leak_similarity,
            "holdouts": held,
            "intended_uses": list(self.file.intended_uses),
            "families": {"families": {name: {} for name in self.families}, "aliases": {}},
            "licenses": {"licenses": self.licenses},
            "safety": self.safety.name if self.safety else None,
        }

    def refused_use(self, license_id: str) -> str | None:
        """Return the intended use that `license_id` refuses outright, or None."""
        uses = self.licenses.get(license_id, {})
        return next((u for u in self.file.intended_uses if uses.get(u) is False), None)

    def unproved_use(self, license_id: str) -> str | None:
        """Return the intended use that nothing shows `license_id` to allow, or None."""
        uses = self.licenses.get(license_id, {})
        return next((u for u in self.file.intended_uses if uses.get(u) is None), None)

    def weight(self, tier: int) -> float:
        """Return the mix weight of `tier` (0 where the policy names none)."""
        found = self.file.tiers.get(tier)
        return found.weight if found else 0.0
