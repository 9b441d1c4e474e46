"""Redact a file of JSON lines: `pixelated clean pii FILE --output OUT --spans SPANS`.

Nothing is repaired, so that every offset is one of the input: code points of the text as it came. What no
rule can decide goes to REVIEW.jsonl; the same lines with a `decision` each, given back, decide it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import re2

from pixelated.clean.audit import AUDIT_FILE, sample
from pixelated.clean.dates import Shift, days_of, has_day_first
from pixelated.clean.names.find import QUASI
from pixelated.clean.names.known import known_detector
from pixelated.clean.plain import plain_view
from pixelated.clean.redact import NOTHING, Decided, Surrogates, redact_text
from pixelated.clean.spans import DETECTORS, Detector, Span
from pixelated.core import schema
from pixelated.core.errors import UsageError
from pixelated.core.lines import BOM, RefusedLineError, record_of, write_lines
from pixelated.core.store import LocalStore

GROUP_FIELD = "group"  # the dates of records with one value here are moved by the same days
REVIEW_FILE = "REVIEW.jsonl"
DECISIONS = ("accept", "redact", "drop")
NONE_DETECTED, SCRUBBED, REQUIRES_REVIEW = schema.PII_STATUSES
_LISTS = ("messages", "chosen", "rejected")

Place = tuple[str, int]  # a field, and the message in it; -1 where the field is a text


@dataclass
class Decisions:
    """What people said of candidates, by record."""

    of: dict[str | int, dict[Place, Decided]] = field(default_factory=dict)
    drop: set[str | int] = field(default_factory=set)
    unknown: set[str | int] = field(default_factory=set)  # ids that no line had so far


def redact_file(
    path: Path,
    output: Path,
    spans: Path,
    text_field: str = "text",
    decisions: Path | None = None,
    *,
    quasi: bool = False,
    salt: bytes = b"",
    shift_dates: bool = False,
    audit: int = 0,
    seed: int = 0,
) -> dict[str, Any]:
    """Redact every record of `path`; return what `--json` prints.

    `output` repeats each line with its texts replaced, and `pii_status`. `spans` says what was replaced
    (`{"id", "start", "end", "type", "confidence"}`, and `"message"`, counted from 0, where the text is one);
    REVIEW.jsonl beside it, in the same form, what a person has to decide. In answers of a preference record
    `"field"` names the list. Refused lines go to `<output stem>.quarantine.jsonl` (file, row, reason).

    Args:
        path: JSON lines of objects with an `id` and a text or messages.
        output: file to write, by an atomic rename; so are the others.
        spans: file to write.
        text_field: the field that holds the text.
        decisions: lines of REVIEW.jsonl with a `decision`: accept (it stays as it is), redact, or drop (the
            whole record goes).
        quasi: replace what describes somebody as well: ages, years, peoples, countries, titles, jobs.
        salt: of pseudonyms that are the same in all records; empty: numbers, record by record.
        shift_dates: move full dates instead, by days that the salt gives to each record, or to all records of
            one `group` where they have that field.
        audit: write the ids of so many records that wait for nobody to AUDIT.jsonl, beside `spans`.
        seed: of that sample.

    Raises:
        UsageError: there is no such file, two files are one, a decision cannot be read, or dates are to be
            moved without a salt.
    """
    _distinct(path, output, spans, decisions)
    if shift_dates and not salt:
        raise UsageError("no_salt", "dates are moved by a secret", "give one: --pseudonyms SALTFILE")
    decided = _decisions(decisions, text_field) if decisions else Decisions()
    run = _Run(path.name, text_field, decided, (QUASI,) if quasi else (), salt, shift_dates=shift_dates)
    store, beside = LocalStore(output.parent, private=True), LocalStore(spans.parent, private=True)
    with path.open("rb") as source:
        store.write(output.name, lambda f: write_lines(f, run.lines(source)))
    beside.write(spans.name, lambda f: write_lines(f, iter(run.spans)))
    beside.write(REVIEW_FILE, lambda f: write_lines(f, iter(run.review)))
    if audit:
        chosen = sample(run.unreviewed, audit, seed)
        beside.write(AUDIT_FILE, lambda f: write_lines(f, ({"id": name, "leak": None} for name in chosen)))
    refused = f"{output.stem}.quarantine.jsonl"
    store.remove(refused)  # of an earlier run
    if run.quarantined:
        store.write(refused, lambda f: write_lines(f, iter(run.quarantined)))
    return run.report()


def redact_record(record: dict[str, Any], text_field: str = "text") -> dict[str, Any]:
    """Return a record with its texts redacted and its `pii_status`, as `redact_file` does a line.

    Raises:
        RefusedLineError: it is no record of texts.
    """
    copied = orjson.loads(orjson.dumps(record))
    return _Run("", text_field, Decisions()).redacted(copied, list(_texts(copied, text_field)))


def _distinct(path: Path, output: Path, spans: Path, decisions: Path | None) -> None:
    for needed in (path, *([decisions] if decisions else [])):
        if not needed.is_file():
            raise UsageError("input_missing", f"there is no file {needed}", "correct the path")
    review = spans.parent / REVIEW_FILE
    named = [p for p in (path, output, spans, review, decisions) if p]
    if len({p.resolve() for p in named}) < len(named):
        listed = ", ".join(map(str, named))
        raise UsageError("same_file", f"two of these are one file: {listed}", "give other names")


class _Run:
    """The counts and findings of one run over one file."""

    def __init__(
        self,
        name: str,
        text_field: str,
        decisions: Decisions,
        more: tuple[Detector, ...] = (),
        salt: bytes = b"",
        *,
        shift_dates: bool = False,
    ) -> None:
        self.name, self.text_field, self.decisions = name, text_field, decisions
        self.more = more  # detectors beside those that always look
        self.salt, self.shift_dates = salt, shift_dates
        self.moved = 0
        self.unreviewed: list[str | int] = []
        self.spans: list[dict[str, Any]] = []
        self.review: list[dict[str, Any]] = []
        self.quarantined: list[dict[str, Any]] = []
        self.statuses: Counter[str] = Counter()
        self.rows = self.dropped = self.helplines = 0
        self.decisions.unknown = set(decisions.of) | decisions.drop

    def lines(self, source: BinaryIO) -> Iterator[dict[str, Any]]:
        """Yield the redacted records."""
        for line in source:
            data = line.removeprefix(BOM).strip() if self.rows == 0 else line.strip()
            if not data:
                continue
            try:
                record = record_of(data)
                texts = list(_texts(record, self.text_field))
                self.decisions.unknown.discard(record["id"])
                if record["id"] in self.decisions.drop:
                    self.dropped += 1
                else:
                    yield self.redacted(record, texts)
            except RefusedLineError as refused:
                self.quarantined.append({"file": self.name, "row": self.rows, "reason": str(refused)})
            self.rows += 1

    def redacted(self, record: dict[str, Any], texts: list[tuple[Place, str]]) -> dict[str, Any]:
        """Redact the texts of a record in place; return it with its status."""
        name, decided = record["id"], self.decisions.of.get(record["id"], {})
        surrogates = Surrogates((text for _, text in texts), self.salt, self._shift(record, texts))
        wanted = [[*_wanted(text), *self.more] for _, text in texts]
        known = known_detector(zip((text for _, text in texts), wanted, strict=True))
        waits = changed = False
        for (place, text), detectors in zip(texts, wanted, strict=True):
            said = decided.get(place, NOTHING)
            if any(span.end > len(text) for span in said.redact):
                raise UsageError(
                    "stale_decision",
                    f"a decision on {name!r} lies behind the end of its text",
                    "decide the REVIEW.jsonl of this file",
                )
            done = redact_text(text, [*detectors, *known], surrogates, decided=said)
            _put(record, place, done.text)
            self.spans += [_line(name, place, span) for span in done.spans]
            self.review += [_line(name, place, span) for span in done.review]
            self.helplines += done.helplines
            waits, changed = waits or bool(done.review), changed or bool(done.spans)
        self.moved += surrogates.moved
        status = REQUIRES_REVIEW if waits else SCRUBBED if changed else NONE_DETECTED
        self.statuses[status] += 1
        if status != REQUIRES_REVIEW:
            self.unreviewed.append(name)
        return record | {"pii_status": status}

    def _shift(self, record: dict[str, Any], texts: list[tuple[Place, str]]) -> Shift | None:
        """Return by how much the dates of a record are moved; nothing where they are not."""
        if not self.shift_dates:
            return None
        group = record.get(GROUP_FIELD)
        kind, name = ("record", record["id"]) if group is None else (GROUP_FIELD, group)
        return Shift(days_of(self.salt, f"{kind}:{name}"), has_day_first(text for _, text in texts))

    def report(self) -> dict[str, Any]:
        """Return the counts."""
        reasons = Counter(line["reason"] for line in self.quarantined)
        reasons.update({"decided_to_drop": self.dropped} if self.dropped else {})
        return {
            "rows_in": self.rows,
            "kept": self.rows - len(self.quarantined) - self.dropped,
            "added": 0,
            "dropped": self.dropped,
            "quarantined": len(self.quarantined),
            "raw_rows": self.rows,
            "reasons": dict(sorted(reasons.items())),
            "status": {status: self.statuses[status] for status in schema.PII_STATUSES},
            "redacted": dict(sorted(Counter(line["type"] for line in self.spans).items())),
            "review": dict(sorted(Counter(line["type"] for line in self.review).items())),
            "helplines_kept": self.helplines,
            "dates_shifted": self.moved,
            "decisions_without_record": len(self.decisions.unknown),
        }


def _wanted(text: str) -> list[Detector]:
    """Return the detectors that must look at a text."""
    seen = plain_view(text)
    return [detector for pattern, detector in _triggers() if pattern.search(seen)]


@cache
def _triggers() -> list[tuple[Any, Detector]]:
    return [(re2.compile(detector.trigger), detector) for _, detector in DETECTORS.items()]


def _texts(record: dict[str, Any], text_field: str) -> Iterator[tuple[Place, str]]:
    """Yield every text of a record and where it stands."""
    if all(record.get(name) is None for name in (*_LISTS, text_field)):
        raise RefusedLineError("no_text")
    for name in _LISTS:
        messages = record.get(name) if name != text_field else None
        if messages is None:
            continue
        if not isinstance(messages, list):
            raise RefusedLineError("no_messages")
        for number, message in enumerate(messages):
            if not isinstance(message, dict) or not isinstance(message.get("content"), str):
                raise RefusedLineError("bad_message")
            yield (name, number), message["content"]
    text = record.get(text_field)
    if text is not None:
        if not isinstance(text, str):
            raise RefusedLineError("bad_text")
        yield (text_field, -1), text


def _put(record: dict[str, Any], place: Place, text: str) -> None:
    name, number = place
    if number < 0:
        record[name] = text
    else:
        record[name][number]["content"] = text


def _line(name: str | int, place: Place, span: Span) -> dict[str, Any]:
    where: dict[str, Any] = {} if place[1] < 0 else {"message": place[1]}
    if place[1] >= 0 and place[0] != "messages":
        where["field"] = place[0]
    shown = {"start": span.start, "end": span.end, "type": span.type, "confidence": span.confidence}
    return {"id": name} | where | shown


def _decisions(path: Path, text_field: str) -> Decisions:
    """Read decided lines of a REVIEW.jsonl; a line without a decision is open still."""
    found = Decisions()
    for number, line in enumerate(path.read_bytes().removeprefix(BOM).split(b"\n"), 1):
        if line.strip():
            _decide(found, line, text_field, f"{path}, line {number}")
    return found


def _decide(found: Decisions, line: bytes, text_field: str, where: str) -> None:
    remedy = f"each line is one of {REVIEW_FILE} with a decision: {', '.join(DECISIONS)}"
    try:
        said = orjson.loads(line)
        name, decision = said["id"], said.get("decision")
        start, end, kind = int(said["start"]), int(said["end"]), str(said["type"])
        plain = "message" not in said
        key = (text_field, -1) if plain else (str(said.get("field", "messages")), int(said["message"]))
        if not 0 <= start < end:
            raise ValueError  # noqa: TRY301 - one message for every malformed line
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsageError("bad_decision", f"{where}: not a line of {REVIEW_FILE}", remedy) from None
    if decision is None:
        return
    if decision not in DECISIONS:
        raise UsageError("bad_decision", f"{where}: there is no decision {decision!r}", remedy)
    if decision == "drop":
        found.drop.add(name)
        return
    texts = found.of.setdefault(name, {})
    known = texts.get(key, NOTHING)
    if decision == "redact":
        texts[key] = Decided((*known.redact, Span(start, end, kind)), known.accept)
    else:
        texts[key] = Decided(known.redact, known.accept | {(start, end)})
