"""Stores that workers on other machines reach: a prefix on S3, behind the interface of `core/store.py`.

An object is sent in one request (a large local file in parts that become one object at the end), so a
name never stands for half a file; what the server says of it is compared with what was sent. Objects are
private as the bucket makes them: nothing here opens them to anybody.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson

from pixelated.core.errors import UsageError
from pixelated.core.meter import Meter
from pixelated.core.store import LocalStore, Store, to_json
from pixelated.core.uploads import ANY, Journal, LocalFile, target_of
from pixelated.core.uploads.s3 import S3Target

SCHEME: Final = "s3://"
CHUNK: Final = 1 << 20


def store_of(address: str) -> Store:
    """Return the private store at `address`: `s3://bucket/prefix`, or a local folder.

    Raises:
        UsageError: no such form of address, one with a secret in it, or boto3 is not installed.
    """
    if address.startswith(SCHEME):
        environment = tuple(sorted((k, v) for k, v in os.environ.items() if k.startswith("AWS_")))
        return _s3(address.rstrip("/"), environment)
    if "://" in address:
        raise UsageError(
            "bad_store", f"{address} is no store for parts", "give s3://bucket/prefix, or a folder"
        )
    return LocalStore(Path(address), private=True)


def below(address: str, name: str) -> str:
    """Return the address of the folder `name` in the store at `address`; a local one becomes absolute."""
    if "://" in address:
        return f"{address.rstrip('/')}/{name}"
    return str(Path(address).absolute() / name)


def check_store(address: str) -> None:
    """Find out, without writing, whether the store can be reached; "" is the run folder.

    Raises:
        UnavailableError: it can't be.
        UsageError: see `store_of`.
    """
    store = store_of(address) if address else None
    if isinstance(store, S3Store):
        store.check()


class S3Store:
    """A prefix of a bucket on S3 or an S3-compatible server (`AWS_ENDPOINT_URL`)."""

    def __init__(self, target: S3Target) -> None:
        self.address = target.uri
        self._target = target

    def check(self) -> None:
        """Ask for the bucket."""
        self._target.check()

    def exists(self, name: str) -> bool:
        """Say whether `name` is there, whole."""
        return self._target.stat(name) is not None

    def read(self, name: str) -> bytes:
        """Return the bytes of `name`."""
        return self._target.get(name)

    def read_json(self, name: str) -> Any:
        """Return the JSON value in `name`."""
        return orjson.loads(self.read(name))

    def readable(self, name: str) -> BinaryIO:
        """Return the bytes of `name`, in memory: parts are bounded."""
        return io.BytesIO(self.read(name))

    def write(self, name: str, writer: Callable[[BinaryIO], None]) -> int:
        """Let `writer` fill a buffer, then send it in one request."""
        buffer = io.BytesIO()
        writer(buffer)
        data = buffer.getvalue()
        self._target.put_bytes(data, name, ANY)
        return len(data)

    def write_json(self, name: str, value: Any) -> None:
        """Write `value` as indented JSON with sorted keys and a final newline."""
        self._target.put_bytes(to_json(value), name, ANY)

    def put(self, path: Path, name: str) -> None:
        """Send the local file `path`."""
        self._target.put(_local_file(path), name, Journal(), Meter())

    def fetch(self, name: str, stream: BinaryIO) -> None:
        """Write the bytes of `name` to `stream`, piece by piece."""
        with self._target.open(name) as chunks:
            stream.writelines(chunks)

    def names(self, prefix: str = "") -> Iterator[str]:
        """Yield the sorted names in the folder `prefix`."""
        yield from sorted(e.name for e in self._target.entries(f"{prefix}/" if prefix else ""))

    def remove(self, name: str) -> None:
        """Remove the object `name`, and those in the folder `name`."""
        self._target.delete([name, *self.names(name)])


@cache
def _s3(address: str, environment: tuple[tuple[str, str], ...]) -> S3Store:  # noqa: ARG001 - part of the key
    target = target_of(address)
    if not isinstance(target, S3Target):
        raise UsageError("bad_store", f"{address} names no bucket", "give s3://bucket/prefix")
    return S3Store(target)


def _local_file(path: Path) -> LocalFile:
    sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    with path.open("rb") as f:
        while chunk := f.read(CHUNK):
            sha256.update(chunk)
            md5.update(chunk)
            size += len(chunk)
    return LocalFile(path, size, sha256.hexdigest(), md5.hexdigest())
