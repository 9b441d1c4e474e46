"""The second map pass and what follows: shards, exports, manifest, gates, card, report, one rename."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import shutil
import tempfile
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pixelated import __version__
from pixelated.clean import not_searched_types, searched_types
from pixelated.compile import (
    RECORD,
    ShardTask,
    Slice,
    build_manifest,
    cut,
    hub_features,
    list_files,
    shard_files,
    write_exports,
    write_shard,
)
from pixelated.core.errors import IncompleteError, UsageError
from pixelated.core.fingerprint import fingerprint, sha256_file
from pixelated.core.lines import write_lines
from pixelated.core.object_store import store_of
from pixelated.core.store import LocalStore, Store, explain_os_error
from pixelated.recipe import Loaded
from pixelated.report import croissant, render_card, render_report
from pixelated.runner.context import Run
from pixelated.runner.decide import Decisions
from pixelated.runner.governed import refused_release
from pixelated.runner.screen import AUDIT, audit_of
from pixelated.verify import Verification, verify_dataset

SPLITS = ("train", "val", "test")
COMPILE_VERSION = "compile@1"
MB = 1_000_000
UNVERIFIED = {"releasable": False, "status": "not releasable", "reasons": ["not verified yet"]}
MOVES_SHOWN = 200  # run.json has them all
LAST_EPOCH = 253_402_300_799  # the end of the year 9999


@dataclass(frozen=True)
class _Shard:
    """One shard to write: `name` is that of its result, and of its folder where it is sent to the store."""

    name: str
    store: str  # address
    task: ShardTask
    is_elsewhere: bool


@dataclass
class Assembled:
    """A finished dataset."""

    dataset: Path
    verification: Verification
    compiled: int
    manifest: dict[str, Any]
    data: dict[str, Any]  # what the report shows


def compile_fingerprint(loaded: Loaded, labels: pa.Table) -> str:
    """Return the identity of the dataset: what was decided about each record, and the settings."""
    names = ["id", "decision", "stage", "split", "weight", "dedup_status", "masked", "reported"]
    columns = labels.select(names).combine_chunks()
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, columns.schema) as writer:
        writer.write_table(columns)
    decided = hashlib.sha256(sink.getvalue()).hexdigest()
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    recipe = loaded.recipe.model_dump(exclude={"part_mb"})
    # not the names of the parts: they change with the part size, which must leave no trace
    return fingerprint(
        COMPILE_VERSION, __version__, recipe, loaded.sources, asdict(loaded.policy), decided, epoch
    )


def write_shards(run: Run, base: str, labels: pa.Table) -> list[dict[str, Any]]:
    """Write the shards of the kept rows under `base`/dataset, one task per shard; return their results."""
    kept = labels.filter(pc.equal(labels.column("decision"), "keep"))
    tasks = []
    for split in SPLITS:
        mine = kept.filter(pc.equal(kept.column("split"), split)).combine_chunks()
        sizes = mine.column("text_bytes").to_numpy()
        numbers = np.array(cut(sizes, int(run.loaded.recipe.shard_mb * MB)), np.int64)
        for index in range(int(numbers.max(initial=-1)) + 1):
            rows = mine.filter(pa.array(numbers == index))
            tasks.append(_task(run, base, rows, (split, index)))
    items = [_Shard(f"{base}/{t.shard_id}", run.store.address, t, run.is_elsewhere) for t in tasks]
    shards = []
    for item, shard in zip(items, run.executor.map(_cached_shard, items), strict=True):
        if item.is_elsewhere:
            _bring_home(item, shard["entry"], run.store)
        shards.append(shard)
    return shards


def finish(
    run: Run, base: str, shards: list[dict[str, Any]], decisions: Decisions, facts: dict[str, Any]
) -> Assembled:
    """Write everything beside the shards, prove the dataset, and move it into place whole."""
    loaded, dataset = run.loaded, run.folder.root / base / "dataset"
    store = LocalStore(dataset)
    write_exports(dataset, [s["entry"] for s in shards])
    audit = audit_of(decisions.labels, decisions.screened)
    store.write(AUDIT, partial(write_lines, rows=audit))
    manifest = build_manifest(_head(loaded, decisions, facts["safety"]), shards, _source_facts(loaded))
    manifest["files"] = list_files(dataset)
    manifest["release"] = UNVERIFIED
    store.write_json("manifest.json", manifest)
    verification = verify_dataset(dataset, policy=loaded.policy.requirements())
    manifest["release"] = release(loaded, verification)
    data = facts | {"manifest": manifest, "release": manifest["release"], "files": sorted(manifest["files"])}
    data["features"] = hub_features(RECORD)
    data["verdicts"] = {n: v.as_json() for n, v in verification.verdicts.items()}
    store.write_json(
        "verdicts.json", verification.report(manifest["generated_at"]) | {"verdicts": data["verdicts"]}
    )
    for name, text in (("README.md", render_card(data)), ("report.html", render_report(data))):
        store.write(name, partial(_write, text.encode("utf-8")))
    store.write_json("croissant.json", croissant(data))
    manifest["files"] = list_files(dataset)
    store.write_json("manifest.json", manifest)
    swap(dataset, run.target)
    compiled = sum(s["stats"]["conversations"] for s in shards)
    return Assembled(run.target, verification, compiled, manifest, data)


def release(loaded: Loaded, verification: Verification) -> dict[str, Any]:
    """Say whether the dataset may be released, and why not."""
    scope = loaded.recipe.declared_scope
    reasons = [f"gate {name} failed" for name, v in verification.verdicts.items() if not v.passed]
    reasons += refused_release(loaded)
    if scope != "full":
        reasons.append(f"reduced scope: {scope}")
    status = "not releasable" if reasons else "releasable"
    return {"releasable": not reasons, "status": status, "reasons": reasons}


def intact(dataset: Path, manifest: dict[str, Any]) -> bool:
    """Say whether every file of a finished dataset is there with its size and SHA-256."""
    for name, facts in manifest.get("files", {}).items():
        path = dataset / name
        if (
            not path.is_file()
            or path.stat().st_size != facts["size_bytes"]
            or sha256_file(path) != facts["sha256"]
        ):
            return False
    return bool(manifest.get("files"))


def swap(new: Path, target: Path) -> None:
    """Give the finished folder its final name; an older dataset there goes away only after that."""
    if target.exists() and not (target / "manifest.json").is_file() and any(target.iterdir()):
        raise UsageError(
            "output_in_use", f"{target} holds something that is no dataset", "choose another output folder"
        )
    try:
        _replace(new, target)
    except (OSError, shutil.Error) as error:
        cause = error if isinstance(error, OSError) and error.errno else OSError(errno.ENOSPC, str(error))
        raise explain_os_error(cause, target) from error


def _replace(new: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    old, staged = (target.with_name(f".{target.name}.{word}") for word in ("old", "new"))
    for leftover in (old, staged):
        shutil.rmtree(leftover, ignore_errors=True)
    if new.stat().st_dev != target.parent.stat().st_dev:  # another file system: copy beside the target first
        try:
            shutil.copytree(new, staged)
        except (OSError, shutil.Error):
            shutil.rmtree(staged, ignore_errors=True)
            raise
        shutil.rmtree(new)
        new = staged
    if target.exists():
        target.rename(old)
    new.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def generated_at(loaded: Loaded) -> str:
    """Return the date-time of the dataset: `SOURCE_DATE_EPOCH`, else the newest of the registry's."""
    if epoch := os.environ.get("SOURCE_DATE_EPOCH"):
        if not epoch.isdigit() or int(epoch) > LAST_EPOCH:
            raise UsageError(
                "bad_epoch", f"SOURCE_DATE_EPOCH={epoch!r} is no number of seconds", "unset or correct it"
            )
        return str(np.datetime64(int(epoch), "s")) + "Z"
    times = [s.retrieved_at for s in loaded.sources.values() if s.retrieved_at]
    newest = max(times, default="1970-01-01")
    return newest if "T" in newest else f"{newest}T00:00:00Z"


def _cached_shard(item: _Shard) -> dict[str, Any]:
    """Write a shard, unless its result says that it is there; the result is written last."""
    store = store_of(item.store)
    if store.exists(f"{item.name}.json"):
        return dict(store.read_json(f"{item.name}.json"))
    if item.is_elsewhere:  # this worker may be on a machine that does not see the run folder
        with tempfile.TemporaryDirectory(prefix="pixelated-") as folder:
            result = write_shard(replace(item.task, folder=folder))
            for name, _ in shard_files(result["entry"]):
                store.put(Path(folder) / name, f"{item.name}/{name}")
    else:
        result = write_shard(item.task)
    store.write_json(f"{item.name}.json", result)
    return result


def _bring_home(item: _Shard, entry: dict[str, Any], store: Store) -> None:
    """Fetch the files of a shard into the dataset, unless they are there from a run before."""
    dataset = LocalStore(Path(item.task.folder))
    for name, sha256 in shard_files(entry):
        path = dataset.path(name)
        if path.is_file() and sha256_file(path) == sha256:
            continue
        dataset.write(name, partial(store.fetch, f"{item.name}/{name}"))
        if sha256_file(path) != sha256:
            raise IncompleteError(
                "shard_damaged",
                f"{item.name}/{name} in {store.address} is not what its worker wrote",
                "remove the folder compile/ of the store and run the same command again",
            )


def _task(run: Run, base: str, rows: pa.Table, which: tuple[str, int]) -> ShardTask:
    slices = []
    part_column = rows.column("part").to_numpy()
    for part in np.unique(part_column):
        mine = rows.filter(pa.array(part_column == part))
        names = ("row_in_part", "stage", "weight", "dedup_status", "masked", "reported")
        columns = [tuple(mine.column(n).to_pylist()) for n in names]
        slices.append(Slice(run.store.address, f"{run.parts[part]}.parquet", *columns))
    tags = tuple((s.id, s.license_tag) for s in run.loaded.sources.values())
    target = str(run.folder.path(f"{base}/dataset").absolute())
    return ShardTask(target, which[0], which[1], tuple(slices), tags, f"pixelated/{__version__}")


def _head(loaded: Loaded, decisions: Decisions, safety: dict[str, Any]) -> dict[str, Any]:
    recipe, policy = loaded.recipe, loaded.policy
    return {
        "generated_at": generated_at(loaded),
        "name": recipe.name,
        "title": recipe.title,
        "recipe_fingerprint": fingerprint(
            recipe.model_dump(exclude={"part_mb"}), loaded.sources, policy.file, policy.safety
        ),
        "code_version": __version__,
        "seed": recipe.seed,
        "scope": recipe.declared_scope,
        "split_ratio": dict(policy.file.split_ratio),
        "holdout_families": decisions.split.holdouts,
        "split_assignment": split_facts(decisions),
        "pii": {
            "searched": searched_types(names=recipe.pii.names),
            "not_searched": not_searched_types(names=recipe.pii.names),
        },
        "policy": {
            "name": policy.file.name,
            "intended_uses": list(policy.file.intended_uses),
            "curriculum": policy.curriculum.name,
        },
        "evaluation_sets": decisions.evaluation,
        "safety": safety,
    }


def split_facts(decisions: Decisions) -> dict[str, Any]:
    """Return what the dataset says of the assignment: shares, what is off and why, what had to move.

    Counts that only compare with an earlier run stand in run.json: the same assignment, the same bytes.
    """
    said, moved = decisions.split.summary, decisions.split.moved
    said = {name: said[name] for name in ("tolerance", "shares", "off")}
    return said | {"moved": len(moved), "moves": moved[:MOVES_SHOWN]}


def _source_facts(loaded: Loaded) -> dict[str, dict[str, str]]:
    return {s.id: {"license": s.license, "origin": s.origin} for s in loaded.sources.values()}


def _write(data: bytes, stream: BinaryIO) -> None:
    stream.write(data)
