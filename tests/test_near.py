"""Near copies and excerpts: what is one, what is none, who stays."""

import itertools

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from near_records import NOTHING_LEFT, changed, copies_of, keys_of, prose, removed, source_of, table_of, talk
from pixelated.dedup import clusters_jsonl, find_copies, shingle_sets, sign, streams, summary
from pixelated.dedup.candidates import banding_for
from pixelated.dedup.similarity import compare
from pixelated.dedup.streams import words
from pixelated.dedup.union import components


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def table(*texts, role="user"):
    return table_of([{"kind": "text", "messages": [{"role": role, "content": t}]} for t in texts])


def grams(text):
    tokens = words(text)
    return {tuple(tokens[i : i + 3]) for i in range(max(len(tokens) - 2, min(len(tokens), 1)))}


@given(st.lists(st.text(max_size=60), min_size=1, max_size=6))
@settings(max_examples=300, deadline=None)
def test_the_kernel_cuts_words_as_the_rule_says(texts):
    texts = [t.encode("utf-8", "replace").decode() for t in texts]
    sets = shingle_sets(streams(table(*texts)))
    sizes = np.diff(sets.bounds).reshape(-1, 3).sum(axis=1).tolist()
    assert sizes == [len(grams(t)) for t in texts]


@given(
    st.text(alphabet="aB zé'’—.²ªµ½ßÀ×ǅﬁ１Ǻ😀🄰\u00a0\u200b-", max_size=40),  # noqa: RUF001
    st.text(alphabet="ab ", max_size=10),
)
@settings(max_examples=300, deadline=None)
def test_case_width_and_punctuation_make_no_difference(text, more):
    plain = " ".join(words(f"{text} {more}"))
    sets = shingle_sets(streams(table(f"{text} {more}", plain.upper() if plain.isascii() else plain)))
    assert sets.bounds[3] == sets.bounds[6] - sets.bounds[3]
    assert compare(sets, np.array([0]), np.array([1])).near.tolist() == [1.0]


def test_figures_are_those_of_plain_sets(rng):
    texts = [prose(rng, n) for n in (40, 60, 80)]
    texts += [changed(rng, t, 4) for t in texts] + [texts[2][:120], ""]
    sets = shingle_sets(streams(table(*texts)))
    pairs = np.array(list(itertools.combinations(range(len(texts)), 2)))
    found = compare(sets, *pairs.T.copy())
    for (a, b), near, contained in zip(pairs.tolist(), found.near, found.contained, strict=True):
        x, y = grams(texts[a]), grams(texts[b])
        assert near == pytest.approx(len(x & y) / len(x | y))
        assert contained == pytest.approx(len(x & y) / min(len(x), len(y)) if x and y else 1.0)


def test_signatures_estimate_the_jaccard_index(rng):
    base = prose(rng, 400)
    others = [changed(rng, base, n) for n in (5, 20, 50)]
    bins = sign(streams(table(base, *others))).bins
    for n, other in enumerate(others, 1):
        x, y = grams(base), grams(other)
        assert (bins[0] == bins[n]).mean() == pytest.approx(len(x & y) / len(x | y), abs=0.13)


def test_system_prompts_are_not_counted():
    one = [
        {"role": "system", "content": "You are kind. " * 20},
        {"role": "user", "content": "I can not sleep"},
    ]
    assert sign(streams(table_of([{"kind": "dialogue", "messages": one}]))).words.tolist() == [4]


def test_a_near_copy_goes_and_names_what_stays(rng):
    turns = [prose(rng, 60) for _ in range(4)]
    copy = [turns[0], changed(rng, turns[1], 2), *turns[2:]]
    other = [prose(rng, 60) for _ in range(4)]
    records = [talk(*turns), talk(*other), talk(*copy), talk(*turns)]
    assert removed(records) == [(2, 0, "near"), (3, 0, "exact")]
    keys, found = copies_of(records)
    exact, near = clusters_jsonl(keys, found.decisions)
    assert (exact["kind"], near["kind"], exact["kept"], near["kept"]) == ("exact", "near", "r0000", "r0000")
    assert [m["id"] for m in near["members"]] == ["r0000", "r0002"]
    assert near["members"][0]["similarity"] == 1.0
    assert 0.9 < near["members"][1]["similarity"] < 1.0
    counts = summary(keys, found, 0.85, NOTHING_LEFT)
    assert (counts["rows"], counts["unique"], counts["groups"], counts["members"], counts["removable"]) == (
        4,
        2,
        2,
        4,
        2,
    )
    assert counts["doubtful"]["above"][0] == {
        "a": "r0000",
        "b": "r0002",
        "similarity": near["members"][1]["similarity"],
    }


def test_the_keep_strategy_chooses_and_exact_copies_of_a_removed_record_go_with_it(rng):
    turns = [prose(rng, 60) for _ in range(4)]
    copy = [turns[0], changed(rng, turns[1], 2) + " and more words", *turns[2:]]
    records = [talk(*turns), talk(*turns), talk(*copy)]
    assert removed(records, strategy="keep_longest") == [(0, 2, "near"), (1, 2, "near")]
    assert removed(records, strategy="priority_order", priority=[5, 1, 3]) == [
        (0, 1, "exact"),
        (2, 1, "near"),
    ]


def test_chains_are_not_followed(rng):
    a = prose(rng, 200)
    b = changed(rng, a, 4)
    c = " ".join(w if n % 4 != 1 or n > 18 else f"far{n}" for n, w in enumerate(b.split()))
    records = [talk("Hello you", t) for t in (a, b, c)]
    assert removed(records) == [(1, 0, "near")]  # c is a copy of b, and none of a
    _, found = copies_of(records)
    assert len(set(found.decisions.column("near_cluster").to_pylist())) == 1  # all three share a split
    assert removed(records, strategy="keep_longest", text_bytes=[1, 9, 2]) == [(0, 1, "near"), (2, 1, "near")]


def test_an_excerpt_is_contained_and_the_long_session_stays(rng):
    session = [prose(rng, 40) for _ in range(12)]
    excerpt, shortened = session[4:8], [session[0], " ".join(session[1].split()[:32]), *session[2:7]]
    records = [talk(*excerpt), talk(*session), talk(*shortened)]
    assert removed(records) == [(0, 1, "contained"), (2, 1, "contained")]


def test_an_extract_and_its_parent_are_no_copies(rng):
    session = [prose(rng, 40) for _ in range(12)]
    records = [talk(*session), talk(*session[4:8])]
    assert removed(records) == [(1, 0, "contained")]
    records[1]["parents"] = ["r0000"]
    assert removed(records) == []


def test_answers_to_one_question_stay(rng):
    question = prose(rng, 300)
    records = [talk(question, prose(rng, 25)) for _ in range(30)]
    assert removed(records) == []
    assert removed([talk(question, "Yes, you should do that."), talk(question, "No.")]) == []


def test_one_answer_to_many_questions_stays(rng):
    answer = prose(rng, 200)
    assert removed([talk(prose(rng, 40), answer) for _ in range(30)]) == []


def script(rng, lines=10):
    return [prose(rng, 12) + "?" for _ in range(lines)]


def intake(rng, lines, words_of_an_answer=6):
    return talk(*[t for line in lines for t in (line, prose(rng, words_of_an_answer))], first="assistant")


def test_a_shared_intake_script_makes_no_copies(rng):
    lines = script(rng)
    records = [intake(rng, lines) for _ in range(1000)]
    keys, found = copies_of(records)
    assert found.decisions.column("keep").to_pylist() == [True] * 1000
    assert summary(keys, found, 0.85, NOTHING_LEFT)["stock_sentences"] == 10


def test_a_copy_among_records_of_one_script_is_found(rng):
    lines = script(rng)
    records = [intake(rng, lines, 20) for _ in range(200)]
    turns = [m["content"] for m in records[3]["messages"]]
    turns[1] = changed(rng, turns[1], 1)
    records.append(talk(*turns, first="assistant"))
    assert removed(records) == [(200, 3, "near")]


def test_many_copies_of_one_conversation_are_not_taken_for_a_script(rng):
    turns = [". ".join(prose(rng, 10) for _ in range(6)) for _ in range(6)]
    records = [talk(*turns)]
    for _ in range(39):
        at = int(rng.integers(6))
        records.append(talk(*(changed(rng, t, 2) if n == at else t for n, t in enumerate(turns))))
    gone = removed(records)
    assert [(place, keeper) for place, keeper, _ in gone] == [(n, 0) for n in range(1, 40)]
    assert {kind for _, _, kind in gone} <= {"near", "exact"}


def test_an_opening_that_all_replies_share_is_not_counted(rng):
    opening = "Thank you so much for reaching out to us today. " * 2
    records = [talk(prose(rng, 10), opening + prose(rng, 12)) for _ in range(60)]
    keys, found = copies_of(records)
    assert all(found.decisions.column("keep").to_pylist())
    assert summary(keys, found, 0.85, NOTHING_LEFT)["stock_sentences"] == 1


@pytest.mark.parametrize("seed", range(3))
def test_neither_order_nor_parts_leave_a_trace(seed):
    rng = np.random.default_rng(seed)
    base = [talk(*(prose(rng, 40) for _ in range(4))) for _ in range(40)]
    copies = [
        talk(*(changed(rng, m["content"], 1 + n % 3) for m in r["messages"])) for n, r in enumerate(base * 2)
    ]
    excerpts = [talk(*(m["content"] for m in r["messages"][:2])) for r in base[::4]]
    records = [r | {"id": f"x{n}"} for n, r in enumerate([*base, *copies, *excerpts])]

    def found(order, parts):
        some = [records[n] for n in order]
        keys, copies = copies_of(some, parts=parts, strategy="keep_longest", position=order, row=order)
        return list(clusters_jsonl(keys, copies.decisions))

    first = found(list(range(len(records))), 1)
    assert len(first) >= 30
    assert found(rng.permutation(len(records)).tolist(), 7) == first


def test_empty_and_tiny_records_are_only_ever_exact_copies():
    records = [talk("", ""), talk("Hi"), talk("hi"), talk("Hi", "Hello"), talk(""), talk("Hi", "Bye")]
    assert removed(records) == [(2, 1, "near")]
    assert removed([]) == []
    assert removed([talk("Alone")]) == []


def test_preferences_differ_in_the_worse_answer(rng):
    prompt, good, bad, worse = (prose(rng, 40) for _ in range(4))

    def pair(rejected):
        said = [{"role": "assistant", "content": rejected}]
        best = [{"role": "assistant", "content": good}]
        return talk(prompt, kind="preference") | {"chosen": best, "rejected": said}

    assert removed([pair(bad), pair(worse), pair(changed(rng, bad, 1))]) == [(2, 0, "near")]


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.85, 0.95])
def test_the_banding_finds_what_is_at_the_threshold(threshold):
    found = banding_for(threshold)
    assert found.recall(threshold) >= 0.999
    assert found.bands * found.rows <= 128


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=40))
def test_components_are_those_of_a_walk(pairs):
    a, b = (np.array([p[i] for p in pairs], np.int64) for i in (0, 1))
    labels = components(31, a, b)
    expected = list(range(31))
    for _ in range(31):
        for x, y in pairs:
            expected[x] = expected[y] = min(expected[x], expected[y])
    assert labels.tolist() == expected


def test_another_threshold_removes_less(rng):
    base = talk(*(prose(rng, 60) for _ in range(4)))
    copy = talk(*(changed(rng, m["content"], 2) for m in base["messages"]))
    assert removed([base, copy], threshold=0.8) == [(1, 0, "near")]
    assert removed([base, copy], threshold=0.99) == []


def test_keys_of_other_rows_have_no_rank(rng):
    some = table_of([talk(prose(rng, 30), prose(rng, 30))] * 2)
    found = find_copies(keys_of(some), "keep_first", source_of(some, 2))
    assert found.decisions.column("kind").to_pylist() == [None, "exact"]
    assert pa.types.is_string(found.decisions.schema.field("near_cluster").type)


def test_records_alike_whose_sides_differ_share_a_split_but_stay(rng):
    long, asked = prose(rng, 800), prose(rng, 12)
    records = [talk(asked, long), talk(prose(rng, 12), long), talk(prose(rng, 40), prose(rng, 40))]
    _, found = copies_of(records)
    clusters = found.decisions.column("near_cluster").to_pylist()
    assert found.decisions.column("keep").to_pylist() == [True, True, True]
    assert clusters[0] == clusters[1] is not None
    assert clusters[2] is None
