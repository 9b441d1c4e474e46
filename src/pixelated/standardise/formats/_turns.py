"""What the transcript formats share: spoken turns to rows."""

from __future__ import annotations

from itertools import pairwise

from pixelated.standardise.dialogue_text import Spoken
from pixelated.standardise.roles import known_role
from pixelated.standardise.rows import Document, Parsed, Row

TEXT_SUFFIXES = ("", ".txt", ".text", ".md", ".markdown", ".log", ".transcript", ".chatml", ".rst")


def dialogue(document: Document, spoken: Spoken) -> Parsed:
    """Return the turns of a file as rows of one dialogue, or of one between each two rules."""
    rows = [Row(k, f"line {spoken.lines[k] + 1}", turn) for k, turn in enumerate(spoken.turns)]
    return Parsed(
        rows=rows,
        raw_rows=len(spoken.lines),
        layout="turns",
        groups=sizes(spoken),
        text=document.decoded.text,
        preamble=spoken.preamble,
        fixed=dict(document.decoded.fixed),
    )


def sizes(spoken: Spoken) -> list[int]:
    """Return the number of turns of each dialogue: rules part them where every part has both sides."""
    ends = [*spoken.breaks, len(spoken.turns)]
    parts = [spoken.turns[a:b] for a, b in pairwise([0, *ends])]
    sides = [{known_role(turn.speaker, {}) for turn in part} for part in parts]
    if all({"user", "assistant"} <= side for side in sides):
        return [len(part) for part in parts]
    return [len(spoken.turns)]
