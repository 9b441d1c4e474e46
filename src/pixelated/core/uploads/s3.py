"""S3 and S3-compatible stores, by boto3. Credentials come from where boto3 finds them, and nowhere else.

Of what a server says of an object, the ETag is checked where it is an MD5. `x-amz-checksum-sha256` is sent
along, so that Amazon's own servers refuse other bytes, but it is believed only of those: both S3-compatible
servers tried (moto, `rclone serve s3`) return the value that the client stated, whatever the bytes were.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from pixelated.core.errors import CheckFailedError
from pixelated.core.meter import Meter
from pixelated.core.places.protocol import Entry, UnavailableError
from pixelated.core.uploads import s3_parts
from pixelated.core.uploads.extras import need
from pixelated.core.uploads.journal import Journal
from pixelated.core.uploads.protocol import (
    ANY,
    CHUNK,
    Found,
    LocalFile,
    RaceError,
    changed,
    check_name,
    check_sent,
    found,
)

_MD5 = re.compile(r"[0-9a-f]{32}\Z")
_GONE = {"404", "NoSuchKey", "NotFound"}
_RACED = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}


class S3Target:
    """A prefix of a bucket."""

    def __init__(self, bucket: str, prefix: str = "", endpoint: str = "") -> None:
        self.uri = f"s3://{bucket}/{prefix}".rstrip("/")
        self._bucket, self._prefix = bucket, f"{prefix}/" if prefix else ""
        self._client = _client(endpoint)
        host = urlsplit(self._client.meta.endpoint_url).hostname or ""
        self.believes_sha256 = host.endswith((".amazonaws.com", ".amazonaws.com.cn"))

    def check(self) -> None:
        """Ask for the bucket."""
        with self._speaking():
            self._client.head_bucket(Bucket=self._bucket)

    def stat(self, name: str) -> Entry | None:
        """Return size, ETag, and the hashes that the server computed."""
        head = self._head(name)
        return None if head is None else self._entry(name, head)

    def has(self, file: LocalFile, name: str) -> Found:
        """Compare size and ETag, that of an upload in parts too."""
        head, size = self._head(name), file.size
        if head is None:
            return "absent"
        if head["ContentLength"] == size and _etag(head).endswith(f"-{s3_parts.count(size)}"):
            return "same" if s3_parts.etag_of(file.path) == _etag(head) else "other"
        return found(self._entry(name, head), file)

    def put(self, file: LocalFile, name: str, journal: Journal, meter: Meter) -> Entry:
        """Send in one request, or in parts that a later process can take up."""
        key, etag = self._key(name), file.md5
        with self._speaking():
            if file.size <= s3_parts.part_size(file.size):
                self._put_whole(file, key, meter)
            else:
                upload = s3_parts.Upload(self._client, self._bucket, key, self.uri, name)
                etag = upload.send(file, journal, meter)
        head = self._head(name)
        if head is None:
            return check_sent(name, None, file)
        stated = {k.lower(): v for k, v in head.get("Metadata", {}).items()}.get("sha256", file.sha256)
        known = _is_md5(head) or _etag(head).count("-") == 1
        if known and _etag(head) not in {etag, file.md5} and not _is_encrypted(head):
            raise CheckFailedError(
                "differs_after_sending", f"{name} has another ETag than was sent", "run again"
            )
        if stated != file.sha256:
            raise CheckFailedError("raced", f"{name} was replaced by somebody else", "run the command again")
        return check_sent(name, self._entry(name, head), file)

    def put_bytes(self, data: bytes, name: str, instead_of: Entry | None = None) -> Entry:
        """Write under `If-None-Match: *` or `If-Match`; a server that ignores these was looked at before."""
        condition: dict[str, str] = {}
        if instead_of is not ANY:
            there = self.stat(name)
            if (there and there.version) != (instead_of and instead_of.version):
                raise RaceError(self.uri, name)
            condition = {"IfMatch": f'"{instead_of.version}"'} if instead_of else {"IfNoneMatch": "*"}
        with self._speaking(name):
            self._client.put_object(
                Bucket=self._bucket, Key=self._key(name), Body=data, **_sums(data), **condition
            )
        return check_sent(name, self.stat(name), data)

    def finish(self, message: str) -> None:
        """Do nothing: what was put is visible."""

    def get(self, name: str) -> bytes:
        """Return the bytes of an object."""
        with self.open(name) as chunks:
            return b"".join(chunks)

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        """Yield the objects under the prefix."""
        with self._speaking():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix + prefix
            )
            for page in pages:
                for item in page.get("Contents", []):
                    name = item["Key"].removeprefix(self._prefix)
                    yield Entry(name, item["Size"], _etag(item), modified=item["LastModified"].isoformat())

    @contextmanager
    def open(self, name: str) -> Iterator[Iterator[bytes]]:
        """Open an object to read it back."""
        with self._speaking():
            body = self._client.get_object(Bucket=self._bucket, Key=self._key(name))["Body"]
            try:
                yield body.iter_chunks(CHUNK)
            finally:
                body.close()

    def delete(self, names: list[str]) -> None:
        """Remove objects, for stores of parts; no other target does, and nothing that is published goes."""
        for name in names:  # one by one: the request for many needs MD5 headers that some servers refuse
            with self._speaking():
                self._client.delete_object(Bucket=self._bucket, Key=self._key(name))

    def _put_whole(self, file: LocalFile, key: str, meter: Meter) -> None:
        body = file.path.read_bytes()
        if hashlib.sha256(body).hexdigest() != file.sha256:
            raise changed(file)
        meter.wait(len(body))
        self._client.put_object(
            Bucket=self._bucket, Key=key, Body=body, Metadata={"sha256": file.sha256}, **_sums(body)
        )
        meter.add_sent(len(body))

    def _head(self, name: str) -> dict[str, Any] | None:
        try:
            with self._speaking():
                return dict(
                    self._client.head_object(Bucket=self._bucket, Key=self._key(name), ChecksumMode="ENABLED")
                )
        except UnavailableError as error:
            if error.code in _GONE:
                return None
            raise

    def _entry(self, name: str, head: dict[str, Any]) -> Entry:
        stated = head.get("ChecksumSHA256", "")
        whole = (
            self.believes_sha256 and stated and "-" not in stated and head.get("ChecksumType") != "COMPOSITE"
        )
        return Entry(
            name,
            head["ContentLength"],
            _etag(head),
            sha256=base64.b64decode(stated).hex() if whole else "",
            md5=_etag(head) if _is_md5(head) else "",
            modified=head["LastModified"].isoformat(),
        )

    def _key(self, name: str) -> str:
        return self._prefix + check_name(name)

    @contextmanager
    def _speaking(self, name: str = "") -> Iterator[None]:
        """Turn boto3's errors into ours: the code of the error, never the request."""
        exceptions = need("botocore.exceptions", "s3")
        try:
            yield
        except exceptions.ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", "unknown"))
            if name and code in _RACED:
                raise RaceError(self.uri, name) from error
            remedy = "check the bucket, its region, --endpoint, and the credentials in the environment"
            raise UnavailableError(code, f"{self.uri} answered {code}", remedy) from error
        except exceptions.BotoCoreError as error:
            why = f"{self.uri} can't be reached ({type(error).__name__})"
            raise UnavailableError(
                "unavailable", why, "check --endpoint, the network and the credentials in the environment"
            ) from error


def _client(endpoint: str) -> Any:
    """Return a client; addresses keep the bucket in their path where the server is not Amazon's."""
    session, config = need("boto3", "s3").session.Session(), need("botocore.config", "s3").Config
    endpoint = endpoint or os.environ.get("AWS_ENDPOINT_URL_S3", "") or os.environ.get("AWS_ENDPOINT_URL", "")
    settings: dict[str, Any] = {
        "retries": {"max_attempts": 5, "mode": "standard"},
        "connect_timeout": 10,
        "read_timeout": 120,
        # we state the checksums ourselves; the default sends them as trailers, which other servers garble
        "request_checksum_calculation": "when_required",
        "response_checksum_validation": "when_required",
    }
    if endpoint:
        settings["s3"] = {"addressing_style": "path"}
    with _unconfigured():
        region = session.region_name or "us-east-1"
        return session.client(
            "s3", endpoint_url=endpoint or None, region_name=region, config=config(**settings)
        )


@contextmanager
def _unconfigured() -> Iterator[None]:
    exceptions = need("botocore.exceptions", "s3")
    try:
        yield
    except (exceptions.BotoCoreError, ValueError) as error:
        raise UnavailableError(
            "unavailable", f"the S3 client can't be set up ({type(error).__name__})", "check --endpoint"
        ) from error


def _sums(data: bytes) -> dict[str, str]:
    return {
        "ContentMD5": base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode(),
        "ChecksumSHA256": base64.b64encode(hashlib.sha256(data).digest()).decode(),
    }


def _etag(head: dict[str, Any]) -> str:
    return str(head.get("ETag", "")).strip('"')


def _is_encrypted(head: dict[str, Any]) -> bool:
    """Say whether the ETag is no MD5 because the server holds the key."""
    return "kms" in str(head.get("ServerSideEncryption", "")) or bool(head.get("SSECustomerAlgorithm"))


def _is_md5(head: dict[str, Any]) -> bool:
    return bool(_MD5.match(_etag(head))) and not _is_encrypted(head)
