"""What the transcript formats share: spoken turns to rows."""

from __future__ import annotations

from pixelated.standardise.dialogue_text import Spoken
from pixelated.standardise.rows import Document, Parsed, Row

TEXT_SUFFIXES = ("", ".txt", ".text", ".md", ".markdown", ".log", ".transcript", ".chatml", ".rst")


def dialogue(document: Document, spoken: Spoken, groups: list[int] | None = None) -> Parsed:
    """Return the turns of a file as rows of one dialogue, or of several of the sizes in `groups`."""
    rows = [Row(k, f"line {spoken.lines[k] + 1}", turn) for k, turn in enumerate(spoken.turns)]
    return Parsed(
        rows=rows,
        raw_rows=len(spoken.lines),
        layout="turns",
        groups=[len(rows)] if groups is None else groups,
        text=document.decoded.text,
        preamble=spoken.preamble,
        fixed=dict(document.decoded.fixed),
    )
