"""Publishing: what is refused, what is recorded, what is proved at the far end, and the way back."""
# ruff: noqa: F401, F811, PLR0917 - fixtures are imported, and asked for by name

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

import dataset_builder
from pixelated.core.uploads.folder import FolderTarget
from pixelated.core.uploads.s3 import S3Target
from publish_parts import run, write_dataset
from servers.fixtures import moto
from servers.rclone_servers import alias_remote


def tree(folder: Path) -> dict[str, str]:
    files = (p for p in sorted(folder.rglob("*")) if p.is_file())
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def current(destination: Path) -> dict:
    return json.loads((destination / "current.json").read_text())


@pytest.fixture
def dataset(tmp_path):
    return write_dataset(tmp_path / "d1")


@pytest.fixture
def to(tmp_path):
    return tmp_path / "out"


def test_what_is_published_is_what_the_manifest_declares(run, tmp_path, to):
    dataset = dataset_builder.build(tmp_path / "d", seed=4)
    done = run(dataset, to, "--allow-not-releasable", "--reason", "a builder's dataset has no verdicts")
    assert done.code == 0, done
    name = "r-" + hashlib.sha256((dataset / "manifest.json").read_bytes()).hexdigest()[:12]
    published = tree(to)
    record = json.loads((to / "releases" / name / "release.json").read_text())
    assert {f"releases/{name}/{k}": v for k, v in tree(dataset).items()} == {
        k: v for k, v in published.items() if not k.endswith(("release.json", "current.json"))
    }
    pointer = current(to)
    assert (pointer["release"], pointer["manifest"]) == (name, f"releases/{name}/manifest.json")
    assert pointer["manifest_sha256"] == record["manifest_sha256"]
    assert done.out["verified"]["by_reading_back"] == record["files"] == len(tree(dataset))
    ours = (to / "current.json").read_text() + (to / f"releases/{name}/release.json").read_text()
    assert str(tmp_path) not in ours
    before = {p: p.stat().st_mtime_ns for p in to.rglob("*") if p.is_file()}
    again = run(dataset, to, "--allow-not-releasable", "--reason", "again")
    assert (again.code, again.out["sent_bytes"], again.out["pointer_moved"]) == (0, 0, False)
    assert {p: p.stat().st_mtime_ns for p in to.rglob("*") if p.is_file()} == before


def test_a_dry_run_sends_nothing_and_says_what_is_there(run, dataset, to):
    plan = run(dataset, to, "--release", "v2026-01-31", "--dry-run")
    assert (plan.code, plan.out["there"]) == (0, {})
    assert sum(plan.out["to_send"].values()) == plan.out["bytes"] > 0
    assert not to.exists()
    run(dataset, to, "--release", "v2026-01-31")
    (to / "releases/v2026-01-31/README.md").unlink()
    plan = run(dataset, to, "--release", "v2026-01-31", "--dry-run")
    assert list(plan.out["to_send"]) == ["README.md"]
    assert not (to / "releases/v2026-01-31/README.md").exists()


@pytest.mark.parametrize("fault", ["missing", "altered", "undeclared", "link", "cut", "hidden", "twice"])
def test_a_dataset_that_is_not_its_manifest_is_refused(fault, run, dataset, to):
    readme = dataset / "README.md"
    if fault == "missing":
        readme.unlink()
    elif fault == "altered":
        readme.write_text("# built 2\n")
    elif fault == "cut":
        readme.write_text("#")
    elif fault == "link":
        readme.rename(dataset.parent / "elsewhere")
        readme.symlink_to(dataset.parent / "elsewhere")
    elif fault == "twice":
        manifest = json.loads((dataset / "manifest.json").read_text())
        manifest["files"]["../d1/README.md"] = manifest["files"]["README.md"]
        (dataset / "manifest.json").write_text(json.dumps(manifest))
    else:
        (dataset / (".notes" if fault == "hidden" else "notes.txt")).write_text("private")
    done = run(dataset, to)
    assert done.code == 1
    assert done.out["error"]["code"] in {"dataset_differs", "bad_manifest"}
    assert not to.exists()


def test_a_path_of_this_machine_is_not_published(run, tmp_path, to):
    folder = tmp_path / "d"
    done = run(write_dataset(folder, more={"croissant.json": f'{{"at": "{folder}"}}'.encode()}), to)
    assert (done.code, done.out["error"]["code"]) == (1, "local_path")


def test_a_run_folder_is_refused_and_the_dataset_named(run, tmp_path, to):
    dataset = write_dataset(tmp_path / "run/dataset")
    (tmp_path / "run/run.json").write_text("{}")
    done = run(tmp_path / "run", to)
    assert (done.code, done.out["error"]["code"]) == (2, "run_folder")
    assert str(dataset) in done.out["error"]["remedy"]
    assert run(dataset, dataset / "out").code == 2


@pytest.mark.parametrize("said", ["manifest", "verdicts", "no verdicts"])
def test_what_is_not_releasable_is_refused_or_the_override_is_recorded(said, run, tmp_path, to):
    dataset = write_dataset(tmp_path / "d", releasable=said == "no verdicts")
    manifest = json.loads((dataset / "manifest.json").read_text())
    if said == "verdicts":
        manifest["release"] = {"releasable": True, "reasons": []}
    elif said == "no verdicts":
        (dataset / "verdicts.json").unlink()
        del manifest["files"]["verdicts.json"]
    (dataset / "manifest.json").write_text(json.dumps(manifest))
    done = run(dataset, to, "--release", "v1")
    assert (done.code, done.out["error"]["code"]) == (1, "not_releasable")
    assert not to.exists()
    assert run(dataset, to, "--allow-not-releasable").code == 2
    assert run(dataset, to, "--reason", "x").code == 2
    assert run(dataset, to, "--release", "v1", "--allow-not-releasable", "--reason", "for review").code == 0
    record = json.loads((to / "releases/v1/release.json").read_text())
    assert record["releasable"] is False
    assert record["override"]["reason"] == current(to)["override"]["reason"] == "for review"
    assert record["override"]["not_releasable"]


def test_another_dataset_never_takes_a_name_that_is_taken(run, dataset, tmp_path, to):
    assert run(dataset, to, "--release", "v1").code == 0
    before = tree(to)
    done = run(write_dataset(tmp_path / "d2", seed=2), to, "--release", "v1")
    assert (done.code, done.out["error"]["code"]) == (1, "other_release")
    assert tree(to) == before


def test_a_name_that_was_only_begun_is_taken_too(run, dataset, tmp_path, to, monkeypatch):
    put = FolderTarget.put

    def fail(self, file, name, journal, meter):
        if "shards" in name:
            raise KeyboardInterrupt
        return put(self, file, name, journal, meter)

    monkeypatch.setattr(FolderTarget, "put", fail)
    assert run(dataset, to, "--release", "v1").code != 0
    assert not (to / "releases/v1/manifest.json").exists()
    assert not (to / "current.json").exists()
    done = run(write_dataset(tmp_path / "d2", seed=2), to, "--release", "v1")
    assert done.out["error"]["code"] == "other_release"
    monkeypatch.undo()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    done = run(dataset, to, "--release", "v1")
    assert done.code == 0
    assert "README.md" in done.out["there"]


def test_manifest_and_pointer_come_last(run, dataset, to, monkeypatch):
    order = []
    put, put_bytes = FolderTarget.put, FolderTarget.put_bytes
    monkeypatch.setattr(FolderTarget, "put", lambda s, f, n, j, m: (order.append(n), put(s, f, n, j, m))[1])
    monkeypatch.setattr(
        FolderTarget, "put_bytes", lambda s, d, n, i=None: (order.append(n), put_bytes(s, d, n, i))[1]
    )
    run(dataset, to, "--release", "v1")
    assert order[0] == "releases/v1/release.json"
    assert order[-2:] == ["releases/v1/manifest.json", "current.json"]
    assert len(order) == 6


@pytest.mark.parametrize("fault", ["altered", "missing", "added"])
def test_a_fault_at_the_far_end_is_found_before_the_pointer_moves(
    fault, run, dataset, tmp_path, to, monkeypatch
):
    run(dataset, to, "--release", "v1")
    put = FolderTarget.put

    def tamper(self, file, name, journal, meter):
        entry = put(self, file, name, journal, meter)
        there = to / name
        if name.endswith("train_000.jsonl") and fault == "altered":
            there.write_bytes(there.read_bytes()[::-1])
        elif name.endswith("README.md") and fault == "missing":
            there.unlink()
        elif fault == "added":
            there.with_name("extra.jsonl").write_bytes(b"{}\n")
        return entry

    monkeypatch.setattr(FolderTarget, "put", tamper)
    done = run(write_dataset(tmp_path / "d2", seed=2), to, "--release", "v2")
    assert (done.code, done.out["error"]["code"]) == (1, "differs_at_destination")
    assert current(to)["release"] == "v1"


def test_a_published_file_that_was_altered_is_named_and_not_overwritten(run, dataset, to):
    run(dataset, to, "--release", "v1")
    there = to / "releases/v1/shards/train/train_000.jsonl"
    there.write_bytes(there.read_bytes()[::-1])
    before = tree(to)
    done = run(dataset, to, "--release", "v1")
    assert (done.code, done.out["error"]["code"]) == (1, "altered")
    assert "train_000.jsonl" in done.out["error"]["message"]
    assert tree(to) == before


def test_an_object_with_other_bytes_of_the_same_size_is_found_on_s3(run, dataset, moto, monkeypatch):
    for name, value in moto.client_environment.items():
        monkeypatch.setenv(name, value)
    client, put = moto.fill("tamper", {}), S3Target.put

    def tamper(self, file, name, journal, meter):
        entry = put(self, file, name, journal, meter)
        if name.endswith("train_000.jsonl"):
            body, meta = file.path.read_bytes()[::-1], {"sha256": file.sha256}
            client.put_object(Bucket="tamper", Key=f"x/{name}", Body=body, Metadata=meta)
        return entry

    monkeypatch.setattr(S3Target, "put", tamper)
    done = run(dataset, "s3://tamper/x", "--release", "v1")
    assert (done.code, done.out["error"]["code"]) == (1, "differs_at_destination")
    assert "train_000.jsonl has other bytes" in done.out["error"]["message"]
    assert client.list_objects_v2(Bucket="tamper", Prefix="x/current")["KeyCount"] == 0


def test_rollback_goes_back_step_by_step_to_releases_that_are_whole(run, tmp_path, to):
    sets = [write_dataset(tmp_path / f"d{i}", seed=i) for i in (1, 2, 3)]
    assert run("--rollback", to).out["error"]["code"] == "no_previous"
    for i, dataset in enumerate(sets, 1):
        assert run(dataset, to, "--release", f"v{i}").out["previous"] == (f"v{i - 1}" if i > 1 else None)
    assert run("--rollback", to, "--dry-run").out["release"] == "v2"
    assert current(to)["release"] == "v3"
    assert run("--rollback", to).code == 0
    assert (current(to)["release"], current(to)["previous"]["release"]) == ("v2", "v1")
    assert current(to)["rolled_back_from"]["release"] == "v3"
    shard = to / "releases/v1/shards/train/train_000.jsonl"
    kept = shard.read_bytes()
    shard.write_bytes(kept[::-1])
    assert run("--rollback", to).out["error"]["code"] == "differs_at_destination"
    assert current(to)["release"] == "v2"
    shard.write_bytes(kept)
    (to / "releases/v1/manifest.json").write_text("{}")
    assert run("--rollback", to).code == 1
    (to / "releases/v1/manifest.json").write_bytes((sets[0] / "manifest.json").read_bytes())
    assert run(sets[0], to, "--rollback").code == 0
    assert current(to)["release"] == "v1"
    done = run("--rollback", to)
    assert (done.code, done.out["error"]["code"]) == (1, "no_previous")
    assert run(sets[2], to, "--release", "v3").out["previous"] == "v1"


def test_a_pointer_that_moved_meanwhile_is_not_overwritten(run, dataset, tmp_path, to, monkeypatch):
    run(dataset, to, "--release", "v1")
    put_bytes = FolderTarget.put_bytes

    def somebody_else(self, data, name, instead_of=None):
        if name == "current.json":
            monkeypatch.undo()
            put_bytes(self, b"{}", name, instead_of)
        return put_bytes(self, data, name, instead_of)

    monkeypatch.setattr(FolderTarget, "put_bytes", somebody_else)
    done = run(write_dataset(tmp_path / "d2", seed=2), to, "--release", "v2")
    assert (done.code, done.out["error"]["code"]) == (1, "raced")
    done = run(dataset, to, "--release", "v1")
    assert done.out["error"]["code"] == "bad_pointer"


def test_a_destination_that_is_not_there_is_exit_3(run, dataset, tmp_path):
    (tmp_path / "file").write_text("x")
    assert run(dataset, tmp_path / "file/out").code == 3


@pytest.mark.parametrize("name", ["a/b", "..", "-x", "v1.lock", "a..b", "", "x" * 101])
def test_names_that_can_be_no_folder_and_no_tag_are_refused(name, run, dataset, to):
    done = run(dataset, to, f"--release={name}")
    assert done.code == (2 if name else 0)


def test_publishing_to_a_drive_through_rclone(run, dataset, tmp_path, monkeypatch):
    for name, value in alias_remote("gdrive", tmp_path / "drive").items():
        monkeypatch.setenv(name, value)
    (tmp_path / "drive").mkdir()
    done = run(dataset, "gdrive:exports", "--release", "v1")
    assert done.code == 0, done
    assert done.out["verified"] == {"by_the_stores_sha256": 4, "by_reading_back": 0}
    assert current(tmp_path / "drive/exports")["release"] == "v1"
    shard = tmp_path / "drive/exports/releases/v1/shards/train/train_000.jsonl"
    shard.write_bytes(shard.read_bytes()[::-1])
    assert run(dataset, "gdrive:exports", "--release", "v1").out["error"]["code"] == "altered"
