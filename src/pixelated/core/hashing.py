"""Hashes of records: the corpus contract's, bit-exact, and our stricter one.

`content_hash` (contract, FACTS 1.6): lower-case and trim each content, sort the contents, join them
with one space, SHA-256. Turn order and roles do not matter to it, inner white space does.
`strict_hash`: SHA-256 over kind, roles, order and NFC, white-space-folded turns, chosen and
rejected. Equal `strict_hash` means exact duplicate.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

Message = Mapping[str, str]


def content_hash(messages: Iterable[Message]) -> str:
    """Return the contract's hash, `sha256:` and 64 hex digits."""
    contents = sorted(m["content"].lower().strip() for m in messages)
    return "sha256:" + hashlib.sha256(" ".join(contents).encode("utf-8", "surrogatepass")).hexdigest()


def strict_hash(
    kind: str,
    messages: Sequence[Message],
    chosen: Sequence[Message] | None = None,
    rejected: Sequence[Message] | None = None,
) -> str:
    """Return the strict hash, `sha256:` and 64 hex digits; unit and field separators keep parts apart."""
    groups = (messages, chosen or (), rejected or ())
    parts = [kind, *("\x1e".join(m["role"] + "\x1f" + fold(m["content"]) for m in g) for g in groups)]
    return "sha256:" + hashlib.sha256("\x1d".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def fold(text: str) -> str:
    """Return `text` in NFC with every run of white space as one space and none at the ends."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.split())


def short_hash(*parts: str) -> str:
    """Return 20 hex digits over length-prefixed `parts`: enough for an identifier."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()[:20]
