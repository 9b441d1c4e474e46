"""Safety filters and their bypass: which records may be used, and which of the therapist's turns are masked.

Client turns and therapist turns are judged apart: a client's despair is not the therapist's harm. A record
that is tagged as a training edge case, stands in the edge stage and comes from a source whose registry entry
grants it skips the filters of client turns that allow it, and nothing else; each use is written down. A
therapist's turn that fails is never a target: it is masked from the loss, or it is a `rejected` answer.

| outcome | when |
|---|---|
| pass | no turn fails, or only client turns that the bypass covers |
| masked | some of the therapist's turns fail, and another one remains to learn from |
| drop | a client turn fails without a bypass, the `chosen` answer fails, or no turn remains |

A filter that only reports, or that spares the record's origin or kind, changes no outcome: it is named in
`reported`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

from pixelated.core.errors import UsageError
from pixelated.core.presets import load_preset
from pixelated.core.registry_file import parse

PASS, MASKED, DROP = "pass", "masked", "drop"
Message = Mapping[str, Any]
Spared = Literal["human", "transcript", "synthetic", "augmented", "model", "dialogue", "preference"]


@dataclass(frozen=True)
class After:
    """A reply is judged where the client's turn before it reaches `least` of a scorer."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    scorer: str
    least: float


@dataclass(frozen=True)
class SafetyFilter:
    """One filter: turns of `role` fail above `most` or below `least` of a scorer, or of one of its parts."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    scorer: str
    role: Literal["user", "assistant"]
    most: float | None = None
    least: float | None = None
    part: str = ""
    after: After | None = None
    bypass: bool = False
    report_only: bool = False
    spares: tuple[Spared, ...] = ()  # origins and kinds of records whose client turns are reported only

    def __post_init__(self) -> None:
        """Refuse a filter without a limit, and a bypass of the therapist's turns."""
        if self.most is None and self.least is None:
            raise UsageError(
                "no_limit", f"the filter of {self.scorer} has no limit", "give `most` or `least`"
            )
        if (self.bypass or self.spares) and self.role != "user":
            raise UsageError(
                "bad_bypass",
                "only filters of client turns can be bypassed or spare records",
                "remove `bypass` and `spares` here",
            )


@dataclass(frozen=True)
class SafetyPolicy:
    """Filters by name."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    name: str
    filters: dict[str, SafetyFilter]

    def limits(self) -> list[dict[str, Any]]:
        """Return the limits as plain data, sorted by name: what finds the turns beyond them."""
        fields = ("scorer", "role", "part", "most", "least")
        return [
            {"name": name, "after": asdict(one.after) if one.after else None}
            | {key: getattr(one, key) for key in fields}
            for name, one in sorted(self.filters.items())
        ]


@dataclass(frozen=True)
class Finding:
    """A turn that fails a filter: its position, and the score beyond the limit."""

    filter: str
    turn: int
    score: float


@dataclass(frozen=True)
class Seen:
    """What was seen of one record.

    Attributes:
        findings: turns beyond a limit, by position in messages and chosen answer.
        own: number of messages; a position from there on is of the `chosen` answer.
        replies: number of the therapist's turns in both.
        unjudged: filters whose scorer had nothing to say of any turn.
    """

    findings: Sequence[Finding]
    own: int
    replies: int
    unjudged: Sequence[str] = ()


@dataclass(frozen=True)
class Grant:
    """What a record's tag is worth: tagged; granted by its source's registry entry; in the edge stage."""

    tagged: bool = False
    source_grants: bool = False
    edge_stage: bool = False

    @property
    def holds(self) -> bool:
        """Whether the record skips filters of client turns."""
        return self.tagged and self.source_grants and self.edge_stage

    @property
    def refused(self) -> bool:
        """Whether there is a tag that its source may not give."""
        return self.tagged and not self.source_grants


@dataclass
class Outcome:
    """What becomes of a record.

    Attributes:
        decision: pass, masked or drop.
        reasons: filters that dropped it or masked a turn, sorted.
        masked: positions of the therapist's turns that no loss is taken from.
        bypassed: failing client turns that the bypass let pass.
        reported: filters that found a turn and only report, sorted.
        unjudged: filters whose scorer had nothing to say of any turn.
        tag_refused: the record is tagged, and its source may not grant that.
    """

    decision: str = PASS
    reasons: list[str] = field(default_factory=list)
    masked: list[int] = field(default_factory=list)
    bypassed: list[Finding] = field(default_factory=list)
    reported: list[str] = field(default_factory=list)
    unjudged: list[str] = field(default_factory=list)
    tag_refused: bool = False


# From messages, and the chosen answer behind them from the given position on: what was seen.
Look = Callable[[Sequence[Message], int], Seen]


def load_safety(name: str = "default", base: Path | None = None) -> SafetyPolicy:
    """Return a shipped set of filters, or that of a file.

    Raises:
        UsageError: there is none, or it is malformed.
    """
    policy: SafetyPolicy = parse(SafetyPolicy, load_preset("safety", name, base), f"safety {name}")
    return policy


def decide_record(record: Mapping[str, Any], grant: Grant, policy: SafetyPolicy, look: Look) -> Outcome:
    """Decide on one record: `messages` and, in a preference, `chosen`; `rejected` answers may fail."""
    messages, chosen = list(record.get("messages") or ()), list(record.get("chosen") or ())
    labels = (str(record.get("origin") or ""), str(record.get("kind") or ""))
    return settle(look([*messages, *chosen], len(messages)), grant, policy, labels)


def settle(seen: Seen, grant: Grant, policy: SafetyPolicy, labels: Sequence[str] = ()) -> Outcome:
    """Return what follows from the turns that fail.

    Args:
        seen: the turns.
        grant: what the record's tag is worth.
        policy: the filters.
        labels: the record's origin and kind, which a filter may spare.
    """
    outcome = Outcome(tag_refused=grant.refused, unjudged=list(seen.unjudged))
    dropped, reported, failing = set[str](), set[str](), dict[int, set[str]]()
    for finding in seen.findings:
        one = policy.filters[finding.filter]
        if one.report_only:
            reported.add(finding.filter)
        elif one.bypass and grant.holds:
            outcome.bypassed.append(finding)
        elif set(one.spares) & set(labels):
            reported.add(finding.filter)
        elif one.role == "user" or finding.turn >= seen.own:
            dropped.add(finding.filter)
        else:
            failing.setdefault(finding.turn, set()).add(finding.filter)
    if failing and len(failing) == seen.replies:
        dropped |= set().union(*failing.values())
    outcome.masked, outcome.reported = sorted(failing), sorted(reported)
    outcome.reasons = sorted(dropped | set().union(*failing.values()))
    outcome.decision = DROP if dropped else MASKED if failing else PASS
    return outcome


def audit_lines(record_id: str | int, outcome: Outcome) -> list[dict[str, Any]]:
    """Return a line for each use of the bypass: the record, the filter skipped, the score; never text."""
    return [{"id": record_id, "filter": f.filter, "turn": f.turn, "score": f.score} for f in outcome.bypassed]
