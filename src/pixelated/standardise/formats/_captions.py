"""Cues of subtitle files to plain lines: tags, entities and positions dropped, rolling captions read once."""

from __future__ import annotations

import html
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from pixelated.standardise.formats._cues import RawCue, in_order, read
from pixelated.standardise.rows import Cue, Document, Parsed, Refusal, Row

_TAG = re.compile(
    r"<(?P<close>/?)(?P<name>v|c|i|b|u|s|em|strong|ruby|rt|lang|font|span|p|br)(?P<rest>(?:[.\s/][^<>]{0,400})?)>"
    r"|<(?P<time>\d{1,4}(?::\d{1,3}){1,2}(?:[.,]\d{1,9})?)>|\{\\[^{}\n]{0,80}\}",
    re.IGNORECASE,
)
_TOUCHING = 0.25  # seconds between captions that follow each other
_BLINK = 0.05  # a caption this short only holds the line until the next
_MIN_EVIDENCE = 2
_ROLLING, _SLIDING = 0.4, 0.6  # share of touching pairs that repeat, by lines or by words
_MIN_SLIDES = 3
_MOST = 60  # words or lines compared
_RECENT = 8  # captions that can be on the screen together


@dataclass(slots=True)
class Line:
    """A line of a cue without its tags; `timed` where its words have times of their own (the new words)."""

    voice: str | None
    text: str
    timed: bool


@dataclass(slots=True)
class Shown:
    """What a cue shows."""

    raw: RawCue
    lines: list[Line]

    @property
    def texts(self) -> list[str]:
        """The lines as they are compared."""
        return [line.text for line in self.lines]

    @property
    def words(self) -> list[str]:
        """All words."""
        return [word for line in self.lines for word in line.text.split()]


def parse(document: Document) -> Parsed:
    """Return the cues of a file in the order of their times, and the bad ones as refusals."""
    found = read(document.decoded.text)
    parsed = Parsed(layout="cues", raw_rows=len(found.cues), fixed=dict(document.decoded.fixed))
    parsed.about = dict(found.about)
    for cue in found.cues:
        if cue.problem:
            text = "\n".join(cue.lines)
            parsed.refused.append(Refusal(cue.number, cue.locator, "bad_cue", cue.problem, text))
    ordered = list(in_order(found.cues))
    shown = [Shown(cue, lines_without_tags(cue.lines)) for cue, _ in ordered]
    for one, kept in zip(shown, without_repeats(shown), strict=True):
        parsed.rows.append(Row(one.raw.number, one.raw.locator, kept))
    moved = sum(late for _, late in ordered)
    if moved:
        parsed.about["reordered_cues"] = moved
    parts = len({cue.part for cue, _ in ordered})
    if parts > 1:
        parsed.about["joined_files"] = parts
    return parsed


def lines_without_tags(lines: Sequence[str]) -> list[Line]:
    """Return the lines of a cue without tags; a voice holds until its end, over line ends."""
    found: list[Line] = []
    voice: str | None = None
    for line in lines:
        pieces: list[tuple[str | None, str]] = []
        at, timed = 0, False
        for match in _TAG.finditer(line):
            pieces.append((voice, line[at : match.start()]))
            at = match.end()
            timed |= match["time"] is not None
            if (match["name"] or "").lower() == "v":
                voice = None if match["close"] else _voice(match["rest"])
            elif (match["name"] or "").lower() in {"br", "p"}:
                pieces.append((voice, " "))
        pieces.append((voice, line[at:]))
        found.extend(_joined(pieces, timed))
    return found


def _voice(rest: str) -> str | None:
    """Return the name in `<v.class Name>`."""
    parts = rest.split(None, 1)
    name = (parts[1] if rest[:1] == "." and len(parts) > 1 else "" if rest[:1] == "." else rest).strip()
    return " ".join(html.unescape(name).split()) or None


def _joined(pieces: Sequence[tuple[str | None, str]], timed: bool) -> list[Line]:
    found: list[Line] = []
    for voice, text in pieces:
        if found and found[-1].voice == voice:
            found[-1].text += text
        elif text.strip():
            found.append(Line(voice, text, timed))
    for line in found:
        line.text = " ".join(html.unescape(line.text).replace("\u200b", "").split())
    return [line for line in found if line.text]


def without_repeats(shown: Sequence[Shown]) -> list[Cue]:
    """Return the cues with each line that only stays on the screen taken out and counted.

    Whether captions roll is decided over the whole file, since people do say a thing twice: by lines where
    captions keep the last line of the one before, by words where they grow or slide. The same caption
    twice at the same time is a repeat in any file.
    """
    by_lines = _rolls(shown)
    by_words = not by_lines and _slides(shown)
    recent: deque[Shown] = deque(maxlen=_RECENT)
    cues = []
    for number, one in enumerate(shown):
        before = shown[number - 1] if number and _touch(shown[number - 1], one) else None
        left = one.lines
        if any(_at_once(other, one) for other in recent):
            left = []
        elif before is not None and by_lines:
            left = one.lines[_kept_lines(before, one) :]
        elif before is not None and by_words:
            left = _after(one.lines, _kept_words(before.words, one.words))
        recent.append(one)
        dropped = {"repeated_captions": 1} if left != one.lines else {} if one.lines else {"empty_cues": 1}
        lines = [(line.voice, line.text) for line in left]
        cues.append(Cue(lines, one.raw.start, one.raw.end, 1, dropped))
    return cues


def _touch(before: Shown, after: Shown) -> bool:
    same = before.raw.part == after.raw.part and bool(before.lines) and bool(after.lines)
    return same and after.raw.start - before.raw.end <= _TOUCHING


def _at_once(before: Shown, after: Shown) -> bool:
    together = before.raw.part == after.raw.part and after.raw.start < before.raw.end - _BLINK
    return together and bool(after.lines) and before.texts == after.texts


def _rolls(shown: Sequence[Shown]) -> bool:
    pairs = kept = evidence = 0
    for before, after in pairwise(shown):
        if _touch(before, after):
            pairs += 1
            same = _kept_lines(before, after)
            kept += same > 0
            blink = same == len(after.lines) and after.raw.end - after.raw.start <= _BLINK
            evidence += blink or 0 < same < len(after.lines)
    return evidence >= _MIN_EVIDENCE and kept >= _ROLLING * pairs


def _slides(shown: Sequence[Shown]) -> bool:
    pairs = kept = 0
    for before, after in pairwise(shown):
        if _touch(before, after):
            pairs += 1
            kept += 0 < _kept_words(before.words, after.words) < len(after.words)
    return kept >= _MIN_SLIDES and kept >= _SLIDING * pairs


def _kept_lines(before: Shown, after: Shown) -> int:
    """Return how many lines at the end of a caption are the first of the next."""
    old, new = before.texts[-_MOST:], after.texts[:_MOST]
    most = next((k for k, line in enumerate(after.lines) if line.timed), len(new))
    return next((k for k in range(min(len(old), most, len(new)), 0, -1) if old[-k:] == new[:k]), 0)


def _kept_words(old: Sequence[str], new: Sequence[str]) -> int:
    """Return how many words at the end of a caption are the first of the next; one alone may be chance."""
    old, new = old[-_MOST:], new[:_MOST]
    found = next((k for k in range(min(len(old), len(new)), 0, -1) if old[-k:] == new[:k]), 0)
    return found if found > 1 or found == len(old) else 0


def _after(lines: Sequence[Line], count: int) -> list[Line]:
    """Return the lines after the first `count` words."""
    left = []
    for line in lines:
        words = line.text.split()
        if count < len(words):
            left.append(line if count == 0 else Line(line.voice, " ".join(words[count:]), line.timed))
        count = max(0, count - len(words))
    return left
