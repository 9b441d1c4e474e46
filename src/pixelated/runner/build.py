"""The main job: raw files in, a dataset that eight gates have proved or refused out."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import orjson
import pyarrow.parquet as pq

from pixelated.core.engines import executor_for
from pixelated.core.errors import EXIT_FAILED, EXIT_OK, IncompleteError, InternalError, UsageError
from pixelated.core.lines import write_lines
from pixelated.core.object_store import check_store
from pixelated.core.progress import Progress
from pixelated.core.step import Ledger
from pixelated.core.store import LocalStore
from pixelated.curate import History, read_history, starved_stages, write_history
from pixelated.recipe import Loaded
from pixelated.runner.assemble import (
    Assembled,
    compile_fingerprint,
    finish,
    intact,
    write_shards,
)
from pixelated.runner.consented import refuse_withdrawn
from pixelated.runner.context import Options, Run
from pixelated.runner.decide import Decisions, decide_all, find_contaminated, find_training_copies, load_keys
from pixelated.runner.facts import report_data, totals
from pixelated.runner.folder import RETENTION_DAYS, InputHashes, RunFolder
from pixelated.runner.read import ReadTask, part_name, read_part, sum_ledgers
from pixelated.runner.receipted import Receipted
from pixelated.runner.screen import AUDIT, audit_of, screen
from pixelated.standardise import plan_units
from pixelated.verify import verify_dataset

SPLITS = "plan/splits.parquet"


@dataclass
class BuildResult:
    """What a build gives back; `as_json` is what `--json` prints."""

    run: Path
    dataset: Path
    passed: bool
    steps: dict[str, dict[str, Any]]
    gates: dict[str, dict[str, Any]]
    totals: dict[str, int]
    release: dict[str, Any]
    cached: dict[str, int]
    data: dict[str, Any]

    @property
    def exit_code(self) -> int:
        """Return 0 where all gates passed, else 1."""
        return EXIT_OK if self.passed else EXIT_FAILED

    def as_json(self) -> dict[str, Any]:
        """Return the JSON object of the command."""
        plain = {k: v for k, v in vars(self).items() if k not in ("data", "run", "dataset")}
        return plain | {"run": str(self.run), "dataset": str(self.dataset)}


def build(loaded: Loaded, options: Options | None = None) -> BuildResult:
    """Run the whole line for a loaded recipe.

    Raises:
        UsageError: the policy leaves a stage without data, or a path is wrong.
        IncompleteError: a source rests on consents that are missing, nothing is readable, a file changed.
        InternalError: a step lost a row, a worker died, the disk is full (finished parts are kept).
    """
    options = options or Options()
    refuse_starved(loaded)
    check_store(options.store)
    folder = RunFolder(options.runs / loaded.recipe.name)
    with folder.locked(), executor_for(options.engine, options.workers) as executor:
        run = Run(loaded, folder, executor, options)
        parts = read_all(run)
        start = time.monotonic()
        decisions = _decide(run)
        ledgers = sum_ledgers(parts) | decisions.ledgers
        ledgers["curate"].seconds = time.monotonic() - start
        assembled, cached = _assemble(run, decisions, ledgers)
        result = _result(run, assembled, ledgers, checked_totals(ledgers))
        result.cached = {"parts": sum(p["cached"] for p in parts), "of": len(parts), "dataset": int(cached)}
        folder.write(SPLITS, partial(write_history, decisions.history))
        split = decisions.split.summary | {"moves": decisions.split.moved}
        store = run.store.address if run.is_elsewhere else ""
        more = {"split": split, "store": store, "retention_days": RETENTION_DAYS}
        folder.write_json("run.json", result.as_json() | more)
        _prune(run)
    return result


def checked_totals(ledgers: dict[str, Ledger]) -> dict[str, int]:
    """Return the balance of the whole run, or raise `InternalError` where it does not hold."""
    t = totals(ledgers)
    if t["rows_in"] + t["added"] != t["kept"] + t["dropped"] + t["quarantined"]:
        raise InternalError("rows_lost", f"the run does not balance: {t}", "report this with the recipe")
    return t


def refuse_starved(loaded: Loaded) -> None:
    """Raise `UsageError` where policy leaves a stage without data (DESIGN, rule 3)."""
    starved = starved_stages(loaded.sources.values(), loaded.policy)
    for stage, reasons in starved.items():
        raise UsageError(
            "stage_without_data",
            f"policy {loaded.policy.file.name} leaves stage {stage} without data ({'; '.join(reasons)})",
            "hold out part of the family (mode: partial), or add a source for the stage",
        )


def read_all(run: Run) -> list[dict[str, Any]]:
    """Read every source into parts, note their names in `run`; return their ledgers in canonical order."""
    tasks = read_tasks(run)
    parts = []
    with Progress("read", len(tasks), quiet=run.options.quiet) as progress:
        for part in run.executor.map(read_part, tasks):
            parts.append(part)
            progress.advance(part["steps"]["standardise"]["rows_in"])
    if not sum(p["steps"]["standardise"]["kept"] for p in parts):
        raise IncompleteError(
            "nothing_readable",
            "no source gave a readable record",
            "see `pixelated plan` and the sources' paths",
        )
    run.parts = [p["name"] for p in parts]
    _refuse_unseen(run)
    return parts


def _refuse_unseen(run: Run) -> None:
    """Raise `UsageError` where workers on other machines wrote into folders of theirs."""
    store = run.store
    unseen = [n for n in run.parts if isinstance(store, LocalStore) and not store.exists(f"{n}.json")]
    if unseen:
        raise UsageError(
            "parts_elsewhere",
            f"{len(unseen)} parts are on machines of the workers and not in {store.address}",
            "give --store s3://bucket/prefix, or --runs in a folder that all machines share",
        )


def read_tasks(run: Run, *, save: bool = True) -> list[ReadTask]:
    """Return one task per unit of every source, in canonical order.

    Raises:
        IncompleteError: a source rests on consents that are missing, or a file is not what was fetched.
    """
    loaded, folder = run.loaded, run.folder
    refuse_withdrawn(loaded, run.options)
    hashes = InputHashes(folder)
    settings = {"scorers": list(loaded.recipe.scorers), "names": loaded.recipe.pii.names}
    part_bytes = max(int((run.options.part_mb or loaded.recipe.part_mb) * 1_000_000), 1)
    corpora = str(loaded.corpora.absolute())  # workers may have another working folder
    tasks, store = [], run.store.address
    for source in loaded.sources.values():
        as_fetched = Receipted(loaded.corpora, source, hashes)
        for unit in plan_units(source, loaded.corpora, part_bytes, as_fetched):
            name = part_name(source, settings, loaded.recipe.seed, unit)
            task = ReadTask(source, corpora, unit, store, name, tuple(settings.items()))
            tasks.append(replace(task, seed=loaded.recipe.seed, keep_steps=run.options.keep_steps))
    if save:
        hashes.save()
    return tasks


def _decide(run: Run) -> Decisions:
    keys = load_keys(run.store, run.parts)
    contaminated, counts = find_contaminated(run, keys)
    sizes = np.bincount(keys.column("part").to_numpy(), minlength=len(run.parts)).tolist()
    copied, look = find_training_copies(run, keys), partial(screen, run, sizes)
    decisions = decide_all(run.loaded, keys, contaminated, copied, history=_history(run), screen=look)
    decisions.evaluation = counts
    run.folder.write("plan/labels.parquet", lambda f: pq.write_table(decisions.labels, f))
    run.folder.write_json("plan/clusters.json", decisions.clusters)
    audit = audit_of(decisions.labels, decisions.screened)
    run.folder.write(f"plan/{AUDIT}", lambda f: write_lines(f, audit))
    return decisions


def _history(run: Run) -> History | None:
    """Return the splits of earlier runs: what the recipe names first, then what this run folder holds."""
    named, path = run.loaded.history, run.folder.path(SPLITS)
    own = read_history(str(path)) if path.is_file() else None
    return named.before(own) if named and own else named or own


def _assemble(run: Run, decisions: Decisions, ledgers: dict[str, Ledger]) -> tuple[Assembled, bool]:
    identity = compile_fingerprint(run.loaded, decisions.labels)
    base, start = f"compile/{identity}", time.monotonic()
    ledgers["compile"] = ledger = Ledger(rows_in=ledgers["curate"].kept)
    known = _reuse(run, identity)
    if known:
        ledger.kept = known.compiled
        ledger.check("compile")
        return known, True
    shards = write_shards(run, base, decisions.labels)
    run.folder.sweep()  # a killed worker's half file is no file of the dataset
    ledger.kept = sum(s["stats"]["conversations"] for s in shards)
    ledger.check("compile")
    facts = report_data(run, decisions, ledgers)
    assembled = finish(run, base, shards, decisions, facts)
    ledger.seconds = time.monotonic() - start
    known_as = {"identity": identity, "target": str(run.target), "data": assembled.data}
    data = orjson.dumps(known_as)  # unsorted: a report made from it later is the same page
    run.folder.write("dataset.json", lambda f: _write(f, data))
    return assembled, False


def _write(stream: BinaryIO, data: bytes) -> None:
    stream.write(data)


def _reuse(run: Run, identity: str) -> Assembled | None:
    """Return the finished dataset where it is the one asked for and every byte of it is still there."""
    folder, target = run.folder, run.target
    if not folder.exists("dataset.json") or not (target / "manifest.json").is_file():
        return None
    known = folder.read_json("dataset.json")
    manifest = orjson.loads((target / "manifest.json").read_bytes())
    if known["identity"] != identity or known["target"] != str(target) or not intact(target, manifest):
        return None
    verification = verify_dataset(target, policy=run.loaded.policy.requirements())
    fresh = {name: verdict.as_json() for name, verdict in verification.verdicts.items()}
    if {n: v["passed"] for n, v in fresh.items()} != {
        n: v["passed"] for n, v in known["data"]["verdicts"].items()
    }:
        return None  # the gates have changed: card, report and release are made anew
    return Assembled(target, verification, manifest["total_conversations"], manifest, known["data"])


def _result(
    run: Run, assembled: Assembled, ledgers: dict[str, Ledger], totals: dict[str, int]
) -> BuildResult:
    steps = {}
    for name, ledger in ledgers.items():
        steps[name] = ledger.as_json() | {"output": str(run.folder.root)}
        steps[name].pop("measured")
    gates = {n: v.as_json() for n, v in assembled.verification.verdicts.items()}
    return BuildResult(
        run=run.folder.root,
        dataset=assembled.dataset,
        passed=assembled.verification.passed,
        steps=steps,
        gates=gates,
        totals=totals,
        release=assembled.manifest["release"],
        cached={},
        data=assembled.data,
    )


def _prune(run: Run) -> None:
    """Remove parts and half-made datasets that this run did not use: old private text is not kept."""
    used = {str(Path(name).parent) for name in run.parts}
    for folder in sorted({str(Path(name).parent) for name in run.store.names("read")} - used):
        run.store.remove(folder)
    run.store.remove("compile")
    if isinstance(run.store, LocalStore):
        run.store.sweep()
    run.folder.remove("compile")
