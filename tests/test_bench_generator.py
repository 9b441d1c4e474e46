"""The benchmark's conversations: what is planted is there, and nothing else is alike."""

import json
import re
import unicodedata
from collections import Counter

import ftfy
import pytest

from bench_tools import generate

SIZE = 900
ROWS = 2 * SIZE + 200  # three shards, the last one small


def maker(seed: int) -> generate.Generator:
    return generate.Generator(ROWS, seed, SIZE)


def words(messages: list) -> list[str]:
    text = ftfy.fix_text(" ".join(m["content"] for m in messages))
    return re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).lower())


def shingles(messages: list) -> set:
    found = words(messages)
    return {tuple(found[i : i + 3]) for i in range(len(found) - 2)}


def similarity(one: set, other: set) -> float:
    return len(one & other) / len(one | other)


@pytest.fixture(scope="module")
def shards() -> list:
    made = maker(7)
    return [made.shard(n) for n in range(3)]


@pytest.fixture(scope="module")
def lines(shards: list) -> list[bytes]:
    return [line for data, _ in shards for line in data.splitlines()]


@pytest.fixture(scope="module")
def rows(lines: list[bytes]) -> dict:
    return {row["id"]: row["messages"] for row in map(json.loads, lines)}


@pytest.fixture(scope="module")
def truth(shards: list) -> list:
    return [t for _, planted in shards for t in planted]


def of_kind(truth: list, kind: str) -> list:
    return [t for t in truth if t.kind == kind]


def test_every_row_is_a_conversation_of_the_promised_size(lines: list, rows: dict) -> None:
    assert len(lines) == len(rows) == ROWS
    assert 2500 < sum(map(len, lines)) / ROWS < 3500
    for messages in rows.values():
        assert 4 <= len(messages) <= 20
        assert [m["role"] for m in messages] == (["user", "assistant"] * 10)[: len(messages)]
        assert all(re.match(r"[A-Z]", m["content"]) and m["content"][-1] in ".?" for m in messages)


def test_common_words_are_common(rows: dict) -> None:
    counts = Counter(w for messages in list(rows.values())[:200] for w in words(messages))
    most = counts.most_common()
    assert len(most) > 5_000
    assert most[0][1] > 1.5 * most[4][1] > 3 * most[40][1]


def test_exact_copies_are_byte_equal_under_another_id(lines: list, truth: list) -> None:
    after_id = {line[7:18].decode(): line[18:] for line in lines}
    copies = of_kind(truth, "exact")
    assert len(copies) == int(ROWS * 0.08)
    assert all(t.id != t.of and after_id[t.id] == after_id[t.of] for t in copies)


def test_copies_reach_across_shards_and_follow_near_duplicates(shards: list) -> None:
    whose = {json.loads(line)["id"]: n for n, (data, _) in enumerate(shards) for line in data.splitlines()}
    planted = [t for _, these in shards for t in these]
    copies = [t for t in planted if t.of]
    assert 0.3 < sum(whose[t.id] != whose[t.of] for t in copies) / len(copies) < 0.6
    nears = {t.id for t in of_kind(planted, "near")}
    assert any(t.of in nears for t in of_kind(planted, "exact"))


def test_near_duplicates_have_the_similarity_that_truth_says(rows: dict, truth: list) -> None:
    nears = of_kind(truth, "near")
    assert len(nears) == int(ROWS * 0.05)
    for t in nears:
        assert t.jaccard == pytest.approx(similarity(shingles(rows[t.id]), shingles(rows[t.of])), abs=1e-6)
    above = sum(t.jaccard >= 0.85 for t in nears) / len(nears)
    assert 0.75 < above < 0.95
    assert min(t.jaccard for t in nears) < 0.8
    assert len({t.of for t in nears}) == len(nears)


def test_near_duplicates_differ_by_words_put_in_left_out_and_replaced(rows: dict, truth: list) -> None:
    change = Counter(len(words(rows[t.id])) - len(words(rows[t.of])) for t in of_kind(truth, "near"))
    assert min(change) < 0 < max(change)
    assert change[0]


def test_an_intake_script_is_shared_and_the_answers_are_not(rows: dict, truth: list) -> None:
    intakes = [rows[t.id] for t in of_kind(truth, "templated")]
    assert len(intakes) == int(ROWS * 0.02)
    assert len({tuple(m["content"] for m in c if m["role"] == "assistant") for c in intakes}) == 1
    assert len({tuple(m["content"] for m in c if m["role"] == "user") for c in intakes}) == len(intakes)
    assert 0.2 < similarity(*map(shingles, intakes[:2])) < 0.7


def test_mojibake_is_what_it_says_and_nothing_else_is(rows: dict, truth: list) -> None:
    garbled = {t.id for t in of_kind(truth, "garbled")}
    assert 0.02 < len(garbled) / ROWS < 0.04
    planted = {t.id for t in truth if t.of}
    for row, messages in list(rows.items())[:600]:
        if row not in planted:
            text = "\n".join(m["content"] for m in messages)
            assert (ftfy.fix_encoding(text) != text) == (row in garbled)


def test_a_share_of_turns_holds_identifiers_of_fiction(rows: dict) -> None:
    turns = [m["content"] for messages in rows.values() for m in messages]
    sort = re.compile(r"555-01\d\d|example\.(com|org)|192\.0\.2\.\d+|born on \d{4}-\d\d-\d\d")
    assert 0.03 < sum(bool(sort.search(t)) for t in turns) / len(turns) < 0.05


def test_nothing_is_alike_that_was_not_planted(rows: dict, truth: list) -> None:
    planted = {t.id for t in truth}
    fresh = [shingles(rows[row]) for row in [r for r in rows if r not in planted][:40]]
    assert max(similarity(a, b) for n, a in enumerate(fresh) for b in fresh[:n]) < 0.1


def test_a_shard_is_the_same_whoever_makes_it_and_when(shards: list) -> None:
    again = maker(7)
    assert [again.shard(n) for n in (2, 1)] == [shards[2], shards[1]]
    assert maker(8).shard(2)[0] != shards[2][0]


def test_a_corpus_on_disk_has_facts_and_truth(tmp_path) -> None:
    facts = generate.generate(700, tmp_path / "made", seed=3, files=1, workers=1)
    [file] = (tmp_path / "made").glob("conversations-*.jsonl")
    data = file.read_bytes()
    assert (data.count(b"\n"), len(data)) == (700, facts["bytes"])
    assert data == generate.Generator(700, 3).shard(0)[0]
    truth = (tmp_path / "made/truth.jsonl").read_text().splitlines()
    planted = Counter(json.loads(line)["kind"] for line in truth)
    assert dict(planted) == facts["planted"]
    assert json.loads((tmp_path / "made/facts.json").read_text()) == facts
