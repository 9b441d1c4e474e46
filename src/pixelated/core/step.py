"""What a step returns and how its rows are counted: nothing vanishes.

`rows_in + added = kept + dropped + quarantined`, for every step and the whole run; units are
records (a dialogue is one record, an unreadable file is one quarantined record).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from pixelated.core.errors import InternalError


@dataclass
class StepResult:
    """The outcome of one row step over one part.

    `kept` are the surviving rows (those `added` by the step among them); `dropped` are rows with a
    `reason` column; `quarantined` follows `schema.QUARANTINE`; `measured` holds JSON-able figures
    that are summed over the parts (numbers, or nested dicts of numbers).
    """

    kept: pa.Table
    dropped: pa.Table | None = None
    quarantined: pa.Table | None = None
    added: int = 0
    measured: dict[str, Any] = field(default_factory=dict)


@dataclass
class Ledger:
    """Counts of one step over one part or one run; ledgers add up."""

    rows_in: int = 0
    added: int = 0
    kept: int = 0
    dropped: int = 0
    quarantined: int = 0
    raw_rows: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    measured: dict[str, Any] = field(default_factory=dict)
    bytes: int = 0
    seconds: float = 0.0
    peak_memory_mb: float = 0.0

    def add(self, other: Ledger) -> None:
        """Add the counts of `other` to this ledger."""
        for name in ("rows_in", "added", "kept", "dropped", "quarantined", "raw_rows", "bytes", "seconds"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.peak_memory_mb = max(self.peak_memory_mb, other.peak_memory_mb)
        self.reasons.update(other.reasons)
        add_measured(self.measured, other.measured)

    def as_json(self) -> dict[str, Any]:
        """Return a JSON-able object with sorted reasons."""
        out = dict(vars(self))
        out["reasons"] = dict(sorted(self.reasons.items()))
        return out

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Ledger:
        """Read back what `as_json` wrote."""
        known = {k: v for k, v in data.items() if k in cls.__dataclass_fields__}
        return cls(**{**known, "reasons": Counter(data.get("reasons", {}))})

    def check(self, step: str) -> None:
        """Raise `InternalError` unless every row that came in went somewhere."""
        came, went = self.rows_in + self.added, self.kept + self.dropped + self.quarantined
        if came != went:
            raise InternalError(
                "rows_lost",
                f"step {step!r} does not balance: {self.rows_in} in + {self.added} added is not "
                f"{self.kept} kept + {self.dropped} dropped + {self.quarantined} quarantined",
                "report this with the recipe: a step of the program or of a plug-in loses rows",
            )


def add_measured(into: dict[str, Any], more: dict[str, Any]) -> None:
    """Sum nested dictionaries of numbers; anything else is kept from the first that has it."""
    for key, value in more.items():
        if isinstance(value, dict):
            add_measured(into.setdefault(key, {}), value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            into[key] = into.get(key, 0) + value
        elif isinstance(value, list):
            into[key] = [*into.get(key, []), *value]
        else:
            into.setdefault(key, value)


def count(rows_in: int, result: StepResult) -> Ledger:
    """Make the ledger of `result`, given the number of rows that went into the step."""
    ledger = Ledger(rows_in=rows_in, added=result.added, kept=result.kept.num_rows, measured=result.measured)
    for table, name in ((result.dropped, "dropped"), (result.quarantined, "quarantined")):
        if table is not None:
            setattr(ledger, name, table.num_rows)
            ledger.reasons.update(table.column("reason").to_pylist())  # one code per refused row
    return ledger
