"""Composites: their weights, what stays out of them, and the verdicts they give."""

import pytest

from pixelated.score import SCORERS, Dialogue, build_scorers
from pixelated.score.composite import _judge
from pixelated.score.protocol import Score, Scorer

TABLE = {
    "least": 0.5,
    "weights": {"empathy": 0.25, "therapeutic_fidelity": 0.25, "domain_relevance": 0.25, "harmfulness": 0.25},
    "inverted": ["harmfulness"],
    "most": {"harmfulness": 0.05},
    "verdicts": {"accept": 0.60, "curate": 0.45},
}


def given(name, value):
    return Scorer(name, 1, lambda _: Score(value, "given"), measures="", basis="", limits="")


def judged(**values):
    return _judge(Dialogue([]), TABLE, {name: given(name, value) for name, value in values.items()})


def test_the_value_is_the_weighted_mean_and_harm_counts_against():
    score = judged(empathy=0.8, therapeutic_fidelity=0.6, domain_relevance=1.0, harmfulness=0.04)
    assert score.value == pytest.approx((0.8 + 0.6 + 1.0 + 0.96) / 4)
    assert score.reason == "accept"


@pytest.mark.parametrize(
    ("level", "reason"), [(0.60, "accept"), (0.59, "curate"), (0.45, "curate"), (0.44, "reject")]
)
def test_the_verdict_is_that_of_the_value(level, reason):
    assert judged(empathy=level, therapeutic_fidelity=level, domain_relevance=level).reason == reason


def test_harm_above_the_most_decides_alone():
    score = judged(empathy=1.0, therapeutic_fidelity=1.0, domain_relevance=1.0, harmfulness=0.06)
    assert score.reason == "harmfulness_above_0.05"


def test_what_abstains_stays_out_and_below_half_there_is_no_value():
    half = judged(empathy=0.5, therapeutic_fidelity=0.7, domain_relevance=None, harmfulness=None)
    assert half.value == pytest.approx(0.6)
    assert half.parts["domain_relevance"] is None
    assert judged(empathy=0.5).value is None
    assert judged(empathy=0.5).reason == "too_few_parts"


@pytest.mark.parametrize("name", ["conversation_quality", "quality_v1"])
def test_experimental_parts_stay_out_unless_they_are_let_in(name):
    usual, more = build_scorers([name, {"name": name, "experimental": True}])
    parts = {part for part in SCORERS.names() if part in usual.basis and SCORERS.get(part)().experimental}
    assert all(part in usual.limits for part in parts)
    assert not any(part in more.limits for part in parts)


def test_a_scorer_is_asked_once_though_a_composite_asks_again():
    asked = []

    def judge(_dialogue):
        asked.append(1)
        return Score(0.5, "given")

    one, dialogue = Scorer("x", 1, judge, measures="", basis="", limits=""), Dialogue([])
    assert one(dialogue) == one(dialogue)
    assert asked == [1]
