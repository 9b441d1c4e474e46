"""Stats: the manifest's numbers are there, and are what the shards give.

A record that stands twice in one split (the same id, or the same strict hash) makes every count a
lie, so it is refused here; one that stands in two splits is leakage. So is a record that no one can
train on: it would be counted as an example and is none.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pixelated.verify.dataset import MANIFEST, Dataset
from pixelated.verify.findings import shown
from pixelated.verify.record import Record, mapping, natural, sequence
from pixelated.verify.registry import GATES, Gate
from pixelated.verify.safety import SafetyCheck
from pixelated.verify.shards import SPLITS
from pixelated.verify.usable import missing_keys, stages_of, unusable

_KINDS = ("dialogue", "preference", "text")
_ROUNDING = 1.5e-6  # both sides are rounded to six decimals
_TABLES = ("source_families", "sources", "stages")


@dataclass
class _Score:
    """Running statistics of one scorer; the sum is exact to the last bit that matters (Neumaier)."""

    count: int = 0
    nulls: int = 0
    total: float = 0.0
    carry: float = 0.0
    low: float = math.inf
    high: float = -math.inf

    def add(self, value: float) -> None:
        self.count += 1
        total = self.total + value
        big, small = (self.total, value) if abs(self.total) >= abs(value) else (value, self.total)
        self.carry += (big - total) + small
        self.total, self.low, self.high = total, min(self.low, value), max(self.high, value)

    def summary(self) -> dict[str, float | int | None]:
        mean = (self.total + self.carry) / self.count if self.count else None
        low, high = (self.low, self.high) if self.count else (None, None)
        return {"count": self.count, "nulls": self.nulls, "mean": mean, "min": low, "max": high}


@GATES.register("stats")
class Stats(Gate):
    """Every count, table and statistic of the manifest equals what the shards give."""

    remedy = "compile the dataset again: the manifest's numbers are not those of its shards"

    def __init__(self, dataset: Dataset) -> None:
        super().__init__(dataset)
        self._tables: dict[str, dict[str, Counter[str]]] = {t: defaultdict(Counter) for t in _TABLES}
        self._splits: Counter[str] = Counter()
        self._kinds: Counter[str] = Counter()
        self._scores: dict[str, _Score] = defaultdict(_Score)
        self._stages = stages_of(dataset.manifest)
        self._safety = SafetyCheck(dataset.manifest, dataset.files, dataset.rules.safety, self.findings)
        self._records = 0
        self._words = 0

    def see(self, record: Record) -> None:
        """Count the record."""
        self._records += 1
        self._words += record.words
        self._splits[record.split] += 1
        self._see_kind(record)
        for problem in unusable(record, self._stages):
            self.findings.add(problem, record.name, "drop it at curation, and build again")
        self._see_lengths(record)
        self._safety.see(record)
        for family in record.families:
            self._tables["source_families"][family][record.split] += 1
        for table, key in (("sources", "source_key"), ("stages", "phase")):
            if name := record.text_of(key):
                self._tables[table][name][record.split] += 1
        self._see_scores(record)

    def judge(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Compare the manifest with the counts."""
        manifest = self.dataset.manifest
        self._check_head(manifest)
        self._equal("total_conversations", manifest.get("total_conversations"), self._records)
        self._equal("total_tokens_approx", manifest.get("total_tokens_approx"), self._words)
        self._check_splits(mapping(manifest.get("splits")))
        self._check_shards()
        for table in _TABLES:
            self._check_table(table, manifest.get(table))
        self._check_kinds(manifest.get("kinds"))
        self._check_scores(manifest.get("scores"))
        self._check_repeats()
        self._safety.judge()
        measured = self.statistics() | {"safety": self._safety.measured}
        return measured, {"manifest": "the same numbers", "safety": "masks and bypass as allowed"}

    def statistics(self) -> dict[str, Any]:
        """Return the totals and tables that the shards give."""
        tables = {
            t: {
                n: {"conversations": c.total(), "splits": dict(sorted(c.items()))}
                for n, c in sorted(rows.items())
            }
            for t, rows in self._tables.items()
        }
        return {
            "total_conversations": self._records,
            "total_tokens_approx": self._words,
            "splits": {s: self._splits[s] for s in SPLITS},
            "kinds": dict(sorted(self._kinds.items())),
            **tables,
        }

    def _see_kind(self, record: Record) -> None:
        kind = record.row.get("kind")
        if kind in _KINDS:
            self._kinds[str(kind)] += 1
        else:
            self.findings.add("a record's kind is none of dialogue, preference, text", record.name)

    def _see_lengths(self, record: Record) -> None:
        if record.texts is None:
            return  # the hash gate names it
        measured = {"total_tokens": record.words, "conversation_length": len(record.texts[0])}
        for key, value in measured.items():
            if natural(record.metadata.get(key)) != value:
                self.findings.add(f"{key} is not what the record's text gives", record.name)

    def _see_scores(self, record: Record) -> None:
        seen = set()
        for item in sequence(record.metadata.get("scores")):
            name, value = mapping(item).get("name"), mapping(item).get("value")
            if not isinstance(name, str) or name in seen or not (value is None or _is_number(value)):
                self.findings.add("a record's scores are malformed", record.name)
                continue
            seen.add(name)
            if value is None:
                self._scores[name].nulls += 1
            else:
                self._scores[name].add(float(value))

    def _check_head(self, manifest: dict[str, Any]) -> None:
        if manifest.get("manifest_version") != "1.0":
            self.findings.add("manifest_version is not 1.0", MANIFEST)
        when = manifest.get("generated_at")
        try:
            good = isinstance(when, str) and datetime.fromisoformat(when).tzinfo is not None
        except ValueError:
            good = False
        if not good:
            self.findings.add("generated_at is no date-time", MANIFEST)
        for problem in missing_keys(manifest):
            self.findings.add(problem, MANIFEST)

    def _equal(self, what: str, said: object, measured: int, who: str = MANIFEST) -> None:
        if natural(said) != measured:
            self.findings.add(f"{what} is {shown(said)}, the shards give {measured}", who)

    def _check_splits(self, splits: dict[str, Any]) -> None:
        for split in SPLITS:
            said = mapping(splits.get(split)).get("conversations")
            self._equal(f"splits.{split}.conversations", said, self._splits[split])

    def _check_shards(self) -> None:
        for shard in self.dataset.shards:
            who = shown(shard.path or shard.twin, 200)
            self._equal("conversation_count", shard.entry.get("conversation_count"), shard.rows, who)
            said = shard.entry.get("source_families")
            names = [f for f in sequence(said) if isinstance(f, str)]
            if sorted(names) != sorted(shard.families) or not isinstance(said, list):
                self.findings.add("source_families of a shard are not those of its records", who)

    def _check_table(self, table: str, said: object) -> None:
        if not isinstance(said, dict):
            self.findings.add(f"the manifest has no table {table}", MANIFEST)
            return
        rows = self._tables[table]
        for name in sorted(rows.keys() | said.keys()):
            counts = rows.get(name, Counter())
            where = f"{table}.{shown(name)}"
            self._equal(
                f"{where}.conversations", mapping(said.get(name)).get("conversations"), counts.total(), where
            )
            by_split = mapping(mapping(said.get(name)).get("splits"))
            for split in sorted(set(SPLITS) | {str(s) for s in by_split}):
                self._equal(f"{where}.splits.{shown(split)}", by_split.get(split, 0), counts[split], where)

    def _check_kinds(self, said: object) -> None:
        if not isinstance(said, dict):
            self.findings.add("the manifest has no table kinds", MANIFEST)
            return
        for kind in sorted(self._kinds.keys() | said.keys()):
            self._equal(f"kinds.{shown(kind)}", said.get(kind, 0), self._kinds[kind], f"kinds.{shown(kind)}")

    def _check_scores(self, said: object) -> None:
        if not isinstance(said, dict):
            self.findings.add("the manifest has no score statistics", MANIFEST)
            return
        for name in sorted(self._scores.keys() | said.keys()):
            stated, score = mapping(said.get(name)), self._scores.get(name, _Score())
            where = f"scores.{shown(name)}"
            if name in self._scores and score.count + score.nulls != self._records:
                self.findings.add(f"{where} is not given for every record", where)
            for key, value in score.summary().items():
                if not _close(stated.get(key), value):
                    self.findings.add(
                        f"{where}.{key} is {shown(stated.get(key))}, the shards give {value}", where
                    )

    def _check_repeats(self) -> None:
        keys = self.dataset.keys
        for column, what in (
            ("id", "an id stands twice in a split"),
            ("strict", "a record stands twice in a split"),
        ):
            for rows in keys.repeated(column):
                for row in rows.tolist():
                    self.findings.add(what, keys.name(row), "deduplicate and build again")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _close(said: object, measured: float | None) -> bool:
    if measured is None or said is None:
        return said is measured
    if isinstance(said, bool) or not isinstance(said, int | float):
        return False
    if isinstance(measured, int):
        return isinstance(said, int) and said == measured
    return abs(said - measured) <= _ROUNDING
