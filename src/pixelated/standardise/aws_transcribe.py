"""AWS Transcribe jobs: `results.items` are words and marks, `speaker_labels` says who spoke when.

Items are joined to sentences of one speaker; each item is a raw row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pixelated.standardise.rows import Bad, Cue
from pixelated.standardise.turns import seconds

_STOPS = frozenset(".?!\u3002\uff1f\uff01")


def is_job(value: dict[str, Any]) -> bool:
    """Say whether an object is the result of a job."""
    results = value.get("results")
    if not isinstance(results, dict) or not isinstance(results.get("transcripts"), list):
        return False
    items = results.get("items")
    return isinstance(items, list) and bool(items) and isinstance(items[0], dict)


@dataclass(slots=True)
class _Sentence:
    speaker: str | None
    start: float | None
    end: float | None
    words: list[str] = field(default_factory=list)
    items: int = 0
    ended: bool = False

    def cue(self) -> Cue:
        return Cue([(self.speaker, " ".join(self.words))], self.start, self.end, self.items)


def segments(results: dict[str, Any]) -> Iterator[Cue | Bad]:
    """Yield the sentences of a job in order, and its items that can't be read."""
    who = _speakers(results)
    sentence: _Sentence | None = None
    for item in results["items"]:
        content = _content(item)
        if content is None:
            yield Bad("the item has no content")
            continue
        if item.get("type") == "punctuation" and sentence is not None:
            sentence.words[-1] += content
            sentence.items += 1
            sentence.ended |= content in _STOPS
            continue
        named = item.get("speaker_label") or who.get(str(item.get("start_time")))
        speaker = named if isinstance(named, str) else None
        end = seconds(item.get("end_time"))
        if sentence is None or sentence.ended or sentence.speaker != speaker:
            if sentence is not None:
                yield sentence.cue()
            sentence = _Sentence(speaker, seconds(item.get("start_time")), end)
        sentence.words.append(content)
        sentence.items += 1
        sentence.end = end
    if sentence is not None:
        yield sentence.cue()


def _content(item: Any) -> str | None:
    best = item.get("alternatives") if isinstance(item, dict) else None
    first = best[0] if isinstance(best, list) and best else None
    content = first.get("content") if isinstance(first, dict) else None
    return content if isinstance(content, str) else None


def _speakers(results: dict[str, Any]) -> dict[str, str]:
    """Return the speaker of the word that starts at a time, as the job writes the time."""
    labels = results.get("speaker_labels")
    found = {}
    for segment in _objects(labels.get("segments") if isinstance(labels, dict) else None):
        for item in _objects(segment.get("items")):
            label = item.get("speaker_label") or segment.get("speaker_label")
            if isinstance(label, str):
                found[str(item.get("start_time"))] = label
    return found


def _objects(value: Any) -> list[dict[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []
