"""The grammar of SRT and WebVTT files: cues by their timing lines, whatever is wrong around them.

Own code and not webvtt-py (0.6, tried): that drops a cue without a word where its time has a comma, lacks the
hours (SRT) or can't be read, and text after a blank line inside a cue; takes a numbered block without timing
into the text of the cue before; raises without a header; and knows only the first `<v>` of a cue. Here a
cue is its timing line and all lines up to the next cue, and what can't be read is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pixelated.standardise.dialogue_text import lines_of

_TIME = r"(?:(\d{1,4}):)?(\d{1,3}):(\d{1,2})(?:[.,:](\d{1,9}))?"
_TIMING = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s+.*)?\s*")
# A line that was meant to be one: it has the arrow, a clock and a broken arrow, or a dash between two clocks.
_LIKE_TIMING = re.compile(
    r"\s*\d{1,4}:\d{1,3}(?::\d{1,2}(?:[.,]\d{1,9})?|[.,]\d{1,9})\s*"
    r"(?:(?:-{1,2}>|[\u2192\u21d2]|[\u2013\u2014=]>).*|(?:-{1,2}|[\u2013\u2014])\s*\d{1,4}:\d\S*\s*)"
)
_NUMBER = re.compile(r"\s*(\d{1,9})\s*")
_HEADER = re.compile(r"\ufeff?WEBVTT(?:[ \t].*)?")
_BLOCK = re.compile(r"(?:NOTE|STYLE|REGION)(?:[ \t].*)?")
_ABOUT = re.compile(r"\s*([A-Za-z][A-Za-z-]{0,30})[ \t]*[:=][ \t]*(\S.{0,200})")
_MOST = 59  # minutes in an hour, seconds in a minute
_NO_TIMING = "the cue has no timing"
_GAP = 2  # blank lines between the number of a cue and its timing
_LONGEST = 4096  # characters of a line that can be a timing line


@dataclass(slots=True)
class RawCue:
    """A cue as it stands in the file; `problem` says why it can't be read.

    Attributes:
        number: its 0-based number in the file, bad ones counted.
        locator: "cue 12" where the file numbers it so, else "line 40".
        part: grows where the file starts anew (files that were put together).
    """

    number: int
    locator: str
    lines: list[str]
    start: float = 0.0
    end: float = 0.0
    problem: str = ""
    part: int = 0


@dataclass(slots=True)
class Cues:
    """What a file holds: its cues in file order, and the fields of its header."""

    cues: list[RawCue] = field(default_factory=list)
    about: dict[str, str] = field(default_factory=dict)


def is_timing(line: str) -> bool:
    """Say whether a line is a timing line that can be read."""
    return "-->" in line[:_LONGEST] and _TIMING.fullmatch(line[:_LONGEST]) is not None


def read(text: str) -> Cues:
    """Return the cues of a file; nothing raises, every line belongs to something."""
    return _Reader(lines_of(text)).read()


@dataclass(slots=True)
class _Reader:
    lines: list[str]
    at: int = 0
    found: Cues = field(default_factory=Cues)
    used: set[int] = field(default_factory=set)  # numbers that name a cue already
    last: int | None = None  # the number of the cue before, where it has one
    part: int = 0
    webvtt: bool = False

    def read(self) -> Cues:
        while self.at < len(self.lines):
            if self._skips():
                continue
            start = self._cue_start(self.at)
            if start is None:
                self._stray()
            else:
                self._cue(*start)
        return self.found

    def _skips(self) -> bool:
        """Pass over a blank line, a header or a block that is no cue; say whether there was one."""
        line = self.lines[self.at]
        if not line.strip():
            self.at += 1
            return True
        if _HEADER.fullmatch(line[:_LONGEST]) and (
            self.at == 0 or not self.lines[self.at - 1].strip() or not self.found.cues
        ):
            self.webvtt = True
            self.part += bool(self.found.cues)
            self._header()
            return True
        if self._blank_before(self.at) and _BLOCK.fullmatch(line[:_LONGEST]):
            self._to_blank()
            return True
        return False

    def _blank_before(self, at: int) -> bool:
        return at == 0 or not self.lines[at - 1].strip()

    def _header(self) -> None:
        title = self.lines[self.at].partition("WEBVTT")[2].strip(" \t-")
        if title:
            self.found.about.setdefault("title", title)
        self.at += 1
        while self.at < len(self.lines) and self.lines[self.at].strip() and self._cue_start(self.at) is None:
            match = _ABOUT.fullmatch(self.lines[self.at])
            if match is not None:
                self.found.about.setdefault(match[1].lower(), match[2].strip())
            self.at += 1

    def _to_blank(self) -> None:
        while self.at < len(self.lines) and self.lines[self.at].strip():
            if self.at and is_timing(self.lines[self.at]):
                return  # a block without the blank line after it
            self.at += 1

    def _cue_start(self, at: int) -> tuple[int | None, int | None, str] | None:
        """Return (number, line of the timing, what is wrong) where a cue starts at a line, or None."""
        line = self.lines[at]
        after = self.lines[at + 1] if at + 1 < len(self.lines) else ""
        if _like_timing(line):
            return None, at, _problem(line)
        number = _NUMBER.fullmatch(line[:40])
        if number is not None and _like_timing(after):
            return int(number[1]), at + 1, _problem(after)
        expected = self.last + 1 if self.last is not None else None if self.found.cues else 1
        if number is not None and self._blank_before(at) and int(number[1]) == expected:
            return self._without_timing(at, int(number[1]))
        # WebVTT: any line after a blank one may name the cue that follows
        if self.webvtt and self._blank_before(at) and _like_timing(after) and line.strip():
            return None, at + 1, _problem(after)
        return None

    def _without_timing(self, at: int, number: int) -> tuple[int, int | None, str] | None:
        """Return the same for a number that continues the count, the timing not being on the next line.

        Where only a blank line stands between them, as in files whose line ends were doubled, the timing is
        taken. A number that comes again as the next thing was the text of the cue before.
        """
        next_at = at + 1
        while next_at < len(self.lines) and next_at <= at + _GAP and not self.lines[next_at].strip():
            next_at += 1
        after = self.lines[next_at] if next_at < len(self.lines) else ""
        again = _NUMBER.fullmatch(after[:40])
        if not after.strip() or (again is not None and int(again[1]) == number):
            return None
        return (number, next_at, _problem(after)) if _like_timing(after) else (number, None, _NO_TIMING)

    def _cue(self, number: int | None, timing: int | None, problem: str) -> None:
        first = self.at
        self.at = first + 1 if timing is None else timing + 1
        before, self.last = self.last, self._next_number(number)
        body = self._body()
        start, end = (0.0, 0.0) if timing is None or problem else _times(self.lines[timing])
        if not problem and end < start:
            problem = "the cue ends before it starts"
        cues = self.found.cues
        restarted = number is not None and before is not None and number <= 1 < before
        if restarted and cues and start < cues[-1].start:
            self.part += 1
        locator = f"line {(first if timing is None else timing) + 1}"
        if number is not None and number not in self.used:
            self.used.add(number)
            locator = f"cue {number}"
        cues.append(RawCue(len(cues), locator, body, start, end, problem, self.part))

    def _next_number(self, number: int | None) -> int | None:
        return number if number is not None or self.last is None else self.last + 1

    def _body(self) -> list[str]:
        """Return the lines up to the next cue or block; blank lines at the ends are left out."""
        body: list[str] = []
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if self._cue_start(self.at) is not None:
                break
            if body and self._blank_before(self.at) and self.webvtt and _BLOCK.fullmatch(line[:_LONGEST]):
                break
            if _HEADER.fullmatch(line[:_LONGEST]) and self._blank_before(self.at):
                break
            body.append(line)
            self.at += 1
        return [line for line in body if line.strip()]

    def _stray(self) -> None:
        """Name text that stands before the first cue."""
        first = self.at
        body = [self.lines[first]]
        self.at += 1
        while self.at < len(self.lines) and self._cue_start(self.at) is None and not self._header_here():
            body.append(self.lines[self.at])
            self.at += 1
        lines = [line for line in body if line.strip()]
        number = len(self.found.cues)
        self.found.cues.append(
            RawCue(
                number,
                f"line {first + 1}",
                lines,
                problem="text without timing stands outside the cues",
                part=self.part,
            )
        )

    def _header_here(self) -> bool:
        return _HEADER.fullmatch(self.lines[self.at][:_LONGEST]) is not None


def _like_timing(line: str) -> bool:
    head = line[:_LONGEST]
    return "-->" in head or (":" in head and _LIKE_TIMING.fullmatch(head) is not None)


def _problem(line: str) -> str:
    match = _TIMING.fullmatch(line[:_LONGEST])
    good = match is not None and not any(_too_large(match.groups()[k : k + 3]) for k in (0, 4))
    return "" if good else "the time of the cue can't be read"


def _too_large(clock: tuple[str | None, ...]) -> bool:
    hours, minutes, secs = clock
    return int(secs or 0) > _MOST or (hours is not None and int(minutes or 0) > _MOST)


def _times(line: str) -> tuple[float, float]:
    match = _TIMING.fullmatch(line[:_LONGEST])
    if match is None:
        return 0.0, 0.0
    return _seconds(match.groups()[:4]), _seconds(match.groups()[4:])


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, secs, fraction = parts
    whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(secs or 0)
    return float(f"{whole}.{fraction}") if fraction else float(whole)


def in_order(cues: list[RawCue]) -> Iterator[tuple[RawCue, bool]]:
    """Yield the cues that can be read by time, each with whether it stood after a later one."""
    good = [c for c in cues if not c.problem]
    latest: dict[int, float] = {}
    moved = set()
    for cue in good:
        if cue.start < latest.get(cue.part, cue.start):
            moved.add(cue.number)
        latest[cue.part] = max(cue.start, latest.get(cue.part, cue.start))
    for cue in sorted(good, key=lambda c: (c.part, c.start, c.number)):
        yield cue, cue.number in moved
