"""The unit that may never be split: what the registry names, else a column that usually marks it.

The values are hashed, so that no name and no address shows in a group's key.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pixelated.core.hashing import fold, short_hash
from pixelated.core.source import Source
from pixelated.standardise.fields import get, normal, words
from pixelated.standardise.rows import Draft, RefusedError

FILE, PROMPT = "@file", "@prompt"

# The wider unit comes first: a video holds sessions, a client has several, a question many answers.
SNIFFED = words(
    "video_url video_id youtube_id episode_id patient_id client_id user_id author_id author session_id "
    "interview_id transcript_id question_id question_uuid post_id thread_id submission_id conversation_id "
    "conversation_hash conv_id dialogue_id dialog_id chat_id"
)
_MISSING = frozenset({"", "n/a", "na", "none", "null", "nan", "[deleted]", "unknown", "anonymous"})


def group_key(source: Source, row: Mapping[str, Any], draft: Draft, file: str, record_id: str) -> str:
    """Return the group of a record.

    `source.group_by` names fields; "@file" is the file and "@prompt" the text of the first message. Without
    it a usual column decides (video, client, author, session, question ...), then the prompt of a single
    exchange, since answers to one question belong together, then the record is a group of its own. The
    chunks of one text and the passages of one document are one group in any case.

    Raises:
        RefusedError: `group_missing`, the row lacks the value of a field in `group_by`.
    """
    if source.group_by:
        values = [_named(name, row, draft, file) for name in source.group_by]
        return _key(source.id, values)
    if draft.of_file:
        return _key(source.id, [file])
    sniffed = _sniffed(row)
    if sniffed is not None:
        return _key(source.id, [sniffed])
    if draft.whole:
        return _key(source.id, ["@chunks", file, draft.whole])
    return _key(source.id, [PROMPT, _prompt(draft)] if draft.single else [record_id])


def _named(name: str, row: Mapping[str, Any], draft: Draft, file: str) -> Any:
    if name == FILE:
        return file
    if name == PROMPT:
        return _prompt(draft)
    value = get(row, name)
    if value is None or value == "":
        raise RefusedError("group_missing", f"the row has no {name!r}, which group_by of the source names")
    return value


def _prompt(draft: Draft) -> str:
    first = next((m for m in draft.messages if m.role != "system"), draft.messages[0])
    return fold(draft.opening or first.content).casefold()


def _sniffed(row: Mapping[str, Any]) -> str | None:
    for name in _columns(tuple(row)):
        value = row[name]
        if isinstance(value, str | int) and str(value).strip().lower() not in _MISSING:
            return f"{normal(name)}={value}"
    return None


@lru_cache(maxsize=1000)  # a source's rows have a handful of key sets
def _columns(names: tuple[str, ...]) -> tuple[str, ...]:
    forms = {normal(name): name for name in names}
    return tuple(forms[wanted] for wanted in SNIFFED if wanted in forms)


def _key(source: str, values: list[Any]) -> str:
    return f"{source}:{short_hash(*map(str, values))[:16]}"
