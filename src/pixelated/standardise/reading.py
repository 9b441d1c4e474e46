"""One unit in, a step result out: files to rows, rows to candidates, candidates to records or quarantine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pixelated.core.source import Join, Mapping, Source
from pixelated.core.step import StepResult
from pixelated.standardise import cells, turns
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
Convert = Callable[[Candidate, Plan, Mapping], Draft]

SHAPES: dict[str, Convert] = {
    "messages": messages.convert,
    "utterances": utterances.convert,
    "pair": pair.convert,
    "preference": preference.convert,
    "convai": convai.convert,
    "text": text.convert,
    "segments": text.convert_segments,
    "chatml": text.convert_chatml,
    "transcript": text.convert_transcript,
    "diarised": text.convert_diarised,
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """A piece with its bytes and the start of the file that it is from."""

    piece: Piece
    sample: Sample
    data: bytes


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
            `edge_tags_refused`.

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
        _read(tally, source, Loaded(piece, sample, read_piece(path, piece)), joins)
    return tally.result()


def read_bytes(source: Source, name: str, data: bytes) -> StepResult:
    """Read one document that is in memory, as `read_unit` reads a file called `name`."""
    tally = Tally()
    _read(tally, source, Loaded(Piece(name, ""), Sample(name, data[:HEAD_BYTES], len(data)), data))
    return tally.result()


def _read(tally: Tally, source: Source, loaded: Loaded, joins: Sequence[tuple[Join, Path, str]] = ()) -> None:
    piece, sample = loaded.piece, loaded.sample
    known = recognise(sample)
    name = known if isinstance(known, str) else known.reason
    origin = Origin(source, piece.file, piece.sha256, name)
    tally.files[name] += not piece.start
    if not isinstance(known, str):
        tally.counts["raw_rows"] += known.raw_rows
        _refuse(tally, origin, [known])
        return
    parsed = _parse(tally, origin, loaded)
    if joins:
        parsed.rows, missed = join_rows(parsed.rows, joins)
        tally.counts["join_missed"] += missed
    if parsed.layout == "rows":
        fields = source.mapping.fields
        parsed.rows, broken = cells.read_rows(parsed.rows, fields, table=name in cells.TABLES)
        parsed.refused += broken
    _refuse(tally, origin, parsed.refused)
    lines = name == "jsonl"
    values = head_values(sample) if lines else [row.value for row in parsed.rows]
    identical = Identical(len(values) if lines and not sample.whole else None)
    if parsed.layout == "turns":
        _read_turns(tally, origin, parsed, identical)
    elif parsed.layout == "passages":
        for row in parsed.rows:
            _take(tally, origin, Candidate((row,)), identical, text.convert_passage)
    else:
        _read_rows(tally, origin, parsed, profile(values, source.mapping), identical)
    if identical.same and identical.count > 1 and not piece.start:
        tally.identical[piece.file] = identical.count


def _parse(tally: Tally, origin: Origin, loaded: Loaded) -> Parsed:
    """Read the rows; a whole file without any is one quarantined record, so that it does not vanish."""
    piece, part = loaded.piece, loaded.piece.start is not None
    mapping = origin.source.mapping
    named = mapping.fields.records
    as_text = _as_text(mapping)
    document = Document(piece.file, loaded.data, part, piece.first_row, piece.first_line, named, as_text)
    plain = as_text and origin.format in TRANSCRIPTS
    parsed = FORMATS.get("text" if plain else origin.format)().parse(document)
    tally.counts["raw_rows"] += parsed.raw_rows
    if parsed.fixed:
        tally.decoding[piece.file] = dict(parsed.fixed)
    if not parsed.rows and not parsed.refused and not part:
        parsed.refused.append(Refusal(0, "file", "no_rows", "the file has no rows", raw_rows=0))
    return parsed


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
    """Make the record of a candidate, or refuse it: one of the two happens for each."""
    tally.counts["candidates"] += 1
    try:
        draft = make(candidate)
        identical.see(draft, candidate.first.ordinal)
        turns.require_sides(draft, origin.source.mapping)
        tally.counts["edge_tags_refused"] += tally.builder.add(origin, candidate, draft)
    except RefusedError as error:
        first = candidate.first
        shown = _shown(candidate)
        refusal = Refusal(
            first.ordinal, first.locator, error.reason, error.detail, shown, len(candidate.rows)
        )
        tally.builder.refuse(origin, refusal)
        return
    tally.counts["merged_turns"] += sum(m.merged - 1 for m in draft.messages)
    tally.counts.update(draft.counts)


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
