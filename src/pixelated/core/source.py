"""A source as the registry describes it: where it lies, what may be done with it, how it is read.

A new source is one registry entry and no code. `recipe.py` validates entries (unknown keys are
errors); areas receive them as these frozen dataclasses.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
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
class Expected:
    """What is known of a file before it is fetched; what is not known is not checked and said so."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    size: int | None = None  # bytes
    sha256: str = ""  # 64 hex digits


@dataclass(frozen=True)
class Transcription:
    """How recordings become text. A source that has one is fetched with permission and consents alone."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    recogniser: Literal["faster-whisper", "pocketsphinx"] = "faster-whisper"
    model: str = ""  # name or folder of the model; empty: the recogniser's usual one
    language: str = "en"  # of the recordings and of the captions
    grammar: str = ""  # path of a JSGF grammar: all that can be said (pocketsphinx)
    captions: bool = True  # the owner's own captions are taken instead of the sound, where there are some
    speaker_of: dict[str, str] = field(default_factory=dict)  # recording id -> the one who is heard in it


@dataclass(frozen=True)
class Acquisition:
    """Where a source is fetched from. See `pixelated.core.places` for the forms of a location."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    kind: Literal[
        "",
        "huggingface",
        "kaggle",
        "gdrive",
        "rclone",
        "s3",
        "gcs",
        "sftp",
        "http",
        "local",
        "youtube",
        "generated",
    ] = ""  # empty: told from the location; generated: made by a command, nothing to fetch
    location: str = ""  # hf://, kaggle://, s3://, gs://, https://, sftp://, file:// or REMOTE:path (rclone)
    fallbacks: tuple[str, ...] = ()  # tried in order where the location is unavailable
    endpoint: str = ""  # URL of an S3-compatible store; default: the environment's, else AWS
    expected: dict[str, Expected] = field(default_factory=dict)  # file name -> what it must be
    total_bytes: int | None = None  # where only the sum is known
    approx_mb: float | None = None  # a rounded figure that somebody stated: shown, never checked
    upstream_license: str = ""  # the licence tag that the hub shows; a changed one is refused
    unpack: bool = True  # archives are unpacked, within limits
    transcribe: Transcription | None = None  # the files are recordings: transcripts are kept, no sound
    status: Literal[
        "available", "active", "missing", "in_progress", "pending_sync", "pending_download", "pending_mirror",
        "pending_s3_rename", "generated_on_demand", "needs_generation", "TBD",
    ] = "available"  # fmt: skip


@dataclass(frozen=True)
class Consent:
    """A named speaker's consent, by the hash of a document that this repository does not hold."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    speaker: str
    document_sha256: str  # of the signed document
    covers: tuple[
        Literal["recording", "transcription", "training", "voice_imitation", "style_imitation"], ...
    ]
    scope: str  # what the model may be used for
    revocation: str  # how it is revoked, and what happens then
    expires: str = ""  # ISO date; empty: does not expire


@dataclass(frozen=True)
class Governance:
    """What a person decided about a source: a row of the data source matrix (FACTS 1.11)."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    allowed_uses: tuple[str, ...] = ()
    prohibited_uses: tuple[str, ...] = ()
    pii_present: bool = True  # until somebody has looked
    deidentification_required: bool = True
    provenance_required: bool = True
    risk_level: Literal["low", "medium", "high"] = "medium"
    contract: str = ""  # reference of a contract or of the written mitigation; high risk needs one
    acceptance_criteria: str = ""
    approval_status: Literal["pending", "approved", "rejected"] = "pending"
    reviewer: str = ""
    review_date: str = ""  # ISO date
    permission: str = ""  # the platform's or owner's permission to download: what it is, where it is filed
    permission_sha256: str = ""  # of the permission's document, which this repository does not hold
    speakers: tuple[str, ...] = ()  # everyone who is heard in its recordings; each needs a consent
    consents: tuple[Consent, ...] = ()  # one for each named speaker


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
    # Of the people in it: public_domain, licensed, research_consent, synthetic, written_specific.
    # Empty: nothing is known; the licence of a work says nothing about people.
    consent_basis: str = ""
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
    acquire: Acquisition = field(default_factory=Acquisition)
    governance: Governance = field(default_factory=Governance)
    notes: str = ""

    @property
    def as_read(self) -> Source:
        """The entry without what only fetching and approval read: what a part's identity rests on."""
        return replace(self, acquire=Acquisition(), governance=Governance(), notes="")
