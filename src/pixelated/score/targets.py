"""What a head can be fitted for: one label of one turn, such as the level of exploration of a reply.

A scorer's module declares it beside the scorer:

    TARGETS.register("empathy/exploration")(Target(("0", "1", "2"), _sample, PLAN, "..."))

`pixelated score fit empathy/exploration --data FILE` then fits a head on labelled turns; the scorer takes it
as its setting `heads`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from pixelated.core.plugins import Registry
from pixelated.score.dialogue import Dialogue
from pixelated.score.heads.head import Plan, Sample


@dataclass(frozen=True)
class Target:
    """A label of a turn.

    Attributes:
        classes: the labels there may be; where they are ordered, from the least to the most.
        sample: from a dialogue and the position of a turn in `dialogue.turns` to what a head sees of it.
        plan: what the fast back end is fitted over.
        vectors: the fields that the back end `embed` reads besides.
        says: one line on what the label means.
    """

    classes: tuple[str, ...]
    sample: Callable[[Dialogue, int], Sample]
    plan: Plan
    says: str
    vectors: tuple[str, ...] = ()

    @property
    def embed_plan(self) -> Plan:
        """What the back end `embed` is fitted over: the fast plan, and the vectors in a fit of their own."""
        return replace(self.plan, vectors=self.vectors, fused=True)


TARGETS: Registry[Target] = Registry("target", "pixelated.score")
