"""`preference_quality`: pairs that differ in what they say above pairs made by cutting or by length."""

import json

import pytest

from pixelated.score import Dialogue, build_scorers, score_file

ASKED = {"role": "user", "content": "I can't face my team after what I said."}
GOOD = "You wish you could take it back. What do you think they heard when you said it?"
OTHER = "Everybody says stupid things. Just send them cookies and move on with your day."


def judged(chosen, rejected):
    (scorer,) = build_scorers(["preference_quality"])
    pair = ({"role": "assistant", "content": text} for text in (chosen, rejected))
    first, second = pair
    return scorer(Dialogue([ASKED, first], [second]))


@pytest.mark.parametrize("rejected", [GOOD, GOOD[:40] + "...", GOOD[:30], GOOD.upper()])
def test_a_copy_and_a_cut_answer_make_no_pair(rejected):
    assert judged(GOOD, rejected).value == 0.0


def test_two_different_answers_score_above_one_answer_with_words_added():
    longer = f"{GOOD} And what do you wish they had heard, when you think of it?"
    assert judged(GOOD, OTHER).value > 0.7
    assert judged(longer, GOOD).value < 0.3


def test_a_chosen_answer_that_breaks_off_scores_low():
    assert judged("You wish you could take back the", OTHER).value < judged(GOOD, OTHER).value / 2


def test_without_a_rejected_answer_there_is_no_value():
    (scorer,) = build_scorers(["preference_quality"])
    assert scorer(Dialogue([ASKED, {"role": "assistant", "content": GOOD}])).reason == "no_pair"


def test_the_rejected_answer_of_a_file_is_read(tmp_path):
    source = tmp_path / "in.jsonl"
    answers = {
        name: [{"role": "assistant", "content": t}] for name, t in (("chosen", GOOD), ("rejected", OTHER))
    }
    source.write_text(json.dumps({"id": 1, "messages": [ASKED], **answers}))
    score_file(source, ["preference_quality", "coherence"], tmp_path / "out.jsonl")
    line = json.loads((tmp_path / "out.jsonl").read_text())
    assert line["scores"]["preference_quality"] > 0.7
