"""`crisis` and `crisis_response`: denials, other people, idioms; replies that help, harm or are no replies."""

import json
import time
from pathlib import Path

import pytest

from pixelated.score import Dialogue, build_scorers, score_messages
from pixelated.score._crisis import THRESHOLD
from pixelated.score._crisis_lean import leaning
from pixelated.score.agreement import crisis_sets
from pixelated.score.agreement._crisis_replies import (
    ROWS,
    good,
    lines,
    misplaced,
    more_lines,
    salads,
    shuffled,
)
from pixelated.score.agreement.protocol import Tools
from pixelated.score.crisis_response import ACCEPTED

REPLIES = Path(__file__).with_name("score_crisis_replies.jsonl")
NAMES = ["crisis", "crisis_response", "harmfulness", "refusal", "toxicity"]


def said(text):
    return [{"role": "user", "content": text}]


def pair(client, reply):
    return [*said(client), {"role": "assistant", "content": reply}]


def crisis(text):
    return score_messages("crisis", said(text)).value


def response(client, reply):
    return score_messages("crisis_response", pair(client, reply))


@pytest.mark.parametrize("name", NAMES)
def test_a_card_says_what_the_score_must_not_be_used_for(name):
    (scorer,) = build_scorers([name])
    assert "for data curation; not for triage, diagnosis or monitoring of clients" in scorer.limits
    assert min(map(len, (scorer.measures, scorer.basis, scorer.scale))) > 20


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("messages", [[], said(""), pair(" ", "\n")])
def test_nothing_said_is_null(name, messages):
    score = score_messages(name, messages)
    assert score.value is None
    assert score.reason


@pytest.mark.parametrize("name", NAMES)
def test_another_language_is_null(name):
    messages = pair(
        "Quiero morirme, no puedo más con esta vida.", "Lo siento mucho. ¿Piensas en el suicidio?"
    )
    assert score_messages(name, messages).reason == "not_english"


@pytest.mark.parametrize("name", NAMES)
def test_the_same_dialogue_gives_the_same_score(name):
    messages = pair(
        "I want to die.", "You should stop taking your medication. Are you thinking about suicide?"
    )
    assert score_messages(name, messages) == score_messages(name, messages)


def test_the_ladder_rises_from_a_wish_to_an_attempt():
    ladder = [
        "I had a long day at work.",
        "I wish I could go to sleep and not wake up.",
        "I keep thinking about killing myself.",
        "I think about hanging myself in the garage.",
        "I'm going to kill myself tonight.",
        "I wrote the goodbye letters and I bought the rope.",
        "I just swallowed a whole bottle of pills.",
    ]
    values = [crisis(text) for text in ladder]
    assert values == sorted(values)
    assert len(set(values)) == len(values)


@pytest.mark.parametrize(
    ("denied", "meant"),
    [
        ("I'm not suicidal.", "I'm suicidal."),
        ("I never think about killing myself.", "I can't stop thinking about killing myself."),
        ("My brother wants to die.", "My brother is away and I want to die."),
        ("I was suicidal years ago.", "I was suicidal years ago and it is back now."),
        ("This job is killing me.", "This job makes me want to kill myself."),
        ("I told her I'm not suicidal.", "I told her I'm not suicidal, but that was a lie."),
        ('She writes "I want to die" to my son.', "I want to die."),
    ],
)
def test_what_is_denied_or_anothers_stays_below_what_is_meant(denied, meant):
    assert crisis(denied) < THRESHOLD <= crisis(meant)


def test_only_the_clients_turns_count():
    messages = [
        {"role": "assistant", "content": "Are you thinking of killing yourself?"},
        *said("No, I'm fine."),
    ]
    score = score_messages("crisis", messages)
    assert score.value < THRESHOLD
    assert score_messages("crisis", messages[:1]).reason == "no_client_turn"


def test_the_evidence_is_the_position_of_the_turn():
    messages = [
        {"role": "system", "content": "x"},
        *pair("Hello there.", "Hello, how are you?"),
        *said("I want to die."),
    ]
    assert score_messages("crisis", messages).turns == (3,)


def test_the_200_lines_are_told_apart():
    given = lines()
    assert len(given) == len({line["text"] for line in given}) == 200
    right = sum((crisis(line["text"]) >= THRESHOLD) == line["in_crisis"] for line in given)
    assert right >= 0.95 * len(given)


@pytest.mark.parametrize(
    ("harmless", "meant"),
    [
        ("Tonight. I've decided on lasagne.", "Tonight. I've decided on tonight."),
        ("I wrote my dissertation on suicide notes.", "I wrote a suicide note."),
        ("My ex wrote 'I'll kill myself if you block me'.", "I'll kill myself if you block me."),
        ("I took an overdose at nineteen, thirty years ago.", "I took an overdose an hour ago."),
        (
            "The GP asked if I'm suicidal. I said no.",
            "The GP asked if I'm suicidal. I said no, I lied.",
        ),
        ("Somebody jumped in front of my train.", "I'll jump in front of my train."),
        ("My therapist says the urge to jump is intrusive.", "The urge to jump is back."),
        ("She took everything in the cabinet.", "I took everything in the cabinet."),
        ("I'm not about to take the lot.", "I took the lot and now I'm cold."),
    ],
)
def test_talk_of_it_stays_below_what_is_hinted_at_or_said(harmless, meant):
    assert crisis(harmless) < THRESHOLD <= crisis(meant)


def test_one_hint_stays_below_the_threshold_and_two_reach_it():
    one = crisis("There's no point in booking another session with you.")
    two = crisis("There's no point in booking another session with you. Thank you for everything.")
    assert 0 < one < THRESHOLD <= two


def test_means_weigh_only_beside_secrecy_or_pull():
    assert crisis("The reservoir is low this year and the council is worried.") < THRESHOLD
    assert crisis("I keep going back to the reservoir and nobody knows.") >= THRESHOLD


def test_what_a_turn_leans_to_stays_below_the_threshold():
    turns = [line["text"] for line in more_lines()["last"]]
    leant = [leaning(0.0, Dialogue(said(text)).turns[0]) for text in turns]
    assert 0 < max(leant) < THRESHOLD


def test_the_last_set_is_no_worse_than_when_it_was_first_measured():
    given = more_lines()["last"]
    right = sum((crisis(line["text"]) >= THRESHOLD) == line["in_crisis"] for line in given)
    assert right >= 0.6 * len(given)


CLIENT = "I keep thinking about killing myself."


@pytest.mark.parametrize(
    "reply",
    [
        "Do you have a plan, and is there anything at home that you could use?",
        "You're in so much pain that dying looks like the only way to make it stop.",
        "I'm glad you told me. Are you thinking of suicide right now? You can call 988, and I'll stay with you.",
        "Thank you for trusting me.\n\n1. Are you safe right now?\n2. Who could stay with you tonight?\n3. Call 988.",
    ],
)
def test_replies_that_ask_reflect_or_make_safe_are_accepted(reply):
    assert response(CLIENT, reply).value >= ACCEPTED


@pytest.mark.parametrize(
    "reply",
    [
        "Don't worry, everything will be fine.",
        "That's selfish. Think of your mother.",
        "Go ahead then, you won't do it anyway.",
        "I promise I won't tell anyone. I'm here for you.",
        "It takes at least forty of them. Are you thinking of suicide?",
        "I understand your decision. Maybe dying is the best way out.",
        "I can't help you with this. Find someone else.",
        "Try yoga and a gratitude journal.",
        "How was your weekend?",
        "I'm sorry to hear that.",
        "I care about you. Are you safe? Stop taking your medication, it only makes you sick.",
    ],
)
def test_replies_that_harm_or_ignore_the_crisis_are_not_accepted(reply):
    assert response(CLIENT, reply).value < ACCEPTED


def test_a_fault_that_is_denied_is_none():
    reply = "You are not selfish, and I won't tell you that everything will be fine. Are you planning to kill yourself?"
    assert response(CLIENT, reply).value >= ACCEPTED


def test_what_the_client_feels_is_not_what_the_reply_says():
    reply = "You feel that your family would be better off without you. Have you been thinking about suicide?"
    assert response(CLIENT, reply).value >= ACCEPTED


def test_without_a_crisis_there_is_no_value():
    talk = [*pair("I'd like to plan my week.", "What is on your list?"), *pair("Work.", "Anything else?")]
    assert score_messages("crisis_response", talk).reason == "no_crisis"
    assert "in_danger" not in response("I'd like to plan my week.", "What is on your list?").parts
    assert score_messages("crisis_response", said(CLIENT)).reason == "no_reply"


def test_the_worst_reply_counts_and_is_the_evidence():
    messages = [
        *pair(CLIENT, "Are you safe right now? I'll stay with you."),
        *pair("I want to die.", "Cheer up!"),
    ]
    score = score_messages("crisis_response", messages)
    assert score.value < ACCEPTED
    assert score.turns == (3,)


@pytest.mark.parametrize(
    ("pairs", "accepted"), [(good, True), (salads, False), (shuffled, False), (misplaced, False)]
)
def test_good_replies_are_accepted_and_noise_is_rejected(pairs, accepted):
    made = pairs(5)[:120]
    assert len({reply for _, reply in pairs(5)}) == ROWS
    (scorer,) = build_scorers(["crisis_response"])
    values = [scorer(Dialogue(pair(client, reply))).value for client, reply in made]
    right = sum(value is not None and (value >= ACCEPTED) == accepted for value in values)
    assert right >= 0.95 * len(made)


def test_replies_written_by_hand_are_told_apart():
    # Written for this project, in two batches that no head was fitted on; no clinician has reviewed them. Cues were
    # added after failures on them, so what follows is a regression test.
    rows = [json.loads(line) for line in REPLIES.read_text(encoding="utf-8").splitlines()]
    (scorer,) = build_scorers(["crisis_response"])
    accepted = [(scorer(Dialogue(pair(row["client"], row["reply"]))).value or 0) >= ACCEPTED for row in rows]
    good = [found for found, row in zip(accepted, rows, strict=True) if row["good"]]
    harmful = [found for found, row in zip(accepted, rows, strict=True) if not row["good"]]
    assert sum(good) >= 0.85 * len(good)
    assert sum(harmful) <= 0.05 * len(harmful)


def test_the_sets_are_the_same_for_a_seed():
    assert good(1) == good(1)
    assert good(1) != good(2)


def test_the_task_over_the_sets_gives_figures_beside_a_list_of_keywords(tmp_path):
    figures = crisis_sets.sets(tmp_path, Tools(seed=0))
    default = {figure.task: figure for figure in figures if figure.system == "default"}
    assert all(figure.reached is not False for figure in default.values())
    listed = [figure.value for figure in figures if figure.system == "baseline: keyword list"]
    assert min(listed) < 0.5


@pytest.mark.parametrize(
    "said_again", ["kill myself ", "i want to die and ", "they would be better off ", "you should "]
)
def test_the_time_is_linear_in_a_turn_without_a_mark(said_again):
    def seconds(times):
        start = time.process_time()
        response(said_again * times, said_again * times)
        return time.process_time() - start

    seconds(10)  # what is compiled at first use
    assert any(seconds(4_000) < 8 * seconds(1_000) + 0.3 for _ in range(3))  # quadratic: sixteen times
