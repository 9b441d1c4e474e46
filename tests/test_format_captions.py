"""Captions: rolling and repeated ones come out once, sounds are dropped, what people say twice stays."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pixelated.standardise.fields import words
from pixelated.standardise.sounds import is_sound
from standardise_reading import balances, details, read, records, srt, text_of

# What the service writes: each caption repeats the line before it, in between captions of 10 ms.
ROLLING = """WEBVTT
Kind: captions
Language: en

00:00:00.160 --> 00:00:02.310 align:start position:0%
{blank}
so<00:00:00.400><c> today</c><00:00:00.900><c> we</c><00:00:01.300><c> talk</c>

00:00:02.310 --> 00:00:02.320 align:start position:0%
so today we talk
{blank}

00:00:02.320 --> 00:00:04.470 align:start position:0%
so today we talk
about<00:00:02.700><c> sleep</c>

00:00:04.470 --> 00:00:04.480 align:start position:0%
about sleep
{blank}

00:00:04.480 --> 00:00:06.000 align:start position:0%
about sleep
about<00:00:05.000><c> sleep</c>

00:00:06.000 --> 00:00:06.010 align:start position:0%
about sleep
{blank}

00:00:06.010 --> 00:00:08.000 align:start position:0%
about sleep
no

00:00:08.000 --> 00:00:08.010 align:start position:0%
no
{blank}

00:00:08.010 --> 00:00:09.000 align:start position:0%
[Music]
""".replace("{blank}", " ")


def test_rolling_captions_come_out_once_also_where_a_line_is_really_said_twice() -> None:
    result = read("a.vtt", ROLLING)
    assert text_of(result) == "so today we talk about sleep about sleep no"
    (record,) = records(result)
    assert (record["raw_rows"], record["turns"][0]["start"], record["turns"][0]["end"]) == (9, 0.16, 8.0)
    # four captions of 10 ms, and three that open with the line before
    assert record["source_metadata"]["dropped"] == {"repeated_captions": 7, "sound_marks": 1}
    assert result.measured["repeated_captions"] == 7


@given(
    st.lists(
        st.lists(st.sampled_from(("so", "no", "we", "rest")), min_size=1, max_size=4), min_size=3, max_size=30
    )
)
@settings(max_examples=100, deadline=None)
def test_whatever_is_said_rolling_captions_come_out_exactly_once(said: list[list[str]]) -> None:
    """Rendered as the service does: the line before without times, the new one with, then 10 ms of it alone."""
    blocks, before = ["WEBVTT"], " "
    for k, spoken in enumerate(said):
        timed = spoken[0] + "".join(f"<00:00:{k:02}.{j:03}><c> {w}</c>" for j, w in enumerate(spoken[1:], 1))
        blocks.append(f"00:{k:02}.000 --> 00:{k:02}.990 align:start position:0%\n{before}\n{timed}")
        before = " ".join(spoken)
        blocks.append(f"00:{k:02}.990 --> 00:{k + 1:02}.000 align:start position:0%\n{before}\n ")
    assert text_of(read("a.vtt", "\n\n".join(blocks))).split() == [w for spoken in said for w in spoken]


def test_a_line_with_times_of_its_words_is_new_whatever_it_says() -> None:
    new = "oh<00:00:00.500><c> no</c>"
    cues = [f"oh no\n{new}"] * 6
    times = [f"00:0{k}.000 --> 00:0{k + 1}.000" for k in range(6)]
    text = "WEBVTT\n\n" + "\n\n".join(f"{t}\n{c}" for t, c in zip(times, cues, strict=True))
    assert text_of(read("a.vtt", text)) == " ".join(["oh no"] * 7)


def test_rolling_captions_without_word_times_in_srt() -> None:
    lines = [f"line number {k} of the talk" for k in range(20)]
    cues = [f"{a}\n{b}" for a, b in zip(["", *lines], lines, strict=False)]
    assert text_of(read("a.srt", srt(*cues))) == " ".join(lines)


def test_captions_that_grow_or_slide_come_out_once() -> None:
    said = words("we all have days like that and they pass in the end if we let them")
    growing = [" ".join(said[max(0, k - 6) : k]) for k in range(2, len(said) + 1)]
    assert text_of(read("a.srt", srt(*growing))) == " ".join(said)


def test_what_people_say_twice_stays() -> None:
    cues = ("No.", "No.", "No.", "I said no.", "I said no.", "Never, I said.", "I said no.")
    assert text_of(read("a.srt", srt(*cues))) == " ".join(cues)


def test_the_same_caption_twice_at_one_time_is_a_repeat_and_others_that_overlap_stay() -> None:
    cues = (
        ("00:00:01,000 --> 00:00:03,000", "One."),
        ("00:00:01,000 --> 00:00:03,000", "One."),
        ("00:00:02,000 --> 00:00:04,000", "Two."),
        ("00:00:02,500 --> 00:00:04,000", "One."),
    )
    result = read("a.srt", srt(*cues))
    assert text_of(result) == "One. Two."
    assert records(result)[0]["source_metadata"] == {"dropped": {"repeated_captions": 2}}


def test_gaps_and_tears_stay_where_they_are() -> None:
    """What nobody could write down is not nothing, and an answer may be no word."""
    assert is_sound("inaudible")  # and so nobody's name
    cues = ("[crying]", "I don't [inaudible 00:02] want to live.", "[unintelligible]", "\\[laughs\\] Yes.")
    result = read("a.srt", srt(*cues))
    assert text_of(result) == "[crying] I don't [inaudible 00:02] want to live. [unintelligible] Yes."
    assert records(result)[0]["source_metadata"]["dropped"] == {"sound_marks": 1}


def test_sounds_and_songs_are_dropped_and_counted_and_asides_are_not() -> None:
    cues = (
        "[Music]",
        "(applause)",
        "\u266a",
        "\u266a la la la \u266a",
        "\u266a and on\nand on \u266a",
        "[door creaks]",
        "Hello [laughter] there (as I said) \u266a",
        "(music therapy) helped [the client]",
        "*sighs* well",
    )
    result = read("a.srt", srt(*cues))
    assert text_of(result) == "Hello there (as I said) (music therapy) helped [the client] well"
    assert records(result)[0]["source_metadata"]["dropped"] == {"sound_marks": 7, "sung_lines": 3}
    only = read("a.srt", srt("[Music]", "(applause)"))
    assert details(only)[0][:2] == ("empty_content", "none of 2 cues holds speech, 2 sound_marks")
    assert (balances(only), only.measured["raw_rows"]) == (True, 2)
