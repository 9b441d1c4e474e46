"""The verifier's search for near-duplicates across splits finds what comparing all pairs finds."""

from __future__ import annotations

import random
import re
import time
import unicodedata
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelated.verify.near import NEAR, Across, NearIndex, grams, jaccard


def plain_grams(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).lower())
    return {tuple(words[i : i + 3]) for i in range(len(words) - 2)}


def similarity(one: str, other: str) -> float:
    a, b = plain_grams(one), plain_grams(other)
    return len(a & b) / max(1, len(a | b))


def varied(rng: random.Random, words: list[str], changes: int) -> str:
    out = list(words)
    for _ in range(changes):
        at = rng.randrange(len(out))
        action = rng.randrange(3)
        if action == 0:
            out[at] = f"w{rng.randrange(10**6)}"
        elif action == 1:
            del out[at]
        else:
            out[at : at + 6] = reversed(out[at : at + 6])
    return " ".join(out)


def corpus(rng: random.Random, records: int) -> list[tuple[str, str]]:
    """Return (split, text): families of texts from copies to strangers, on both sides of .95."""
    vocabulary = [f"v{i}" for i in range(60)]
    out = []
    while len(out) < records:
        words = [rng.choice(vocabulary) for _ in range(rng.randint(30, 300))]
        for _ in range(rng.randint(1, 5)):
            text = varied(rng, words, rng.choice((0, 1, 1, 2, 3, 5)))
            out.append((rng.choice(("val", "test", "train", "train", "train")), text))
    return out


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**9))
def test_a_record_is_named_exactly_where_all_pairs_name_one(seed: int) -> None:
    rng = random.Random(seed)
    records = sorted(corpus(rng, 60), key=lambda r: ("val", "test", "train").index(r[0]))
    across = Across()
    for row, (split, text) in enumerate(records):
        found = across.see(split, row, [text])
        others = {
            s: i for i, (s, t) in enumerate(records[:row]) if s != split and similarity(text, t) >= NEAR
        }
        assert {records[i][0] for i, _ in found} == set(others), (row, split)
        for i, near in found:
            assert near == pytest.approx(similarity(text, records[i][1]))


@pytest.mark.parametrize(("missing", "near"), [(5, True), (6, False)])
def test_the_threshold_is_exact(missing: int, near: bool) -> None:
    words = [f"w{i}" for i in range(102)]  # 100 3-grams
    index = NearIndex()
    index.add(7, grams([" ".join(words)]))
    index.close()
    found = index.near(grams([" ".join(words[missing:])]))
    assert (found == (7, (100 - missing) / 100)) if near else found is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Straße, 3rd floor — ring twice", "STRASSE 3rd floor ring twice".replace("SS", "ß")),
        ("it's “fine”, really_now", "It s fine really now"),
        ("ﬁne café", "fine CAFÉ"),
        ("a\u00a0b c", "A B C"),
    ],
)
def test_words_are_those_of_the_definition(one: str, other: str) -> None:
    assert plain_grams(one) == plain_grams(other)
    assert np.array_equal(grams([one]), grams([other]))


@given(st.text(max_size=80), st.text(max_size=80))
@settings(deadline=None)
def test_grams_are_as_many_as_a_plain_count_finds(one: str, other: str) -> None:
    a, b = grams([one]), grams([other])
    assert len(a) == len(plain_grams(one))
    if len(a) + len(b):
        assert jaccard(a, b) == pytest.approx(similarity(one, other))


def test_texts_of_one_record_follow_each_other() -> None:
    assert np.array_equal(grams(["one two", "three four"]), grams(["one two three four"]))


def test_short_texts_and_empty_sets_are_never_near() -> None:
    index = NearIndex()
    index.add(0, grams(["I feel fine, honestly, thank you."]))
    index.close()
    assert len(index) == 0
    assert index.near(grams(["I feel fine, honestly, thank you."])) is None
    assert index.near(grams([""])) is None


def test_sets_in_a_file_are_searched_like_sets_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pixelated.verify.near._SPILL", 1000)
    rng = random.Random(1)
    texts = [" ".join(f"w{rng.randrange(5000)}" for _ in range(100)) for _ in range(50)]
    index = NearIndex()
    for row, text in enumerate(texts):
        index.add(row, grams([text]))
    index.close()
    assert index._sets._rolled
    assert [index.near(grams([text])) for text in texts] == [(row, 1.0) for row in range(50)]


def test_a_template_that_all_share_costs_no_square() -> None:
    """3,000 records of one script and different answers: all words are in the index, no pair is near."""
    script = [f"What about the matter of {word} since we last spoke here" for word in "abcdefghij"]
    rng, answers = random.Random(2), [f"ans{i}" for i in range(400)]
    across, start = Across(), time.process_time()
    for row, split in enumerate(["val"] * 300 + ["test"] * 300 + ["train"] * 2400):
        turns = [t for line in script for t in (line, " ".join(rng.choices(answers, k=4)))]
        assert across.see(split, row, turns) == []
    assert time.process_time() - start < 15


def test_every_split_is_held_against_every_other() -> None:
    text = " ".join(f"w{i}" for i in range(60))
    for one, other in product(("val", "test", "train"), repeat=2):
        if ("val", "test", "train").index(one) < ("val", "test", "train").index(other):
            across = Across()
            assert across.see(one, 0, [text]) == []
            assert across.see(other, 1, [text]) == [(0, 1.0)]


def test_the_threshold_is_the_callers():
    rng = random.Random(4)
    words = [f"v{rng.randrange(5000)}" for _ in range(200)]
    other = [*words[:10], "new", *words[11:30], "new", *words[31:]]
    one, two = " ".join(words), " ".join(other)
    assert 0.9 < similarity(one, two) < 0.97
    for near, expected in ((0.9, 1), (0.97, 0)):
        across = Across(near)
        across.see("val", 0, [one])
        assert len(across.see("train", 1, [two])) == expected
