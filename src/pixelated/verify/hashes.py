"""The two hashes of a record, written from docs/dataset-format.md and from nothing else.

The code that makes a dataset has its own; that both agree on every record is what the hash gate proves.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence

Texts = Sequence[tuple[str, str]]  # (role, content)

GROUP, RECORD, UNIT = "\x1d", "\x1e", "\x1f"
MIN_FOLDED = 60
_NO_LETTER = bytes(i for i in range(128) if not chr(i).isalnum())
_NOT_WORD = re.compile(r"[\W_]+")
DIGEST = 16  # bytes kept of a hash as a key: no two of 10^12 records meet by chance


def contract_digest(messages: Texts) -> bytes:
    """Return the SHA-256 behind `content_hash`: lower-cased, trimmed, sorted contents, one space between."""
    digest = hashlib.sha256()
    for i, content in enumerate(sorted(text.lower().strip() for _, text in messages)):
        digest.update(b" " + content.encode() if i else content.encode())
    return digest.digest()


def strict_digest(kind: str, messages: Texts, chosen: Texts, rejected: Texts) -> tuple[bytes, int]:
    """Return the SHA-256 behind `strict_hash`, and the number of white-space separated words it is over."""
    digest, words = hashlib.sha256(kind.encode()), 0
    for part in (messages, chosen, rejected):
        folded, n = _fold_all(part)
        digest.update((GROUP + folded).encode())
        words += n
    return digest.digest(), words


def payload_digest(*parts: Texts) -> bytes:
    """Return 16 bytes over roles and exact texts: how a trainer's export is matched to its shard."""
    joined = GROUP.join(RECORD.join(f"{role}{UNIT}{text}" for role, text in part) for part in parts)
    return hashlib.blake2b(joined.encode(), digest_size=DIGEST).digest()


def fold_digest(*parts: Texts) -> bytes:
    """Return 16 bytes over the letters and digits alone (NFKC, case folded) of all texts.

    Two records that differ in punctuation, spacing, roles or message borders only have the same. Empty
    where fewer than 60 letters and digits are left: so little may be said twice by chance.
    """
    text = "".join(content for part in parts for _, content in part)
    if text.isascii():
        folded = text.encode().lower().translate(None, _NO_LETTER)
    else:
        folded = _NOT_WORD.sub("", unicodedata.normalize("NFKC", text).casefold()).encode()
        if len(folded.decode()) < MIN_FOLDED:
            return b""
    return hashlib.blake2b(folded, digest_size=DIGEST).digest() if len(folded) >= MIN_FOLDED else b""


def key(text: str | bytes) -> bytes:
    """Return 16 bytes that stand for `text`."""
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return hashlib.blake2b(data, digest_size=DIGEST).digest()


def tagged(digest: bytes) -> str:
    """Return a digest the way records carry it."""
    return "sha256:" + digest.hex()


def _fold_all(part: Iterable[tuple[str, str]]) -> tuple[str, int]:
    pieces, words = [], 0
    for role, text in part:
        composed = text if text.isascii() else unicodedata.normalize("NFC", text)
        tokens = composed.split()
        words += len(tokens)
        pieces.append(role + UNIT + " ".join(tokens))
    return RECORD.join(pieces), words
