"""Provenance: every record says where it is from, under a licence that lets it be used."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from typing import Any

from pixelated.verify.dataset import Dataset
from pixelated.verify.findings import shown
from pixelated.verify.hashes import tagged
from pixelated.verify.licences import allows
from pixelated.verify.record import Record, mapping, natural, sequence
from pixelated.verify.registry import GATES, Gate

_SHA = re.compile(r"[0-9a-f]{64}\Z")
_TAGS = ("therapeutic_license", "reddit_cc", "synthetic", "public_domain", "custom")
_DEDUP = ("unique", "kept_of_duplicates")
_LICENSE_REMEDY = (
    "record a licence with evidence in the source's registry entry, get one, or leave the source out"
)


@GATES.register("provenance")
class Provenance(Gate):
    """Every record has a source, a licence that allows its use, full provenance and an entry of its own."""

    remedy = "complete the source's registry entry, then build again"

    def __init__(self, dataset: Dataset) -> None:
        super().__init__(dataset)
        self._sources = mapping(dataset.manifest.get("sources"))
        self._unlicensed: Counter[tuple[str, str]] = Counter()
        self._verdicts: dict[str, str] = {}
        entries = dataset.manifest.get("provenance_map")
        self._map = mapping(entries)
        self._claimed: Counter[str] = Counter()
        if not isinstance(entries, dict):
            self.findings.add("the manifest has no provenance_map", "manifest.json")

    def see(self, record: Record) -> None:
        """Check one record's source, licence, fields and entry."""
        source = record.text_of("source_key")
        if not source:
            self.findings.add("a record names no source", record.name)
        self._see_license(record, source)
        for problem in _incomplete(mapping(record.metadata.get("provenance"))):
            self.findings.add(f"provenance: {problem}", record.name)
        self._see_entry(record, source)

    def judge(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Look for entries that no record stands behind."""
        if len(self.dataset.keys) and not self.dataset.unmeasured:
            for name, entry in self._map.items():
                spare = len(_entries(entry)) - self._claimed[name]
                if spare > 0:
                    self.findings.add("provenance_map holds an entry without a record", shown(name, 80))
        sources = [
            {"source": s, "license": shown(lic), "records": n}
            for (s, lic), n in sorted(self._unlicensed.items())
        ]
        measured = {"records": len(self.dataset.keys), "sources_without_a_licence_to_use": sources}
        return measured, {"licence_allows": list(self.dataset.rules.uses), "complete_fields": "every record"}

    def _see_license(self, record: Record, source: str) -> None:
        license_id = record.metadata.get("license")
        refused = self._refusal(license_id if isinstance(license_id, str) else "")
        if refused:
            self._unlicensed[source, license_id if isinstance(license_id, str) else ""] += 1
            self.findings.add(f"source {shown(source)}: {refused}", record.name, _LICENSE_REMEDY)
        if record.metadata.get("license_tag") not in _TAGS:
            self.findings.add("license_tag is none of the contract's", record.name)
        self._see_declared(record, source)

    def _refusal(self, license_id: str) -> str:
        if license_id not in self._verdicts:
            self._verdicts[license_id] = self._judge_license(license_id)
        return self._verdicts[license_id]

    def _judge_license(self, license_id: str) -> str:
        name = shown(license_id) or "an empty licence"
        for use in self.dataset.rules.uses:
            allowed = allows(license_id, use, self.dataset.rules.licenses)
            if allowed is False:
                return f"{name} refuses {use}"
            if allowed is None:
                return f"nothing shows that {name} allows {use}"
        return ""

    def _see_declared(self, record: Record, source: str) -> None:
        """Compare licence and origin with what the manifest says of the source."""
        declared = self._sources.get(source)
        if not isinstance(declared, dict):
            return  # the stats gate misses the source
        for name in ("license", "origin"):
            said, own = declared.get(name), record.metadata.get(name)
            if own and own != said and own not in sequence(said):
                self.findings.add(
                    f"{name} is not what the manifest says of source {shown(source)}", record.name
                )

    def _see_entry(self, record: Record, source: str) -> None:
        """Find the record's entry: one per record, under its content hash."""
        names = [record.text_of("content_hash")]
        names += [tagged(record.content)] if record.content else []
        for name in dict.fromkeys(names):
            mine = [e for e in _entries(self._map.get(name)) if mapping(e).get("source_key") == source]
            if mine:
                self._claimed[name] += 1
                if self._claimed[name] > len(_entries(self._map[name])):
                    self.findings.add(
                        "provenance_map has fewer entries than records of a content", record.name
                    )
                elif not any(_agrees(entry, record) for entry in mine):
                    self.findings.add("the provenance_map entry differs from the record", record.name)
                return
        self.findings.add("a record has no entry in provenance_map", record.name)


def _entries(value: object) -> list[Any]:
    return value if isinstance(value, list) else ([] if value is None else [value])


def _agrees(entry: object, record: Record) -> bool:
    facts, origin = mapping(entry), mapping(record.metadata.get("provenance"))
    pairs = [
        (facts.get("source_family"), record.metadata.get("source_family")),
        (facts.get("original_format"), origin.get("original_format")),
        (facts.get("processing_steps"), origin.get("processing_steps")),
    ]
    return all(said == own for said, own in pairs)


def _incomplete(origin: dict[str, Any]) -> list[str]:
    """Return what is missing or malformed in a record's provenance."""
    checks = {
        "no uri and no original_s3_key": _text(origin, "uri") or _text(origin, "original_s3_key"),
        "file_sha256 is no SHA-256": bool(_SHA.match(_text(origin, "file_sha256"))),
        "no locator and no row": _text(origin, "locator") or natural(origin.get("row")) is not None,
        "no original_format": _text(origin, "original_format"),
        "no processing_pipeline": _text(origin, "processing_pipeline"),
        "no processing_steps": sequence(origin.get("processing_steps")),
        "dedup_status is neither unique nor kept_of_duplicates": origin.get("dedup_status") in _DEDUP,
        "processed_at is no date-time": _is_time(_text(origin, "processed_at"), with_clock=True),
        "retrieved_at is no date": _is_time(_text(origin, "retrieved_at"), with_clock=False),
    }
    return [problem for problem, good in checks.items() if not good]


def _text(origin: dict[str, Any], name: str) -> str:
    value = origin.get(name)
    return value.strip() if isinstance(value, str) else ""


def _is_time(value: str, *, with_clock: bool) -> bool:
    if len(value) < (len("2024-01-01T00:00:00Z") if with_clock else len("2024-01-01")):
        return False
    try:
        when = datetime.fromisoformat(value)
    except ValueError:
        return False
    return not with_clock or when.tzinfo is not None
