"""`pixelated inventory transfer`: just what is missing, verified at the far end, and it goes on after a kill."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from inventory_tools import FILES, inventory, objects, read, sha256, state, use, write
from servers.gcs_server import GcsServer
from servers.http_server import HttpServer
from servers.hub_server import HubServer
from servers.moto_server import MotoServer
from servers.rclone_servers import RcloneHttp, RcloneS3, RcloneSftp, alias_remote

__all__ = ["state"]


def test_folder_to_bucket_and_back(
    tmp_path: Path, moto: MotoServer, monkeypatch: pytest.MonkeyPatch, state: Path
) -> None:
    client = moto.fill("inv-move", {"there/raw/local/notes/one.txt": b"first words\n", "elsewhere/x": b"x"})
    use(monkeypatch, moto.client_environment)
    a = write(tmp_path / "a", FILES)
    code, plan = inventory("transfer", a, "s3://inv-move/there", "--dry-run")
    assert code == 0
    assert [f["name"] for f in plan["to_move"]] == sorted(FILES.keys() - {"raw/local/notes/one.txt"})
    assert len(objects(client, "inv-move")) == 2
    code, done = inventory("transfer", a, "s3://inv-move/there")
    assert code == 0, done
    assert done["counts"]["moved"] == len(FILES) - 1
    assert {m["proved"] for m in done["moved"]} == {"md5"}
    assert {
        n.removeprefix("there/"): d for n, d in objects(client, "inv-move").items() if n[0] == "t"
    } == FILES
    assert inventory("diff", a, "s3://inv-move/there")[0] == 0
    code, done = inventory("transfer", "s3://inv-move/there", tmp_path / "back")
    assert code == 0, done
    assert read(tmp_path / "back") == FILES
    assert not list((tmp_path / "back").glob(".*"))
    assert [p for p in state.rglob("*") if p.is_file()] == []  # nothing is left of finished work
    assert inventory("transfer", "s3://inv-move/there", tmp_path / "back")[1]["counts"]["moved"] == 0


def test_bucket_to_a_bucket_of_another_server(
    moto: MotoServer, rclone_s3: RcloneS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    moto.fill("inv-from", FILES)
    client = rclone_s3.fill("inv-to", {})
    use(monkeypatch, moto.client_environment)
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    ends = ("--endpoint-a", moto.url, "--endpoint-b", rclone_s3.url)
    code, done = inventory("transfer", "s3://inv-from", "s3://inv-to/copy", *ends)
    assert code == 0, done
    assert objects(client, "inv-to") == {f"copy/{n}": d for n, d in FILES.items()}
    assert inventory("diff", "s3://inv-from", "s3://inv-to/copy", *ends)[0] == 0


def test_drive_to_bucket_and_a_remote_without_hashes_to_a_folder(
    tmp_path: Path,
    store_folder: Path,
    moto: MotoServer,
    rclone_http: RcloneHttp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write(store_folder / "box", FILES)
    use(monkeypatch, moto.client_environment)
    client = moto.fill("inv-drive", {})
    with monkeypatch.context() as drive:
        use(drive, alias_remote("gdrive", store_folder))
        code, done = inventory("transfer", "gdrive:box", "s3://inv-drive/raw")
    assert code == 0, done
    assert done["unchecked_at_source"] == []
    assert objects(client, "inv-drive") == {f"raw/{n}": d for n, d in FILES.items()}
    use(monkeypatch, rclone_http.remote_environment("bare"))
    code, done = inventory("transfer", "bare:box", tmp_path / "home")
    assert code == 0, done
    assert done["unchecked_at_source"] == sorted(FILES)  # nobody states what they should be: it is said
    assert read(tmp_path / "home") == FILES


@pytest.mark.slow
def test_folder_to_google_and_to_sftp_and_drive(
    tmp_path: Path,
    gcs: GcsServer,
    rclone_sftp: RcloneSftp,
    store_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    some = {name: FILES[name] for name in ("processed/a b/talk.jsonl", "processed/empty.json")}
    a = write(tmp_path / "a", some)
    gcs.fill("inv-move", {"seed": b"s"})
    use(monkeypatch, gcs.client_environment)
    code, done = inventory("transfer", a, "gs://inv-move/copy")
    assert code == 0, done
    assert {m["proved"] for m in done["moved"]} == {"md5"}
    assert inventory("diff", a, "gs://inv-move/copy")[0] == 0
    use(monkeypatch, rclone_sftp.client_environment)
    code, done = inventory("transfer", a, f"{rclone_sftp.url}/far")
    assert code == 0, done
    assert read(store_folder / "far") == some
    use(monkeypatch, alias_remote("gdrive", store_folder))
    code, done = inventory("transfer", a, "gdrive:drive")
    assert code == 0, done
    assert {m["proved"] for m in done["moved"]} == {"sha256"}
    assert read(store_folder / "drive") == some


def test_hub_to_a_folder(tmp_path: Path, hub: HubServer) -> None:
    files = {"README.md": b"# talks\n", "data/a.parquet": b"PAR1" * 50}
    hub.add_repo("acme/talks", files)
    command = [
        sys.executable,
        "-m",
        "pixelated",
        "inventory",
        "transfer",
        "hf://datasets/acme/talks",
        str(tmp_path / "h"),
    ]
    done = subprocess.run(
        command, env={**os.environ, **hub.client_environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert read(tmp_path / "h") == files


def test_a_differing_file_is_never_replaced_unasked(
    tmp_path: Path, moto: MotoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = moto.fill("inv-keep", {"raw/local/notes/one.txt": b"precious wds"})
    use(monkeypatch, moto.client_environment)
    a = write(tmp_path / "a", FILES)
    code, done = inventory("transfer", a, "s3://inv-keep")
    assert code == 1
    assert [left["name"] for left in done["left"]] == ["raw/local/notes/one.txt"]
    assert "--replace" in done["left"][0]["remedy"]
    assert objects(client, "inv-keep")["raw/local/notes/one.txt"] == b"precious wds"
    assert done["counts"]["moved"] == len(FILES) - 1
    assert inventory("transfer", a, "s3://inv-keep", "--replace")[0] == 0
    assert objects(client, "inv-keep") == FILES
    home = write(tmp_path / "home", {"raw/local/notes/one.txt": b"precious wds"})
    assert inventory("transfer", a, home)[0] == 1
    assert inventory("transfer", a, home, "--replace")[0] == 0
    assert read(home) == FILES
    [kept] = (home / ".staging/inventory/replaced").iterdir()
    assert kept.read_bytes() == b"precious wds"


def test_a_file_that_appears_meanwhile_is_not_overwritten(
    tmp_path: Path, moto: MotoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pixelated.inventory.transfer as module

    client = moto.fill("inv-race", {"seed": b"s"})
    use(monkeypatch, moto.client_environment)
    a = write(tmp_path / "a", {"new.txt": b"ours"})
    real = module._move_all

    def late(*arguments):
        client.put_object(Bucket="inv-race", Key="new.txt", Body=b"their words")
        return real(*arguments)

    monkeypatch.setattr(module, "_move_all", late)
    code, done = inventory("transfer", a, "s3://inv-race")
    assert code == 1
    assert done["left"][0]["name"] == "new.txt"
    assert objects(client, "inv-race")["new.txt"] == b"their words"


def test_names_that_are_no_path_are_left_and_nothing_leaves_the_folder(
    tmp_path: Path, moto: MotoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    moto.fill("inv-unsafe", {"../../up.txt": b"y", "a//b": b"x", "fine": b"f", "link/inside": b"l"})
    use(monkeypatch, moto.client_environment)
    home, outside = tmp_path / "home", tmp_path / "outside"
    home.mkdir()
    outside.mkdir()
    (home / "link").symlink_to(outside)
    code, done = inventory("transfer", "s3://inv-unsafe", home)
    assert code == 1
    assert [left["name"] for left in done["left"]] == ["../../up.txt", "a//b", "link/inside"]
    assert read(home) == {"fine": b"f"}
    assert list(outside.iterdir()) == []


def test_bytes_that_are_not_what_was_stated_do_not_arrive(
    tmp_path: Path, moto: MotoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = {"sha256": sha256(b"what was sent")}
    client = moto.fill("inv-lies", {"good": b"g"})
    client.put_object(Bucket="inv-lies", Key="bad", Body=b"what came out", Metadata=claim)
    use(monkeypatch, moto.client_environment)
    code, done = inventory("transfer", "s3://inv-lies", tmp_path / "home")
    assert code == 3
    assert [left["name"] for left in done["left"]] == ["bad"]
    assert read(tmp_path / "home") == {"good": b"g"}


def body(size: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(size)


def kill_while(command: list[str], environment: dict[str, str], begun) -> None:
    """Start the command and SIGKILL it once `begun()` says so."""
    child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    limit = time.monotonic() + 40
    while time.monotonic() < limit and child.poll() is None and not begun():
        time.sleep(0.005)
    assert child.poll() is None, "it ended before it could be killed"
    child.send_signal(signal.SIGKILL)
    child.wait()


def test_a_transfer_killed_while_it_fetches_goes_on(tmp_path: Path, state: Path) -> None:
    data = body(3_000_000, 1)
    home = tmp_path / "home"
    with HttpServer() as server:
        resource = server.add("/big.bin", data, rate=2_000_000)
        command = [
            sys.executable,
            "-m",
            "pixelated",
            "inventory",
            "transfer",
            f"{server.url}/big.bin",
            str(home),
            "--json",
        ]
        environment = {**os.environ, "XDG_STATE_HOME": str(state)}

        def some_came() -> bool:
            return sum(p.stat().st_size for p in home.rglob("*.part")) > 1_000_000

        kill_while(command, environment, some_came)
        assert read(home) == {}
        resource.rate = None
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr + done.stdout
        sent = server.sent["/big.bin"]
    assert read(home) == {"big.bin": data}
    assert json.loads(done.stdout)["counts"]["bytes_resumed"] > 1_000_000
    assert sent <= 1.2 * len(data), sent


@pytest.mark.slow
def test_a_transfer_killed_while_it_sends_goes_on(tmp_path: Path, moto: MotoServer, state: Path) -> None:
    """Parts that the store has are not sent again: 24 MB at 8 MB a second, killed after the first part."""
    data = body(24 << 20, 2)
    a = write(tmp_path / "a", {"big.bin": data, "small.txt": b"s"})
    client = moto.fill("inv-kill", {})
    command = [sys.executable, "-m", "pixelated", "inventory", "transfer", str(a), "s3://inv-kill/in"]
    environment = {**os.environ, **moto.client_environment, "XDG_STATE_HOME": str(state)}

    def parts() -> list[dict]:
        uploads = client.list_multipart_uploads(Bucket="inv-kill").get("Uploads", [])
        if not uploads:
            return []
        at = {"Bucket": "inv-kill", "Key": uploads[0]["Key"], "UploadId": uploads[0]["UploadId"]}
        return client.list_parts(**at).get("Parts", [])

    kill_while([*command, "--limit-rate", "8M"], environment, lambda: bool(parts()))
    before = [p["PartNumber"] for p in parts()]
    assert 1 <= len(before) < 3
    assert "in/big.bin" not in objects(client, "inv-kill")
    done = subprocess.run([*command, "--json"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    assert objects(client, "inv-kill") == {"in/big.bin": data, "in/small.txt": b"s"}
    etag = client.head_object(Bucket="inv-kill", Key="in/big.bin")["ETag"]
    assert etag.strip('"').endswith("-3")
    counts = json.loads(done.stdout)["counts"]
    assert counts["bytes_resumed"] == len(before) * (8 << 20)
    assert counts["bytes_over_the_wire"] == len(data) - counts["bytes_resumed"]
    [moved] = [m for m in json.loads(done.stdout)["moved"] if m["name"] == "big.bin"]
    assert moved["proved"] == "read back"  # an ETag of parts is no digest of the whole
    assert [p for p in state.rglob("*") if p.is_file()] == []


def test_bytes_that_are_others_at_the_far_end_are_left_whatever_was_proved_before(
    tmp_path: Path, moto: MotoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pixelated.inventory.transfer as module

    client = moto.fill("inv-after", {})
    use(monkeypatch, moto.client_environment)
    a = write(tmp_path / "a", FILES)
    real = module._see

    def spoilt(*arguments):
        client.put_object(Bucket="inv-after", Key="raw/local/notes/one.txt", Body=b"FIRST words\n")
        client.delete_object(Bucket="inv-after", Key="raw/local/notes/two.txt")
        return real(*arguments)

    monkeypatch.setattr(module, "_see", spoilt)
    code, done = inventory("transfer", a, "s3://inv-after")
    assert code == 1
    assert {left["name"]: left["why"] for left in done["left"]} == {
        "raw/local/notes/one.txt": "the other place has other bytes under this name (by md5)",
        "raw/local/notes/two.txt": "it is not there after it was moved",
    }


def test_a_file_of_parts_is_read_back_before_it_counts_as_moved(
    tmp_path: Path, moto: MotoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pixelated.inventory.move as module

    moto.fill("inv-parts", {})
    use(monkeypatch, moto.client_environment)
    a = write(tmp_path / "a", {"big.bin": body(9 << 20, 3)})
    monkeypatch.setattr(module, "hash_chunks", lambda chunks: (sum(map(len, chunks)), "0" * 64))
    code, done = inventory("transfer", a, "s3://inv-parts")
    assert code == 1
    assert "other bytes than were sent" in done["left"][0]["why"]


def test_an_inventory_file_can_not_be_moved_from(tmp_path: Path) -> None:
    inventory(write(tmp_path / "a", FILES), "--output", tmp_path / "a.json")
    code, error = inventory("transfer", tmp_path / "a.json", tmp_path / "b")
    assert (code, error["error"]["code"]) == (2, "no_place")


def test_a_second_process_does_not_join_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pixelated.inventory.transfer as module

    a, b = write(tmp_path / "a", FILES), tmp_path / "b"
    inside: list[tuple[int, str]] = []
    real = module._move_all

    def again(*arguments):
        monkeypatch.setattr(module, "_move_all", real)
        code, error = inventory("transfer", a, b)
        inside.append((code, error["error"]["code"]))
        return real(*arguments)

    monkeypatch.setattr(module, "_move_all", again)
    assert inventory("transfer", a, b)[0] == 0
    assert inside == [(2, "busy")]


PLANTED = "PLANTED/s3cr3t+KEY0123456789abcdefghijKLM"


@pytest.mark.slow
def test_no_key_reaches_an_output(tmp_path: Path, moto: MotoServer, state: Path) -> None:
    a = write(tmp_path / "a", FILES)
    moto.fill("inv-secret", {"seed": b"s"})
    keys = {"AWS_ACCESS_KEY_ID": "AKIAPLANTEDPLANTED00", "AWS_SECRET_ACCESS_KEY": PLANTED}
    environment = {**os.environ, **moto.client_environment, **keys, "XDG_STATE_HOME": str(state)}
    said = ""
    for words in (
        ["transfer", str(a), "s3://inv-secret/in", "--output", str(tmp_path / "moved.json")],
        ["transfer", "s3://inv-secret/in", "s3://inv-secret/out", "--limit-rate", "50M"],
        ["s3://inv-secret", "--output", str(tmp_path / "inventory.json")],
        ["s3://inv-secret", "--format", "s3-manifest"],
        ["diff", str(a), "s3://inv-secret/in", "--output", str(tmp_path / "diff.json")],
        ["map", "s3://inv-secret", "--output", str(tmp_path / "map.json")],
        ["s3://no-such-bucket-here"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "pixelated", "inventory", *words], env=environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        said += done.stdout + done.stderr
    assert "moved from" in said
    written = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    for secret in ("AKIAPLANTEDPLANTED00", PLANTED, "X-Amz-Signature"):
        assert secret not in said
        assert secret.encode() not in written
