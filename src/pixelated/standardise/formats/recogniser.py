"""Speech recognisers' JSON: Whisper and its kin, YouTube transcripts, AWS, Deepgram, AssemblyAI.

A raw row is a segment (of AWS an item: a word or a mark). What a value must have to be read here stands in
`standardise/recogniser.py`; other JSON stays with the JSON formats.
"""

from __future__ import annotations

import json
import re
from typing import Any

from pixelated.standardise.formats import FORMATS
from pixelated.standardise.formats._json import InvalidJSONError, loads
from pixelated.standardise.formats.json_document import JsonDocument
from pixelated.standardise.formats.json_lines import SUFFIXES as LINES_SUFFIXES
from pixelated.standardise.formats.json_lines import JsonLines
from pixelated.standardise.recogniser import is_recording, is_segment_list, read
from pixelated.standardise.rows import Cue, Document, Parsed, Refusal, Row, Sample

_SUFFIXES = ("", ".json", ".txt", *LINES_SUFFIXES)
_HINT = re.compile(r'"(?:start|start_time|tStartMs)"')
_LISTS = re.compile(r'"(segments|utterances|words|items)"\s*:\s*\[|\A\s*\[')
_LOOK = 1 << 16  # characters in which a recording shows


@FORMATS.register("recogniser")
class Recogniser:
    """A transcript with times that a speech recogniser wrote."""

    def sniff(self, sample: Sample) -> int:
        """Return 96 where the value, or what of it stands in the first MiB, is a transcript of segments."""
        if sample.suffix not in _SUFFIXES:
            return 0
        text = sample.decoded.text
        if text.lstrip()[:1] not in {"{", "["} or _HINT.search(text) is None:
            return 0
        return 96 if _shows(sample, text) else 0

    def parse(self, document: Document) -> Parsed:
        """Read the segments; a bad one is refused by itself. JSON that is no recording is read as JSON."""
        value = _value(document)
        if document.records is not None or not is_recording(value):
            lines = document.name.lower().endswith(LINES_SUFFIXES)
            return (JsonLines() if lines else JsonDocument()).parse(document)
        recording = read(value)
        parsed = Parsed(layout="cues", about=recording.about)
        for number, segment in enumerate(recording.segments):
            locator = f"segment {number + 1}"
            if isinstance(segment, Cue):
                parsed.rows.append(Row(number, locator, segment))
            else:
                parsed.refused.append(
                    Refusal(number, locator, "bad_segment", segment.detail, segment.text, segment.raw_rows)
                )
            parsed.raw_rows += segment.raw_rows
        return parsed


def _value(document: Document) -> Any:
    """Return the JSON value, for JSON lines the list of them, or None where a part can't be read."""
    try:
        return loads(document.data)
    except InvalidJSONError:
        return _lines(document)


def _lines(document: Document) -> Any:
    rows = JsonLines().parse(document)
    return None if rows.refused else [row.value for row in rows.rows]


def _shows(sample: Sample, text: str) -> bool:
    """Say whether the value is a recording; of a file longer than the sample its first elements decide."""
    if sample.whole:
        try:
            return is_recording(loads(sample.head))
        except InvalidJSONError:
            return _are_lines(sample)
    return _are_lines(sample) or _begins(text)


def _are_lines(sample: Sample) -> bool:
    values = []
    for line in sample.lines[:50]:
        try:
            values.append(loads(line.encode("utf-8", "replace")))
        except InvalidJSONError:
            return False
    return is_segment_list(values)


def _begins(text: str) -> bool:
    """Say whether the first list of a value that is cut holds segments."""
    decoder = json.JSONDecoder()
    for match in _LISTS.finditer(text, 0, _LOOK):
        elements: list[Any] = []
        at = match.end()
        while len(elements) < 3:  # noqa: PLR2004 - enough to tell
            try:
                element, at = decoder.raw_decode(
                    text, len(text[at : at + 64]) - len(text[at : at + 64].lstrip(" \t\r\n,")) + at
                )
            except (ValueError, RecursionError):
                break
            elements.append(element)
        name = match[1]
        if name == "items":
            return '"transcripts"' in text[: match.start()] and bool(elements)
        value = {name: elements, "text": ""} if name else elements
        if len(elements) > 1 and is_recording(value):
            return True
    return False
