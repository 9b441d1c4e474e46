"""A stand-in for the Hugging Face Hub: dataset repositories to find, list, download and publish to.

Large (LFS) files are answered with a 302 to another host and port, `hub.cdn`, as the real Hub does; the log of
`hub.cdn` shows whether a token followed. Every file's bytes are a `Resource` (http_server), so that a download can
be spoilt: `hub.resource("org/name", "a.parquet").cut_after = 1000`. `hub.refuse("/api/datasets", Failure(429, "1"))`
refuses the next request. Xet is never offered; `hub.client_environment` switches it off for uploads too.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import quote, urlencode

from .http_server import HttpServer, Resource
from .hub_repo import Commit, Repo, git_oid, sha256
from .hub_upload import answer_upload
from .listener import Exchange, Reply


@dataclass(frozen=True)
class User:
    """Who a token belongs to, which gated or private repositories it opens, and whether it may write."""

    name: str
    opens: frozenset[str] = frozenset()
    write: bool = False


class HubError(Exception):
    """An answer that is an error: a status, the Hub's code (X-Error-Code) and its message."""

    def __init__(self, status: int, code: str | None, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass
class Cdn(HttpServer):
    """The other host: LFS files at /lfs/{sha256}; a PUT there is kept if it is what its name says."""

    def answer(self, exchange: Exchange, reply: Reply) -> None:
        if exchange.method != "PUT":
            super().answer(exchange, reply)
        elif not self.refused(exchange, reply):
            good = exchange.parts[-1] == sha256(exchange.body)
            if good:
                self.resources[exchange.path] = Resource(exchange.body)
            reply.send(200 if good else 400, {})


@dataclass
class HubServer(HttpServer):
    """The Hub. `missing` is the status for a repository that is not there (the real Hub: 401 without a token)."""

    repos: dict[str, Repo] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    missing: int = 404
    page: int = 1000

    def __enter__(self) -> Self:
        self.cdn = Cdn().__enter__()
        return super().__enter__()

    def __exit__(self, *error: object) -> None:
        try:
            super().__exit__(*error)
        finally:
            self.cdn.__exit__(*error)

    @property
    def client_environment(self) -> dict[str, str]:
        """Return what a process must be started with; huggingface_hub reads it when it is imported."""
        return {
            "HF_ENDPOINT": self.url,
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_TOKEN_PATH": os.devnull,
        }

    def add_repo(
        self,
        repo_id: str,
        *states: Mapping[str, bytes],
        files: Mapping[str, bytes] | None = None,
        **about: Any,
    ) -> Repo:
        """Add a repository with one commit for each state given; `about` are fields of Repo."""
        repo = Repo(repo_id, **about)
        for number, state in enumerate([*states, *([files] if files is not None else [])]):
            repo.commit(state, f"commit {number}")
        if not repo.commits:
            repo.commit({}, "initial commit")
        self.repos[repo_id] = repo
        return repo

    def add_user(self, token: str, name: str, *, opens: Sequence[str] = (), write: bool = False) -> User:
        """Make a token known."""
        self.users[token] = User(name, frozenset(opens), write)
        return self.users[token]

    def resource(self, repo_id: str, path: str, revision: str = "main") -> Resource:
        """Return the live bytes of a file, to be spoilt or looked at."""
        repo = self.repos[repo_id]
        commit = repo.find(revision)
        if commit is None or path not in commit.files:
            raise KeyError(f"{repo_id} at {revision} has no {path}")
        return self._resource(repo, commit, path)

    def _resource(self, repo: Repo, commit: Commit, path: str) -> Resource:
        body = commit.files[path]
        with self.lock:
            if repo.is_lfs(path):
                return self.cdn.resources.setdefault(f"/lfs/{sha256(body)}", Resource(body))
            return self.resources.setdefault(
                f"/{repo.id}/{path}@{git_oid(body)}", Resource(body, tag=git_oid(body))
            )

    def answer(self, exchange: Exchange, reply: Reply) -> None:
        if self.refused(exchange, reply):
            return
        try:
            if exchange.method in {"GET", "HEAD"}:
                self._read(exchange, reply)
            elif not self._paths_info(exchange, reply):
                answer_upload(self, exchange, reply)
        except HubError as error:
            headers = {"X-Error-Message": error.message} | (
                {"X-Error-Code": error.code} if error.code else {}
            )
            reply.json({"error": error.message}, error.status, headers)

    def user(self, exchange: Exchange) -> User | None:
        """Return whose token the request carries; an unknown token is refused, none is nobody."""
        given = exchange.headers.get("authorization")
        if given is None:
            return None
        user = self.users.get(given.removeprefix("Bearer "))
        if user is None:
            raise HubError(401, None, "Invalid credentials in Authorization header")
        return user

    def repo(self, exchange: Exchange, repo_id: str) -> Repo:
        """Return a repository the request may know of."""
        repo, user = self.repos.get(repo_id), self.user(exchange)
        if repo is None:
            raise HubError(self.missing, "RepoNotFound", "Repository not found")
        owner = repo.id.partition("/")[0]
        if repo.private and (user is None or (repo.id not in user.opens and user.name != owner)):
            raise HubError(401 if user is None else 404, "RepoNotFound", "Repository not found")
        if repo.disabled:
            raise HubError(403, None, "Access to this resource is disabled.")
        return repo

    def commit(self, repo: Repo, revision: str) -> Commit:
        """Return the commit of a revision."""
        found = repo.find(revision)
        if found is None:
            raise HubError(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return found

    def _read(self, exchange: Exchange, reply: Reply) -> None:
        match exchange.parts:
            case ["api", "whoami-v2"]:
                user = self.user(exchange)
                if user is None:
                    raise HubError(401, None, "Invalid username or password.")
                reply.json({"type": "user", "name": user.name, "orgs": [], "auth": {"type": "access_token"}})
            case ["api", "datasets"]:
                self._list(exchange, reply)
            case ["api", "datasets", owner, name, *rest] if f"{owner}/{name}" in self.renamed:
                there = "/".join(["/api/datasets", self.renamed[f"{owner}/{name}"], *map(quote, rest)])
                reply.send(307, {"Location": there})
            case ["api", "datasets", owner, name, *rest]:
                self._about(exchange, reply, self.repo(exchange, f"{owner}/{name}"), rest)
            case ["datasets", owner, name, "resolve", revision, *path] if path:
                self._resolve(exchange, reply, f"{owner}/{name}", revision, "/".join(path))
            case _:
                raise HubError(404, None, "Sorry, we can't find the page you are looking for.")

    def _about(self, exchange: Exchange, reply: Reply, repo: Repo, rest: list[str]) -> None:
        match rest:
            case [] | ["revision", _]:
                commit = self.commit(repo, rest[1] if rest else "main")
                reply.json(repo.info(commit, blobs=exchange.query.get("blobs", "").lower() in {"true", "1"}))
            case ["refs"]:
                reply.json(repo.refs())
            case ["commits", revision]:
                reply.json(_history(repo, self.commit(repo, revision)))
            case ["tree", revision, *folder]:
                deep = exchange.query.get("recursive", "").lower() in {"true", "1"}
                entries = repo.tree(self.commit(repo, revision), "/".join(folder).strip("/"), recursive=deep)
                if entries is None:
                    raise HubError(404, "EntryNotFound", f"{'/'.join(folder)} does not exist on {revision}")
                self._paged(exchange, reply, entries)
            case _:
                raise HubError(404, None, "Sorry, we can't find the page you are looking for.")

    def _list(self, exchange: Exchange, reply: Reply) -> None:
        user = self.user(exchange)
        words = exchange.query.get("search", "").lower()
        author, filters = exchange.query.get("author"), set(exchange.all("filter"))
        found = [
            repo.info(self.commit(repo, "main"))
            for repo in self.repos.values()
            if words in repo.id.lower() and (not repo.private or (user is not None and repo.id in user.opens))
        ]
        found = [one for one in found if author in {None, one["author"]} and filters <= set(one["tags"])]
        found.sort(key=lambda one: (-one["downloads"], one["id"]))
        self._paged(exchange, reply, found)

    def _paged(self, exchange: Exchange, reply: Reply, entries: list[dict]) -> None:
        """Send one page and, if there is more, a Link to the next."""
        size = min(int(exchange.query.get("limit") or self.page), self.page)
        begin = int(exchange.query.get("cursor") or 0)
        headers = {}
        if begin + size < len(entries):
            again = urlencode({**exchange.query, "cursor": str(begin + size)})
            headers["Link"] = f'<{self.url}{quote(exchange.path)}?{again}>; rel="next"'
        reply.json(entries[begin : begin + size], headers=headers)

    def _resolve(self, exchange: Exchange, reply: Reply, repo_id: str, revision: str, path: str) -> None:
        if repo_id in self.renamed:
            there = f"/datasets/{self.renamed[repo_id]}/resolve/{quote(revision, safe='')}/{quote(path)}"
            reply.send(307, {"Location": there})
            return
        repo = self.repo(exchange, repo_id)
        user = self.user(exchange)
        if repo.gated and (
            user is None or (repo.id not in user.opens and user.name != repo.id.partition("/")[0])
        ):
            status = 401 if user is None else 403
            raise HubError(status, "GatedRepo", f"Access to dataset {repo.id} is restricted.")
        commit = self.commit(repo, revision)
        if path not in commit.files:
            raise HubError(404, "EntryNotFound", "Entry not found")
        resource = self._resource(repo, commit, path)
        if not repo.is_lfs(path):
            resource.headers = {"X-Repo-Commit": commit.id}
            self.serve(resource, exchange, reply)
            return
        body = commit.files[path]
        signed = urlencode({"X-Amz-Signature": hashlib.sha256(exchange.path.encode()).hexdigest()})
        linked = {
            "X-Linked-Size": str(len(body)),
            "X-Linked-Etag": f'"{sha256(body)}"',
            "X-Repo-Commit": commit.id,
        }
        reply.send(302, linked | {"Location": f"{self.cdn.url}/lfs/{sha256(body)}?{signed}"})

    def _paths_info(self, exchange: Exchange, reply: Reply) -> bool:
        match exchange.parts:
            case ["api", "datasets", owner, name, "paths-info", revision]:
                repo = self.repo(exchange, f"{owner}/{name}")
            case _:
                return False
        everything = repo.tree(self.commit(repo, revision), "", recursive=True) or []
        form = exchange.headers.get("content-type", "").startswith("application/json")
        wanted = exchange.json()["paths"] if form else _form_paths(exchange.body)
        asked = {path.strip("/") for path in ([wanted] if isinstance(wanted, str) else wanted)}
        reply.json([entry for entry in everything if entry["path"] in asked])
        return True


def _form_paths(body: bytes) -> list[str]:
    from urllib.parse import parse_qs

    return parse_qs(body.decode()).get("paths", [])


def _history(repo: Repo, commit: Commit) -> list[dict]:
    """Return the commits from the newest back to the first."""
    by_id = {one.id: one for one in repo.commits}
    out, at = [], commit
    while at is not None:
        out.append(
            {
                "id": at.id,
                "title": at.message,
                "message": "",
                "date": "2026-01-02T03:04:05.000Z",
                "authors": [],
            }
        )
        at = by_id.get(at.parent or "")
    return out
