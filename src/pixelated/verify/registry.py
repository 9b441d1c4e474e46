"""What a gate is, and where gates are filed: one file in `verify/gates/` each, or an entry point."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from pixelated.core.plugins import Registry
from pixelated.verify.findings import Findings
from pixelated.verify.record import Record

if TYPE_CHECKING:
    from pixelated.verify.dataset import Dataset

ORDER = ("coverage", "leakage", "distribution", "pii", "provenance", "hash", "split", "stats")


class Gate(ABC):
    """A claim about a dataset that can be false.

    A gate is made for one dataset, sees each record once while the shards stream by, then judges. It
    files what is wrong in `findings`; a gate with a finding has failed. It keeps counts and keys, never
    text. It may read `dataset.manifest` and `dataset.rules` from the start, and `dataset.keys`,
    `dataset.exports` and the rest when it judges.
    """

    remedy = "see the errors above"

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.findings = Findings()

    def see(self, record: Record) -> None:  # noqa: B027 - a gate over files alone looks at no record
        """Look at one record: all of val, all of test, then all of train, each in shard order."""

    @abstractmethod
    def judge(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return (what was measured, what is required) after the last record."""


GATES: Registry[type[Gate]] = Registry("gate", "pixelated.verify.gates")


def gate_names() -> list[str]:
    """Return the eight gates in the contract's order, then those of other packages by name."""
    return [*ORDER, *(name for name in GATES.names() if name not in ORDER)]
