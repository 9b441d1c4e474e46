"""File formats: one file each with `sniff` and `parse`; other packages add theirs by an entry point.

The entry-point group is `pixelated.formats`; the module that it names registers a class with FORMATS.
"""

from __future__ import annotations

from typing import Protocol

from pixelated.core.plugins import Registry
from pixelated.standardise.rows import Document, Parsed, Refusal, Sample
from pixelated.standardise.triage import OTHER_KINDS, refuse_file


class Format(Protocol):
    """What a format is: two functions without state, on a class that is made without arguments."""

    def sniff(self, sample: Sample) -> int:
        """Return how sure it is that the file is in this format, 0 (no) to 100."""
        ...

    def parse(self, document: Document) -> Parsed:
        """Read the rows of a document; bad rows become refusals, nothing raises for bad input."""
        ...


FORMATS: Registry[type[Format]] = Registry("format", "pixelated.standardise.formats")


CERTAIN = 97  # a format this sure knows the file by its first bytes, whatever others think of its kind


def detect(sample: Sample) -> str:
    """Return the name of the format that is surest of a file; plain text takes what nobody else does."""
    return _surest(sample)[1]


def recognise(sample: Sample) -> str | Refusal:
    """Return the name of the format that reads a file, or why nobody does.

    A format that is `CERTAIN` reads a file that would else be refused as a binary or a page; an empty file
    or a pointer is refused in any case.
    """
    refusal = refuse_file(sample)
    score, name = _surest(sample)
    if refusal is None or (refusal.reason in OTHER_KINDS and score >= CERTAIN):
        return name
    return refusal


def sureness(sample: Sample) -> int:
    """Return how sure the surest format is that it can read a file, 0 to 100."""
    return _surest(sample)[0]


def _surest(sample: Sample) -> tuple[int, str]:
    scores = [(entry().sniff(sample), name) for name, entry in FORMATS.items()]
    return max(scores, key=lambda s: (s[0], s[1]))
