"""The two automata answer alike, and the cache of the compiled one can be lost, spoilt or unwritable."""

import random

import pytest

from pixelated.core.presets import load_preset
from pixelated.score import _automata
from pixelated.score._automata import Re2Set, Vectorscan, automaton
from pixelated.score.words import plain
from score_damage import samples

PRESETS = [
    "bias", "boundaries", "crisis", "crisis_frame", "crisis_good", "crisis_harm", "empathy", "harmfulness", "mi",
    "naturalness", "questions", "reasoning", "refusal", "toxicity",
]  # fmt: skip
needs_vectorscan = pytest.mark.skipif(_automata.hyperscan is None, reason="no Vectorscan on this machine")


def patterns(preset):
    return [pattern for found in load_preset("score", preset).values() for pattern in found]


def texts():
    own = [plain(message["content"]) for messages in samples() for message in messages]
    words = sorted({word for text in own for word in text.split()})
    rng = random.Random(4)
    mixed = [" ".join(rng.choices(words, k=12)) for _ in range(200)]
    return [*own, *mixed, "", " ", "caf\u00e9 \u2603 i want to die", "i\nwant\nto die", "\ud800 i'm so sorry"]


@needs_vectorscan
@pytest.mark.parametrize("preset", PRESETS)
def test_vectorscan_finds_what_re2_finds(preset, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    numbered = list(enumerate(patterns(preset)))
    fast, plain_one = Vectorscan(numbered), Re2Set(numbered)
    assert fast._numbers
    found = [(fast.match(text), plain_one.match(text)) for text in texts() if "\ud800" not in text]
    assert all(a == b for a, b in found)
    assert any(b for _, b in found) or preset in {"boundaries", "refusal", "toxicity", "bias"}


@needs_vectorscan
def test_what_was_compiled_is_read_again_and_a_spoilt_file_is_made_anew(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    given = [r"\bso sorry\b", r"^well$"]
    assert automaton(given).match("i'm so sorry") == {0}
    (kept,) = (tmp_path / "pixelated" / "cues").iterdir()
    assert automaton(given).match("i'm so sorry") == {0}
    kept.write_bytes(b"spoilt")
    assert automaton(given).match("well") == {1}
    assert automaton(given).match("so sorry") == {0}


@needs_vectorscan
def test_what_is_kept_for_some_patterns_serves_them_wherever_another_stands(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert automaton([r"^well$", r"\bhello\b"]).match("hello") == {1}
    assert automaton([r"\bhello\b", r"^well$"]).match("hello") == {0}


@needs_vectorscan
def test_without_a_folder_to_write_to_it_is_compiled_each_time(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert automaton([r"\bhello\b"]).match("hello there") == {0}


def test_without_vectorscan_re2_serves(monkeypatch):
    monkeypatch.setattr(_automata, "hyperscan", None)
    assert isinstance(automaton([r"\bhello\b"]), Re2Set)
    assert automaton([r"\bbye\b", r"\bhello\b"]).match("hello there") == {1}


def test_a_lone_surrogate_breaks_nothing():
    assert automaton([r"\bsorry\b"]).match("\ud800 sorry") in (set(), {0})
