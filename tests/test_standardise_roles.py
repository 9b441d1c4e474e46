"""Roles: one table, overridden per source, and no guess."""

from __future__ import annotations

import pytest

from pixelated.core.source import Fields, Mapping
from pixelated.standardise.roles import assign, lookup
from pixelated.standardise.rows import RefusedError
from standardise_reading import dialogues, lines, read, refusals


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("client", "user"),
        ("PATIENT:", "user"),
        ("Seeker", "user"),
        ("usr", "user"),
        ("<HUMAN>", "user"),
        ("P", "user"),
        ("P12", "user"),
        ("Client 2", "user"),
        ("Patient (Ann)", "user"),
        ("Therapist", "assistant"),
        ("**Counsellor**", "assistant"),
        ("supporter", "assistant"),
        ("sys", "assistant"),
        ("gpt", "assistant"),
        ("T1", "assistant"),
        ("Dr. Moore", "assistant"),
        ("system", "system"),
        ("speaker 1", None),
        ("A", None),
        ("Q", None),
        ("C", None),
        ("Interviewer", None),
        ("Mary Moore", None),
        ("", None),
        (None, None),
        (True, None),
        (1, None),
        ("x" * 500, None),
    ],
)
def test_the_table_knows_roles_in_any_spelling_and_guesses_none(name: object, role: str | None) -> None:
    assert lookup(name, (), {}) == role


def test_a_letter_may_mean_a_role_beside_another_letter() -> None:
    assert assign(["T", "C"], {}) == {"T": "assistant", "C": "user"}
    with pytest.raises(RefusedError) as error:
        assign(["P", "C"], {})  # client or counsellor?
    assert error.value.reason == "roles_unknown"


def test_the_reason_names_numbers_and_no_speaker() -> None:
    with pytest.raises(RefusedError) as error:
        assign(["Mary Moore", "client"], {})
    assert "1 of 2" in error.value.detail
    assert "Mary" not in error.value.detail


def test_a_source_overrides_any_entry_and_may_skip_a_speaker() -> None:
    turns = [
        {"speaker": "sys", "text": "Q"},
        {"speaker": "usr", "text": "A"},
        {"speaker": "Break", "text": "Ad"},
    ]
    mapping = Mapping(roles={"SYS": "user", "usr": "assistant", "break": "skip"})
    result = read("a.jsonl", lines({"dialog": turns}), mapping)
    assert dialogues(result) == [[("user", "Q"), ("assistant", "A")]]
    assert result.measured["skipped_turns"] == 1


def test_a_role_reversed_source_comes_out_with_the_client_as_user() -> None:
    row = {"prompt": "What brings you here?", "response": "I am lost."}
    result = read("a.jsonl", lines(row), Mapping(role_reversed=True))
    assert dialogues(result) == [[("assistant", "What brings you here?"), ("user", "I am lost.")]]


def test_texts_alternate_only_where_the_source_says_so() -> None:
    data = lines({"dialog": ["a", "b", "c"]})
    assert refusals(read("a.jsonl", data)) == [(0, "roles_unknown")]
    mapping = Mapping(fields=Fields(messages="dialog"), roles={"0": "assistant", "1": "user"})
    assert dialogues(read("a.jsonl", data, mapping)) == [
        [("assistant", "a"), ("user", "b"), ("assistant", "c")]
    ]
