"""What passes between the parts of this area: a document, its raw rows, what is refused, a draft record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from pixelated.core.decoding import Decoded, decode

HEAD_BYTES = 1 << 20  # what every decision about a whole file may look at, whatever the size of a part

Layout = Literal["rows", "turns", "text", "cues", "passages"]


class RefusedError(Exception):
    """Raised inside this area by a row that cannot be mapped with certainty; becomes a quarantined record.

    Attributes:
        reason: a code, such as "roles_unknown".
        detail: one line for a person that names fields and counts, never content.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


@dataclass(frozen=True)
class Sample:
    """The start of a file, for a format's `sniff`.

    Attributes:
        name: path of the file relative to the source's root.
        head: its first bytes, at most `HEAD_BYTES`.
        size: bytes of the whole file.
    """

    name: str
    head: bytes
    size: int

    @property
    def suffix(self) -> str:
        """The lower-case extension with its dot, or an empty string."""
        base = self.name.rsplit("/", 1)[-1].lower()
        return "." + base.rsplit(".", 1)[1] if "." in base else ""

    @property
    def whole(self) -> bool:
        """Whether `head` is the whole file."""
        return len(self.head) >= self.size

    @cached_property
    def decoded(self) -> Decoded:
        """The head as text, cut at its last line end where the file goes on."""
        head = self.head
        if not self.whole and b"\n" in head:
            head = head[: head.rindex(b"\n") + 1]
        return decode(head)

    @cached_property
    def lines(self) -> list[str]:
        """The first 400 lines of the head that are not blank, the line ends removed."""
        found = []
        for line in self.decoded.text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
            if line.strip():
                found.append(line)
            if len(found) == _LINES:
                break
        return found


_LINES = 400


@dataclass(frozen=True)
class Document:
    """The bytes that a format parses: a whole file, or a range of one that ends at a line end.

    Attributes:
        name: path of the file relative to the source's root.
        data: the bytes.
        part: whether `data` is a range of a bigger file (JSON lines only).
        first_row: ordinal in the file of the first row in `data`.
        first_line: number of lines in the file before `data`.
        records: path of the list of records in a JSON document, where the registry names it.
        as_text: the source is text for continued pretraining, whatever its documents look like.
    """

    name: str
    data: bytes
    part: bool = False
    first_row: int = 0
    first_line: int = 0
    records: str | None = None
    as_text: bool = False

    @cached_property
    def decoded(self) -> Decoded:
        """The bytes as text; every byte is kept and nothing raises."""
        return decode(self.data)


@dataclass(frozen=True, slots=True)
class Row:
    """One raw row of a file.

    Attributes:
        ordinal: 0-based number over the whole file, blank lines and headers not counted.
        locator: the same place for a person: "row 12", "line 13", "/train/0".
        value: what the row holds: usually a dictionary of fields.
    """

    ordinal: int
    locator: str
    value: Any


@dataclass(frozen=True, slots=True)
class Refusal:
    """A raw row, a dialogue or a whole file that goes to quarantine."""

    row: int
    locator: str
    reason: str
    detail: str
    text: str = ""
    raw_rows: int = 1


@dataclass(slots=True)
class Parsed:
    """What a format read.

    Attributes:
        rows: raw rows in document order. In layout "turns" each value is a `Said`, in "cues" a `Cue`.
        refused: rows that could not be read.
        raw_rows: number of raw rows seen, counted while reading and not from the two lists.
        layout: "rows" (one value per row), "turns" (one dialogue per `group`), "text" (one text),
            "cues" (one recording), "passages" (one text record per row, whose "text" it is; all of them in
            the file's group).
        groups: in layout "turns", the number of rows of each dialogue, in order.
        text: in layout "turns", the document as it was written.
        preamble: in layout "turns", what stands before the first speaker.
        fixed: what decoding put right.
        about: in layout "cues", what the file says about the recording (its language ...).
    """

    rows: list[Row] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    raw_rows: int = 0
    layout: Layout = "rows"
    groups: list[int] = field(default_factory=list)
    text: str = ""
    preamble: str = ""
    fixed: dict[str, int] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Cue:
    """A caption of a subtitle file or a segment of a speech recogniser.

    Attributes:
        lines: (speaker, text) of each line; the speaker is None where the file names none for it.
        start: seconds, or None.
        end: seconds, or None.
        raw_rows: rows of the file behind it.
        dropped: what was taken out of it already, by reason.
    """

    lines: list[tuple[str | None, str]]
    start: float | None = None
    end: float | None = None
    raw_rows: int = 1
    dropped: dict[str, int] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The lines without their speakers."""
        return "\n".join(text for _, text in self.lines)


@dataclass(frozen=True, slots=True)
class Bad:
    """A cue that can't be read, and why (fields and times, never content)."""

    detail: str
    text: str = ""
    raw_rows: int = 1


@dataclass(frozen=True, slots=True)
class Span:
    """Where in a text record the words of a cue begin, and what is known of them.

    Attributes:
        at: offset of the first character.
        row: which of the candidate's rows the words are from.
        speaker: who says them, or None.
        start: seconds, or None.
        end: seconds, or None.
        dropped: what was taken out since the span before, by reason.
    """

    at: int
    row: int
    speaker: str | None = None
    start: float | None = None
    end: float | None = None
    dropped: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Said:
    """One turn as the source wrote it, before its role is known."""

    speaker: Any
    text: Any
    start: float | None = None
    end: float | None = None
    raw_rows: int = 1
    labels: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Message:
    """One message of a record and the turns it was made of."""

    role: str
    content: str
    speaker: str | None = None
    start: float | None = None
    end: float | None = None
    merged: int = 1
    raw_rows: int = 1


@dataclass(slots=True)
class Draft:
    """A record before it gets its identity, its group and its provenance.

    Attributes:
        kind: "dialogue", "preference" or "text".
        messages: the dialogue, the prompt of a preference, or one assistant message.
        chosen: the preferred answer (preference only).
        rejected: the other answer (preference only).
        fields: the row's fields, for group, tags and edge-case marks.
        used: names of the fields that went into a column.
        extra: more entries for `source_metadata`.
        counts: what happened on the way ("blank_turns", "skipped_turns").
        single: the record is one exchange, so that records with the same prompt belong together.
        spans: of a text made of cues, where each of them lies in it, in order.
        whole: of a chunk, the hash of the text that it was cut from.
        opening: of a chunk, how the text begins that it was cut from.
        of_file: the record is a passage of its file, so that the file's records belong together.
    """

    kind: str
    messages: list[Message]
    chosen: list[Message] | None = None
    rejected: list[Message] | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    extra: dict[str, Any] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    single: bool = False
    spans: list[Span] = field(default_factory=list)
    whole: str = ""
    opening: str = ""
    of_file: bool = False

    @property
    def content(self) -> str:
        """All text of the record: what its identity and its comparison with others rest on."""
        groups = (self.messages, self.chosen or [], self.rejected or [])
        return "\x1d".join("\x1e".join(f"{m.role}\x1f{m.content}" for m in g) for g in groups)


@dataclass(frozen=True, slots=True)
class Candidate:
    """The raw rows that should become one record.

    Attributes:
        rows: the rows.
        counted: raw rows that it answers for, where a row is shared with other records.
    """

    rows: tuple[Row, ...]
    counted: int | None = None

    @property
    def raw_rows(self) -> int:
        """The number of raw rows."""
        return rows_behind(self.rows) if self.counted is None else self.counted

    @property
    def first(self) -> Row:
        """The first of the rows in document order."""
        return self.rows[0]


def rows_behind(rows: Iterable[Row]) -> int:
    """Return the number of rows of the file that rows stand for: a cue may be made of several."""
    return sum(row.value.raw_rows if isinstance(row.value, Cue) else 1 for row in rows)
