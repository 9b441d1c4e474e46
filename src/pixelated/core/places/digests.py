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

    Read are `Repr-Digest` (RFC 9530), S3's full-object checksum and this project's `sha256` metadata, GCS's
    `x-goog-hash`, and an S3 ETag of an object that was sent in one piece and is not encrypted with a KMS key.
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
    md5 = _google(headers.get("x-goog-hash", "")) or _etag(headers)
    if _HEX32.fullmatch(md5):
        found["md5"] = md5
    return found


def _google(text: str) -> str:
    parts = dict(p.strip().partition("=")[::2] for p in text.split(","))
    return decoded(parts.get("md5", ""))


def _etag(headers: Mapping[str, str]) -> str:
    """Return an S3 object's ETag; another server's ETag may look like an MD5 and be none."""
    if "x-amz-request-id" not in headers:
        return ""
    customer = "x-amz-server-side-encryption-customer-algorithm" in headers
    encrypted = headers.get("x-amz-server-side-encryption", "") in _ENCRYPTED
    return "" if encrypted or customer else headers.get("ETag", "").strip('"').lower()


def decoded(text: str) -> str:
    """Return the hex digits of a digest in base64, "" where it is none."""
    try:
        return base64.b64decode(text, validate=True).hex()
    except (binascii.Error, ValueError):
        return ""
