"""The view of a dataset that gates are given, and the one pass that shows them its records."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from pixelated.core.errors import UsageError
from pixelated.verify.exports import ExportFaults, read_exports
from pixelated.verify.findings import Findings
from pixelated.verify.keys import Keys
from pixelated.verify.paths import Files
from pixelated.verify.record import Record
from pixelated.verify.registry import Gate
from pixelated.verify.rules import Rules, load_rules
from pixelated.verify.shards import Reading, Shard, declared_shards, read_shard

MANIFEST = "manifest.json"
MAX_MANIFEST = 8 << 30
READ_FIRST = ("val", "test", "train")


@dataclass
class Dataset:
    """What was read of a dataset.

    Attributes:
        root: its folder.
        manifest: the parsed manifest; empty where there is none.
        rules: what the gates require.
        files: sizes and hashes of files, measured when asked for.
        shards: the declared shards, with what was read of each.
        keys: keys and names of all records.
        integrity: what readers found wrong with files and lines (the hash gate's).
        unmeasured: what could not be read in any form: every gate fails on it.
        exports: what is wrong with the files made for trainers.
    """

    root: Path
    manifest: dict[str, Any]
    rules: Rules
    files: Files
    shards: list[Shard]
    integrity: Findings
    unmeasured: Findings
    keys: Keys = field(default_factory=Keys)
    exports: ExportFaults = field(default_factory=ExportFaults)


def open_dataset(path: Path, policy: dict[str, Any] | None) -> Dataset:
    """Open the dataset whose folder or manifest is `path`.

    Raises:
        UsageError: there is nothing at `path`, or the policy cannot be used.
    """
    if not path.exists():
        raise UsageError(
            "dataset_missing", f"there is no dataset {path}", "give the dataset's folder or its manifest.json"
        )
    root, name = (path, MANIFEST) if path.is_dir() else (path.parent, path.name)
    integrity, unmeasured = Findings(), Findings()
    manifest = _read_manifest(root / name, unmeasured)
    shards = declared_shards(manifest, integrity) if manifest else []
    rules = load_rules(policy, manifest)
    return Dataset(root, manifest, rules, Files(root), shards, integrity, unmeasured)


def scan(dataset: Dataset, gates: dict[str, Gate]) -> None:
    """Show every record of every shard to every gate (val, test, then train), then look at the exports."""
    reading = Reading(dataset.files, dataset.integrity, dataset.unmeasured)
    working = dict(gates)
    # the small splits first: what is compared across splits is compared with those
    for shard in sorted(dataset.shards, key=lambda s: READ_FIRST.index(s.split)):
        for number, line, row in read_shard(shard, reading):
            record = Record(row, shard.split, shard.path or shard.twin, number)
            shard.rows += 1
            shard.families.update(record.families)
            dataset.keys.add(record, line)
            _show(record, working)
    if not len(dataset.keys):
        dataset.unmeasured.add("not measured: no record could be read", MANIFEST)
    else:
        dataset.exports = read_exports(dataset.files, dataset.keys)


def _show(record: Record, working: dict[str, Gate]) -> None:
    for name, gate in list(working.items()):
        try:
            gate.see(record)
        except Exception as error:  # noqa: BLE001 - a gate that breaks has failed; the others go on
            gate.findings.add(f"the gate broke off ({type(error).__name__})", record.name)
            del working[name]


def _read_manifest(path: Path, unmeasured: Findings) -> dict[str, Any]:
    problem, value = "", None
    try:
        if not path.is_file():
            problem = "there is no manifest"
        elif path.stat().st_size > MAX_MANIFEST:
            problem = "the manifest is larger than 8 GiB"
        else:
            value = orjson.loads(path.read_bytes())
            problem = "" if isinstance(value, dict) and value else "the manifest is not a JSON object"
    except OSError as error:
        problem = f"the manifest cannot be read ({error.strerror})"
    except ValueError as error:
        problem = f"the manifest is not valid JSON ({error})"
    if problem or not isinstance(value, dict):
        unmeasured.add(f"not measured: {problem}", path.name)
        return {}
    return value
