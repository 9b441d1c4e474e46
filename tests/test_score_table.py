"""Scores as columns of a table and as lines of a file; scorers from outside."""

import json

import pyarrow as pa
import pytest

from pixelated.core.errors import InternalError, UsageError
from pixelated.core.schema import BASE
from pixelated.score import (
    SCORERS,
    Dialogue,
    Score,
    Scorer,
    build_scorers,
    score_file,
    score_messages,
    score_table,
)
from score_damage import samples

ALL = ["language_quality", "coherence", "completeness"]


def table(*dialogues, chosen=None):
    rows = [
        {"id": f"r{n}", "kind": "dialogue", "messages": messages, "chosen": chosen}
        for n, messages in enumerate(dialogues)
    ]
    return pa.Table.from_pylist(rows, schema=BASE)


def test_a_table_gets_a_column_per_scorer_and_keeps_its_rows_and_columns():
    rows = table(*samples())
    result = score_table(rows, {"scorers": ALL}, 0)
    columns = {name: f"score_{name}_v{3 if name == 'coherence' else 2}" for name in ALL}
    assert result.kept.column_names == [*BASE.names, *columns.values()]
    assert result.kept.select(BASE.names).equals(rows)
    for name in ALL:
        column = result.kept.column(columns[name])
        assert column.type == pa.float64()
        assert column.to_pylist() == [score_messages(name, messages).value for messages in samples()]


def test_what_cannot_be_judged_is_null_and_counted_apart():
    rows = table(samples()[0], [{"role": "user", "content": "ok"}], [])
    result = score_table(rows, {"scorers": ["coherence"]}, 0)
    value = score_messages("coherence", samples()[0]).value
    assert result.kept.column("score_coherence_v3").to_pylist() == [value, None, None]
    assert result.measured == {"coherence_v3": {"count": 1, "nulls": 2, "sum": value}}


def test_a_sliced_table_in_several_chunks_is_scored_row_by_row():
    rows = table(*samples()[:6])
    chunked = pa.concat_tables([rows.slice(3, 2), rows.slice(0, 1)])
    whole = score_table(rows, {"scorers": ["coherence"]}, 0).kept.column("score_coherence_v3").to_pylist()
    parts = score_table(chunked, {"scorers": ["coherence"]}, 0).kept.column("score_coherence_v3").to_pylist()
    assert parts == [whole[3], whole[4], whole[0]]


def test_the_chosen_answer_ends_a_preference_record():
    prompt = [{"role": "user", "content": "I can't sleep since my exam. What can I do?"}]
    answer = [{"role": "assistant", "content": "How many hours did you sleep before the exam?"}]
    result = score_table(table(prompt, chosen=answer), {"scorers": ["coherence"]}, 0).kept
    assert result.column("score_coherence_v3").to_pylist() == [
        score_messages("coherence", prompt + answer).value
    ]


def test_no_rows_give_empty_columns():
    result = score_table(BASE.empty_table(), {}, 0)
    assert result.kept.num_rows == 0
    assert result.measured["coherence_v3"] == {"count": 0, "nulls": 0, "sum": 0.0}


def test_an_unknown_scorer_names_those_there_are():
    with pytest.raises(UsageError) as error:
        score_table(table(), {"scorers": ["charisma"]}, 0)
    assert all(name in error.value.remedy for name in ALL)


@pytest.fixture
def brevity():
    @SCORERS.register("brevity")
    def brevity(longest: int = 60) -> Scorer:
        def judge(dialogue: Dialogue) -> Score:
            if not dialogue.words:
                return Score(None, "no_words")
            return Score(longest / max(longest, len(dialogue.words)), "word_count")

        return Scorer("brevity", 3, judge, measures="few words", basis="none", limits="says nothing of sense")

    yield
    SCORERS._entries.pop("brevity")


@pytest.mark.usefixtures("brevity")
def test_a_scorer_of_another_package_takes_its_settings_and_writes_its_own_column():
    settings = {"scorers": [{"name": "brevity", "longest": 2}]}
    result = score_table(table([{"role": "user", "content": "one two three"}]), settings, 0)
    assert result.kept.column("score_brevity_v3").to_pylist() == [0.666667]
    assert result.measured == {"brevity_v3": {"count": 1, "nulls": 0, "sum": 0.666667}}


@pytest.mark.parametrize("value", [1.01, -0.1, float("nan")])
def test_a_value_outside_the_scale_is_a_fault_of_the_scorer(value):
    scorer = Scorer("bad", 1, lambda _: Score(value, "x"), measures="", basis="", limits="")
    with pytest.raises(InternalError, match="scale"):
        scorer(Dialogue([]))


def read(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_file_of_records_gives_a_line_of_scores_each(tmp_path):
    source, output = tmp_path / "in.jsonl", tmp_path / "out" / "scores.jsonl"
    records = [{"id": f"d{n}", "messages": messages} for n, messages in enumerate(samples()[:3])]
    records.append({"id": 7, "messages": [{"role": "user", "content": "ok"}], "more": True})
    source.write_text("\n\n".join(map(json.dumps, records)) + "\n", encoding="utf-8-sig")
    report = score_file(source, ["coherence", "completeness"], output)
    lines = read(output)
    assert [line["id"] for line in lines] == ["d0", "d1", "d2", 7]
    assert lines[0]["scores"] == {
        name: score_messages(name, samples()[0]).value for name in ("coherence", "completeness")
    }
    assert lines[3]["scores"]["coherence"] is None
    assert lines[3]["reasons"]["coherence"] == "one_turn"
    assert (report["rows_in"], report["kept"], report["quarantined"]) == (4, 4, 0)
    assert report["scorers"]["coherence"]["nulls"] == 1
    assert not (tmp_path / "out" / "scores.quarantine.jsonl").exists()


BAD = {
    "invalid_json": b'{"id": "a", "messages": [',
    "not_an_object": b"[1]",
    "no_id": b'{"messages": []}',
    "no_messages": b'{"id": "a", "messages": "hello"}',
    "bad_message": b'{"id": "a", "messages": [{"role": "user", "content": null}]}',
}


def test_a_bad_line_is_quarantined_with_its_row_and_the_rest_is_scored(tmp_path):
    source, output = tmp_path / "in.jsonl", tmp_path / "scores.jsonl"
    good = json.dumps({"id": "good", "messages": samples()[0]}).encode()
    source.write_bytes(b"\n".join([*BAD.values(), b"\xff\xfe\x00", good]))
    report = score_file(source, ["coherence"], output)
    assert [line["id"] for line in read(output)] == ["good"]
    refused = read(tmp_path / "scores.quarantine.jsonl")
    assert [line["reason"] for line in refused] == [*BAD, "invalid_json"]
    assert [line["row"] for line in refused] == list(range(6))
    assert set(refused[0]) == {"file", "row", "reason"}
    assert report["reasons"] == {**dict.fromkeys(sorted(BAD), 1), "invalid_json": 2}
    assert report["rows_in"] == report["kept"] + report["quarantined"] == 7


def test_a_second_run_leaves_no_quarantine_of_the_first(tmp_path):
    source, output = tmp_path / "in.jsonl", tmp_path / "scores.jsonl"
    source.write_bytes(b"nonsense")
    score_file(source, ["coherence"], output)
    assert (tmp_path / "scores.quarantine.jsonl").exists()
    source.write_bytes(json.dumps({"id": "good", "messages": samples()[0]}).encode())
    score_file(source, ["coherence"], output)
    assert not (tmp_path / "scores.quarantine.jsonl").exists()


def test_a_missing_file_and_an_unknown_scorer_are_usage_errors_and_write_nothing(tmp_path):
    with pytest.raises(UsageError, match="no file"):
        score_file(tmp_path / "none.jsonl", ["coherence"], tmp_path / "out.jsonl")
    (tmp_path / "in.jsonl").write_bytes(b"")
    with pytest.raises(UsageError):
        score_file(tmp_path / "in.jsonl", ["wit"], tmp_path / "out.jsonl")
    assert not (tmp_path / "out.jsonl").exists()


def test_scorers_share_one_reading_of_a_conversation():
    scorers = build_scorers()
    dialogue = Dialogue(samples()[0])
    assert [s(dialogue) for s in scorers] == [s(Dialogue(samples()[0])) for s in scorers]
