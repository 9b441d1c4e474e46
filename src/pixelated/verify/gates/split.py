"""Split: what is held out stands in test only, and a record's split is where it lies."""

from __future__ import annotations

from collections import Counter
from typing import Any

from pixelated.verify.dataset import MANIFEST, Dataset
from pixelated.verify.findings import shown
from pixelated.verify.record import Record, mapping, sequence
from pixelated.verify.registry import GATES, Gate

_MODES = ("full", "partial")
_MOST_HELD = 0.5  # a partial holdout that takes more leaves the stage of its family without data


@GATES.register("split")
class Split(Gate):
    """Holdouts are declared as the policy wants them and kept; metadata.split is the shard's folder."""

    remedy = "build again: the split step sends every held-out group to test"

    def __init__(self, dataset: Dataset) -> None:
        super().__init__(dataset)
        declared = dataset.manifest.get("holdout_families")
        if not isinstance(declared, dict):
            self.findings.add(
                "the manifest declares no holdout_families (an empty object is a statement)", MANIFEST
            )
        self._declared = {str(k): mapping(v) for k, v in mapping(declared).items()}
        wanted = dataset.rules.holdouts
        self._full = {f for f, h in self._declared.items() if h.get("mode") == "full"}
        self._full |= {f for f, mode in wanted.items() if mode == "full"}
        self._partial = {f for f, h in self._declared.items() if h.get("mode") == "partial"}
        self._groups = {
            g for h in self._declared.values() for g in sequence(h.get("test_groups")) if isinstance(g, str)
        }
        self._absent = set(self._groups)
        self._family_groups: dict[str, set[str]] = {f: set() for f in self._partial}
        self._owners = {
            family: {g for g in sequence(h.get("test_groups")) if isinstance(g, str)}
            for family, h in self._declared.items()
        }
        self._foreign = {family: set(groups) for family, groups in self._owners.items()}
        self._rows: Counter[str] = Counter()
        self._held_rows: Counter[str] = Counter()
        self._held: Counter[str] = Counter()

    def see(self, record: Record) -> None:
        """Check where the record lies."""
        if record.metadata.get("split") != record.split:
            self.findings.add("metadata.split is not the shard's folder", record.name)
        group = record.text_of("group_key")
        self._absent.discard(group)
        for family in record.families:
            if family in self._owners:
                self._rows[family] += 1
                self._held_rows[family] += group in self._owners[family]
                self._foreign[family].discard(group)
            if family in self._full:
                self._see_held(f"{shown(family)} is held out, but a record of it is", record)
            elif family in self._family_groups and len(self._family_groups[family]) < 2:  # noqa: PLR2004
                self._family_groups[family].add(group)
        if group in self._groups:
            self._see_held("a test group is held out, but a record of it is", record)

    def judge(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Check the declarations themselves."""
        for family, holdout in self._declared.items():
            self._check_declaration(family, holdout)
        for family in self.dataset.rules.to_declare:
            self._check_required(family)
        for family, mode in sorted(self.dataset.rules.holdouts.items()):
            said = self._declared.get(family, {}).get("mode")
            if said != mode:
                reason = f"the policy holds {shown(family)} out ({mode}), the manifest says {shown(said)}"
                self.findings.add(reason, MANIFEST)
        for group in sorted(self._absent):
            self.findings.add("a test group has no record", shown(group, 200))
        measured = {
            "held_out_in_test": dict(sorted(self._held.items())),
            "holdouts": {f: h.get("mode") for f, h in sorted(self._declared.items())},
        }
        return measured, {
            "held_out_elsewhere": 0,
            "holdouts": dict(sorted(self.dataset.rules.holdouts.items())),
        }

    def _see_held(self, reason: str, record: Record) -> None:
        self._held["in_test" if record.split == "test" else "elsewhere"] += 1
        if record.split != "test":
            self.findings.add(f"{reason} in {record.split}", record.name)

    def _check_declaration(self, family: str, holdout: dict[str, Any]) -> None:
        mode, groups = holdout.get("mode"), holdout.get("test_groups")
        if family not in self.dataset.rules.families:
            self.findings.add(f"holdout_families names an unknown family {shown(family)!r}", MANIFEST)
        elif mode not in _MODES:
            self.findings.add(f"the holdout of {family} is neither full nor partial", MANIFEST)
        elif holdout.get("test_split_only") is not (mode == "full"):
            self.findings.add(
                f"the {mode} holdout of {family} has a test_split_only that denies it", MANIFEST
            )
        elif mode == "partial" and not isinstance(groups, list):
            self.findings.add(f"the partial holdout of {family} lists no test_groups", MANIFEST)
        elif mode == "partial" and not groups and len(self._family_groups.get(family, ())) > 1:
            self.findings.add(f"the partial holdout of {family} holds nothing out", MANIFEST)
        elif mode == "partial":
            self._check_groups(family)

    def _check_groups(self, family: str) -> None:
        """Compare the groups of a partial holdout with the records of its family."""
        for group in sorted(self._foreign[family] - self._absent):
            self.findings.add(f"a test group of {family} holds no record of it", shown(group, 200))
        held, rows = self._held_rows[family], self._rows[family]
        if held > rows * _MOST_HELD:
            reason = f"the partial holdout of {family} holds out more than half of it ({held} of {rows})"
            self.findings.add(reason, MANIFEST)

    def _check_required(self, family: str) -> None:
        """Check that a family which the default policy holds out is declared, with a reason."""
        rationale = self._declared.get(family, {}).get("rationale")
        if family not in self._declared:
            reason = f"the policy is not a shipped one, and {shown(family)} is not declared as a holdout"
            remedy = "verify with the policy it was built under, or declare the holdout and build again"
            self.findings.add(reason, MANIFEST, remedy)
        elif not isinstance(rationale, str) or not rationale.strip():
            self.findings.add(f"the holdout of {shown(family)} gives no rationale", MANIFEST)
