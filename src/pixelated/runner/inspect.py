"""Look into run folders: one record's whole story, two runs side by side, what is there."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pixelated.core.errors import UsageError
from pixelated.core.store import Store, read_table
from pixelated.runner.folder import RunFolder

PROVENANCE = ("uri", "file", "file_sha256", "row", "locator", "original_format", "retrieved_at", "transforms")


def find_run(runs: Path, name: str | None) -> RunFolder:
    """Return the run called `name` (or the folder it is a path of), or the only run there is."""
    if name:
        candidates = [runs / name, Path(name)]
        found = [p for p in candidates if (p / "run.json").is_file()]
    else:
        found = sorted(p.parent for p in runs.glob("*/run.json")) if runs.is_dir() else []
    if not found:
        raise UsageError(
            "run_missing", f"no finished run {name or ''} in {runs}".replace("  ", " "), "build one first"
        )
    if name is None and len(found) > 1:
        names = ", ".join(p.name for p in found)
        raise UsageError("run_unclear", f"several runs in {runs}: {names}", "say which one: --run NAME")
    return RunFolder(found[0])


def explain(folder: RunFolder, wanted: str) -> dict[str, Any]:
    """Return a record's story: where it came from, what each step did, why it is where it is.

    Args:
        folder: the run.
        wanted: a record's id, or a beginning of it that is no other's.

    Raises:
        UsageError: no record of the run has this id, or several begin with it.
    """
    stories = [
        *_kept(folder, wanted),
        *_refused(folder, wanted, "quarantined"),
        *_refused(folder, wanted, "dropped"),
    ]
    exact = [s for s in stories if s["id"] == wanted]
    if len(exact or stories) == 1:
        return (exact or stories)[0]
    if not stories:
        raise UsageError(
            "id_unknown", f"no record {wanted!r} in {folder.root}", "ids stand in the report and the shards"
        )
    ids = ", ".join(sorted(s["id"] for s in stories)[:5])
    raise UsageError(
        "id_unclear", f"{len(stories)} records begin with {wanted!r}: {ids}", "give more of the id"
    )


def explain_anywhere(runs: Path, wanted: str) -> dict[str, Any]:
    """Return a record's story from whichever finished run holds it.

    Raises:
        UsageError: no run holds it, or several do.
    """
    folders = [p.parent for p in sorted(runs.glob("*/run.json"))]
    if len(folders) < 2:  # noqa: PLR2004 - one run or none: its own messages are the better ones
        return explain(find_run(runs, None), wanted)
    found = {}
    for folder in folders:
        with contextlib.suppress(UsageError):
            found[folder.name] = explain(RunFolder(folder), wanted)
    if len(found) == 1:
        return next(iter(found.values()))
    if not found:
        names = ", ".join(f.name for f in folders)
        raise UsageError("id_unknown", f"no record {wanted!r} in any of: {names}", "ids stand in the shards")
    raise UsageError("run_unclear", f"{wanted!r} stands in {', '.join(found)}", "say which one: --run NAME")


def _parts(store: Store, ending: str) -> list[str]:
    return [name for name in store.names("read") if name.endswith(f"/part{ending}.parquet")]


def _matching(store: Store, name: str, wanted: str) -> list[dict[str, Any]]:
    table = read_table(store, name)
    return list(table.filter(pc.starts_with(table.column("id"), wanted)).to_pylist())


def _kept(folder: RunFolder, wanted: str) -> list[dict[str, Any]]:
    labels = pq.read_table(folder.path("plan/labels.parquet"), partitioning=None)
    mine = labels.filter(pc.starts_with(labels.column("id"), wanted)).to_pylist()
    if not mine:
        return []
    by_id = {row["id"]: row for row in mine}
    stories = []
    store = folder.parts()
    for name in _parts(store, ""):
        stories += [_story(row, by_id[row["id"]]) for row in _matching(store, name, wanted)]
    return stories


def _story(row: dict[str, Any], label: dict[str, Any]) -> dict[str, Any]:
    outcome = label["decision"]
    story = {
        "id": row["id"],
        "source": row["source"],
        "kind": row["kind"],
        "came_from": {k: row["provenance"][k] for k in PROVENANCE},
        "license": row["license"],
        "families": row["families"],
        "group_key": row["group_key"],
        "messages": len(row["messages"]),
        "source_turns_merged": sum((t["merged"] or 1) - 1 for t in row["turns"] or ()),
        "pii": {"status": row["pii_status"], "replaced": {p["type"]: p["count"] for p in row["pii"] or ()}},
        "scores": {k.removeprefix("score_"): v for k, v in row.items() if k.startswith("score_")},
        "tags": row["tags"],
        "hashes": {k: row[k] for k in ("content_hash", "strict_hash")},
        "outcome": outcome,
    }
    if label["cluster"]:
        story["duplicates"] = {"cluster": label["cluster"], "kept": label["kept_id"]}
    if outcome == "keep":
        story |= {"stage": label["stage"], "split": label["split"], "weight": label["weight"]}
        story["safety"] = {"masked_turns": label["masked"], "reported": label["reported"]}
    return story


def _refused(folder: RunFolder, wanted: str, what: str) -> list[dict[str, Any]]:
    hidden = ("text", "messages", "chosen", "rejected", "source_metadata", "turns")
    store = folder.parts()
    found = [row for name in _parts(store, f"-{what}") for row in _matching(store, name, wanted)]
    return [{k: v for k, v in row.items() if k not in hidden} | {"outcome": what} for row in found]


def diff(before: RunFolder, after: RunFolder) -> dict[str, Any]:
    """Return what differs between two runs: counts and reasons by step, splits, scores, gates, records."""
    a, b = before.summary(), after.summary()
    steps = {}
    for name in sorted({*a["steps"], *b["steps"]}):
        old, new = a["steps"].get(name, {}), b["steps"].get(name, {})
        keys = ("rows_in", "added", "kept", "dropped", "quarantined", "raw_rows")
        changed = {k: [old.get(k, 0), new.get(k, 0)] for k in keys if old.get(k, 0) != new.get(k, 0)}
        reasons = _changed(old.get("reasons", {}), new.get("reasons", {}))
        if changed or reasons:
            steps[name] = changed | ({"reasons": reasons} if reasons else {})
    gates = {
        name: [a["gates"][name]["passed"], b["gates"][name]["passed"]]
        for name in sorted({*a["gates"]} & {*b["gates"]})
        if a["gates"][name]["passed"] != b["gates"][name]["passed"]
    }
    return {"runs": [str(before.root), str(after.root)], "steps": steps, "gates": gates} | _records(
        before, after
    )


def _changed(old: dict[str, Any], new: dict[str, Any]) -> dict[str, list[Any]]:
    names = sorted({*old, *new})
    return {n: [old.get(n, 0), new.get(n, 0)] for n in names if old.get(n, 0) != new.get(n, 0)}


def _records(before: RunFolder, after: RunFolder) -> dict[str, Any]:
    columns = ["id", "decision", "stage", "split"]
    old, new = (
        pq.read_table(f.path("plan/labels.parquet"), columns=columns, partitioning=None)
        for f in (before, after)
    )
    index = pc.index_in(new.column("id"), value_set=old.column("id").combine_chunks())
    both = new.filter(pc.is_valid(index))
    was = old.take(index.drop_null())
    moved = {}
    for name in columns[1:]:
        pairs = pa.table({"was": was.column(name), "now": both.column(name)})
        different = pairs.filter(pc.fill_null(pc.not_equal(pairs.column("was"), pairs.column("now")), False))
        moved[name] = different.num_rows
    return {
        "records": {
            "only_before": old.num_rows - both.num_rows,
            "only_after": new.num_rows - both.num_rows,
            "changed": moved,
        }
    }


def status(runs: Path) -> list[dict[str, Any]]:
    """Return an entry per run folder: finished or not, parts, rows, gates, bytes, where the dataset is."""
    out = []
    for root in sorted(p for p in runs.glob("*") if p.is_dir()) if runs.is_dir() else []:
        folder = RunFolder(root)
        parts = len(list((root / "read").glob("*/*/part.json")))
        line: dict[str, Any] = {"run": str(root), "parts": parts, "finished": folder.exists("run.json")}
        line["bytes"] = sum(p.stat().st_size for p in root.rglob("*") if p.is_file())
        if line["finished"]:
            known = folder.summary()
            line["parts"] = known["cached"]["of"]  # they may be in a store
            line |= {k: known[k] for k in ("dataset", "passed", "totals", "release")}
            line["failed_gates"] = [n for n, v in known["gates"].items() if not v["passed"]]
        out.append(line)
    return out
