"""SubRip subtitles (.srt): numbered cues with a timing line each.

A raw row is a cue, bad ones counted. See `docs/formats.md` for how cues become turns and texts.
"""

from __future__ import annotations

from pixelated.standardise.formats import FORMATS
from pixelated.standardise.formats._captions import parse
from pixelated.standardise.formats._cues import is_timing
from pixelated.standardise.rows import Document, Parsed, Sample

_SUFFIXES = ("", ".txt", ".sub", ".text")
_MIN_SHARE = 0.15  # timing lines by lines that are not blank, in a file of another name


@FORMATS.register("srt")
class SubRip:
    """SubRip."""

    def sniff(self, sample: Sample) -> int:
        """Return 96 by the name, or for text files where a cue comes first and timing lines are many."""
        if sample.suffix == ".srt":
            return 96
        if sample.suffix not in _SUFFIXES or not any(is_timing(line) for line in sample.lines[:2]):
            return 0
        timings = sum(map(is_timing, sample.lines))
        return 96 if timings >= _MIN_SHARE * len(sample.lines) else 0

    def parse(self, document: Document) -> Parsed:
        """Read the cues; a bad one is refused by itself."""
        return parse(document)
