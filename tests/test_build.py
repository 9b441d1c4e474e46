"""The whole line on a small corpus: balance, identical bytes, resume, and what a change redoes."""

from __future__ import annotations

import contextlib
import errno
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest
import yaml

import pixelated
from conftest import digest, write_recipe, write_small_corpus
from pixelated.core import store
from pixelated.core.errors import InternalError, UsageError
from pixelated.core.step import StepResult
from pixelated.runner import read


def run(recipe: Path, runs: Path, **options: object) -> pixelated.BuildResult:
    return pixelated.build(pixelated.load_recipe(recipe), pixelated.Options(runs=runs, **options))


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    return write_small_corpus(tmp_path / "in")


def test_every_row_is_somewhere(recipe: Path, tmp_path: Path) -> None:
    result = run(recipe, tmp_path / "runs", workers=1)
    t = result.totals
    assert t["rows_in"] == 125
    assert t["rows_in"] + t["added"] == t["kept"] + t["dropped"] + t["quarantined"]
    for step in result.steps.values():
        assert step["rows_in"] + step["added"] == step["kept"] + step["dropped"] + step["quarantined"]
    shards = [
        orjson.loads(line)
        for p in result.dataset.glob("shards/*/*.jsonl")
        for line in p.read_bytes().splitlines()
    ]
    assert len(shards) == t["kept"]


@pytest.mark.parametrize("lost", [0, -1])
def test_a_step_that_loses_one_row_fails_the_run(
    recipe: Path, tmp_path: Path, monkeypatch, lost: int
) -> None:
    def leaky(table, _settings, _seed):
        keep = list(range(table.num_rows))
        keep.pop(lost)
        return StepResult(table.take(keep))

    monkeypatch.setattr(read, "ROW_STEPS", [read.ROW_STEPS[0], ("leaky", leaky), *read.ROW_STEPS[1:]])
    with pytest.raises(InternalError, match=r"leaky.*does not balance") as caught:
        run(recipe, tmp_path / "runs", workers=1)
    assert caught.value.code == "rows_lost"
    assert not (tmp_path / "runs/small/dataset").exists()


def test_a_step_that_invents_one_row_fails_the_run(recipe: Path, tmp_path: Path, monkeypatch) -> None:
    def doubling(table, _settings, _seed):
        return StepResult(table.take([0, *range(table.num_rows)]))

    monkeypatch.setattr(read, "ROW_STEPS", [("doubling", doubling), *read.ROW_STEPS])
    with pytest.raises(InternalError, match="does not balance"):
        run(recipe, tmp_path / "runs", workers=1)


@pytest.mark.parametrize(("workers", "part_mb"), [(2, None), (1, 0.001), (2, 0.0001), (2, 500.0)])
def test_bytes_depend_on_neither_workers_nor_part_size(
    recipe: Path, tmp_path: Path, workers: int, part_mb: float | None
) -> None:
    plain = run(recipe, tmp_path / "a", workers=1)
    other = run(recipe, tmp_path / "b", workers=workers, part_mb=part_mb)
    assert digest(plain.dataset) == digest(other.dataset)
    assert other.cached["of"] >= plain.cached["of"] or part_mb == 500.0


def test_a_rerun_reads_nothing_again_and_changes_nothing(recipe: Path, tmp_path: Path) -> None:
    first = run(recipe, tmp_path / "runs", workers=1)
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "runs").rglob("part.*")}
    again = run(recipe, tmp_path / "runs", workers=1)
    assert again.cached == {"parts": again.cached["of"], "of": again.cached["of"], "dataset": 1}
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "runs").rglob("part.*")} == before
    assert again.totals == first.totals


def test_a_change_redoes_only_its_parts(recipe: Path, tmp_path: Path) -> None:
    run(recipe, tmp_path / "runs", workers=1)
    with (recipe.parent / "pairs.csv").open("a") as f:
        f.write('"Is it strange to miss a job I hated?","What was there that you have nowhere else now?"\n')
    again = run(recipe, tmp_path / "runs", workers=1)
    assert again.cached["parts"] == again.cached["of"] - 1
    assert again.totals["kept"] == 126


def test_a_damaged_dataset_is_written_again(recipe: Path, tmp_path: Path) -> None:
    first = run(recipe, tmp_path / "runs", workers=1)
    whole = digest(first.dataset)
    shard = next(first.dataset.glob("shards/train/*.jsonl"))
    shard.write_bytes(shard.read_bytes()[:-5])
    again = run(recipe, tmp_path / "runs", workers=1)
    assert again.cached["dataset"] == 0
    assert digest(again.dataset) == whole


def test_source_date_epoch_sets_the_time_in_the_dataset(recipe: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    result = run(recipe, tmp_path / "runs", workers=1)
    manifest = orjson.loads((result.dataset / "manifest.json").read_bytes())
    assert manifest["generated_at"] == "2023-11-14T22:13:20Z"


def test_a_reduced_scope_is_not_releasable_anywhere(recipe: Path, tmp_path: Path) -> None:
    write_recipe(recipe.parent, scope="a tenth of the rows")
    result = run(recipe, tmp_path / "runs", workers=1)
    manifest = orjson.loads((result.dataset / "manifest.json").read_bytes())
    assert manifest["release"]["releasable"] is False
    for name in ("README.md", "report.html"):
        text = (result.dataset / name).read_text().lower()
        assert "not releasable" in text, name
        assert "a tenth of the rows" in text, name


def test_a_limit_is_a_reduced_scope(recipe: Path, tmp_path: Path) -> None:
    write_recipe(recipe.parent, limit=4)
    result = run(recipe, tmp_path / "runs", workers=1)
    assert result.totals["kept"] == 4 * 4
    assert result.steps["curate"]["reasons"] == {"over_limit": 125 - 16}
    assert "reduced scope: at most 4 records of each source" in result.release["reasons"]


def test_a_policy_that_starves_a_stage_is_refused(recipe: Path, tmp_path: Path) -> None:
    policy = {"name": "p", "holdouts": {"mental_health_datasets": {"mode": "full", "rationale": "r"}}}
    (recipe.parent / "policy.yaml").write_text(yaml.safe_dump(policy))
    write_recipe(recipe.parent, policy="policy.yaml")
    with pytest.raises(UsageError, match="stage1_foundation without data") as caught:
        run(recipe, tmp_path / "runs")
    assert caught.value.code == "stage_without_data"


def test_a_full_disk_says_so_and_loses_nothing(recipe: Path, tmp_path: Path, monkeypatch) -> None:
    real, calls = os.fsync, []

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) > 6:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(store.os, "fsync", full)
    with pytest.raises(InternalError) as caught:
        run(recipe, tmp_path / "runs", workers=1)
    assert caught.value.code == "disk_full"
    done = {p: p.stat().st_mtime_ns for p in (tmp_path / "runs").rglob("part.json")}
    assert done
    assert not list((tmp_path / "runs").rglob("*.tmp"))
    monkeypatch.setattr(store.os, "fsync", real)
    result = run(recipe, tmp_path / "runs", workers=1)
    assert result.cached["parts"] == len(done)


def test_a_second_build_of_a_run_is_refused(recipe: Path, tmp_path: Path) -> None:
    folder = pixelated.runner.RunFolder(tmp_path / "runs/small")
    with folder.locked(), pytest.raises(UsageError, match="another build"):
        run(recipe, tmp_path / "runs", workers=1)


def test_an_output_that_is_no_dataset_is_left_alone(recipe: Path, tmp_path: Path) -> None:
    out = tmp_path / "precious"
    out.mkdir()
    (out / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError, match="no dataset"):
        run(recipe, tmp_path / "runs", workers=1, output=out)
    assert (out / "thesis.txt").read_text() == "years of work"


def test_private_text_is_readable_by_its_owner_alone(recipe: Path, tmp_path: Path) -> None:
    run(recipe, tmp_path / "runs", workers=1)
    assert (tmp_path / "runs/small").stat().st_mode & 0o077 == 0


@pytest.mark.slow
def test_a_build_killed_at_twenty_moments_ends_with_the_same_bytes(tmp_path: Path) -> None:
    recipe = write_small_corpus(tmp_path / "in", rows=150)
    command = [sys.executable, "-m", "pixelated", "build", str(recipe), "--quiet", "--workers", "2"]
    command += ["--part-mb", "0.01", "--runs"]
    start = time.monotonic()
    subprocess.run([*command, str(tmp_path / "whole")], check=False, capture_output=True)
    seconds = time.monotonic() - start
    whole = digest(tmp_path / "whole/small/dataset")
    assert whole
    moments = random.Random(20)
    interrupted = 0
    for n in range(60):  # a try that was over before its moment does not count
        runs = tmp_path / f"run{n}"
        child = subprocess.Popen(
            [*command, str(runs)],
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        began = time.monotonic()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=moments.uniform(0.1, 0.8) * seconds)
            seconds = min(seconds, time.monotonic() - began)  # the machine is less busy than it was
            continue
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        interrupted += 1
        finished = {p: p.stat().st_mtime_ns for p in runs.rglob("part.json")}
        subprocess.run([*command, str(runs)], check=False, capture_output=True)
        assert digest(runs / "small/dataset") == whole, f"killed at moment {n}"
        again = {p: p.stat().st_mtime_ns for p in finished}
        assert again == finished, "a finished part was done again"
        if interrupted == 20:
            break
    assert interrupted == 20
