"""`coherence` and its part `next_reply`: the reply that belongs here above one that could stand anywhere."""

import os
from pathlib import Path

import pytest

from pixelated.score import Dialogue, score_messages
from pixelated.score._reply import reply_numbers
from pixelated.score.agreement.dialogues import annomi, esconv
from pixelated.score.agreement.metrics import auc
from pixelated.score.agreement.next_reply import pairs
from pixelated.score.protocol import SCORERS

TALK = [
    {"role": "user", "content": "My landlord wants to sell the flat, and I have to be out by March."},
    {"role": "assistant", "content": "Out by March. Who else knows about the flat so far?"},
    {"role": "user", "content": "Nobody. I didn't even tell my sister, she would only worry."},
]
HERE = "You keep it from your sister so that she doesn't worry, and so nobody carries this with you."
ELSEWHERE = "And when the exam comes closer, does the trembling start on the train or in the classroom?"


def judged(reply, talk=TALK):
    return score_messages("coherence", [*talk, {"role": "assistant", "content": reply}])


def test_the_reply_that_belongs_here_scores_above_one_from_elsewhere():
    assert judged(HERE).value > judged(ELSEWHERE).value
    assert judged(HERE).parts["next_reply"] > 0.5 > judged(ELSEWHERE).parts["next_reply"]


def test_a_greeting_late_in_the_talk_is_out_of_place():
    longer = [*TALK, {"role": "assistant", "content": HERE}, {"role": "user", "content": "I suppose so."}]
    late = judged("Hello! How are you doing today?", longer).parts["next_reply"]
    assert late < judged("Who could you tell about the flat?", longer).parts["next_reply"]


def test_somebody_who_was_never_spoken_of_counts_against_a_reply():
    numbers = reply_numbers(Dialogue([*TALK, {"role": "assistant", "content": "What did he say?"}]).turns, 3)
    assert (numbers["he"], numbers["he_unknown"]) == (0.0, 1.0)
    numbers = reply_numbers(
        Dialogue([*TALK, {"role": "assistant", "content": "What would she say?"}]).turns, 3
    )
    assert (numbers["she"], numbers["she_unknown"]) == (1.0, 0.0)


def test_a_conversation_that_a_therapist_opens_and_a_client_ends_has_no_reply_to_judge():
    opened = [{"role": "assistant", "content": "Good morning, what brings you here?"}, TALK[0]]
    assert score_messages("coherence", opened).parts["next_reply"] is None


@pytest.mark.corpora
def test_next_replies_of_real_dialogues_are_told_from_others():
    given = os.environ.get("PIXELATED_CORPORA")
    corpora = Path(given) if given else Path(__file__).parents[2] / "shared" / "corpora"
    if not corpora.is_dir():
        pytest.skip(f"no corpora at {corpora}")
    judge = SCORERS.get("coherence")()
    for dialogues, least in ((esconv(corpora)[::8], 0.74), (annomi(corpora)[::3], 0.67)):
        rows = pairs(dialogues, 3, 5, "x")
        scores = [judge(row.dialogue).parts["next_reply"] for row in rows]
        assert auc([row.next for row in rows], scores) > least
