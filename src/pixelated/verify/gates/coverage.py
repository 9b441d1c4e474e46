"""Coverage: every family of the contract is there, counted in the shards."""

from __future__ import annotations

from collections import Counter
from typing import Any

from pixelated.verify.dataset import Dataset
from pixelated.verify.findings import shown
from pixelated.verify.record import Record
from pixelated.verify.registry import GATES, Gate


@GATES.register("coverage")
class Coverage(Gate):
    """Each required family has enough records, and no record names another family."""

    remedy = "add sources for the families named above to the recipe, then build again"

    def __init__(self, dataset: Dataset) -> None:
        super().__init__(dataset)
        self._counts: Counter[str] = Counter()

    def see(self, record: Record) -> None:
        """Count the record for each of its families."""
        families = record.families
        self._counts.update(families)
        known = self.dataset.rules.families
        for family in families:
            if family not in known:
                self._unknown(family, record)
        if not families:
            self.findings.add("a record names no family", record.name, "give its source a family")
        elif record.metadata.get("source_family") != families[0]:
            self.findings.add("source_family is not the first of families", record.name)

    def judge(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Compare the counts with the minimum."""
        rules = self.dataset.rules
        counts = {family: self._counts[family] for family in rules.families}
        for family, n in counts.items():
            if n < rules.minimum_records:
                reason = f"family {family} has {n} records, {rules.minimum_records} are required"
                self.findings.add(reason, family)
        missing = [family for family, n in counts.items() if n < rules.minimum_records]
        return (
            {"records_by_family": counts, "missing": missing},
            {"families": len(counts), "records_of_each": rules.minimum_records},
        )

    def _unknown(self, family: str, record: Record) -> None:
        stands_for = self.dataset.rules.aliases.get(family)
        hint = f" (it stands for {', '.join(stands_for)})" if stands_for else ""
        self.findings.add(
            f"unknown family {shown(family)!r}{hint}",
            record.name,
            f"name one of the {len(self.dataset.rules.families)} families in the source's registry entry",
        )
