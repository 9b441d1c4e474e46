"""Which fields of a row hold what, told from their names and the types of their values.

Names are compared in one form (`questionText` = `question_text`). Only what is certain is named: two
fields that could both be the reply are an ambiguity, which the caller refuses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pixelated.core.source import Fields
from pixelated.standardise.fields import normal, tokens, words
from pixelated.standardise.roles import known_role
from pixelated.standardise.rows import RefusedError

# Names of a list of turns in a record, the surest first.
TURN_LISTS = words(
    "messages conversations conversation dialog dialogue dialogs dialogues utterances turns chat thread "
    "exchanges chat_history message_list transcript session log lines"
)
TURN_TEXT = words("content text value utterance message utterance_text body msg speech line sentence parts")
TURN_ROLE = words("role from speaker speaker_role author sender interlocutor who participant name side")

_ACT_PROMPT = frozenset({"prompt", "question", "query", "instruction"})
_ACT_REPLY = frozenset({"response", "answer", "completion", "reply", "output"})
_WHO_PROMPT = frozenset({"user", "human", "client", "patient", "seeker", "usr"})
_WHO_REPLY = frozenset(
    words(
        "assistant bot chatbot therapist counselor counsellor supporter doctor gpt ai psychologist clinician"
    )
)
_BARE_PROMPT = frozenset({"context", "input"})
_WORDS_OF_TEXT = frozenset(words("text post message utterance body content turn input statement"))

TEXTS = words(
    "text content body selftext self_text full_text document passage article transcript story essay post "
    "post_text raw_text tweet abstract chapter paragraph"
)
MESSAGES = "messages"
SYSTEMS = words("system system_prompt system_message")
CHOSEN = words("chosen chosen_response response_chosen preferred preferred_response")
REJECTED = words("rejected rejected_response response_rejected dispreferred dispreferred_response")

_DIALOGUE = frozenset(words("conversation conv dialogue dialog session transcript chat thread interview"))
_KEY = frozenset(words("id idx index no number num key uuid"))
SPEAKERS = words(
    "role speaker_role interlocutor speaker speaker_type speaker_name speaker_id speaker_idx from sender "
    "author_role participant talker who author"
)
# Names that say "this row is one utterance", whoever speaks.
SPEAKERS_BY_NAME = words("role speaker_role interlocutor speaker speaker_name speaker_id speaker_idx")
UTTERANCES = words(
    "utterance_text utterance text sentence message content value line speech turn_text msg body"
)
ORDERS = words(
    "utterance_id utterance_idx utterance_index utterance_no utterance_number turn turn_id turn_idx "
    "turn_index turn_number turn_no utt_id utt_idx message_index message_idx sequence seq position order "
    "line_number line_no sr_no"
)
PARENTS = words("parent_id parent parent_message_id reply_to reply_to_id in_reply_to")
STARTS = words("timestamp start start_time start_timestamp begin")
ENDS = words("end end_time stop stop_time end_timestamp")


@lru_cache(maxsize=10_000)
def side(name: str) -> str | None:
    """Return "prompt", "title" (of a prompt) or "response" for a field's name, or None.

    What was done ("question", "answer") counts before who did it ("patient", "doctor"); where the two
    disagree ("user_response") the name tells nothing.
    """
    parts = {w.removesuffix("s") if len(w) > 3 else w for w in tokens(name)}  # noqa: PLR2004 - not "us"
    act = {s for s, known in (("prompt", _ACT_PROMPT), ("response", _ACT_REPLY)) if parts & known}
    who = {s for s, known in (("prompt", _WHO_PROMPT), ("response", _WHO_REPLY)) if parts & known}
    if not act and not who:
        bare = len(parts) == 1 and bool(parts & _BARE_PROMPT)
        return "prompt" if bare or parts == {"input", "text"} else None
    if len(act) > 1 or len(who) > 1 or (act and who and act != who):
        return None
    found = (act or who).pop()
    rest = parts - _ACT_PROMPT - _ACT_REPLY - _WHO_PROMPT - _WHO_REPLY - _WORDS_OF_TEXT
    if rest == {"title"} and found == "prompt":
        return "title"
    return None if any(len(w) > 1 and not w.isdecimal() for w in rest) else found


def pick(names: Iterable[str], wanted: Iterable[str]) -> str | None:
    """Return the first of `names` whose normal form comes earliest in `wanted`."""
    forms: dict[str, str] = {}
    for name in names:
        forms.setdefault(normal(name), name)
    return next((forms[w] for w in wanted if w in forms), None)


@dataclass(frozen=True, slots=True)
class TurnFields:
    """Names of the fields of a turn."""

    role: str | None
    content: str | None
    start: str | None
    end: str | None


def turn_fields(turn: Mapping[str, Any], fields: Fields) -> TurnFields:
    """Return the names of a turn's fields, as the registry or the names say."""
    return _turn_fields(tuple(turn), fields.role, fields.content, fields.start, fields.end)


@lru_cache(maxsize=1000)  # a source's turns have a handful of key sets
def _turn_fields(
    names: tuple[str, ...], role: str | None, content: str | None, start: str | None, end: str | None
) -> TurnFields:
    role = role or pick(names, TURN_ROLE)
    content = content or pick((k for k in names if k != role), TURN_TEXT)
    return TurnFields(role, content, start or pick(names, STARTS), end or pick(names, ENDS))


def is_turn(value: Any) -> bool:
    """Say whether a value is a turn: an object with a role and a content, or `{"user": "..."}`."""
    if not isinstance(value, dict) or not value:
        return False
    names = turn_fields(value, Fields())
    if names.role is not None and names.content is not None:
        return value[names.role] is None or isinstance(value[names.role], str | int)
    return keyed_by_role(value)


def is_turn_pair(value: Any) -> bool:
    """Say whether a value is a turn written as `["user", "text"]`."""
    two = isinstance(value, list) and [type(v) for v in value] == [str, str]
    return two and known_role(value[0], {}) is not None


def keyed_by_role(turn: Mapping[str, Any]) -> bool:
    """Say whether all fields of a turn are named after roles (`{"Patient": "...", "Therapist": "..."}`)."""
    return all(known_role(k, {}) in {"user", "assistant"} and isinstance(v, str) for k, v in turn.items())


def is_turn_list(value: Any) -> bool:
    """Say whether a list is one dialogue: every element is a turn and a role is known among them."""
    if not isinstance(value, list) or not value or not all(is_turn(v) for v in value):
        return False
    if any(turns_field(v) is not None for v in value[:1]):
        return False
    roles = [turn_fields(v, Fields()).role for v in value]
    if any(role is None and len(v) > 1 for role, v in zip(roles, value, strict=True)):
        return False  # rows of a table of exchanges: {"user": ..., "assistant": ...}
    extra = any(dialogue_key(k) for k in value[0])  # rows of an utterance table
    speakers = [v[role] for role, v in zip(roles, value, strict=True) if role is not None]
    return not extra and (not speakers or any(known_role(s, {}) for s in speakers))


def dialogue_key(name: str) -> bool:
    """Say whether a field's name is that of a dialogue's identifier."""
    parts = set(tokens(name))
    return bool(parts & _DIALOGUE) and parts <= _DIALOGUE | _KEY


def turns_field(row: Mapping[str, Any]) -> str | None:
    """Return the field that holds the turns, or None.

    A list of objects with a role and a content under any name, or a list of anything under a name that
    is usual for turns.

    Raises:
        RefusedError: `ambiguous_columns`, several fields hold turns and none has a usual name.
    """
    # The first turns decide; a bad turn later on is then named as what it is.
    lists = [
        k for k, v in row.items() if isinstance(v, list) and any(is_turn(t) or is_turn_pair(t) for t in v[:3])
    ]
    usual = pick(lists, TURN_LISTS)
    if usual is not None:
        return usual
    if len(lists) > 1:
        raise RefusedError(
            "ambiguous_columns", f"{len(lists)} fields hold turns: name one in fields.messages"
        )
    if lists:
        return lists[0]
    named = [k for k, v in row.items() if _is_turns_without_roles(v)]
    return pick(named, TURN_LISTS)


def _is_turns_without_roles(value: Any) -> bool:
    """Say whether a list holds texts, or objects with a text but no speaker (roles will be unknown)."""
    if not isinstance(value, list):
        return False
    if all(isinstance(v, str) for v in value):
        return True
    return all(isinstance(v, dict) and pick(v, TURN_TEXT) is not None for v in value)


def is_segments(value: Any) -> bool:
    """Say whether a list is a speech recogniser's transcript: texts with a start and no speaker."""
    if not isinstance(value, list) or len(value) < 2:  # noqa: PLR2004 - one text is no sequence
        return False
    return all(isinstance(v, dict) and _is_segment(v) for v in value)


def _is_segment(value: Mapping[str, Any]) -> bool:
    names = turn_fields(value, Fields())
    timed = isinstance(value.get(names.start or ""), int | float) and names.role is None
    return timed and isinstance(value.get("text"), str)


def is_convai(row: Mapping[str, Any]) -> bool:
    """Say whether a row is ConvAI/PersonaChat: `utterances` of `history` and `candidates`."""
    rounds = row.get("utterances", [row])
    return isinstance(rounds, list) and bool(rounds) and all(_is_round(r) for r in rounds)


def _is_round(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    return isinstance(value.get("history"), list) and isinstance(value.get("candidates"), list)


@dataclass(frozen=True, slots=True)
class Sides:
    """The fields of a pair, by the side that their names say."""

    prompts: tuple[str, ...]
    titles: tuple[str, ...]
    responses: tuple[str, ...]


def sides(row: Mapping[str, Any]) -> Sides:
    """Return the fields of a row that can be a prompt or a response and hold text (or nothing)."""
    by: dict[str, list[str]] = {"prompt": [], "title": [], "response": []}
    for name, value in row.items():
        found = side(name)
        if found is not None and (value is None or isinstance(value, str | int | float | list)):
            by[found].append(name)
    prompts, responses = _by_act(by["prompt"], _ACT_PROMPT), _by_act(by["response"], _ACT_REPLY)
    return Sides(prompts, tuple(by["title"]), responses)


def _by_act(names: list[str], acts: frozenset[str]) -> tuple[str, ...]:
    """Drop fields named after a person where others say what was done: who asked is no question."""
    people = [n for n in names if known_role(n, {}) is not None]
    others = [n for n in names if n not in people]
    said = any(acts & {w.removesuffix("s") for w in tokens(n)} for n in others)
    return tuple(others if said else names)


def is_record(row: Any) -> bool:
    """Say whether a JSON object is a record by itself, and not a container of records."""
    if not isinstance(row, dict):
        return False
    try:
        if is_convai(row) or turns_field(row) is not None:
            return True
    except RefusedError:
        return False
    if pick(row, CHOSEN) is not None and pick(row, REJECTED) is not None:
        return True
    found = sides(row)
    return any(isinstance(row[p], str) for p in found.prompts) and any(
        isinstance(row[r], str) for r in found.responses
    )
