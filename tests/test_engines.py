"""Engines: order, bounds, what a killed worker costs, and the same bytes whatever did the work."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
import yaml

import engine_builds
import engine_work as work
import pixelated
from conftest import ROOT, digest, write_small_corpus
from pixelated.core.engines import ENGINES, Executor, executor_for
from pixelated.core.errors import InternalError, UsageError
from pixelated.core.object_store import store_of
from pixelated.runner import assemble
from pixelated.runner.inspect import explain, status

WORKERS = 3
build = importlib.import_module("pixelated.runner.build")  # the name in the package is the function
BUCKET = "parts"


@pytest.fixture(scope="module")
def cluster(moto) -> Iterator[Executor]:
    """A Ray cluster of three processes that know the S3 server; one for the module, for its start is slow."""
    if not importlib.util.find_spec("ray"):
        pytest.skip("Ray is not installed")
    moto.fill(BUCKET, {})
    with pytest.MonkeyPatch.context() as patch:
        for name, value in moto.client_environment.items():
            patch.setenv(name, value)
        patch.delenv("RAY_ADDRESS", raising=False)
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")]))
        with executor_for("ray", WORKERS) as executor:
            assert list(executor.map(abs, [-1])) == [1]
            yield executor


@pytest.fixture(params=["local", pytest.param("ray", marks=pytest.mark.slow)])
def executor(request) -> Iterator[Executor]:
    if request.param == "ray":
        request.getfixturevalue("cluster")
    with executor_for(request.param, WORKERS) as made:
        yield made


def test_results_come_in_order_from_several_processes(executor: Executor, tmp_path: Path) -> None:
    found = list(executor.map(work.meet, [(str(tmp_path), WORKERS, n) for n in range(9)]))
    assert [square for square, _ in found] == [n * n for n in range(9)]
    pids = {pid for _, pid in found}
    assert len(pids) >= WORKERS
    assert os.getpid() not in pids


def test_items_are_taken_as_they_are_needed(executor: Executor) -> None:
    taken = []
    results = executor.map(abs, (taken.append(n) or n for n in range(100)))
    assert next(results) == 0
    assert len(taken) == 2 * WORKERS
    results.close()


def test_the_items_of_a_killed_worker_run_again(executor: Executor, tmp_path: Path) -> None:
    items = [(str(tmp_path), n) for n in range(20)]
    assert list(executor.map(work.die_once, items)) == [n * n for n in range(20)]
    assert (tmp_path / "died").exists()


def test_an_item_that_kills_every_worker_is_named(executor: Executor) -> None:
    with pytest.raises(InternalError, match=r"item 3 \(part 3\).* ended 3 times") as caught:
        list(executor.map(work.die_on_three, [work.Deadly(n) for n in range(8)]))
    assert caught.value.code == "worker_died"
    assert list(executor.map(abs, [-1, -2])) == [1, 2]  # the executor goes on


def test_an_error_comes_back_as_it_was_raised(executor: Executor) -> None:
    with pytest.raises(UsageError, match="number 1 is wrong") as caught:
        list(executor.map(work.refuse, [1, 2, 3]))
    assert (caught.value.code, caught.value.remedy) == ("wrong", "take another")


def test_an_engine_whose_library_is_missing_says_what_to_type(monkeypatch, tmp_path: Path) -> None:
    recipe = write_small_corpus(tmp_path / "in", rows=2)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError, match="ray is not installed") as caught:
        run(recipe, tmp_path / "runs", engine="ray")
    assert caught.value.remedy == "install it: pip install 'pixelated-empathy[ray]'"
    assert caught.value.exit_code == 2


def test_an_unknown_engine_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(UsageError, match="no engine called 'spark'") as caught:
        executor_for("spark", 2)
    assert caught.value.remedy == "choose one of: local, ray"
    assert ENGINES.names() == ["local", "ray"]


def test_a_cluster_that_does_not_answer_is_named() -> None:
    code = "from pixelated.core.engines import executor_for as e; list(e('ray').map(abs, [1]))"
    env = os.environ | {"RAY_ADDRESS": "127.0.0.1:1"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=env, capture_output=True, timeout=120, check=False)
    assert b"no Ray cluster answers at RAY_ADDRESS=127.0.0.1:1" in done.stderr


def run(recipe: Path, runs: Path, **options: object) -> pixelated.BuildResult:
    return pixelated.build(pixelated.load_recipe(recipe), pixelated.Options(runs=runs, **options))


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    return write_small_corpus(tmp_path / "in")


def died(path: Path) -> bool:
    return (path / "died").exists()


@pytest.mark.parametrize("moment", ["between two steps", "in a shard"])
@pytest.mark.parametrize("engine", ["local", pytest.param("ray", marks=pytest.mark.slow)])
def test_a_worker_killed_mid_step_changes_no_byte(  # noqa: PLR0917 - fixtures
    request, recipe: Path, tmp_path: Path, monkeypatch, engine: str, moment: str
) -> None:
    plain = run(recipe, tmp_path / "plain", workers=1)
    if engine == "ray":
        request.getfixturevalue("cluster")
    if moment == "in a shard":
        monkeypatch.setattr(assemble, "_cached_shard", engine_builds.shard_or_die)
    else:
        monkeypatch.setattr(build, "read_part", engine_builds.read_part_or_die)
    store = {"store": f"s3://{BUCKET}/{tmp_path.name}"} if engine == "ray" else {}
    other = run(recipe, tmp_path / "other", engine=engine, workers=WORKERS, part_mb=0.004, **store)
    assert digest(other.dataset) == digest(plain.dataset)
    assert died(recipe.parent) or died(tmp_path)
    assert other.totals == plain.totals


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_bytes_depend_on_neither_engine_nor_workers_nor_parts_nor_order(tmp_path: Path) -> None:
    demo = ROOT / "recipes/demo.yaml"
    one = run(demo, tmp_path / "one", workers=1)
    three = run(demo, tmp_path / "three", workers=3, part_mb=0.01)
    far = run(demo, tmp_path / "far", engine="ray", workers=WORKERS, store=f"s3://{BUCKET}/all", part_mb=0.02)
    reordered = run(_reordered(ROOT, tmp_path / "reordered"), tmp_path / "other", workers=1)
    whole = digest(one.dataset)
    assert len(whole) >= 10
    assert digest(three.dataset) == whole
    assert digest(far.dataset) == whole
    assert digest(reordered.dataset) == whole
    assert not (tmp_path / "far/demo/read").exists(), "the parts are in the store alone"


def _reordered(root: Path, folder: Path) -> Path:
    """Copy the demo, its files made in the opposite order and the sources of its registries reversed."""
    wanted = [*(root / "examples/demo").rglob("*"), root / "recipes/demo.yaml"]
    for path in sorted((p for p in wanted if p.is_file()), reverse=True):
        target = folder / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        data = path.read_bytes()
        if path.name.startswith("registry_"):
            registry = yaml.safe_load(data)
            registry["sources"] = dict(reversed(registry["sources"].items()))
            data = yaml.safe_dump(registry, sort_keys=False).encode()
        target.write_bytes(data)
    return folder / "recipes/demo.yaml"


@pytest.fixture
def address(moto, monkeypatch, tmp_path: Path) -> str:
    moto.fill(BUCKET, {})
    for name, value in moto.client_environment.items():
        monkeypatch.setenv(name, value)
    return f"s3://{BUCKET}/{tmp_path.name}"


def test_parts_in_a_store_are_found_again_explained_and_pruned(
    recipe: Path, tmp_path: Path, address: str
) -> None:
    first = run(recipe, tmp_path / "runs", workers=1, store=address)
    names = list(store_of(f"{address}/small").names())
    assert sum(n.endswith("/part.json") for n in names) == first.cached["of"]
    assert {n.split("/")[0] for n in names} == {"read"}, "nothing else is left there"
    again = run(recipe, tmp_path / "elsewhere", workers=1, store=address)
    assert again.cached["parts"] == again.cached["of"]
    assert digest(again.dataset) == digest(first.dataset)
    with next(first.dataset.glob("shards/train/*.jsonl")).open("rb") as lines:
        record = orjson.loads(lines.readline())
    folder = pixelated.runner.RunFolder(tmp_path / "runs/small")
    story = explain(folder, record["id"])
    assert story["outcome"] == "keep"
    assert status(tmp_path / "runs")[0]["parts"] == first.cached["of"]
    (recipe.parent / "talk_0.txt").unlink()
    run(recipe, tmp_path / "runs", workers=1, store=address)
    left = set(store_of(f"{address}/small").names())
    assert {n for n in names if "/talks/" in n} - left, "parts of the removed file are gone"
    assert {n for n in names if "/chats/" in n} <= left


def test_the_engine_of_the_page_builds_the_same_bytes(recipe: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(ENGINES, "_entries", dict(ENGINES.items()))  # forgets it again
    block = re.search(r"```python\n(.*?)```", (ROOT / "docs/engines.md").read_text(), re.DOTALL).group(1)
    exec(compile(block, "engines.md", "exec"), {"__name__": "engine_of_the_page"})  # noqa: S102 - our own page
    plain = run(recipe, tmp_path / "runs", workers=1)
    other = run(recipe, tmp_path / "other", engine="threads", workers=2, part_mb=0.01)
    assert digest(plain.dataset) == digest(other.dataset)


def test_a_folder_can_be_the_store(recipe: Path, tmp_path: Path) -> None:
    plain = run(recipe, tmp_path / "runs", workers=1)
    other = run(recipe, tmp_path / "other", workers=2, store=str(tmp_path / "shared"))
    assert digest(plain.dataset) == digest(other.dataset)
    assert (tmp_path / "shared/small").stat().st_mode & 0o077 == 0


def test_a_damaged_shard_in_the_store_is_not_brought_home(recipe: Path, tmp_path: Path, monkeypatch) -> None:
    store = tmp_path / "shared"

    def damage(item):
        done = engine_builds.write_shard(item)
        file = next((store / "small" / item.name).rglob("*.jsonl"))
        file.write_bytes(file.read_bytes()[:-9])
        return done

    monkeypatch.setattr(assemble, "_cached_shard", damage)
    with pytest.raises(pixelated.core.errors.IncompleteError, match="is not what its worker wrote"):
        run(recipe, tmp_path / "runs", workers=1, store=str(store))
    assert not (tmp_path / "runs/small/dataset").exists()


def test_parts_on_the_disks_of_the_workers_are_refused(recipe: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(build, "read_part", lambda task: build_elsewhere(task, tmp_path))
    with pytest.raises(UsageError, match="on machines of the workers") as caught:
        run(recipe, tmp_path / "runs", workers=1)
    assert "--store s3://" in caught.value.remedy


def build_elsewhere(task, folder: Path):
    from dataclasses import replace

    return engine_builds.read.read_part(replace(task, store=str(folder / "other machine")))


@pytest.mark.usefixtures("address")
def test_a_store_that_is_not_there_is_refused_before_any_work(recipe: Path, tmp_path: Path) -> None:
    with pytest.raises(pixelated.core.errors.IncompleteError, match="s3://no-such-bucket") as caught:
        run(recipe, tmp_path / "runs", workers=1, store="s3://no-such-bucket/x")
    assert caught.value.exit_code == 3
    with pytest.raises(UsageError, match="no store for parts"):
        run(recipe, tmp_path / "runs", workers=1, store="gs://bucket/x")
    assert not (tmp_path / "runs").exists()


def test_objects_appear_whole_and_are_private(moto, address: str) -> None:
    store = store_of(address)

    def half(stream) -> None:
        stream.write(b"half")
        raise RuntimeError("the disk caught fire")

    with pytest.raises(RuntimeError):
        store.write("a/part", half)
    assert not store.exists("a/part")
    assert store.write("a/part", lambda f: f.write(b"whole")) == 5
    store.write_json("a/z.json", {"n": 1})
    store.write_json("ab.json", {})
    assert (store.read("a/part"), store.read_json("a/z.json")) == (b"whole", {"n": 1})
    assert list(store.names("a")) == ["a/part", "a/z.json"]
    key = f"{address.removeprefix(f's3://{BUCKET}/')}/a/part"
    grants = moto.client().get_object_acl(Bucket=BUCKET, Key=key)["Grants"]
    assert [g["Grantee"]["Type"] for g in grants] == ["CanonicalUser"]
    store.remove("a")
    assert list(store.names()) == ["ab.json"]


@pytest.mark.slow
def test_the_command_joins_a_cluster_and_leaves_it_running(
    cluster: Executor, recipe: Path, tmp_path: Path, address: str
) -> None:
    import ray

    env = os.environ | {"RAY_ADDRESS": ray.get_runtime_context().gcs_address}
    command = [sys.executable, "-m", "pixelated", "build", str(recipe), "--engine", "ray", "--store", address]
    command += ["--workers", "3", "--runs", str(tmp_path / "runs"), "--json"]
    done = subprocess.run(command, env=env, capture_output=True, timeout=300, check=False)
    assert done.returncode in {0, 1}, done.stderr
    assert orjson.loads(done.stdout)["totals"]["kept"] > 100  # and nothing of Ray among it
    plain = run(recipe, tmp_path / "plain", workers=1)
    assert digest(tmp_path / "runs/small/dataset") == digest(plain.dataset)
    assert list(cluster.map(abs, [-1])) == [1]
