"""Damaged and hostile datasets: gates fail with evidence, nothing crashes, nothing outside is read."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dataset_builder import build, load, write
from pixelated.core.errors import UsageError
from pixelated.core.presets import files
from pixelated.verify import ORDER, Verification, verify_dataset
from planter import copy_tree

SCHEMA = orjson.loads((files("pixelated") / "presets/schema/manifest.schema.json").read_bytes())


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("sound") / "dataset", seed=11, pool=60)


@pytest.fixture
def folder(sound: Path, tmp_path: Path) -> Path:
    return copy_tree(sound, tmp_path / "dataset")


def failed(verification: Verification) -> list[str]:
    return [name for name, verdict in verification.verdicts.items() if not verdict.passed]


def edit(folder: Path, change: Callable[[dict[str, Any]], Any]) -> Verification:
    """Change the manifest (its files' hashes do not cover it) and verify."""
    path = folder / "manifest.json"
    manifest = orjson.loads(path.read_bytes())
    change(manifest)
    path.write_bytes(orjson.dumps(manifest))
    return verify_dataset(folder)


def shard(manifest: dict[str, Any], split: str = "train", at: int = 0) -> dict[str, Any]:
    return manifest["splits"][split]["shards"][at]


def test_a_path_that_does_not_exist_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no dataset") as caught:
        verify_dataset(tmp_path / "nowhere")
    assert caught.value.exit_code == 2


def test_the_manifest_stands_for_its_folder(sound: Path) -> None:
    assert verify_dataset(sound / "manifest.json").passed


def test_an_empty_folder_fails_every_gate(tmp_path: Path) -> None:
    assert failed(verify_dataset(tmp_path)) == list(ORDER)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "null", '"x"', "\x00", '{"a": NaN}', "[" * 5000])
def test_a_manifest_that_is_none_fails_every_gate(text: str, folder: Path) -> None:
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    verification = verify_dataset(folder)
    assert failed(verification) == list(ORDER)
    assert all(verdict.examples[0] == "manifest.json" for verdict in verification.verdicts.values())


def test_a_manifest_without_shards_fails_every_gate(folder: Path) -> None:
    def empty(manifest: dict[str, Any]) -> None:
        manifest["splits"] = {s: {"conversations": 0, "shards": []} for s in ("train", "val", "test")}
        manifest["total_conversations"] = 0

    assert failed(edit(folder, empty)) == list(ORDER)


def test_an_inventory_of_a_bucket_is_no_dataset(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_bytes(
        orjson.dumps({"bucket": "b", "categories": {}, "total_objects": 3})
    )
    assert failed(verify_dataset(tmp_path)) == list(ORDER)


def test_a_shard_lost_in_both_forms_fails_every_gate(folder: Path) -> None:
    for path in (folder / "shards/val").iterdir():
        path.unlink()
    verification = verify_dataset(folder)
    assert failed(verification) == list(ORDER)
    assert "shards/val/val_000.jsonl" in verification.verdicts["leakage"].examples


def test_a_line_lost_in_both_forms_fails_every_gate(folder: Path) -> None:
    path = folder / "shards/train/train_000.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:3], b"{\n", *lines[4:]]))
    path.with_suffix(".parquet").write_bytes(b"PAR1")
    verification = verify_dataset(folder)
    assert failed(verification) == list(ORDER)
    assert "shards/train/train_000.jsonl:4" in verification.verdicts["pii"].examples


@pytest.mark.parametrize(
    "value", [None, [], "x", 3, {"train": None}, {"train": {"shards": None}}, {"dev": {}}]
)
def test_splits_of_another_shape_fail_and_do_not_crash(value: object, folder: Path) -> None:
    assert "hash" in failed(edit(folder, lambda m: m.update(splits=value)))


@pytest.mark.parametrize(
    "path",
    ["../../etc/passwd", "/etc/passwd", "shards/train/../../../x.jsonl", "shards\\train\\a.jsonl", "", None, 7,
     "shards/train/\x00.jsonl", "shards/train", "s3://bucket/train_000.jsonl", "./shards/train/train_000.jsonl"],
)  # fmt: skip
def test_a_path_that_leads_out_is_refused_and_the_twin_is_measured(path: object, folder: Path) -> None:
    verification = edit(folder, lambda m: shard(m).update(s3_path=path))
    assert failed(verification) == ["hash"]


def test_nothing_outside_the_dataset_is_opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = folder.parent / "secret.jsonl"
    secret.write_text('{"id": "secret"}\n', encoding="utf-8")
    linked = folder / "shards/val/val_000.jsonl"
    linked.unlink()
    linked.symlink_to(secret)
    away = (folder / "shards/test").rename(folder.parent / "away")
    (folder / "shards/test").symlink_to(away)
    opened = []
    original = Path.open
    monkeypatch.setattr(
        Path, "open", lambda self, *a, **k: opened.append(self.resolve()) or original(self, *a, **k)
    )
    edit(
        folder,
        lambda m: shard(m).update(s3_path="../secret.jsonl") or m["files"].update({"../secret.jsonl": {}}),
    )
    assert opened
    assert secret not in opened
    assert not [path for path in opened if path.is_relative_to(away)]


def test_a_shard_listed_twice_is_read_once_and_refused(folder: Path) -> None:
    def twice(manifest: dict[str, Any]) -> None:
        manifest["splits"]["train"]["shards"].append(dict(shard(manifest)))

    verification = edit(folder, twice)
    assert failed(verification) == ["hash"]
    assert verification.statistics["total_conversations"] == load(folder)[0]["total_conversations"]


def test_a_shard_of_test_listed_under_train_is_refused(folder: Path) -> None:
    def misplace(manifest: dict[str, Any]) -> None:
        moved = manifest["splits"]["test"]["shards"].pop()
        manifest["splits"]["train"]["shards"].append(moved)

    assert {"hash", "split"} <= set(failed(edit(folder, misplace)))


@pytest.mark.parametrize("key", ["files", "holdout_families", "pii", "provenance_map", "scores", "kinds", "stages",
                                 "sources", "source_families", "split_ratio", "generated_at", "manifest_version",
                                 "total_conversations", "total_tokens_approx"])  # fmt: skip
def test_a_missing_part_of_the_manifest_fails_one_gate_and_the_schema(key: str, folder: Path) -> None:
    verification = edit(folder, lambda m: m.pop(key))
    owners = {"files": "hash", "holdout_families": "split", "pii": "pii", "provenance_map": "provenance"}
    # without the holdouts, held-out records count for the pool, so its shares may be off as well
    assert owners.get(key, "distribution" if key == "split_ratio" else "stats") in failed(verification)
    manifest = orjson.loads((folder / "manifest.json").read_bytes())
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(manifest)


@pytest.mark.parametrize("value", [-1, "12", 1.5, True, None, [], 10**30])
def test_a_count_that_is_none_fails_stats_and_the_schema(value: object, folder: Path) -> None:
    raw = (folder / "manifest.json").read_bytes()
    total = orjson.loads(raw)["total_conversations"]
    text = raw.replace(b'"total_conversations": %d' % total, b'"total_conversations": ' + _json(value))
    (folder / "manifest.json").write_bytes(text)
    assert failed(verify_dataset(folder)) == ["stats"]
    manifest = orjson.loads(text)
    if value != 10**30:
        assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(manifest)


def _json(value: object) -> bytes:
    return str(value).encode() if isinstance(value, int) and value > 2**63 else orjson.dumps(value)


def test_a_file_hash_that_two_tables_state_differently_is_refused(folder: Path) -> None:
    verification = edit(folder, lambda m: m["files"]["shards/val/val_000.jsonl"].update(sha256="0" * 64))
    assert failed(verification) == ["hash"]


def test_a_folder_and_a_pipe_in_place_of_a_shard_are_refused(folder: Path) -> None:
    for name in ("train", "val"):
        path = folder / f"shards/{name}/{name}_000.jsonl"
        path.unlink()
        path.mkdir() if name == "train" else os.mkfifo(path)
    assert failed(verify_dataset(folder)) == ["hash"]


def test_a_linked_folder_is_refused(folder: Path) -> None:
    away = folder.parent / "away"
    (folder / "stages").rename(away)
    (folder / "stages").symlink_to(away)
    assert failed(verify_dataset(folder)) == ["hash"]


def test_a_huge_line_is_read_and_judged(folder: Path) -> None:
    manifest, splits, schema = load(folder)
    record = next(r for r in splits["train"][0] if r["kind"] == "dialogue")
    record["messages"][0]["content"] += " and on and on" * 400_000  # 5 MB, more than a block
    write(folder, manifest, splits, schema)
    assert verify_dataset(folder).passed
    record["messages"][0]["content"] += " jo@example.com"
    write(folder, manifest, splits, schema)
    assert failed(verify_dataset(folder)) == ["pii"]


def test_a_line_of_adversarial_text_takes_linear_time(folder: Path) -> None:
    manifest, splits, schema = load(folder)
    hostile = ["a" * 200_000 + "@", "1" * 200_000, "1 " * 100_000, "(0" * 100_000, "." * 100_000 + "/", ":" * 99_999,
               "0" * 64 + "-" * 99_999, "www." * 50_000, "@" * 100_000, "u/" * 50_000, "&amp;" * 40_000]  # fmt: skip
    for record, text in zip(splits["train"][0], hostile, strict=False):
        record["metadata"]["source_metadata"] = orjson.dumps({"text": text}).decode()
    write(folder, manifest, splits, schema)
    verify_dataset(folder)  # quadratic patterns would take minutes


@pytest.mark.parametrize(
    "metadata", [None, [], "x", 3, {}, {"families": "cptsd", "provenance": [], "scores": [1]}]
)
def test_a_record_without_metadata_fails_gates_and_is_named(metadata: object, folder: Path) -> None:
    path = folder / "shards/train/train_000.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    row = orjson.loads(lines[0]) | {"metadata": metadata}
    path.write_bytes(orjson.dumps(row) + b"\n" + b"".join(lines[1:]))
    verification = verify_dataset(folder)
    assert {"coverage", "leakage", "pii", "provenance", "hash", "split", "stats"} <= set(failed(verification))
    assert row["id"] in verification.verdicts["provenance"].examples


def test_json_lines_are_measured_where_the_twin_disagrees(folder: Path) -> None:
    """Someone edits the JSON lines alone and repairs nothing: the gates see what a trainer would read."""
    train, test = (folder / f"shards/{s}/{s}_000.jsonl" for s in ("train", "test"))
    leaked = train.read_bytes().splitlines(keepends=True)[0]
    test.write_bytes(test.read_bytes() + leaked)
    verification = verify_dataset(folder)
    assert {"leakage", "hash", "split", "stats"} <= set(failed(verification))
    assert orjson.loads(leaked)["id"] in verification.verdicts["leakage"].examples


@pytest.mark.parametrize(
    "row",
    [{}, {"id": 5}, {"messages": 7}, {"messages": []}, {"messages": [{"role": "user"}]}, {"messages": [None]},
     {"messages": [{"role": None, "content": None}]}, {"chosen": {}}, {"kind": []}],
)  # fmt: skip
def test_a_record_of_another_shape_fails_the_hash_gate(row: dict[str, Any], folder: Path) -> None:
    path = folder / "shards/train/train_000.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    changed = orjson.loads(lines[1]) | row if row else {}
    path.write_bytes(b"".join([lines[0], orjson.dumps(changed) + b"\n", *lines[2:]]))
    assert "hash" in failed(verify_dataset(folder))


def test_a_parquet_file_of_other_types_is_no_twin(folder: Path) -> None:
    path = folder / "shards/val/val_000.parquet"
    pq.write_table(pa.table({"id": [1, 2, 3]}), path)
    assert failed(verify_dataset(folder)) == ["hash"]


def test_dictionary_and_large_types_in_parquet_are_still_a_twin(folder: Path) -> None:
    path = folder / "shards/val/val_000.parquet"
    table = pq.read_table(path)
    wide = table.set_column(0, "id", table.column("id").cast(pa.large_string()))
    wide = wide.set_column(1, "kind", wide.column("kind").dictionary_encode())
    pq.write_table(wide, path)
    facts = {
        "size_bytes": path.stat().st_size,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    verification = edit(
        folder,
        lambda m: (
            shard(m, "val")["parquet"].update(facts),
            m["files"].update({"shards/val/val_000.parquet": facts}),
        ),
    )
    assert verification.passed, verification.verdicts["hash"].errors


def test_a_policy_holds_out_what_the_manifest_forgot(folder: Path) -> None:
    policy = {"holdouts": {"cptsd": {"mode": "partial"}}}
    verification = verify_dataset(folder, policy=policy)
    assert failed(verification) == ["split"]
    assert any("cptsd" in error for error in verification.verdicts["split"].errors)


def test_a_policy_may_ask_for_another_ratio_and_another_use(folder: Path) -> None:
    policy = {"split_ratio": {"train": 0.8, "val": 0.1, "test": 0.1}, "intended_uses": ["commercial"]}
    assert failed(verify_dataset(folder, policy=policy)) == ["distribution"]
    licences = {"MIT": {"train": True, "commercial": False}, "Apache-2.0": {"train": True}}
    verification = verify_dataset(folder, policy={"intended_uses": ["commercial"], "licenses": licences})
    assert failed(verification) == ["provenance"]


def test_the_shipped_policy_that_a_manifest_names_is_required_of_it(folder: Path) -> None:
    verification = edit(
        folder,
        lambda m: (
            m["holdout_families"]["sarcasm"].update(mode="partial") or m["policy"].update(name="default")
        ),
    )
    assert failed(verification) == ["split"]  # it holds sarcasm out in full


@pytest.mark.parametrize("policy", [{"split_ratio": {"train": 1}}, {"holdouts": {"cptsd": {"mode": "some"}}}])
def test_a_policy_that_cannot_be_used_is_a_usage_error(policy: dict[str, Any], folder: Path) -> None:
    with pytest.raises(UsageError, match="policy"):
        verify_dataset(folder, policy=policy)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


def _paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at] * bool(at) + [path for key, item in inner for path in _paths(item, (*at, key))]


def _replace(value: Any, path: tuple[Any, ...], new: Any) -> None:
    for key in path[:-1]:
        value = value[key]
    value[path[-1]] = new


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(seed=st.integers(0, 2**32), new=JSON)
def test_any_value_anywhere_in_manifest_or_record_crashes_nothing(seed: int, new: Any, sound: Path) -> None:
    rng = random.Random(seed)
    target = sound.parent / "fuzzed"
    copy_tree(sound, target)
    name = rng.choice(
        ["manifest.json", "shards/test/test_000.jsonl", "compiled/final_training_dataset.jsonl"]
    )
    lines = (
        (target / name).read_bytes().splitlines()
        if name != "manifest.json"
        else [(target / name).read_bytes()]
    )
    at = rng.randrange(len(lines))
    value = orjson.loads(lines[at])
    path = rng.choice(_paths(value))
    _replace(value, path, new)
    try:
        lines[at] = orjson.dumps(value)
    except TypeError:  # an integer beyond 64 bits
        return
    (target / name).write_bytes(b"\n".join(lines) + b"\n")
    verification = verify_dataset(target)
    assert list(verification.verdicts) == list(ORDER)
    assert not any("broke off" in e for v in verification.verdicts.values() for e in v.errors)
    orjson.dumps(verification.as_json())


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(seed=st.integers(0, 2**32))
def test_any_damaged_byte_is_found_and_crashes_nothing(seed: int, sound: Path) -> None:
    rng = random.Random(seed)
    target = sound.parent / "damaged"
    copy_tree(sound, target)
    path = rng.choice(sorted(p for p in (target / "shards").rglob("*") if p.is_file()))
    data = bytearray(path.read_bytes())
    at = rng.randrange(len(data))
    data[at] ^= 1 << rng.randrange(8)
    path.write_bytes(data)
    assert "hash" in failed(verify_dataset(target))
