"""Which place an address means, told by its form."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pixelated.core.errors import UsageError
from pixelated.core.places.gcs import GcsPlace
from pixelated.core.places.http import HttpPlace, shown
from pixelated.core.places.hub import HubPlace
from pixelated.core.places.kaggle import KagglePlace
from pixelated.core.places.local import LocalPlace
from pixelated.core.places.protocol import Place
from pixelated.core.places.rclone import RclonePlace, sftp_remote
from pixelated.core.places.s3 import S3Place

_HUB = re.compile(r"hf://datasets/([\w.-]+/[\w.-]+|[\w.-]+)(?:@([^/]+))?(?:/(.*))?")
_KAGGLE = re.compile(r"kaggle://([\w.-]+)/([\w.-]+)(?:@(\d+))?/?")
_REMOTE = re.compile(r"(:[A-Za-z0-9]+(?:,[^:]*)?|[A-Za-z0-9_][\w .+@-]*):(?!//)")
_DRIVE_LETTER = re.compile(r"[A-Za-z]:[\\/]")


def place_of(
    location: str,
    *,
    names: tuple[str, ...] = (),
    endpoint: str = "",
    revision: str = "",
    base: Path | None = None,
) -> Place:
    """Return the place at an address.

    Args:
        location: see the table in `pixelated.core.places`.
        names: files of a web address that ends with a slash.
        endpoint: of an S3-compatible store.
        revision: of a Hub or Kaggle dataset whose address does not carry one.
        base: folder that a relative path starts from.

    Raises:
        UsageError: no place has this form of address, or what it needs is not installed.
    """
    scheme = location.partition("://")[0] if "://" in location else ""
    if scheme in ("http", "https"):
        return HttpPlace(location, names)
    if scheme in ("s3", "gs"):
        bucket, _, prefix = location.partition("://")[2].partition("/")
        if not bucket:
            raise _bad(location, f"{scheme}://bucket/prefix")
        return S3Place(bucket, prefix, endpoint) if scheme == "s3" else GcsPlace(bucket, prefix)
    if scheme == "hf":
        found = _HUB.fullmatch(location)
        if found is None:
            raise _bad(location, "hf://datasets/owner/name@revision")
        return HubPlace(found[1], found[2] or revision, found[3] or "")
    if scheme == "kaggle":
        found = _KAGGLE.fullmatch(location)
        if found is None:
            raise _bad(location, "kaggle://owner/name@version")
        return KagglePlace(found[1], found[2], found[3] or revision)
    if scheme == "sftp":
        return RclonePlace(sftp_remote(location), shown(location))
    if scheme == "file":
        return LocalPlace(Path(unquote(urlsplit(location).path)))
    if scheme:
        raise _bad(location, "s3, gs, hf, kaggle, http, https, sftp, file, REMOTE:path or a path")
    if _REMOTE.match(location) and not _DRIVE_LETTER.match(location):
        return RclonePlace(location, _without_options(location))
    return LocalPlace((base or Path()) / Path(location).expanduser())


def _without_options(remote: str) -> str:
    """Return a remote for people: a connection string's options may hold a password."""
    head, _, path = remote.rpartition(":") if remote.startswith(":") else ("", "", "")
    return f"{head.partition(',')[0]}:{path}" if head else remote


def _bad(location: str, form: str) -> UsageError:
    where = shown(location) if "@" in location else location
    return UsageError("bad_address", f"no place has an address like {where!r}", f"write it as {form}")
