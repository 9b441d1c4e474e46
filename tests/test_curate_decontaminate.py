"""Evaluation texts are found in training data as copies, inside longer texts, shortened, re-tokenised."""

from __future__ import annotations

import re
import unicodedata

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelated.curate.decontaminate import EvaluationIndex, build_index, match_texts, matching_ids

PROMPT = (
    "Every night at about three I wake up and go through the whole conversation with my brother again, "
    "and by the time it is light I have lost the argument twice and slept for perhaps an hour."
)
OTHER = (
    "My manager moved the meeting for the third time and I heard myself say that it was no problem, "
    "which is what I say about everything until I am crying in the car park behind the office."
)


@pytest.fixture
def index():
    return build_index({"golden": [PROMPT, "What would you do tonight instead?"]}, 13, 0.5)


def matches(index: EvaluationIndex, text: str) -> bool:
    """Match one text among others, so that windows over a border would show."""
    around = ["Good evening.", text, OTHER]
    return 1 in match_texts(around, index)


@pytest.mark.parametrize(
    "text",
    [
        PROMPT,
        f"Thank you for seeing me. {PROMPT} That is all, really.",
        PROMPT.lower().replace(",", " ,").replace("'", " ' "),
        PROMPT[: len(PROMPT) * 2 // 3],
        "what would you do   tonight, instead",
    ],
)
def test_a_copy_is_found_however_it_was_changed(index, text: str) -> None:
    assert matches(index, text)


@pytest.mark.parametrize("text", [OTHER, "", "Yes.", "What would you do?", " ".join(PROMPT.split()[:12])])
def test_another_text_is_not_a_match(index, text: str) -> None:
    assert not matches(index, text)


def test_one_shared_sentence_in_a_long_text_is_no_match() -> None:
    helpline = "If you are thinking about ending your life, please call or text 988 at any time of the day."
    evaluation = f"{helpline} {PROMPT} {PROMPT[::-1]}"
    index = build_index({"e": [evaluation]}, 13, 0.5)
    long_text = f"{OTHER} {helpline} {OTHER[::-1]} and nothing else is shared between the two texts here"
    assert not matches(index, long_text)


def test_an_empty_index_matches_nothing() -> None:
    assert not matches(build_index({}, 13, 0.5), PROMPT)


def record_table(*records: list[tuple[str, str]]) -> pa.Table:
    turn = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
    messages = [[{"role": r, "content": c} for r, c in turns] for turns in records]
    none = [None] * len(records)
    return pa.table(
        {
            "id": pa.array([f"r{i}" for i in range(len(records))]),
            "messages": pa.array(messages, turn),
            "chosen": pa.array(none, turn),
            "rejected": pa.array([*none[:-1], [{"role": "assistant", "content": OTHER}]], turn),
        }
    )


def test_an_evaluation_text_cut_over_several_turns_is_found(index) -> None:
    words = PROMPT.split()
    thirds = [" ".join(words[i : i + 12]) for i in range(0, len(words), 12)]
    assert not any(matches(index, part) for part in thirds), "each turn alone holds too little"
    table = record_table(
        [("user", thirds[0]), ("user", thirds[1]), ("user", thirds[2])],
        [("user", thirds[0]), ("assistant", OTHER), ("user", thirds[1])],
        [("user", OTHER)],
    )
    assert matching_ids(table, index) == {"golden": ["r0"]}


def test_a_system_prompt_is_no_match_and_rejected_answers_are() -> None:
    index = build_index({"e": [OTHER]}, 13, 0.5)
    table = record_table([("system", OTHER), ("user", "Hello there.")], [("user", "What now?")])
    assert matching_ids(table, index) == {"e": ["r1"]}


def plain_matches(text: str, evaluation: str, n: int, containment: float) -> bool:
    words = [re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", t).casefold()) for t in (text, evaluation)]
    if len(words[1]) < n:
        return len(words[1]) >= 5 and words[0] == words[1]
    grams = [{tuple(w[i : i + n]) for i in range(len(w) - n + 1)} for w in words]
    shared = len(grams[0] & grams[1])
    return shared > 0 and shared >= containment * min(map(len, grams))


TEXT = st.lists(st.sampled_from(["a", "b", "Ça", "d.", "—", "x_y", "\u00a0"]), max_size=14).map(" ".join)


@settings(max_examples=150, deadline=None)
@given(st.lists(TEXT, min_size=1, max_size=6), st.lists(TEXT, min_size=1, max_size=4))
def test_matches_are_those_of_a_plain_comparison(texts: list[str], evaluation: list[str]) -> None:
    names = {f"e{i}": [text] for i, text in enumerate(evaluation)}
    found = match_texts(texts, build_index(names, 3, 0.5))
    for number, text in enumerate(texts):
        wanted = {n for n, (e,) in names.items() if plain_matches(text, e, 3, 0.5)}
        assert found.get(number, set()) == wanted, (text, evaluation)
