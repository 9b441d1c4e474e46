"""The three scorers on conversations written for these tests: order of scores, abstaining, evidence."""

import random
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelated.score import SCORERS, Dialogue, build_scorers, score_messages
from pixelated.score._cohesion import LAGS, order_z, topic_relation
from score_damage import CHARACTERS_SHUFFLED, DAMAGE, auc, damaged, samples

NAMES = ["coherence", "completeness", "language_quality"]
SALAD = "empathy validation trauma safe breathing coping support feelings therapy boundaries healing trust"
PARAPHRASED_TEXT = "I went to see my sister last week, and we talked about our mother for a long time."


def chat(*turns):
    return [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(turns)]


def value(name, messages):
    return score_messages(name, messages).value


def scores(name, dialogues):
    (scorer,) = build_scorers([name])
    return [scorer(Dialogue(messages)).value for messages in dialogues]


def test_the_three_scorers_are_registered():
    assert set(NAMES) <= set(SCORERS.names())


@pytest.mark.parametrize("name", NAMES)
def test_a_scorer_states_what_it_measures_on_what_basis_and_where_it_fails(name):
    (scorer,) = build_scorers([name])
    assert scorer.column == f"score_{name}_v{3 if name == 'coherence' else 2}"
    assert min(map(len, (scorer.measures, scorer.basis, scorer.limits))) > 30


@pytest.mark.parametrize(
    ("name", "damage", "least"),
    [
        ("coherence", "messages", 0.95),
        ("coherence", "contents", 0.95),
        ("coherence", "contents_within_roles", 0.9),
        ("language_quality", "inside_words_ends_kept", 1.0),
        ("language_quality", "within_words", 1.0),
        ("language_quality", "within_messages", 1.0),
        ("completeness", "second_half_of_messages_dropped", 0.95),
        ("completeness", "each_message_cut_in_half", 0.95),
        ("completeness", "text_cut_in_half", 0.95),
    ],
)
def test_real_conversations_score_above_damaged_ones(name, damage, least):
    real = scores(name, samples())
    false = scores(name, damaged(samples(), DAMAGE[name][damage], seed=3))
    assert None not in real + false
    assert auc(real, false) >= least


@pytest.mark.parametrize("name", NAMES)
def test_whole_conversations_score_high(name):
    assert min(scores(name, samples())) > 0.6


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "messages", [[], chat(""), chat(" ", "\n"), [{"role": "system", "content": "Be kind."}]]
)
def test_nothing_said_is_null_and_not_zero(name, messages):
    score = score_messages(name, messages)
    assert score.value is None
    assert score.reason


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "turns",
    [
        (
            "Ich habe große Angst vor der Prüfung und kann nicht schlafen.",
            "Das klingt schwer. Seit wann ist das so?",
        ),
        ("No tengo ganas de nada y me siento muy sola por las noches.", "Siento que estes pasando por esto."),
        ("我最近很难过 晚上睡不着", "听起来很辛苦"),
        ("Мне очень грустно и одиноко.", "Давно это началось?"),
        ("أشعر بالحزن كل يوم", "منذ متى؟"),
    ],
)
def test_another_language_is_null(name, turns):
    score = score_messages(name, chat(*turns))
    assert score.value is None
    assert score.reason == "not_english"


PLAIN_LETTERS = {
    "es": ("Me quede sin empleo y no quiero ver a nadie", "Es mucho de golpe. Quien esta contigo ahora"),
    "fr": ("Mon mari est parti et je reste seule avec les enfants", "Vous portez tout cela depuis longtemps"),
    "pt": ("Ando muito cansado e sem vontade de sair de casa", "Isso pesa muito. Com quem voce pode falar"),
    "de": ("Meine Mutter ist krank und ich komme nicht mehr mit", "Da ist gerade viel auf einmal bei dir"),
    "it": ("Non riesco a stare da sola quando lui esce la sera", "Che cosa succede in quel momento"),
    "nl": ("Mijn broer wil niet meer met mij praten", "Dat doet pijn. Wat zou je hem willen zeggen"),
    "sv": ("Jag har inte vagat prata med min chef om det", "Vad tror du skulle handa om du gjorde det"),
    "pl": ("Nie wiem juz jak rozmawiac z moim synem", "Co sie dzieje kiedy probujesz"),
    "tr": ("Kimse beni anlamiyor ve cok yalniz kaliyorum", "Bu duygu ne zaman daha agir oluyor"),
    "ms": ("Ibu saya marah kerana saya berhenti belajar", "Apa yang awak rasa bila dia kata begitu"),
    "tl": ("Nag-aaway kami ng asawa ko dahil sa pera", "Mahirap iyan. Ano ang nangyari pagkatapos"),
    "sw": ("Mama yangu ni mgonjwa na sijui nifanye nini", "Pole kwa hayo yote. Nani yuko pamoja na wewe"),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", PLAIN_LETTERS)
def test_another_language_in_plain_letters_is_null(name, language):
    score = score_messages(name, chat(*PLAIN_LETTERS[language]))
    assert (score.value, score.reason) == (None, "not_english")


def test_shuffled_english_is_not_taken_for_another_language():
    turns = [[message] for messages in samples() for message in messages]
    for damage in CHARACTERS_SHUFFLED.values():
        found = [score_messages("language_quality", m).reason for m in damaged(turns, damage, seed=7)]
        assert found.count("not_english") <= 0.01 * len(found)


def test_a_borrowed_word_or_a_name_with_an_accent_leaves_a_reply_english():
    turns = ("My café is closing.", "I hear you, José. Tell me what the café is to you, corazón.")
    assert value("language_quality", chat(*turns)) > 0.7


def test_one_message_in_another_language_is_set_aside_and_the_english_is_judged():
    english = samples()[0]
    mixed = [*english, *chat("Gracias por todo lo que haces por mi y por mis hijos.")]
    score = score_messages("language_quality", mixed)
    assert score.value == pytest.approx(value("language_quality", english), abs=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_a_dialogue_half_in_another_language_is_null(name):
    turns = ("I can't sleep at night and I keep thinking about work.", PLAIN_LETTERS["es"][1])
    assert score_messages(name, chat(*turns)).reason == "not_english"


@pytest.mark.parametrize("name", NAMES)
def test_no_scorer_claims_clinical_worth(name):
    (scorer,) = build_scorers([name])
    assert "not a measure of clinical worth" in scorer.limits


@pytest.mark.parametrize("name", ["language_quality", "coherence"])
@pytest.mark.parametrize("words_per_turn", [4, 12])
def test_a_salad_of_therapeutic_keywords_does_not_score_high(name, words_per_turn):
    rng = random.Random(5)
    turns = [" ".join(rng.sample(SALAD.split(), words_per_turn)) for _ in range(8)]
    assert value(name, chat(*turns)) < 0.3
    assert value(name, chat(*turns[:2])) < 0.3


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "turns",
    [
        ("I can't sleep any more.", "Since when?"),
        ("Do you think I'm crazy?", "No, I don't."),
        ("i feel so alone", "I'm here with you."),
        ("My dog died yesterday.", "I'm so sorry."),
    ],
)
def test_a_short_reply_does_not_score_low_for_being_short(name, turns):
    assert value(name, chat(*turns)) > 0.6


@pytest.mark.parametrize("name", NAMES)
def test_a_reply_that_asks_about_suicide_and_names_a_helpline_scores_high(name):
    turns = (
        "I don't want to wake up tomorrow.",
        "Thank you for telling me. Are you thinking about killing yourself? If you are in danger, call 988.",
    )
    assert value(name, chat(*turns)) > 0.8


@pytest.mark.parametrize("name", NAMES)
def test_surrogates_links_and_emoji_are_no_damage(name):
    clean = chat(
        "I told my sister about it, and she was kind.", "That sounds like a relief. Would you call her again?"
    )
    marked = chat(
        "I told [PERSON_1] about it 😊, and she was kind.",
        "That sounds like a relief. Would you call her again? See https://example.org/a%20b?c=1 👍",
    )
    assert value(name, marked) > value(name, clean) - 0.1


def test_the_rest_of_wrong_decoding_lowers_language_quality():
    clean = chat("It\u2019s hard and I can\u2019t sleep at night.")
    broken = chat("It\u00e2\u20ac\u2122s hard and I can\u00e2\u20ac\u2122t sleep at night.")
    assert value("language_quality", clean) > 0.8
    assert value("language_quality", broken) < 0.5


def test_a_loop_lowers_language_quality():
    assert value("language_quality", chat("I don't know what to do. " * 12)) < 0.3


def test_words_in_any_order_lower_language_quality():
    words = PARAPHRASED_TEXT.split()
    mixed = random.Random(1).sample(words, len(words))
    assert value("language_quality", chat(PARAPHRASED_TEXT)) > 0.8
    assert value("language_quality", chat(" ".join(mixed))) < 0.5


def test_language_quality_says_which_message_is_noise():
    noise = "gmhtosin si rngwo tihw isth nestecne dna ti oesg no rfo a wiehl"
    score = score_messages(
        "language_quality", [{"role": "system", "content": "x"}, *chat(PARAPHRASED_TEXT, noise)]
    )
    assert score.turns == (2,)


def test_running_text_has_a_language_quality_and_no_coherence_or_completeness():
    text = [{"role": "assistant", "content": PARAPHRASED_TEXT}]
    assert value("language_quality", text) > 0.8
    assert score_messages("coherence", text).reason == "one_turn"
    assert score_messages("completeness", text).reason == "no_client_turn"


def test_a_reply_on_the_topic_is_more_coherent_than_one_on_another():
    question = "My mother has dementia and I visit her every Sunday. I cry on the bus home."
    fitting = value("coherence", chat(question, "Visiting your mother on Sunday takes a lot out of you."))
    other = value("coherence", chat(question, "A budget helps many people to pay back their credit card."))
    assert fitting > other + 0.1


def test_a_short_question_on_a_medicine_and_its_answer_are_coherent():
    question = "Anybody use sertraline. Please list side effects on sertraline"
    answer = (
        "It helps me a lot. In the first week I had headaches and slept badly, and then they went away. "
        "I'm on 50mg now and can't complain. My doctor may raise it, because I have been down lately."
    )
    assert value("coherence", chat(question, answer)) > 0.4


def test_a_turn_repeated_word_for_word_lowers_coherence_and_is_named():
    messages = samples()[0]
    again = [dict(m) for m in messages]
    again[9]["content"] = again[11]["content"] = again[7]["content"]
    score = score_messages("coherence", again)
    assert score.turns == (9, 11)
    assert score.value < value("coherence", messages)


def test_a_client_left_without_any_reply_is_incomplete():
    assert value("completeness", chat("I can't sleep and I don't know what to do.")) < 0.4


UNPUNCTUATED = (
    "my brother keeps my phone when i visit",
    "how does that sit with you",
    "bad. i just thought its normal",
    "what would you do with it back",
    "call my friend. id go out more. it got easier not to",
)


@pytest.mark.parametrize(
    ("turns", "least"),
    [
        (
            ("My exam is on Monday. I feel sick (sort of)", "What does the sick feeling do to you at night?"),
            0.8,
        ),
        (
            ("nobody at work likes me. nothing to look forward to", "Then let us look for one small thing"),
            0.6,
        ),
        (("i dont know where to start and", "Do you want to tell me about today"), 0.3),
        (UNPUNCTUATED, 0.3),
        (UNPUNCTUATED[:4], 0.3),
        (
            (
                "I drive a van.",
                "What is that like for you?",
                "Dull. I hum.",
                "The humming keeps you company.",
                "It does. My wife hums back.",
                "There is a duet going on in your kitchen.",
                "We never say so. May I want more than humming? At my age?",
            ),
            0.3,
        ),
    ],
)
def test_whole_sentences_without_a_farewell_are_no_fragment(turns, least):
    assert value("completeness", chat(*turns)) >= least


@pytest.mark.parametrize("end", [" :S", " O_o", " and his hepatitis C", " 👍", ", to you and me"])
def test_a_face_or_an_initial_at_the_end_is_no_broken_word(end):
    turns = ("my dog hates me lol", f"He may just be tired of your songs{end}")
    assert value("completeness", chat(*turns)) > 0.6


@pytest.mark.parametrize("end", ["because of the", "and then you cou", "to"])
def test_a_reply_cut_inside_a_sentence_stays_incomplete(end):
    turns = ("I can't sleep any more.", f"That sounds hard. It may help {end}")
    assert value("completeness", chat(*turns)) < 0.3


def test_completeness_names_the_message_that_breaks_off():
    score = score_messages("completeness", chat("I can't sleep any more.", "Tell me more about the"))
    assert score.value < 0.3
    assert score.turns == (1,)
    assert score.reason == "last_ending"


@pytest.mark.parametrize("name", NAMES)
def test_a_conversation_of_a_thousand_turns_is_scored(name):
    turns = [m for messages in samples() * 4 for m in messages][:1000]
    assert 0 <= value(name, turns) <= 1


MESSAGE = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "system", ""]), "content": st.text(max_size=80)}
)


@pytest.mark.parametrize("name", NAMES)
@given(messages=st.lists(MESSAGE, max_size=12))
def test_any_text_gives_a_value_on_the_scale_or_null_and_the_same_again(name, messages):
    score = score_messages(name, messages)
    assert score.value is None or 0 <= score.value <= 1
    assert score == score_messages(name, messages)
    assert all(messages[n]["role"] != "system" for n in score.turns)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "text",
    ["a" * 200_000, "'" * 200_000, ". " * 100_000, "[" * 200_000, "\u200d😊" * 50_000, " " * 200_000 + "x1"],
)
def test_long_runs_of_one_character_take_no_more_than_linear_time(name, text):
    # A quadratic pattern needs minutes for these; the test run's own time limit is the check.
    score = score_messages(name, chat(text, text))
    assert score.value is None or 0 <= score.value <= 1


def topic_z(dialogues):
    found = [Dialogue(messages).turns for messages in dialogues]
    return [order_z(topic_relation(turns), [turn.role for turn in turns], LAGS) or 0.0 for turns in found]


def test_neighbours_share_topics_more_than_the_same_turns_in_another_order():
    middles = [messages[3:-4] for messages in samples() if len(messages) > 12]
    shuffled = damaged(middles * 5, DAMAGE["coherence"]["contents_within_roles"], seed=3)
    assert fmean(topic_z(middles)) > 0.5
    assert abs(fmean(topic_z(shuffled))) < 0.2
