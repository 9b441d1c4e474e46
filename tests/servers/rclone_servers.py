"""Servers and remotes by rclone, each over a folder: S3 with keys, HTTP without hashes, SFTP, and an alias.

Measured with rclone 1.75.2: `serve s3` answers a Range with the right bytes and an exact Content-Range but status
200, ignores If-None-Match, gives a multipart object the plain MD5 of the whole as its ETag, keeps objects over a
restart (they are files) but not open uploads; the folders directly under its root are the buckets.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pixelated.core.places.rclone import rclone_binary

from .moto_server import fill_bucket, s3_client
from .process import ChildServer


def rclone() -> str:
    """Return the path of rclone: the one that the product would use."""
    return rclone_binary()


def remote(name: str, **settings: object) -> dict[str, str]:
    """Return the environment that makes `name:` a remote with these settings, and no other remote exist."""
    prefix = f"RCLONE_CONFIG_{name.upper()}_"
    return {"RCLONE_CONFIG": os.devnull} | {
        prefix + key.upper(): str(value) for key, value in settings.items()
    }


def alias_remote(name: str, folder: Path) -> dict[str, str]:
    """Return the environment that makes `name:` a name for a local folder."""
    return remote(name, type="alias", remote=folder)


def obscure(password: str) -> str:
    """Return a password in the form that rclone's settings want it in."""
    done = subprocess.run(
        [rclone(), "obscure", "-"], input=password, capture_output=True, text=True, check=True, timeout=20
    )
    return done.stdout.strip()


class _RcloneServer(ChildServer):
    kind = ""
    flags: tuple[str, ...] = ()

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = Path(folder)

    def command(self) -> list[str]:
        return [rclone(), "serve", self.kind, *self.flags, "--addr", "127.0.0.1:0", str(self.folder)]

    def environment(self) -> dict[str, str]:
        given = {name: value for name, value in os.environ.items() if not name.startswith("RCLONE_")}
        return given | {"RCLONE_CONFIG": os.devnull, "RCLONE_DIR_CACHE_TIME": "0s"}


class RcloneS3(_RcloneServer):
    """S3 over a folder, 403 for another key; `restart` after `kill` finds the objects again, at a new address."""

    kind = "s3"
    KEY, SECRET = "testing", "testing-secret"
    flags = ("--auth-key", f"{KEY},{SECRET}")

    @property
    def client_environment(self) -> dict[str, str]:
        """Return what a client's environment must hold to reach this server and no other."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_REGION": "us-east-1",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ACCESS_KEY_ID": self.KEY,
            "AWS_SECRET_ACCESS_KEY": self.SECRET,
        }

    def client(self) -> Any:
        """Return a boto3 client of this server."""
        return s3_client(self.url, self.KEY, self.SECRET)

    def fill(self, bucket: str, objects: Mapping[str, bytes]) -> Any:
        """Create a bucket unless it is there, put the objects, and return the client."""
        return fill_bucket(self.client(), bucket, objects)

    def restart(self) -> None:
        """End the child and start another over the same folder; `url` changes."""
        self.stop()
        self.start()


class RcloneHttp(_RcloneServer):
    """A folder over HTTP; `remote_environment` makes it a remote that knows no hashes."""

    kind = "http"

    def remote_environment(self, name: str) -> dict[str, str]:
        """Return the environment that makes `name:` an http remote of this server."""
        return remote(name, type="http", url=self.url + "/")


class RcloneSftp(_RcloneServer):
    """A folder over SFTP with user and password; `url` is sftp://user@127.0.0.1:port."""

    kind = "sftp"
    USER, PASSWORD = "tester", "a pass, with:signs"
    announced = re.compile(r"SFTP server listening on (127\.0\.0\.1:\d+)")
    flags = ("--user", USER, "--pass", PASSWORD)

    def start(self) -> None:
        """Start with keys of its own, in a folder that goes with it."""
        self._cache = tempfile.TemporaryDirectory(prefix="sftp-keys-")
        super().start()
        self.port = int(self.url.rpartition(":")[2])
        self.url = f"sftp://{self.USER}@127.0.0.1:{self.port}"

    def stop(self) -> None:
        super().stop()
        self._cache.cleanup()

    def environment(self) -> dict[str, str]:
        return super().environment() | {"RCLONE_CACHE_DIR": self._cache.name}

    @property
    def client_environment(self) -> dict[str, str]:
        """Return what `:sftp,host=127.0.0.1,port=…,user=…:path` needs: the password, and no shell for hashes."""
        return {
            "RCLONE_CONFIG": os.devnull,
            "RCLONE_SFTP_PASS": obscure(self.PASSWORD),
            "RCLONE_SFTP_SHELL_TYPE": "none",
        }

    def remote_environment(self, name: str) -> dict[str, str]:
        """Return the environment that makes `name:` an sftp remote of this server."""
        return remote(
            name,
            type="sftp",
            host="127.0.0.1",
            port=self.port,
            user=self.USER,
            **{"pass": obscure(self.PASSWORD)},
            shell_type="none",
        )
