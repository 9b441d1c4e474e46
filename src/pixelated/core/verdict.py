"""What a gate says: passed or not, what it measured, what was required, which records, what to do."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

MAX_EXAMPLES = 20


@dataclass
class Verdict:
    """The verdict of one gate. A gate that could not measure has failed."""

    gate: str
    passed: bool
    measured: dict[str, Any]
    required: dict[str, Any]
    errors: list[str] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)  # record ids or file paths, at most 20
    remedy: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return a JSON-able object; examples are cut at 20."""
        out = asdict(self)
        out["examples"] = self.examples[:MAX_EXAMPLES]
        return out
