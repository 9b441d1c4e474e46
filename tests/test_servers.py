"""The stores that other tests lean on do what their descriptions say, and leave no process behind."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

from servers.gcs_server import GcsServer
from servers.moto_server import MotoServer, s3_client
from servers.rclone_servers import RcloneHttp, RcloneS3, RcloneSftp, alias_remote, obscure, rclone

BODY = bytes(range(256)) * 400


def gone(url: str) -> bool:
    """Say whether nothing listens at an address any more, after at most 5 s."""
    host, port = url.rpartition("@")[2].rpartition("/")[2].split(":")
    for _ in range(100):
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except ConnectionRefusedError:
            return True
        time.sleep(0.05)
    return False


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_moto_is_s3_with_preconditions_and_leaves_no_process():
    with MotoServer() as moto:
        client = moto.fill("bucket", {"a/x": b"123"}, versioned=True)
        assert client.get_object(Bucket="bucket", Key="a/x", Range="bytes=1-")["Body"].read() == b"23"
        tag = client.head_object(Bucket="bucket", Key="a/x")["ETag"]
        assert tag == f'"{hashlib.md5(b"123", usedforsecurity=False).hexdigest()}"'
        with pytest.raises(client.exceptions.ClientError, match=r"412|PreconditionFailed"):
            client.get_object(Bucket="bucket", Key="a/x", IfMatch='"other"')
        moto.fill("bucket", {"a/x": b"4"})
        assert len(client.list_object_versions(Bucket="bucket")["Versions"]) == 2
        assert alive(moto.pid)
    assert not alive(moto.pid)
    assert gone(moto.url)


def test_moto_refuses_an_unknown_key_when_told_to():
    with MotoServer(check_keys=True) as moto, pytest.raises(Exception, match="InvalidAccessKeyId"):
        moto.fill("bucket", {})


@pytest.mark.parametrize(("module", "name"), [("moto_server", "MotoServer"), ("gcs_server", "GcsServer")])
def test_a_server_ends_with_a_parent_that_was_killed(module, name):
    text = f"import time; from servers.{module} import {name} as S; s = S(); s.start(); print(s.url, flush=True); time.sleep(60)"
    environment = dict(os.environ) | {"PYTHONPATH": str(Path(__file__).parent)}
    with subprocess.Popen(
        [sys.executable, "-c", text], stdout=subprocess.PIPE, text=True, env=environment
    ) as parent:
        url = parent.stdout.readline().strip()
        parent.kill()
    assert url.startswith("http://127.0.0.1:")
    assert gone(url)


def run_rclone(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [rclone(), *arguments],
        env=dict(os.environ) | environment,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "store" / "bucket").mkdir(parents=True)
    (tmp_path / "store" / "bucket" / "a.txt").write_bytes(BODY)
    return tmp_path / "store"


def test_rclone_s3_asks_for_its_key_and_keeps_objects_over_a_crash(folder):
    with RcloneS3(folder) as server:
        client = server.fill("second", {"x/y": b"123"})
        part = client.get_object(Bucket="bucket", Key="a.txt", Range="bytes=5-9")
        assert part["Body"].read() == BODY[5:10]
        assert part["ResponseMetadata"]["HTTPStatusCode"] == 200
        assert part["ContentRange"] == f"bytes 5-9/{len(BODY)}"
        with pytest.raises(
            client.exceptions.ClientError, match=r"403|InvalidAccessKeyId|SignatureDoesNotMatch"
        ):
            s3_client(server.url, server.KEY, "another").list_objects_v2(Bucket="bucket")
        first = server.pid
        server.kill()
        server.restart()
        assert server.client().get_object(Bucket="second", Key="x/y")["Body"].read() == b"123"
    assert not alive(first)
    assert not alive(server.pid)


def test_rclone_remotes_reach_a_folder_with_and_without_hashes(folder):
    listing = ("lsjson", "-R", "--files-only", "--hash", "--hash-type", "SHA256")
    [entry] = json.loads(run_rclone(alias_remote("gdrive", folder), *listing, "gdrive:"))
    assert (entry["Path"], entry["Hashes"]["sha256"]) == ("bucket/a.txt", hashlib.sha256(BODY).hexdigest())
    with RcloneHttp(folder) as server:
        [entry] = json.loads(run_rclone(server.remote_environment("web"), *listing, "web:"))
        assert (entry["Path"], entry["Size"], entry.get("Hashes")) == ("bucket/a.txt", len(BODY), None)
    assert not alive(server.pid)


def test_rclone_sftp_is_reached_by_name_and_by_address_with_the_password_only(folder):
    with RcloneSftp(folder) as server:
        assert server.url == f"sftp://tester@127.0.0.1:{server.port}"
        assert (
            run_rclone(server.remote_environment("box"), "lsf", "-R", "--files-only", "box:")
            == "bucket/a.txt\n"
        )
        address = f":sftp,host=127.0.0.1,port={server.port},user={server.USER}:bucket"
        assert run_rclone(server.client_environment, "lsf", address) == "a.txt\n"
        with pytest.raises(AssertionError, match="unable to authenticate"):
            run_rclone(
                server.client_environment | {"RCLONE_SFTP_PASS": obscure("wrong")},
                "lsf",
                address,
                "--retries=1",
                "--low-level-retries=1",
            )
    assert not alive(server.pid)


def test_gcs_downloads_parts_and_ignores_conditions():
    with GcsServer() as server:
        made = server.fill("bucket", {"a/x y": b"0123456789", "empty": b""})
        url = server.object_url("bucket", "a/x y")
        assert (made["a/x y"]["size"], made["empty"]["size"]) == ("10", "0")
        assert made["a/x y"]["md5Hash"] == made["a/x y"]["etag"] == "eB5eJF1ptWaXm4bijSPyxw=="
        whole = httpx2.get(url, params={"alt": "media"})
        assert whole.headers["x-goog-hash"] == "crc32c=KAwGng==,md5=eB5eJF1ptWaXm4bijSPyxw=="
        assert "etag" not in whole.headers
        part = httpx2.get(url, params={"alt": "media"}, headers={"Range": "bytes=2-4", "If-Match": '"x"'})
        assert (part.status_code, part.content, part.headers["content-range"]) == (
            206,
            b"234",
            "bytes 2-4/10",
        )
        behind = httpx2.get(url, params={"alt": "media"}, headers={"Range": "bytes=20-"})
        assert (behind.status_code, behind.content) == (206, b"")
        assert httpx2.get(url, params={"alt": "media", "ifGenerationMatch": "1"}).status_code == 200
        assert httpx2.head(url).status_code == 501
        listed = httpx2.get(f"{server.url}/storage/v1/b/bucket/o", params={"maxResults": 1}).json()
        assert [one["name"] for one in listed["items"]] == ["a/x y", "empty"]
        assert server.put("bucket", "a/x y", b"new")["generation"] != made["a/x y"]["generation"]
    assert not alive(server.pid)


def test_gcs_resumes_an_upload_whose_client_went_away():
    with GcsServer() as server:
        server.fill("bucket", {})
        address = f"{server.url}/upload/storage/v1/b/bucket/o"
        begun = httpx2.post(address, params={"uploadType": "resumable", "name": "big"}, json={"name": "big"})
        session, size = begun.headers["location"], len(BODY)

        def put(said: str, content: bytes = b"") -> httpx2.Response:
            return httpx2.put(session, content=content, headers={"Content-Range": said})

        assert (put(f"bytes */{size}").status_code, put(f"bytes */{size}").headers["range"]) == (
            308,
            "bytes=0-0",
        )
        assert put(f"bytes 0-999/{size}", BODY[:1000]).headers["range"] == "bytes=0-999"
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as client:
            head = f"PUT {session.removeprefix(server.url)} HTTP/1.1\r\nHost: x\r\nContent-Length: {size - 1000}\r\n"
            client.sendall(
                head.encode()
                + f"Content-Range: bytes 1000-{size - 1}/{size}\r\n\r\n".encode()
                + BODY[1000:5000]
            )
        assert put(f"bytes */{size}").headers["range"] == "bytes=0-4999"
        assert put(f"bytes 0-999/{size}", BODY[:1000]).status_code == 400
        done = put(f"bytes 5000-{size - 1}/{size}", BODY[5000:])
        assert (done.status_code, done.json()["size"]) == (200, str(size))
        assert httpx2.get(server.object_url("bucket", "big"), params={"alt": "media"}).content == BODY
        assert put(f"bytes */{size}").status_code == 404
