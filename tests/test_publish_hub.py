"""Publishing to a dataset repository of the Hub, against the stand-in."""
# ruff: noqa: ARG001, F401, F811, PLR0917 - fixtures are imported, and asked for by name

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from publish_parts import kill_when, run, write_dataset
from servers.fixtures import hub

# huggingface_hub 2.4 sends large files by an argument that httpx2 calls deprecated
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
TO = "hf://datasets/acme/corpus"
TOKEN = "hf_planted17"  # noqa: S105 - of the stand-in


@pytest.fixture
def environment(hub, monkeypatch):
    from huggingface_hub import constants

    hub.add_user(TOKEN, "acme", write=True)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    found = {**hub.client_environment, "HF_TOKEN": TOKEN}
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    return found


def dataset_of(folder: Path, seed: int, size: int = 2000) -> Path:
    rng = random.Random(seed)
    shards = {f"shards/train/train_00{i}.parquet": rng.randbytes(size) for i in range(3)}
    return write_dataset(folder, seed, more=shards | {f"shards/val/only_{seed}.jsonl": b"{}\n"})


def head(hub) -> dict[str, bytes]:
    return dict(hub.repos["acme/corpus"].find("main").files)


def test_a_release_is_one_commit_one_tag_and_then_the_pointer(hub, run, tmp_path, environment):
    dataset = dataset_of(tmp_path / "d", 1)
    done = run(dataset, TO, "--release", "v1")
    assert done.code == 0, done
    repo = hub.repos["acme/corpus"]
    assert repo.private
    local = {p.relative_to(dataset).as_posix(): p.read_bytes() for p in dataset.rglob("*") if p.is_file()}
    files = head(hub)
    assert local.items() <= files.items()
    assert set(files) - set(local) == {".gitattributes", "release.json", "current.json"}
    first = next(c for c in repo.commits if "manifest.json" in c.files)
    assert set(local) <= set(first.files)  # no commit shows a manifest without its files
    assert "current.json" not in first.files
    assert repo.git_tags["v1"] == first.id
    assert json.loads(files["current.json"])["revision"] == "v1"
    assert done.out["verified"] == {"by_the_stores_sha256": 3, "by_reading_back": 5}
    assert TOKEN not in str(done)
    assert not [e for e in hub.cdn.log if e.authorized]  # the token went to no other host

    count = len(repo.commits)
    again = run(dataset, TO, "--release", "v1")
    assert (again.code, again.out["to_send"], len(repo.commits)) == (0, {}, count)


def test_the_next_release_takes_the_old_files_away_and_rollback_brings_them_back(
    hub, run, tmp_path, environment
):
    one, two = dataset_of(tmp_path / "d1", 1), dataset_of(tmp_path / "d2", 2)
    run(one, TO, "--release", "v1")
    repo = hub.repos["acme/corpus"]
    repo.commit({**head(hub), "LICENSE": b"ours"}, "by hand")
    first = head(hub)
    assert run(two, TO, "--release", "v2").out["previous"] == "v1"
    assert "shards/val/only_1.jsonl" not in head(hub)
    assert head(hub)["manifest.json"] == (two / "manifest.json").read_bytes()
    assert head(hub)["LICENSE"] == b"ours"
    hub.forget()
    hub.cdn.forget()
    back = run("--rollback", TO)
    assert (back.code, back.out["release"]) == (0, "v1"), back
    files = head(hub)
    assert {n: b for n, b in files.items() if n != "current.json"} == {
        n: b for n, b in first.items() if n != "current.json"
    }
    assert json.loads(files["current.json"])["rolled_back_from"]["release"] == "v2"
    assert not hub.cdn.requests(method="PUT")  # nothing large was sent again
    done = run(two, TO, "--release", "v2")
    assert (done.code, done.out["to_send"]) == (0, {}), done
    assert head(hub)["manifest.json"] == (two / "manifest.json").read_bytes()
    assert run(one, TO, "--release", "v2").out["error"]["code"] == "other_release"


def test_a_killed_publish_sends_no_large_file_twice(hub, run, tmp_path, environment):
    dataset = dataset_of(tmp_path / "d", 3, size=1 << 20)
    kept = {}

    def one_arrived() -> bool:
        kept.update(hub.cdn.resources)
        return bool(kept)

    arguments = [str(dataset), TO, "--release", "v1", "--limit-rate", "1M"]
    kill_when(one_arrived, arguments, {**environment, "XDG_STATE_HOME": str(tmp_path / "state")})
    assert "manifest.json" not in head(hub)
    before = set(hub.cdn.resources)
    assert 1 <= len(before) < 3
    hub.cdn.forget()
    assert run(dataset, TO, "--release", "v1").code == 0
    put = {e.path for e in hub.cdn.requests(method="PUT")}
    assert len(put) == 3 - len(before)
    assert not put & before


def test_a_file_that_the_hub_serves_otherwise_is_found(hub, run, tmp_path, environment):
    dataset = dataset_of(tmp_path / "d", 4)
    answer = hub.answer

    def tamper(exchange, reply):
        if exchange.method == "GET" and exchange.path.endswith("/resolve/v1/README.md"):
            reply.send(200, {}, b"# other 4\n")
        else:
            answer(exchange, reply)

    hub.answer = tamper
    done = run(dataset, TO, "--release", "v1")
    assert (done.code, done.out["error"]["code"]) == (1, "differs_at_destination")
    assert "README.md" in done.out["error"]["message"]
    assert "current.json" not in head(hub)


@pytest.mark.parametrize("case", ["none", "unknown", "read only"])
def test_tokens_that_may_not_write_end_with_exit_3(case, hub, run, tmp_path, environment, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", {"none": "", "unknown": "hf_wrong", "read only": "hf_reader"}[case])
    hub.add_user("hf_reader", "reader")
    done = run(dataset_of(tmp_path / "d", 5), TO)
    assert done.code == 3, done
    assert "hf_wrong" not in str(done)
    assert "acme/corpus" not in hub.repos


def test_a_dry_run_makes_no_repository(hub, run, tmp_path, environment):
    done = run(dataset_of(tmp_path / "d", 6), TO, "--dry-run")
    assert (done.code, len(done.out["to_send"])) == (0, 8)
    assert not hub.repos
