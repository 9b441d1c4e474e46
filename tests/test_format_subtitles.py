"""SRT and WebVTT: cues to turns, dialogues and texts; bad cues named."""

from __future__ import annotations

import pytest

from pixelated.core.source import Mapping
from standardise_reading import balances, details, dialogues, read, records, refusals, srt, text_of

SESSION = """WEBVTT - Session 4
Kind: captions
Language: en

NOTE made by hand
over two lines

STYLE
::cue { color: red }

REGION
id:one

intro
00:01.000 --> 00:02.500 align:start position:10%
<v Therapist>How was</v>

00:02.500 --> 00:04.000
<v Therapist>the <i>week</i>?</v>

00:04.000 --> 00:06.000
<v.loud Client>Long &amp; &lt;hard&gt;.

00:00:06.000 --> 00:00:07.000
<v Therapist>I see.</v> <v Client>Yes.</v>
"""


def test_voices_with_roles_are_a_dialogue_with_times_and_without_markup() -> None:
    result = read("a.vtt", SESSION)
    assert dialogues(result) == [
        [
            ("assistant", "How was the week?"),
            ("user", "Long & <hard>."),
            ("assistant", "I see."),
            ("user", "Yes."),
        ]
    ]
    (record,) = records(result)
    assert [(t["speaker"], t["start"], t["end"]) for t in record["turns"]] == [
        ("Therapist", 1.0, 4.0),
        ("Client", 4.0, 6.0),
        ("Therapist", 6.0, 7.0),
        ("Client", 6.0, 7.0),
    ]
    assert record["turns"][0]["raw_rows"] == 2
    assert (record["raw_rows"], result.measured["raw_rows"]) == (4, 4)
    assert record["source_metadata"] == {"title": "Session 4", "kind": "captions", "language": "en"}
    assert record["provenance"]["original_format"] == "vtt"
    assert balances(result)


@pytest.mark.parametrize(
    "cues",
    [
        ("THERAPIST: Hello.", "CLIENT: Hi.", "THERAPIST: So?"),
        ("Therapist: Hello.", "Client: Hi.", "Therapist: So?"),
        ("[Therapist] Hello.", "[Client] Hi.", "[Therapist] So?"),
        (">> Therapist: Hello.", ">> Client: Hi.", "&gt;&gt; Therapist: So?"),
        ("- Therapist: Hello.\n- Client: Hi.", "- Therapist: So?"),
        ("[Therapist]: Hello.\n[Client]: Hi.\n[Therapist]: So?",),
        ("<b>Therapist:</b> Hello.", '<font color="#fff">Client: Hi.</font>', "{\\an8}Therapist: So?"),
    ],
)
def test_names_in_the_text_are_speakers(cues: tuple[str, ...]) -> None:
    result = read("a.srt", srt(*cues))
    assert dialogues(result) == [[("assistant", "Hello."), ("user", "Hi."), ("assistant", "So?")]]
    assert result.measured["raw_rows"] == len(cues)


def test_a_name_holds_until_the_next_and_a_preamble_is_nobodys() -> None:
    result = read("a.srt", srt("Session two", "Therapist: Hello", "there.", "Client: Hi.\nIt is late."))
    assert dialogues(result) == [[("assistant", "Hello there."), ("user", "Hi. It is late.")]]
    (record,) = records(result)
    assert record["source_metadata"] == {"preamble": "Session two"}
    assert (record["turns"][0]["start"], record["turns"][0]["end"]) == (1.0, 3.0)


PODCAST = srt("MARY: Welcome.", "BOB: Thanks.", "MARY: So?", "BOB: It began early.")


def test_unknown_names_are_refused_kept_as_text_or_mapped() -> None:
    result = read("a.srt", PODCAST)
    assert refusals(result) == [(0, "roles_unknown")]
    assert balances(result)
    text = "MARY: Welcome.\n\nBOB: Thanks.\n\nMARY: So?\n\nBOB: It began early."
    as_text = read("a.srt", PODCAST, Mapping(kind="text"))
    assert text_of(as_text) == text
    assert records(as_text)[0]["turns"][0]["speaker"] == "MARY + BOB"
    mapped = read("a.srt", PODCAST, Mapping(roles={"mary": "assistant", "BOB": "user"}))
    assert dialogues(mapped)[0][3] == ("user", "It began early.")


@pytest.mark.parametrize(
    "cues",
    [
        (">> Good evening.", "Who is there?", ">> It is me.", ">> Come in."),
        ("- Good evening.\nWho is there?", "- It is me.\n- Come in."),
        ("-Good evening.\nWho is there?\n-It is me.\n-Come in.",),
    ],
)
def test_a_change_of_nameless_speakers_is_no_monologue(cues: tuple[str, ...]) -> None:
    assert refusals(read("a.srt", srt(*cues))) == [(0, "roles_unknown")]
    by_turns = read("a.srt", srt(*cues), Mapping(roles={"0": "user", "1": "assistant"}))
    assert dialogues(by_turns)[0][0] == ("user", "Good evening. Who is there?")
    assert [role for role, _ in dialogues(by_turns)[0]] == ["user", "assistant", "user"]
    paragraphs = text_of(read("a.srt", srt(*cues), Mapping(kind="text")))
    assert paragraphs == "Good evening. Who is there?\n\nIt is me.\n\nCome in."


def test_words_before_a_colon_are_no_name_unless_the_file_says_so() -> None:
    cues = (
        "One thing is clear: we go.",
        "And remember: breathe.",
        "- 3 degrees at 12:30",
        "Why: http://x.org",
    )
    assert text_of(read("a.srt", srt(*cues))).startswith("One thing is clear: we go. And remember: breathe.")


def test_two_sentences_with_a_colon_make_no_dialogue_of_a_long_talk() -> None:
    cues = [f"Remember: day {k} passes." if k in {50, 120} else f"It was day {k}." for k in range(150)]
    got = records(read("a.srt", srt(*cues)))
    assert {r["kind"] for r in got} == {"text"}
    assert " ".join(r["messages"][0]["content"] for r in got) == " ".join(cues)


def test_one_speaker_without_a_role_is_a_text_with_his_name() -> None:
    talk = (
        "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann Lee>Good\n\n00:02.000 --> 00:03.000\n<v Ann Lee>evening.\n"
    )
    (record,) = records(read("a.vtt", talk))
    assert (record["kind"], record["messages"][0]["content"]) == ("text", "Good evening.")
    assert record["turns"] == [{"speaker": "Ann Lee", "start": 1.0, "end": 3.0, "merged": 1, "raw_rows": 2}]


def test_a_cue_without_a_voice_goes_on_only_with_an_open_sentence() -> None:
    def talk(first: str) -> str:
        cues = (f"<v Therapist>{first}", "and rest.", "<v Client>Yes.")
        times = (f"00:0{k}.000 --> 00:0{k + 1}.000" for k in range(1, 4))
        return "WEBVTT\n\n" + "\n\n".join(f"{t}\n{c}" for t, c in zip(times, cues, strict=True))

    assert dialogues(read("a.vtt", talk("Sit down"))) == [
        [("assistant", "Sit down and rest."), ("user", "Yes.")]
    ]
    assert refusals(read("a.vtt", talk("Sit down."))) == [(0, "roles_unknown")]


BAD = """1
00:00:01,000 --> 00:00:02,000
one

2
no timing here

3
00:00:09,000 --> 00:00:05,000
backwards

4
00:00:xx,000 --> 00:00:05,000
unreadable

00:00:05,000 -> 00:00:06,000
broken arrow

6
00:00:06,000 --> 00:00:75,000
too many seconds

7
00:00:07,000 --> 00:00:08,000
seven
"""


def test_bad_cues_are_named_one_by_one_and_the_rest_is_read() -> None:
    result = read("a.srt", BAD)
    assert text_of(result) == "one seven"
    assert refusals(result) == [(k, "bad_cue") for k in range(1, 6)]
    assert [(d, t) for _, d, t in details(result)] == [
        ("the cue has no timing", "no timing here"),
        ("the cue ends before it starts", "backwards"),
        ("the time of the cue can't be read", "unreadable"),
        ("the time of the cue can't be read", "broken arrow"),
        ("the time of the cue can't be read", "too many seconds"),
    ]
    assert records(result)[0]["source_metadata"] == {"bad_cues": 5}
    assert (result.measured["raw_rows"], records(result)[0]["raw_rows"]) == (7, 2)
    assert balances(result)


def test_text_outside_the_cues_is_named() -> None:
    result = read("a.srt", "Subtitles by nobody\n\n" + srt("one"))
    assert details(result)[0] == (
        "bad_cue",
        "text without timing stands outside the cues",
        "Subtitles by nobody",
    )
    assert text_of(result) == "one"
    assert refusals(read("a.vtt", "WEBVTT\n\n")) == [(0, "no_rows")]
    assert refusals(read("a.srt", "just words\n")) == [(0, "bad_cue")]


@pytest.mark.parametrize(
    "text",
    [
        "1\n00:00:01,000 --> 00:00:02,000\ncaf\u00e9\n\n2\n00:00:02,000 --> 00:00:03,000\nna\u00efve\n",
        "1\n00:00:01.000 --> 00:00:02.000\ncaf\u00e9\n\n2\n00:00:02.5 --> 00:00:03\nna\u00efve\n",
        "00:01,000 --> 00:02,000\ncaf\u00e9\n\n00:02,000 --> 00:03,000\nna\u00efve",
        "1\n00:00:01,000 --> 00:00:02,000\ncaf\u00e9\n2\n00:00:02,000 --> 00:00:03,000\nna\u00efve\n",
        "1\n00:00:01,000 --> 00:00:02,000\n\ncaf\u00e9\n\n\n\n2\n00:00:02,000 --> 00:00:03,000\n\n\nna\u00efve\n",
        "1\n0:0:1,0-->0:0:2,0 X1:10 Y1:20\ncaf\u00e9\n\n2\n0:0:2,0   -->  0:0:3,0\nna\u00efve\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_files_in_many_hands_and_encodings(text: str, encoding: str) -> None:
    for ends in ("\n", "\r\n", "\r"):
        result = read("a.srt", text.replace("\n", ends).encode(encoding))
        assert text_of(result) == "caf\u00e9 na\u00efve"
        (record,) = records(result)
        assert (record["turns"][0]["start"], record["turns"][0]["end"], record["raw_rows"]) == (1.0, 3.0, 2)


def test_a_blank_line_inside_a_cue_loses_nothing_and_numbers_that_are_said_stay() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\none\n\nmore\n\n42\n\n2\n00:00:02,000 --> 00:00:03,000\n1984\n"
    assert text_of(read("a.srt", text)) == "one more 42 1984"
    vtt = "WEBVTT\n\n00:01.000 --> 00:02.000\none\n\nmore lines\nof it\n\n00:02.000 --> 00:03.000\ntwo\n"
    assert text_of(read("a.vtt", vtt)) == "one more lines of it two"


def test_cues_out_of_order_are_sorted_and_said_and_joined_files_stay_in_turn() -> None:
    cues = (
        ("00:00:05,000 --> 00:00:06,000", "three"),
        ("00:00:01,000 --> 00:00:02,000", "one"),
        ("00:00:03,000 --> 00:00:04,000", "two"),
    )
    result = read("a.srt", srt(*cues))
    assert text_of(result) == "one two three"
    assert records(result)[0]["source_metadata"] == {"reordered_cues": 2}
    joined = read("a.srt", srt("one", "two") + "\n" + srt("three", "four"))
    assert text_of(joined) == "one two three four"
    assert records(joined)[0]["source_metadata"] == {"joined_files": 2}


def test_subtitles_are_known_by_their_first_cue_under_another_name() -> None:
    assert read("a.txt", srt("one", "two")).measured["files"] == {"srt": 1}
    assert read("a", "WEBVTT\n\n00:01.000 --> 00:02.000\none\n").measured["files"] == {"vtt": 1}
    prose = "He wrote --> on the wall.\n00:01\nThen he left.\n"
    assert read("a.txt", prose).measured["files"] == {"text": 1}


def test_a_long_talk_is_chunked_with_the_times_of_its_cues() -> None:
    cues = [f"This is sentence {k}, and it has ten words here." for k in range(200)]
    times = [
        f"00:{k * 4 // 60:02}:{k * 4 % 60:02},000 --> 00:{(k * 4 + 4) // 60:02}:{(k * 4 + 4) % 60:02},000"
        for k in range(200)
    ]
    result = read("a.srt", srt(*zip(times, cues, strict=True)))
    got = records(result)
    assert " ".join(r["messages"][0]["content"] for r in got) == " ".join(cues)
    assert all(100 <= len(r["messages"][0]["content"].split()) <= 500 for r in got)
    assert [r["source_metadata"] for r in got] == [
        {"chunk": k + 1, "chunks": len(got)} for k in range(len(got))
    ]
    assert len({r["group_key"] for r in got}) == 1
    # chunks meet in time, each starts at the cue that its place names
    assert [a["turns"][0]["end"] for a in got[:-1]] == [b["turns"][0]["start"] for b in got[1:]]
    for r in got:
        number = int(r["provenance"]["locator"].split(",")[0].removeprefix("cue "))
        assert r["turns"][0]["start"] == (number - 1) * 4
    assert sum(r["raw_rows"] for r in got) == result.measured["raw_rows"] == 200
    assert balances(result)


def test_cues_longer_than_a_chunk_and_cues_of_two_turns_are_counted_once() -> None:
    def said(count: int, first: str) -> str:
        return " ".join(f"{first}{k}" for k in range(count)).capitalize() + "."

    cues = (
        said(80, "a"),
        said(1300, "b"),
        "[Music]",
        said(60, "c"),
        f"- {said(300, 'd')}\n- {said(300, 'e')}",
        said(90, "f"),
    )
    result = read("a.srt", srt(*cues), Mapping(kind="text"))
    got = records(result)
    words = [w for r in got for w in r["messages"][0]["content"].split()]
    assert words == " ".join(cues).replace("- ", "").replace("[Music] ", "").split()
    places = [(r["provenance"]["locator"].split(",")[0], r["raw_rows"]) for r in got]
    assert places == [("cue 1", 2), ("cue 2", 0), ("cue 2", 0), ("cue 2", 2), ("cue 5", 1), ("cue 5", 1)]
    assert [r["turns"][0]["start"] for r in got] == [0.0, 1.0, 1.0, 1.0, 4.0, 4.0]
    assert [r["source_metadata"].get("dropped") for r in got] == [
        None,
        None,
        None,
        {"sound_marks": 1},
        None,
        None,
    ]
    assert balances(result)


def test_reading_is_linear_in_rows_that_repeat_and_lines_that_match_nothing() -> None:
    for text in (
        srt(*(["no"] * 3000)),
        "1\n" * 20_000,
        "00:" * 50_000,
        "WEBVTT\n\n00:01.000 --> 00:02.000\n" + "<v " * 30_000,
        "WEBVTT\n\n00:01.000 --> 00:02.000\n" + "[" * 30_000 + "(" * 30_000,
        "WEBVTT\n\n00:01.000 --> 00:02.000\n"
        + "word\n" * 20_000
        + "\n00:02.000 --> 00:03.000\n"
        + "word\n" * 20_000,
    ):
        assert balances(read("a.srt", text))


def test_a_number_apart_from_its_timing_is_no_word_of_the_cue_before() -> None:
    doubled = srt("One day", "I left.", "And 3").replace("\n", "\n\n")
    (record,) = records(read("a.srt", doubled))
    assert (record["messages"][0]["content"], record["raw_rows"]) == ("One day I left. And 3", 3)
    # a number said twice is a word and then the number of a cue
    said = srt("One", "Two").replace("One\n", "One\n\n2\n")
    (record,) = records(read("a.srt", said))
    assert (record["messages"][0]["content"], record["raw_rows"]) == ("One 2 Two", 2)


def test_a_number_without_any_timing_and_a_clock_with_a_broken_arrow_are_bad_cues() -> None:
    bad = srt("One", ("", "Two"), ("00:00:02,000 -> soon", "Three"), "Four")
    result = read("a.srt", bad)
    assert records(result)[0]["messages"][0]["content"] == "One Four"
    assert refusals(result) == [(1, "bad_cue"), (2, "bad_cue")]
    assert balances(result)
