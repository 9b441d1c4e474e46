"""Dataset repositories of the Hub stand-in: commits, branches, trees, and the JSON the Hub says about them."""

from __future__ import annotations

import fnmatch
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

LFS_PATTERNS = ("*.parquet", "*.zip", "*.bin", "*.gz", "*.arrow")


def git_oid(body: bytes) -> str:
    """Return git's name of a blob, 40 hex digits."""
    return hashlib.sha1(b"blob %d\0" % len(body) + body, usedforsecurity=False).hexdigest()


def sha256(body: bytes) -> str:
    """Return the SHA-256, 64 hex digits."""
    return hashlib.sha256(body).hexdigest()


def pointer(body: bytes) -> bytes:
    """Return the text git keeps in the place of an LFS file."""
    return b"version https://git-lfs.github.com/spec/v1\noid sha256:%b\nsize %d\n" % (
        sha256(body).encode(),
        len(body),
    )


@dataclass(frozen=True)
class Commit:
    """One commit: its id (40 hex digits) follows from its parent, message and files."""

    id: str
    files: Mapping[str, bytes]
    message: str
    parent: str | None


@dataclass
class Repo:
    """One dataset repository; `gated` is False, "auto" or "manual"."""

    id: str
    license: str | None = None
    tags: Sequence[str] = ()
    private: bool = False
    gated: bool | str = False
    disabled: bool = False
    downloads: int = 0
    lfs: Sequence[str] = LFS_PATTERNS
    commits: list[Commit] = field(default_factory=list)
    branches: dict[str, str] = field(default_factory=dict)
    git_tags: dict[str, str] = field(default_factory=dict)
    committed_as_lfs: set[str] = field(default_factory=set)

    def commit(self, files: Mapping[str, bytes], message: str = "a commit", branch: str = "main") -> Commit:
        """Make `files` (all of them, by path) the new state of a branch."""
        parent = self.branches.get(branch)
        text = repr((parent, message, sorted((path, sha256(body)) for path, body in files.items())))
        made = Commit(
            hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest(), dict(files), message, parent
        )
        self.commits.append(made)
        self.branches[branch] = made.id
        return made

    def find(self, revision: str) -> Commit | None:
        """Return the commit of a branch, tag, full ref or full id, or None."""
        for start, names in (("refs/heads/", self.branches), ("refs/tags/", self.git_tags)):
            short = revision.removeprefix(start)
            if short in names:
                revision = names[short]
                break
        return next((commit for commit in self.commits if commit.id == revision), None)

    def is_lfs(self, path: str) -> bool:
        """Say whether a path is kept as LFS: by the patterns, or because it was committed so."""
        return path in self.committed_as_lfs or any(fnmatch.fnmatch(path, pattern) for pattern in self.lfs)

    def entry(self, path: str, body: bytes) -> dict:
        """Return a file as the tree lists it."""
        if not self.is_lfs(path):
            return {"type": "file", "oid": git_oid(body), "size": len(body), "path": path}
        kept = pointer(body)
        lfs = {"oid": sha256(body), "size": len(body), "pointerSize": len(kept)}
        return {"type": "file", "oid": git_oid(kept), "size": len(body), "path": path, "lfs": lfs}

    def tree(self, commit: Commit, folder: str, *, recursive: bool) -> list[dict] | None:
        """Return directories and files under a folder ("" is the root), or None if there is none."""
        start = f"{folder}/" if folder else ""
        entries: dict[str, dict] = {}
        for path, body in commit.files.items():
            if not path.startswith(start):
                continue
            parts = path[len(start) :].split("/")
            for depth in range(1, len(parts) if recursive else min(2, len(parts))):
                at = start + "/".join(parts[:depth])
                oid = hashlib.sha1(at.encode(), usedforsecurity=False).hexdigest()
                entries[at] = {"type": "directory", "oid": oid, "size": 0, "path": at}
            if recursive or len(parts) == 1:
                entries[path] = self.entry(path, body)
        return [entries[path] for path in sorted(entries)] if entries or not folder else None

    def info(self, commit: Commit, *, blobs: bool = False) -> dict:
        """Return what the Hub's API says about the repository at a commit."""
        card = {"license": self.license} if self.license else {}
        tags = ([f"license:{self.license}"] if self.license else []) + list(self.tags)
        return {
            "_id": hashlib.sha256(self.id.encode()).hexdigest()[:24],
            "id": self.id,
            "author": self.id.partition("/")[0],
            "sha": commit.id,
            "createdAt": "2025-01-02T03:04:05.000Z",
            "lastModified": "2026-01-02T03:04:05.000Z",
            "private": self.private,
            "gated": self.gated,
            "disabled": self.disabled,
            "downloads": self.downloads,
            "likes": 0,
            "tags": tags,
            "cardData": card,
            "siblings": [
                self._sibling(path, body, blobs=blobs) for path, body in sorted(commit.files.items())
            ],
            "usedStorage": sum(len(body) for body in commit.files.values()),
        }

    def _sibling(self, path: str, body: bytes, *, blobs: bool) -> dict:
        if not blobs:
            return {"rfilename": path}
        entry = self.entry(path, body)
        said = {"rfilename": path, "size": entry["size"], "blobId": entry["oid"]}
        if "lfs" in entry:
            lfs = entry["lfs"]
            said["lfs"] = {"sha256": lfs["oid"], "size": lfs["size"], "pointerSize": lfs["pointerSize"]}
        return said

    def refs(self) -> dict:
        """Return branches and tags as the Hub's API lists them."""

        def listed(kind: str, names: Mapping[str, str]) -> list[dict]:
            return [
                {"name": name, "ref": f"refs/{kind}/{name}", "targetCommit": commit}
                for name, commit in sorted(names.items())
            ]

        return {
            "branches": listed("heads", self.branches),
            "tags": listed("tags", self.git_tags),
            "converts": [],
        }
