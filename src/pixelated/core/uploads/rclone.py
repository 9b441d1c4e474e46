"""Any rclone remote: copied under another name, hashed at the far end or read back, then moved into place.

rclone knows the credentials (its own configuration, the environment, an SSH agent); we never see them, and
show of its failures the exit status alone, since its messages may quote addresses.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import IO, Any, Self, cast
from urllib.parse import unquote, urlsplit

from pixelated.core.errors import UsageError
from pixelated.core.home import home_folder
from pixelated.core.meter import Meter
from pixelated.core.places.protocol import Entry, UnavailableError
from pixelated.core.places.rclone import rclone_binary
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
    hash_chunks,
)

_NO_REMOTE = b"didn't find section in config file"
_NOT_THERE = {3, 4}  # rclone's exit status for a directory or a file that is not there
_PLAIN = re.compile(r"[A-Za-z0-9._-]{1,255}\Z")
_PARTIAL = ".pixelated-partial"
_HASHES = ("--hash", "--hash-type", "SHA256", "--hash-type", "MD5")


class RcloneTarget:
    """A folder of a remote: `remote:path`."""

    def __init__(self, remote: str, uri: str = "") -> None:
        self.uri = uri or remote
        self._root = remote if remote.endswith((":", "/")) else remote + "/"

    @classmethod
    def of_sftp(cls, uri: str) -> Self:
        """Return the target at `sftp://user@host:port/path`, an absolute path there."""
        parts = urlsplit(uri)
        host, user, port = parts.hostname or "", parts.username or "", parts.port or 22
        if not _PLAIN.match(host) or (user and not _PLAIN.match(user)):
            raise UsageError("bad_address", f"{uri} names no plain host", "sftp://user@host/path")
        settings = [f"host={host}", f"port={port}", *([f"user={user}"] if user else [])]
        known = home_folder() / ".ssh" / "known_hosts"
        if known.is_file() and ":" not in str(known):
            settings.append(f"known_hosts_file={known}")
        return cls(f":sftp,{','.join(settings)}:{unquote(parts.path)}", uri)

    def check(self) -> None:
        """List the root; a folder that is not there yet is no fault."""
        self._run("lsjson", "--max-depth", "1", self._root, fine=_NOT_THERE)

    def stat(self, name: str) -> Entry | None:
        """Return size, time, and the hashes that the remote has; the remote computes those from its bytes."""
        return self._stat(check_name(name))

    def has(self, file: LocalFile, name: str) -> Found:
        """Compare sizes and hashes; of a remote without hashes, sizes."""
        return found(self.stat(name), file)

    def put(self, file: LocalFile, name: str, journal: Journal, meter: Meter) -> Entry:
        """Copy to another name, compare, move. rclone begins a file anew, so nothing is noted."""
        del journal
        size, sha256, partial = file.size, file.sha256, check_name(name) + _PARTIAL
        limit = ["--bwlimit", f"{meter.rate}B"] if meter.rate else []
        self._run("copyto", "--ignore-times", *limit, str(file.path), self._root + partial)
        meter.add_sent(size)
        entry = check_sent(name, self._stat(partial), file)
        if not entry.sha256:
            with self._open(partial) as chunks:
                there = hash_chunks(chunks)
            if there != (size, sha256):
                with file.path.open("rb") as stream:
                    local = hash_chunks(iter(lambda: stream.read(CHUNK), b""))
                if local != (size, sha256):
                    raise changed(file)
                check_sent(name, Entry(name, there[0], sha256=there[1]), file)
        self._run("moveto", self._root + partial, self._root + name)
        return replace(entry, name=name)

    def put_bytes(self, data: bytes, name: str, instead_of: Entry | None = None) -> Entry:
        """Write under another name, then move; remotes have no conditions, so look before."""
        if instead_of is not ANY:
            there = self.stat(name)
            if (there and there.version) != (instead_of and instead_of.version):
                raise RaceError(self.uri, name)
        partial = name + _PARTIAL
        self._run("rcat", self._root + partial, data=data)
        self._run("moveto", self._root + partial, self._root + name)
        return check_sent(name, self.stat(name), data)

    def finish(self, message: str) -> None:
        """Do nothing: what was put is visible."""

    def get(self, name: str) -> bytes:
        """Return the bytes of a file."""
        with self.open(name) as chunks:
            return b"".join(chunks)

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        """Yield the files under the prefix, without hashes."""
        folder = prefix.rpartition("/")[0]
        done = self._run("lsjson", "-R", "--files-only", self._root + folder, fine=_NOT_THERE)
        listed = [] if done.returncode else json.loads(done.stdout)
        for item in sorted(listed, key=lambda i: str(i["Path"])):
            name = f"{folder}/{item['Path']}" if folder else str(item["Path"])
            if name.startswith(prefix) and not name.endswith(_PARTIAL):
                yield _entry(name, item)

    def open(self, name: str) -> Any:
        """Open a file to read it back."""
        return self._open(check_name(name))

    def _stat(self, name: str) -> Entry | None:
        done = self._run("lsjson", "--stat", *_HASHES, self._root + name, fine=_NOT_THERE)
        item = None if done.returncode else json.loads(done.stdout)
        return None if not item or item.get("IsDir") else _entry(name, item)

    @contextmanager
    def _open(self, name: str) -> Iterator[Iterator[bytes]]:
        command = [rclone_binary(), "cat", self._root + name]
        with subprocess.Popen(  # noqa: S603 - a list, no shell
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            try:
                stream = cast("IO[bytes]", process.stdout)
                yield _until_end(stream, process, self.uri)
            finally:
                process.kill()

    def _run(
        self, verb: str, *arguments: str, fine: set[int] | None = None, data: bytes | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        command = [
            rclone_binary(),
            verb,
            "--retries",
            "3",
            "--low-level-retries",
            "5",
            "--contimeout",
            "20s",
            *arguments,
        ]
        given: dict[str, Any] = {"stdin": subprocess.DEVNULL} if data is None else {"input": data}
        done = subprocess.run(command, capture_output=True, check=False, **given)  # noqa: S603 - a list, no shell
        if done.returncode and done.returncode not in (fine or set()):
            if _NO_REMOTE in done.stderr:
                raise UnavailableError(
                    "no_remote", f"{self.uri}: rclone knows no such remote", "make it: rclone config"
                )
            raise _failed(self.uri, verb, done.returncode)
        return done


def _until_end(stream: IO[bytes], process: subprocess.Popen[bytes], uri: str) -> Iterator[bytes]:
    while piece := stream.read(CHUNK):
        yield piece
    if status := process.wait():
        raise _failed(uri, "cat", status)


def _failed(uri: str, verb: str, status: int) -> UnavailableError:
    return UnavailableError(
        "unavailable", f"rclone {verb} at {uri} ended with status {status}", f"see why: rclone lsf {uri}"
    )


def _entry(name: str, item: dict[str, Any]) -> Entry:
    hashes = {str(k).lower(): str(v) for k, v in (item.get("Hashes") or {}).items()}
    size = item.get("Size", -1)
    version = f"{size}-{item.get('ModTime', '')}"
    return Entry(
        name, size if size >= 0 else None, version, hashes.get("sha256", ""), hashes.get("md5", ""),
        item.get("ModTime", ""),
    )  # fmt: skip
