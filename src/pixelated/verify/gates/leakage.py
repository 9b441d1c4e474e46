"""Leakage: nothing that was trained on is tested on.

Hashes are computed anew, so a record that carries a wrong hash cannot hide. Texts that are nearly the
same are found by their word 3-grams (near.py); what a system message says does not count. An export for
trainers counts as part of its split.
"""

from __future__ import annotations

from typing import Any

from pixelated.verify.dataset import Dataset
from pixelated.verify.near import Across
from pixelated.verify.record import Record
from pixelated.verify.registry import GATES, Gate

_WHAT = {
    "strict": "the same record stands in two splits (strict_hash)",
    "content": "the same contents stand in two splits (content_hash)",
    "fold": "the same letters and digits stand in two splits",
    "group": "a group stands in two splits (group_key)",
    "id": "an id stands in two splits",
}
_NEAR = "a near-duplicate stands in two splits (word 3-grams, Jaccard at least {})"


@GATES.register("leakage")
class Leakage(Gate):
    """No hash, folded text, near-duplicate, group or id stands in two splits, and no export crosses them."""

    remedy = "split by group and deduplicate before splitting: pixelated build, or pixelated compile"

    def __init__(self, dataset: Dataset) -> None:
        super().__init__(dataset)
        self._across, self._near = Across(dataset.rules.leak), 0

    def see(self, record: Record) -> None:
        """File records that could not be compared with any other, and near-duplicates of other splits."""
        if not record.text_of("group_key"):
            self.findings.add(
                "a record has no group_key", record.name, "give its source a group in the registry"
            )
        if record.strict is None:
            # its hash gate says the same; without texts the record was not compared
            self.findings.add("a record's texts cannot be compared", record.name)
        if record.texts is not None:
            self._compare(record, [text for part in record.texts for role, text in part if role != "system"])

    def _compare(self, record: Record, texts: list[str]) -> None:
        keys, reason = self.dataset.keys, _NEAR.format(self.dataset.rules.leak)
        for row, _ in self._across.see(record.split, len(keys) - 1, texts):
            self._near += 1
            for name in (record.name, keys.name(row)):
                self.findings.add(reason, name, count=int(name == record.name))

    def judge(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Look for keys in more than one split."""
        keys, crossing = self.dataset.keys, {}
        for column, reason in _WHAT.items():
            found = keys.crossing(column)
            crossing[column] = len(found)
            for rows in found:
                for row in rows.tolist():
                    self.findings.add(reason, keys.name(row))
        self.findings.merge(self.dataset.exports.leaks)
        measured = {"records": len(keys), "keys_in_two_splits": crossing, "near_in_two_splits": self._near}
        return measured, {"keys_in_two_splits": dict.fromkeys(_WHAT, 0), "near_in_two_splits": 0}
