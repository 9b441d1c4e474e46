"""Recordings: cues to sentences and turns, to one dialogue where both sides are known, else to a text.

Cues of one speaker are joined to a turn with the time of its first and its last cue. Without speakers, or
with one who has no role, the words are a text, which is then cut into chunks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

from pixelated.core.source import Mapping
from pixelated.standardise import recogniser, turns
from pixelated.standardise.cutting import DROPPED, speakers
from pixelated.standardise.roles import known_role
from pixelated.standardise.rows import Candidate, Cue, Draft, Message, RefusedError, Said, Span
from pixelated.standardise.shapes.plan import Plan
from pixelated.standardise.speakers import UNKNOWN, Heard, listen, preamble


@dataclass(slots=True)
class Turn:
    """Words of one speaker without a break, cue by cue."""

    speaker: str | None
    heard: list[Heard]

    @property
    def text(self) -> str:
        """The words of all cues, one space between them."""
        return "".join(_spaced(k, h, self.heard) for k, h in enumerate(self.heard))


def convert(candidate: Candidate, about: dict[str, Any], mapping: Mapping) -> Draft:
    """Make one record of the cues of a recording.

    Raises:
        RefusedError: `empty_content` (no speech left), `roles_unknown` (several speakers, not all of them
            with a role).
    """
    cues = [row.value for row in candidate.rows]
    return draft_of(cues, about, mapping)


def convert_row(candidate: Candidate, plan: Plan, mapping: Mapping) -> Draft:  # noqa: ARG001 - as the shapes
    """Make one record of a recogniser's transcript that stands in one row, as `convert` does."""
    recording = recogniser.read(candidate.first.value)
    cues = [s for s in recording.segments if isinstance(s, Cue)]
    bad = len(recording.segments) - len(cues)
    return draft_of(cues, {**recording.about, **({"bad_cues": bad} if bad else {})}, mapping, row=0)


def draft_of(cues: Sequence[Cue], about: dict[str, Any], mapping: Mapping, row: int | None = None) -> Draft:
    """Return the draft of cues; see `convert`. `row` is the one row that all of them are from."""
    heard, rest = listen(cues, mapping.roles)
    said = [h for h in heard if h.text]
    total = sum((Counter(h.dropped) for h in heard), Counter(rest))
    if not said:
        raise RefusedError("empty_content", f"none of {len(cues)} cues holds speech{_words(total)}")
    _pass_on(heard, rest)
    if row is not None:
        for one in said:
            one.row = row
    draft = _dialogue(said, mapping) if _is_dialogue(said, mapping) else _text(said)
    if draft.kind == "text" and row is None:
        draft.messages[0].raw_rows = sum(cue.raw_rows for cue in cues)
    draft.fields = dict(about)
    draft.counts.update(total)
    if total:
        draft.extra[DROPPED] = dict(sorted(total.items()))
    return draft


def _words(total: Counter[str]) -> str:
    return "".join(f", {n} {name}" for name, n in sorted(total.items()))


def _pass_on(heard: Sequence[Heard], rest: Counter[str]) -> None:
    """Move what was taken out before a mark without words to the words after it, the last to the end."""
    waiting: Counter[str] = Counter()
    last = None
    for one in heard:
        waiting.update(one.dropped)
        if one.text:
            one.dropped, waiting, last = dict(waiting), Counter(), one
    if last is not None:
        last.dropped = dict(Counter(last.dropped) + waiting + rest)


def _is_dialogue(said: Sequence[Heard], mapping: Mapping) -> bool:
    """Say whether several people speak, or one whose role is known."""
    if mapping.kind == "text" or mapping.shape == "text":
        return False
    names = {h.speaker for h in said if h.speaker}
    if any(known_role(name, mapping.roles) for name in names):
        return True
    others = any(h.speaker == UNKNOWN or h.change for h in said[1:])
    return len(names) > 1 or (others and _changes(said))


def _changes(said: Sequence[Heard]) -> bool:
    """Say whether somebody else speaks at some point after the start."""
    return any(h.change and (not h.speaker or h.speaker != b.speaker) for b, h in pairwise(said))


def _turns(said: Sequence[Heard]) -> list[Turn]:
    number = 0
    numbers = []
    for k, one in enumerate(said):
        before = said[k - 1] if k else None
        same_name = before is not None and bool(one.speaker) and before.speaker == one.speaker
        number += one.change and not same_name and before is not None
        numbers.append(number)
    found = []
    for _, group in groupby(zip(numbers, said, strict=True), key=lambda pair: pair[0]):
        heard = [h for _, h in group]
        found.append(Turn(heard[0].speaker, heard))
    return found


def _dialogue(said: list[Heard], mapping: Mapping) -> Draft:
    named = any(h.speaker for h in said)
    before = preamble(said) if named else 0
    found = _turns(said[before:])
    if not named:
        for k, turn in enumerate(found):  # nobody has a name: "0" and "1" by turns, as for lists of texts
            turn.speaker = str(k % 2)
    spoken = [_said(turn) for turn in found]
    draft = turns.build(spoken, mapping)
    if before:
        draft.extra["preamble"] = " ".join(h.text for h in said[:before])
    return draft


def _said(turn: Turn) -> Said:
    first, last = turn.heard[0], turn.heard[-1]
    return Said(turn.speaker or None, turn.text, first.start, last.end, len({h.row for h in turn.heard}))


def _text(said: list[Heard]) -> Draft:
    """Make a text of the turns, one paragraph each, with their names where several people have one."""
    several = len({h.speaker for h in said if h.speaker}) > 1
    pieces: list[str] = []
    spans: list[Span] = []
    at = 0
    for number, turn in enumerate(_turns(said)):
        lead = "\n\n" * (number > 0) + (f"{turn.speaker}: " if several and turn.speaker else "")
        for k, one in enumerate(turn.heard):
            piece = (lead if k == 0 else "") + _spaced(k, one, turn.heard)
            # A span starts with its name, so that no cut falls between a name and its words.
            inside = len("\n\n") if k == 0 and number else len(piece) - len(piece.lstrip())
            spans.append(Span(at + inside, one.row, one.speaker or None, one.start, one.end, one.dropped))
            pieces.append(piece)
            at += len(piece)
    message = Message("assistant", "".join(pieces), speakers(spans), spans[0].start, spans[-1].end)
    return Draft("text", [message], spans=spans)


def _spaced(number: int, one: Heard, heard: Sequence[Heard]) -> str:
    """Return the words of a cue with a space before them, except between scripts without spaces."""
    if number == 0:
        return one.text
    before = heard[number - 1].text[-1:]
    joined = _unspaced(before) and _unspaced(one.text[:1])
    return one.text if joined else " " + one.text


def _unspaced(character: str) -> bool:
    return "\u3000" <= character <= "\u9fff" or "\uff00" <= character <= "\uffef"
