"""Plain text: the whole file is one text."""

from __future__ import annotations

from pixelated.standardise.formats import FORMATS
from pixelated.standardise.rows import Document, Parsed, Row, Sample


@FORMATS.register("text")
class PlainText:
    """What no other format claims."""

    def sniff(self, sample: Sample) -> int:  # noqa: ARG002 - the protocol's signature
        """Return 10: any other format that is sure wins."""
        return 10

    def parse(self, document: Document) -> Parsed:
        """Return the text as one row."""
        text = document.decoded.text
        row = Row(0, "file", {"text": text})
        return Parsed(rows=[row], raw_rows=1, layout="text", text=text, fixed=dict(document.decoded.fixed))
