"""One JSON document: a list of records, lists of records inside objects, or a single record.

Lists are flattened in document order. An object that is itself a record is one row; an object whose
values are records gives one row per value. A document without either is one row, which the shapes then
refuse. An invalid document is refused whole: half of it would be a guess.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pixelated.standardise.fields import get, has
from pixelated.standardise.formats import FORMATS
from pixelated.standardise.formats._json import InvalidJSONError, loads, loads_many
from pixelated.standardise.formats.json_lines import SUFFIXES as LINES_SUFFIXES
from pixelated.standardise.formats.json_lines import JsonLines
from pixelated.standardise.rows import Document, Parsed, Refusal, RefusedError, Row, Sample
from pixelated.standardise.shapes.recognise import is_record, is_segments, is_turn_list

SUFFIXES = (".json", ".geojson")
_STARTS = frozenset('"{[]}-0123456789tfn')
_OTHER_DATA = (".csv", ".tsv", ".tab")


@FORMATS.register("json")
class JsonDocument:
    """One JSON value per file."""

    def sniff(self, sample: Sample) -> int:
        """Return 85 by the name, 80 for text that starts like a JSON object or list."""
        if sample.suffix in SUFFIXES:
            return 85
        start = sample.decoded.text.lstrip()[:4096]
        after = start[1:].lstrip()[:1]
        if sample.suffix in _OTHER_DATA or start[:1] not in {"{", "["} or after not in _STARTS:
            return 0
        if sample.suffix in LINES_SUFFIXES or start[0] == "{" or after in {"{", "[", '"'}:
            return 80
        return 80 if _reads(sample) else 0

    def parse(self, document: Document) -> Parsed:
        """Read the document and find its records; try JSON lines where it is more than one value."""
        try:
            value = loads(document.data)
        except InvalidJSONError as error:
            return _not_one_value(document, str(error))
        parsed = Parsed()
        try:
            found = list(records(value, document.records))
        except RefusedError as refused:
            text = document.decoded.text
            parsed.refused.append(Refusal(0, "file", refused.reason, refused.detail, text))
            parsed.raw_rows = 1
            return parsed
        for at, item in found:
            parsed.rows.append(Row(parsed.raw_rows, at, item))
            parsed.raw_rows += 1
        return parsed


def records(value: Any, path: str | None = None) -> Iterator[tuple[str, Any]]:
    """Yield (place, record) over a JSON value, in document order.

    Args:
        value: the document.
        path: dotted path of the list of records, where the registry names it.

    Raises:
        RefusedError: `field_missing`, the document has nothing at `path`.
    """
    if path is not None:
        if not isinstance(value, dict) or not has(value, path):
            raise RefusedError("field_missing", f"the document has no {path!r}: check fields.records")
        at = "/" + path.replace(".", "/")
        inner = get(value, path)
        items = inner if isinstance(inner, list) else [inner]
        yield from ((f"{at}/{i}", item) for i, item in enumerate(items))
        return
    found = False
    for item in _walk(value, ""):
        found = True
        yield item
    if not found and not (isinstance(value, list) and not value):
        yield "/", value


def _walk(value: Any, at: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list):
        if is_turn_list(value) or is_segments(value):
            yield at or "/", value
        else:
            yield from ((f"{at}/{i}", item) for i, item in enumerate(value))
    elif isinstance(value, dict):
        if is_record(value):
            yield at or "/", value
        else:
            for key, inner in value.items():
                if _holds_objects(inner):
                    yield from _walk(inner, f"{at}/{key.replace('~', '~0').replace('/', '~1')}")


def _holds_objects(value: Any) -> bool:
    if isinstance(value, list):
        return any(isinstance(v, dict | list) for v in value)
    return isinstance(value, dict) and (is_record(value) or any(_holds_objects(v) for v in value.values()))


def _not_one_value(document: Document, detail: str) -> Parsed:
    lines = JsonLines().parse(document)
    good = sum(isinstance(row.value, dict | list) for row in lines.rows)
    if good > 1 and good * 2 >= lines.raw_rows:
        return lines
    parsed = Parsed()
    try:
        values = loads_many(document.decoded.text)
    except InvalidJSONError:
        parsed.refused.append(Refusal(0, "file", "invalid_json", detail, document.decoded.text))
        parsed.raw_rows = 1
        return parsed
    for number, value in enumerate(values):
        parsed.rows.append(Row(number, f"value {number + 1}", value))
        parsed.raw_rows += 1
    return parsed


def _reads(sample: Sample) -> bool:
    try:
        loads(sample.head)
    except InvalidJSONError:
        return False
    return True
