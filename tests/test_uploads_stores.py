"""Uploads to GCS, folders and rclone remotes, and the forms of an address."""
# ruff: noqa: F401, F811 - fixtures are imported, and asked for by name

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import httpx2
import pytest

from pixelated.core.errors import CheckFailedError, UsageError
from pixelated.core.uploads import Journal, LocalFile, Meter, RaceError, parse_rate, target_of
from pixelated.core.uploads import folder as folder_module
from pixelated.core.uploads.folder import FolderTarget
from pixelated.core.uploads.gcs import GcsTarget
from pixelated.core.uploads.rclone import RcloneTarget
from publish_parts import kill_when, run, write_dataset
from servers.fixtures import gcs, rclone_sftp, store_folder
from servers.rclone_servers import alias_remote, remote

PIECE = 8 << 20


def local(path: Path, data: bytes) -> LocalFile:
    path.write_bytes(data)
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    return LocalFile(path, len(data), hashlib.sha256(data).hexdigest(), md5)


def settle(monkeypatch, environment) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def sent_pieces(monkeypatch):
    """The bytes of every piece that this process sends to GCS."""
    sizes, put = [], GcsTarget._put_piece

    def spy(self, session, piece, stated):
        sizes.append(len(piece))
        return put(self, session, piece, stated)

    monkeypatch.setattr(GcsTarget, "_put_piece", spy)
    return sizes


def session_of(state: Path) -> str:
    """Return the session of the large file that a process noted, "" where there is none."""
    try:
        notes = [json.loads(p.read_text()) for p in state.rglob("*.json")]
    except FileNotFoundError:  # done in between
        return ""
    return next((n["session"] for n in notes if "parquet" in n["session"]), "")


def reached(session: str, size: int) -> int:
    answer = httpx2.put(session, headers={"Content-Range": f"bytes */{size}"})
    return int(answer.headers.get("Range", "bytes=0--1").removeprefix("bytes=0-")) + 1


def test_a_killed_upload_to_gcs_goes_on_where_it_stopped(gcs, run, tmp_path, monkeypatch, sent_pieces):
    gcs.fill("kill", {})
    settle(monkeypatch, gcs.client_environment)
    size = 3 * PIECE + 5
    dataset, state = write_dataset(tmp_path / "d", big=size), tmp_path / "state"
    found = {"session": ""}

    def far_enough() -> bool:
        found["session"] = session_of(state)
        return bool(found["session"]) and reached(found["session"], size) >= PIECE

    arguments = [str(dataset), "gs://kill/x", "--release", "v1", "--limit-rate", "10M"]
    kill_when(far_enough, arguments, {**gcs.client_environment, "XDG_STATE_HOME": str(state)})
    kept = reached(found["session"], size)
    assert PIECE <= kept < size
    assert (state / "pixelated/uploads").stat().st_mode & 0o077 == 0
    names = {i["name"] for i in httpx2.get(f"{gcs.url}/storage/v1/b/kill/o").json()["items"]}
    assert "x/releases/v1/manifest.json" not in names

    done = run(dataset, "gs://kill/x", "--release", "v1")
    assert done.code == 0, done
    after = sum((dataset / n).stat().st_size for n in ("verdicts.json", "manifest.json"))
    assert sum(sent_pieces) == size - kept + after
    assert done.out["verified"]["by_reading_back"] == 5
    body = httpx2.get(gcs.object_url("kill", "x/releases/v1/shards/train/train_000.parquet") + "?alt=media")
    assert body.content == (dataset / "shards/train/train_000.parquet").read_bytes()


def test_a_session_that_gcs_lost_is_begun_anew(gcs, tmp_path, monkeypatch):
    gcs.fill("lost", {})
    settle(monkeypatch, gcs.client_environment)
    file, journal = local(tmp_path / "x", b"abc" * 1000), Journal(tmp_path / "j")
    target = GcsTarget("lost", "p")
    gone = f"{gcs.url}/upload/storage/v1/b/lost/o?uploadType=resumable&name=p%2Fx&upload_id=none"
    journal.write(target.uri, "x", file.sha256, {"session": gone})
    assert target.put(file, "x", journal, Meter()).md5 == file.md5
    assert not journal.read(target.uri, "x", file.sha256)


def test_gcs_tells_other_bytes_and_the_later_writer(gcs, tmp_path, monkeypatch):
    gcs.fill("race", {})
    settle(monkeypatch, gcs.client_environment)
    target = GcsTarget("race", "p")
    target.put_bytes(b"one", "x")
    with pytest.raises(RaceError):
        target.put_bytes(b"two", "x")
    assert target.has(local(tmp_path / "a", b"one"), "x") == "same"
    assert target.has(local(tmp_path / "b", b"two"), "x") == "other"
    assert [e.name for e in target.entries()] == ["x"]
    file = local(tmp_path / "c", b"three")
    file.path.write_bytes(b"other")
    with pytest.raises(CheckFailedError, match="changed"):
        target.put(file, "y", Journal(tmp_path / "j"), Meter())
    assert target.stat("y") is None


def test_no_session_on_another_host_is_followed(gcs, monkeypatch):
    settle(monkeypatch, gcs.client_environment)
    target = GcsTarget("bucket")
    assert target._is_ours(f"{gcs.url}/upload?upload_id=1")
    assert not target._is_ours("http://127.0.0.1:1/upload?upload_id=1")


def test_a_folder_never_shows_what_was_not_read_back(tmp_path, monkeypatch):
    target, file = FolderTarget(tmp_path / "out"), local(tmp_path / "x", b"abc")
    monkeypatch.setattr(folder_module, "sha256_file", lambda _: "0" * 64)  # a disk that keeps other bytes
    with pytest.raises(CheckFailedError, match="other bytes"):
        target.put(file, "a/x", Journal(tmp_path / "j"), Meter())
    assert not list(target.entries())
    assert not [p for p in (tmp_path / "out").rglob("*") if p.is_file()]


def test_of_two_writers_in_a_folder_one_is_refused(tmp_path):
    target = FolderTarget(tmp_path)
    first = target.put_bytes(b"one", "x")
    with pytest.raises(RaceError):
        target.put_bytes(b"two", "x")
    target.put_bytes(b"two", "x", first)
    with pytest.raises(RaceError):
        target.put_bytes(b"three", "x", first)
    assert target.get("x") == b"two"


@pytest.mark.parametrize("kind", ["alias", "sftp"])
def test_rclone_sends_compares_and_renames(kind, request, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    if kind == "alias":
        there = tmp_path / "drive"
        settle(monkeypatch, alias_remote("gdrive", there))
        target, root = RcloneTarget("gdrive:a"), there / "a"
        there.mkdir()
    else:  # a remote that has no hashes: read back
        server = request.getfixturevalue("rclone_sftp")
        settle(monkeypatch, server.client_environment)
        target, root = target_of(f"{server.url}/a"), server.folder / "a"
    file = local(tmp_path / "x", b"abc" * 1000)
    assert target.stat("d/x") is None
    target.put(file, "d/x", Journal(tmp_path / "j"), Meter())
    assert (root / "d/x").read_bytes() == file.path.read_bytes()
    assert [p.name for p in (root / "d").iterdir()] == ["x"]
    assert target.has(file, "d/x") == "same"
    assert b"".join(target.get("d/x") for _ in range(1)) == file.path.read_bytes()
    entry = target.stat("d/x")
    assert entry.sha256 == (file.sha256 if kind == "alias" else "")
    assert [e.name for e in target.entries("d/")] == ["d/x"]


def test_rclone_gives_no_name_to_a_file_that_changed(tmp_path, monkeypatch):
    (tmp_path / "drive").mkdir()
    settle(monkeypatch, alias_remote("gdrive", tmp_path / "drive"))
    file = local(tmp_path / "x", b"abc")
    file.path.write_bytes(b"abd")
    with pytest.raises(CheckFailedError):
        RcloneTarget("gdrive:").put(file, "x", Journal(tmp_path / "j"), Meter())
    assert not (tmp_path / "drive/x").exists()


def test_a_remote_that_is_not_there_is_exit_3_and_says_no_password(run, tmp_path, monkeypatch):
    settle(
        monkeypatch,
        remote("vault", type="sftp", host="127.0.0.1", port=9, user="u", **{"pass": "cGxhbnRlZA"}),
    )
    done = run(write_dataset(tmp_path / "d"), "vault:x")
    assert done.code == 3
    assert "cGxhbnRlZA" not in str(done)


@pytest.mark.parametrize(
    "uri",
    [
        "s3://KEY:planted@bucket/x", "sftp://user:planted@host/x", "gs://planted@bucket",
        "s3://bucket/x?X-Amz-Signature=planted", ":sftp,pass=planted:x", "gdrive,token=planted:x",
    ],
)  # fmt: skip
def test_an_address_with_a_secret_is_refused_unseen(uri):
    with pytest.raises(UsageError) as error:
        target_of(uri)
    assert "planted" not in f"{error.value.message}{error.value.remedy}"


def test_forms_of_an_address(tmp_path):
    assert target_of(str(tmp_path)).uri == str(tmp_path)
    assert target_of(f"file://{tmp_path}").uri == str(tmp_path)
    assert target_of("gs://bucket/a/").uri == "gs://bucket/a"
    assert target_of("gdrive:a/b").uri == "gdrive:a/b"
    assert target_of("sftp://me@host:2222/a").uri == "sftp://me@host:2222/a"
    for bad in ("ftp://host/x", "hf://models/a/b", "hf://datasets/a", "s3://", "sftp://a;b/x"):
        with pytest.raises(UsageError):
            target_of(bad)


def test_a_missing_library_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(UsageError) as error:
        target_of("s3://bucket/x")
    assert error.value.remedy == "install it: pip install 'pixelated-empathy[s3]'"


def test_rates():
    assert (parse_rate("500K"), parse_rate("10m"), parse_rate("7")) == (512_000, 10 << 20, 7)
    for bad in ("", "0", "fast", "1.5M"):
        with pytest.raises(UsageError):
            parse_rate(bad)
