"""Which place an address means, told by its form."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pixelated.core.addresses import has_options, without_secrets
from pixelated.core.errors import UsageError
from pixelated.core.home import expanded
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


@dataclass(frozen=True)
class Given:
    """What is known besides the address.

    Attributes:
        names: files of a web address that ends with a slash.
        endpoint: of an S3-compatible store.
        revision: of a Hub or Kaggle dataset whose address does not carry one.
    """

    names: tuple[str, ...] = ()
    endpoint: str = ""
    revision: str = ""


def place_of(location: str, given: Given | None = None, base: Path | None = None) -> Place:
    """Return the place at an address (see the table in `pixelated.core.places`).

    Args:
        location: the address.
        given: what else is known of it.
        base: folder that a relative path starts from.

    Raises:
        UsageError: no place has this form of address, or what it needs is not installed.
    """
    try:
        _ = urlsplit(location).port if "://" in location else None
    except ValueError as error:
        raise _bad(location, "scheme://host:port/path, the port below 65536") from error
    if has_options(location):
        return RclonePlace(location, without_secrets(location))  # whatever stands in its quotes
    if "://" in location:
        scheme = location.partition("://")[0]
        if scheme not in _SCHEMES:
            raise _bad(location, f"{', '.join(_SCHEMES)}, REMOTE:path or a path")
        return _SCHEMES[scheme](location, given or Given())
    if _REMOTE.match(location) and not _DRIVE_LETTER.match(location):
        return RclonePlace(location)
    return LocalPlace((base or Path()) / expanded(location))


def _web(location: str, given: Given) -> Place:
    return HttpPlace(location, given.names)


def _bucket(location: str, given: Given) -> Place:
    scheme, _, rest = location.partition("://")
    bucket, _, prefix = rest.partition("/")
    if not bucket:
        raise _bad(location, f"{scheme}://bucket/prefix")
    return S3Place(bucket, prefix, given.endpoint) if scheme == "s3" else GcsPlace(bucket, prefix)


def _hub(location: str, given: Given) -> Place:
    found = _HUB.fullmatch(location)
    if found is None:
        raise _bad(location, "hf://datasets/owner/name@revision")
    return HubPlace(found[1], found[2] or given.revision, found[3] or "")


def _kaggle(location: str, given: Given) -> Place:
    found = _KAGGLE.fullmatch(location)
    if found is None:
        raise _bad(location, "kaggle://owner/name@version")
    return KagglePlace(found[1], found[2], found[3] or given.revision)


def _sftp(location: str, given: Given) -> Place:  # noqa: ARG001 - one signature for every scheme
    return RclonePlace(sftp_remote(location), shown(location))


def _file(location: str, given: Given) -> Place:  # noqa: ARG001 - see above
    return LocalPlace(Path(unquote(urlsplit(location).path)))


_SCHEMES: dict[str, Callable[[str, Given], Place]] = {
    "s3": _bucket,
    "gs": _bucket,
    "hf": _hub,
    "kaggle": _kaggle,
    "https": _web,
    "http": _web,
    "sftp": _sftp,
    "file": _file,
}


def _bad(location: str, form: str) -> UsageError:
    return UsageError(
        "bad_address", f"no place has an address like {without_secrets(location)!r}", f"write it as {form}"
    )
