"""Who speaks in captions: `<v Name>` and a recogniser's labels, `NAME:`, `[Name]`, `- ` and `>>`.

Words before a colon are a name only where the whole recording says so: a name whose role is known, or names
that are written like names and come again. A change of speaker without a name is kept as one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pixelated.standardise.dialogue_text import NOTES, speaker_mark
from pixelated.standardise.roles import known_role, plain
from pixelated.standardise.rows import Cue
from pixelated.standardise.sentences import count_words
from pixelated.standardise.sounds import is_sound, without_sounds

_CHANGE = re.compile(
    r"\s*(?:>{2,}|\u203a{2,}|\u00bb)\s*|\s*[-\u2010\u2011\u2013](?:[ \t]+(?=\S)|(?=[^\W\d_]))"
)
_BRACKET = re.compile(r"\s*\[([^\[\]]{1,40})\][ \t]*:?[ \t]*(.*)", re.DOTALL)
_DASHES = frozenset("-\u2010\u2011\u2013")
_MIN_DASHES = 2  # in a file; a single one is no speaker's
_MOST_NAME_WORDS = 4
_RUN_ON = 2.0  # seconds; an open sentence goes on within this time
_MIN_SHARE = 0.02  # marks by lines; fewer are words before a colon
_CAPITALS = 0.7  # share of capital letters in captions that are written in capitals
_PREAMBLE_WORDS = 60  # more words before the first name are speech of somebody unknown
_STOPS = (".", "!", "?", "\u2026", '"', "\u201d", ")", "\u3002", "\uff01", "\uff1f")

UNKNOWN = ""  # a speaker that the file does not name


@dataclass(slots=True)
class Heard:
    """A stretch of one cue in the words of one speaker.

    Attributes:
        row: number of the cue.
        text: the words, in one line.
        speaker: the name; UNKNOWN for somebody without one; None where nothing says who.
        change: whether another person starts to speak here, as far as the file says.
        dropped: what was taken out of the cue before these words.
    """

    row: int
    text: str
    speaker: str | None
    change: bool
    start: float | None
    end: float | None
    dropped: dict[str, int]


@dataclass(slots=True)
class Line:
    """A line of a cue taken apart: its voice, the name that it starts with, is a change marked."""

    voice: str | None
    name: str | None
    text: str
    change: bool


def listen(cues: Sequence[Cue], given: Mapping[str, str]) -> tuple[list[Heard], Counter[str]]:
    """Return what is said in order, and what was taken out at the end without words after it."""
    names = _speakers(cues, given)
    dashes = sum(_dash(text) for cue in cues for _, text in cue.lines) >= _MIN_DASHES
    heard: list[Heard] = []
    pending: Counter[str] = Counter()
    for row, cue in enumerate(cues):
        pending.update(cue.dropped)
        lines = _lines(cue, names, dashes=dashes)
        for line, text in zip(lines, without_sounds([x.text for x in lines], pending), strict=True):
            words = " ".join(text.split())
            speaker = line.name or line.voice
            marked = line.change or line.name is not None
            if not words and not marked:
                continue
            if heard and not marked and heard[-1].row == row and heard[-1].speaker == speaker:
                heard[-1].text = f"{heard[-1].text} {words}".strip()
                continue
            if line.change and speaker is None:
                speaker = UNKNOWN
            heard.append(Heard(row, words, speaker, marked, cue.start, cue.end, dict(pending)))
            pending.clear()
    return _carried(heard), pending


def _lines(cue: Cue, names: frozenset[str], *, dashes: bool) -> list[Line]:
    """Take the lines of a cue apart; a dash marks another speaker where `dashes` do so in the file."""
    found = []
    several = sum(_CHANGE.match(text) is not None for _, text in cue.lines) > 1
    for voice, text in cue.lines:
        match = _CHANGE.match(text)
        rest = text[match.end() :] if match is not None else text
        mark = _named(rest)
        # "-word" is a change only beside another one in the cue; alone it may be a suffix or a minus.
        sure = several or match is None or match.group()[-1:].isspace()
        change = match is not None and (not _dash(text) or (dashes and sure))
        if mark is not None and plain(mark[0]) in names:
            found.append(Line(voice, mark[0], mark[1], change))
        else:
            found.append(Line(voice, None, rest if change else text, change))
    return found


def _dash(text: str) -> bool:
    """Say whether a line starts with a dash that may mark a change of speaker."""
    match = _CHANGE.match(text)
    return match is not None and match.group().strip() in _DASHES


def _named(text: str) -> tuple[str, str] | None:
    """Return the name that a line may start with and the text after it."""
    bracket = _BRACKET.match(text)
    if bracket is not None and not is_sound(bracket[1]):
        return bracket[1].strip(), bracket[2]
    mark = speaker_mark(text)
    return None if mark is None else (mark.name.strip("[]<>"), mark.text)


def _speakers(cues: Sequence[Cue], given: Mapping[str, str]) -> frozenset[str]:
    """Return the plain forms of the names that lines start with, decided over the whole recording."""
    counts: Counter[str] = Counter()
    written: dict[str, str] = {}
    capitals = letters = lines = 0
    for cue in cues:
        for _, text in cue.lines:
            lines += bool(text.strip())
            letters += sum(map(str.isalpha, text))
            capitals += sum(map(str.isupper, text))
            match = _CHANGE.match(text)
            mark = _named(text[match.end() :] if match else text)
            if mark is not None:
                counts[plain(mark[0])] += 1
                written.setdefault(plain(mark[0]), mark[0])
    own = {plain(name) for name in given}
    known = {n for n in counts if n in own or known_role(written[n], given) is not None}
    shouted = capitals > _CAPITALS * letters
    other = {n for n in counts if n not in known and _like_a_name(written[n])}
    again = {n for n in other if counts[n] > 1}
    if again or known:
        again |= {n for n in other if written[n].isupper() and not shouted}
    found = known | again
    enough = sum(counts[n] for n in found) >= max(1 if known else 2, _MIN_SHARE * lines)
    return frozenset(found if enough else found & own)


def _like_a_name(name: str) -> bool:
    parts = [p for p in re.split(r"[\s.]+", name.split("(", maxsplit=1)[0]) if p]
    starts = all(p[0].isupper() or p.isdecimal() for p in parts)
    return 0 < len(parts) <= _MOST_NAME_WORDS and starts and plain(name) not in NOTES


def _carried(heard: list[Heard]) -> list[Heard]:
    """Give words without a speaker to the one before, as far as that is certain.

    Where names stand in the lines, one holds until the next change. Where each cue names its voice, a cue
    without goes on only with an open sentence; else somebody unknown speaks.
    """
    voiced = any(h.speaker and not h.change for h in heard)
    named = any(h.speaker for h in heard)
    before: Heard | None = None
    for one in heard:
        if one.speaker is None and named and before is not None:
            certain = not voiced or before.row == one.row or _goes_on(before, one)
            one.speaker = before.speaker if certain else UNKNOWN
        if one.speaker and before is not None and one.speaker != before.speaker:
            one.change = True
        if one.speaker == UNKNOWN and before is not None and before.speaker != UNKNOWN:
            one.change = True
        before = one if one.speaker is not None or not named else before
    return heard


def _goes_on(before: Heard, after: Heard) -> bool:
    close = before.end is None or after.start is None or after.start - before.end <= _RUN_ON
    return close and not before.text.rstrip().endswith(_STOPS)


def preamble(heard: Sequence[Heard]) -> int:
    """Return how many stretches stand before the first name, where they are few enough to be no speech."""
    first = next((k for k, h in enumerate(heard) if h.speaker is not None), 0)
    return first if sum(count_words(h.text) for h in heard[:first]) <= _PREAMBLE_WORDS else 0
