"""JSON lines in a file of any name: one value per line, a bad line refused by itself."""

from __future__ import annotations

from collections.abc import Iterator

from pixelated.core.decoding import decode
from pixelated.standardise.formats import FORMATS
from pixelated.standardise.formats._json import InvalidJSONError, loads
from pixelated.standardise.rows import HEAD_BYTES, Document, Parsed, Refusal, Row, Sample

SUFFIXES = (".jsonl", ".ndjson", ".jsonlines")
_LOOK = 50  # lines that decide
_BLANK = b" \t\r\n"


@FORMATS.register("jsonl")
class JsonLines:
    """One JSON value per line; blank lines are skipped and not counted."""

    def sniff(self, sample: Sample) -> int:
        """Return 90 where at least half of the first lines are JSON objects or lists, 95 by the name."""
        if sample.decoded.text.lstrip()[:1] not in {"{", "["} and sample.suffix not in SUFFIXES:
            return 0
        lines = sample.lines[:_LOOK]
        good = sum(_is_value(line) for line in lines)
        if sample.suffix in SUFFIXES:
            document = bool(lines) and lines[0].lstrip()[:1] == "[" and (len(lines) == 1 or not good)
            pretty = bool(lines) and lines[0].strip() in {"[", "{"}
            return 40 if document or pretty else 95
        return 90 if len(lines) > 1 and good * 2 >= len(lines) else 0

    def parse(self, document: Document) -> Parsed:
        """Read each line by itself; `row` and line numbers continue those of the ranges before."""
        parsed = Parsed()
        ordinal = document.first_row
        for number, line in enumerate(_lines(document, parsed.fixed), document.first_line + 1):
            if line.isspace() or not line:
                continue
            locator = f"line {number}"
            parsed.raw_rows += 1
            try:
                parsed.rows.append(Row(ordinal, locator, loads(line)))
            except InvalidJSONError as error:
                text = decode(line).text
                parsed.refused.append(Refusal(ordinal, locator, "invalid_json", str(error), text))
            ordinal += 1
        return parsed


def splittable(sample: Sample) -> bool:
    """Say whether a range of the file can be read without the rest of it: ASCII-compatible UTF-8."""
    return sample.decoded.encoding == "utf-8"


def _is_value(line: str) -> bool:
    try:
        return isinstance(loads(line.encode("utf-8", "replace")), dict | list)
    except InvalidJSONError:
        return False


def _lines(document: Document, fixed: dict[str, int]) -> Iterator[bytes]:
    """Yield the lines as UTF-8; only in a UTF-8 file are they the bytes of the file."""
    data = document.data
    head = Sample(document.name, data[:HEAD_BYTES], len(data))
    if not document.part and not splittable(head):
        fixed.update(document.decoded.fixed)
        data = document.decoded.text.encode("utf-8")
    elif data.startswith(b"\xef\xbb\xbf") and document.first_line == 0:
        data = data[3:]
        fixed["bom"] = 1
    start = 0
    while start < len(data):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        yield _utf8(data[start:end].strip(_BLANK), fixed)
        start = end + 1


def _utf8(line: bytes, fixed: dict[str, int]) -> bytes:
    """Return a line as UTF-8; what had to be put right is counted."""
    if line.isascii():
        return line
    try:
        line.decode()
    except UnicodeDecodeError:
        found = decode(line)
        for what, count in found.fixed.items():
            fixed[what] = fixed.get(what, 0) + count
        return found.text.encode("utf-8")
    return line
