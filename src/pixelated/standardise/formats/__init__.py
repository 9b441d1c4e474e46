"""File formats: one file each with `sniff` and `parse`; other packages add theirs by an entry point.

The entry-point group is `pixelated.formats`; the module that it names registers a class with FORMATS.
"""

from __future__ import annotations

from typing import Protocol

from pixelated.core.plugins import Registry
from pixelated.standardise.rows import Document, Parsed, Sample


class Format(Protocol):
    """What a format is: two functions without state, on a class that is made without arguments."""

    def sniff(self, sample: Sample) -> int:
        """Return how sure it is that the file is in this format, 0 (no) to 100."""
        ...

    def parse(self, document: Document) -> Parsed:
        """Read the rows of a document; bad rows become refusals, nothing raises for bad input."""
        ...


FORMATS: Registry[type[Format]] = Registry("format", "pixelated.standardise.formats")


def detect(sample: Sample) -> str:
    """Return the name of the format that is surest of a file; plain text takes what nobody else does."""
    scores = [(entry().sniff(sample), name) for name, entry in FORMATS.items()]
    return max(scores, key=lambda s: (s[0], s[1]))[1]
