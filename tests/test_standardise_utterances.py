"""Utterance tables: grouped, ordered, annotators' repeats collapsed, nothing read by halves."""

from __future__ import annotations

from pixelated.core.source import Fields, Mapping
from standardise_reading import balances, dialogues, lines, read, records, refusals

TABLE = """dialogue_id,turn_id,speaker,text,topic,act
d2,1,Therapist,Welcome.,sleep,greet
d1,2,client,Two.,work,n/a
d1,1,therapist,One.,work,ask
d1,3,client,n/a,work,n/a
d2,2,Client,Thanks.,sleep,n/a
"""


def test_rows_are_grouped_by_dialogue_and_ordered_by_number() -> None:
    result = read("a.csv", TABLE)
    assert dialogues(result) == [
        [("assistant", "Welcome."), ("user", "Thanks.")],
        [("assistant", "One."), ("user", "Two.\nn/a")],
    ]
    assert [r["provenance"]["row"] for r in records(result)] == [0, 1]
    assert [r["raw_rows"] for r in records(result)] == [2, 3]
    assert balances(result)


def test_what_a_dialogue_shares_is_said_once_and_labels_stay_with_their_turns() -> None:
    metadata = records(read("a.csv", TABLE))[1]["source_metadata"]
    assert (metadata["topic"], metadata["dialogue_id"]) == ("work", "d1")
    assert [t["act"] for t in metadata["turns"]] == ["ask", "n/a", "n/a"]


def test_annotators_repeats_are_collapsed_and_their_labels_kept() -> None:
    once = "id,no,role,utterance,rater,label\n"
    rows = ["s,{n},{who},{text},{rater},{label}\n".format(n=n, who=w, text=t, rater=r, label=f"{r}{n}")
            for n, w, t in ((1, "client", "Hm."), (2, "therapist", "Hm."), (3, "client", "Hm."))
            for r in "xy"]  # fmt: skip
    mapping = Mapping(fields=Fields(conversation="id", role="role", content="utterance", order="no"))
    result = read("a.csv", once + "".join(rows), mapping)
    assert dialogues(result) == [[("user", "Hm."), ("assistant", "Hm."), ("user", "Hm.")]]
    (record,) = records(result)
    assert record["raw_rows"] == 6
    assert [t["raw_rows"] for t in record["turns"]] == [2, 2, 2]
    assert record["source_metadata"]["turns"][0]["annotations"] == [
        {"label": "x1", "rater": "x"},
        {"label": "y1", "rater": "y"},
    ]
    assert result.measured["repeated_rows"] == 3


def test_the_same_words_said_twice_are_no_repeat() -> None:
    text = "dialogue_id,speaker,text\n1,client,No.\n1,therapist,Hm?\n1,client,No.\n"
    assert dialogues(read("a.csv", text)) == [[("user", "No."), ("assistant", "Hm?"), ("user", "No.")]]


def test_a_dialogue_next_to_a_broken_row_is_refused_and_the_others_are_kept() -> None:
    broken = TABLE.replace("d1,1,therapist,One.,work,ask", "d1,1,therapist")
    result = read("a.csv", broken)
    assert dialogues(result) == [[("assistant", "Welcome."), ("user", "Thanks.")]]
    assert sorted(refusals(result)) == [(1, "incomplete_dialogue"), (2, "ragged_row")]
    assert balances(result)


def test_a_table_without_a_key_is_one_dialogue_only_where_both_sides_are_known() -> None:
    known = read("a.csv", "speaker,value\nTherapist,Hello.\nClient,Hi.\n")
    assert dialogues(known) == [[("assistant", "Hello."), ("user", "Hi.")]]
    unknown = read("a.csv", "speaker,value\nEllen,Hello.\nGuest,Hi.\n")
    assert [reason for _, reason in refusals(unknown)] == ["roles_unknown", "roles_unknown"]


def test_a_set_for_detecting_generated_text_is_no_dialogue() -> None:
    result = read("a.csv", "text,type\nOne day.,human\nAs a model.,ai\nTwo days.,human\n")
    assert {r["kind"] for r in records(result)} == {"text"}


def test_names_of_characters_are_not_taken_for_roles() -> None:
    text = "Sr No.,Utterance,Speaker,Dialogue_ID,Utterance_ID\n1,Hey.,Monica,0,0\n2,Yo.,Ross,0,1\n3,Hm.,Joey,1,0\n"
    assert refusals(read("a.csv", text)) == [(0, "roles_unknown"), (2, "roles_unknown")]


def test_a_tree_of_answers_is_refused() -> None:
    rows = [
        {"message_id": "a", "parent_id": None, "thread_id": "t", "role": "prompter", "text": "Q"},
        {"message_id": "b", "parent_id": "a", "thread_id": "t", "role": "assistant", "text": "A1"},
        {"message_id": "c", "parent_id": "a", "thread_id": "t", "role": "assistant", "text": "A2"},
    ]
    assert refusals(read("a.jsonl", lines(*rows))) == [(0, "branching_dialogue")]
    assert len(dialogues(read("a.jsonl", lines(*rows[:2])))) == 1
