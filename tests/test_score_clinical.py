"""Claims on diagnoses against the table of facts."""

import pytest

from claims_clinical import NO_CLAIM, RIGHT, WRONG
from pixelated.core.presets import load_preset
from pixelated.score import score_messages

KEYS = {
    *("names", "lasts", "symptoms", "onset", "adult", "weekly", "onset_after", "ends_after", "right", "wrong")
}
CLIENT = {"role": "user", "content": "Can you tell me what the diagnosis means?"}


def judged(text):
    return score_messages("clinical_accuracy", [CLIENT, {"role": "assistant", "content": text}])


@pytest.mark.parametrize("text", RIGHT)
def test_a_right_claim_agrees(text):
    assert judged(text).value == 1, judged(text)


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_claim_contradicts_and_is_named(text):
    score = judged(text)
    assert score.value is not None
    assert score.value < 1
    assert score.reason.startswith("contradicts_")
    assert (score.turns, 0.0 in score.parts.values()) == ((1,), True)


@pytest.mark.parametrize("text", NO_CLAIM)
def test_what_claims_nothing_is_null(text):
    assert (judged(text).value, judged(text).reason) == (None, "no_checkable_claim")


def test_the_value_is_the_share_of_claims_that_agree():
    score = judged(f"{RIGHT[0]} {RIGHT[4]} {WRONG[12]} {WRONG[16]}")
    assert score.value == 0.5
    assert score.parts["mania duration"] == 0
    assert score.parts["generalized_anxiety duration"] == 1


def test_what_the_client_claims_is_not_judged():
    messages = [{"role": "user", "content": WRONG[0]}, {"role": "assistant", "content": "Who told you that?"}]
    assert score_messages("clinical_accuracy", messages).value is None


def test_every_line_of_the_table_can_be_read():
    for facts in load_preset("score", "diagnoses").values():
        assert facts["names"]
        assert set(facts) <= KEYS
