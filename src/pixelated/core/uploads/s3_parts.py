"""Uploads in parts that survive the death of the process: parts that are there are never sent again.

An open upload is found by the id in the journal, or among those that the server lists for the key. Each of
its parts is compared with the local bytes by MD5; only the missing ones are sent, a few at a time.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pixelated.core.uploads.extras import need
from pixelated.core.uploads.journal import Journal
from pixelated.core.uploads.meter import Meter
from pixelated.core.uploads.protocol import LocalFile, changed

MB = 1 << 20
MIN_PART = 8 * MB
MAX_PARTS = 9_500  # the protocol allows 10,000
IN_FLIGHT = 3
TRIES = 3  # a server that restarts forgets its open uploads


@dataclass(frozen=True)
class Part:
    """One piece of the local file."""

    number: int  # from 1
    data: bytes
    md5: bytes
    sha256: bytes


class Upload:
    """One upload in parts of one object."""

    def __init__(self, client: Any, bucket: str, key: str, uri: str, name: str) -> None:
        self._client, self._uri, self._name = client, uri, name
        self._at = {"Bucket": bucket, "Key": key}
        self._error = need("botocore.exceptions", "s3").ClientError

    def send(self, file: LocalFile, journal: Journal, meter: Meter) -> str:
        """Send what is missing and put the object together; return the ETag it must have."""
        for attempt in range(TRIES):
            try:
                return self._send(file, journal, meter)
            except self._error as error:
                code = str(error.response.get("Error", {}).get("Code"))
                journal.drop(self._uri, self._name)
                if code not in {"NoSuchUpload", "InvalidPart"} or attempt + 1 == TRIES:
                    raise
        raise AssertionError

    def _send(self, file: LocalFile, journal: Journal, meter: Meter) -> str:
        sha256 = file.sha256
        noted = journal.read(self._uri, self._name, sha256).get("upload_id", "")
        upload_id, there = self._find(file.path, noted)
        if not upload_id:
            made = self._client.create_multipart_upload(
                **self._at, Metadata={"sha256": sha256}, ChecksumAlgorithm="SHA256"
            )
            upload_id = made["UploadId"]
        journal.write(self._uri, self._name, sha256, {"upload_id": upload_id})
        parts, whole = self._send_missing(file.path, upload_id, there, meter)
        if whole != sha256:
            self._client.abort_multipart_upload(**self._at, UploadId=upload_id)
            journal.drop(self._uri, self._name)
            raise changed(file)
        etag = _etag([part["_md5"] for part in parts])
        listed = [{k: v for k, v in part.items() if k != "_md5"} for part in parts]
        self._client.complete_multipart_upload(
            **self._at, UploadId=upload_id, MultipartUpload={"Parts": listed}
        )
        journal.drop(self._uri, self._name)
        return etag

    def _send_missing(
        self, path: Path, upload_id: str, there: dict[int, dict[str, Any]], meter: Meter
    ) -> tuple[list[dict[str, Any]], str]:
        """Return the parts as the server must list them, and the SHA-256 of all that was read."""
        whole, listed, waiting = hashlib.sha256(), list[dict[str, Any]](), list[Future[None]]()
        with ThreadPoolExecutor(IN_FLIGHT) as pool:
            try:
                for part in _parts(path):
                    whole.update(part.data)
                    sha = base64.b64encode(part.sha256).decode()
                    listed.append(
                        {"PartNumber": part.number, "ETag": f'"{part.md5.hex()}"', "ChecksumSHA256": sha}
                        | {"_md5": part.md5}
                    )
                    old = there.get(part.number)
                    if old and _is_same(old, part):
                        listed[-1]["ETag"] = old["ETag"]
                        meter.add_kept(len(part.data))
                        continue
                    if len(waiting) >= IN_FLIGHT:
                        waiting.pop(0).result()
                    waiting.append(pool.submit(self._send_one, upload_id, part, listed[-1], meter))
                for future in waiting:
                    future.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        return listed, whole.hexdigest()

    def _send_one(self, upload_id: str, part: Part, entry: dict[str, Any], meter: Meter) -> None:
        meter.wait(len(part.data))
        answer = self._client.upload_part(
            **self._at,
            UploadId=upload_id,
            PartNumber=part.number,
            Body=part.data,
            ContentMD5=base64.b64encode(part.md5).decode(),
            ChecksumSHA256=base64.b64encode(part.sha256).decode(),
        )
        entry["ETag"] = answer["ETag"]
        meter.add_sent(len(part.data))

    def _find(self, path: Path, noted: str) -> tuple[str, dict[int, dict[str, Any]]]:
        """Return the open upload of this very file and its parts; abort those of other files."""
        first, size = next(_parts(path)), path.stat().st_size
        chosen, there = "", dict[int, dict[str, Any]]()
        for upload_id in sorted({noted} - {""} | set(self._open_uploads()), key=lambda u: (u != noted, u)):
            parts = self._parts_of(upload_id)
            mine = upload_id == noted or (1 in parts and _is_same(parts[1], first))
            if mine and not chosen and len(parts) <= count(size):
                chosen, there = upload_id, parts
            else:
                self._abort(upload_id)
        return chosen, there

    def _open_uploads(self) -> Iterator[str]:
        pages = self._client.get_paginator("list_multipart_uploads").paginate(
            Bucket=self._at["Bucket"], Prefix=self._at["Key"]
        )
        for page in pages:
            yield from (u["UploadId"] for u in page.get("Uploads", []) if u["Key"] == self._at["Key"])

    def _parts_of(self, upload_id: str) -> dict[int, dict[str, Any]]:
        try:
            pages = self._client.get_paginator("list_parts").paginate(**self._at, UploadId=upload_id)
            return {part["PartNumber"]: part for page in pages for part in page.get("Parts", [])}
        except self._error as error:
            if error.response.get("Error", {}).get("Code") in {"NoSuchUpload", "404"}:
                return {}
            raise

    def _abort(self, upload_id: str) -> None:
        try:
            self._client.abort_multipart_upload(**self._at, UploadId=upload_id)
        except self._error as error:
            if error.response.get("Error", {}).get("Code") not in {"NoSuchUpload", "404"}:
                raise


def part_size(size: int) -> int:
    """Return the bytes of a part of a file of `size` bytes: 8 MB, more where that were too many parts."""
    needed = -(-size // MAX_PARTS)
    return max(MIN_PART, -(-needed // MB) * MB)


def count(size: int) -> int:
    """Return how many parts a file of `size` bytes has."""
    return max(1, -(-size // part_size(size)))


def etag_of(path: Path) -> str:
    """Return the ETag that an upload of the file in parts ends with."""
    return _etag([part.md5 for part in _parts(path)])


def _parts(path: Path) -> Iterator[Part]:
    step, number = part_size(path.stat().st_size), 0
    with path.open("rb") as stream:
        while data := stream.read(step):
            number += 1
            md5 = hashlib.md5(data, usedforsecurity=False).digest()
            yield Part(number, data, md5, hashlib.sha256(data).digest())


def _etag(digests: list[bytes]) -> str:
    joined = hashlib.md5(b"".join(digests), usedforsecurity=False).hexdigest()
    return f"{joined}-{len(digests)}"


def _is_same(listed: dict[str, Any], part: Part) -> bool:
    """Say whether a part that the server lists is the local one."""
    return listed["Size"] == len(part.data) and str(listed["ETag"]).strip('"') == part.md5.hex()
