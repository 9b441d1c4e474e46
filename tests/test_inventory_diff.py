"""`pixelated inventory diff`: what differs between two places, and never "same" without a digest."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from inventory_tools import FILES, inventory, sha256, state, use, write
from servers.moto_server import MotoServer
from servers.rclone_servers import RcloneHttp

__all__ = ["state"]


def names(value: dict, kind: str) -> list[str]:
    return [f["name"] for f in value[kind]]


def test_each_kind_of_difference_between_two_folders(tmp_path: Path) -> None:
    a = write(tmp_path / "a", {**FILES, "only/a": b"aa", "old name": b"the same words", "same size": b"xxx"})
    b = write(tmp_path / "b", {**FILES, "only/b": b"bbb", "new name": b"the same words", "same size": b"yyy"})
    code, value = inventory("diff", a, b)
    assert code == 1
    assert names(value, "missing_in_b") == ["only/a"]
    assert names(value, "missing_in_a") == ["only/b"]
    assert [(d["name"], d["by"]) for d in value["differing"]] == [("same size", "sha256")]
    assert value["moved"] == [{"a": "old name", "b": "new name", "sha256": sha256(b"the same words")}]
    assert value["unknown"] == []
    assert value["same_by"] == {"sha256": len(FILES)}


def test_the_same_exits_0_and_unknown_exits_3(tmp_path: Path) -> None:
    a, b = write(tmp_path / "a", FILES), write(tmp_path / "b", FILES)
    assert inventory("diff", a, b)[0] == 0
    code, value = inventory("diff", a, b, "--no-hash")
    assert code == 3
    assert value["counts"]["same"] == 0
    assert names(value, "unknown") == sorted(FILES)
    (b / "processed/empty.json").unlink()
    assert inventory("diff", a, b, "--no-hash")[0] == 1


def test_an_inventory_file_stands_for_its_place(tmp_path: Path) -> None:
    a = write(tmp_path / "a", FILES)
    inventory(a, "--output", tmp_path / "a.json")
    assert inventory("diff", tmp_path / "a.json", a)[0] == 0
    tampered = a / "raw/local/notes/two.txt"
    when = tampered.stat()
    tampered.write_bytes(b"OTHER words\n")  # the same size, and the same time again
    os.utime(tampered, ns=(when.st_atime_ns, when.st_mtime_ns))
    code, value = inventory("diff", tmp_path / "a.json", a)
    assert code == 1
    assert [(d["name"], d["by"]) for d in value["differing"]] == [("raw/local/notes/two.txt", "sha256")]
    inventory(a, "--output", tmp_path / "bare.json", "--no-hash")
    code, value = inventory("diff", tmp_path / "bare.json", a)
    assert (code, value["counts"]["unknown"]) == (3, len(FILES))


def test_a_damaged_inventory_file_is_refused(tmp_path: Path) -> None:
    a = write(tmp_path / "a", FILES)
    inventory(a, "--output", tmp_path / "a.json")
    document = json.loads((tmp_path / "a.json").read_bytes())
    document["files"][0]["surprise"] = 1
    (tmp_path / "a.json").write_text(json.dumps(document))
    code, error = inventory("diff", tmp_path / "a.json", a)
    assert (code, error["error"]["code"]) == (2, "bad_inventory")


def test_a_folder_and_a_bucket_are_compared_without_reading_the_bucket(
    tmp_path: Path, moto: MotoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pixelated.inventory.reading as module

    client = moto.fill("inv-diff", FILES)
    client.put_object(Bucket="inv-diff", Key="raw/local/notes/two.txt", Body=b"OTHER words\n")
    use(monkeypatch, moto.client_environment)
    read: list[str] = []
    real = module.read_digests

    def counting(place, entry, reading):
        read.append(place.uri)
        return real(place, entry, reading)

    monkeypatch.setattr(module, "read_digests", counting)
    a = write(tmp_path / "a", FILES)
    code, value = inventory("diff", a, "s3://inv-diff")
    assert code == 1
    assert [(d["name"], d["by"]) for d in value["differing"]] == [("raw/local/notes/two.txt", "md5")]
    assert value["same_by"] == {"md5": len(FILES) - 1}
    assert set(read) == {str(a)}


def test_a_remote_without_hashes_is_read_and_tampering_found(
    tmp_path: Path, rclone_http: RcloneHttp, store_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, rclone_http.remote_environment("bare"))
    write(store_folder / "box", FILES)
    a = write(tmp_path / "a", FILES)
    assert inventory("diff", a, "bare:box")[0] == 0
    tampered = store_folder / "box/raw/local/notes/one.txt"
    when = tampered.stat()
    tampered.write_bytes(b"FIRST words\n")
    os.utime(tampered, ns=(when.st_atime_ns, when.st_mtime_ns))
    code, value = inventory("diff", a, "bare:box")
    assert code == 1
    assert [(d["name"], d["by"]) for d in value["differing"]] == [("raw/local/notes/one.txt", "sha256")]
    code, value = inventory("diff", a, "bare:box", "--no-hash")
    assert (code, value["counts"]["unknown"], value["counts"]["same"]) == (3, len(FILES), 0)


def test_two_buckets_by_their_etags(moto: MotoServer, monkeypatch: pytest.MonkeyPatch) -> None:
    moto.fill("inv-etag-a", FILES)
    moto.fill("inv-etag-b", FILES)
    use(monkeypatch, moto.client_environment)
    code, value = inventory("diff", "s3://inv-etag-a", "s3://inv-etag-b", "--no-hash")
    assert (code, value["same_by"]) == (0, {"etag": len(FILES)})


def test_a_place_that_can_not_be_had_exits_3(tmp_path: Path) -> None:
    code, error = inventory("diff", write(tmp_path / "a", FILES), tmp_path / "nowhere")
    assert (code, error["error"]["code"]) == (3, "not_found")
