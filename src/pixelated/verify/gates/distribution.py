"""Distribution: the records outside holdouts are split in the required ratio.

Groups are never split, so a share can be no nearer than half of the smallest group allows; a pool that
cannot be divided more finely than ten points has not been measured.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pixelated.verify.dataset import Dataset
from pixelated.verify.hashes import key
from pixelated.verify.keys import digest_array, missing
from pixelated.verify.record import Record, mapping, sequence
from pixelated.verify.registry import GATES, Gate
from pixelated.verify.shards import SPLITS

_SAME = 1e-9


@GATES.register("distribution")
class Distribution(Gate):
    """Shares of train, val and test are within the tolerance of the required ratio."""

    remedy = (
        "compile again with --split-ratio as required, or verify with the policy that states another ratio"
    )

    def __init__(self, dataset: Dataset) -> None:
        super().__init__(dataset)
        declared = mapping(dataset.manifest.get("holdout_families"))
        self._full = {f for f, h in declared.items() if mapping(h).get("mode") == "full"}
        self._full |= {f for f, mode in dataset.rules.holdouts.items() if mode == "full"}
        groups = (sequence(mapping(h).get("test_groups")) for h in declared.values())
        self._groups = {g for held in groups for g in held if isinstance(g, str)}
        self._held = {key(group) for group in self._groups}

    def see(self, record: Record) -> None:
        """Note the group of a held-out record: the whole group is outside the pool."""
        if not self._full.isdisjoint(record.families):
            self._held.add(key(record.text_of("group_key")))

    def judge(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Compare the shares of the pool with the required ratio."""
        rules, keys = self.dataset.rules, self.dataset.keys
        self._check_stated(self.dataset.manifest.get("split_ratio"), rules.ratio)
        held = np.sort(digest_array(b"".join(self._held)))
        pool = missing(keys.column("group"), held)
        counts = np.bincount(keys.split_codes()[pool], minlength=len(SPLITS)).tolist()
        tolerance = self._tolerance(len(pool), keys.group_sizes(pool).min(initial=len(pool)))
        shares = {s: round(n / max(1, len(pool)), 6) for s, n in zip(SPLITS, counts, strict=True)}
        for split, share in shares.items():
            self._check_share(split, share, rules.ratio[split], tolerance)
        measured = {
            "pool": len(pool),
            "held_out": len(keys) - len(pool),
            "records": dict(zip(SPLITS, counts, strict=True)),
            "shares": shares,
            "tolerance": round(tolerance, 6),
        }
        return measured, {"shares": rules.ratio, "tolerance": rules.tolerance}

    def _tolerance(self, pool: int, smallest_group: int) -> float:
        rules = self.dataset.rules
        unit = max(1.0, smallest_group / 2) / max(1, pool)
        if not pool or unit > rules.widest_tolerance:
            self.findings.add(
                f"not measured: {pool} records outside holdouts in groups of at least {smallest_group} "
                f"cannot be divided within {rules.widest_tolerance:.0%}",
                "manifest.json",
                "add records outside holdouts, or give their sources smaller groups",
            )
        return max(rules.tolerance, unit)

    def _check_share(self, split: str, share: float, wanted: float, tolerance: float) -> None:
        if abs(share - wanted) > tolerance + _SAME:
            self.findings.add(
                f"{split} holds {share:.1%} of the records outside holdouts, {wanted:.1%} "
                f"within {tolerance:.1%} are required",
                f"shards/{split}",
            )

    def _check_stated(self, stated: object, wanted: dict[str, float]) -> None:
        shares = {k: v for k, v in mapping(stated).items() if isinstance(v, int | float)}
        if set(shares) != set(SPLITS) or abs(sum(shares.values()) - 1) > _SAME:
            self.findings.add("split_ratio is not stated as shares that sum to 1", "manifest.json")
        elif any(abs(shares[s] - wanted[s]) > _SAME for s in SPLITS):
            said = " / ".join(f"{shares[s]:g}" for s in SPLITS)
            required = " / ".join(f"{wanted[s]:g}" for s in SPLITS)
            self.findings.add(f"split_ratio is stated as {said}, required is {required}", "manifest.json")
