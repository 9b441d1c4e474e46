"""One text: for continued pretraining as it is, or a dialogue written out in it."""

from __future__ import annotations

from typing import Any

from pixelated.core.source import Mapping
from pixelated.standardise import turns
from pixelated.standardise.dialogue_text import START, bold_mark, chatml_blocks, marked, spoken_by_known
from pixelated.standardise.rows import Candidate, Draft, Message, RefusedError, Said
from pixelated.standardise.shapes.pair import joined
from pixelated.standardise.shapes.plan import Plan


def convert(candidate: Candidate, plan: Plan, mapping: Mapping) -> Draft:  # noqa: ARG001 - shapes share a signature
    """Make a text record: one assistant message."""
    row, text, used = _text(candidate.first.value, plan)
    if not text.strip():
        raise RefusedError("empty_content", "the text is empty")
    return as_text_record(text, row, used)


def as_text_record(text: str, row: dict[str, Any], used: set[str]) -> Draft:
    """Return the draft of a text record."""
    return Draft("text", [Message("assistant", text)], fields=row, used=used)


def convert_passage(candidate: Candidate) -> Draft:
    """Make a text record of a passage of a document; it is never taken for anything else."""
    row: dict[str, Any] = candidate.first.value
    draft = as_text_record(row["text"], row, {"text"})
    draft.of_file = True
    return draft


def convert_chatml(candidate: Candidate, plan: Plan, mapping: Mapping) -> Draft:
    """Make a dialogue of the ChatML blocks in a text.

    Raises:
        RefusedError: `bad_chatml`, a block is not ended or text stands outside the blocks.
    """
    row, text, used = _text(candidate.first.value, plan)
    blocks = chatml_blocks(text)
    stray = text.partition(START)[0].strip()
    if not blocks or stray or not all(b.ended for b in blocks):
        raise RefusedError("bad_chatml", "a block is not ended, or text stands outside the blocks")
    return _dialogue([Said(b.role or None, b.text) for b in blocks], row, used, mapping)


def convert_transcript(candidate: Candidate, plan: Plan, mapping: Mapping) -> Draft:
    """Make a dialogue of a text of `Name: text` lines, all of whose names have a role."""
    row, text, used = _text(candidate.first.value, plan)
    spoken = spoken_by_known(text, mapping.roles)
    if spoken is None:
        raise RefusedError(
            "roles_unknown", "the text does not start with a known speaker, or has one side only"
        )
    return _dialogue(spoken.turns, row, used, mapping)


def convert_diarised(candidate: Candidate, plan: Plan, mapping: Mapping) -> Draft:
    """Make a dialogue of a text of `**Name:** text` paragraphs."""
    row, text, used = _text(candidate.first.value, plan)
    spoken = marked(text, bold_mark)
    if not spoken.turns or spoken.preamble:
        raise RefusedError("roles_unknown", "the text does not start with a speaker in bold")
    return _dialogue(spoken.turns, row, used, mapping)


def _text(value: Any, plan: Plan) -> tuple[dict[str, Any], str, set[str]]:
    if isinstance(value, dict):
        paths = plan.fields.text
        return value, joined(value, paths), set(paths)
    return {}, turns.as_text(value), set()


def _dialogue(said: list[Said], row: dict[str, Any], used: set[str], mapping: Mapping) -> Draft:
    draft = turns.build(said, mapping)
    draft.fields, draft.used = row, used
    return draft
