"""Speech recognisers' JSON: Whisper and its kin, YouTube, AWS, Deepgram, AssemblyAI; bad decodes dropped."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pixelated.core.source import Fields, Mapping
from standardise_reading import balances, dialogues, document, lines, read, records, refusals

Json = dict[str, Any]
ROLES = Mapping(roles={"SPEAKER_00": "assistant", "SPEAKER_01": "user"})


def segment(number: int, text: str, **more: object) -> Json:
    return {"id": number, "seek": 0, "start": float(number), "end": number + 1.0, "text": f" {text}", **more}


def whisper(*texts: str, **more: object) -> Json:
    segments = [segment(k, t, avg_logprob=-0.2, no_speech_prob=0.01) for k, t in enumerate(texts)]
    return {"text": " ".join(texts), "segments": segments, "language": "en", **more}


def one(value: object, mapping: Mapping | None = None, name: str = "a.json") -> Json:
    result = read(name, document(value), mapping)
    assert balances(result)
    assert refusals(result) == []
    (record,) = records(result)
    return record


TIMED = [
    whisper("One day", "I left."),
    whisper("One day", "I left.")["segments"],
    [{"text": "One day", "start": 0.0, "duration": 1.0}, {"text": "I left.", "start": 1.0, "duration": 1.0}],
    [
        {"start": 0, "end": 1, "text": "One day", "words": []},
        {"start": 1, "end": 2, "text": "I left.", "words": []},
    ],
    {"segments": [segment(0, "One day"), segment(1, "I left.")], "word_segments": []},
]


@pytest.mark.parametrize("value", TIMED)
def test_segments_without_speakers_are_one_text_with_its_times(value: object) -> None:
    record = one(value)
    assert (record["kind"], record["messages"][0]["content"]) == ("text", "One day I left.")
    assert record["turns"] == [{"speaker": None, "start": 0.0, "end": 2.0, "merged": 1, "raw_rows": 2}]
    assert record["provenance"]["original_format"] == "recogniser"
    assert record["provenance"]["locator"] == "segment 1"
    assert record["source_metadata"] == ({"language": "en"} if "language" in str(value) else {})


SPOKEN = [
    ("SPEAKER_00", "How was"),
    ("SPEAKER_00", "the week?"),
    ("SPEAKER_01", "Long."),
    ("SPEAKER_00", "I see."),
]
WHISPERX = {
    "segments": [
        segment(k, t, speaker=s, words=[{"word": t, "start": 0.0}]) for k, (s, t) in enumerate(SPOKEN)
    ],
    "word_segments": [],
    "language": "en",
}
DIALOGUE = [("assistant", "How was the week?"), ("user", "Long."), ("assistant", "I see.")]


def test_diarised_segments_are_a_dialogue_where_the_source_gives_roles() -> None:
    record = one(WHISPERX, ROLES)
    assert [(m["role"], m["content"]) for m in record["messages"]] == DIALOGUE
    first = record["turns"][0]
    assert (first["speaker"], first["start"], first["end"], first["raw_rows"]) == ("SPEAKER_00", 0.0, 2.0, 2)
    assert record["raw_rows"] == 4
    assert refusals(read("a.json", document(WHISPERX))) == [(0, "roles_unknown")]
    as_text = one(WHISPERX, Mapping(kind="text"))["messages"][0]["content"]
    assert as_text == "SPEAKER_00: How was the week?\n\nSPEAKER_01: Long.\n\nSPEAKER_00: I see."


def test_a_speaker_nobody_assigned_makes_a_dialogue_uncertain_unless_a_sentence_is_open() -> None:
    def talk(first: str) -> Json:
        said = [("SPEAKER_00", first), (None, "and rest."), ("SPEAKER_01", "Yes.")]
        segments = [segment(k, t, **({"speaker": s} if s else {})) for k, (s, t) in enumerate(said)]
        return {"segments": segments, "language": "en"}

    assert one(talk("Sit down"), ROLES)["messages"][0]["content"] == "Sit down and rest."
    assert refusals(read("a.json", document(talk("Sit down.")), ROLES)) == [(0, "roles_unknown")]


def aws(*items: tuple[str, str, str], labels_in_items: bool) -> Json:
    """Return a job of (speaker, word or mark, kind) items."""
    listed: list[Json] = []
    spans: list[Json] = []
    for k, (who, content, kind) in enumerate(items):
        item: Json = {"type": kind, "alternatives": [{"confidence": "0.9", "content": content}]}
        if kind == "pronunciation":
            item |= {"start_time": f"{k}.0", "end_time": f"{k}.5"}
            spans.append({"start_time": f"{k}.0", "end_time": f"{k}.5", "speaker_label": who})
            if labels_in_items:
                item["speaker_label"] = who
        listed.append(item)
    segments = [
        {"start_time": s["start_time"], "speaker_label": s["speaker_label"], "items": [s]} for s in spans
    ]
    results = {
        "transcripts": [{"transcript": "x"}],
        "items": listed,
        "speaker_labels": {"segments": segments},
    }
    return {"jobName": "j", "accountId": "1", "status": "COMPLETED", "results": results}


@pytest.mark.parametrize("labels_in_items", [False, True])
def test_aws_items_are_joined_to_sentences_of_a_speaker(*, labels_in_items: bool) -> None:
    word, mark = "pronunciation", "punctuation"
    job = aws(
        ("spk_0", "Well", word), ("", ",", mark), ("spk_0", "hello", word), ("", ".", mark),
        ("spk_0", "Sit", word), ("spk_1", "Thanks", word), ("", "!", mark),
        labels_in_items=labels_in_items,
    )  # fmt: skip
    record = one(job, Mapping(roles={"spk_0": "assistant", "spk_1": "user"}))
    assert [(m["role"], m["content"]) for m in record["messages"]] == [
        ("assistant", "Well, hello. Sit"),
        ("user", "Thanks!"),
    ]
    assert (record["turns"][0]["start"], record["turns"][0]["end"]) == (0.0, 4.5)
    assert record["raw_rows"] == 7


def utterances(*, scale: int, speaker: str = "speaker", text: str = "text") -> list[Json]:
    said = [("A", "How was the week?"), ("B", "Long."), ("A", "I see.")]
    return [
        {
            speaker: s,
            text: t,
            "start": k * 2 * scale,
            "end": (k * 2 + 2) * scale,
            "confidence": 0.9,
            "words": [],
        }
        for k, (s, t) in enumerate(said)
    ]


@pytest.mark.parametrize(
    "value",
    [
        {"id": "x", "text": "x", "utterances": utterances(scale=1000), "audio_duration": 6},
        {
            "metadata": {"channels": 1},
            "results": {"channels": [], "utterances": utterances(scale=1, text="transcript")},
        },
    ],
)
def test_utterances_are_read_in_seconds_or_milliseconds(value: Json) -> None:
    record = one(value, Mapping(roles={"A": "assistant", "B": "user"}))
    assert [(m["role"], m["content"]) for m in record["messages"]] == DIALOGUE
    assert [(t["start"], t["end"]) for t in record["turns"]] == [(0.0, 2.0), (2.0, 4.0), (4.0, 6.0)]


def test_words_serve_where_there_are_no_utterances() -> None:
    words = [
        {
            "word": "hello",
            "punctuated_word": "Hello.",
            "start": 0.1,
            "end": 0.5,
            "speaker": 0,
            "confidence": 0.9,
        },
        {"word": "hi", "punctuated_word": "Hi.", "start": 0.7, "end": 0.9, "speaker": 1, "confidence": 0.9},
    ]
    value = {"results": {"channels": [{"alternatives": [{"transcript": "x", "words": words}]}]}}
    record = one(value, Mapping(roles={"0": "assistant", "1": "user"}))
    assert [m["content"] for m in record["messages"]] == ["Hello.", "Hi."]


def test_what_a_recogniser_made_up_is_dropped_and_counted() -> None:
    value = whisper("So.", *["Thank you."] * 5, "Right.", "a a a a", "hm", *["Yes."] * 3)
    value["segments"][7]["compression_ratio"] = 2.5
    value["segments"][8] |= {"no_speech_prob": 0.9, "avg_logprob": -1.2}
    record = one(value)
    assert record["messages"][0]["content"] == "So. Thank you. Right. Yes. Yes. Yes."
    dropped = {"no_speech_segments": 1, "repeated_segments": 4, "repetitive_segments": 1}
    assert record["source_metadata"] == {"language": "en", "dropped": dropped}
    assert record["raw_rows"] == 12
    # one of the two signs alone is no reason
    value["segments"][8] |= {"no_speech_prob": 0.9, "avg_logprob": -0.9}
    assert "hm" in one(value)["messages"][0]["content"]
    value["segments"][7]["compression_ratio"] = 2.4
    assert "a a a a" in one(value)["messages"][0]["content"]


def test_a_recording_of_nothing_but_silence_is_named() -> None:
    value = whisper("you", "[BLANK_AUDIO]")
    value["segments"][0] |= {"no_speech_prob": 0.95, "avg_logprob": -2.0}
    result = read("a.json", document(value))
    assert refusals(result) == [(0, "empty_content")]
    assert (balances(result), result.measured["raw_rows"]) == (True, 2)


def test_bad_segments_are_named_and_the_rest_is_read() -> None:
    value = whisper(*["One.", "Two.", "Three.", "Four.", "Five.", "Six.", "Seven.", "Eight."])
    value["segments"][1] = "cut"
    value["segments"][2]["text"] = None
    value["segments"][4] |= {"start": 9.0, "end": 3.0}
    value["segments"][5] |= {"start": "soon", "end": "late"}
    result = read("a.json", document(value))
    assert refusals(result) == [(k, "bad_segment") for k in (1, 2, 4, 5)]
    (record,) = records(result)
    assert record["messages"][0]["content"] == "One. Four. Seven. Eight."
    assert record["source_metadata"] == {"language": "en", "bad_cues": 4}
    assert (record["raw_rows"], result.measured["raw_rows"]) == (4, 8)


def test_json_lines_of_segments_are_one_recording_and_of_recordings_several() -> None:
    segments = whisper("One day", "I left.")["segments"]
    (record,) = records(read("a.jsonl", lines(*segments)))
    assert (record["messages"][0]["content"], record["raw_rows"]) == ("One day I left.", 2)
    two = read("a.jsonl", lines(whisper("One."), whisper("Two.", "Three.")))
    assert [r["messages"][0]["content"] for r in records(two)] == ["One.", "Two. Three."]
    assert [r["turns"][0]["end"] for r in records(two)] == [1.0, 2.0]
    assert balances(two)


def test_a_long_recording_without_punctuation_is_cut_where_people_pause() -> None:
    """Longer than the first MiB of the file, by which its format is told."""
    pauses = {199, 411, 640}
    at, segments = 0.0, []
    for k in range(1000):
        at += 2.5 if k in pauses else 0.0
        segments.append(segment(k, f"word{k}", words=["x" * 1200]) | {"start": at, "end": at + 0.5})
        at += 0.5
    data = json.dumps({"segments": segments, "language": "en"}).encode()
    assert len(data) > 1 << 20
    result = read("a.json", data)
    got = records(result)
    sizes = [len(r["messages"][0]["content"].split()) for r in got]
    assert " ".join(r["messages"][0]["content"] for r in got) == " ".join(f"word{k}" for k in range(1000))
    # every cut is at a pause; which of them are taken is what brings the sizes nearest to 300
    assert sizes == [411, 229, 360]
    assert [r["turns"][0]["start"] for r in got] == [segments[k]["start"] for k in (0, 411, 640)]
    assert [r["raw_rows"] for r in got] == sizes
    assert {r["source_metadata"]["chunks"] for r in got} == {3}
    assert len({r["group_key"] for r in got}) == 1
    assert balances(result)


def test_a_key_of_the_recording_groups_it_as_a_column_would() -> None:
    groups = {
        one(whisper(text, video_id="v1"), name=f"{text}.json")["group_key"] for text in ("One.", "Two.")
    }
    assert len(groups) == 1


LABELLED = [
    # a field that no recogniser writes: a person's label
    [
        {"speaker": s, "text": t, "start": 0.0, "end": 1.0, "act": "question"}
        for s, t in (("client", "a"), ("therapist", "b"))
    ],
    # places in a text and not times
    [{"text": "Hi", "start": 0, "end": 2}, {"text": "you", "start": 3, "end": 6}],
    {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], "segments": []},
    [{"prompt": "a", "response": "b", "start": 0.0}],
    {"utterances": [{"history": ["a"], "candidates": ["b"]}]},
    {"words": [{"word": "low", "start": 1}], "id": 3},
]


@pytest.mark.parametrize("value", LABELLED)
def test_other_json_stays_with_the_other_shapes(value: object) -> None:
    assert read("a.json", document(value)).measured["files"] == {"json": 1}


def test_a_source_that_describes_its_fields_is_read_as_it_says() -> None:
    fields = Fields(messages="segments", role="speaker", content="text")
    mapping = Mapping(shape="messages", fields=fields, roles=ROLES.roles)
    result = read("a.json", document(WHISPERX), mapping)
    assert dialogues(result)[0][0] == ("assistant", " How was\n the week?")


def test_a_cut_document_is_named_as_invalid_json() -> None:
    data = document(whisper("One day", "I left."))[:-9]
    assert refusals(read("a.json", data)) == [(0, "invalid_json")]
