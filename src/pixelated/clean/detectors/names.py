"""Names of people, places smaller than a state, street addresses and organisations, by a fitted tagger.

What the tagger is not sure of gets a confidence below REVIEW, and waits for a person.
"""

from __future__ import annotations

from collections.abc import Iterator

from pixelated.clean.names.find import find_names
from pixelated.clean.spans import Span, detector


@detector("names", types=["PERSON", "PLACE", "STREET_ADDRESS", "ORG"], trigger="[A-Za-z]", soft=True)
def find(text: str) -> Iterator[Span]:
    """Find names and places."""
    yield from find_names(text)
