"""Uploads to S3: two servers of different make, killed clients, forgotten uploads, lies about checksums."""
# ruff: noqa: F401, F811 - fixtures are imported, and asked for by name

from __future__ import annotations

import base64
import hashlib
import json
import random
from pathlib import Path

import pytest

from pixelated.core.errors import CheckFailedError
from pixelated.core.places.protocol import UnavailableError
from pixelated.core.uploads import ANY, Journal, LocalFile, Meter, RaceError, s3_parts
from pixelated.core.uploads.s3 import S3Target
from publish_parts import kill_itself, run, write_dataset
from servers.fixtures import moto, rclone_s3, store_folder

MB = 1 << 20
# a client that is gone the moment after its second part arrived
KILL_AFTER_TWO_PARTS = """
import os, signal
from pixelated.core.uploads import s3_parts
send, arrived = s3_parts.Upload._send_one, []
def send_and_die(self, upload_id, part, entry, meter):
    send(self, upload_id, part, entry, meter)
    arrived.append(part.number)
    if len(arrived) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
s3_parts.Upload._send_one = send_and_die
"""
PART = 8 * MB


def local(path: Path, data: bytes) -> LocalFile:
    path.write_bytes(data)
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    return LocalFile(path, len(data), hashlib.sha256(data).hexdigest(), md5)


@pytest.fixture(params=["moto", "rclone_s3"])
def server(request, monkeypatch):
    found = request.getfixturevalue(request.param)
    for name, value in found.client_environment.items():
        monkeypatch.setenv(name, value)
    return found


@pytest.fixture
def sent_parts(monkeypatch):
    """The numbers of the parts that this process sends."""
    numbers, send = [], s3_parts.Upload._send_one

    def spy(self, upload_id, part, entry, meter):
        numbers.append(part.number)
        send(self, upload_id, part, entry, meter)

    monkeypatch.setattr(s3_parts.Upload, "_send_one", spy)
    return numbers


def open_uploads(client, bucket: str) -> list[dict]:
    try:
        return client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
    except client.exceptions.NoSuchUpload:  # how `rclone serve s3` says that there is none
        return []


def parts_there(client, bucket: str, state: Path) -> list[int]:
    """The parts of the one upload that a killed process noted."""
    (note,) = (json.loads(p.read_text()) for p in state.rglob("*.json"))
    key = "exports/releases/v1/shards/train/train_000.parquet"
    listed = client.list_parts(Bucket=bucket, Key=key, UploadId=note["upload_id"])
    return sorted(p["PartNumber"] for p in listed["Parts"])


def test_a_killed_upload_goes_on_and_no_part_is_sent_twice(moto, run, tmp_path, sent_parts, monkeypatch):
    # of moto alone: `rclone serve s3` 1.75.2 was seen to stop answering with an upload open (docs/publishing.md)
    bucket, server = "kill", moto
    for name, value in moto.client_environment.items():
        monkeypatch.setenv(name, value)
    client = server.fill(bucket, {})
    dataset = write_dataset(tmp_path / "d", big=5 * PART + 123)
    to = f"s3://{bucket}/exports"
    environment = {**server.client_environment, "XDG_STATE_HOME": str(tmp_path / "state")}
    kill_itself(KILL_AFTER_TWO_PARTS, [str(dataset), to, "--release", "v1"], environment)
    kept = parts_there(client, bucket, tmp_path / "state")
    assert 2 <= len(kept) < 6
    names = {o["Key"] for o in client.list_objects_v2(Bucket=bucket)["Contents"]}
    assert "exports/current.json" not in names
    assert "exports/releases/v1/manifest.json" not in names

    done = run(dataset, to, "--release", "v1")
    assert done.code == 0, done
    assert sorted(sent_parts + kept) == [1, 2, 3, 4, 5, 6]
    body = client.get_object(Bucket=bucket, Key="exports/releases/v1/shards/train/train_000.parquet")
    assert body["Body"].read() == (dataset / "shards/train/train_000.parquet").read_bytes()
    assert done.out["verified"] == {"by_reading_back": 5, "by_the_stores_sha256": 0}
    assert not open_uploads(client, bucket)


def test_open_uploads_that_the_server_forgot_are_begun_anew(rclone_s3, tmp_path, sent_parts, monkeypatch):
    client, data = rclone_s3.fill("bucket", {}), random.Random(6).randbytes(2 * PART + 7)
    upload = client.create_multipart_upload(Bucket="bucket", Key="x")["UploadId"]
    client.upload_part(Bucket="bucket", Key="x", UploadId=upload, PartNumber=1, Body=data[:PART])
    file, journal = local(tmp_path / "x", data), Journal(tmp_path / "j")
    journal.write("s3://bucket", "x", file.sha256, {"upload_id": upload})
    rclone_s3.restart()  # it keeps open uploads in memory
    for name, value in rclone_s3.client_environment.items():
        monkeypatch.setenv(name, value)
    assert S3Target("bucket").put(file, "x", journal, Meter()).md5 == file.md5
    assert sorted(set(sent_parts)) == [1, 2, 3]
    assert not journal.read("s3://bucket", "x", file.sha256)


def test_an_upload_is_taken_up_without_a_journal_and_that_of_another_file_is_aborted(
    server, tmp_path, sent_parts
):
    bucket = f"open-{type(server).__name__.lower()}"
    client, data = server.fill(bucket, {}), random.Random(5).randbytes(2 * PART + 7)
    at = {"Bucket": bucket, "Key": "p/x.bin"}
    for body in (b"o" * PART, data[:PART]):
        upload = client.create_multipart_upload(**at)["UploadId"]
        client.upload_part(**at, UploadId=upload, PartNumber=1, Body=body)
    meter = Meter()
    file = local(tmp_path / "x.bin", data)
    entry = S3Target(bucket, "p").put(file, "x.bin", Journal(tmp_path / "j"), meter)
    assert (entry.size, sorted(sent_parts)) == (len(data), [2, 3])
    assert (meter.kept, meter.sent) == (PART, PART + 7)
    assert not open_uploads(client, bucket)
    assert S3Target(bucket, "p").has(file, "x.bin") == "same"
    changed = local(tmp_path / "y.bin", b"\0" + data[1:])
    assert S3Target(bucket, "p").has(changed, "x.bin") == "other"


def test_a_file_that_changed_since_it_was_hashed_gets_no_name(moto, tmp_path, monkeypatch):
    for name, value in moto.client_environment.items():
        monkeypatch.setenv(name, value)
    client, target = moto.fill("changed", {}), S3Target("changed")
    for size in (10, PART + 1):
        file = local(tmp_path / "x", b"a" * size)
        file.path.write_bytes(b"b" * size)
        with pytest.raises(CheckFailedError, match="changed while"):
            target.put(file, "x", Journal(tmp_path / "j"), Meter())
    assert client.list_objects_v2(Bucket="changed")["KeyCount"] == 0
    assert not open_uploads(client, "changed")


def test_the_later_of_two_writers_is_refused(server):
    bucket = f"race-{type(server).__name__.lower()}"
    server.fill(bucket, {})
    target = S3Target(bucket)
    first = target.put_bytes(b"one", "current.json")
    with pytest.raises(RaceError):
        target.put_bytes(b"two", "current.json")
    second = target.put_bytes(b"two", "current.json", first)
    with pytest.raises(RaceError):
        target.put_bytes(b"three", "current.json", first)
    assert target.get("current.json") == b"two"
    assert target.put_bytes(b"four", "current.json", ANY).version != second.version


def test_a_precondition_holds_even_where_the_look_before_saw_nothing(moto, monkeypatch):
    for name, value in moto.client_environment.items():
        monkeypatch.setenv(name, value)
    moto.fill("blind", {"x": b"theirs"})
    target = S3Target("blind")
    monkeypatch.setattr(target, "stat", lambda _: None)
    with pytest.raises(RaceError):
        target.put_bytes(b"ours", "x")


def test_a_checksum_that_a_server_only_repeats_is_not_believed(rclone_s3, monkeypatch):
    for name, value in rclone_s3.client_environment.items():
        monkeypatch.setenv(name, value)
    client = rclone_s3.fill("bucket", {})
    lie = base64.b64encode(hashlib.sha256(b"hello").digest()).decode()
    client.put_object(Bucket="bucket", Key="x", Body=b"other", ChecksumSHA256=lie)
    head = client.head_object(Bucket="bucket", Key="x", ChecksumMode="ENABLED")
    assert head["ChecksumSHA256"] == lie  # so it does say what it was told
    assert S3Target("bucket").stat("x").sha256 == ""
    believer = S3Target("bucket")
    believer.believes_sha256 = True  # as of Amazon's own servers
    assert believer.stat("x").sha256 == hashlib.sha256(b"hello").hexdigest()


def test_wrong_keys_end_with_exit_3_and_stand_in_no_output(rclone_s3, run, tmp_path, monkeypatch):
    for name, value in rclone_s3.client_environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted-SECRET-17")
    rclone_s3.fill("bucket", {})
    done = run(write_dataset(tmp_path / "d"), "s3://bucket/x")
    assert done.code == 3
    assert "planted" not in str(done)
    assert "testing" not in str(done)


def test_a_server_that_is_not_there_and_no_keys_end_with_exit_3(run, tmp_path, monkeypatch):
    dataset = write_dataset(tmp_path / "d")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert run(dataset, "s3://bucket", "--endpoint", "http://127.0.0.1:9").code == 3
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    assert run(dataset, "s3://bucket", "--endpoint", "http://127.0.0.1:9").code == 3


def test_part_sizes_keep_within_the_protocol():
    assert s3_parts.part_size(1) == PART
    for size in (PART, 80 << 30, 5 << 40):
        step = s3_parts.part_size(size)
        assert step % MB == 0
        assert s3_parts.count(size) <= 10_000
    assert s3_parts.part_size(500 << 30) <= 64 * MB


def test_a_missing_bucket_is_unavailable(moto, monkeypatch):
    for name, value in moto.client_environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UnavailableError):
        S3Target("no-such-bucket").check()
