"""A small run as plain data, written for these tests, and the facts that every page reads from it."""

import copy

from pixelated.report.facts import FAMILIES, GATES


def verdict(gate, *, passed=True, measured=None, required=None, errors=(), examples=(), remedy=""):
    """Return a verdict in the shape of `Verdict.as_json`."""
    return {
        "gate": gate,
        "passed": passed,
        "measured": {"checked": 90} if measured is None else measured,
        "required": {"faults": 0} if required is None else required,
        "errors": list(errors),
        "examples": list(examples),
        "remedy": remedy,
    }


def ledger(rows_in, kept, dropped=0, quarantined=0, added=0, **reasons):
    """Return a step's counts in the shape of `Ledger.as_json`."""
    counts = {"rows_in": rows_in, "added": added, "kept": kept, "dropped": dropped}
    more = {"quarantined": quarantined, "raw_rows": 0, "reasons": reasons, "measured": {}}
    return {**counts, **more, "bytes": 12345, "seconds": 9.87, "peak_memory_mb": 321.5}


def _sources():
    return [
        {
            "id": "harbour_letters",
            "title": "Harbour letters",
            "license": "CC-BY-4.0",
            "origin": "human",
            "families": ["mental_health_datasets", "addiction"],
            "use": "train",
            "rows_in": 70,
            "kept": 66,
            "dropped": 2,
            "quarantined": 2,
            "compiled": 60,
            "note": "",
        },
        {
            "id": "night_line",
            "title": "Night line role-plays",
            "license": "NOASSERTION",
            "origin": "synthetic",
            "families": ["edge_case_generator"],
            "use": "train",
            "rows_in": 40,
            "kept": 34,
            "dropped": 5,
            "quarantined": 1,
            "compiled": 30,
            "note": "licence not stated by its author",
        },
    ]


def _manifest():
    shard = {
        "shard_id": "train_000",
        "s3_path": "shards/train/train_000.jsonl",
        "size_bytes": 10,
        "sha256": "a" * 64,
    }
    sized = {"size_bytes": 2048, "sha256": "b" * 64}
    paths = [
        "shards/train/train_000.jsonl",
        "shards/train/train_000.parquet",
        "shards/test/test_000.jsonl",
        "shards/test/test_000.parquet",
        "compiled/final_training_dataset.jsonl",
        "stages/stage1_foundation.jsonl",
        "preference/train.jsonl",
    ]
    return {
        "manifest_version": "1.0",
        "generated_at": "2024-06-19T00:00:00Z",
        "name": "harbour",
        "recipe_fingerprint": "0f1e2d3c4b5a6978",
        "code_version": "0.1.0",
        "seed": 7,
        "total_conversations": 90,
        "total_tokens_approx": 41250,
        "splits": {
            "train": {"conversations": 80, "shards": [shard]},
            "val": {"conversations": 0, "shards": []},
            "test": {"conversations": 10, "shards": [{**shard, "shard_id": "test_000"}]},
        },
        "source_families": {
            name: {"conversations": 6, "splits": {}} for name in FAMILIES if name != "sarcasm"
        },
        "sources": {
            "harbour_letters": {"conversations": 60, "splits": {}, "license": "CC-BY-4.0", "origin": "human"},
            "night_line": {
                "conversations": 30,
                "splits": {},
                "license": "NOASSERTION",
                "origin": "synthetic",
            },
        },
        "stages": {"stage1_foundation": {"conversations": 50, "splits": {"train": 50}}},
        "kinds": {"dialogue": 84, "preference": 6},
        "holdout_families": {
            "voice_persona": {"test_split_only": True, "mode": "partial", "rationale": "by speaker"}
        },
        "pii": {"searched": ["EMAIL", "PHONE"], "not_searched": ["PERSON"]},
        "split_ratio": {"train": 0.9, "val": 0.05, "test": 0.05},
        "scope": "full",
        "release": {"releasable": False, "reasons": []},
        "files": dict.fromkeys(paths, sized),
    }


def _verdicts():
    verdicts = {name: verdict(name) for name in GATES}
    verdicts["coverage"] = verdict(
        "coverage",
        passed=False,
        measured={"families_present": 13, "missing": ["sarcasm"]},
        required={"families_present": 14, "records_per_family": 3},
        errors=["family sarcasm has 0 records, 3 are required"],
        examples=["sarcasm"],
        remedy="add a source of the family sarcasm",
    )
    return verdicts


SAMPLE = {
    "title": "harbour",
    "recipe": {"name": "harbour", "fingerprint": "0f1e2d3c4b5a6978"},
    "manifest": _manifest(),
    "verdicts": _verdicts(),
    "steps": {
        "standardise": {**ledger(110, 107, quarantined=3, invalid_json=2, zero_byte=1), "raw_rows": 812},
        "dedup": ledger(107, 100, dropped=7, exact_duplicate=7),
        "curate": ledger(100, 90, dropped=10, evaluation_match=10),
    },
    "sources": _sources(),
    "quarantine": [
        {
            "source": "harbour_letters",
            "file": "a.json",
            "row": 4,
            "reason": "invalid_json",
            "detail": "line 5",
        },
        {
            "source": "harbour_letters",
            "file": "a.json",
            "row": 2,
            "reason": "invalid_json",
            "detail": "line 3",
        },
        {
            "source": "night_line",
            "file": "empty.txt",
            "row": None,
            "reason": "zero_byte",
            "detail": "0 bytes",
        },
    ],
    "dropped": {"dedup": {"exact_duplicate": 7}, "curate": {"evaluation_match": 10}},
    "flags": ["night_line/same.jsonl: 12 identical records"],
    "fixed": {"harbour_letters/b.csv": {"mojibake": 9, "bom": 1}},
    "pii": {"EMAIL": 4, "PHONE": 11},
    "pii_status": {"none_detected": 80, "scrubbed": 10},
    "scores": {
        "coherence_v1": {
            "count": 88,
            "nulls": 2,
            "mean": 0.71,
            "min": 0.12,
            "max": 0.98,
            "histogram": [0, 0, 1, 0, 2, 1, 3, 2, 4, 5, 6, 7, 9, 12, 14, 11, 6, 3, 1, 1],
        }
    },
    "dedup": {
        "rows": 107,
        "unique": 100,
        "groups": 5,
        "members": 12,
        "removable": 7,
        "collisions": 1,
        "by_pair": {"harbour_letters + night_line": 3, "harbour_letters + harbour_letters": 4},
    },
    "splits": {"train": 80, "val": 0, "test": 10},
    "stages": {"stage1_foundation": {"target": 0.6, "achieved": 0.625, "records": 50}},
    "edge_bypass": {"granted": 6, "refused": 2},
    "evaluation": {"golden_pairs": {"records": 20, "matched_in_training_data": 10}},
    "release": {"releasable": False, "reasons": ["gate coverage failed: sarcasm is missing"]},
    "next": "pixelated explain harbour_letters-0001",
}


def sample():
    """Return a copy of the sample run that a test may change: coverage failed, everything else passed."""
    return copy.deepcopy(SAMPLE)


def releasable():
    """Return the sample run with every gate passed."""
    data = sample()
    data["verdicts"]["coverage"] = verdict("coverage")
    data["release"] = {"releasable": True, "reasons": []}
    return data
