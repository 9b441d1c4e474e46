"""A Hugging Face dataset repository: files are staged, and become visible together, in one commit.

Large files go up first and stand under no name until the commit; the Hub keeps them by their SHA-256, so
that a killed upload is continued file by file. `finish` commits everything that was put, on top of the commit
that was looked at: where somebody else committed meanwhile, the Hub refuses.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2 as httpx

from pixelated.core.places.protocol import Entry, UnavailableError
from pixelated.core.uploads.extras import need
from pixelated.core.uploads.journal import Journal
from pixelated.core.uploads.meter import Meter
from pixelated.core.uploads.protocol import (
    ANY,
    CHUNK,
    Found,
    LocalFile,
    RaceError,
    changed,
    check_name,
    check_sent,
)

_KIND = {"repo_type": "dataset"}
_OK, _ABSENT, _RACED = 200, 404, (409, 412)


@dataclass(frozen=True)
class Head:
    """A revision of the repository: its commit ("" where there is none) and the files in it."""

    commit: str
    files: dict[str, Entry]


class HubTarget:
    """The main branch of a dataset repository `owner/name`; `at` reads another revision."""

    def __init__(self, repo: str, endpoint: str = "") -> None:
        self.uri = f"hf://datasets/{repo}"
        self.repo = repo
        hub = need("huggingface_hub", "hub")
        default = "https://huggingface.co"
        self._endpoint = (endpoint or os.environ.get("HF_ENDPOINT", "") or default).rstrip("/")
        self._token = hub.get_token() or False
        self._api = hub.HfApi(endpoint=self._endpoint, token=self._token)
        self._hub = hub
        self._staged: list[Any] = []
        self._heads: dict[str, Head] = {}
        self._tags: dict[str, str] | None = None

    def check(self) -> None:
        """Ask who we are: writing needs a token."""
        if not self._token:
            raise UnavailableError("no_token", f"no token for {self.uri}", "hf auth login, or set HF_TOKEN")
        with self._speaking():
            self._api.whoami()

    def stat(self, name: str) -> Entry | None:
        """Return size, blob id, and the SHA-256 of a large file, which the Hub computed."""
        return self.at().files.get(name)

    def at(self, revision: str = "main") -> Head:
        """Return a revision; empty where the repository or the revision is not there."""
        if revision not in self._heads:
            self._heads[revision] = self._read(revision)
        return self._heads[revision]

    def has(self, file: LocalFile, name: str) -> Found:
        """Compare by SHA-256 or, of small files, by git's own hash."""
        entry = self.stat(name)
        if entry is None:
            return "absent"
        same = entry.sha256 == file.sha256 if entry.sha256 else entry.version == _git_oid(file.path)
        return "same" if same else "other"

    def put(self, file: LocalFile, name: str, journal: Journal, meter: Meter) -> Entry:
        """Send a large file's bytes ahead of the commit, and stage the file."""
        del journal  # the Hub itself knows which large files it has
        operation = self._hub.CommitOperationAdd(
            path_in_repo=check_name(name), path_or_fileobj=str(file.path)
        )
        if operation.upload_info.sha256.hex() != file.sha256:  # computed from the bytes just now
            raise changed(file)
        meter.wait(file.size)
        with self._speaking():
            self._api.preupload_lfs_files(self.repo, [operation], **_KIND, free_memory=False)
        self._staged.append(operation)
        meter.add_sent(file.size)
        return Entry(name, file.size)

    def stage(self, data: bytes, name: str) -> None:
        """Stage a small file."""
        self._staged.append(self._hub.CommitOperationAdd(path_in_repo=check_name(name), path_or_fileobj=data))

    def stage_removal(self, names: Iterable[str]) -> None:
        """Stage the removal of files."""
        here = self.at().files
        self._staged += [self._hub.CommitOperationDelete(n, is_folder=False) for n in names if n in here]

    def stage_copies(self, names: Iterable[str], revision: str) -> None:
        """Stage files as they are at another revision, without sending them again."""
        here, there = self.at().files, self.at(revision).files
        for name in names:
            if here.get(name) != there[name]:
                self._staged.append(self._hub.CommitOperationCopy(name, name, src_revision=revision))

    def finish(self, message: str) -> None:
        """Commit what is staged, if anything is, on top of the commit that was looked at."""
        if not self._staged:
            return
        parent = self.at().commit or None
        staged, self._staged = self._staged, []
        with self._speaking("main"):
            self._api.create_commit(self.repo, staged, commit_message=message, parent_commit=parent, **_KIND)
        self._heads.clear()

    def create(self) -> None:
        """Create the repository, private, unless it is there."""
        if self.at().commit:
            return
        with self._speaking():
            self._api.create_repo(self.repo, private=True, exist_ok=True, **_KIND)
        self._heads.clear()

    def tags(self) -> dict[str, str]:
        """Return the commit of every tag."""
        if not self.at().commit:
            return {}
        if self._tags is None:
            with self._speaking():
                refs = self._api.list_repo_refs(self.repo, **_KIND)
            self._tags = {ref.name: ref.target_commit for ref in refs.tags}
        return self._tags

    def tag(self, name: str) -> None:
        """Name the commit that `main` is at."""
        with self._speaking(name):
            self._api.create_tag(self.repo, tag=name, revision=self.at().commit, **_KIND)
        self._heads.pop(name, None)
        self._tags = None

    def put_bytes(self, data: bytes, name: str, instead_of: Entry | None = None) -> Entry:
        """Commit a small file, with whatever is staged."""
        if instead_of is not ANY:  # the commit is made on the head looked at here, or refused
            there = self.stat(name)
            if (there and there.version) != (instead_of and instead_of.version):
                raise RaceError(self.uri, name)
        self.stage(data, name)
        self.finish(f"Write {name}")
        return check_sent(name, self.stat(name), data)

    def get(self, name: str) -> bytes:
        """Return the bytes of a file."""
        with self.open(name) as chunks:
            return b"".join(chunks)

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        """Yield the files of the main branch."""
        files = self.at().files
        yield from (files[name] for name in sorted(files) if name.startswith(prefix))

    @contextmanager
    def open(self, name: str, revision: str = "main") -> Iterator[Iterator[bytes]]:
        """Open a file to read it back; a redirect to another host is followed without the token."""
        url = f"{self._endpoint}/datasets/{self.repo}/resolve/{quote(revision, safe='')}/{quote(name)}"
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        try:
            with (
                httpx.Client(follow_redirects=True, timeout=60) as http,
                http.stream("GET", url, headers=headers) as answer,
            ):
                if answer.status_code != _OK:
                    raise UnavailableError(
                        f"http_{answer.status_code}",
                        f"{name} at {self.uri}: {answer.status_code}",
                        "run it again",
                    )
                yield answer.iter_bytes(CHUNK)
        except httpx.TransportError as error:
            raise self._away(type(error).__name__) from error

    def _read(self, revision: str) -> Head:
        errors = need("huggingface_hub.errors", "hub")
        with self._speaking():
            try:
                commit = self._api.dataset_info(self.repo, revision=revision).sha
                tree = self._api.list_repo_tree(self.repo, revision=commit, recursive=True, **_KIND)
                files = [item for item in tree if hasattr(item, "blob_id")]
            except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError):
                return Head("", {})
        return Head(
            commit,
            {f.path: Entry(f.path, f.size, f.blob_id, f.lfs.sha256 if f.lfs else "") for f in files},
        )

    @contextmanager
    def _speaking(self, name: str = "") -> Iterator[None]:
        """Turn the library's errors into ours: the status alone, never the request."""
        errors = need("huggingface_hub.errors", "hub")
        try:
            yield
        except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError) as error:
            raise self._away("not found, or no access") from error
        except errors.HfHubHTTPError as error:
            status = error.response.status_code if error.response is not None else 0
            if name and status in _RACED:
                raise RaceError(self.uri, name) from error
            raise self._away(f"answered {status}") from error
        except (httpx.TransportError, RuntimeError, ValueError, OSError) as error:
            if isinstance(error, UnavailableError):
                raise
            raise self._away(type(error).__name__) from error

    def _away(self, why: str) -> UnavailableError:
        return UnavailableError(
            "unavailable",
            f"{self.uri} can't be written or read ({why})",
            "check the token, its rights, the network",
        )


def _git_oid(path: Path) -> str:
    """Return git's name of a file's bytes."""
    digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as stream:
        while piece := stream.read(CHUNK):
            digest.update(piece)
    return digest.hexdigest()
