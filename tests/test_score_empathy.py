"""Empathy on replies written for these tests: order, levels, abstaining, evidence."""

import pytest

from pixelated.score import score_messages
from pixelated.score.dialogue import Dialogue, Turn
from pixelated.score.empathy import LEVELS, empathy, levels, sample
from pixelated.score.heads import fit
from pixelated.score.targets import TARGETS

CLIENT = "My brother moved out last week and the flat is so quiet that I sleep with the radio on."
WARM = (
    "I'm so sorry, that must be lonely after all those years. It makes sense that you miss him, given how close "
    "you were. What goes through your mind when the evening starts?"
)
COLD = "Buy a second radio. Noise covers silence."


def chat(*turns):
    return [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(turns)]


def parts(reply):
    return score_messages("empathy", chat(CLIENT, reply)).parts


def test_a_warm_reply_that_understands_and_asks_is_above_a_cold_one():
    warm = score_messages("empathy", chat(CLIENT, WARM))
    cold = score_messages("empathy", chat(CLIENT, COLD))
    assert warm.value > 0.85
    assert cold.value < 0.15
    assert (warm.turns, cold.turns) == ((1,), ())


def test_the_value_is_the_weighted_mean_of_the_four_parts():
    score = score_messages("empathy", chat(CLIENT, "I'm sorry to hear that. What happened?"))
    assert set(score.parts) == {"emotional_reaction", "interpretation", "exploration", "validation"}
    weighted = [0.30, 0.30, 0.25, 0.15]
    assert score.value == pytest.approx(
        sum(w * v for w, v in zip(weighted, score.parts.values(), strict=True))
    )


@pytest.mark.parametrize(
    ("reply", "part", "level"),
    [
        ("Sorry to hear that.", "emotional_reaction", 1),
        ("Everything will be fine, hang in there.", "emotional_reaction", 1),
        ("My heart breaks for you.", "emotional_reaction", 2),
        ("I feel really sad for you.", "emotional_reaction", 2),
        ("The bus leaves at nine.", "emotional_reaction", 0),
        ("I understand how you feel.", "interpretation", 1),
        ("This must be terrifying.", "interpretation", 2),
        ("I went through the same with my sister.", "interpretation", 2),
        ("Call the landlord on Monday.", "interpretation", 0),
        ("What happened?", "exploration", 1),
        ("Do you want to talk about it?", "exploration", 1),
        ("Are you feeling alone right now?", "exploration", 2),
        ("What was it like for you to come home to the empty room?", "exploration", 2),
        ("How long have you been living there on your own", "exploration", 2),
        ("Why don't you get a cat?", "exploration", 0),
        ("Who cares, right?", "exploration", 0),
        ("That makes sense.", "validation", 1),
        ("It makes sense that you feel this way, given what you lost.", "validation", 2),
        ("Write a list.", "validation", 0),
    ],
)
def test_a_reply_has_the_level_of_the_definitions(reply, part, level):
    assert levels(Turn("assistant", reply))[part] == level


def test_a_dismissal_is_no_warmth_and_no_validation():
    found = parts("Get over it, others have it worse. Everything will be fine.")
    assert found["emotional_reaction"] == found["validation"] == 0


def test_a_salad_of_keywords_is_no_empathy():
    assert (
        score_messages("empathy", chat(CLIENT, "empathy validation feelings trauma support healing")).value
        < 0.2
    )


def test_a_long_conversation_is_not_punished_for_short_signals():
    turns = [CLIENT, WARM] + ["It is.", "Mm-hmm.", "And the nights.", "What are the nights like for you?"] * 2
    assert score_messages("empathy", chat(*turns)).value > 0.5


@pytest.mark.parametrize(
    ("turns", "reason"),
    [
        ((CLIENT,), "no_therapist_turn"),
        ((CLIENT, ""), "too_short"),
        ((CLIENT, "Mm-hmm."), "too_short"),
        (
            ("Ich habe große Angst vor der Prüfung.", "Das klingt schwer. Seit wann ist das so?"),
            "not_english",
        ),
    ],
)
def test_what_cannot_be_judged_is_null(turns, reason):
    score = score_messages("empathy", chat(*turns))
    assert (score.value, score.reason) == (None, reason)


def test_a_fitted_head_decides_its_part():
    target = TARGETS.get("empathy/exploration")
    replies = {"0": "Buy a radio, number {}.", "2": "What do you feel at {}?"}
    rows = [(sample_of(text.format(n)), level) for level, text in replies.items() for n in range(20)]
    head = fit("empathy/exploration", [s for s, _ in rows], [level for _, level in rows], target.plan)
    fitted = empathy(heads={"exploration": head})
    high = fitted(Dialogue(chat(CLIENT, "What do you feel at noon?"))).parts["exploration"]
    low = fitted(Dialogue(chat(CLIENT, "Buy a radio, number 4."))).parts["exploration"]
    assert low < 0.3
    assert high > 0.7


def sample_of(reply):
    return sample(Dialogue(chat(CLIENT, reply)), 1)


def test_the_targets_are_the_three_mechanisms_of_the_paper():
    names = [name for name in TARGETS.names() if name.startswith("empathy/")]
    assert names == ["empathy/emotional_reaction", "empathy/exploration", "empathy/interpretation"]
    assert {TARGETS.get(name).classes for name in names} == {LEVELS}
