"""How well identifiers are found: figures on labelled corpora, with the shipped tagger or another.

Every function reads the corpora where they are and returns plain figures; none of their text leaves it. What
the shipped tagger was fitted on is never measured: the same hash that kept texts from fitting chooses those
that are read here.
"""

from __future__ import annotations

import csv
import json
import random
import string
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import re2

from pixelated.clean.helplines import hide
from pixelated.clean.names.find import find_all, find_names
from pixelated.clean.names.model import Model
from pixelated.clean.names.split import SHIPPED, counsel_chat, is_held, key, skeleton
from pixelated.clean.redact import Surrogates, find_spans, redact_text
from pixelated.clean.spans import DETECTORS, REVIEW, Detector, Span, beside
from pixelated.core.presets import load_preset

STRUCTURED = frozenset(
    {
        "CREDIT_CARD", "PHONE_NUMBER", "EMAIL_ADDRESS", "ZIP_CODE", "DOMAIN_NAME", "IBAN_CODE", "US_SSN",
        "IP_ADDRESS", "US_DRIVER_LICENSE",
    }
)  # fmt: skip
HIT = 0.5  # of a span's characters, whatever the type
CHECKED = "checked_flags"  # preset: flags that a reader found right, by id and position
SEED = 11


@dataclass
class _Score:
    """Spans that are in the text, and spans that were found."""

    wanted: Counter[str] = field(default_factory=Counter)
    hit: Counter[str] = field(default_factory=Counter)
    found: int = 0
    right: int = 0

    def add(self, wanted: list[Span], found: list[Span]) -> None:
        """Count one text."""
        covered, real = _merged(found), _merged(wanted)
        for span in wanted:
            self.wanted[span.type] += 1
            self.hit[span.type] += _share(span, covered) >= HIT
        self.found += len(found)
        self.right += sum(_share(span, real) >= HIT for span in found)

    def recall(self, types: Iterable[str] | None = None) -> float:
        """Return the recall of some types, of all by default."""
        chosen = self.wanted.keys() if types is None else types
        total = sum(self.wanted[t] for t in chosen)
        return sum(self.hit[t] for t in chosen) / total if total else 0.0


def presidio(corpora: Path, model: Model | None = None, salt: str = SHIPPED) -> dict[str, Any]:
    """Measure on the filled templates of presidio-research that the tagger of this split never saw.

    All 17 types count, those that `clean pii` keeps by default among them; a span is hit where half of it is
    covered, whatever the type.
    """
    path = corpora / "presidio_research" / "synth_dataset_v2.json"
    rows = [r for r in json.loads(path.read_text("utf-8")) if is_held(skeleton(r["masked"]), salt)]
    patterns = _detectors(soft=False)
    score = _Score()
    for row in rows:
        wanted = [Span(s["start_position"], s["end_position"], s["entity_type"]) for s in row["spans"]]
        text = row["full_text"]
        matched = find_spans(text, patterns)[0]
        score.add(wanted, _apart([*matched, *beside(find_all(text, model), matched)]))
    recall, precision = score.recall(), score.right / max(1, score.found)
    return {
        "texts": len(rows),
        "templates": len({skeleton(r["masked"]) for r in rows}),
        "spans": score.wanted.total(),
        "recall": round(recall, 4),
        "precision": round(precision, 4),
        "f1": round(2 * recall * precision / (recall + precision), 4),
        "structured_spans": sum(score.wanted[t] for t in STRUCTURED),
        "structured_recall": round(score.recall(STRUCTURED), 4),
        "recall_by_type": {t: round(score.recall([t]), 3) for t in sorted(score.wanted)},
    }


def annomi(corpora: Path) -> dict[str, Any]:
    """Count the flags on the sessions of AnnoMI, and those that a reader has not found right (`CHECKED`)."""
    right = {
        (transcript, *place.split(":"))
        for transcript, places in load_preset("pii", CHECKED)["annomi"].items()
        for place in places.split()
    }
    flags = list(annomi_flags(corpora))
    words = sum(len(row["utterance_text"].split()) for row in _annomi(corpora))
    false = [flag for flag in flags if (flag[0], flag[1], str(flag[2])) not in right]
    return {
        "words": words,
        "flags": len(flags),
        "false_flags": len(false),
        "flags_per_1000_words": round(1000 * len(flags) / words, 3),
        "false_flags_per_1000_words": round(1000 * len(false) / words, 3),
        "false_and_replaced_per_1000_words": round(1000 * sum(f[3] >= REVIEW for f in false) / words, 3),
    }


def annomi_flags(corpora: Path) -> Iterator[tuple[str, str, int, float]]:
    """Yield transcript, utterance, position and confidence of each flag."""
    for row in _annomi(corpora):
        for span in _flags(row["utterance_text"]):
            yield row["transcript_id"], row["utterance_id"], span.start, span.confidence


def words_kept(corpora: Path) -> dict[str, Any]:
    """Measure which share of the words of the evaluation sets' real pairs is left, and of their helplines."""
    path = corpora / "pixelated" / "conversations" / "evaluation_sets.json"
    pairs = json.loads(path.read_text("utf-8"))["mental_health_eval"]
    words = left = lines = lines_left = 0
    for pair in pairs:
        texts = [message["content"] for message in pair["messages"]]
        surrogates = Surrogates(texts)
        for text in texts:
            done = redact_text(text, _detectors(), surrogates)
            words += len(text.split())
            left += sum(not _is_surrogate(word) for word in done.text.split())
            lines, lines_left = lines + hide(text)[1], lines_left + hide(done.text)[1]
    return {
        "pairs": len(pairs),
        "words": words,
        "words_kept": round(left / max(1, words), 4),
        "helplines": lines,
        "helplines_kept": lines_left,
    }


def injected(corpora: Path) -> dict[str, dict[str, Any]]:
    """Put names and identifiers into prose that no fitting read; say how much is replaced or reviewed."""
    return {
        "counsel_chat": _injected(_held_questions(corpora)),
        "annomi": _injected([row["utterance_text"] for row in _annomi(corpora)][::9]),
        "esconv": _injected(_esconv(corpora)),
    }


def _injected(texts: list[str]) -> dict[str, Any]:
    rng = random.Random(SEED)  # noqa: S311 - chooses names, no keys
    replaced, seen = _Score(), _Score()
    for text in texts:
        changed, wanted = _inject(text, rng)
        found = _flags(changed)
        replaced.add(wanted, [s for s in found if s.confidence >= REVIEW])
        seen.add(wanted, found)
    direct = [t for t in seen.wanted if t not in ("PLACE", "ORG")]
    return {
        "texts": len(texts),
        "identifiers": seen.wanted.total(),
        "names_and_direct": sum(seen.wanted[t] for t in direct),
        "names_and_direct_replaced": round(replaced.recall(direct), 4),
        "names_and_direct_replaced_or_reviewed": round(seen.recall(direct), 4),
        "all_replaced": round(replaced.recall(), 4),
        "all_replaced_or_reviewed": round(seen.recall(), 4),
        "by_type": {
            t: [round(replaced.recall([t]), 3), round(seen.recall([t]), 3)] for t in sorted(seen.wanted)
        },
    }


_SENTENCE = re2.compile(r"[.!?] ")
_SLOT = re2.compile(r"\{([a-z])\}")
_TYPES = {
    "g": "PERSON", "n": "PERSON", "f": "PERSON", "p": "PLACE", "o": "ORG", "t": "PHONE", "e": "EMAIL",
    "a": "STREET_ADDRESS", "d": "DATE",
}  # fmt: skip
_LOWER_SHARE = 0.15  # of the texts are written in lower case


def _inject(text: str, rng: random.Random) -> tuple[str, list[Span]]:
    """Put one to three carrier sentences between the sentences of a text; return it with its identifiers."""
    ends = [match.end() for match in _SENTENCE.finditer(text)]
    places = sorted(rng.sample(ends, min(len(ends), rng.randint(1, 3)))) or [len(text)]
    pieces, spans, end, size = [], list[Span](), 0, 0
    for place in places:
        lead = text[end:place] + ("" if text[place - 1 : place].isspace() or not place else " ")
        carried, inner = _carried(rng)
        pieces += [lead, carried + " "]
        spans += [Span(s.start + size + len(lead), s.end + size + len(lead), s.type) for s in inner]
        size, end = size + len(lead) + len(carried) + 1, place
    whole = "".join([*pieces, text[end:]])
    lower = whole.lower() if rng.random() < _LOWER_SHARE else whole
    return (lower if len(lower) == len(whole) else whole), spans


def _carried(rng: random.Random) -> tuple[str, list[Span]]:
    carrier = rng.choice(load_preset("pii", "measure_names")["carriers"])
    text, spans, end = "", list[Span](), 0
    for match in _SLOT.finditer(carrier):
        text += carrier[end : match.start()]
        value = _value(match.group(1), rng)
        spans.append(Span(len(text), len(text) + len(value), _TYPES[match.group(1)]))
        text, end = text + value, match.end()
    return text + carrier[end:], spans


def _value(slot: str, rng: random.Random) -> str:
    """Return a made-up value of a slot."""
    lists = load_preset("pii", "measure_names")
    kind = {"g": "given", "f": "family", "p": "place", "o": "org"}.get(slot)
    if kind:
        return str(rng.choice([" ".join(name.split()) for name in lists[kind].split(";")]))
    if slot == "n":
        return f"{_value('g', rng)} {_value('f', rng)}"
    if slot == "e":
        return f"{_value('g', rng)}.{rng.choice(string.ascii_lowercase)}@example.com".lower().replace(" ", "")
    if slot == "a":
        return f"{rng.randint(2, 2999)} {rng.choice(lists['streets'].split(';')).strip()}"
    if slot == "d":
        return f"{rng.choice(['March', 'August', 'October'])} {rng.randint(1, 28)}, {rng.randint(1990, 2024)}"
    return f"({rng.randint(201, 989)}) 555-0{rng.randint(100, 199)}"


def _flags(text: str) -> list[Span]:
    """Return what `clean pii` would replace or put to a person in a text of its own."""
    return find_spans(text, _detectors())[0]


def _detectors(*, soft: bool = True) -> list[Detector]:
    return [detector for _, detector in DETECTORS.items() if soft or not detector.soft]


def _held_questions(corpora: Path) -> list[str]:
    """Return the texts of counsel_chat that were kept from fitting and in which nobody is named as it is."""
    held = [text for text in counsel_chat(corpora) if is_held(key(text))]
    return [text for text in held if not find_names(text)]


def _annomi(corpora: Path) -> list[dict[str, str]]:
    with (corpora / "annomi" / "AnnoMI-simple.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _esconv(corpora: Path) -> list[str]:
    lines = (corpora / "esconv" / "test.txt").read_text("utf-8").splitlines()
    return [json.loads(line)["situation"] for line in lines if line]


def _is_surrogate(word: str) -> bool:
    return "[" in word and "_" in word and "]" in word


def _merged(spans: Iterable[Span]) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    for span in sorted(spans, key=lambda s: s.start):
        if out and span.start <= out[-1][1]:
            out[-1] = (out[-1][0], max(span.end, out[-1][1]))
        else:
            out.append((span.start, span.end))
    return out


def _apart(spans: Iterable[Span]) -> list[Span]:
    """Return spans that do not overlap, the longest first."""
    chosen: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.start - s.end, s.start)):
        at = bisect_left(chosen, span.start, key=lambda s: s.start)
        clear = (at == 0 or chosen[at - 1].end <= span.start) and (
            at == len(chosen) or span.end <= chosen[at].start
        )
        if clear:
            chosen.insert(at, span)
    return chosen


def _share(span: Span, covered: list[tuple[int, int]]) -> float:
    inside = sum(max(0, min(span.end, b) - max(span.start, a)) for a, b in covered)
    return inside / max(1, span.end - span.start)
