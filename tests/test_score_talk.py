"""Naturalness, authenticity, domain and reasoning on texts written for these tests: order, abstaining, evidence."""

import time

import pytest

from pixelated.score import score_messages

CLIENT = "Since my brother died I can't go into the kitchen. I feel sad and I hide it from my kids."
HUMAN = "Oh, the kitchen. I'm so sorry. You miss him there, and you don't want your kids to see it, right?"
MACHINE = (
    "I understand that you are going through a difficult time. It is important to remember that your feelings are "
    "valid. Here are some strategies that may help:\n\n1. **Seek support** from a qualified mental health "
    "professional.\n2. **Prioritize self-care** and healthy coping mechanisms.\n3. **Embrace resilience** as you "
    "navigate your healing journey.\n\nRemember, you are not alone. Please do not hesitate to reach out for help."
)
CHAIN = (
    "The client asks whether her sadness is an illness. She reports that she eats and works. Because her "
    "brother died three weeks ago, this points to grief. However, it could also be a depression, which I would "
    "not rule out if the sadness stays. Therefore the best response to her sadness is to speak of grief first."
)
ASSERTION = (
    "<think>Grief is sad. Kitchens are rooms. Say something kind and go on with the next thing.</think>"
)


def chat(*turns):
    return [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(turns)]


def value(name, *turns):
    return score_messages(name, chat(*turns)).value


@pytest.mark.parametrize("name", ["naturalness", "emotional_authenticity"])
def test_a_person_is_above_a_template(name):
    assert value(name, CLIENT, HUMAN) > 0.7
    assert value(name, CLIENT, MACHINE) < 0.4


def test_turns_that_begin_alike_lower_naturalness():
    varied = ["It's the evenings, isn't it?", "You walked there, then.", "And what did he say to that?"]
    alike = [
        "It sounds like it's the evenings.",
        "It sounds like you walked.",
        "It sounds like he was angry.",
    ]
    plain = [
        value("naturalness", *(t for reply in replies for t in (CLIENT, reply)))
        for replies in (varied, alike)
    ]
    assert plain[0] > plain[1]


def test_warmth_that_would_fit_anybody_is_less_authentic_than_warmth_for_this_client():
    general = value("emotional_authenticity", CLIENT, "I'm so sorry. That must be hard. Stay strong.")
    own = value(
        "emotional_authenticity", CLIENT, "I'm so sorry. You miss your brother, and the kitchen is his."
    )
    assert own > general + 0.1


@pytest.mark.parametrize(
    ("relevant", "other"),
    [
        (CLIENT, "The parser reads one token, then the loop writes the buffer to the disk and starts again."),
        (
            "We talked about my drinking, and my wife says I should quit.",
            "The capital of France is Paris, and the river that runs through it is the Seine.",
        ),
    ],
)
def test_talk_of_troubles_is_more_relevant_than_other_talk(relevant, other):
    assert value("domain_relevance", relevant) > 0.6
    assert value("domain_relevance", other) < 0.3


def test_a_whole_chain_of_reasoning_is_more_complete_than_marked_assertions():
    whole = score_messages("reasoning_completeness", chat(CLIENT, CHAIN))
    bare = score_messages("reasoning_completeness", chat(CLIENT, ASSERTION))
    assert (whole.value, whole.reason) == (1, "complete")
    assert bare.value < 0.3
    assert bare.reason.startswith("lacks_")
    assert set(whole.parts) == {"problem", "evidence", "alternative", "conclusion", "follows"}


def test_sentences_of_a_chain_in_reverse_order_do_not_conclude():
    sentences = [piece.strip() for piece in CHAIN.split(". ")]
    reverse = ". ".join(reversed(sentences))
    assert value("reasoning_completeness", CLIENT, reverse) < value("reasoning_completeness", CLIENT, CHAIN)


def test_a_reply_without_reasoning_is_null():
    score = score_messages("reasoning_completeness", chat(CLIENT, HUMAN))
    assert (score.value, score.reason) == (None, "no_reasoning")


@pytest.mark.parametrize("name", ["naturalness", "emotional_authenticity", "reasoning_completeness"])
def test_without_a_reply_there_is_no_value(name):
    assert score_messages(name, chat(CLIENT)).reason == "no_therapist_turn"


@pytest.mark.parametrize(
    "name", ["naturalness", "emotional_authenticity", "reasoning_completeness", "domain_relevance"]
)
def test_another_language_is_null(name):
    turns = (
        "Ich habe große Angst vor der Prüfung und kann nicht schlafen.",
        "Das klingt schwer. Seit wann ist es so?",
    )
    assert score_messages(name, chat(*turns)).reason == "not_english"


@pytest.mark.parametrize(
    "text", ["<think></think>", "so " * 20_000 + "?", ", ok" * 20_000 + "?", "? " * 20_000, "**a " * 20_000]
)
@pytest.mark.parametrize("name", ["empathy", "mi_quality", "naturalness", "reasoning_completeness"])
def test_odd_and_long_replies_are_judged_in_good_time_or_null(name, text):
    begun = time.process_time()
    score = score_messages(name, chat(CLIENT, text))
    assert score.value is None or 0 <= score.value <= 1
    assert time.process_time() - begun < 3
