"""Markdown transcripts with the speaker in bold: `**Name:** text`, one dialogue per file.

Paragraphs without a name belong to the speaker before them. A raw row is one marked turn.
"""

from __future__ import annotations

from pixelated.standardise.dialogue_text import bold_mark, marked
from pixelated.standardise.formats import FORMATS
from pixelated.standardise.formats._turns import TEXT_SUFFIXES, dialogue
from pixelated.standardise.rows import Document, Parsed, Sample

_MIN_MARKS = 2
_MIN_SHARE = 0.2  # of the lines that are not blank


@FORMATS.register("diarised")
class Diarised:
    """`**Name:** text`."""

    def sniff(self, sample: Sample) -> int:
        """Return 88 where the text starts with a bold name, or at least a fifth of its lines do."""
        if sample.suffix not in TEXT_SUFFIXES:
            return 0
        lines = [line for line in sample.lines if not line.lstrip().startswith("#")]
        marks = [bold_mark(line) is not None for line in lines]
        enough = sum(marks) >= _MIN_MARKS and (marks[0] or sum(marks) >= _MIN_SHARE * len(marks))
        return 88 if enough else 0

    def parse(self, document: Document) -> Parsed:
        """Split the file at its bold names."""
        spoken = marked(document.decoded.text, bold_mark)
        return dialogue(document, spoken)
