"""Redact one record: the same value becomes the same typed surrogate in all of its texts."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field

from pixelated.clean.dates import Shift
from pixelated.clean.edits import Edits
from pixelated.clean.helplines import hide, is_public
from pixelated.clean.names.known import known_detector
from pixelated.clean.plain import plain_view
from pixelated.clean.spans import REVIEW, Detector, Span, beside, resolve

_SURROGATE = re.compile(r"\[([A-Z][A-Z_]*)_([0-9a-f]{1,10})\]")
_HASHED = 10  # hexadecimal digits of a pseudonym
_ROUNDS = 8  # of redaction over one text; what is left after that goes to review
_COUNTRY_ONE = 11  # digits of a North American number with its country code


@dataclass
class Redacted:
    """The outcome for one record."""

    changes: dict[int, str] = field(default_factory=dict)  # position of the text -> new text
    counts: Counter[str] = field(default_factory=Counter)  # identifiers replaced in texts, by type
    in_metadata: Counter[str] = field(default_factory=Counter)  # those replaced in metadata
    review: Counter[str] = field(default_factory=Counter)  # candidates left for a person, by type
    helplines: int = 0


@dataclass(frozen=True)
class Decided:
    """What a person said of the candidates of one text, in positions of the text as it came."""

    redact: tuple[Span, ...] = ()
    accept: frozenset[tuple[int, int]] = frozenset()


NOTHING = Decided()


@dataclass(frozen=True)
class RedactedText:
    """The outcome for one text; `spans` and `review` are in positions of the text as it came."""

    text: str
    replaced: Counter[str]
    spans: list[Span]
    review: list[Span]
    helplines: int


class Surrogates:
    """Hands out `[TYPE_n]`, numbered per record in order of first appearance.

    With a salt they are `[TYPE_x]` instead, x a keyed hash of the value: the same value has the same
    pseudonym in every record, and nobody without the salt can tell a value from it. With a shift, a full date
    is moved instead.
    """

    def __init__(self, texts: Iterable[str], salt: bytes = b"", shift: Shift | None = None) -> None:
        self._salt, self._shift = salt, shift
        self.moved = 0  # dates
        self._known: dict[tuple[str, str], str] = {}
        self._people: dict[str, frozenset[str]] = {}  # surrogate -> the words of a person's names
        self._last: Counter[str] = Counter()
        for text in texts:  # numbers that an earlier redaction gave are not given twice
            for kind, number in _SURROGATE.findall(text):
                if number.isdecimal() and len(number) < _HASHED:
                    self._last[kind] = max(self._last[kind], int(number))

    def of(self, kind: str, value: str) -> str:
        """Return the surrogate of a value."""
        moved = self._shift.of(value) if self._shift and kind == "DATE" else ""
        if moved:
            self.moved += 1
            return moved
        key = (kind, normal_form(kind, value))
        if key not in self._known:
            self._known[key] = (kind == "PERSON" and self._same_person(value)) or self._next(*key)
        if kind == "PERSON":
            words = self._people.get(self._known[key], frozenset())
            self._people[self._known[key]] = words | _name_words(value)
        return self._known[key]

    def _next(self, kind: str, value: str) -> str:
        if self._salt:
            digest = hmac.new(self._salt, f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()
            return f"[{kind}_{digest[:_HASHED]}]"
        self._last[kind] += 1
        return f"[{kind}_{self._last[kind]}]"

    def _same_person(self, value: str) -> str:
        """Return the surrogate of the one person whose names hold, or are held by, all words of this one."""
        words = _name_words(value)
        same = [
            s for s, known in self._people.items() if words and known and (words <= known or known <= words)
        ]
        return same[0] if len(same) == 1 else ""


def redact_record(
    texts: dict[int, tuple[str, str]],
    detectors: dict[int, Sequence[Detector]],
    metadata: int,
    unreviewed: Container[str] = (),
) -> Redacted:
    """Redact the texts of one record.

    Args:
        texts: position -> (label, text), in the order in which surrogates are numbered; the label is the
            metadata key a text stands under, or empty.
        detectors: position -> the detectors whose trigger the text matches.
        metadata: the position from which on texts are of metadata, which is counted apart.
        unreviewed: types of which a candidate is nobody's matter.
    """
    result = Redacted()
    surrogates = Surrogates(text for _, text in texts.values())
    known = known_detector(((texts[i][1], found) for i, found in detectors.items()))
    for position, (label, original) in texts.items():
        wanted = [*detectors.get(position, ()), *known]
        if not wanted:
            continue
        done = redact_text(original, wanted, surrogates, label)
        result.helplines += done.helplines
        counts = result.in_metadata if position >= metadata else result.counts
        counts.update(done.replaced)
        result.review.update(s.type for s in done.review if s.type not in unreviewed)
        if done.replaced:
            result.changes[position] = done.text
    return result


def redact_text(
    original: str,
    detectors: Sequence[Detector],
    surrogates: Surrogates,
    label: str = "",
    decided: Decided = NOTHING,
) -> RedactedText:
    """Redact one text.

    Args:
        original: the text.
        detectors: those that look at it.
        surrogates: of its record.
        label: see `redact_record`.
        decided: what a person said of candidates in this text.
    """
    edits, replaced = Edits(original), Counter[str]()
    spans, kept = find_spans(original, detectors, label)
    sure = resolve([*(s for s in spans if s.confidence >= REVIEW), *decided.redact])
    for _ in range(_ROUNDS):
        if not sure:
            break
        edits.replace(sure, surrogates.of)
        replaced.update(s.type for s in sure)
        # What stood glued to a redacted value, or far from its label, may show now.
        spans, _kept = find_spans(edits.text(), detectors, label)
        spans = _not_across(spans, edits.shown(lambda shown: not _SURROGATE.fullmatch(shown)))
        sure = [s for s in spans if s.confidence >= REVIEW]
    left = [edits.back(s) for s in spans if s.confidence < REVIEW or sure]
    review = [s for s in left if (s.start, s.end) not in decided.accept]
    return RedactedText(edits.text(), replaced, edits.spans, review, kept)


def find_spans(text: str, detectors: Iterable[Detector], label: str = "") -> tuple[list[Span], int]:
    """Return the identifiers in a text, without overlaps, and the number of helplines kept.

    A label ("phone", "ssn") is read as if it stood before the text, and is itself never redacted.
    """
    prefix = f"{label.replace('_', ' ')}: " if label else ""
    seen, kept = hide(plain_view(prefix + text))
    read, matched = ([s for d in detectors if d.soft == soft for s in d.find(seen)] for soft in (True, False))
    found = [*matched, *beside(read, matched)]
    public = [span for span in found if is_public(seen, span)]
    blocked = [*public, *(Span(m.start(), m.end(), "") for m in _SURROGATE.finditer(seen))]
    free = [s for s in found if s.start >= len(prefix) and not _inside_or_across(s, blocked)]
    shifted = [Span(s.start - len(prefix), s.end - len(prefix), s.type, s.confidence) for s in resolve(free)]
    return shifted, kept + len({(s.start, s.end) for s in public})


def _not_across(spans: list[Span], done: list[tuple[int, int]]) -> list[Span]:
    """Return the spans that touch no date that was moved."""
    return [s for s in spans if not any(s.start < end and start < s.end for start, end in done)]


def _name_words(name: str) -> frozenset[str]:
    return frozenset(
        word for word in name.lower().replace(".", " ").replace(",", " ").split() if len(word) > 1
    )


def normal_form(kind: str, value: str) -> str:
    """Return what is equal for two spellings of one identifier."""
    if kind in ("EMAIL", "URL", "HANDLE"):
        return value.lower().replace(" ", "").rstrip("/")
    if kind == "DATE":
        return " ".join(value.lower().replace(",", " ").split())
    compact = "".join(c for c in value.upper() if c.isalnum())
    if kind in ("PHONE", "FAX") and len(compact) == _COUNTRY_ONE:
        return compact.removeprefix("1")
    return compact


def _inside_or_across(span: Span, blocked: list[Span]) -> bool:
    """Say whether a span lies in, or cuts, a blocked one; a longer span that contains it stands."""
    for other in blocked:
        contains = (
            span.start <= other.start
            and other.end <= span.end
            and span.end - span.start > (other.end - other.start)
        )
        if span.start < other.end and other.start < span.end and (other.type == "" or not contains):
            return True
    return False
