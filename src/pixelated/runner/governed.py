"""What people decided about the sources, held against a release; records are kept either way.

A source may be looked at while nobody has decided, and a dataset of it is written and marked. It is not
releasable while a decision or a pin is missing.
"""

from __future__ import annotations

from collections.abc import Iterator

from pixelated.recipe import Loaded
from pixelated.registry import unpinned

_MANY = 5


def refused_release(loaded: Loaded) -> Iterator[str]:
    """Yield why the sources that are trained on keep a dataset from being released."""
    trained = [s for s in loaded.sources.values() if s.use == "train"]
    rejected = [s.id for s in trained if s.governance.approval_status == "rejected"]
    if rejected:
        yield f"rejected by a person: {_some(rejected)}"
    for use in loaded.policy.file.intended_uses:
        prohibited = [s.id for s in trained if use in s.governance.prohibited_uses]
        if prohibited:
            yield f"use {use} prohibited (governance.prohibited_uses): {_some(prohibited)}"
    loose = unpinned(s for s in trained if s.acquire.location)
    if loose:
        yield f"not pinned, neither a revision nor the hash of every file: {_some(loose)}"


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _MANY} more" if len(names) > _MANY else ""
    return ", ".join(sorted(names)[:_MANY]) + more
