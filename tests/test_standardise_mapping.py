"""What a registry entry can say: fields, joins, tags, edge-case marks, groups, prompts without replies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pixelated.core.errors import IncompleteError
from pixelated.core.fingerprint import sha256_file
from pixelated.core.source import Fields, Join, Mapping, Source, TagRule
from pixelated.standardise import plan_units, read_unit
from standardise_reading import dialogues, document, lines, pairs, read, records, refusals

ROW = {"a": {"said": "Hm?", "mood": "low"}, "b": ["Yes."], "level": 2, "topic": "sleep"}


def test_dotted_paths_reach_into_objects_and_leave_the_rest_in_the_metadata() -> None:
    mapping = Mapping(fields=Fields(prompt=("a.said",), response=("b.0",)))
    (record,) = records(read("x.json", document([ROW]), mapping))
    assert pairs(record["messages"]) == [("user", "Hm?"), ("assistant", "Yes.")]
    assert record["source_metadata"]["a"] == {"mood": "low"}
    assert record["source_metadata"]["level"] == 2


def test_a_field_that_a_row_lacks_refuses_that_row_only() -> None:
    mapping = Mapping(fields=Fields(prompt=("p",), response=("r",)))
    result = read("x.jsonl", lines({"p": "a", "r": "b"}, {"q": "a", "r": "b"}), mapping)
    assert refusals(result) == [(1, "field_missing")]
    assert len(dialogues(result)) == 1


@pytest.mark.parametrize(
    "shape", ["messages", "pair", "preference", "convai", "chatml", "transcript", "text"]
)
def test_a_shape_that_rows_do_not_have_refuses_them_and_raises_nothing(shape: Any) -> None:
    result = read("x.jsonl", lines({"n": 1}, {"n": None}), Mapping(shape=shape))
    assert [row for row, _ in refusals(result)] == [0, 1]


def test_prompts_without_a_reply_are_kept_where_they_are_wanted() -> None:
    data = lines({"id": "q1", "prompt": "How?"}, {"messages": [{"role": "user", "content": "Why?"}]})
    assert [reason for _, reason in refusals(read("x.jsonl", data))] == ["no_reply", "no_reply"]
    assert dialogues(read("x.jsonl", data, Mapping(prompt_only=True))) == [
        [("user", "How?")],
        [("user", "Why?")],
    ]


def test_html_is_passed_on_to_the_cleaning_step() -> None:
    (record,) = records(read("x.jsonl", lines({"prompt": "a", "response": "b"}), Mapping(html=True)))
    assert record["provenance"]["transforms"] == ["standardise@2", "html"]


def test_what_the_registry_says_about_a_source_stands_in_every_record() -> None:
    given = {
        "families": ("cptsd", "addiction"), "tier": 2, "origin": "synthetic", "license": "MIT",
        "uri": "https://example.org/set", "retrieved_at": "2024-05-01",
    }  # fmt: skip
    (record,) = records(read("x.jsonl", lines({"prompt": "a", "response": "b"}), **given))
    assert record["families"] == ["cptsd", "addiction"]
    assert (record["tier"], record["origin"], record["license"]) == (2, "synthetic", "MIT")
    assert record["provenance"]["uri"] == "https://example.org/set"
    assert record["provenance"]["retrieved_at"] == "2024-05-01"


TAGS = ["is_training_edge_case", "is_edge_case", "allow_crisis_override"]


@pytest.mark.parametrize("name", TAGS)
@pytest.mark.parametrize("value", [True, "true", "1", 1])
def test_every_name_of_the_edge_case_tag_is_one_column(name: str, value: object) -> None:
    row = {"prompt": "a", "response": "b", name: value, "difficulty_level": "high"}
    (record,) = records(read("x.jsonl", lines(row), edge_bypass=True))
    assert record["is_training_edge_case"] is True
    assert record["difficulty"] == "high"
    assert record["source_metadata"] == {}
    (inside,) = records(
        read("x.jsonl", lines({"prompt": "a", "response": "b", "metadata": {name: value}}), edge_bypass=True)
    )
    assert inside["is_training_edge_case"] is True


def test_a_tag_of_a_source_without_the_grant_is_refused_and_counted() -> None:
    data = lines({"prompt": "a", "response": "b", "is_edge_case": True}, {"prompt": "c", "response": "d"})
    result = read("x.jsonl", data)
    assert [r["is_training_edge_case"] for r in records(result)] == [False, False]
    assert result.measured["edge_tags_refused"] == 1


def test_fields_of_the_registry_name_category_difficulty_and_tag() -> None:
    fields = Fields(prompt=("p",), response=("r",), edge_case="hard", edge_category="cat", difficulty="lvl")
    row = {"p": "a", "r": "b", "hard": "yes", "cat": "suicidality", "lvl": 3}
    (record,) = records(read("x.jsonl", lines(row), Mapping(fields=fields), edge_bypass=True))
    assert record["is_training_edge_case"] is True
    assert (record["edge_category"], record["difficulty"]) == ("suicidality", "3")


def test_tag_rules_compare_as_text() -> None:
    rules = (TagRule("label", ("Unsafe", "2"), "unsafe"), TagRule("topic", ("sleep",), "sleep"))
    rows = [
        {"prompt": "a", "response": "b", "label": label, "topic": "sleep"} for label in ("Unsafe", "Safe", 2)
    ]
    got = records(read("x.jsonl", lines(*rows), Mapping(tags=rules)))
    assert [r["tags"] for r in got] == [["sleep", "unsafe"], ["sleep"], ["sleep", "unsafe"]]


def groups(rows: list[dict[str, object]], **fields: Any) -> list[str]:
    return [r["group_key"] for r in records(read("x.jsonl", lines(*rows), **fields))]


def test_groups_are_named_sniffed_or_the_prompt_and_show_no_name() -> None:
    rows: list[dict[str, object]] = [
        {"prompt": "a", "response": "b", "author": "Mary Moore", "n": 1},
        {"prompt": "c", "response": "d", "author": "Mary Moore", "n": 2},
        {"prompt": "A ", "response": "e", "author": "[deleted]", "n": 1},
        {"prompt": "a", "response": "f", "author": None, "n": 3},
    ]
    sniffed = groups(rows)
    assert sniffed[0] == sniffed[1] != sniffed[2]
    assert sniffed[2] == sniffed[3]  # the same question, white space and case aside
    assert "Mary" not in "".join(sniffed)
    by_n = groups(rows, group_by=("n",))
    assert by_n[0] == by_n[2] != by_n[1]
    assert len(set(groups(rows, group_by=("@file",)))) == 1
    assert all(key.startswith("s:") and len(key) == 18 for key in sniffed)


def test_a_row_without_the_named_group_is_refused() -> None:
    result = read("x.jsonl", lines({"prompt": "a", "response": "b"}), group_by=("video",))
    assert refusals(result) == [(0, "group_missing")]


def joined_source(tmp_path: Path, main: str, other: str, **mapping: Any) -> Source:
    (tmp_path / "main.csv").write_text(main)
    (tmp_path / "other.csv").write_text(other)
    join = Join("other.csv", ("id",), {"level": "other_level"})
    fields = Fields(prompt=("p",), response=("r",))
    return Source(id="s", files=("main.csv",), mapping=Mapping(fields=fields, joins=(join,), **mapping))


def test_a_join_brings_the_kth_row_of_a_key_to_the_kth(tmp_path: Path) -> None:
    main = "id,p,r\nx,a,b\ny,c,d\nx,e,f\nz,g,h\n"
    other = "id,level\ny,1\nx,2\nx,3\n"
    rule = TagRule("other_level", ("3",), "three")
    source = joined_source(tmp_path, main, other, tags=(rule,))
    (unit,) = plan_units(source, tmp_path, 10, sha256_file)
    result = read_unit(source, tmp_path, unit)
    got = records(result)
    assert [r["source_metadata"]["other_level"] for r in got] == ["2", "1", "3", None]
    assert got[2]["tags"] == ["three"]
    assert result.measured["join_missed"] == 1
    assert unit.joined == (("other.csv", sha256_file(tmp_path / "other.csv")),)


def test_a_join_whose_fields_are_not_there_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    source = joined_source(tmp_path, "id,p,r\nx,a,b\n", "key,level\nx,1\n")
    (unit,) = plan_units(source, tmp_path, 10, sha256_file)
    with pytest.raises(IncompleteError, match=r"other\.csv"):
        read_unit(source, tmp_path, unit)


def test_quarantine_says_where_and_why_and_keeps_the_text_private() -> None:
    result = read("x.jsonl", lines({"prompt": "a secret"}, {"prompt": "b", "response": "c"}))
    assert result.quarantined is not None
    (row,) = result.quarantined.to_pylist()
    assert (row["file"], row["row"], row["reason"], row["raw_rows"]) == ("x.jsonl", 0, "no_reply", 1)
    assert "secret" in row["text"]
    assert "secret" not in row["detail"]
