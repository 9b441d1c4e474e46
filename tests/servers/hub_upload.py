"""The publishing side of the Hub stand-in: create a repository, upload files, commit, tag."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import yaml

from .hub_repo import Repo, sha256
from .listener import Exchange, Reply

if TYPE_CHECKING:
    from .hub_server import HubServer


def answer_upload(hub: HubServer, exchange: Exchange, reply: Reply) -> None:
    """Answer a POST, PUT or DELETE; all but the YAML check need a token that may write."""
    match exchange.parts:
        case ["api", "validate-yaml"]:
            _check_card(exchange, reply)
        case ["api", "repos", "create"]:
            _create(hub, exchange, reply)
        case ["api", "datasets", owner, name, "preupload", revision]:
            _preupload(hub, _writable(hub, exchange, f"{owner}/{name}"), revision, exchange, reply)
        case ["api", "datasets", owner, name, "commit", revision]:
            _commit(hub, _writable(hub, exchange, f"{owner}/{name}"), revision, exchange, reply)
        case ["api", "datasets", owner, name, "tag" | "branch" as kind, revision]:
            _name(hub, _writable(hub, exchange, f"{owner}/{name}"), exchange, reply, (kind, revision))
        case ["datasets", owner, name, "info", "lfs", "objects", "batch"] if name.endswith(".git"):
            _writable(hub, exchange, f"{owner}/{name.removesuffix('.git')}")
            _batch(hub, exchange, reply)
        case ["lfs-verify"]:
            _verify(hub, exchange, reply)
        case _:
            reply.json({"error": "no such page"}, 404)


def _writable(hub: HubServer, exchange: Exchange, repo_id: str) -> Repo:
    _may_write(hub, exchange)
    return hub.repo(exchange, repo_id)


def _may_write(hub: HubServer, exchange: Exchange) -> str:
    """Return the name of the user, who may write."""
    from .hub_server import HubError

    user = hub.user(exchange)
    if user is None:
        raise HubError(401, None, "Invalid username or password.")
    if not user.write:
        raise HubError(403, None, "You need a token with write rights")
    return user.name


def _check_card(exchange: Exchange, reply: Reply) -> None:
    """Check the YAML at the head of a README."""
    text = exchange.json()["content"]
    errors = []
    if text.startswith("---\n"):
        try:
            yaml.safe_load(text[4:].partition("\n---")[0])
        except yaml.YAMLError as error:
            errors.append({"message": str(error)})
    reply.json({"errors": errors, "warnings": []}, 400 if errors else 200)


def _create(hub: HubServer, exchange: Exchange, reply: Reply) -> None:
    asked = exchange.json()
    repo_id = f"{asked.get('organization') or _may_write(hub, exchange)}/{asked['name']}"
    _may_write(hub, exchange)
    url = f"{hub.url}/datasets/{repo_id}"
    if asked.get("type") != "dataset":
        reply.json({"error": "only datasets live here"}, 400)
    elif repo_id in hub.repos:
        reply.json({"error": "You already created this dataset repo", "url": url}, 409)
    else:
        private = asked.get("private") is True or asked.get("visibility") == "private"
        hub.add_repo(repo_id, files={".gitattributes": b"*.parquet filter=lfs\n"}, private=private)
        reply.json({"url": url, "name": repo_id, "id": repo_id})


def _preupload(hub: HubServer, repo: Repo, revision: str, exchange: Exchange, reply: Reply) -> None:
    """Say for each file whether it goes as LFS (by its name or above 10 MB) or inside the commit."""
    there = hub.commit(repo, revision).files
    files = []
    for asked in exchange.json()["files"]:
        path = asked["path"]
        large = repo.is_lfs(path) or asked["size"] > 10_000_000
        entry = repo.entry(path, there[path]) if path in there else {}
        oid = entry.get("lfs", entry).get("oid")
        files.append(
            {"path": path, "uploadMode": "lfs" if large else "regular", "shouldIgnore": False, "oid": oid}
        )
    reply.json({"files": files, "commitOid": hub.commit(repo, revision).id})


def _batch(hub: HubServer, exchange: Exchange, reply: Reply) -> None:
    """Answer the LFS batch: where to PUT each object (the other host), nothing for those already there."""
    objects = []
    for asked in exchange.json()["objects"]:
        answered = {"oid": asked["oid"], "size": asked["size"], "authenticated": True}
        if f"/lfs/{asked['oid']}" not in hub.cdn.resources:
            upload = {"href": f"{hub.cdn.url}/lfs/{asked['oid']}?X-Amz-Signature=put", "header": {}}
            answered["actions"] = {
                "upload": upload,
                "verify": {"href": f"{hub.url}/lfs-verify", "header": {}},
            }
        objects.append(answered)
    reply.json({"transfer": "basic", "objects": objects})


def _verify(hub: HubServer, exchange: Exchange, reply: Reply) -> None:
    _may_write(hub, exchange)
    asked = exchange.json()
    kept = hub.cdn.resources.get(f"/lfs/{asked['oid']}")
    good = kept is not None and len(kept.body) == asked["size"]
    reply.json({"message": "ok" if good else "not uploaded"}, 200 if good else 404)


def _commit(hub: HubServer, repo: Repo, revision: str, exchange: Exchange, reply: Reply) -> None:
    """Apply the lines of a commit: all of them or none."""
    lines = [json.loads(line) for line in exchange.body.splitlines() if line.strip()]
    with hub.lock:
        head = hub.commit(repo, revision)
        header = lines[0]["value"]
        if revision not in repo.branches:
            reply.json({"error": f"{revision} is not a branch"}, 400)
            return
        if header.get("parentCommit") not in {None, head.id}:
            reply.json({"error": "A commit has happened since. Please refresh and try again."}, 412)
            return
        files = dict(head.files)
        problem = next(filter(None, (_apply(hub, repo, files, line) for line in lines[1:])), None)
        if problem:
            reply.json({"error": problem}, 400)
            return
        made = repo.commit(files, header["summary"], revision)
    url = f"{hub.url}/datasets/{repo.id}/commit/{made.id}"
    reply.json({"success": True, "commitOid": made.id, "commitUrl": url, "hookOutput": ""})


def _apply(hub: HubServer, repo: Repo, files: dict[str, bytes], line: dict) -> str | None:
    """Apply one line to the files; return what is wrong with it, or None."""
    kind, value = line["key"], line["value"]
    path = value["path"]
    if kind == "file":
        files[path] = base64.b64decode(value["content"])
    elif kind == "lfsFile":
        kept = hub.cdn.resources.get(f"/lfs/{value['oid']}")
        if kept is None or sha256(kept.body) != value["oid"]:
            return f"Your push was rejected: the LFS object of {path} is not there"
        files[path] = kept.body
        repo.committed_as_lfs.add(path)
    elif kind == "deletedFile":
        if files.pop(path, None) is None:
            return f"A file with this name doesn't exist: {path}"
    elif kind == "deletedFolder":
        for inside in [name for name in files if name.startswith(path.rstrip("/") + "/")]:
            del files[inside]
    else:
        return f"unknown operation {kind}"
    return None


def _name(hub: HubServer, repo: Repo, exchange: Exchange, reply: Reply, what: tuple[str, str]) -> None:
    """Create or delete a tag (`tag/{revision}` with the name in the body) or a branch (`branch/{name}`)."""
    kind, revision = what
    names = repo.git_tags if kind == "tag" else repo.branches
    if exchange.method == "DELETE":
        reply.json({}, 200 if names.pop(revision, None) else 404)
        return
    asked = exchange.json()
    name = asked["tag"] if kind == "tag" else revision
    start = revision if kind == "tag" else asked.get("startingPoint", "main")
    if name in names:
        reply.json({"error": f"{name} exists already"}, 409)
        return
    names[name] = hub.commit(repo, start).id
    reply.json({})
