"""`voice_consistency`: a profile tells its speaker from others, and says nothing where it cannot."""

import json
import random

import pytest

from pixelated.core.errors import UsageError
from pixelated.score import Dialogue, build_scorers
from pixelated.score.voice_profile import FEWEST_WORDS, make_profile, profile_file, profile_of, read_profile

MARA = (
    "well, you know,",
    "sort of",
    "and what happens then is",
    "right?",
    "we hold that gently,",
    "I wonder",
)
TOM = ("look,", "basically", "the point is", "no doubt.", "you need to", "at the end of the day")
SUBJECTS = ("the garden", "her brother", "a long winter", "the exam", "that letter", "the choir", "his knee")


def texts(phrases, seed, count=60):
    rng = random.Random(seed)
    return [
        " ".join(f"{rng.choice(phrases)} {rng.choice(SUBJECTS)} {rng.choice(phrases)}" for _ in range(6))
        for _ in range(count)
    ]


@pytest.fixture(scope="module")
def profile():
    return make_profile("Mara", texts(MARA, 1), texts(TOM, 2)).to_json()


def judged(profile, text, **settings):
    (scorer,) = build_scorers([{"name": "voice_consistency", "profile": profile, **settings}])
    return scorer(Dialogue([{"role": "user", "content": "hello"}, {"role": "assistant", "content": text}]))


def test_the_speaker_scores_above_another_on_the_same_subjects(profile):
    own, other = " ".join(texts(MARA, 5, 4)), " ".join(texts(TOM, 6, 4))
    assert judged(profile, own).value > 0.8
    assert judged(profile, other).value < 0.2


def test_without_a_profile_there_is_no_value():
    assert judged(None, "word " * 60).reason == "no_profile"


def test_too_few_words_have_no_value(profile):
    assert judged(profile, "well, you know, sort of").reason == "too_few_words"


def test_only_the_turns_of_the_role_are_read(profile):
    own = " ".join(texts(MARA, 5, 4))
    assert judged(profile, own, role="user").reason == "too_few_words"


def test_too_little_text_makes_no_profile():
    with pytest.raises(UsageError, match=f"{FEWEST_WORDS:,}"):
        make_profile("Mara", texts(MARA, 1, 2), texts(TOM, 2))


def test_a_profile_made_of_a_file_holds_no_sentence_and_reads_back(tmp_path):
    lines = [
        {
            "id": n,
            "messages": [
                {"role": "assistant", "speaker": "Mara", "content": a},
                {"role": "user", "content": b},
            ],
        }
        for n, (a, b) in enumerate(zip(texts(MARA, 1), texts(TOM, 2), strict=True))
    ]
    source = tmp_path / "in.jsonl"
    source.write_text("\n".join(map(json.dumps, lines)) + "\nno json\n", encoding="utf-8")
    found = profile_file(source, "Mara", tmp_path / "mara.json")
    assert found["refused"] == 1
    profile = read_profile(tmp_path / "mara.json")
    assert max(len(gram.split()) for gram in profile.weights) <= 2
    assert judged(str(tmp_path / "mara.json"), " ".join(texts(MARA, 5, 4))).value > 0.8


def test_a_speaker_who_is_not_there_is_named_with_those_who_are(tmp_path):
    source = tmp_path / "in.jsonl"
    source.write_text(json.dumps({"id": 1, "speaker": "Tom", "text": "look"}) + "\n", encoding="utf-8")
    with pytest.raises(UsageError) as error:
        profile_file(source, "Mara", tmp_path / "p.json")
    assert "Tom" in error.value.remedy


@pytest.mark.parametrize(
    "change", [{"format": "x"}, {"spread": 0}, {"weights": {"a": "b"}}, {"middle": float("nan")}]
)
def test_a_malformed_profile_is_an_error(profile, change):
    with pytest.raises(UsageError, match="profile"):
        profile_of(profile | change, "p.json")
