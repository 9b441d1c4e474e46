"""A small run as plain data, written for these tests, and the facts that every page reads from it."""

import copy

import pytest

from pixelated.report import facts
from pixelated.report.facts import FAMILIES, GATES
from pixelated.report.wording import number, plain, share, visible


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
        "rate_before": 0.065421,
        "rate_after": 0.0,
        "by_sources": [{"removed": "harbour_letters", "kept": "night_line", "records": 7}],
        "collisions": {
            "records": 2,
            "content_hashes": 1,
            "examples": ["harbour_letters-0007", "night_line-0003"],
        },
    },
    "splits": {"train": 80, "val": 0, "test": 10},
    "stages": {
        "stage1_foundation": {"target": 0.6, "achieved": 0.625, "conversations": 50, "phase": "sft"},
        "phase_c_preference": {"target": 0.05, "achieved": None, "conversations": 6, "phase": "preference"},
    },
    "edge_bypass": {"granted": 6, "refused": 2},
    "safety": {
        "policy": "default",
        "filters": {
            "crisis": {"scorer": "crisis", "role": "user", "most": 0.7, "bypass": True},
            "harm": {"scorer": "harmfulness", "role": "assistant", "most": 0.8},
            "late": {"scorer": "own", "role": "assistant", "least": 0.2, "report_only": True},
        },
        "looked_at": 96,
        "dropped": {"crisis": 3},
        "masked": {"records": 2, "turns": 4, "by_filter": {"harm": 2}},
        "reported": {"late": 5},
        "bypass": {"records": 6, "uses": 7, "by_filter": {"crisis": 7}},
        "tags_refused": 2,
        "unjudged": {"late": 8},
    },
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


def test_steps_stored_in_alphabetical_order_come_back_in_data_order():
    data = sample()
    data["steps"] = dict(sorted(data["steps"].items()))
    assert [name for name, _ in facts.steps(data)] == ["standardise", "dedup", "curate"]
    assert facts.run_balance(data).lost == 0


def test_a_step_of_another_package_stays_after_its_neighbour():
    data = {"steps": {name: ledger(1, 1) for name in ("standardise", "own_step", "clean_pii", "dedup")}}
    assert [name for name, _ in facts.steps(data)] == ["standardise", "own_step", "clean_pii", "dedup"]


def test_the_run_balances_over_all_its_steps():
    balance = facts.run_balance(sample())
    assert balance.equation == "110 rows in + 0 added = 90 kept + 17 dropped + 3 quarantined"
    assert balance.verdict == "balances"


def test_a_row_lost_between_two_steps_is_said():
    data = sample()
    data["steps"]["curate"]["rows_in"] = 99
    data["steps"]["curate"]["kept"] = 89
    assert facts.run_balance(data).verdict == "does not balance: 1 rows lost"


def test_a_missing_count_is_not_taken_for_zero():
    data = sample()
    del data["steps"]["dedup"]["quarantined"]
    balance = facts.run_balance(data)
    assert balance.lost is None
    assert "not measured quarantined" in balance.equation


@pytest.mark.parametrize("gate", GATES)
def test_a_run_that_calls_itself_releasable_is_not_believed_without_the_verdict(gate):
    data = releasable()
    assert facts.release(data) == (True, [])
    del data["verdicts"][gate]
    assert facts.release(data) == (False, [f"gate {gate} was not measured"])
    data["verdicts"][gate] = verdict(gate, passed=False)
    assert facts.release(data) == (False, [f"gate {gate} failed"])


def test_a_reduced_scope_is_never_releasable():
    data = releasable()
    data["manifest"]["scope"] = "three of eight sources"
    assert facts.release(data) == (False, ["the scope was reduced: three of eight sources"])


def test_a_run_without_a_decision_is_not_releasable():
    data = releasable()
    del data["release"]
    del data["manifest"]["release"]
    assert facts.release(data) == (False, ["the run did not decide whether this may be released"])


def test_the_reason_of_another_gate_does_not_hide_a_failed_one():
    data = releasable()
    data["verdicts"]["hash"] = verdict("hash", passed=False)
    data["release"] = {"releasable": False, "reasons": ["two strict_hashes stand in two splits"]}
    assert facts.release(data)[1] == ["two strict_hashes stand in two splits", "gate hash failed"]


def test_a_family_without_records_counts_zero():
    counts = facts.family_counts(sample())
    assert len(counts) == 14
    assert counts["sarcasm"] == 0
    assert facts.family_counts({}) == {}


@pytest.mark.parametrize("word", ["a\x1b[2Jb", "a\u202eb", "a\udcffb", "a\x00b", "a\r\nb"])
def test_characters_that_cannot_be_seen_are_written_out(word):
    shown = visible(word)
    assert shown.isprintable()
    assert shown.startswith("a")
    assert shown.endswith("b")
    shown.encode("utf-8")


def test_figures_read_like_figures():
    shown = [number(v) for v in (1234567, 0.12345678, 1.0, 0.0, None, float("nan"), True)]
    assert shown == ["1,234,567", "0.1235", "1", "0", *["not measured"] * 3]
    assert share(1, 17412) == "<0.1 %"
    assert share(1, 0) == "not measured"
    assert plain(list("abcdefgh")) == "a, b, c, d, e, f and 2 more"
    assert plain([]) == "none"
    assert plain({"human": ["PERSON"], "n": {"a": 1}}) == "human (PERSON), n (a 1)"
