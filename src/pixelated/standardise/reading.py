"""One unit in, a step result out: files to rows, rows to candidates, candidates to records or quarantine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from pixelated.core.archives import ArchiveRefusedError
from pixelated.core.source import Fields, Join, Mapping, Source
from pixelated.core.step import StepResult
from pixelated.standardise import cells, cutting, speech, turns
from pixelated.standardise.containers import Boxed, is_container, open_box, whole_refusal
from pixelated.standardise.files import locate
from pixelated.standardise.formats import FORMATS, recognise
from pixelated.standardise.joins import join_rows
from pixelated.standardise.profile import Profile, head_values, profile
from pixelated.standardise.records import Builder, Origin
from pixelated.standardise.rows import (
    HEAD_BYTES,
    Candidate,
    Document,
    Draft,
    Parsed,
    Refusal,
    RefusedError,
    Sample,
)
from pixelated.standardise.shapes import convai, messages, pair, preference, text, utterances
from pixelated.standardise.shapes.plan import Plan, plan_row
from pixelated.standardise.units import Piece, Unit, read_piece, read_sample

TRANSCRIPTS = ("diarised", "transcript", "chatml")  # text files that can be read as plain text
Joins = Sequence[tuple[Join, Path, str]]
Convert = Callable[[Candidate, Plan, Mapping], Draft]

SHAPES: dict[str, Convert] = {
    "messages": messages.convert,
    "utterances": utterances.convert,
    "pair": pair.convert,
    "preference": preference.convert,
    "convai": convai.convert,
    "text": text.convert,
    "segments": speech.convert_row,
    "chatml": text.convert_chatml,
    "transcript": text.convert_transcript,
    "diarised": text.convert_diarised,
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """A piece with its bytes and the start of the file that it is from; or a member of a container.

    Attributes:
        piece: the file, or the range of it.
        sample: the start of the file, or of the member.
        data: the bytes of the piece, or of the member.
        boxed: the member.
        first_row: rows of the members before it.
    """

    piece: Piece
    sample: Sample
    data: bytes
    boxed: Boxed | None = None
    first_row: int = 0


@dataclass(slots=True)
class Tally:
    """What is measured over a unit; numbers add up over units."""

    builder: Builder = field(default_factory=Builder)
    counts: Counter[str] = field(default_factory=Counter)
    files: Counter[str] = field(default_factory=Counter)
    identical: dict[str, int] = field(default_factory=dict)
    decoding: dict[str, dict[str, int]] = field(default_factory=dict)

    def result(self) -> StepResult:
        """Return the step's result."""
        kept, quarantined = self.builder.tables()
        measured: dict[str, Any] = {
            "raw_rows": 0,
            "candidates": 0,
            "merged_turns": 0,
            **self.counts,
            "files": dict(sorted(self.files.items())),
            "flags": {"identical_records": self.identical} if self.identical else {},
            "decoding": self.decoding,
        }
        return StepResult(kept, quarantined=quarantined, measured=measured)


@dataclass(slots=True)
class Identical:
    """Whether all records of the first MiB of a file are one and the same."""

    limit: int | None  # rows looked at; None for all
    first: str | None = None
    count: int = 0
    same: bool = True

    def see(self, draft: Draft, row: int) -> None:
        """Compare a record with the first."""
        if not self.same or (self.limit is not None and row >= self.limit):
            return
        content = draft.content
        self.first = content if self.first is None else self.first
        self.same = content == self.first
        self.count += 1


def read_unit(source: Source, corpora: Path, unit: Unit) -> StepResult:
    """Read the pieces of a unit.

    Returns:
        StepResult: `kept` follows schema.BASE, `quarantined` schema.QUARANTINE. `measured` holds `raw_rows`,
            `candidates` (records seen, counted before any is made), `merged_turns`, `files` by format,
            `flags` (`identical_records`: file -> number of records), `decoding` (file -> what was put
            right), and where they occur `blank_turns`, `skipped_turns`, `repeated_rows`, `join_missed`,
            `edge_tags_refused`, `skipped_members` (of archives: README, hidden files and the like).

    Raises:
        IncompleteError: a file is gone.
        UsageError: a path leads out of the source.
    """
    tally = Tally()
    hashes = dict(unit.joined)
    joins = [(j, locate(source, corpora, j.file), hashes[j.file]) for j in source.mapping.joins]
    for piece in unit.pieces:
        path = locate(source, corpora, piece.file)
        sample = read_sample(path, piece.file)
        if is_container(sample):
            with path.open("rb") as file:
                _read_box(tally, source, Loaded(piece, sample, b""), file, joins)
        else:
            _read(tally, source, Loaded(piece, sample, read_piece(path, piece)), joins)
    return tally.result()


def read_bytes(source: Source, name: str, data: bytes) -> StepResult:
    """Read one document that is in memory, as `read_unit` reads a file called `name`."""
    tally = Tally()
    piece, sample = Piece(name, ""), Sample(name, data[:HEAD_BYTES], len(data))
    if is_container(sample):
        _read_box(tally, source, Loaded(piece, sample, b""), BytesIO(data))
    else:
        _read(tally, source, Loaded(piece, sample, data))
    return tally.result()


def read_lines(origin: Origin, documents: Iterable[Document], found: Profile) -> StepResult:
    """Read ranges of one JSON-lines file whose rows are records by themselves, and whose profile is known."""
    tally, parsed = Tally(), Parsed()
    for document in documents:
        some = FORMATS.get("jsonl")().parse(document)
        parsed.rows += some.rows
        parsed.refused += some.refused
        parsed.raw_rows += some.raw_rows
        for what, count in some.fixed.items():
            parsed.fixed[what] = parsed.fixed.get(what, 0) + count
    tally.counts["raw_rows"] += parsed.raw_rows
    if parsed.fixed:
        tally.decoding[origin.name] = parsed.fixed
    parsed.rows, broken = cells.read_rows(parsed.rows, origin.source.mapping.fields, table=False)
    _refuse(tally, origin, [*parsed.refused, *broken])
    _read_rows(tally, origin, parsed, found, Identical(0))
    return tally.result()


def _read_box(tally: Tally, source: Source, outer: Loaded, file: BinaryIO, joins: Joins = ()) -> None:
    """Read the files of a container, one after the other; their rows are numbered on."""
    origin = Origin(source, outer.piece.file, outer.piece.sha256, "")
    try:
        box = open_box(file, outer.sample)
    except ArchiveRefusedError as error:
        _refuse_file(tally, origin, whole_refusal(error))
        return
    with box:
        tally.counts["skipped_members"] += box.skipped
        if not box.files:
            nothing = Refusal(0, "file", "no_rows", "the archive holds no data", raw_rows=0)
            _refuse_file(tally, origin, nothing)
        row = 0
        for boxed in box.files:
            data = box.read(boxed)
            head = Sample(boxed.name, data[:HEAD_BYTES], boxed.size)
            row += _read(tally, source, Loaded(outer.piece, head, data, boxed, row), joins)


def _refuse_file(tally: Tally, origin: Origin, refusal: Refusal) -> None:
    tally.files[refusal.reason] += 1
    tally.counts["raw_rows"] += refusal.raw_rows
    _refuse(tally, origin, [refusal])


def _read(tally: Tally, source: Source, loaded: Loaded, joins: Joins = ()) -> int:
    """Read a piece, or a member of a container; return how many row numbers it takes, at least one."""
    piece, sample, boxed = loaded.piece, loaded.sample, loaded.boxed
    known = (boxed.refusal if boxed else None) or recognise(sample)
    origin = Origin(source, piece.file, piece.sha256, "", boxed.path if boxed else "", loaded.first_row)
    if not isinstance(known, str):
        _refuse_file(tally, origin, known)
        return 1
    origin = replace(origin, format=known + (boxed.packing if boxed else ""))
    tally.files[origin.format] += not piece.start
    parsed = _parse(tally, origin, loaded, known)
    last = max([0, *(r.ordinal for r in parsed.rows), *(r.row for r in parsed.refused)])
    if joins:
        parsed.rows, missed = join_rows(parsed.rows, joins)
        tally.counts["join_missed"] += missed
    if parsed.layout == "rows":
        fields = source.mapping.fields
        parsed.rows, broken = cells.read_rows(parsed.rows, fields, table=known in cells.TABLES)
        parsed.refused += broken
    _refuse(tally, origin, parsed.refused)
    lines = known == "jsonl"
    values = head_values(sample) if lines else [row.value for row in parsed.rows]
    identical = Identical(len(values) if lines and not sample.whole else None)
    if parsed.layout == "turns":
        _read_turns(tally, origin, parsed, identical)
    elif parsed.layout == "cues":
        _read_cues(tally, origin, parsed, identical)
    elif parsed.layout == "passages":
        for row in parsed.rows:
            _take(tally, origin, Candidate((row,)), identical, text.convert_passage)
    else:
        _read_rows(tally, origin, parsed, profile(values, source.mapping), identical)
    if identical.same and identical.count > 1 and not piece.start:
        tally.identical[origin.name] = identical.count
    return max(last + 1, parsed.raw_rows)


def _parse(tally: Tally, origin: Origin, loaded: Loaded, name: str) -> Parsed:
    """Read the rows; a whole file without any is one quarantined record, so that it does not vanish."""
    piece, part = loaded.piece, loaded.piece.start is not None
    mapping = origin.source.mapping
    named = mapping.fields.records
    document = Document(
        loaded.sample.name, loaded.data, part, piece.first_row, piece.first_line, named, _as_text(mapping)
    )
    parsed = FORMATS.get(_reader(name, mapping))().parse(document)
    tally.counts["raw_rows"] += parsed.raw_rows
    if parsed.fixed:
        tally.decoding[origin.name] = dict(parsed.fixed)
    if not parsed.rows and not parsed.refused and not part:
        parsed.refused.append(Refusal(0, "file", "no_rows", "the file has no rows", raw_rows=0))
    return parsed


def _reader(name: str, mapping: Mapping) -> str:
    """Return the format that reads a file as the source wants it."""
    if _as_text(mapping) and name in TRANSCRIPTS:
        return "text"
    described = mapping.shape not in {"auto", "text"} or mapping.fields != Fields()
    return "json" if name == "recogniser" and described else name


def _as_text(mapping: Mapping) -> bool:
    return mapping.kind == "text" or mapping.shape == "text"


def _refuse(tally: Tally, origin: Origin, refusals: Iterable[Refusal]) -> None:
    for refusal in refusals:
        tally.counts["candidates"] += 1
        tally.builder.refuse(origin, refusal)


def _read_rows(tally: Tally, origin: Origin, parsed: Parsed, found: Profile, identical: Identical) -> None:
    """Make a record of each row, or of each dialogue of an utterance table."""
    mapping = origin.source.mapping
    gaps: set[int] = set()
    if found.table is not None:
        candidates, refused = utterances.group(parsed.rows, found.table)
        _refuse(tally, origin, refused)
        gaps = utterances.beside([r.row for r in (*parsed.refused, *refused)], parsed.rows)
    else:
        candidates = [Candidate((row,)) for row in parsed.rows]
    as_text = parsed.text.strip() if parsed.layout == "text" and _as_text(mapping) else None
    # One row after the other: foreign shapes differ from row to row, so there is no column to work on.
    for candidate in candidates:
        _take(tally, origin, candidate, identical, lambda c: _convert(c, mapping, found, gaps, as_text))


def _convert(
    candidate: Candidate, mapping: Mapping, found: Profile, gaps: set[int], as_text: str | None
) -> Draft:
    if as_text is not None:
        return text.as_text_record(as_text, {}, set())
    if gaps and any(row.ordinal in gaps for row in candidate.rows):
        raise RefusedError("incomplete_dialogue", "a row next to this dialogue's rows can't be read")
    plan = found.table or plan_row(candidate.first.value, mapping)
    found.refuse_labels(plan)
    draft = SHAPES[plan.shape](candidate, plan, mapping)
    if mapping.kind == "text" and draft.kind == "dialogue":
        return text.as_text_record("\n\n".join(m.content for m in draft.messages), draft.fields, draft.used)
    return draft


def _read_turns(tally: Tally, origin: Origin, parsed: Parsed, identical: Identical) -> None:
    """Make one record of each dialogue of a transcript file."""
    start = 0
    for size in parsed.groups:
        candidate = Candidate(tuple(parsed.rows[start : start + size]))
        start += size
        _take(tally, origin, candidate, identical, lambda c: _spoken(c, parsed, origin.source.mapping))


def _read_cues(tally: Tally, origin: Origin, parsed: Parsed, identical: Identical) -> None:
    """Make one record of a recording, or the chunks of its text."""
    if not parsed.rows:
        return
    about, mapping = parsed.about, origin.source.mapping
    if parsed.refused:
        about = {**about, "bad_cues": len(parsed.refused)}
    candidate = Candidate(tuple(parsed.rows))
    _take(tally, origin, candidate, identical, lambda c: speech.convert(c, about, mapping))


def _spoken(candidate: Candidate, parsed: Parsed, mapping: Mapping) -> Draft:
    draft = turns.build([row.value for row in candidate.rows], mapping)
    if parsed.preamble:
        draft.extra["preamble"] = parsed.preamble
    return draft


def _take(
    tally: Tally,
    origin: Origin,
    candidate: Candidate,
    identical: Identical,
    make: Callable[[Candidate], Draft],
) -> None:
    """Make the record of a candidate or the chunks of its text, or refuse it: one of these happens."""
    tally.counts["candidates"] += 1
    try:
        draft = make(candidate)
        identical.see(draft, candidate.first.ordinal)
        turns.require_sides(draft, origin.source.mapping)
        found = cutting.records_of(candidate, draft)
    except RefusedError as error:
        _refuse_candidate(tally, origin, candidate, error, _shown(candidate))
        return
    tally.counts["candidates"] += len(found) - 1
    for one, record in found:
        _keep(tally, origin, one, record)


def _keep(tally: Tally, origin: Origin, candidate: Candidate, draft: Draft) -> None:
    """Add one record, or refuse it where its group or its metadata can't be made."""
    try:
        tally.counts["edge_tags_refused"] += tally.builder.add(origin, candidate, draft)
    except RefusedError as error:
        shown = draft.messages[0].content if draft.whole else _shown(candidate)
        _refuse_candidate(tally, origin, candidate, error, shown)
        return
    tally.counts["merged_turns"] += sum(m.merged - 1 for m in draft.messages)
    tally.counts.update(draft.counts)


def _refuse_candidate(
    tally: Tally, origin: Origin, candidate: Candidate, error: RefusedError, shown: str
) -> None:
    first = candidate.first
    refusal = Refusal(first.ordinal, first.locator, error.reason, error.detail, shown, candidate.raw_rows)
    tally.builder.refuse(origin, refusal)


def _shown(candidate: Candidate) -> str:
    """Return the refused input for the private quarantine file."""
    parts = []
    length = 0
    for row in candidate.rows:
        value = row.value
        part = value if isinstance(value, str) else getattr(value, "text", None) or repr(value)
        parts.append(str(part))
        length += len(parts[-1])
        if length > 100_000:  # noqa: PLR2004 - the quarantine file keeps no more
            break
    return "\n".join(parts)
