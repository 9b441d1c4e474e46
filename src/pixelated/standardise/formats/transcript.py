"""Plain transcripts: `Name: text` at the start of a line, one dialogue per file.

Names of the role table are always speakers. Other names are taken for speakers too, so that the
dialogue is refused and not garbled, except a few words that head a note ("Note:", "Homework:").
"""

from __future__ import annotations

from collections import Counter

from pixelated.standardise.dialogue_text import marked, speaker_mark
from pixelated.standardise.formats import FORMATS
from pixelated.standardise.formats._turns import TEXT_SUFFIXES, dialogue
from pixelated.standardise.roles import known_role, plain, without_number
from pixelated.standardise.rows import Document, Parsed, Sample

_MIN_KNOWN = 0.2  # share of lines that start with a name
_MIN_NAMED = 0.6  # the same for names that the table does not know
_MIN_MARKS = 4


@FORMATS.register("transcript")
class Transcript:
    """`Name: text`."""

    def sniff(self, sample: Sample) -> int:
        """Return 80 for two known roles in at least a fifth of the lines, or a few names in most lines."""
        if sample.suffix not in TEXT_SUFFIXES:
            return 0
        marks = [m for line in sample.lines if (m := speaker_mark(line)) is not None]
        if len(marks) < _MIN_KNOWN * len(sample.lines):
            return 0
        names = Counter(without_number(plain(m.name)) or plain(m.name) for m in marks)
        known = {n: r for n in names if (r := known_role(n, {})) is not None}
        starts = (
            len(marks) > 1 and speaker_mark(sample.lines[0]) is not None and plain(marks[0].name) in known
        )
        if starts or (len(set(known.values())) > 1 and sum(names[n] for n in known) * 2 > len(marks)):
            return 80
        written = {plain(m.name) for m in marks}
        repeated = any(1 < len(n) <= len(marks) / 2 for n in (names, written))
        return 80 if repeated and len(marks) >= max(_MIN_MARKS, _MIN_NAMED * len(sample.lines)) else 0

    def parse(self, document: Document) -> Parsed:
        """Split the file at its names."""
        return dialogue(document, marked(document.decoded.text, speaker_mark))
