"""`pixelated inventory PLACE`: every file with what is known of it, the same each time, at every kind of place."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from inventory_tools import FILES, inventory, sha256, state, use, write
from pixelated.inventory.file import File, compared
from servers.gcs_server import GcsServer
from servers.hub_server import HubServer
from servers.moto_server import MotoServer
from servers.rclone_servers import RcloneHttp, RcloneSftp, alias_remote

__all__ = ["state"]
WANTED = {name: (len(data), sha256(data)) for name, data in FILES.items()}


def listed(document: dict) -> dict[str, tuple[int, str]]:
    return {f["name"]: (f["size"], f["sha256"]) for f in document["files"]}


def test_a_folder_is_listed_with_digests_the_same_each_time(tmp_path: Path) -> None:
    place = write(tmp_path / "a", FILES)
    code, value = inventory(place, "--output", tmp_path / "one.json")
    assert code == 0
    first = (tmp_path / "one.json").read_bytes()
    document = json.loads(first)
    assert listed(document) == WANTED
    assert document["counts"] == value["inventories"][0]["counts"]
    assert document["counts"]["bytes"] == sum(len(d) for d in FILES.values())
    assert document["layout"] == "default"
    assert [f["name"] for f in document["files"]] == sorted(FILES)
    (tmp_path / "one.json").unlink()
    inventory("list", place, "--output", tmp_path / "one.json", "--workers", 1)
    assert (tmp_path / "one.json").read_bytes() == first
    assert not list(tmp_path.glob(".*"))  # no journal is left


def test_an_unchanged_file_is_not_read_again_and_a_changed_one_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pixelated.inventory.reading as module

    place, output = write(tmp_path / "a", FILES), tmp_path / "one.json"
    inventory(place, "--output", output)
    names: list[str] = []
    real = module.read_digests

    def counting(where, entry, reading):
        names.append(entry.name)
        return real(where, entry, reading)

    monkeypatch.setattr(module, "read_digests", counting)
    inventory(place, "--output", output)
    assert names == []
    changed = place / "raw/local/notes/one.txt"
    changed.write_bytes(b"FIRST words\n")
    inventory(place, "--output", output)
    assert names == ["raw/local/notes/one.txt"]
    assert listed(json.loads(output.read_bytes()))["raw/local/notes/one.txt"][1] == sha256(b"FIRST words\n")
    inventory(place, "--output", output, "--rehash")
    assert len(names) == 1 + len(FILES)


def test_the_inventory_in_a_folder_does_not_list_itself(tmp_path: Path) -> None:
    place = write(tmp_path / "a", FILES)
    inventory(place, "--output", place / "inventory.json")
    inventory(place, "--output", place / "inventory.json")
    assert listed(json.loads((place / "inventory.json").read_bytes())) == WANTED


def test_a_killed_inventory_goes_on_with_the_next_file(hub: HubServer, tmp_path: Path) -> None:
    files = {f"{i:02}.txt": bytes([97 + i]) * 100_000 for i in range(12)}  # no LFS: the Hub states no SHA-256
    hub.add_repo("acme/slow", files)
    served = {name: hub.resource("acme/slow", name) for name in files}
    for resource in served.values():
        resource.rate = 400_000
    output, journal = tmp_path / "many.json", tmp_path / ".many.json.journal"
    address = ["hf://datasets/acme/slow", "--output", str(output), "--workers", "2"]
    command = [sys.executable, "-m", "pixelated", "inventory", *address]
    environment = {**os.environ, **hub.client_environment}
    child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    limit = time.monotonic() + 30
    while time.monotonic() < limit and (not journal.exists() or journal.read_bytes().count(b"\n") < 4):
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    read_before = journal.read_bytes().count(b"\n") - 1
    assert 3 <= read_before < len(files)
    assert not output.exists()
    with journal.open("ab") as torn:
        torn.write(b'["half a li')
    before = {name: resource.gets for name, resource in served.items()}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    again = [name for name, resource in served.items() if resource.gets > before[name]]
    document = json.loads(output.read_bytes())
    assert listed(document) == {n: (len(d), sha256(d)) for n, d in files.items()}
    assert len(again) == len(files) - read_before
    assert not journal.exists()


def test_s3_objects_are_read_and_what_an_uploader_claims_is_not_believed(
    moto: MotoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = moto.fill("inv-list", FILES)
    claim = {"sha256": sha256(b"what it never was")}
    client.put_object(Bucket="inv-list", Key="raw/local/liar.txt", Body=b"tampered", Metadata=claim)
    use(monkeypatch, moto.client_environment)
    code, value = inventory("s3://inv-list/")
    assert code == 0
    [document] = value["inventories"]
    assert listed(document) == {**WANTED, "raw/local/liar.txt": (8, sha256(b"tampered"))}
    assert {f["by"] for f in document["files"]} == {"read"}
    assert all(f["etag"] == f["md5"] for f in document["files"])


def test_no_hash_reads_nothing(moto: MotoServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    moto.fill("inv-nohash", FILES)
    use(monkeypatch, moto.client_environment)
    _, value = inventory("s3://inv-nohash", "--no-hash", write(tmp_path / "a", FILES))
    for document in value["inventories"]:
        assert document["counts"]["with_sha256"] == 0
        assert document["counts"]["files"] == len(FILES)


def test_names_that_are_no_path_are_listed_with_their_problem(
    moto: MotoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    moto.fill("inv-names", {"a//b.txt": b"x", "../up.txt": b"y", "tab\there": b"z", "fine": b"f"})
    use(monkeypatch, moto.client_environment)
    _, value = inventory("s3://inv-names")
    files = {f["name"]: f for f in value["inventories"][0]["files"]}
    assert files["a//b.txt"]["problem"] == "a part of its name is empty"
    assert files["a//b.txt"]["sha256"] == sha256(b"x")  # such keys can be read, only not be written as a path
    assert files["../up.txt"]["problem"] == "its name leads out of the folder"
    assert "sha256" not in files["../up.txt"]
    assert files["tab\there"]["problem"] == "its name holds control characters"
    assert "problem" not in files["fine"]


@pytest.mark.parametrize("kind", ["gdrive", "no hashes", "sftp"])
def test_rclone_remotes(
    kind: str,
    store_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    write(store_folder / "box", FILES)
    place, by = "gdrive:box", {"place"}  # an alias of a folder: rclone computes the hashes there
    if kind == "gdrive":
        use(monkeypatch, alias_remote("gdrive", store_folder))
    elif kind == "sftp":
        server: RcloneSftp = request.getfixturevalue("rclone_sftp")
        use(monkeypatch, server.client_environment)
        place, by = f"{server.url}/box", {"read"}
    else:
        web: RcloneHttp = request.getfixturevalue("rclone_http")
        use(monkeypatch, web.remote_environment("gdrive"))
        by = {"read"}
    code, value = inventory(place)
    assert code == 0, value
    [document] = value["inventories"]
    assert listed(document) == WANTED
    assert {f["by"] for f in document["files"]} == by


def test_google_buckets(gcs: GcsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    gcs.fill("inv-list", FILES)
    use(monkeypatch, gcs.client_environment)
    _, value = inventory("gs://inv-list/")
    assert listed(value["inventories"][0]) == WANTED


def test_a_hub_repository(hub: HubServer) -> None:
    hub.add_repo("acme/talks", {"README.md": b"# talks\n", "data/a.parquet": b"PAR1" * 50})
    done = subprocess.run(
        [sys.executable, "-m", "pixelated", "inventory", "hf://datasets/acme/talks", "--json"],
        capture_output=True, check=False, env={**os.environ, **hub.client_environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    [document] = json.loads(done.stdout)["inventories"]
    assert listed(document)["data/a.parquet"][1] == sha256(b"PAR1" * 50)
    assert listed(document)["README.md"][1] == sha256(b"# talks\n")


def test_a_name_that_is_no_text_is_listed(tmp_path: Path) -> None:
    place = write(tmp_path / "a", {"fine": b"f"})
    (place / os.fsdecode(b"caf\xe9")).write_bytes(b"x")
    code, value = inventory(place)
    assert code == 0
    assert value["inventories"][0]["files"][0] | {"modified": "", "version": ""} == {
        "name": "caf\\xe9", "size": 1, "problem": "its name is no text", "modified": "", "version": "",
    }  # fmt: skip
    code, done = inventory("transfer", place, tmp_path / "b")
    assert (code, [left["name"] for left in done["left"]]) == (3, ["caf\\xe9"])


def test_one_file_for_each_of_several_places(tmp_path: Path) -> None:
    a, b = write(tmp_path / "a", FILES), write(tmp_path / "b", {"x": b"1"})
    code, _ = inventory(a, b, "--output", tmp_path / "all")
    assert code == 0
    written = sorted((tmp_path / "all").glob("*.json"))
    assert [json.loads(p.read_bytes())["place"] for p in written] == [str(a), str(b)]
    code, error = inventory(a, b, "--output", tmp_path / "all.json")
    assert (code, error["error"]["code"]) == (2, "usage")


def test_a_file_that_can_not_be_read_is_named_and_the_exit_is_3(
    moto: MotoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pixelated.inventory.reading as module
    from pixelated.core.places import UnavailableError

    moto.fill("inv-broken", {"good": b"g", "bad": b"b"})
    use(monkeypatch, moto.client_environment)
    real = module.read_digests

    def broken(where, entry, reading):
        if entry.name == "bad":
            raise UnavailableError("gone", "it is gone", "look")
        return real(where, entry, reading)

    monkeypatch.setattr(module, "read_digests", broken)
    code, value = inventory("s3://inv-broken")
    files = {f["name"]: f for f in value["inventories"][0]["files"]}
    assert code == 3
    assert files["bad"]["problem"] == "it could not be read: it is gone"
    assert "sha256" not in files["bad"]
    assert files["good"]["sha256"] == sha256(b"g")


def test_a_place_that_is_not_there_exits_3(tmp_path: Path) -> None:
    code, error = inventory(tmp_path / "nowhere")
    assert (code, error["error"]["code"]) == (3, "not_found")


def test_an_address_with_a_password_is_refused_unseen(capsys: pytest.CaptureFixture[str]) -> None:
    for address in (
        "s3://AKIAPLANTED:hunter2@bucket/x",
        "https://me:hunter2@host/x",
        "sftp://me:hunter2@host/x",
    ):
        code, error = inventory(address)
        assert code == 2
        assert "hunter2" not in json.dumps(error) + capsys.readouterr().err


def test_what_an_uploader_wrote_beside_an_object_is_not_the_stores_word() -> None:
    from pixelated.core.places import Entry
    from pixelated.inventory.side import Side

    claimed = Entry("x", 1, "generation 1", sha256="a" * 64, md5="b" * 32)
    listed_there = Side("gs://bucket")._file(claimed, twice=False)
    assert (listed_there.sha256, listed_there.md5, listed_there.by) == ("", "b" * 32, "place")


def test_size_alone_is_never_the_same() -> None:
    assert compared(File("a", 3), File("a", 3)) is None
    assert compared(File("a", 3), File("a", 4)) == ("differing", "size")
    assert compared(File("a", 3, etag="0" * 32), File("a", 3, etag="1" * 32)) is None
    assert compared(File("a", 3, etag="0" * 32), File("a", 3, etag="0" * 32)) == ("same", "etag")
    assert compared(File("a", 3, md5="0" * 32), File("a", 3, etag="0" * 32)) == ("same", "etag")
    assert compared(File("a", 3, "x", md5="m"), File("a", 3, "y", md5="m")) == ("differing", "sha256")
