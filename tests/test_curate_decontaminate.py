"""Evaluation texts are found in training data as copies, inside longer texts, shortened, re-tokenised."""

from __future__ import annotations

import pytest

from pixelated.curate.decontaminate import EvaluationIndex, build_index, match_texts

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
