"""Text records of more than 500 words to chunks: each with its number, its speakers and its times.

Only texts are cut: a dialogue is never cut, and a text of up to 500 words stays as it is.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from pixelated.core.hashing import short_hash
from pixelated.standardise.rows import Candidate, Draft, Message, Row, Span, rows_behind
from pixelated.standardise.sentences import cut, fits

DROPPED = "dropped"  # in source_metadata: what was taken out of a transcript, by reason


def records_of(candidate: Candidate, draft: Draft) -> list[tuple[Candidate, Draft]]:
    """Return the records of a draft: itself, or the chunks of a long text.

    The raw rows of a candidate are shared out, so that their numbers add up: a row belongs to the chunk in
    which it begins.
    """
    if draft.kind != "text" or len(draft.messages) != 1 or fits(draft.messages[0].content):
        return [(candidate, draft)]
    text = draft.messages[0].content
    spans = draft.spans
    offsets = [span.at for span in spans]
    places = cut(text, _pauses(spans))
    firsts = [bisect_left(offsets, start) for start, _ in places]
    firsts[0] = 0
    lasts = [*firsts[1:], len(spans)]
    whole = short_hash(candidate.first.locator, text)
    opening = text[slice(*places[0])]
    found = []
    for number, (start, end) in enumerate(places):
        first, last = firsts[number], lasts[number]
        inside = spans[max(0, bisect_right(offsets, start) - 1) : bisect_left(offsets, end)]
        extra = {**draft.extra, **_own(draft), "chunk": number + 1, "chunks": len(places)}
        if DROPPED in extra or spans:
            extra = _with_dropped(extra, spans[first:last])
        chunk = replace(
            draft,
            messages=[_message(draft.messages[0], text[start:end], inside)],
            extra=extra,
            counts=draft.counts if number == 0 else {},
            spans=[],
            whole=whole,
            opening=opening,
        )
        rows = _rows(candidate, spans, (first, last), inside[:1], number)
        chunk.messages[0].raw_rows = rows.raw_rows
        found.append((rows, chunk))
    return found


def _own(draft: Draft) -> dict[str, Any]:
    """Return the source's own fields that are called like ours, under another name."""
    names = {"chunk", "chunks"} & set(draft.fields) - draft.used
    return {f"source_{name}": draft.fields[name] for name in sorted(names)}


def _pauses(spans: Sequence[Span]) -> dict[int, float]:
    """Return the silence before each span but the first; 0 where the times are not known."""
    found = {}
    for before, span in pairwise(spans):
        known = before.end is not None and span.start is not None
        found[span.at] = max(0.0, span.start - before.end) if known else 0.0  # type: ignore[operator]
    return found


def _message(whole: Message, text: str, spans: Sequence[Span]) -> Message:
    if not spans:
        return Message(whole.role, text, whole.speaker)
    return Message(whole.role, text, speakers(spans) or whole.speaker, spans[0].start, spans[-1].end)


def speakers(spans: Iterable[Span]) -> str | None:
    """Return the names of the speakers in order of appearance, joined as in merged turns."""
    return " + ".join(dict.fromkeys(s.speaker for s in spans if s.speaker)) or None


def _with_dropped(extra: dict[str, Any], spans: Iterable[Span]) -> dict[str, Any]:
    total: Counter[str] = Counter()
    for span in spans:
        total.update(span.dropped)
    rest = {k: v for k, v in extra.items() if k != DROPPED}
    return {**rest, DROPPED: dict(sorted(total.items()))} if total else rest


def _rows(
    candidate: Candidate, spans: Sequence[Span], part: tuple[int, int], start: Sequence[Span], number: int
) -> Candidate:
    """Return the rows of a chunk, the one that holds its first words named with the chunk's number."""
    rows, counted = candidate.rows, candidate.raw_rows if number == 0 else 0
    named = rows[0]
    if len(rows) > 1 and spans:
        first, last = part
        begin, end = _row_at(candidate, spans, first), _row_at(candidate, spans, last)
        # A chunk may start inside a row: that row is the earlier chunk's, and this one's place.
        named = rows[start[0].row] if start else named
        rows = rows[begin:end]
        counted = rows_behind(rows)
    place = Row(named.ordinal, f"{named.locator}, chunk {number + 1}", named.value)
    return Candidate((place, *rows[1:]), counted)


def _row_at(candidate: Candidate, spans: Sequence[Span], number: int) -> int:
    """Return the first row that belongs to no span before this one: rows without words go with the next."""
    if number >= len(spans):
        return len(candidate.rows)
    return spans[number - 1].row + 1 if number else 0
