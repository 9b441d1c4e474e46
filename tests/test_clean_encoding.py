"""The encoding step: damage is repaired, meaning is kept, nothing but the empty is dropped."""

# ruff: noqa: RUF001 -- foreign punctuation is what is tested

import json

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelated.clean import ENCODING_VERSION, repair_table
from pixelated.clean.markup import MARKS, strip_tags, unescape
from pixelated.clean.repair import TRIGGER, repair_text
from pixelated.core import schema
from pixelated.core.step import count

DAMAGED = {
    "donâ€™t": "don’t",
    "itâ\x80\x99s": "it’s",
    "MÃ©xico “ok”": "México “ok”",
    "voilÃ le travail": "voilà le travail",
    "50 Â°C": "50 °C",
    "ðŸ˜€ hi": "😀 hi",
    "naÃ¯ve\nclean “ok” line": "naïve\nclean “ok” line",
    "I don\x92t know": "I don’t know",
    "a\u00a0b\r\nc\rd\u2028e": "a b\nc\nd\ne",
    "a\x00b\x07c\x1b[31md\x9d": "abcd",
    "e\u0301te\u0301": "été",
    "zero\u200bwidth\ufeff so\u00adft \u202ebidi \u200dx": "zerowidth soft bidi x",
    "Tom &amp; Jo &#39;s &lt;3 &nbsp;x &quot;q&quot;": 'Tom & Jo \'s <3  x "q"',
    "&amp;amp;amp; &amp;lt;b&amp;gt;": "& <b>",
}
SOUND = [
    "“curly” ‘q’ — naïve…",
    "créée à Noël où ça, l’Âge",
    "São Paulo, AÇÃO e não",
    "Příliš žluťoučký kůň",
    "Привет, как дела?",
    "Γειά σου Κόσμε",
    "Zażółć gęślą jaźń",
    "今日はとても悲しい",
    "family 👨‍👩‍👧 and नमस्ते क्‍ष",
    "tab\tand\n\nbreaks",
    "AT&T, R&D; a&b; &foo;",
    "ﬁve ＡＢＣ ½ ™",
    "a < b and <3 and <name>",
    "plain text",
]


def record(
    name="r1", *, messages=(), chosen=(), rejected=(), metadata="{}", tags=(), transforms=(), file="a.csv"
):
    turns = [{"role": "user", "content": text} for text in messages]
    where = {"uri": "", "file": file, "file_sha256": "", "row": 0, "locator": "", "original_format": "csv"}
    return {
        "id": name, "kind": "dialogue", "messages": turns, "turns": [], "source": "s", "tier": 1,
        "chosen": [{"role": "assistant", "content": t} for t in chosen],
        "rejected": [{"role": "assistant", "content": t} for t in rejected],
        "group_key": "g", "families": [], "source_metadata": metadata, "origin": "human", "license": "MIT",
        "provenance": {**where, "retrieved_at": "", "transforms": list(transforms)}, "parents": [],
        "is_training_edge_case": False, "edge_category": None, "difficulty": None, "tags": list(tags),
        "raw_rows": 1,
    }  # fmt: skip


def table(*records):
    return pa.Table.from_pylist(list(records), schema=schema.BASE)


def contents(result, column="messages", row=0):
    return [m["content"] for m in result.kept.column(column)[row].as_py()]


@pytest.mark.parametrize("text", DAMAGED)
def test_damage_is_repaired_once_and_for_all(text):
    fixed, kinds = repair_text(text)
    assert fixed == DAMAGED[text]
    assert kinds
    assert repair_text(fixed) == (fixed, [])


@pytest.mark.parametrize("text", SOUND)
def test_sound_text_is_left_alone(text):
    assert repair_text(text) == (text, [])


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=60))
def test_the_cheap_look_misses_no_text_that_a_repair_would_change(text):
    fixed, kinds = repair_text(text.replace("\ud800", ""))
    flagged = pc.match_substring_regex(pa.array([text]), TRIGGER)[0].as_py()
    assert flagged or not kinds
    assert "\r" not in fixed


def test_chosen_rejected_and_metadata_are_repaired_too():
    metadata = json.dumps({"note": "donâ€™t", "n": 3, "list": ["a\u00a0b", {"deep": "x &amp; y"}]})
    result = repair_table(
        table(record(messages=["hi"], chosen=["Â£5"], rejected=["e\u0301"], metadata=metadata)), {}, 0
    )
    assert contents(result, "chosen") == ["£5"]
    assert contents(result, "rejected") == ["é"]
    repaired = json.loads(result.kept.column("source_metadata")[0].as_py())
    assert repaired == {"note": "don’t", "n": 3, "list": ["a b", {"deep": "x & y"}]}


def test_every_record_lists_the_step_and_the_report_counts_per_file():
    before = table(
        record("a", messages=["donâ€™t", "clean"], transforms=["standardise@2"]),
        record("b", messages=["fine"], file="b.csv"),
        record("c", messages=["a\u00a0b", "donâ€™t"], file="b.csv"),
    )
    result = repair_table(before, {}, 0)
    transforms = [p["transforms"] for p in result.kept.column("provenance").to_pylist()]
    assert transforms == [["standardise@2", ENCODING_VERSION], [ENCODING_VERSION], [ENCODING_VERSION]]
    assert result.measured["fixed"] == {"mojibake": 2, "spaces": 1}
    assert result.measured["files"] == {"s/a.csv": {"mojibake": 1}, "s/b.csv": {"mojibake": 1, "spaces": 1}}
    assert result.kept.schema.equals(schema.BASE)


def test_tags_are_stripped_only_where_the_source_is_html():
    text = "<p>Hello <b>you</b></p><br/><script>x < 1</script>3 &lt; 4 <think>a</think>"
    result = repair_table(
        table(record(messages=[text], transforms=["html"]), record(messages=["<p>as it is"])), {}, 0
    )
    assert contents(result) == ["Hello you\n\n3 < 4 <think>a</think>"]
    assert contents(result, row=1) == ["<p>as it is"]


def test_only_records_without_any_text_are_dropped():
    result = repair_table(
        table(
            record("empty", messages=[" \u00a0\x00", "\u200b"]),
            record("half", messages=["", "hello"]),
            record("answers", chosen=["yes"], rejected=["no"]),
        ),
        {},
        0,
    )
    assert result.kept.column("id").to_pylist() == ["half", "answers"]
    assert result.dropped.column("id").to_pylist() == ["empty"]
    assert result.dropped.column("reason").to_pylist() == ["empty_after_repair"]
    count(3, result).check("encoding")


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("<think>he wants…</think> Tell me more.", ["think_tag"]),
        ("TODO: add prompt for placeholder 12", ["placeholder"]),
        ("placeholder prompt 3", ["placeholder"]),
        ("Todo: call my sister, add milk, cry", []),
        ("They say you are no starving child in [insert village here]!", []),
        ("[the doctor] told her so", []),
        ("a torn \ufffd word", ["replacement_character"]),
        ("Hello [insert name], welcome", ["placeholder"]),
        ("Dear [Client's name],", ["placeholder"]),
        ("emptypost", ["placeholder"]),
        ("[NAME_REDACTED] said so", ["placeholder"]),
        ("Lorem ipsum dolor", ["placeholder"]),
        ("Test prompt 12", ["placeholder"]),
        ("[removed]", ["placeholder"]),
        ("{{user_name}} is here <think>", ["placeholder", "think_tag"]),
        ("I did a test prompt today and I think it went well", []),
        ("I have nothing. None of it matters, I got the results of my test.", []),
        ("[crosstalk] [EMAIL_1] and [unintelligible 00:02:32]", []),
    ],
)
def test_marks_are_tagged_and_the_text_is_kept(text, marks):
    result = repair_table(table(record(chosen=[text], tags=["sarcasm"])), {}, 0)
    assert result.kept.column("tags")[0].as_py() == ["sarcasm", *marks]
    assert contents(result, "chosen") == [text]
    assert result.measured["tagged"] == dict.fromkeys(marks, 1)


@pytest.mark.parametrize(
    ("text", "in_a_question"), [("I wrote [insert name] on it", []), ("Test prompt 12", ["placeholder"])]
)
def test_a_slot_counts_in_answers_only_and_a_stub_everywhere(text, in_a_question):
    answer = record("b", messages=[text])
    answer["messages"][0]["role"] = "assistant"
    rows = [record("a", messages=[text]), answer, record("c", rejected=[text]), record("d", chosen=[text])]
    tags = repair_table(table(*rows), {}, 0).kept.column("tags").to_pylist()
    assert tags == [in_a_question, ["placeholder"], in_a_question, ["placeholder"]]


def test_a_second_run_changes_nothing():
    done = repair_table(table(record(messages=[*DAMAGED, *SOUND, "emptypost"])), {}, 0)
    assert contents(done) == [*DAMAGED.values(), *SOUND, "emptypost"]
    first = done.kept
    assert repair_table(first, {}, 0).kept.equals(first)


def test_an_empty_table_and_sliced_or_chunked_ones_pass():
    assert repair_table(schema.empty(schema.BASE), {}, 0).kept.num_rows == 0
    rows = [
        record(str(i), messages=[f"{i} donâ€™t"] * (i % 3 + 1), chosen=["Â£5"] * (i % 2)) for i in range(9)
    ]
    whole = repair_table(table(*rows), {}, 0).kept
    chunked = pa.concat_tables([table(*rows[:4]), table(*rows[4:])])
    assert repair_table(chunked, {}, 0).kept.equals(whole)
    assert repair_table(table(*rows).slice(3, 4), {}, 0).kept.equals(whole.slice(3, 4))


def test_null_lists_stay_null():
    row = record(messages=["donâ€™t"])
    row["chosen"] = row["rejected"] = None
    kept = repair_table(table(row), {}, 0).kept
    assert kept.column("chosen")[0].as_py() is None
    assert contents(repair_table(table(row), {}, 0)) == ["don’t"]


def test_markup_is_linear_in_hostile_text():
    assert unescape("&" + "amp;" * 50_000 + "lt;") == "<"
    hostile = "<script>" * 20_000 + "<a" * 20_000 + "<!--" * 20_000
    assert "<a" in strip_tags(hostile)


def test_the_patterns_of_marks_are_valid_for_arrow():
    for pattern in (p for patterns in MARKS.values() for p, _ in patterns):
        assert pc.match_substring_regex(pa.array(["text"]), pattern).to_pylist() == [False]
