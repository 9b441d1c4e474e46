"""Behaviours of therapists, MI quality and fidelity on sessions written for these tests."""

import pytest

from pixelated.score import score_messages
from pixelated.score._behaviours import behaviour
from pixelated.score.dialogue import Dialogue, Turn
from pixelated.score.heads import fit
from pixelated.score.mi_quality import mi_quality, sample
from pixelated.score.targets import TARGETS

GOOD = (
    "I know the wine in the evening has crept up on me.",
    "So you've noticed that it is more than you want. What do you like about the wine?",
    "It ends the day. Without it the evening has no edge.",
    "It sounds like the glass is what closes the door behind your work.",
    "Yes. And my daughter sees it.",
    "You want her to see something else. It's up to you what that would be.",
    "Maybe a walk.",
    "That's great. Where would a walk fit in?",
)
BAD = (
    "I know the wine in the evening has crept up on me.",
    "You have to stop drinking. If you don't, you will end up with a bad liver.",
    "It ends the day.",
    "That's an excuse. You should go to a group.",
    "I don't like groups.",
    "You need to listen. You must quit this week, and you should throw out the bottles.",
    "Hm.",
    "Don't you care about your daughter? You've got to do it for her.",
)


def chat(*turns):
    return [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(turns)]


@pytest.mark.parametrize("name", ["mi_quality", "therapeutic_fidelity"])
def test_a_session_that_evokes_is_above_one_that_orders(name):
    good, bad = score_messages(name, chat(*GOOD)), score_messages(name, chat(*BAD))
    assert good.value > 0.65
    assert bad.value < 0.4
    assert bad.reason == "inconsistent"
    assert set(bad.turns) == {1, 3, 5, 7}


def test_a_short_session_stays_nearer_to_the_middle():
    short, long = chat(*BAD[:6]), chat(*BAD, *BAD, *BAD)
    middle = [abs(score_messages("mi_quality", messages).value - 0.5) for messages in (short, long)]
    assert middle[0] < middle[1]


@pytest.mark.parametrize(
    ("client", "text", "main", "code"),
    [
        ("It was a bad week.", "What made it bad?", "question", "open_question"),
        ("It was a bad week.", "Did you sleep?", "question", "closed_question"),
        ("It was a bad week.", "Tell me more about the week.", "question", "open_question"),
        ("It was a bad week.", "It sounds like you are worn out.", "reflection", "reflection"),
        ("My boss shouted again.", "Your boss shouted, and there you were.", "reflection", "reflection"),
        ("I smoke.", "Studies show that the patch doubles the chance.", "therapist_input", "inform"),
        ("I smoke.", "You should use the patch.", "therapist_input", "advise"),
        ("I smoke.", "Mm-hmm, okay.", "other", None),
    ],
)
def test_a_turn_has_the_behaviour_that_its_wording_and_build_say(client, text, main, code):
    found = behaviour(Turn("assistant", text), Turn("user", client))
    assert found.main == main
    assert code is None or code in found.codes


def test_advice_after_asking_leave_is_not_inconsistent():
    asked = behaviour(Turn("assistant", "If it's okay with you, you could try the patch."), None)
    unasked = behaviour(Turn("assistant", "You could try the patch."), None)
    assert "advise" not in asked.codes
    assert "advise" in unasked.codes


@pytest.mark.parametrize("name", ["mi_quality", "therapeutic_fidelity"])
@pytest.mark.parametrize(
    "messages",
    [
        chat("I smoke too much and I know it."),
        chat("I smoke too much.", "Mm-hmm."),
        chat("Ich rauche zu viel und weiß es auch.", "Das klingt, als ob Sie es ändern wollen."),
    ],
)
def test_what_cannot_be_judged_is_null(name, messages):
    assert score_messages(name, messages).value is None


def test_a_session_of_two_therapist_turns_has_no_mi_quality_and_has_fidelity():
    assert score_messages("mi_quality", chat(*GOOD[:4])).reason == "too_few_turns"
    assert score_messages("therapeutic_fidelity", chat(*GOOD[:2])).value > 0.6


def test_a_reply_that_takes_up_and_asks_has_more_fidelity_than_a_lecture():
    client = "My sister does not speak to me since the funeral."
    lecture = (
        "You should write her a letter. You need to apologize. You have to make the first step, and soon."
    )
    taken = "Since the funeral your sister keeps silent, and you miss her. What would you want her to know?"
    assert score_messages("therapeutic_fidelity", chat(client, taken)).value > 0.7
    assert score_messages("therapeutic_fidelity", chat(client, lecture)).value < 0.45


def test_a_fitted_head_of_behaviours_decides_the_value():
    rows = [("You hear {} again.", "reflection"), ("Take {} with water.", "therapist_input")]
    labelled = [
        (sample(Dialogue(chat("I smoke.", text.format(f"the bell {n}"))), 1), label)
        for text, label in rows
        for n in range(20)
    ]
    target = TARGETS.get("mi_quality/behaviour")
    head = fit(
        "mi_quality/behaviour", [s for s, _ in labelled], [label for _, label in labelled], target.plan
    )
    scorer = mi_quality(heads={"mi_quality/behaviour": head})
    reflections = ["I smoke.", "You hear the bell 3 again."] * 4
    advice = ["I smoke.", "Take the bell 3 with water."] * 4
    assert scorer(Dialogue(chat(*reflections))).value > 0.55 > scorer(Dialogue(chat(*advice))).value


def test_a_question_is_no_advice_unless_it_suggests():
    evokes = behaviour(Turn("assistant", "What do you think you should do?"), None)
    suggests = behaviour(Turn("assistant", "Why don't you use the patch?"), None)
    assert "advise" not in evokes.codes
    assert "direct" not in evokes.codes
    assert "open_question" in evokes.codes
    assert "advise" in suggests.codes
