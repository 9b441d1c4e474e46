"""Exact duplicates: hashes, keep strategies, clusters and counts."""

import hashlib

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from near_records import NOTHING_LEFT, exact_only
from pixelated.core.errors import UsageError
from pixelated.core.hashing import content_hash, strict_hash
from pixelated.core.schema import BASE
from pixelated.dedup import KEEP_STRATEGIES, clusters_jsonl, find_exact, hash_table, summary
from pixelated.dedup.exact import KEYS

STRATEGIES = ["first_dataset", "keep_best_quality", "keep_first", "keep_longest", "priority_order"]


def keys_table(*rows):
    """Make a keys table; a row is a dict that names at least `id` and `text`."""
    full = [
        {
            "source": "a",
            "file": "f.jsonl",
            "row": n,
            "position": n,
            "strict_hash": "sha256:" + hashlib.sha256(row["text"].encode()).hexdigest(),
            "content_hash": "sha256:" + hashlib.sha256(row["text"].lower().encode()).hexdigest(),
            "group_key": row["id"],
            "priority": 100,
            "text_bytes": len(row["text"]),
            "quality": None,
        }
        | {k: v for k, v in row.items() if k != "text"}
        for n, row in enumerate(rows)
    ]
    return pa.Table.from_pylist(full, schema=KEYS)


def kept(table, strategy):
    decisions = find_exact(table, strategy)
    return sorted(decisions.filter(decisions.column("keep")).column("id").to_pylist())


def exact_decisions(table, strategy):
    return exact_only(table, strategy).decisions


def records(*dialogues, **columns):
    rows = [
        {"id": f"r{n}", "kind": "dialogue", "messages": [{"role": r, "content": c} for r, c in d], **columns}
        for n, d in enumerate(dialogues)
    ]
    return pa.Table.from_pylist(rows, schema=BASE)


def test_hashes_are_those_of_the_contract_for_each_row():
    turns = [("user", " I can't  sleep. "), ("assistant", "Since when?")]
    table = hash_table(records(turns, turns[::-1]), {}, 0).kept
    messages = [{"role": r, "content": c} for r, c in turns]
    assert table.column("content_hash").to_pylist() == [content_hash(messages)] * 2
    assert table.column("strict_hash")[0].as_py() == strict_hash("dialogue", messages)
    assert table.column("strict_hash")[1].as_py() != table.column("strict_hash")[0].as_py()


def test_a_sliced_table_in_several_chunks_hashes_like_its_rows_alone():
    rows = records(*([("user", f"turn {n}"), ("assistant", "ok")] for n in range(7)))
    chunked = pa.concat_tables([rows.slice(4, 3), rows.slice(1, 2), rows.slice(0, 0)])
    alone = [hash_table(rows.slice(n, 1), {}, 0).kept.column("strict_hash")[0] for n in (4, 5, 6, 1, 2)]
    assert hash_table(chunked, {}, 0).kept.column("strict_hash").to_pylist() == [h.as_py() for h in alone]


def test_preference_answers_enter_the_strict_hash_only():
    base = [("user", "I feel low."), ("assistant", "Tell me more.")]
    one = records(base, chosen=[{"role": "assistant", "content": "I hear you."}])
    other = records(base, chosen=[{"role": "assistant", "content": "Cheer up."}])
    table = hash_table(pa.concat_tables([one, other]), {}, 0).kept
    assert len(set(table.column("content_hash").to_pylist())) == 1
    assert len(set(table.column("strict_hash").to_pylist())) == 2


def test_hashing_again_replaces_the_columns():
    once = hash_table(records([("user", "hello")]), {}, 0).kept
    assert hash_table(once, {}, 0).kept.equals(once)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_planted_duplicate_is_found_and_one_of_each_set_stays(strategy):
    table = keys_table(*({"id": f"r{n}", "text": f"text {n % 40}"} for n in range(100)))
    decisions = find_exact(table, strategy)
    assert sum(decisions.column("keep").to_pylist()) == 40
    assert set(decisions.column("kept_row").to_pylist()) == set(
        np.flatnonzero(decisions.column("keep")).tolist()
    )
    assert decisions.column("id").to_pylist() == table.column("id").to_pylist()


def test_a_record_without_an_equal_has_no_cluster_and_is_its_own_survivor():
    decisions = exact_decisions(keys_table({"id": "a", "text": "x"}, {"id": "b", "text": "y"}), "keep_first")
    assert decisions.column("cluster").to_pylist() == [None, None]
    assert decisions.column("kept_id").to_pylist() == ["a", "b"]


def test_priority_order_keeps_the_smallest_priority():
    table = keys_table({"id": "a", "text": "x", "priority": 9}, {"id": "b", "text": "x", "priority": 2})
    assert kept(table, "priority_order") == ["b"]


def test_keep_longest_keeps_the_most_bytes():
    table = keys_table({"id": "a", "text": "x", "text_bytes": 5}, {"id": "b", "text": "x", "text_bytes": 7})
    assert kept(table, "keep_longest") == ["b"]


def test_keep_best_quality_takes_a_missing_quality_for_the_last_not_for_zero():
    nan = float("nan")
    table = keys_table(
        {"id": "a", "text": "x", "quality": None},
        {"id": "b", "text": "x", "quality": -0.5},
        {"id": "c", "text": "x", "quality": nan},
        {"id": "d", "text": "x", "quality": -0.7},
    )
    assert kept(table, "keep_best_quality") == ["b"]


def test_first_dataset_prefers_the_source_that_begins_first():
    table = keys_table(
        {"id": "a", "text": "only here", "source": "early", "position": 0},
        {"id": "b", "text": "x", "source": "late", "position": 1},
        {"id": "c", "text": "x", "source": "early", "position": 2},
    )
    assert kept(table, "first_dataset") == ["a", "c"]
    assert kept(table, "keep_first") == ["a", "b"]


def test_an_unknown_strategy_names_those_there_are():
    with pytest.raises(UsageError) as error:
        find_exact(keys_table({"id": "a", "text": "x"}), "largest_file")
    assert all(name in error.value.remedy for name in STRATEGIES)
    assert KEEP_STRATEGIES.names() == STRATEGIES


def test_equal_content_with_unequal_strict_hash_is_kept_and_reported():
    table = keys_table({"id": "a", "text": "Same"}, {"id": "b", "text": "same"}, {"id": "c", "text": "other"})
    decisions = find_exact(table, "keep_first")
    assert decisions.column("keep").to_pylist() == [True, True, True]
    assert decisions.column("collision").to_pylist() == [True, True, False]
    found = summary(table, exact_only(table, "keep_first"), 0.85, NOTHING_LEFT)["collisions"]
    assert found == {"records": 2, "content_hashes": 1, "examples": ["a", "b"]}


def test_nothing_in_gives_nothing_out():
    table = keys_table()
    decisions = find_exact(table, "keep_first")
    assert decisions.num_rows == 0
    assert list(clusters_jsonl(table, exact_decisions(table, "keep_first"))) == []
    assert summary(table, exact_only(table, "keep_first"), 0.85, NOTHING_LEFT)["rate_before"] == 0.0


ROW = st.tuples(
    st.integers(0, 6), st.integers(0, 3), st.sampled_from("pqr"), st.none() | st.floats(-1, 1, width=16)
)


@given(st.lists(ROW, max_size=30), st.randoms(use_true_random=False), st.sampled_from(STRATEGIES))
def test_the_survivors_do_not_depend_on_the_order_of_the_rows(rows, random, strategy):
    table = keys_table(
        *(
            {"id": f"r{n}", "text": f"t{text}", "priority": priority, "source": source, "quality": quality}
            for n, (text, priority, source, quality) in enumerate(rows)
        )
    )
    shuffled = table.take(pa.array(random.sample(range(len(rows)), len(rows)), pa.int64()))
    one, other = (find_exact(t, strategy).sort_by("id") for t in (table, shuffled))
    assert one.drop_columns(["kept_row"]).equals(other.drop_columns(["kept_row"]))
    assert pa.compute.sum(one.column("keep")).as_py() in (None, len({text for text, *_ in rows}))
    assert list(clusters_jsonl(table, exact_decisions(table, strategy))) == list(
        clusters_jsonl(shuffled, exact_decisions(shuffled, strategy))
    )


def test_a_cluster_names_its_members_the_kept_one_included():
    table = keys_table(
        {"id": "a", "text": "x"}, {"id": "b", "text": "y"}, {"id": "c", "text": "x", "source": "b"}
    )
    (cluster,) = clusters_jsonl(table, exact_decisions(table, "keep_first"))
    digits = hashlib.sha256(b"x").hexdigest()[:16]
    assert cluster == {
        "cluster": f"exact-{digits}",
        "kind": "exact",
        "kept": "a",
        "members": [
            {"id": "a", "source": "a", "file": "f.jsonl", "row": 0, "similarity": 1.0},
            {"id": "c", "source": "b", "file": "f.jsonl", "row": 2, "similarity": 1.0},
        ],
    }


def test_members_and_removable_records_are_counted_apart():
    texts = ["x", "x", "x", "y", "y", "z"]
    sources = ["p", "q", "q", "q", "q", "p"]
    table = keys_table(
        *(
            {"id": f"r{n}", "text": t, "source": s}
            for n, (t, s) in enumerate(zip(texts, sources, strict=True))
        )
    )
    counts = summary(table, exact_only(table, "keep_first"), 0.85, NOTHING_LEFT)
    assert {
        n: counts[n]
        for n in (
            "rows",
            "unique",
            "groups",
            "members",
            "removable",
            "rate_before",
            "rate_after",
            "by_sources",
            "collisions",
        )
    } == {
        "rows": 6,
        "unique": 3,
        "groups": 2,
        "members": 5,
        "removable": 3,
        "rate_before": 0.5,
        "rate_after": 0.0,
        "by_sources": [
            {"removed": "q", "kept": "p", "kind": "exact", "records": 2},
            {"removed": "q", "kept": "q", "kind": "exact", "records": 1},
        ],
        "collisions": {"records": 0, "content_hashes": 0, "examples": []},
    }


def test_a_million_keys_are_decided_like_a_few():
    rng = np.random.default_rng(5)
    size = 1_000_000
    numbers = rng.integers(0, 700_000, size)
    hashes = pa.array([f"sha256:{n:064x}" for n in range(700_000)]).take(pa.array(numbers))
    position = pa.array(rng.permutation(size))
    ids = pa.compute.cast(position, pa.string())
    same = pa.array(np.zeros(size, dtype=np.int64)).cast(pa.string())
    columns = [ids, same, same, position, position, hashes, hashes, ids, position, position]
    table = pa.table([*columns, pa.nulls(size, pa.float64())], schema=KEYS)
    decisions = find_exact(table, "keep_first")
    assert sum(decisions.column("keep").to_pylist()) == len(np.unique(numbers))
