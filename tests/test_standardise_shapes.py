"""Shapes: the same exchange in the spellings of many corpora; what is not certain is refused by reason."""

from __future__ import annotations

import pytest

from pixelated.core.source import Fields, Mapping
from standardise_reading import balances, dialogues, document, lines, pairs, read, records, refusals

EXCHANGE = [("user", "I can't sleep."), ("assistant", "What keeps you awake?")]
U, A = "I can't sleep.", "What keeps you awake?"

SPELLINGS = {
    "messages": {"messages": [{"role": "user", "content": U}, {"role": "assistant", "content": A}]},
    "sharegpt": {"conversations": [{"from": "human", "value": U}, {"from": "gpt", "value": A}]},
    "conversation": {"conversation": [{"role": "client", "content": U}, {"role": "therapist", "content": A}]},
    "dialog": {"dialog": [{"text": U, "speaker": "usr"}, {"text": A, "speaker": "sys"}]},
    "dialogue": {
        "dialogue": [{"speaker": "Seeker", "utterance": U}, {"speaker": "Supporter", "utterance": A}]
    },
    "other list name": {"exchange_x": [{"who": "Patient", "line": U}, {"who": "Counsellor", "line": A}]},
    "turns named by role": {"session": [{"Patient": U}, {"Therapist": A}]},
    "rounds named by role": {"session": [{"human": U, "assistant": A}]},
    "pairs in lists": {"chat": [["user", U], ["bot", A]]},
    "texts with names": {"dialog": [f"Client: {U}", f"Therapist: {A}"]},
    "who asked": {"question": U, "answer": A, "user": "sam81", "therapist": "Dr. Moore"},
    "human and ai": {"Human": U, "AI": A},
    "parts": {
        "contents": [{"role": "user", "parts": [{"text": U}]}, {"role": "model", "parts": [{"text": A}]}]
    },
    "inside": {
        "id": 7,
        "data": {"messages": [{"role": "user", "content": U}, {"role": "bot", "content": A}]},
    },
    "prompt and response": {"prompt": U, "response": A},
    "prompt and completion": {"prompt": U, "completion": A},
    "instruction": {"instruction": U, "input": "", "output": A},
    "question and answer": {"Question": U, "Answer": A},
    "questionText": {"questionID": 3, "questionText": U, "answerText": A, "topic": "sleep"},
    "plural": {"Questions": U, "Answers": A},
    "context": {"Context": U, "Response": A},
    "posts": {"sp_id": "a", "seeker_post": U, "response_post": A},
    "who": {"Description": "Sleep", "Patient": U, "Doctor": A},
    "one answer in a list": {"question": U, "answers": [A]},
    "chatml": {"text": f"<|im_start|>user\n{U}<|im_end|>\n<|im_start|>assistant\n{A}<|im_end|>"},
    "transcript": {"text": f"<HUMAN>: {U}\n<ASSISTANT>: {A}"},
    "transcript in conversation": {"conversation": f"Client: {U}\nTherapist: {A}"},
    "convai": {"utterances": [{"history": [U], "candidates": ["No idea.", "Bananas.", A]}]},
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_every_spelling_of_an_exchange_gives_the_same_dialogue(name: str) -> None:
    result = read("a.jsonl", lines(SPELLINGS[name], SPELLINGS[name]))
    assert dialogues(result) == [EXCHANGE, EXCHANGE], refusals(result)
    assert balances(result)


REFUSED = {
    "no reply": ({"prompt": U}, "no_reply"),
    "blank reply": ({"prompt": U, "response": " \n"}, "no_reply"),
    "null reply": (
        {"messages": [{"role": "user", "content": U}, {"role": "assistant", "content": None}]},
        "no_reply",
    ),
    "only the user": ({"messages": [{"role": "user", "content": U}]}, "no_reply"),
    "only the assistant": ({"messages": [{"role": "assistant", "content": A}]}, "no_prompt"),
    "empty prompt": ({"prompt": "", "response": A}, "no_prompt"),
    "all blank": ({"messages": [{"role": "user", "content": " "}]}, "empty_content"),
    "empty list": ({"messages": []}, "empty_content"),
    "null role": (
        {"messages": [{"role": None, "content": U}, {"role": "bot", "content": A}]},
        "roles_unknown",
    ),
    "names": ({"messages": [{"role": "Ann", "content": U}, {"role": "Bob", "content": A}]}, "roles_unknown"),
    "letters": ({"dialog": [{"speaker": "A", "text": U}, {"speaker": "B", "text": A}]}, "roles_unknown"),
    "a tool": (
        {"messages": [{"role": "user", "content": U}, {"role": "tool", "content": A}]},
        "roles_unknown",
    ),
    "no speakers": ({"dialog": [{"text": U}, {"text": A}]}, "roles_unknown"),
    "texts only": ({"dialog": [U, A]}, "roles_unknown"),
    "transcript of names": ({"conversation": f"Ann: {U}\nBob: {A}"}, "roles_unknown"),
    "number": (
        {"messages": [{"role": "user", "content": 5}, {"role": "bot", "content": A}]},
        "content_not_text",
    ),
    "two replies": ({"prompt": U, "response_a": A, "response_b": "Hm."}, "ambiguous_columns"),
    "two prompts": ({"context": "Home.", "question": U, "answer": A}, "ambiguous_columns"),
    "two texts": ({"text": U, "content": A}, "ambiguous_columns"),
    "answers": ({"question": U, "answers": [A, "Hm."]}, "several_replies"),
    "numbers": ({"x": 1, "y": 2}, "shape_unknown"),
    "user_response": ({"user_response": U, "prompt": A}, "no_reply"),
    "a list": ([1, 2], "not_an_object"),
    "unended chatml": ({"text": "<|im_start|>user\nHi"}, "bad_chatml"),
    "no candidates": ({"utterances": [{"history": [U], "candidates": []}]}, "no_reply"),
    "other rounds": (
        {"utterances": [{"history": [U], "candidates": [A]}, {"history": ["x"], "candidates": ["y"]}]},
        "ambiguous_history",
    ),
    "equal answers": ({"prompt": U, "chosen": A, "rejected": A}, "equal_preference"),
    "empty rejected": ({"prompt": U, "chosen": A, "rejected": ""}, "no_reply"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_certain_is_refused_with_its_reason(name: str) -> None:
    value, reason = REFUSED[name]
    result = read("a.jsonl", lines({"prompt": U, "response": A}, value))
    assert refusals(result) == [(1, reason)]
    assert dialogues(result) == [EXCHANGE]


def test_distractors_appear_nowhere_in_a_convai_record() -> None:
    rounds = [
        {"history": ["hi"], "candidates": ["purple", "hello"]},
        {"history": ["hi", "hello", U], "candidates": ["turnip", A]},
    ]
    result = read("a.json", document({"train": [{"personality": ["p"], "utterances": rounds}]}))
    assert dialogues(result) == [[("user", "hi"), ("assistant", "hello"), *EXCHANGE]]
    written = str(result.kept.to_pylist())
    assert "purple" not in written
    assert "turnip" not in written
    assert records(result)[0]["source_metadata"] == {"candidates": 4, "personality": ["p"]}


def test_title_and_text_of_a_question_are_joined_by_a_blank_line() -> None:
    row = {"questionTitle": "Sleep?", "questionText": U, "answerText": A}
    same = {"questionTitle": U, "questionText": U, "answerText": A}
    got = dialogues(read("a.jsonl", lines(row, same)))
    assert [d[0][1] for d in got] == [f"Sleep?\n\n{U}", U]


def test_system_history_and_input_come_in_reading_order() -> None:
    row = {
        "instruction": "Be short.",
        "input": U,
        "output": A,
        "system": "Be kind.",
        "history": [["hi", "yo"]],
    }
    (got,) = dialogues(read("a.jsonl", lines(row)))
    assert got == [
        ("system", "Be kind."),
        ("user", "hi"),
        ("assistant", "yo"),
        ("user", f"Be short.\n\n{U}"),
        ("assistant", A),
    ]


def test_consecutive_turns_are_merged_and_counted_with_their_times() -> None:
    turns = [
        {"speaker": "client", "text": "One.", "start": "00:00:01", "end": 2.5},
        {"speaker": "client", "text": "Two.", "start": "00:00:03", "end": "0:04"},
        {"speaker": "therapist", "text": "Three.", "mood": "calm"},
    ]
    result = read("a.jsonl", lines({"dialog": turns}))
    (record,) = records(result)
    assert pairs(record["messages"]) == [("user", "One.\nTwo."), ("assistant", "Three.")]
    first = record["turns"][0]
    assert (first["merged"], first["raw_rows"], first["start"], first["end"]) == (2, 2, 1.0, 4.0)
    assert result.measured["merged_turns"] == 1
    assert record["source_metadata"]["turns"] == [{}, {}, {"mood": "calm"}]


def test_blank_turns_are_counted_and_marked_so_that_labels_stay_in_step() -> None:
    turns = [{"role": "user", "content": U}, {"role": "bot", "content": ""}, {"role": "bot", "content": A}]
    result = read("a.jsonl", lines({"messages": turns}))
    assert dialogues(result) == [EXCHANGE]
    assert result.measured["blank_turns"] == 1
    assert records(result)[0]["source_metadata"]["turns"] == [{}, {"dropped": "blank"}, {}]


PREFERENCES = {
    "texts": {"prompt": U, "chosen": A, "rejected": "Hm."},
    "system": {"question": U, "chosen": A, "rejected": "Hm."},
    "answers as messages": {
        "prompt": [{"role": "user", "content": U}],
        "chosen": [{"role": "assistant", "content": A}],
        "rejected": [{"role": "assistant", "content": "Hm."}],
    },
    "whole dialogues": {
        "prompt": U,
        "chosen": [{"role": "user", "content": U}, {"role": "assistant", "content": A}],
        "rejected": [{"role": "user", "content": U}, {"role": "assistant", "content": "Hm."}],
    },
    "transcripts": {
        "chosen": f"\n\nHuman: {U}\n\nAssistant: {A}",
        "rejected": f"\n\nHuman: {U}\n\nAssistant: Hm.",
    },
}


@pytest.mark.parametrize("name", PREFERENCES)
def test_every_spelling_of_a_preference_gives_prompt_chosen_and_rejected(name: str) -> None:
    (record,) = records(read("a.jsonl", lines(PREFERENCES[name])))
    assert record["kind"] == "preference"
    assert pairs(record["messages"]) == [("user", U)]
    assert pairs(record["chosen"]) == [("assistant", A)]
    assert pairs(record["rejected"]) == [("assistant", "Hm.")]


def test_the_shared_start_of_two_transcripts_is_the_prompt() -> None:
    start = "\n\nHuman: Hi\n\nAssistant: Hello\nHuman: is a word here\n\nHuman: More\n\nAssistant: "
    (record,) = records(read("a.jsonl", lines({"chosen": start + "Good.", "rejected": start + "Bad."})))
    assert len(record["messages"]) == 3
    assert record["messages"][1]["content"] == "Hello\nHuman: is a word here"
    differing = {"chosen": "\n\nHuman: a\n\nAssistant: b", "rejected": "\n\nHuman: c\n\nAssistant: d"}
    assert refusals(read("a.jsonl", lines(differing))) == [(0, "preference_diverges")]


def test_prompt_of_another_text_than_the_dialogues_is_refused() -> None:
    row = {**PREFERENCES["whole dialogues"], "prompt": "Something else."}
    assert refusals(read("a.jsonl", lines(row))) == [(0, "preference_diverges")]


@pytest.mark.parametrize(
    "replies", [["Joy", "Sadness", "Fear"], [" 1", " 0"], ["mind reading", "Catastrophizing."]]
)
def test_a_label_table_posing_as_chat_is_refused_row_by_row(replies: list[str]) -> None:
    rows = [{"prompt": f"I feel {k} ->", "completion": replies[k % len(replies)]} for k in range(9)]
    result = read("a.jsonl", lines(*rows))
    assert refusals(result) == [(k, "label_table") for k in range(9)]
    explicit = Mapping(fields=Fields(prompt=("prompt",), response=("completion",)))
    assert len(refusals(read("a.jsonl", lines(*rows), explicit))) == 9


def test_short_and_repeated_talk_is_no_label_table() -> None:
    rows = [{"prompt": f"I feel {k}", "response": ["I see.", "Go on, please."][k % 2]} for k in range(9)]
    assert len(dialogues(read("a.jsonl", lines(*rows)))) == 9


def test_a_text_field_becomes_a_text_record_with_its_labels_beside_it() -> None:
    (record,) = records(read("a.csv", "selftext,label\nA long day.,3\n"))
    assert record["kind"] == "text"
    assert pairs(record["messages"]) == [("assistant", "A long day.")]
    assert record["source_metadata"] == {"label": "3"}


def test_records_of_this_program_are_read_again_as_what_they_were() -> None:
    rows = [
        {"prompt": U, "response": A},
        {"prompt": U, "chosen": A, "rejected": "Hm."},
        {"text": "A long day."},
    ]
    first = read("a.jsonl", lines(*rows)).kept.to_pylist()
    again = read("records.jsonl", lines(*first)).kept.to_pylist()
    wanted = ("kind", "messages", "chosen", "rejected")
    assert [[r[name] for name in wanted] for r in again] == [[r[name] for name in wanted] for r in first]
    empty_lists = [{**r, "chosen": r["chosen"] or [], "rejected": r["rejected"] or []} for r in first]
    assert [r["kind"] for r in read("train_000.jsonl", lines(*empty_lists)).kept.to_pylist()] == [
        "dialogue",
        "preference",
        "text",
    ]


def test_segments_of_a_speech_recogniser_are_one_text() -> None:
    segments = [
        {"text": " One day ", "start": 0.0, "duration": 2},
        {"text": "I left.", "start": 2.0, "duration": 1},
    ]
    for value, about in ((segments, {}), ({"language": "en", "segments": segments}, {"language": "en"})):
        (record,) = records(read("a.json", document(value)))
        assert (record["kind"], record["messages"][0]["content"]) == ("text", "One day I left.")
        assert (record["source_metadata"], record["raw_rows"]) == (about, 2)
