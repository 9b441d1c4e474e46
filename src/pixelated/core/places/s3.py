"""S3 and S3-compatible stores: listed by boto3, read through signed URLs and the common ranged reader.

Credentials come from where AWS's own tools find them (environment, profiles, roles); without any, requests
are not signed, which public buckets accept. A custom endpoint comes from the registry entry or from
`AWS_ENDPOINT_URL_S3` / `AWS_ENDPOINT_URL`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import cache, partial
from typing import Any
from urllib.parse import urlsplit

from pixelated.core.errors import UsageError
from pixelated.core.places import http
from pixelated.core.places.answers import listed, pages
from pixelated.core.places.digests import s3_digests_of
from pixelated.core.places.protocol import Entry, Facts, Opened, TryAgainError, UnavailableError
from pixelated.core.places.retrying import patiently, refuse_down

_SIGNED_SECONDS = 3600
_PASSING = frozenset(
    {"SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "503", "500", "429"}
)


def s3_client(endpoint: str = "") -> Any:
    """Return a boto3 client that leaves retries to `retrying`; one for each endpoint and environment.

    Looking for credentials may ask a cloud machine's metadata service, which takes seconds elsewhere.

    Raises:
        UsageError: boto3 is not installed.
    """
    return _client(endpoint, tuple(sorted((k, v) for k, v in os.environ.items() if k.startswith("AWS_"))))


@cache
def _client(endpoint: str, environment: tuple[tuple[str, str], ...]) -> Any:  # noqa: ARG001 - part of the key
    try:
        import boto3
        from botocore import UNSIGNED
        from botocore.config import Config
    except ImportError as error:
        raise UsageError(
            "missing_library", "S3 needs boto3", "install it: pip install 'pixelated-empathy[s3]'"
        ) from error
    session = boto3.session.Session()
    anonymous = session.get_credentials() is None
    config = Config(
        signature_version=UNSIGNED if anonymous else "s3v4",
        retries={"mode": "standard", "total_max_attempts": 2},
        s3={"addressing_style": "path"} if endpoint else None,
        connect_timeout=15,
        read_timeout=90,
    )
    region = session.region_name or "us-east-1"
    try:
        return session.client("s3", endpoint_url=endpoint or None, region_name=region, config=config)
    except ValueError as error:  # botocore's only word for an address without http:// or https://
        raise UsageError(
            "bad_endpoint",
            "the endpoint of the S3-compatible store is no address",
            "write --endpoint (or AWS_ENDPOINT_URL, or `endpoint` in the registry) as https://host:port",
        ) from error


class S3Place:
    """The objects under a prefix, or one object."""

    def __init__(self, bucket: str, prefix: str, endpoint: str = "") -> None:
        self._bucket, self._prefix = bucket, prefix
        self._client = s3_client(endpoint)
        self._keys: dict[str, str] = {}  # name -> key, as listed
        self.uri = f"s3://{bucket}/{prefix}"

    def facts(self) -> Facts:
        """Return nothing: a bucket says nothing of licences."""
        return Facts()

    def entries(self) -> Iterator[Entry]:
        """Yield the objects under the prefix; folder markers (keys that end with a slash) are left out."""
        return listed(self.uri, self._entries())

    def _entries(self) -> Iterator[Entry]:
        found = sorted(self._listed())
        if not found:
            raise UnavailableError("not_found", f"{self.uri}: no object there", "check bucket and prefix")
        for key, size, etag, modified in found:
            name = self._name(key)
            self._keys[name] = key
            yield Entry(name, size, f'"{etag}"' if etag else "", modified=modified)

    def open(self, entry: Entry, start: int = 0, end: int | None = None) -> AbstractContextManager[Opened]:
        """Open an object at a byte."""
        key = self._keys.get(entry.name) or f"{self._prefix.rstrip('/')}/{entry.name}".lstrip("/")
        url = self._client.generate_presigned_url(
            "get_object", Params={"Bucket": self._bucket, "Key": key}, ExpiresIn=_SIGNED_SECONDS
        )
        return http.read(url, start, end, version=entry.version, digests=s3_digests_of, stored=True)

    def _listed(self) -> Iterator[tuple[str, int, str, str]]:
        for item in pages(self.uri, self._contents):
            key = item["Key"]
            # "logs" must not take in "logs-old/...": a prefix is a key, or a folder
            inside = not self._prefix or self._prefix.endswith("/") or key == self._prefix
            if (inside or key.startswith(self._prefix + "/")) and not key.endswith("/"):
                modified = item["LastModified"].strftime("%Y-%m-%dT%H:%M:%SZ")
                yield key, item["Size"], item.get("ETag", "").strip('"'), modified

    def _contents(self, token: str) -> tuple[list[dict[str, Any]], str]:
        page = patiently(partial(self._page, {"ContinuationToken": token} if token else {}))
        return page.get("Contents", []), page["NextContinuationToken"] if page.get("IsTruncated") else ""

    def _page(self, token: dict[str, str]) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError  # noqa: A004

        host = urlsplit(self._client.meta.endpoint_url).netloc.rpartition("@")[2]
        refuse_down(host)
        try:
            return dict(self._client.list_objects_v2(Bucket=self._bucket, Prefix=self._prefix, **token))
        except ClientError as error:
            raise explain(error, self.uri) from error
        except BotoCoreError as error:
            down = host if isinstance(error, HTTPClientError | ConnectionError) else ""
            raise TryAgainError(f"no connection to {host} ({type(error).__name__})", down=down) from error

    def _name(self, key: str) -> str:
        return key.rsplit("/", 1)[-1] if key == self._prefix else key[len(self._prefix) :].lstrip("/")


def explain(error: Any, where: str) -> UnavailableError | TryAgainError:
    """Turn an answer of the S3 API into an error with a next step; it holds no credentials."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _PASSING or status in (429, 500, 502, 503, 504):
        return TryAgainError(f"{where}: the store answered {code or status}")
    if status in (401, 403):
        return UnavailableError(
            "no_access",
            f"{where}: no access ({code or status})",
            "check the AWS credentials and endpoint",
        )
    if status == 404:  # noqa: PLR2004
        return UnavailableError("not_found", f"{where}: not there ({code})", "check bucket and prefix")
    return UnavailableError("refused", f"{where}: the store answered {code or status}", "check the address")
