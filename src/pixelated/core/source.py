"""A source as the registry describes it: where it lies, what may be done with it, how it is read.

A new source is one registry entry and no code. `recipe.py` validates entries (unknown keys are
errors); areas receive them as these frozen dataclasses.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

STRICT: dict[str, Any] = {"extra": "forbid"}

Kind = Literal["dialogue", "preference", "text"]
Shape = Literal[
    "auto",  # sniff the shape; what can't be told with certainty is quarantined
    "messages",  # {"messages": [{"role", "content"}]}, ShareGPT, "conversation": ..., dialogue lists
    "utterances",  # a table with one row per utterance, grouped and ordered
    "pair",  # prompt/response, question/answer, context/response, instruction/input/output
    "preference",  # prompt, chosen, rejected
    "chatml",  # one text with <|im_start|>role ... <|im_end|>
    "convai",  # ConvAI/PersonaChat: history and candidates, the last candidate is the real reply
    "diarised",  # Markdown transcript, **Name:** text
    "transcript",  # Name: text
    "text",  # plain text or one text field: continued pretraining
]


@dataclass(frozen=True)
class Fields:
    """Which field of a row holds what; a dotted path reaches into objects (`meta.session`)."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    messages: str | None = None  # list of turns
    role: str | None = None  # in a turn or an utterance row: who speaks
    content: str | None = None  # in a turn or an utterance row: what is said
    start: str | None = None  # in a turn or an utterance row: seconds or hh:mm:ss
    end: str | None = None
    conversation: str | None = None  # in an utterance table: what a dialogue's rows share
    order: str | None = None  # in an utterance table: sorts a dialogue's rows
    system: tuple[str, ...] = ()  # fields of a pair, joined by a blank line where several
    prompt: tuple[str, ...] = ()
    response: tuple[str, ...] = ()
    chosen: str | None = None
    rejected: str | None = None
    text: tuple[str, ...] = ()
    records: str | None = None  # in a JSON document: path of the list of records (default: found)
    edge_category: str | None = None
    difficulty: str | None = None
    edge_case: str | None = None  # a true/false field that tags training edge cases


@dataclass(frozen=True)
class Join:
    """Bring fields of another file of the source to each row (k-th row of a key to the k-th)."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    file: str
    on: tuple[str, ...]
    take: dict[str, str]  # field there -> name in source_metadata


@dataclass(frozen=True)
class TagRule:
    """Tag a record whose field has one of `values` (compared as text)."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    field: str
    values: tuple[str, ...]
    tag: str


@dataclass(frozen=True)
class Mapping:
    """How raw rows become records."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    shape: Shape = "auto"
    kind: Kind | None = None  # default: what the shape says
    fields: Fields = field(default_factory=Fields)
    roles: dict[str, Literal["user", "assistant", "system", "skip"]] = field(default_factory=dict)
    role_reversed: bool = False  # prompt is the therapist's, response the client's (FACTS 1.2)
    joins: tuple[Join, ...] = ()
    tags: tuple[TagRule, ...] = ()
    drop: tuple[str, ...] = ()  # fields never kept: account ids, columns of names
    html: bool = False  # text holds HTML tags: strip them (entities are always repaired by clean)
    prompt_only: bool = False  # records without a reply are wanted (evaluation prompts)


@dataclass(frozen=True)
class Source:
    """One registry entry, its paths resolved."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    id: str
    path: str = "."  # folder or file, relative to the recipe's corpora root
    files: tuple[str, ...] = ("**/*",)  # glob patterns under path
    exclude: tuple[str, ...] = ()
    title: str = ""
    uri: str = ""
    revision: str = ""
    retrieved_at: str = ""  # ISO 8601; times in content come from here, never from the clock
    license: str = "NOASSERTION"  # SPDX expression or LicenseRef-...
    license_tag: str = "custom"  # the corpus contract's tag; never inferred
    license_evidence: str = ""  # where the licence was read, or what is missing
    consent_basis: str = ""  # public_domain, licensed, research_consent, synthetic, written_specific
    families: tuple[str, ...] = ()
    tier: int = 5
    stage: str = ""  # empty: the policy's stage of the first family
    origin: Literal["human", "transcript", "synthetic", "augmented", "model"] = "human"
    quality_profile: str = ""
    group_by: tuple[str, ...] = ()  # fields whose value may never be split; ("@file",) is the file
    use: Literal["train", "evaluation"] = "train"
    edge_bypass: bool = False  # may its records carry is_training_edge_case
    priority: int = 100  # smaller survives first under keep strategy priority_order
    mapping: Mapping = field(default_factory=Mapping)
    notes: str = ""
