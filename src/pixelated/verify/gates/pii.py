"""PII: nothing awaits review, nothing is left that a search can find, and enough was searched for.

What passes is "automated redaction": names and places that were searched for by a machine may remain.
"""

from __future__ import annotations

import re
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
    "source_metadata",
}  # fmt: skip
# names, addresses and paths that a machine wrote: numbers of all kinds stand in them, a reader's e-mail
# address or telephone number does not
_ADDRESS_TYPES = {"EMAIL", "PHONE", "SSN"}
_MAX_KNOWN = 200_000
# words of a JSON key under which a long number is an identifier, and how to announce it
_NUMBER_KEYS = {
    "phone": "phone", "tel": "phone", "telephone": "phone", "mobile": "phone", "cell": "phone",
    "cellphone": "phone", "fax": "phone", "whatsapp": "phone", "ssn": "SSN", "card": "card", "mrn": "MRN",
    "account": "account",
}  # fmt: skip
_KEY_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_LONGEST_NUMBER = 18
_LONG_DIGITS = re.compile(r"[0-9]{7,16}(?:\.0)?")
_MAX_NODES = 200_000
_NUMBERS = ("scores", "pii")  # lists of a name and a number
# what every e-mail address or telephone number holds, in any disguise; a cheap look before the search
_LIKELY = re.compile(r"[@&%\[(]|[^\x00-\x7f]|[0-9](?:[\s().,/:+-]{0,3}[0-9]){6}")
_HASH = re.compile(r"(?:sha256:)?[0-9a-f]{64}")


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
        self._clean = set[str]()  # addresses searched before: most stand in many records

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
        self._see_addresses(record)

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
                yield field, self._joined(record.row.get(field), record)
        yield "source_metadata", self._source_metadata(record)
        extra = {k: v for k, v in record.row.items() if k not in _KNOWN_TOP}
        extra |= {k: v for k, v in record.metadata.items() if k not in _KNOWN_METADATA}
        # an account is the only identifier that a key made of hex digits cannot resemble
        extra["@"] = [t for t in (record.id, record.text_of("group_key")) if "@" in t]
        yield "metadata", self._joined(extra, record)

    def _source_metadata(self, record: Record) -> str:
        value = record.metadata.get("source_metadata")
        if not isinstance(value, str):
            return self._joined(value, record)
        try:
            return self._joined(orjson.loads(value), record) if value else ""
        except orjson.JSONDecodeError:
            self.findings.add("source_metadata is not valid JSON and was searched as text", record.name)
            return value

    def _joined(self, value: Any, record: Record) -> str:
        """Return every text in a JSON value; file a value that is too large to be searched to its end."""
        out, cut = _strings(value)
        if cut:
            self.findings.add("not measured: a field has more than 200000 parts", record.name)
        return "\n".join(out)

    def _see_addresses(self, record: Record) -> None:
        """Search what a machine wrote (keys, paths, addresses) for e-mail and telephone numbers."""
        values = [t for t in _addresses(record.metadata) if _LIKELY.search(t) and t not in self._clean]
        for value in (t for t in (record.id, *sorted(values)) if not _HASH.fullmatch(t)):
            # a path is searched part by part as well: a number after a slash is a number of its own
            found = self._search.types(f"{value}\n{value.replace('/', chr(10))}") & _ADDRESS_TYPES
            for kind in sorted(found):
                self._left[kind] += 1
                self.findings.add(f"{kind} left in metadata", record.name, _REDACT)
            if not found and len(self._clean) < _MAX_KNOWN:
                self._clean.add(value)

    def _locate(self, record: Record, fields: dict[str, str]) -> None:
        for field, text in fields.items():
            for kind in sorted(self._search.types(text)):
                self._left[kind] += 1
                self.findings.add(f"{kind} left in {field}", record.name, _REDACT)


def _texts(value: object) -> list[str]:
    return [t for t in sequence(value) if isinstance(t, str)]


def _addresses(metadata: dict[str, Any]) -> Iterator[str]:
    """Yield the texts of the known metadata, whatever its shape; `source_metadata` is searched apart."""
    for key in _KNOWN_METADATA & metadata.keys():
        value = metadata[key]
        if isinstance(value, str):
            yield value
        elif key == "provenance" and isinstance(value, dict):
            yield from (v for v in value.values() if isinstance(v, str))
            yield from _strings([v for v in value.values() if isinstance(v, list | dict)])[0]
        elif isinstance(value, list | dict) and value and key not in _NUMBERS:
            yield from _strings(value)[0]
        elif key in _NUMBERS:
            yield from (t for item in sequence(value) for t in mapping(item).values() if isinstance(t, str))


def _strings(value: Any) -> tuple[list[str], bool]:
    """Return every text in a JSON value, keys included, and whether it was too large to be read whole."""
    waiting, nodes, out = [("", value)], 0, list[str]()
    while waiting and nodes < _MAX_NODES:
        key, item = waiting.pop()
        nodes += 1
        if isinstance(item, dict):
            waiting += [(str(k), v) for k, v in reversed(item.items())]
            out += (k for k in item if len(str(k)) > 6)  # noqa: PLR2004 - shorter than any identifier
        elif isinstance(item, list):
            waiting += [(key, v) for v in reversed(item)]
        elif isinstance(item, str):
            out.append(item)
            if len(item) > _LONGEST_NUMBER:
                continue
        if key and isinstance(item, str | int | float):
            out += _announced(key, item)
    return out, bool(waiting)


def _announced(key: str, item: str | float) -> list[str]:
    """Return a long number under a telling key as a person would write it; nothing for anything else."""
    value = str(item)
    if not _LONG_DIGITS.fullmatch(value):
        return []
    words = (w.lower().removesuffix("s") if len(w) > 4 else w.lower() for w in _KEY_WORD.findall(key))  # noqa: PLR2004
    kind = next((_NUMBER_KEYS[w] for w in words if w in _NUMBER_KEYS), "")
    digits = value.removesuffix(".0")
    if kind == "phone" and len(digits) == 7:  # noqa: PLR2004 - a local number
        digits = f"{digits[:3]}-{digits[3:]}"
    return [f"{kind}: {digits.zfill(9) if kind == 'SSN' else digits}"] if kind else []
