"""Sources come home whole from every kind of store: real servers on loopback, and stand-ins for two hubs."""

from __future__ import annotations

import hashlib
import random
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from pixelated.acquire.fetch import Options, Outcome, fetch_source
from pixelated.acquire.run import check_all, plan_all
from pixelated.core.receipts import read_receipt
from pixelated.core.source import Acquisition, Expected, Source
from servers.gcs_server import GcsServer
from servers.hub_server import HubServer
from servers.kaggle_server import KaggleServer
from servers.moto_server import MotoServer
from servers.rclone_servers import RcloneHttp, RcloneS3, RcloneSftp, alias_remote

CHATS = b'{"messages": []}\n' * 2000
TABLE = b"question,answer\nhow,so\n"
DEEP = random.Random(8).randbytes(200_000)
FILES = {"chats.jsonl": CHATS, "more/table.csv": TABLE, "more/deep/blob.bin": DEEP}


def use(monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str]) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


def fetch(location: str, root: Path, **more: object) -> Outcome:
    return fetch_source(source(location, **more), Options(root))


def source(location: str, **more: object) -> Source:
    where = {k: v for k, v in more.items() if k in Acquisition.__dataclass_fields__}
    rest = {k: v for k, v in more.items() if k not in where}
    return Source(id="s", path="raw/s", acquire=Acquisition(location=location, **where), **rest)  # type: ignore[arg-type]


def came(root: Path) -> dict[str, bytes]:
    base = root / "raw/s"
    return {p.relative_to(base).as_posix(): p.read_bytes() for p in base.rglob("*") if p.is_file()}


def whole(outcome: Outcome, root: Path, files: Mapping[str, bytes] = FILES) -> None:
    assert outcome.status == "complete", outcome.problems
    assert came(root) == dict(files)
    receipt = read_receipt(root, "s")
    assert {n: f.sha256 for n, f in receipt.files.items()} == {
        n: hashlib.sha256(b).hexdigest() for n, b in files.items()
    }


def test_s3(moto: MotoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moto.fill(
        "whole-set", {f"gdrive/raw/{n}": b for n, b in FILES.items()} | {"gdrive/raw-old/no.bin": b"no"}
    )
    use(monkeypatch, moto.client_environment)
    first = fetch("s3://whole-set/gdrive/raw", tmp_path)
    whole(first, tmp_path)
    assert {f.checked for f in first.files} == {"md5"}
    assert sorted(fetch("s3://whole-set/gdrive/raw", tmp_path).kept) == sorted(FILES)


def test_one_object_of_s3_by_its_key(
    moto: MotoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moto.fill("one", {"a/chats.jsonl": CHATS, "a/chats.jsonl.bak": b"no"})
    use(monkeypatch, moto.client_environment)
    whole(fetch("s3://one/a/chats.jsonl", tmp_path), tmp_path, {"chats.jsonl": CHATS})


def test_many_objects_of_s3_come_over_pages(
    moto: MotoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {f"p/{i:04}.txt": b"%d" % i for i in range(1100)}
    moto.fill("pages", files)
    use(monkeypatch, moto.client_environment)
    [planned] = plan_all([source("s3://pages/p/")], Options(tmp_path))
    assert (planned.files, planned.bytes) == (1100, sum(map(len, files.values())))
    assert not list(tmp_path.iterdir()), "a dry run writes nothing"


def test_an_s3_object_that_changed_is_fetched_again(
    moto: MotoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = moto.fill("changing", {"a.bin": DEEP})
    use(monkeypatch, moto.client_environment)
    whole(fetch("s3://changing/", tmp_path), tmp_path, {"a.bin": DEEP})
    newer = DEEP[::-1]
    client.put_object(Bucket="changing", Key="a.bin", Body=newer)
    whole(fetch("s3://changing/", tmp_path), tmp_path, {"a.bin": newer})


@pytest.mark.parametrize("missing", ["s3://no-such-bucket/x", "s3://there/no-such-prefix/"])
def test_what_is_not_in_s3_is_incomplete(
    moto: MotoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    moto.fill("there", {"a": b"1"})
    use(monkeypatch, moto.client_environment)
    outcome = fetch(missing, tmp_path)
    assert outcome.status == "incomplete"
    assert "check bucket and prefix" in outcome.remedy or "acquire check" in outcome.remedy


def test_another_s3_server_with_its_own_ways(
    rclone_s3: RcloneS3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rclone_s3.fill("bkt", {f"set/{n}": b for n, b in FILES.items()})
    use(monkeypatch, {k: v for k, v in rclone_s3.client_environment.items() if k != "AWS_ENDPOINT_URL"})
    whole(fetch("s3://bkt/set/", tmp_path, endpoint=rclone_s3.url), tmp_path)


def test_a_wrong_key_is_no_access_and_is_not_shown(
    rclone_s3: RcloneS3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rclone_s3.fill("bkt", {"a": b"1"})
    use(monkeypatch, rclone_s3.client_environment | {"AWS_SECRET_ACCESS_KEY": "planted-wrong-secret"})
    outcome = fetch("s3://bkt/", tmp_path)
    assert outcome.status == "incomplete"
    assert "no access" in outcome.problems[0][1]
    assert "planted" not in str(outcome)


def test_an_rclone_remote_called_gdrive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drive = tmp_path / "drive"
    for name, body in FILES.items():
        (drive / "datasets" / name).parent.mkdir(parents=True, exist_ok=True)
        (drive / "datasets" / name).write_bytes(body)
    use(monkeypatch, alias_remote("gdrive", drive))
    first = fetch("gdrive:datasets", tmp_path / "home")
    whole(first, tmp_path / "home")
    assert {f.checked for f in first.files} == {"sha256"}
    assert len(fetch("gdrive:datasets", tmp_path / "home").kept) == len(FILES)
    whole(fetch("gdrive:datasets/chats.jsonl", tmp_path / "one"), tmp_path / "one", {"chats.jsonl": CHATS})


def test_a_remote_without_hashes(
    rclone_http: RcloneHttp, store_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, body in FILES.items():
        (store_folder / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        (store_folder / "set" / name).write_bytes(body)
    use(monkeypatch, rclone_http.remote_environment("plain"))
    outcome = fetch("plain:set", tmp_path / "home")
    whole(outcome, tmp_path / "home")
    assert {f.checked for f in outcome.files} == {"size"}
    assert sorted(outcome.as_json()["unchecked"]) == sorted(FILES)


def test_sftp(
    rclone_sftp: RcloneSftp, store_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, body in FILES.items():
        (store_folder / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        (store_folder / "set" / name).write_bytes(body)
    use(monkeypatch, rclone_sftp.client_environment)
    whole(fetch(f"{rclone_sftp.url}/set", tmp_path / "home"), tmp_path / "home")


def test_an_unknown_remote_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RCLONE_CONFIG", "/dev/null")
    [access] = check_all([source("nowhere:datasets")])
    assert not access.available
    assert "no such remote" in access.why


def test_google_cloud_storage(gcs: GcsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gcs.fill("whole-set", {f"raw/{n}": b for n, b in FILES.items()})
    use(monkeypatch, gcs.client_environment)
    first = fetch("gs://whole-set/raw", tmp_path)
    whole(first, tmp_path)
    assert {f.checked for f in first.files} == {"md5"}
    gcs.put("whole-set", "raw/chats.jsonl", CHATS + b"\n")
    whole(fetch("gs://whole-set/raw", tmp_path), tmp_path, FILES | {"chats.jsonl": CHATS + b"\n"})


def test_the_hub_at_a_pinned_commit(hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = hub.add_repo(
        "acme/talks", FILES, FILES | {"chats.jsonl": b"newer\n"}, license="cc-by-4.0", lfs=["*.bin"]
    )
    use(monkeypatch, hub.client_environment)
    pinned = repo.commits[0].id
    location = f"hf://datasets/acme/talks@{pinned}"
    first = fetch(location, tmp_path, upstream_license="cc-by-4.0")
    whole(first, tmp_path)
    assert {f.checked for f in first.files} == {"git_sha1", "sha256"}
    receipt = read_receipt(tmp_path, "s")
    assert (receipt.owner, receipt.upstream_license, receipt.revision) == ("acme", "cc-by-4.0", pinned)
    assert not any(e.authorized for e in hub.cdn.log)


@pytest.mark.parametrize("change", ["license", "owner"])
def test_the_hub_with_another_licence_or_owner_is_refused(
    hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    hub.add_repo("acme/talks", FILES, license="cc-by-nc-4.0" if change == "license" else "mit")
    if change == "owner":
        hub.add_repo("other/talks", FILES, license="mit")
        hub.renamed["acme/talks"] = "other/talks"
    use(monkeypatch, hub.client_environment)
    outcome = fetch("hf://datasets/acme/talks", tmp_path, upstream_license="mit")
    assert outcome.status == "refused"
    assert (
        change.replace("license", "licence") in outcome.problems[0][1]
        or "belongs to" in outcome.problems[0][1]
    )
    assert not came(tmp_path)


def test_the_hub_without_access(hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.add_repo("acme/gated", FILES, license="mit", gated=True)
    use(monkeypatch, hub.client_environment)
    outcome = fetch("hf://datasets/acme/gated", tmp_path)
    assert outcome.status == "incomplete"
    outcome = fetch("hf://datasets/acme/none", tmp_path)
    assert "not there" in outcome.problems[0][1]


def test_kaggle(kaggle: KaggleServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kaggle.add_dataset("acme/therapy", FILES, license_name="CC0: Public Domain")
    use(monkeypatch, {"PIXELATED_KAGGLE_URL": f"{kaggle.url}/api/v1", "KAGGLE_CONFIG_DIR": str(tmp_path)})
    for _ in range(2):
        outcome = fetch("kaggle://acme/therapy", tmp_path, upstream_license="CC0: Public Domain")
        assert outcome.status == "complete", outcome.problems
        assert [f.checked for f in outcome.files] == ["md5"]
        assert came(tmp_path) == {f"therapy/{name}": body for name, body in FILES.items()}
    assert outcome.kept == ["therapy.zip"]
    names = [name for name, _, _ in read_receipt(tmp_path, "s").files["therapy.zip"].unpacked]
    assert names == sorted(FILES)


def test_an_archive_that_leads_out_of_its_folder_is_refused_by_name(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    with zipfile.ZipFile(there / "bad.zip", "w") as archive:
        archive.writestr("fine.txt", "fine")
        archive.writestr("../../out.txt", "out")
    (there / "good.txt").write_bytes(b"good")
    outcome = fetch(str(there), tmp_path / "home")
    assert outcome.status == "incomplete"
    assert "out.txt" in outcome.problems[0][1]
    assert came(tmp_path / "home") == {"good.txt": b"good"}
    assert not list(tmp_path.rglob("out.txt"))


def test_a_local_folder_and_what_is_no_file_in_it(tmp_path: Path) -> None:
    there = tmp_path / "there"
    (there / "more/deep").mkdir(parents=True)
    for name, body in FILES.items():
        (there / name).write_bytes(body)
    (there / "out").symlink_to("/etc")
    (there / "passwd").symlink_to("/etc/passwd")
    outcome = fetch(str(there), tmp_path / "home")
    assert outcome.status == "incomplete"
    assert {what for what, _ in outcome.problems} == {"out", "passwd"}
    assert came(tmp_path / "home") == FILES


def test_patterns_choose_what_is_fetched(tmp_path: Path) -> None:
    there = tmp_path / "there"
    (there / "more/deep").mkdir(parents=True)
    for name, body in FILES.items():
        (there / name).write_bytes(body)
    (there / "LICENSE").write_bytes(b"MIT")
    outcome = fetch(str(there), tmp_path / "home", files=("**/*.csv", "*.jsonl"), exclude=("more/*.csv",))
    assert sorted(f.name for f in outcome.files) == ["LICENSE", "chats.jsonl"]


def test_a_file_that_the_registry_expects_and_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there/a.txt").write_bytes(b"a")
    outcome = fetch(str(tmp_path / "there"), tmp_path / "home", expected={"b.txt": Expected(1)})
    assert outcome.status == "incomplete"
    assert outcome.problems == [("b.txt", "the registry expects it and it is not there")]


@pytest.mark.parametrize("status", ["missing", "needs_generation", "TBD", "in_progress"])
def test_a_source_of_which_there_is_nothing_says_so(tmp_path: Path, status: str) -> None:
    outcome = fetch(str(tmp_path), tmp_path / "home", status=status)
    assert outcome.status == "incomplete"
    assert status in outcome.problems[0][1]


def test_a_check_names_every_address_and_the_fallback_that_answers(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there/a.txt").write_bytes(b"a")
    found = check_all([source(str(tmp_path / "gone"), fallbacks=(str(tmp_path / "there"),))])
    assert [(a.role, a.available) for a in found] == [("location", False), ("fallback", True)]
    assert "there is no" in found[0].why
