"""Splits that stay: data is added and nobody moves unless a group or a holdout forces it, which is reported."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelated.core.errors import UsageError
from pixelated.curate.components import components
from pixelated.curate.history import History, read_history, remember, write_history
from pixelated.curate.policy import Holdout
from pixelated.curate.split import Split, assign

RATIO = {"train": 0.9, "val": 0.05, "test": 0.05}
HELD = {"sarcasm": Holdout("full", "why"), "voice_persona": Holdout("partial", "why", 0.2)}
FAMILIES = ("addiction", "cptsd", "sarcasm", "voice_persona")
Row = tuple[str, str, str | None, list[str], str]  # id, group, near cluster, families, stage


def table(rows: list[Row]) -> pa.Table:
    ids, groups, near, families, stages = (list(c) for c in zip(*rows, strict=True))
    return pa.table(
        {
            "id": pa.array(ids),
            "group_key": pa.array(groups, pa.string()),
            "near_cluster": pa.array(near, pa.string()),
            "strict_hash": pa.array([f"s-{i}" for i in ids]),
            "content_hash": pa.array([f"c-{i}" for i in ids]),
            "families": pa.array(families, pa.list_(pa.string())),
            "stage": pa.array(stages),
        }
    )


def rows_of(rng: random.Random, count: int, groups: int, start: int = 0) -> list[Row]:
    """Return rows in random groups; some groups are linked by a near cluster, one group has one family."""
    out = list[Row]()
    for i in range(start, start + count):
        group = int(groups * rng.random() ** 2)
        near = f"n{rng.randrange(groups)}" if rng.random() < 0.05 else None
        families = [FAMILIES[group % 4]] if group % 4 < 2 or group % 3 == 0 else ["addiction"]
        out.append((f"r{i}", f"g{group}", near, families, f"stage{group % 3}"))
    return out


def splits(rows: list[Row], split: Split) -> dict[str, str]:
    return dict(zip([r[0] for r in rows], split.column.to_pylist(), strict=True))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(40, 400), st.integers(5, 200))
def test_adding_a_tenth_moves_nobody_who_is_not_forced(seed: int, count: int, groups: int) -> None:
    rng = random.Random(seed)
    old = rows_of(rng, count, groups)
    first = assign(table(old), RATIO, HELD, 3)
    history = remember(None, table(old), first.column, 3, RATIO)
    both = old + rows_of(rng, max(1, count // 10), groups + groups // 10, start=count)
    rng.shuffle(both)
    keys = table(both)
    second = assign(keys, RATIO, HELD, 3, history)
    before, after = splits(old, first), splits(both, second)
    moved = {i for i in before if after[i] != before[i]}
    assert moved == {m["id"] for m in second.moved if m["id"] in before}
    # every move is one that a record of the same component, or a holdout, forces
    labels = components(keys).tolist()
    part_of = {row[0]: labels[i] for i, row in enumerate(both)}
    held = {part_of[r[0]] for r in both if set(r[3]) & set(HELD)}
    for name in moved:
        mates = {before[i] for i in before if part_of[i] == part_of[name]}
        assert len(mates) > 1 or part_of[name] in held, name
        assert after[name] != "test" or part_of[name] in held, "what was trained on is tested on"
    assert len({(part_of[i], s) for i, s in after.items()}) == len(set(labels)), "a component is cut"


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_the_same_data_again_gives_the_same_splits_in_any_order(seed: int) -> None:
    rng = random.Random(seed)
    rows = rows_of(rng, 300, 120)
    first = assign(table(rows), RATIO, HELD, 3)
    history = remember(None, table(rows), first.column, 3, RATIO)
    mixed = rng.sample(rows, len(rows))
    again = assign(table(mixed), RATIO, HELD, 3)
    kept = assign(table(mixed), RATIO, HELD, 3, history)
    assert splits(mixed, again) == splits(mixed, kept) == splits(rows, first)
    assert again.summary["shares"] == first.summary["shares"]
    assert again.holdouts == kept.holdouts == first.holdouts
    assert kept.moved == []
    assert kept.summary["history"]["kept"] == 300


def pair(link: str | None) -> list[Row]:
    return [
        ("a", "ga", link, ["addiction"], "x"),
        ("b", "gb", link, ["addiction"], "x"),
        ("c", "gb", None, ["addiction"], "x"),
        ("d", "gd", None, ["addiction"], "x"),
    ]


def past(**by_id: str) -> History:
    keys = table(pair(None)).slice(0, len(by_id))
    return remember(None, keys, pa.array(list(by_id.values())), 3, RATIO)


def test_a_linked_group_moves_whole_and_is_reported() -> None:
    result = assign(table(pair("n1")), RATIO, {}, 3, past(a="train", b="test", c="test", d="val"))
    assert splits(pair("n1"), result) == {"a": "train", "b": "train", "c": "train", "d": "val"}
    assert [(m["id"], m["group_key"], m["from"], m["to"]) for m in result.moved] == [
        ("b", "gb", "test", "train"),
        ("c", "gb", "test", "train"),
    ]
    assert "linked with records of train" in result.moved[0]["why"]
    assert result.summary["history"]["moved_with_their_group"] == 2


def test_val_joins_test_in_val_because_it_was_tuned_on() -> None:
    result = assign(table(pair("n1")), RATIO, {}, 3, past(a="val", b="test", c="test", d="train"))
    assert splits(pair("n1"), result)["b"] == "val"


def test_a_new_holdout_moves_to_test_and_says_so() -> None:
    rows = pair(None)
    holdouts = {"addiction": Holdout("full", "why")}
    result = assign(table(rows), RATIO, holdouts, 3, past(a="train", b="train", c="train", d="test"))
    assert set(splits(rows, result).values()) == {"test"}
    assert [m["id"] for m in result.moved] == ["a", "b", "c"]
    assert {m["why"] for m in result.moved} == {"holdout of addiction"}


def test_a_partial_holdout_grows_by_new_groups_and_takes_none_from_train() -> None:
    rows: list[Row] = [(f"r{i}", f"g{i}", None, ["voice_persona"], "x") for i in range(200)]
    holdouts = {"voice_persona": Holdout("partial", "why", 0.2)}
    first = assign(table(rows[:100]), RATIO, holdouts, 3)
    history = remember(None, table(rows[:100]), first.column, 3, RATIO)
    second = assign(table(rows), RATIO, holdouts, 3, history)
    before, after = first.holdouts["voice_persona"], second.holdouts["voice_persona"]
    assert set(before["test_groups"]) <= set(after["test_groups"])
    assert (len(before["test_groups"]), len(after["test_groups"])) == (20, 40)
    assert second.moved == []


def test_a_record_is_known_by_text_and_by_group_when_ids_change() -> None:
    history = past(a="test", b="val", c="val", d="train")
    rows: list[Row] = [("new1", "gz", None, ["addiction"], "x"), ("new2", "gb", None, ["addiction"], "x")]
    keys = table(rows).set_column(3, "strict_hash", pa.array(["s-a", "s-new"]))
    assert assign(keys, RATIO, {}, 3, history).column.to_pylist() == ["test", "val"]


@pytest.mark.parametrize(("seed", "ratio"), [(4, RATIO), (3, {"train": 0.8, "val": 0.1, "test": 0.1})])
def test_another_seed_or_ratio_starts_anew_and_says_so(seed: int, ratio: dict[str, float]) -> None:
    rows: list[Row] = [(f"r{i}", f"g{i}", None, ["addiction"], "x") for i in range(400)]
    keys = table(rows)
    history = remember(None, keys, pa.array(["train"] * 400), 3, RATIO)
    result = assign(keys, ratio, {}, seed, history)
    assert result.column == assign(keys, ratio, {}, seed).column
    assert result.summary["history"]["used"] is False
    assert result.summary["history"]["not_used_because"]


def test_records_that_are_gone_for_a_run_find_their_split_again() -> None:
    history = past(a="test", b="val", c="val", d="train")
    fewer = table(pair(None)).slice(3)
    history = remember(history, fewer, pa.array(["train"]), 3, RATIO)
    back = assign(table(pair(None)), RATIO, {}, 3, history)
    assert back.column.to_pylist() == ["test", "val", "val", "train"]


def test_a_group_that_moved_takes_absent_members_along() -> None:
    history = past(a="test", b="val", c="val", d="train")
    moved = table(pair(None)).slice(1, 1)
    history = remember(history, moved, pa.array(["train"]), 3, RATIO)
    assert dict(zip(*(history.table.column(n).to_pylist() for n in ("id", "split")), strict=True)) == {
        "a": "test",
        "b": "train",
        "c": "train",
        "d": "train",
    }


def test_a_history_survives_its_file(tmp_path: Path) -> None:
    history = past(a="test", b="val", c="val", d="train")
    stream = io.BytesIO()
    write_history(history, stream)
    path = tmp_path / "splits.parquet"
    path.write_bytes(stream.getvalue())
    assert read_history(str(path)) == history


@pytest.mark.parametrize("content", [b"", b"PAR1 and no more"])
def test_a_damaged_history_is_a_usage_error_and_not_an_empty_one(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "splits.parquet"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"splits\.parquet"):
        read_history(str(path))


def test_a_history_with_an_unknown_split_is_refused(tmp_path: Path) -> None:
    stream = io.BytesIO()
    write_history(past(a="tset", b="val"), stream)
    path = tmp_path / "splits.parquet"
    path.write_bytes(stream.getvalue())
    with pytest.raises(UsageError, match="none of train, val and test"):
        read_history(str(path))
