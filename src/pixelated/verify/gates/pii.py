"""PII: nothing awaits review, nothing is left that a search can find, and enough was searched for.

What passes is "automated redaction": names and places that were searched for by a machine may remain.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import orjson

from pixelated.verify.dataset import Dataset
from pixelated.verify.identifiers import Search
from pixelated.verify.record import TEXT_FIELDS, Record, mapping, natural, sequence
from pixelated.verify.registry import GATES, Gate

_STATUSES = ("none_detected", "scrubbed", "requires_review")
_REDACT = "redact it and build again: pixelated clean, or a pattern for it in the clean settings"
_KNOWN_TOP = {"id", "kind", "metadata", *TEXT_FIELDS}
# metadata that is not free text; anything else in it, and any unknown key, is searched
_KNOWN_METADATA = {
    "source_family", "source_key", "content_hash", "strict_hash", "pii_status", "pii", "license_tag",
    "license", "split", "phase", "provenance", "families", "group_key", "origin", "tier", "weight",
    "is_training_edge_case", "conversation_length", "total_tokens", "quality_score", "scores",
    "source_metadata", "difficulty",
}  # fmt: skip
_NUMBER_KEYS = ("phone", "tel", "mobile", "cell", "fax", "ssn", "card", "mrn", "account")
_LONG_NUMBER = 1_000_000
_MAX_NODES = 200_000


@GATES.register("pii")
class Pii(Gate):
    """No record requires review, no structured identifier is left, every required type was searched."""

    remedy = _REDACT

    def __init__(self, dataset: Dataset) -> None:
        super().__init__(dataset)
        rules = dataset.rules.pii
        self._required = {origin: tuple(types) for origin, types in rules["required"].items()}
        self._search = Search(rules["helplines"], rules["hosts"], rules["not_handles"])
        self._statuses: Counter[str] = Counter()
        self._left: Counter[str] = Counter()
        self._origins: Counter[str] = Counter()
        self._examples: dict[str, list[str]] = defaultdict(list)

    def see(self, record: Record) -> None:
        """Check the record's status and search its texts."""
        self._see_status(record)
        origin = record.text_of("origin")
        if origin not in self._required:
            self.findings.add("a record has no known origin", record.name, "give its source an origin")
            origin = "human"
        self._origins[origin] += 1
        if len(self._examples[origin]) < 3:  # noqa: PLR2004 - as many as an error line shows
            self._examples[origin].append(record.name)
        fields = dict(self._fields(record))
        if self._search.types("\n".join(fields.values())):
            self._locate(record, fields)

    def judge(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Compare what was searched with what each origin requires."""
        stated = mapping(self.dataset.manifest.get("pii"))
        searched, skipped = (set(_texts(stated.get(k))) for k in ("searched", "not_searched"))
        if not isinstance(stated.get("searched"), list):
            self.findings.add(
                "the manifest does not say which identifier types were searched", "manifest.json"
            )
        not_searched: dict[str, list[str]] = {}
        for origin, n in sorted(self._origins.items()):
            lacking = [t for t in self._required[origin] if t not in searched or t in skipped]
            if lacking:
                not_searched[origin] = lacking
                self._lacking(origin, lacking, n)
        measured = {
            "statuses": dict(sorted(self._statuses.items())),
            "identifiers_left": dict(sorted(self._left.items())),
            "records_by_origin": dict(sorted(self._origins.items())),
            "not_searched": not_searched,
        }
        required = {o: list(self._required[o]) for o in sorted(self._origins)}
        return measured, {"requires_review": 0, "identifiers_left": {}, "searched_by_origin": required}

    def _lacking(self, origin: str, types: list[str], n: int) -> None:
        reason = f"{n} records of origin {origin} were not searched for {', '.join(types)}"
        remedy = "build with the detectors for these types, or leave these sources out"
        for name in self._examples[origin]:
            self.findings.add(reason, name, remedy)

    def _see_status(self, record: Record) -> None:
        status = record.text_of("pii_status")
        self._statuses[status if status in _STATUSES else "unknown"] += 1
        if status == "requires_review":
            remedy = "decide the records that await review, then build again"
            self.findings.add("a record requires review", record.name, remedy)
        elif status not in _STATUSES:
            self.findings.add("a record has no known pii_status", record.name)
        counts = [natural(mapping(c).get("count")) for c in sequence(record.metadata.get("pii"))]
        if status == "none_detected" and any(counts):
            self.findings.add("pii_status is none_detected beside counts of identifiers", record.name)

    def _fields(self, record: Record) -> Iterator[tuple[str, str]]:
        """Yield (field, its text) of everything in the record that people wrote."""
        for i, field in enumerate(TEXT_FIELDS):
            if record.texts is not None and record.plain:
                yield field, "\n".join(text for _, text in record.texts[i])
            else:  # of another shape, or with more in a message than a role and a content
                yield field, "\n".join(_strings(record.row.get(field)))
        yield "source_metadata", self._source_metadata(record)
        extra = {k: v for k, v in record.row.items() if k not in _KNOWN_TOP}
        extra |= {k: v for k, v in record.metadata.items() if k not in _KNOWN_METADATA}
        # an account is the only identifier that a key made of hex digits cannot resemble
        extra["@"] = [t for t in (record.id, record.text_of("group_key")) if "@" in t]
        yield "metadata", "\n".join(_strings(extra))

    def _source_metadata(self, record: Record) -> str:
        value = record.metadata.get("source_metadata")
        if not isinstance(value, str):
            return "\n".join(_strings(value))
        try:
            return "\n".join(_strings(orjson.loads(value))) if value else ""
        except orjson.JSONDecodeError:
            self.findings.add("source_metadata is not valid JSON and was searched as text", record.name)
            return value

    def _locate(self, record: Record, fields: dict[str, str]) -> None:
        for field, text in fields.items():
            for kind in sorted(self._search.types(text)):
                self._left[kind] += 1
                self.findings.add(f"{kind} left in {field}", record.name, _REDACT)


def _texts(value: object) -> list[str]:
    return [t for t in sequence(value) if isinstance(t, str)]


def _strings(value: Any) -> Iterator[str]:
    """Yield every text in a JSON value, keys included, and long numbers under a telling key."""
    waiting, nodes = [("", value)], 0
    while waiting and nodes < _MAX_NODES:
        key, item = waiting.pop()
        nodes += 1
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            waiting += [(str(k), v) for k, v in reversed(item.items())]
            yield from (k for k in item if len(str(k)) > 6)  # noqa: PLR2004 - shorter than any identifier
        elif isinstance(item, list):
            waiting += [(key, v) for v in reversed(item)]
        elif isinstance(item, int) and item >= _LONG_NUMBER and key.lower().startswith(_NUMBER_KEYS):
            yield f"{key}: {item}"
