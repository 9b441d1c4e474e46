"""From an address to its target. An address never carries a secret: it is refused unseen."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from pixelated.core.errors import UsageError
from pixelated.core.uploads.extras import need
from pixelated.core.uploads.folder import FolderTarget
from pixelated.core.uploads.protocol import Target
from pixelated.core.uploads.rclone import RcloneTarget
from pixelated.core.uploads.s3 import S3Target

_FORMS = (
    "FOLDER, s3://bucket/prefix, gs://bucket/prefix, hf://datasets/owner/name, remote:path, sftp://host/path"
)
_HUB_PARTS = 2


def target_of(uri: str, endpoint: str = "") -> Target:
    """Return the target at `uri`; `endpoint` is the server of an S3-compatible store, of GCS or of a Hub.

    Raises:
        UsageError: no such form of address, or one with a secret in it.
    """
    if endpoint:
        _refuse_secret(endpoint)
    try:
        _ = urlsplit(uri).port if "://" in uri else None
    except ValueError as error:
        raise UsageError("bad_address", "the address has no such port", "give one below 65536") from error
    scheme, separator, rest = uri.partition("://")
    if not separator:
        return _without_scheme(uri)
    _refuse_secret(uri)
    if scheme == "file":
        return FolderTarget(Path(unquote(urlsplit(uri).path)))
    if scheme == "sftp":
        return RcloneTarget.of_sftp(uri)
    name, _, prefix = rest.partition("/")
    if scheme == "s3" and name:
        return S3Target(name, prefix.strip("/"), endpoint)
    if scheme == "gs" and name:
        return _gcs(name, prefix.strip("/"), endpoint)
    if scheme == "hf" and name == "datasets" and len(prefix.split("/")) == _HUB_PARTS and "@" not in prefix:
        return _hub(prefix, endpoint)
    raise UsageError("bad_address", f"{uri} is no address that can be written to", f"give one of: {_FORMS}")


def _gcs(bucket: str, prefix: str, endpoint: str) -> Target:
    """Return a bucket's target; its module needs a library that only the extra brings."""
    need("httpx2", "gcs")
    from pixelated.core.uploads.gcs import GcsTarget

    return GcsTarget(bucket, prefix, endpoint)


def _hub(repo: str, endpoint: str) -> Target:
    """Return a Hub repository's target; its module needs libraries that only the extra brings."""
    need("httpx2", "hub")
    from pixelated.core.uploads.hub import HubTarget

    return HubTarget(repo, endpoint)


def _without_scheme(uri: str) -> Target:
    head, colon, _ = uri.partition(":")
    if not colon or "/" in head or Path(uri).exists():
        return FolderTarget(Path(uri))
    if not head or "," in head:
        raise UsageError(
            "bad_address",
            "an rclone address with settings in it may hold secrets",
            "name a remote of rclone's own configuration: remote:path",
        )
    return RcloneTarget(uri)


def _refuse_secret(uri: str) -> None:
    parts = urlsplit(uri)
    user, _, secret = (parts.netloc.rpartition("@")[0]).partition(":")
    if secret or parts.query or (user and parts.scheme != "sftp"):
        raise UsageError(
            "secret_in_address",
            f"an address ({parts.scheme}://...) must not carry credentials",
            "put them into the environment, or into the store of the tool",
        )
