"""The stand-ins for the Hugging Face Hub and Kaggle satisfy the clients of the real ones."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile

import httpx2
import pytest

from servers.http_server import Failure
from servers.hub_server import HubServer
from servers.kaggle_server import KaggleServer

BODY = bytes(range(256)) * 400


HUB_CLIENT = """
import json
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, hf_hub_download
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError
BODY = bytes(range(256)) * 400
api, out = HfApi(), {}
def error(call):
    try:
        call()
    except Exception as raised:
        return type(raised).__name__
out["listed"] = [found.id for found in api.list_datasets(search="talk", filter="mental-health")]
info = api.dataset_info("acme/talk-1", files_metadata=True)
out["info"] = [info.card_data["license"], info.gated, {s.rfilename: [s.size, s.lfs and s.lfs.sha256] for s in info.siblings}]
out["deep"] = [e.path for e in api.list_repo_tree("acme/talk-1", repo_type="dataset", recursive=True)]
out["flat"] = [e.path for e in api.list_repo_tree("acme/talk-1", "data", repo_type="dataset")]
out["paths"] = [e.path for e in api.get_paths_info("acme/talk-1", ["data", "README.md"], repo_type="dataset")]
get = lambda repo, path, **more: open(hf_hub_download(repo, path, repo_type="dataset", **more), "rb").read()
first = api.list_repo_commits("acme/talk-1", repo_type="dataset")[-1].commit_id
out["got"] = [get("acme/talk-1", "data/a.parquet", token="hf_writer") == BODY, get("acme/talk-1", "README.md", revision=first).decode()]
out["errors"] = [
    error(lambda: get("acme/gated", "a.csv")), error(lambda: api.dataset_info("acme/secret")),
    error(lambda: api.dataset_info("acme/nothing")), error(lambda: api.dataset_info("acme/talk-1", revision="v9")),
    error(lambda: get("acme/talk-1", "nothing.csv")), error(lambda: HfApi(token="hf_reader").create_repo("r/x", repo_type="dataset")),
]
out["opened"] = get("acme/gated", "a.csv", token="hf_writer").decode()
me = HfApi(token="hf_writer")
me.create_repo("me/out", repo_type="dataset", private=True)
me.create_repo("me/out", repo_type="dataset", exist_ok=True)
head = me.dataset_info("me/out").sha
files = [CommitOperationAdd("README.md", b"---\\nlicense: mit\\n---\\n"), CommitOperationAdd("d/new.parquet", BODY + b"1"), CommitOperationAdd("d/old.parquet", BODY)]
made = me.create_commit("me/out", files, commit_message="one", repo_type="dataset", parent_commit=head)
me.create_tag("me/out", tag="v1", repo_type="dataset")
me.upload_file(path_or_fileobj=b"abc", path_in_repo="z.txt", repo_id="me/out", repo_type="dataset")
again = [CommitOperationDelete("z.txt"), CommitOperationAdd("d/new.parquet", BODY + b"1")]
me.create_commit("me/out", again, commit_message="two", repo_type="dataset")
out["stale"] = error(lambda: me.create_commit("me/out", [CommitOperationAdd("q", b"1")], commit_message="x", repo_type="dataset", parent_commit=head))
out["tag"] = [t.target_commit == made.oid for t in me.list_repo_refs("me/out", repo_type="dataset").tags]
out["read_back"] = get("me/out", "d/new.parquet", revision="v1", token="hf_writer") == BODY + b"1"
print(json.dumps(out))
"""


def test_the_hub_is_read_and_published_to_by_its_own_library(tmp_path):
    with HubServer(page=2) as hub:
        state = {"README.md": b"new", "data/deep/b.csv": b"q,a\n", "data/a.parquet": BODY}
        for number in range(5):
            hub.add_repo(
                f"acme/talk-{number}",
                {"README.md": b"old"},
                state,
                license="cc-by-4.0",
                tags=["mental-health"],
            )
        hub.add_repo("acme/gated", {"a.csv": b"closed"}, gated="manual", tags=["mental-health"])
        hub.add_repo("acme/secret", {"a.csv": b"closed"}, private=True)
        hub.add_user("hf_writer", "me", opens=["acme/gated"], write=True)
        hub.add_user("hf_reader", "r")
        environment = dict(os.environ) | hub.client_environment | {"HF_HOME": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-c", HUB_CLIENT],
            env=environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        out = json.loads(done.stdout)
        digest = hashlib.sha256(BODY).hexdigest()
        assert out["listed"] == [f"acme/talk-{number}" for number in range(5)]
        assert out["info"] == [
            "cc-by-4.0",
            False,
            {"README.md": [3, None], "data/a.parquet": [len(BODY), digest], "data/deep/b.csv": [4, None]},
        ]
        assert out["deep"] == ["README.md", "data", "data/a.parquet", "data/deep", "data/deep/b.csv"]
        assert out["flat"] == ["data/a.parquet", "data/deep"]
        assert out["paths"] == ["README.md", "data"]
        assert out["got"] == [True, "old"]
        assert out["errors"] == [
            "GatedRepoError",
            "RepositoryNotFoundError",
            "RepositoryNotFoundError",
            "RevisionNotFoundError",
            "RemoteEntryNotFoundError",
            "HfHubHTTPError",
        ]
        assert (out["opened"], out["stale"], out["tag"], out["read_back"]) == (
            "closed",
            "HfHubHTTPError",
            [True],
            True,
        )
        assert sorted(hub.repos["me/out"].commits[-1].files) == [
            ".gitattributes",
            "README.md",
            "d/new.parquet",
            "d/old.parquet",
        ]
        assert hub.repos["me/out"].private
        # only the object that was not there was sent; no token ever reached the other host
        assert len(hub.cdn.requests(method="PUT")) == 1
        assert not any(exchange.authorized for exchange in hub.cdn.log)
        assert any(exchange.authorized for exchange in hub.log)


def test_the_hub_can_be_spoilt_and_told_to_refuse():
    with HubServer() as hub:
        hub.add_repo("acme/talk", {"a.parquet": BODY, "b.csv": BODY})
        hub.renamed["old/talk"] = "acme/talk"
        url = f"{hub.url}/datasets/acme/talk/resolve/main"
        head = httpx2.head(f"{url}/a.parquet")
        assert (head.status_code, head.headers["x-linked-size"]) == (302, str(len(BODY)))
        assert head.headers["x-linked-etag"] == f'"{hashlib.sha256(BODY).hexdigest()}"'
        assert head.headers["x-repo-commit"] == hub.repos["acme/talk"].branches["main"]
        assert not head.headers["location"].startswith(hub.url)
        part = httpx2.get(f"{url}/b.csv", headers={"Range": "bytes=7-"})
        assert (part.status_code, part.content, len(part.headers["etag"])) == (206, BODY[7:], 42)
        for name in ("a.parquet", "b.csv"):
            spoilt = hub.resource("acme/talk", name)
            spoilt.cut_after, spoilt.times = 1000, 1
            with pytest.raises(httpx2.TransportError):
                httpx2.get(f"{url}/{name}", follow_redirects=True)
            assert httpx2.get(f"{url}/{name}", follow_redirects=True).content == BODY
        hub.refuse("/api/datasets/acme", Failure(429, "1"), times=2)
        answers = [httpx2.get(f"{hub.url}/api/datasets/acme/talk") for _ in range(3)]
        assert [a.status_code for a in answers] == [429, 429, 200]
        assert answers[0].headers["retry-after"] == "1"
        moved = httpx2.get(f"{hub.url}/datasets/old/talk/resolve/main/b.csv")
        assert (moved.status_code, moved.headers["location"]) == (
            307,
            "/datasets/acme/talk/resolve/main/b.csv",
        )


def ask(kaggle: KaggleServer, call: str, auth: object = None, **asked: object) -> httpx2.Response:
    url = f"{kaggle.url}/api/v1/datasets.DatasetApiService/{call}"
    headers = asked.pop("headers", {})
    names = {"ownerSlug": "acme", "datasetSlug": "talk"} | asked
    return httpx2.post(url, json=names, auth=auth, headers=headers, follow_redirects=True)


@pytest.fixture
def kaggle():
    with KaggleServer(keys={"me": "key"}, tokens={"tok": "me"}) as server:
        server.add_dataset(
            "acme/talk", {"a.csv": b"q,a\n"}, {"a.csv": b"q,a\nhi,there\n", "b.csv": BODY}, tags=("therapy",)
        )
        server.add_dataset("acme/closed", {"a.csv": b"1"}, private=True)
        server.add_dataset("acme/terms", {"a.csv": b"1"}, terms=True)
        yield server


def test_kaggle_lists_and_tells_of_datasets(kaggle):
    said = ask(kaggle, "GetDataset").json()
    assert (said["ref"], said["ownerRef"], said["licenseName"]) == ("acme/talk", "acme", "CC-BY-SA-4.0")
    assert (said["currentVersionNumber"], len(said["versions"])) == (2, 2)
    assert [one["ref"] for one in ask(kaggle, "ListDatasets", search="t").json()["datasets"]] == [
        "acme/talk",
        "acme/terms",
    ]
    first = ask(kaggle, "ListDatasetFiles", pageSize=1).json()
    assert first["datasetFiles"][0]["name"] == "a.csv"
    rest = ask(kaggle, "ListDatasetFiles", pageToken=first["nextPageToken"]).json()
    assert [(one["name"], one["totalBytes"]) for one in rest["datasetFiles"]] == [("b.csv", len(BODY))]
    assert "nextPageToken" not in rest


@pytest.mark.parametrize("redirect", [False, True])
def test_kaggle_downloads_versions_files_and_parts(kaggle, redirect):
    kaggle.redirect = redirect
    old = ask(kaggle, "DownloadDataset", datasetVersionNumber=1, auth=("me", "key"))
    md5 = base64.b64encode(hashlib.md5(old.content, usedforsecurity=False).digest()).decode()
    assert old.headers["x-goog-hash"] == f"md5={md5}"
    assert zipfile.ZipFile(io.BytesIO(old.content)).read("a.csv") == b"q,a\n"
    assert ask(kaggle, "DownloadDataset", fileName="b.csv").content == BODY
    part = ask(kaggle, "DownloadDataset", fileName="b.csv", headers={"Range": "bytes=9-"})
    assert (part.status_code, part.content, part.headers["accept-ranges"]) == (206, BODY[9:], "bytes")
    assert len(kaggle.storage.log) == (3 if redirect else 0)
    assert not any(exchange.authorized for exchange in kaggle.storage.log)


def test_kaggle_refuses(kaggle):
    assert ask(kaggle, "GetDataset", auth=("me", "wrong")).status_code == 401
    assert ask(kaggle, "GetDataset", headers={"Authorization": "Bearer tok"}).status_code == 200
    assert ask(kaggle, "GetDataset", datasetSlug="closed").status_code == 403
    assert ask(kaggle, "GetDataset", datasetSlug="nothing").status_code == 404
    assert ask(kaggle, "GetDataset", datasetVersionNumber=3).status_code == 404
    assert ask(kaggle, "DownloadDataset", datasetSlug="terms").status_code == 403
    assert ask(kaggle, "DownloadDataset", fileName="c.csv").status_code == 404
    kaggle.refuse("/api/v1", Failure(429, "2"))
    assert ask(kaggle, "GetDataset").headers["retry-after"] == "2"
    kaggle.login = True
    assert ask(kaggle, "GetDataset").status_code == 401
    assert ask(kaggle, "GetDataset", auth=("me", "key")).status_code == 200
