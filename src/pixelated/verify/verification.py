"""Verify a dataset: eight gates, and those of other packages, over one pass of its shards."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pixelated.core.verdict import Verdict
from pixelated.verify.dataset import Dataset, open_dataset, scan
from pixelated.verify.findings import Findings
from pixelated.verify.gates.stats import Stats
from pixelated.verify.registry import GATES, Gate, gate_names


@dataclass(frozen=True)
class Verification:
    """The verdicts on one dataset, in the fixed order of the gates."""

    verdicts: dict[str, Verdict]
    statistics: dict[str, Any]

    @property
    def passed(self) -> bool:
        """Say whether every gate passed."""
        return all(verdict.passed for verdict in self.verdicts.values())

    def as_json(self) -> dict[str, Any]:
        """Return what `pixelated verify --json` prints: `passed`, `gates`, `statistics`."""
        gates = {name: verdict.as_json() for name, verdict in self.verdicts.items()}
        return {"passed": self.passed, "gates": gates, "statistics": self.statistics}

    def report(self, timestamp: str) -> dict[str, Any]:
        """Return the corpus contract's report (FACTS 1.8); `timestamp` is the caller's, never the clock."""
        return {
            "verification_timestamp": timestamp,
            "all_gates_passed": self.passed,
            "gate_results": {name: verdict.passed for name, verdict in self.verdicts.items()},
            "verification_details": {
                f"{name}_gate": {"passed": verdict.passed, "errors": verdict.errors}
                for name, verdict in self.verdicts.items()
            },
            "statistics": self.statistics,
        }


def verify_dataset(path: Path, *, policy: dict[str, Any] | None = None) -> Verification:
    """Judge the dataset at `path` by every gate; a damaged dataset fails gates and raises nothing.

    Args:
        path: the dataset's folder, or its manifest.
        policy: the policy it was built under (`split_ratio`, `holdouts`, `intended_uses`, ...); None
            takes the shipped policy that the manifest names, else the gates' defaults.

    Raises:
        UsageError: there is nothing at `path`, or the policy cannot be used.
    """
    dataset = open_dataset(path, policy)
    gates = {name: GATES.get(name)(dataset) for name in gate_names()}
    scan(dataset, gates)
    verdicts = {name: _verdict(name, gate, dataset) for name, gate in gates.items()}
    stats = gates["stats"]
    return Verification(verdicts, stats.statistics() if isinstance(stats, Stats) else {})


def _verdict(name: str, gate: Gate, dataset: Dataset) -> Verdict:
    measured: dict[str, Any] = {}
    required: dict[str, Any] = {}
    try:
        measured, required = gate.judge()
    except Exception as error:  # noqa: BLE001 - a gate that cannot judge has failed; the others go on
        gate.findings.add(f"the gate broke off ({type(error).__name__})", "manifest.json")
    # of a dataset without a record only the hash gate has anything to say beyond that
    found = gate.findings if len(dataset.keys) or name == "hash" else Findings()
    unread = dataset.unmeasured
    errors = [*unread.errors, *found.errors]
    examples = list(dict.fromkeys([*unread.examples, *found.examples]))
    remedy = ""
    if errors:
        remedy = found.remedy or (
            gate.remedy if found else "restore what is missing, or compile the dataset again"
        )
    return Verdict(name, not errors, measured, required, errors, examples[:20], remedy)
