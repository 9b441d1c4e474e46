"""Fitting heads: what they learn, what they write, and that their figures come from groups never seen."""

import json
import random

import numpy as np
import pytest

from pixelated.core.errors import UsageError
from pixelated.score import Dialogue
from pixelated.score.agreement.folds import grouped_folds
from pixelated.score.agreement.metrics import auc, interval, macro_f1, recall_at, spearman
from pixelated.score.fit import fit_file
from pixelated.score.heads import Plan, Sample, cross_validate, fit
from pixelated.score.heads.calibration import calibration_error, temperature, tempered
from pixelated.score.heads.head import Head, counted
from pixelated.score.heads.store import read_heads
from pixelated.score.targets import TARGETS, Target

WARM = ["so sorry", "that hurts", "how painful", "sad to hear"]
COLD = ["drink water", "fill the form", "next week", "read page two"]
FILLER = ["the", "a", "we", "you", "it", "then", "now", "there", "with", "from", "about", "over"]


def reply(rng, warm):
    words = [*rng.choices(FILLER, k=8), rng.choice(WARM if warm else COLD)]
    rng.shuffle(words)
    return " ".join(words)


@pytest.fixture(scope="module", autouse=True)
def target():
    def sample(dialogue: Dialogue, turn: int) -> Sample:
        text = dialogue.turns[turn].text
        return Sample({"reply": text}, {"length": float(len(text))})

    plan = Plan(words=("reply",), numbers=True)
    TARGETS.register("warmth_of_tests/level")(Target(("cold", "warm"), sample, plan, "warm or cold"))
    return "warmth_of_tests"


def labelled(n, *, noise=False, seed=1):
    rng = random.Random(seed)
    for row in range(n):
        warm = rng.random() < 0.5
        text = reply(rng, rng.random() < 0.5 if noise else warm)
        messages = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": text}]
        yield {
            "id": str(row),
            "messages": messages,
            "label": "warm" if warm else "cold",
            "group": str(row // 3),
        }


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_head_is_fitted_written_and_read_again_with_its_figures_and_its_origin(tmp_path, target):
    data = write(tmp_path / "data.jsonl", labelled(300))
    out = tmp_path / "heads.json"
    told = fit_file(target, data, out, licence="CC0-1.0")
    figures = told["figures"]["warmth_of_tests/level"]
    assert figures["macro_f1"] > 0.95
    (head,) = read_heads(out).values()
    assert head.fitted_on["licence"] == "CC0-1.0"
    assert head.fitted_on["rows"] == 300
    assert len(head.fitted_on["sha256"]) == 64
    assert head.probabilities(Sample({"reply": "we are so sorry about it"}, {"length": 33}))["warm"] > 0.7
    assert head.probabilities(Sample({"reply": "you fill the form now"}, {"length": 33}))["cold"] > 0.7
    assert "not for triage" in out.read_text()


def test_where_there_is_nothing_to_learn_the_figures_say_so(tmp_path, target):
    data = write(tmp_path / "data.jsonl", labelled(600, noise=True))
    told = fit_file(target, data, tmp_path / "heads.json", licence="CC0-1.0")
    assert 0.4 < told["figures"]["warmth_of_tests/level"]["macro_f1"] < 0.6


def test_the_same_data_and_seed_give_the_same_bytes(tmp_path, target):
    data = write(tmp_path / "data.jsonl", labelled(120))
    for name in ("a", "b"):
        fit_file(target, data, tmp_path / name, licence="CC0-1.0", seed=3)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"label": "hot"}, "line 2: label 'hot'"),
        ({"messages": "none"}, "line 2: messages"),
        ({"turn": 7}, "line 2: turn 7"),
        ({"id": None}, "line 2: no_id"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path, target, change, told):
    rows = list(labelled(80))
    rows[1] |= change
    with pytest.raises(UsageError, match=told):
        fit_file(target, write(tmp_path / "d.jsonl", rows), tmp_path / "h.json", licence="CC0-1.0")
    assert not (tmp_path / "h.json").exists()


def test_too_little_data_is_no_head(tmp_path, target):
    with pytest.raises(UsageError, match="20 labelled turns"):
        fit_file(target, write(tmp_path / "d.jsonl", labelled(20)), tmp_path / "h.json", licence="CC0-1.0")
    same = [row | {"label": "warm"} for row in labelled(80)]
    with pytest.raises(UsageError, match="every label is 'warm'"):
        fit_file(target, write(tmp_path / "d.jsonl", same), tmp_path / "h.json", licence="CC0-1.0")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda head: head | {"format": "other"},
        lambda head: head | {"bias": [0.0]},
        lambda head: head | {"bias": [0.0, float("inf")]},
        lambda head: head | {"classes": None},
        lambda head: head | {"grams": {"words:reply": {"so": [1.0]}}},
    ],
)
def test_a_spoilt_head_is_refused(spoil):
    samples = [Sample({"reply": text}) for text in ("so sorry", "the form")] * 30
    good = fit("x", samples, ["warm", "cold"] * 30, Plan(words=("reply",))).to_json()
    assert Head.from_json(good, "h.json").classes == ("cold", "warm")
    with pytest.raises(UsageError, match=r"h\.json is no head"):
        Head.from_json(spoil(good), "h.json")


def test_what_is_read_says_what_was_written():
    rng = random.Random(4)
    samples = [Sample({"reply": reply(rng, n % 2 == 0)}, {"n": n % 7}) for n in range(200)]
    plan = Plan(words=("reply",), chars=("reply",), numbers=True, limit=50)
    head = fit("x", samples, ["warm", "cold"] * 100, plan)
    again = Head.from_json(json.loads(json.dumps(head.to_json())), "x")
    assert all(len(grams.index) <= 50 for grams in again.grams.values())
    for sample in samples[:20]:
        assert again.probabilities(sample) == pytest.approx(head.probabilities(sample), abs=2e-3)


def test_a_word_that_tells_the_group_is_worth_nothing_on_other_groups():
    """Labels by chance, one label and one word per group: whoever sees the group knows, whoever does not guesses."""
    rng = random.Random(5)
    label = [rng.choice("ab") for _ in range(60)]
    rows = [(group, Sample({"reply": f"word{group} and more"})) for group in range(60) for _ in range(4)]
    labels = [label[group] for group, _ in rows]
    plan = Plan(words=("reply",), least=1)
    for groups, low, high in (
        ([str(g) for g, _ in rows], 0.2, 0.65),
        ([str(n) for n in range(240)], 0.95, 1),
    ):
        classes, found = cross_validate([s for _, s in rows], labels, groups, plan, seed=1)
        hit = np.mean([classes[n] == label for n, label in zip(found.argmax(1), labels, strict=True)])
        assert low <= hit <= high


def test_no_group_is_on_both_sides_and_every_row_is_measured_once():
    groups = [str(n * n % 37) for n in range(500)]
    seen = []
    for train, held in grouped_folds(groups, seed=2):
        assert not {groups[n] for n in train} & {groups[n] for n in held}
        assert 60 <= len(held) <= 140
        seen += held.tolist()
    assert sorted(seen) == list(range(500))


def test_the_measures_are_those_of_other_libraries():
    from scipy.stats import spearmanr
    from sklearn.metrics import f1_score, roc_auc_score

    rng = np.random.default_rng(3)
    gold = rng.integers(0, 3, 400)
    found = np.where(rng.random(400) < 0.6, gold, rng.integers(0, 3, 400))
    assert macro_f1(gold.tolist(), found.tolist()) == pytest.approx(f1_score(gold, found, average="macro"))
    values = np.round(found + rng.normal(0, 0.5, 400), 1)
    assert auc(gold > 1, values.tolist()) == pytest.approx(roc_auc_score(gold > 1, values))
    assert spearman(gold.tolist(), values.tolist()) == pytest.approx(spearmanr(gold, values)[0])


def test_an_abstention_is_an_error():
    assert auc([True, False], [None, 0.5]) == 0.0
    assert auc([True, False], [0.5, None]) == 0.0
    assert macro_f1(["a", "b"], ["a", None]) == 0.5
    assert spearman([1, 2, 3, 4], [1, 2, 3, None]) == pytest.approx(0.75)
    assert recall_at([True, True, False], [0.9, None, 0.1], [False, False, True], 0.1) == 0.5


def test_recall_is_taken_where_no_more_than_the_share_is_alarmed():
    values = [0.9, 0.8, 0.7, 0.6, *(n / 100 for n in range(20))]
    gold = [True] * 4 + [False] * 20
    assert recall_at(gold, values, [not g for g in gold], 0.1) == 1.0
    tied = [0.5] * 24
    assert recall_at(gold, tied, [not g for g in gold], 0.1) == 0.0  # all alarmed, or none


def test_an_interval_is_wider_where_groups_are_few():
    truth = np.tile([0, 1], 100)
    right = (np.arange(200) // 20 % 5 != 0).astype(float)

    def measure(rows):
        return float(right[rows].mean())

    few = interval(measure, [str(n // 20) for n in range(200)], seed=1)
    many = interval(measure, [str(n) for n in range(200)], seed=1)
    assert few[1] - few[0] > many[1] - many[0] > 0
    assert len(truth) == 200


def test_calibration_tempers_what_is_too_sure():
    rng = np.random.default_rng(1)
    gold = rng.integers(0, 2, 2000)
    sure = np.where(rng.random(2000) < 0.7, gold, 1 - gold)  # right in 70 %, and says 99 %
    found = np.where(np.arange(2) == sure[:, None], 0.99, 0.01)
    warmth = temperature(found, gold)
    assert warmth > 3
    assert calibration_error(found, gold) > 0.25
    assert calibration_error(tempered(found, warmth), gold) < 0.05


def test_what_a_head_reads_of_a_text_is_what_it_was_fitted_on():
    """Fitting counts n-grams by name, scoring looks up those that are known: both give the same log-odds."""
    rng = random.Random(6)
    samples = [Sample({"reply": reply(rng, n % 2 == 0) + " \u00e9t\u00e9? No!"}) for n in range(80)]
    head = fit("x", samples, ["warm", "cold"] * 40, Plan(words=("reply",), chars=("reply",)))
    for block, grams in head.grams.items():
        for sample in samples[:10]:
            named = grams.logits(counted(block, sample))
            assert grams.logits_of(block.partition(":")[0], sample.texts["reply"]) == pytest.approx(named)
