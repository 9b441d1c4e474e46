"""Transcripts, ChatML, plain text and Parquet files, and files that are no data."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pixelated.core.source import Mapping
from standardise_reading import balances, dialogues, read, records, refusals

MARKDOWN = """# Session 4

**Therapist:** Good morning.

How was the week?

**Client:** Long.
It was long.

**Client:** And loud.

**Therapist**: I see.
"""


def test_a_markdown_transcript_keeps_continuation_paragraphs_with_their_speaker() -> None:
    result = read("a.md", MARKDOWN)
    assert dialogues(result) == [
        [
            ("assistant", "Good morning.\n\nHow was the week?"),
            ("user", "Long.\nIt was long.\nAnd loud."),
            ("assistant", "I see."),
        ]
    ]
    (record,) = records(result)
    assert record["source_metadata"] == {"preamble": "# Session 4"}
    assert (record["raw_rows"], record["provenance"]["row"]) == (4, 0)
    assert record["provenance"]["original_format"] == "diarised"


PODCAST = "**Mary Moore:** Welcome to the show.\n\n**Bob Stone:** Thanks.\n\n**Mary Moore:** So.\n"


def test_a_podcast_is_refused_as_dialogue_kept_as_text_and_mapped_where_the_source_says_so() -> None:
    assert refusals(read("a.md", PODCAST)) == [(0, "roles_unknown")]
    (record,) = records(read("a.md", PODCAST, Mapping(kind="text")))
    assert record["kind"] == "text"
    assert record["messages"] == [{"role": "assistant", "content": PODCAST.strip()}]
    roles = Mapping(roles={"mary moore": "assistant", "Bob Stone": "user"})
    assert len(dialogues(read("a.md", PODCAST, roles))[0]) == 3


@pytest.mark.parametrize(
    "text",
    [
        "Therapist: Hello.\nClient: Hi.\nTherapist: So?\n",
        "T: Hello.\nC: Hi.\nT: So?\n",
        "T1: Hello.\nP1: Hi.\nT2: So?\n",
        "[00:00:01] Counsellor: Hello.\n[00:00:04] Client: Hi.\n[0:09] Counsellor: So?\n",
        "Session 3\nDate: 1 May\n\nTHERAPIST:\nHello.\nCLIENT:\nHi.\nTHERAPIST:\nSo?\n",
        "<Therapist>: Hello.\r\n<Client>: Hi.\r\n<Therapist>: So?\r\n",
        "### Human: Hi\n### Assistant: yes\n",
        "1. Therapist: Hello.\n2. Client: Hi.\n3. Therapist: So?\n",
        "Counselor 0:01\nHello.\n\nClient  0:04\nHi.\n",
    ],
)
def test_transcripts_in_many_hands(text: str) -> None:
    result = read("a.txt", text)
    assert refusals(result) == []
    (got,) = dialogues(result)
    assert "user" in {role for role, _ in got}
    assert not any(content.startswith(("T", "C", "<", "[")) for _, content in got)


@pytest.mark.parametrize(
    "text",
    [
        "Q: Hello?\nA: Hi.\nQ: So?\nA: Hm.\n",
        "Speaker 1: Hello.\nSpeaker 2: Hi.\nSpeaker 1: So?\nSpeaker 2: Hm.\n",
        "C1: Hello.\nP1: Hi.\nC2: So?\nP2: Hm.\n",
        "Ann: Hello.\nBob: Hi.\nAnn: So?\nBob: Hm.\n",
        "Therapist: Hello.\nClient: Hi.\nMother: And I?\nMother: Well.\n",
    ],
)
def test_transcripts_of_unknown_speakers_are_refused(text: str) -> None:
    assert refusals(read("a.txt", text)) == [(0, "roles_unknown")]


def test_a_rule_parts_dialogues_only_where_both_sides_speak_on_each_side_of_it() -> None:
    talk = "Therapist: Hello.\nClient: Hi.\n"
    assert len(dialogues(read("a.txt", f"{talk}\n---\n\n{talk}"))) == 2
    (one,) = dialogues(read("a.txt", f"{talk}\n---\n\nClient: More.\n"))
    assert one == [("assistant", "Hello."), ("user", "Hi.\nMore.")]
    (inside,) = dialogues(read("a.txt", "Therapist: Hello.\nClient: Hi.\n---\nStill me.\n"))
    assert inside[1] == ("user", "Hi.\n---\nStill me.")


def test_prose_with_colons_is_plain_text() -> None:
    text = "A day.\nNote: it rained, see http://example.org.\nThen at 3:30 we left.\n"
    (record,) = records(read("a.txt", text))
    assert (record["kind"], record["messages"][0]["content"]) == ("text", text)


def block(role: str, text: str) -> str:
    return f"<|im_start|>{role}\n{text}<|im_end|>\n"


def test_chatml_files_hold_one_or_several_dialogues() -> None:
    talk = block("user", "a") + block("assistant", "b")
    assert len(dialogues(read("a.txt", talk + talk))) == 1
    assert len(dialogues(read("a.txt", talk + "\n" + talk))) == 2
    assert len(dialogues(read("a.txt", talk + "<|endoftext|>" + talk))) == 2
    with_system = block("system", "s") + talk
    result = read("a.txt", with_system + with_system)
    assert [r["provenance"]["row"] for r in records(result)] == [0, 3]
    assert [len(d) for d in dialogues(result)] == [3, 3]


def test_a_chatml_block_that_is_not_ended_refuses_its_dialogue_only() -> None:
    good = block("system", "s") + block("user", "a") + block("assistant", "b")
    result = read("a.txt", good + block("system", "s") + "<|im_start|>user\ncut")
    assert len(dialogues(result)) == 1
    assert refusals(result) == [(3, "bad_chatml")]
    assert balances(result)


def test_parquet_rows_with_nested_messages() -> None:
    stream = io.BytesIO()
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    pq.write_table(pa.table({"messages": [turns, turns], "raw": [b"\xff", None]}), stream)
    result = read("a.bin", stream.getvalue())
    assert dialogues(result) == [[("user", "a"), ("assistant", "b")]] * 2
    assert [r["provenance"]["locator"] for r in records(result)] == ["row 0", "row 1"]
    assert refusals(read("a.parquet", stream.getvalue()[:-8])) == [(0, "unreadable_parquet")]


LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"


@pytest.mark.parametrize("name", ["a.json", "a.csv", "a.txt", "a.parquet", "a"])
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "zero_byte"),
        (b"\xef\xbb\xbf \r\n\t", "blank_file"),
        (LFS.encode(), "lfs_pointer"),
        (b"\xef\xbb\xbf" + LFS.replace("\n", "\r\n").encode(), "lfs_pointer"),
        (b"PK\x03\x04" + bytes(range(99)), "truncated"),
        (b"%PDF-1.7 x", "truncated_pdf"),
        (bytes(range(256)) * 9, "binary_file"),
        (b"<?xml version='1.0'?><p>x</p>", "markup_file"),
    ],
)
def test_files_that_are_no_data_are_named_whatever_their_name(name: str, data: bytes, reason: str) -> None:
    result = read(name, data)
    assert refusals(result) == [(0, reason)]
    assert list(result.measured["files"].values()) == [1]
    assert balances(result)


@pytest.mark.parametrize("name", ["a.json", "a.csv", "a.txt", "a.parquet"])
def test_a_web_page_under_the_name_of_data_is_a_failed_download(name: str) -> None:
    assert refusals(read(name, "<!DOCTYPE html><p>Please sign in")) == [(0, "markup_file")]


@pytest.mark.parametrize("name", ["a.py", "a.yaml", "a.html"])
def test_code_and_pages_are_no_corpus(name: str) -> None:
    assert refusals(read(name, "text: one\n")) == [(0, "code_file")]


def test_a_file_of_identical_records_is_flagged_and_kept() -> None:
    same = "prompt,response\n" + "a,b c d e f g.\n" * 3
    result = read("a.csv", same)
    assert result.measured["flags"] == {"identical_records": {"a.csv": 3}}
    assert result.kept.num_rows == 3
    assert read("a.csv", same + "other,b.\n").measured["flags"] == {}
