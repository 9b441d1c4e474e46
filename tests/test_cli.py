"""The command line: one JSON object, documented exit codes, messages that say what to do next."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from conftest import ROOT, write_recipe, write_small_corpus

STEP = {"rows_in", "kept", "added", "dropped", "quarantined", "raw_rows", "reasons", "output", "seconds"}


def pixelated(
    *arguments: object, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pixelated", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=cwd, env={**os.environ, **environment}
    )


def as_json(done: subprocess.CompletedProcess[str]) -> dict:
    assert done.stdout.count("\n") == 1, done.stdout + done.stderr
    return json.loads(done.stdout)


def lines(path: Path) -> list[dict]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_small_corpus(tmp_path / "in", rows=12)
    return tmp_path


def test_build_prints_one_object_and_exits_by_the_gates(folder: Path) -> None:
    done = pixelated("build", folder / "in/recipe.yaml", "--runs", folder / "runs", "--json")
    assert done.returncode == 1, done.stderr
    out = as_json(done)
    assert {"run", "dataset", "passed", "steps", "gates"} <= set(out)
    assert out["passed"] is False
    assert out["gates"]["coverage"]["passed"] is False
    assert all(set(step) >= STEP for step in out["steps"].values())
    assert (Path(out["dataset"]) / "manifest.json").is_file()


def test_standardise_takes_a_folder_of_mixed_files(folder: Path) -> None:
    raw = folder / "mixed"
    raw.mkdir()
    (raw / "a.jsonl").write_text('{"messages": [{"role": "client", "content": "Hm."}, '
                                 '{"role": "therapist", "content": "Say more?"}]}\n\n{"messages": [\n')  # fmt: skip
    (raw / "b.json").write_bytes(b"")
    (raw / "c.md").write_text("**Anna Bell:** Welcome.\n\n**Tom Roe:** Thank you.\n")
    out = as_json(pixelated("standardise", raw, "--output", folder / "out", "--json"))
    assert set(out) >= STEP
    assert (out["rows_in"], out["kept"], out["quarantined"]) == (4, 1, 3)
    assert out["reasons"] == {"invalid_json": 1, "roles_unknown": 1, "zero_byte": 1}
    [record] = lines(folder / "out/records.jsonl")
    assert [m["role"] for m in record["messages"]] == ["user", "assistant"]
    assert (record["provenance"]["file"], record["provenance"]["row"]) == ("a.jsonl", 0)
    refused = {(q["file"], q["row"], q["reason"]) for q in lines(folder / "out/quarantine.jsonl")}
    assert ("a.jsonl", 1, "invalid_json") in refused
    assert "text" not in lines(folder / "out/quarantine.jsonl")[0]


def test_standardise_exits_3_where_nothing_is_readable(tmp_path: Path) -> None:
    (tmp_path / "empty.json").write_bytes(b"")
    done = pixelated("standardise", tmp_path / "empty.json", "--output", tmp_path / "out", "--json")
    assert done.returncode == 3
    assert as_json(done)["error"]["code"] == "nothing_readable"
    assert lines(tmp_path / "out/quarantine.jsonl")[0]["reason"] == "zero_byte"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["build", "no-such.yaml"], "recipe_missing"),
        (["standardise", "no-such-file", "--output", "out"], "input_missing"),
        (["standardise", "x"], "usage"),
        (["verify", "no-such-folder"], None),
        (["dedup", "no-such-file"], "input_missing"),
        (["dedup", "x", "--confirm"], "usage"),
        (["explain", "abc", "--runs", "no-such-runs"], "run_missing"),
        (["compile", "--manifest", "none.json", "--output-dir", "d"], "manifest_missing"),
        (["score", "none.jsonl", "--scorers", "coherence", "--output", "o"], "input_missing"),
        (["nonsense"], "usage"),
    ],
)
def test_bad_usage_exits_2_with_a_message_and_a_next_step(
    tmp_path: Path, arguments: list[str], code: str | None
) -> None:
    done = pixelated(*arguments, "--json", cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    error = as_json(done)["error"]
    assert code is None or error["code"] == code
    assert error["message"]
    assert error["remedy"]


@pytest.mark.parametrize(
    ("change", "needles"),
    [
        ({"sedd": 3}, ["sedd", "known keys"]),
        ({"seed": "many"}, ["seed", "many"]),
        ({"registry": ["nowhere.yaml"]}, ["nowhere.yaml"]),
        ({"sources": ["chats", "ghost"]}, ["ghost", "chats"]),
        ({"scorers": ["horoscope"]}, ["horoscope", "coherence"]),
        ({"keep_strategy": "luckiest"}, ["luckiest", "priority_order"]),
        ({"policy": "lenient"}, ["lenient", "default"]),
        ({"expect": {"exit": 0, "failed": ["vibes"]}}, ["vibes", "coverage"]),
    ],
)
def test_a_bad_recipe_is_refused_by_key_value_and_remedy(
    folder: Path, change: dict, needles: list[str]
) -> None:
    write_recipe(folder / "in", **change)
    done = pixelated("plan", folder / "in/recipe.yaml")
    assert done.returncode == 2
    for needle in needles:
        assert needle in done.stderr


def test_an_unknown_family_is_an_error(folder: Path) -> None:
    registry = folder / "in/registry.yaml"
    registry.write_text(registry.read_text().replace("addiction", "adiction"))
    done = pixelated("plan", folder / "in/recipe.yaml")
    assert done.returncode == 2
    assert "adiction" in done.stderr


def test_plan_says_what_is_cached(folder: Path) -> None:
    recipe = folder / "in/recipe.yaml"
    before = as_json(pixelated("plan", recipe, "--runs", folder / "runs", "--json"))
    assert {s["cached"] for s in before["sources"]} == {0}
    assert not (folder / "runs").exists()
    pixelated("build", recipe, "--runs", folder / "runs", "--quiet")
    after = as_json(pixelated("plan", recipe, "--runs", folder / "runs", "--json"))
    assert all(s["cached"] == s["parts"] for s in after["sources"])
    assert "voice_persona" in after["missing_families"]


def test_dedup_writes_only_when_confirmed(folder: Path) -> None:
    chat = (
        '{"messages": [{"role": "user", "content": "%s"}, {"role": "assistant", "content": "I hear you."}]}\n'
    )
    (folder / "a.jsonl").write_text(chat % "one" + chat % "two" + chat % "one")
    (folder / "b.jsonl").write_text(chat % "two" + chat % " one ")
    files = (folder / "a.jsonl", folder / "b.jsonl")
    report = as_json(pixelated("dedup", *files, "--json"))
    assert (report["rows_in"], report["kept"], report["dropped"]) == (5, 2, 3)
    assert report["dry_run"] is True
    out = folder / "out"
    both = pixelated(
        "dedup", *files, "--output", out, "--confirm", "--keep-strategy", "priority_order", "--json"
    )
    assert as_json(both)["kept"] == 2
    assert len(lines(out / "records.jsonl")) == 2
    clusters = lines(out / "clusters.jsonl")
    assert sorted(len(c["members"]) for c in clusters) == [2, 3]
    for cluster in clusters:
        assert cluster["kind"] == "exact"
        assert cluster["kept"] in {m["id"] for m in cluster["members"]}
        assert set(cluster["members"][0]) == {"id", "source", "file", "row", "similarity"}
    assert {m["file"] for m in clusters[0]["members"]} <= {"a.jsonl", "b.jsonl"}


def test_clean_encoding_repairs_files_and_writes_records(folder: Path) -> None:
    raw = folder / "raw"
    raw.mkdir()
    text = "Client: I don\u00e2\u20ac\u2122t sleep.\nTherapist: Since when?\n"
    (raw / "talk.txt").write_bytes(
        text.encode("utf-8") + "Client: caf\u00e9 nights.\nTherapist: Go on.\n".encode("cp1252")
    )
    done = pixelated(
        "clean",
        "encoding",
        "--input-dir",
        raw,
        "--output-dir",
        folder / "fixed",
        "--normalize-utf8",
        "--json",
    )
    out = as_json(done)
    assert out["kept"] == 1
    fixed = (folder / "fixed/talk.txt").read_text(encoding="utf-8")
    assert "caf\u00e9" in fixed
    assert "\u00e2\u20ac" not in fixed
    assert (folder / "fixed/records.jsonl").is_file()


def test_score_gives_numbers_or_null(folder: Path) -> None:
    rows = folder / "rows.jsonl"
    talk = [{"role": "user", "content": "I slept two hours and then I gave up on it."},
            {"role": "assistant", "content": "What was going through your mind when you gave up on sleep?"}]  # fmt: skip
    rows.write_text(
        json.dumps({"id": "a", "messages": talk}) + "\n" + json.dumps({"id": "b", "messages": []}) + "\n"
    )
    done = pixelated(
        "score", rows, "--scorers", "language_quality,coherence", "--output", folder / "s.jsonl", "--json"
    )
    assert done.returncode == 0, done.stderr
    scored = {line["id"]: line["scores"] for line in lines(folder / "s.jsonl")}
    assert 0 <= scored["a"]["language_quality"] <= 1
    assert scored["b"] == {"language_quality": None, "coherence": None}


def test_compile_takes_a_list_of_record_files(folder: Path) -> None:
    manifest = folder / "in/list.json"
    entry = {"path": "chats.jsonl", "family": "mental_health_datasets", "license": "MIT"}
    manifest.write_text(json.dumps({"files": [entry, "share.json", "gone.jsonl"]}))
    command = ("compile", "--manifest", manifest, "--output-dir", folder / "out", "--runs", folder / "runs")
    done = pixelated(*command, "--split-ratio", "0.8", "0.1", "0.1", "--json")
    assert done.returncode == 3, done.stderr
    out = as_json(done)
    assert out["missing"] == ["gone.jsonl"]
    written = orjson.loads((folder / "out/manifest.json").read_bytes())
    assert written["total_conversations"] == 24
    assert written["split_ratio"] == {"train": 0.8, "val": 0.1, "test": 0.1}
    assert written["splits"]["train"]["conversations"] in range(18, 21)


def test_compile_takes_the_missions_inventory_manifest(folder: Path) -> None:
    objects = [
        {"key": "datasets/gdrive/raw/chats.jsonl", "size": 1, "etag": "x"},
        {"key": "a/notes.lock", "size": 1},
    ]
    inventory = {"bucket": "pixel-data", "categories": {"gdrive": {"raw": {"count": 1, "objects": objects}}}}
    (folder / "in/s3_manifest.json").write_text(json.dumps(inventory))
    command = ("compile", "--manifest", folder / "in/s3_manifest.json", "--output-dir", folder / "out")
    done = pixelated(*command, "--runs", folder / "runs", "--json")
    assert done.returncode == 0, done.stderr
    assert as_json(done)["totals"]["kept"] == 12


def test_verify_reports_and_exits_1_on_a_damaged_dataset(folder: Path) -> None:
    built = as_json(pixelated("build", folder / "in/recipe.yaml", "--runs", folder / "runs", "--json"))
    shard = next(Path(built["dataset"]).glob("shards/train/*.jsonl"))
    shard.unlink()
    report = folder / "report.json"
    done = pixelated(
        "verify", "--manifest", Path(built["dataset"]) / "manifest.json", "--output", report, "--json"
    )
    assert done.returncode == 1
    assert as_json(done)["gates"]["hash"]["passed"] is False
    written = orjson.loads(report.read_bytes())
    assert written["all_gates_passed"] is False
    assert set(written["gate_results"]) >= {"coverage", "leakage", "hash", "stats"}


def test_verify_of_an_empty_folder_fails_every_gate(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = pixelated("verify", tmp_path / "empty", "--json")
    assert done.returncode == 1
    assert not any(gate["passed"] for gate in as_json(done)["gates"].values())


def test_explain_diff_status_and_report_look_into_runs(folder: Path) -> None:
    recipe, runs = folder / "in/recipe.yaml", folder / "runs"
    built = as_json(pixelated("build", recipe, "--runs", runs, "--json"))
    shard = next(Path(built["dataset"]).glob("shards/train/*.jsonl"))
    record = lines(shard)[0]
    story = as_json(pixelated("explain", record["id"][:-3], "--runs", runs, "--json"))
    assert story["id"] == record["id"]
    assert story["split"] == "train"
    assert story["came_from"]["row"] == record["metadata"]["provenance"]["row"]
    assert record["messages"][0]["content"] not in json.dumps(story)
    write_recipe(folder / "in", name="other", sources=["chats", "share"])
    pixelated("build", recipe, "--runs", runs, "--quiet")
    found = as_json(pixelated("diff", "small", "other", "--runs", runs, "--json"))
    assert found["records"]["only_before"] == 17
    pairs = next(
        r
        for p in Path(built["dataset"]).glob("shards/*/*.jsonl")
        for r in lines(p)
        if r["metadata"]["source_key"] == "pairs"
    )
    assert as_json(pixelated("explain", pairs["id"], "--runs", runs, "--json"))["source"] == "pairs"
    both = pixelated("explain", record["id"], "--runs", runs, "--json")
    assert both.returncode == (0 if record["metadata"]["source_key"] in ("pairs", "talks") else 2)
    lost = pixelated("verify", runs / "small", "--json")
    assert lost.returncode == 2
    assert as_json(lost)["error"]["remedy"].endswith("dataset")
    listed = as_json(pixelated("status", "--runs", runs, "--json"))["runs"]
    assert [Path(r["run"]).name for r in listed] == ["other", "small"]
    done = pixelated("report", "small", "--runs", runs, "--output", folder / "page.html")
    assert done.returncode == 0, done.stderr
    assert "<html" in (folder / "page.html").read_text()[:300]


def test_init_writes_a_recipe_that_builds(tmp_path: Path) -> None:
    assert pixelated("init", tmp_path / "new").returncode == 0
    done = pixelated("build", "recipe.yaml", "--json", cwd=tmp_path / "new")
    assert done.returncode == 1, done.stderr
    assert as_json(done)["totals"]["kept"] == 1
    again = pixelated("init", tmp_path / "new")
    assert again.returncode == 2
    assert "is there already" in again.stderr


def test_output_is_never_written_over_input(folder: Path) -> None:
    rows = folder / "in/chats.jsonl"
    whole = rows.read_bytes()
    assert pixelated("score", rows, "--scorers", "coherence", "--output", rows).returncode == 2
    assert pixelated("standardise", folder / "in", "--output", folder / "in/out").returncode == 2
    assert pixelated("dedup", folder / "in", "--output", folder / "in", "--confirm").returncode == 2
    assert rows.read_bytes() == whole


def test_raw_text_is_written_for_its_owner_alone(folder: Path) -> None:
    pixelated("standardise", folder / "in/chats.jsonl", "--output", folder / "out")
    assert (folder / "out").stat().st_mode & 0o077 == 0
    assert (folder / "out/records.jsonl").stat().st_mode & 0o077 == 0


def test_a_listed_file_that_is_missing_reduces_the_scope(folder: Path) -> None:
    manifest = folder / "in/list.json"
    manifest.write_text(json.dumps({"files": ["chats.jsonl", "gone.jsonl"]}))
    pixelated("compile", "--manifest", manifest, "--output-dir", folder / "out", "--runs", folder / "runs")
    written = orjson.loads((folder / "out/manifest.json").read_bytes())
    assert written["scope"] == "1 listed files were missing"
    assert written["release"]["releasable"] is False


def test_every_command_of_the_help_works_and_has_help() -> None:
    from pixelated.cli.app import COMMANDS, load

    for name, entry in COMMANDS.items():
        assert load(name, entry).help, name
        assert pixelated(name, "--help").returncode == 0


def test_the_python_api_of_the_docstring_runs(folder: Path) -> None:
    code = (
        "from pathlib import Path\nimport pixelated\n"
        f"loaded = pixelated.load_recipe(Path({str(folder / 'in/recipe.yaml')!r}))\n"
        f"result = pixelated.build(loaded, pixelated.Options(runs=Path({str(folder / 'r')!r}), workers=1))\n"
        "assert result.totals['kept'] == 41\n"
        "assert len(pixelated.verify_dataset(result.dataset).verdicts) == 8\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_interrupting_a_build_exits_130_and_keeps_what_is_done(folder: Path) -> None:
    import signal
    import time

    write_small_corpus(folder / "in", rows=2000)  # so many parts that it is interrupted long before its end
    command = [sys.executable, "-m", "pixelated", "build", str(folder / "in/recipe.yaml"), "--workers", "2"]
    child = subprocess.Popen(
        [*command, "--part-mb", "0.01", "--runs", str(folder / "runs")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )  # fmt: skip
    while child.poll() is None and not list((folder / "runs").rglob("part.json")):
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    try:
        _, stderr = child.communicate(timeout=120)
    finally:
        child.kill()
    assert child.returncode == 130, stderr
    assert "finished parts are kept" in stderr
    assert "Traceback" not in stderr


def test_the_wheel_installs_and_runs_outside_the_checkout(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip"]
    made = subprocess.run(
        [*pip, "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)], capture_output=True, text=True, check=False
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    [wheel] = tmp_path.glob("*.whl")
    import zipfile

    names = zipfile.ZipFile(wheel).namelist()
    assert "pixelated/presets/policy/default.yaml" in names
    assert "pixelated/presets/schema/manifest.schema.json" in names
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    code = "import pixelated, sys; from pixelated.recipe import load_policy; load_policy('default'); print(pixelated.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "site") in done.stdout


def test_under_a_limit_of_address_space_arrow_reserves_none() -> None:
    import resource

    code = "import pixelated, pyarrow; print(pyarrow.default_memory_pool().backend_name)"
    limits = resource.getrlimit(resource.RLIMIT_AS)
    environment = {k: v for k, v in os.environ.items() if k != "ARROW_DEFAULT_MEMORY_POOL"}
    for limit, expected in ((4 << 30, True), (None, False)):
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
            preexec_fn=lambda n=limit: n and resource.setrlimit(resource.RLIMIT_AS, (n, limits[1])),
        )
        assert (done.stdout.strip() == "system") is expected
