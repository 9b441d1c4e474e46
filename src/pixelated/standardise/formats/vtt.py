"""WebVTT subtitles (.vtt): a header, cues with voices and tags, notes and styles between them.

A raw row is a cue, bad ones counted. See `docs/formats.md` for how cues become turns and texts.
"""

from __future__ import annotations

import re

from pixelated.standardise.formats import FORMATS
from pixelated.standardise.formats._captions import parse
from pixelated.standardise.rows import Document, Parsed, Sample

_HEADER = re.compile(r"WEBVTT(?:[ \t\r\n]|$)")


@FORMATS.register("vtt")
class WebVTT:
    """Web Video Text Tracks."""

    def sniff(self, sample: Sample) -> int:
        """Return 96 by the name or the first word."""
        named = sample.suffix == ".vtt" or _HEADER.match(sample.decoded.text.lstrip()[:10]) is not None
        return 96 if named else 0

    def parse(self, document: Document) -> Parsed:
        """Read the cues; a bad one is refused by itself."""
        return parse(document)
