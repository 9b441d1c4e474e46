"""Digests of a whole file that stores state in the headers of an answer."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping

_HEX64, _HEX32 = re.compile(r"[0-9a-f]{64}"), re.compile(r"[0-9a-f]{32}")
_REPR_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/=]{44}):")  # RFC 9530
_ENCRYPTED = ("aws:kms", "aws:kms:dsse")  # with these the ETag is no MD5 (S3 API reference, Object)


def digests_of(headers: Mapping[str, str]) -> dict[str, str]:
    """Return {"sha256": hex, "md5": hex} as far as an answer states them.

    Read are `Repr-Digest` (RFC 9530), S3's full-object checksum, this project's `sha256` metadata and GCS's
    `x-goog-hash`.
    """
    found: dict[str, str] = {}
    given = _REPR_DIGEST.search(headers.get("Repr-Digest", ""))
    candidates = (
        decoded(given[1]) if given else "",
        decoded(headers.get("x-amz-checksum-sha256", "")),
        headers.get("x-amz-meta-sha256", "").lower(),
        headers.get("x-goog-meta-sha256", "").lower(),
    )
    sha256 = next((c for c in candidates if _HEX64.fullmatch(c)), "")
    if sha256:
        found["sha256"] = sha256
    md5 = _google(headers.get("x-goog-hash", ""))
    if _HEX32.fullmatch(md5):
        found["md5"] = md5
    return found


def s3_digests_of(headers: Mapping[str, str]) -> dict[str, str]:
    """Return `digests_of` an answer of an S3 store.

    There, the ETag of an object that was sent in one piece and is not encrypted with a key of its own is the
    MD5 of its bytes.
    """
    customer = "x-amz-server-side-encryption-customer-algorithm" in headers
    encrypted = headers.get("x-amz-server-side-encryption", "") in _ENCRYPTED
    etag = headers.get("ETag", "").strip('"').lower()
    plain = not customer and not encrypted and _HEX32.fullmatch(etag)
    return ({"md5": etag} if plain else {}) | digests_of(headers)


def _google(text: str) -> str:
    parts = dict(p.strip().partition("=")[::2] for p in text.split(","))
    return decoded(parts.get("md5", ""))


def decoded(text: str) -> str:
    """Return the hex digits of a digest in base64, "" where it is none."""
    try:
        return base64.b64decode(text, validate=True).hex()
    except (binascii.Error, ValueError):
        return ""
