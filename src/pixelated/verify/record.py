"""One record of a shard as the gates see it: parsed, hashed once, tolerant of any shape."""

from __future__ import annotations

from typing import Any

from pixelated.verify.hashes import Texts, contract_digest, fold_digest, payload_digest, strict_digest

TEXT_FIELDS = ("messages", "chosen", "rejected")


class Record:
    """A parsed row with what every gate needs of it.

    Attributes:
        name: the record's id, else "file:line"; what verdicts show.
        split: the split of the shard's folder.
        file: the shard's JSON lines file.
        row: the whole parsed object.
        metadata: its `metadata`, or an empty mapping where that is no object.
        content: SHA-256 behind `content_hash`, or None where the messages cannot be read.
        strict: SHA-256 behind `strict_hash`, or None.
        words: white-space separated words of messages, chosen and rejected.
        plain: whether its messages hold a role and a content and nothing else.
        fold: 16 bytes over the letters and digits of all its texts; empty where these are few.
        payload: 16 bytes over the exact texts, as an export holds them.
    """

    __slots__ = (
        "content", "file", "fold", "id", "metadata", "name", "payload", "plain", "row", "split", "strict",
        "texts", "words",
    )  # fmt: skip

    def __init__(self, row: dict[str, Any], split: str, file: str, line: int) -> None:
        self.row, self.split, self.file = row, split, file
        identity = row.get("id")
        self.id = identity if isinstance(identity, str) and identity else ""
        self.name = self.id[:200] or f"{file}:{line}"
        self.metadata = mapping(row.get("metadata"))
        self.texts = read_texts(row)
        self.content: bytes | None = None
        self.strict: bytes | None = None
        self.words, self.payload, self.fold, self.plain = 0, b"", b"", True
        if self.texts is not None:
            self._hash(self.texts)

    def _hash(self, texts: tuple[Texts, Texts, Texts]) -> None:
        self.plain = all(len(m) == 2 for name in TEXT_FIELDS for m in self.row.get(name) or ())  # noqa: PLR2004
        kind = self.row.get("kind")
        self.content = contract_digest(texts[0])
        self.strict, self.words = strict_digest(kind if isinstance(kind, str) else "", *texts)
        self.payload = export_payload(kind, *texts)
        self.fold = fold_digest(*texts)

    @property
    def families(self) -> list[str]:
        """Return the distinct family names, in order; an empty list where there is no list of texts."""
        return list(dict.fromkeys(f for f in sequence(self.metadata.get("families")) if isinstance(f, str)))

    def text_of(self, key: str) -> str:
        """Return `metadata[key]` where it is a text, else an empty text."""
        value = self.metadata.get(key)
        return value if isinstance(value, str) else ""


def read_texts(row: dict[str, Any]) -> tuple[Texts, Texts, Texts] | None:
    """Return (role, content) pairs of messages, chosen and rejected; None where one is malformed or empty."""
    parts = [_pairs(row.get(name)) for name in TEXT_FIELDS]
    messages, chosen, rejected = parts
    if not messages or chosen is None or rejected is None:
        return None
    return messages, chosen, rejected


def export_payload(kind: object, messages: Texts, chosen: Texts = (), rejected: Texts = ()) -> bytes:
    """Return the digest by which an exported line is found again; a `text` record is one joined text."""
    if kind == "text":
        return payload_digest([("", "\n\n".join(text for _, text in messages))])
    return payload_digest(messages, chosen, rejected)


def mapping(value: object) -> dict[str, Any]:
    """Return `value` where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> list[Any]:
    """Return `value` where it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def natural(value: object) -> int | None:
    """Return `value` where it is a whole number of at least 0 (true and 1.0 are not), else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _pairs(value: object) -> list[tuple[str, str]] | None:
    if value is None:
        return []
    if not isinstance(value, list):
        return None
    out = []
    for message in value:
        if not isinstance(message, dict):
            return None
        role, content = message.get("role"), message.get("content")
        if not isinstance(role, str) or not isinstance(content, str):
            return None
        out.append((role, content))
    return out
