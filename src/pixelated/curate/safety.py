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
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from pixelated.core.errors import UsageError
from pixelated.core.presets import load_preset
from pixelated.core.registry_file import parse

PASS, MASKED, DROP = "pass", "masked", "drop"
WINDOW = 16  # messages up to a turn that a scorer sees
Message = Mapping[str, Any]
# From a scorer, a part of it ("" for its value) and messages: the value, and the positions that decided it.
Judge = Callable[[str, str, Sequence[Message]], tuple[float | None, Sequence[int]]]


@dataclass(frozen=True)
class SafetyFilter:
    """One filter: turns of `role` fail above `most` or below `least` of a scorer, or of one of its parts."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    scorer: str
    role: Literal["user", "assistant"]
    most: float | None = None
    least: float | None = None
    part: str = ""
    bypass: bool = False

    def __post_init__(self) -> None:
        """Refuse a filter without a limit, and a bypass of the therapist's turns."""
        if self.most is None and self.least is None:
            raise UsageError(
                "no_limit", f"the filter of {self.scorer} has no limit", "give `most` or `least`"
            )
        if self.bypass and self.role != "user":
            raise UsageError(
                "bad_bypass", "only filters of client turns can be bypassed", "remove `bypass: true` here"
            )

    def fails(self, value: float) -> bool:
        """Say whether a value is beyond a limit."""
        return (self.most is not None and value > self.most) or (
            self.least is not None and value < self.least
        )


@dataclass(frozen=True)
class SafetyPolicy:
    """Filters by name."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    name: str
    filters: dict[str, SafetyFilter]


@dataclass(frozen=True)
class Finding:
    """A turn that fails a filter: its position, and the score beyond the limit."""

    filter: str
    turn: int
    score: float


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
        unjudged: filters whose scorer had nothing to say of any turn.
        tag_refused: the record is tagged, and its source may not grant that.
    """

    decision: str = PASS
    reasons: list[str] = field(default_factory=list)
    masked: list[int] = field(default_factory=list)
    bypassed: list[Finding] = field(default_factory=list)
    unjudged: list[str] = field(default_factory=list)
    tag_refused: bool = False


def load_safety(name: str = "default") -> SafetyPolicy:
    """Return a shipped set of filters, or that of a file.

    Raises:
        UsageError: there is none, or it is malformed.
    """
    policy: SafetyPolicy = parse(SafetyPolicy, load_preset("safety", name), f"safety {name}")
    return policy


def decide_record(record: Mapping[str, Any], grant: Grant, policy: SafetyPolicy, judge: Judge) -> Outcome:
    """Decide on one record: `messages` and, in a preference, `chosen`; `rejected` answers may fail."""
    outcome = Outcome(tag_refused=grant.refused)
    messages = list(record.get("messages") or ())
    chosen = list(record.get("chosen") or ())
    whole, dropped, failing = [*messages, *chosen], set[str](), dict[int, set[str]]()
    for name, one in sorted(policy.filters.items()):
        judged, findings = judge_turns(name, one, whole, judge)
        if not judged:
            outcome.unjudged.append(name)
        for finding in findings:
            if one.role == "user" and one.bypass and grant.holds:
                outcome.bypassed.append(finding)
            elif one.role == "user" or finding.turn >= len(messages):
                dropped.add(name)
            else:
                failing.setdefault(finding.turn, set()).add(name)
    outcome.masked = sorted(failing)
    replies = {n for n, message in enumerate(whole) if message["role"] == "assistant"}
    if replies and replies <= set(failing):
        dropped |= set().union(*failing.values())
    outcome.reasons = sorted(dropped | set().union(*failing.values()))
    outcome.decision = DROP if dropped else MASKED if failing else PASS
    return outcome


def judge_turns(
    name: str, one: SafetyFilter, messages: Sequence[Message], judge: Judge
) -> tuple[bool, list[Finding]]:
    """Return whether any turn was judged, and those that fail, each in the dialogue up to it."""
    judged, found = False, []
    for at, message in enumerate(messages):
        if message["role"] != one.role:
            continue
        first = max(0, at + 1 - WINDOW)
        value, places = judge(one.scorer, one.part, messages[first : at + 1])
        judged = judged or value is not None
        # The scorer says which turns decided: an earlier one of the speaker is not this one's fault.
        own = [place for place in places if messages[first + place]["role"] == one.role]
        here = not own or at - first in own
        if value is not None and one.fails(value) and (here or one.least is not None):
            found.append(Finding(name, at, round(value, 6)))
    return judged, found


def audit_lines(record_id: str | int, outcome: Outcome) -> list[dict[str, Any]]:
    """Return a line for each use of the bypass: the record, the filter skipped, the score; never text."""
    return [{"id": record_id, "filter": f.filter, "turn": f.turn, "score": f.score} for f in outcome.bypassed]
