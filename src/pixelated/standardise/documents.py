"""Documents of running text (PDF, EPUB, HTML): paragraphs to passages, or to the dialogue of a transcript.

A document is a list of flows and refusals in order. A flow is a list of paragraphs that follow each other;
what can't be read (a page, a chapter) stands between two flows, so that no passage reaches over the gap.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from pixelated.standardise.chunks import LOWEST
from pixelated.standardise.dialogue_text import Mark, lines_of, marked, speaker_mark
from pixelated.standardise.formats._turns import sizes
from pixelated.standardise.roles import known_role
from pixelated.standardise.rows import Document, Parsed, Refusal, Row
from pixelated.standardise.sentences import count_words, cut

_MIN_SPOKEN = 0.5  # share of a transcript's paragraphs that start with a speaker
_MAX_PREAMBLE = 0.2  # share of a transcript's words before the first speaker
_MANY_TITLES = 3  # sections named for one passage


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph, its places (numbers of pages or chapters, from 1; 0 is none) and its section."""

    text: str
    first: int = 0
    last: int = 0
    title: str = ""


@dataclass(frozen=True, slots=True)
class Missing:
    """A page or chapter that can't be read."""

    place: int
    reason: str
    detail: str


@dataclass(slots=True)
class Text:
    """What a format found in a document.

    Attributes:
        unit: "page" or "chapter", what the places of paragraphs count; empty where there are none.
        parts: flows of paragraphs and what is missing between them, in order.
        about: what is known of the whole document (its title), for each record's metadata.
        fixed: counts of what was put right or left out on the way.
    """

    unit: str = ""
    parts: list[list[Paragraph] | Missing] = field(default_factory=list)
    about: dict[str, str] = field(default_factory=dict)
    fixed: dict[str, int] = field(default_factory=dict)

    @property
    def paragraphs(self) -> list[Paragraph]:
        """All paragraphs in order."""
        return [p for part in self.parts if not isinstance(part, Missing) for p in part]


def parsed(document: Document, text: Text) -> Parsed:
    """Return the rows of a document: the turns of a transcript, else passages; and what is missing."""
    if not document.as_text and is_transcript(text.paragraphs):
        return _dialogue(text)
    found = Parsed(layout="passages", fixed=text.fixed)
    for part in text.parts:
        if isinstance(part, Missing):
            locator = f"{text.unit} {part.place}"
            found.refused.append(Refusal(found.raw_rows, locator, part.reason, part.detail))
            found.raw_rows += 1
            continue
        for value, locator in _passages(part, text):
            number = len(found.rows) + 1
            row = {**value, **text.about, "passage": number}
            found.rows.append(Row(found.raw_rows, f"{locator}passage {number}", row))
            found.raw_rows += 1
    return found


def refused(reason: str, detail: str) -> Parsed:
    """Return what is read of a document that is refused whole."""
    return Parsed(refused=[Refusal(0, "file", reason, detail)], raw_rows=1)


def is_transcript(paragraphs: Sequence[Paragraph]) -> bool:
    """Say whether most paragraphs start with a speaker and both sides of a dialogue are among them.

    A book that quotes a dialogue is no transcript: the share of such paragraphs is small, or it begins
    with other text.
    """
    names = [_speaker(p.text) for p in paragraphs]
    marks = [m for m in names if m is not None]
    if len(marks) < max(2, _MIN_SPOKEN * len(names)):
        return False
    roles = [known_role(m.name, {}) for m in marks]
    if not {"user", "assistant"} <= set(roles) or sum(r is not None for r in roles) * 2 <= len(roles):
        return False
    words = [count_words(p.text) for p in paragraphs]
    first = next(k for k, m in enumerate(names) if m is not None)
    return sum(words[:first]) <= _MAX_PREAMBLE * sum(words)


def _speaker(text: str) -> Mark | None:
    return speaker_mark(text.split("\n", 1)[0])


def _dialogue(text: Text) -> Parsed:
    """Return the turns of a transcript; with a page missing it is refused, since turns may be missing too."""
    lines: list[str] = []
    places: list[int] = []
    for paragraph in text.paragraphs:
        written = [*lines_of(paragraph.text), ""]
        lines += written
        places += [paragraph.first] * len(written)
    spoken = marked("\n".join(lines), speaker_mark)
    rows = []
    for k, turn in enumerate(spoken.turns):
        place = f"{text.unit} {places[spoken.lines[k]]}, " if text.unit else ""
        rows.append(Row(k, f"{place}turn {k + 1}", turn))
    missing = [part for part in text.parts if isinstance(part, Missing)]
    found = Parsed(raw_rows=len(rows) + len(missing), layout="turns", fixed=text.fixed)
    if not missing:
        found.rows, found.groups, found.preamble = rows, sizes(spoken), spoken.preamble
        return found
    for k, part in enumerate(missing, len(rows)):
        found.refused.append(Refusal(k, f"{text.unit} {part.place}", part.reason, part.detail))
    detail = f"{len(missing)} {text.unit}s of the transcript can't be read"
    whole = "\n".join(lines)
    found.refused.append(Refusal(0, "file", "incomplete_dialogue", detail, whole, len(rows)))
    return found


def _passages(flow: Sequence[Paragraph], text: Text) -> Iterator[tuple[dict[str, str], str]]:
    """Yield (value, locator) of the passages of a flow; each keeps to a section unless that is short."""
    for paragraphs in _sections(flow):
        whole = "\n\n".join(p.text for p in paragraphs)
        ends = _ends(paragraphs)
        for start, end in cut(whole):
            touched = paragraphs[bisect_right(ends, start) : bisect_left(ends, end) + 1]
            value = {"text": whole[start:end]}
            places = _range(touched[0].first, touched[-1].last) if text.unit else ""
            if places:
                value[f"{text.unit}s"] = places
            titles = [t for t in dict.fromkeys(p.title for p in touched) if t]
            if titles:
                value["section"] = " / ".join(titles[:_MANY_TITLES])
            several = "s" if "-" in places else ""
            yield value, f"{text.unit}{several} {places}, " if places else ""


def _ends(paragraphs: Sequence[Paragraph]) -> list[int]:
    """Return the offset behind each paragraph in the joined text."""
    ends, at = [], -2
    for paragraph in paragraphs:
        at += 2 + len(paragraph.text)
        ends.append(at)
    return ends


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _sections(flow: Sequence[Paragraph]) -> list[list[Paragraph]]:
    """Part a flow where its section changes; a section too short for a passage goes with the next one."""
    found: list[list[Paragraph]] = []
    waiting: list[Paragraph] = []
    for _, section in groupby(flow, key=lambda p: p.title):
        waiting += section
        if sum(count_words(p.text) for p in waiting) >= LOWEST:
            found.append(waiting)
            waiting = []
    if waiting and found:
        found[-1] += waiting
    elif waiting:
        found.append(waiting)
    return found
