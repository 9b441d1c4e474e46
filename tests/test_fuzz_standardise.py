"""Malformed input of every format crashes nothing, and every raw row is kept or quarantined.

PIXELATED_FUZZ sets another number of inputs. The seed is fixed, so a failure can be repeated: each message
names the number of the input.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable

import pytest

from pixelated.core import schema
from pixelated.core.source import Fields, Mapping, Source
from pixelated.core.step import StepResult
from pixelated.standardise import read_bytes

EXAMPLES = int(os.environ.get("PIXELATED_FUZZ", "10000"))
SLICES = 10
SUFFIXES = (".json", ".jsonl", ".csv", ".tsv", ".md", ".txt", ".parquet", ".srt", ".vtt", "")
MAPPINGS = (
    Mapping(),
    Mapping(prompt_only=True),
    Mapping(kind="text"),
    Mapping(shape="messages"),
    Mapping(shape="pair", fields=Fields(prompt=("prompt",), response=("response",))),
    Mapping(shape="utterances", fields=Fields(role="speaker", content="text", conversation="id")),
    Mapping(shape="text"),
    Mapping(shape="preference"),
    Mapping(shape="convai"),
    Mapping(shape="chatml"),
    Mapping(role_reversed=True, roles={"a": "user", "b": "assistant", "0": "user", "1": "assistant"}),
)
# What breaks parsers: quotes, brackets, marks of every format, wide, broken and odd characters.
PIECES = (
    b'"', b"'", b",", b";", b"\t", b"|", b"\n", b"\r\n", b"\r", b"\n\n", b"{", b"}", b"[", b"]", b":", b"\\",
    b'""', b'"""', b'","', b"\x00", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xc3\xa9", b"\x85",
    b"\xe2\x80\xa8", b"**Name:** ", b"**", b"Therapist: ", b"Client: ", b"T1: ", b"Name: ", b"<|im_start|>",
    b"<|im_end|>", b"<|im_start|>user\n", b"<|endoftext|>", b"null", b"NaN", b"-Infinity", b"1e999", b"9" * 400,
    b"\\ud800", b"\\u0000", b'{"a":', b"[" * 300, b"true", b"n/a", b"version https://git-lfs.github.com/spec/v1\n",
    b"-->", b"00:00:01,000 --> 00:00:02,000\n", b"WEBVTT\n\n", b"<v Name>", b"</v>", b"NOTE\n", b"&gt;&gt; ", b"[Music]",
    b"PAR1", b"\n\nHuman: ", b"\n\nAssistant: ", b"prompt,response\n", b"id,speaker,text\n", b"\x1f\x8b", b" ",
)  # fmt: skip
NAMES = [
    "prompt",
    "response",
    "question",
    "answer",
    "instruction",
    "input",
    "output",
    "context",
    "text",
    "content",
    "messages",
    "conversations",
    "conversation",
    "dialog",
    "role",
    "from",
    "value",
    "speaker",
    "utterance",
    "id",
    "turn",
    "chosen",
    "rejected",
    "history",
    "candidates",
    "utterances",
    "questionText",
    "answerText",
    "label",
    "title",
    "system",
    "is_edge_case",
    "metadata",
    "transcript_id",
    "author",
    "a",
    "b",
]
WORDS = (
    "user",
    "assistant",
    "client",
    "therapist",
    "usr",
    "sys",
    "hello",
    "I feel low.",
    "",
    "é",
    "n/a",
    "1",
    "x\ny",
)

Random = random.Random


def value(rng: Random, depth: int = 0) -> object:
    pick = rng.random()
    if depth < 4 and pick < 0.25:
        return [value(rng, depth + 1) for _ in range(rng.randrange(4))]
    if depth < 4 and pick < 0.55:
        return {rng.choice(NAMES): value(rng, depth + 1) for _ in range(rng.randrange(5))}
    odd = (None, True, 0, -1, 1.5, 2**70, float("nan"), "\ud83d", "x" * 300)
    return rng.choice(odd) if pick > 0.9 else rng.choice(WORDS)


def turns(rng: Random) -> list[object]:
    role, content = rng.choice((("role", "content"), ("from", "value"), ("speaker", "text"), ("who", "line")))
    return [{role: rng.choice(WORDS), content: rng.choice(WORDS)} for _ in range(rng.randrange(6))]


def record(rng: Random) -> object:
    kind = rng.randrange(6)
    if kind == 0:
        return {rng.choice(("messages", "conversations", "dialog", "x")): turns(rng), "id": rng.randrange(9)}
    if kind == 1:
        return {"prompt": rng.choice(WORDS), "chosen": turns(rng), "rejected": turns(rng)}
    if kind == 2:
        rounds = [{"history": [rng.choice(WORDS)], "candidates": [rng.choice(WORDS)] * rng.randrange(3)}]
        return {"utterances": rounds * rng.randrange(3)}
    if kind == 3:
        return {"id": rng.randrange(3), "speaker": rng.choice(WORDS), "text": rng.choice(WORDS)}
    return value(rng) if kind == 4 else {"prompt": rng.choice(WORDS), "response": rng.choice(WORDS)}


def json_bytes(rng: Random) -> bytes:
    document: object = [record(rng) for _ in range(rng.randrange(6))]
    if rng.random() < 0.4:
        document = {rng.choice(("train", "data", "messages", "prompt")): document, "valid": [record(rng)]}
    return json.dumps(document, indent=rng.choice((None, 2))).encode("utf-8", "surrogatepass")


def lines_bytes(rng: Random) -> bytes:
    lines = [json.dumps(record(rng)) for _ in range(rng.randrange(8))]
    return rng.choice(("\n", "\r\n", "\n\n")).join(lines).encode("utf-8", "surrogatepass")


def csv_bytes(rng: Random) -> bytes:
    width, delimiter = rng.randrange(1, 5), rng.choice(",\t;|")
    names = rng.sample(NAMES, width)
    rows = [names] + [[rng.choice(WORDS) for _ in range(width)] for _ in range(rng.randrange(8))]
    quote = rng.random() < 0.5
    cells = [[f'"{c}"' if quote or "\n" in c else c for c in row] for row in rows]
    return rng.choice(("\n", "\r\n")).join(delimiter.join(row) for row in cells).encode()


def transcript_bytes(rng: Random) -> bytes:
    style = rng.choice(("**{}:** {}", "{}: {}", "**{}**: {}", "<|im_start|>{}\n{}<|im_end|>", "<{}>: {}"))
    lines = [style.format(rng.choice(WORDS), rng.choice(WORDS)) for _ in range(rng.randrange(8))]
    return rng.choice(("\n", "\n\n")).join(lines).encode(rng.choice(("utf-8", "utf-16", "cp1252")))


def cues_bytes(rng: Random) -> bytes:
    """Return subtitles, most of them with a mistake in some cue."""
    blocks = ["WEBVTT\nKind: captions"] if rng.random() < 0.5 else []
    marks = (
        "",
        "",
        "<v Client>",
        "<v T>",
        "Therapist: ",
        "NAME: ",
        "[Name] ",
        "- ",
        ">> ",
        "\u266a ",
        "[Music]",
    )
    text = ""
    for k in range(rng.randrange(12)):
        start, end = rng.choice((k, k, k, k - 3)), k + rng.choice((1, 1, 1, 0.01, -2))
        arrow = rng.choice((" --> ",) * 8 + (" -> ", "-->", "  "))
        time = f"00:{abs(start):02}.000{arrow}00:00:{abs(end):06.3f}" if rng.random() < 0.95 else "x"
        before = text if rng.random() < 0.3 else ""
        text = (
            rng.choice(marks)
            + rng.choice(WORDS) * rng.choice((1, 1, 1, 400))
            + rng.choice(("", " ", "<00:01.5>"))
        )
        blocks.append(rng.choice(("", f"{k + 1}\n", "id\n", "NOTE x\n\n")) + f"{time}\n{before}\n{text}")
    return rng.choice(("\n\n", "\n\n", "\n", "\r\n\r\n")).join(blocks).encode()


def segments_bytes(rng: Random) -> bytes:
    """Return a recogniser's transcript, most of them with a mistake in some segment."""
    said = rng.choice(("text", "transcript", "word"))
    odd: tuple[object, ...] = (None, "1.5", -1, 2**70, [], "x")
    segments: list[object] = [
        {"start": k * 1.5, "end": k * 1.5 + 1, said: rng.choice(WORDS) * rng.choice((1, 1, 300)), "seek": 0}
        | ({"speaker": rng.choice((*WORDS, None, 0))} if rng.random() < 0.4 else {})
        | (
            {rng.choice(("start", "end", said, "no_speech_prob")): rng.choice(odd)}
            if rng.random() < 0.2
            else {}
        )
        for k in range(rng.randrange(8))
    ]
    if rng.random() < 0.2:
        segments.insert(rng.randrange(len(segments) + 1), rng.choice((None, "x", [], {})))
    item = {"type": "pronunciation", "start_time": "0.1", "alternatives": [{"content": rng.choice(WORDS)}]}
    whole: object = rng.choice(
        (
            segments,
            {"text": "x", "segments": segments, "language": "en"},
            {"utterances": segments, "audio_duration": 9},
            {"results": {"utterances": segments, "channels": []}},
            {"results": {"transcripts": [], "items": [item, *segments]}},
            [{"segments": segments, "language": "en"}] * 2,
        )
    )
    if rng.random() < 0.2 and segments:
        return "\n".join(map(json.dumps, segments)).encode()
    return json.dumps(whole).encode("utf-8", "surrogatepass")


def any_bytes(rng: Random) -> bytes:
    if rng.random() < 0.5:
        return b"".join(rng.choice(PIECES) for _ in range(rng.randrange(40)))
    return rng.randbytes(rng.randrange(200))


MAKERS: tuple[Callable[[Random], bytes], ...] = (
    json_bytes,
    lines_bytes,
    csv_bytes,
    transcript_bytes,
    cues_bytes,
    segments_bytes,
    any_bytes,
)


USUAL = {
    json_bytes: ".json",
    lines_bytes: ".jsonl",
    csv_bytes: ".csv",
    transcript_bytes: ".txt",
    cues_bytes: ".srt",
    segments_bytes: ".json",
}


def damage(rng: Random, data: bytes) -> bytes:
    """Cut, repeat, replace and insert at random places."""
    for _ in range(rng.choice((0, 1, 1, 2, 5))):
        at = rng.randrange(len(data) + 1)
        kind = rng.randrange(4)
        if kind == 0:
            data = data[:at] + rng.choice(PIECES) + data[at:]
        elif kind == 1:
            data = data[:at]
        elif kind == 2:
            data = data[:at] + data[at + rng.randrange(9) :]
        else:
            data = data[:at] + data[at // 2 :]
    return data


def make(number: int) -> tuple[Source, str, bytes]:
    rng = random.Random(f"standardise-{number}")
    maker = rng.choice(MAKERS)
    suffix = USUAL.get(maker, "") if rng.random() < 0.6 else rng.choice(SUFFIXES)
    mapping = Mapping() if rng.random() < 0.4 else rng.choice(MAPPINGS)
    source = Source(id="fuzz", mapping=mapping, edge_bypass=rng.random() < 0.5)
    return source, "file" + suffix, damage(rng, maker(rng))


def check(result: StepResult, number: int) -> None:
    kept, quarantined = result.kept, result.quarantined
    assert quarantined is not None
    kept.validate(full=True)
    quarantined.validate(full=True)
    assert kept.schema == schema.BASE
    assert quarantined.schema == schema.QUARANTINE
    rows = sum(kept["raw_rows"].to_pylist()) + sum(quarantined["raw_rows"].to_pylist())
    assert result.measured["raw_rows"] == rows, f"input {number}: raw rows lost"
    records = kept.num_rows + quarantined.num_rows
    assert result.measured["candidates"] == records, f"input {number}: records lost"
    assert records >= 1, f"input {number}: the file vanished"
    ids = kept["id"].to_pylist()
    assert len(set(ids)) == len(ids), f"input {number}: two records share an id"
    assert all(kept["group_key"].to_pylist()), f"input {number}: a record has no group"
    for metadata in kept["source_metadata"].to_pylist():
        assert isinstance(json.loads(metadata), dict)


@pytest.mark.parametrize("part", range(SLICES))
def test_malformed_input_crashes_nothing_and_loses_no_row(part: int) -> None:
    for number in range(part, EXAMPLES, SLICES):
        source, name, data = make(number)
        try:
            result = read_bytes(source, name, data)
        except Exception as error:
            raise AssertionError(f"input {number} ({name}, {len(data)} bytes) raised {error!r}") from error
        check(result, number)


@pytest.mark.parametrize("part", range(2))
def test_every_line_of_damaged_json_lines_is_a_raw_row(part: int) -> None:
    """The expected number is counted here, on the bytes, and not by the program."""
    for number in range(part, EXAMPLES // 5, 2):
        rng = random.Random(f"lines-{number}")
        data = damage(rng, lines_bytes(rng)).replace(b"\x00", b"")
        data = b'{"prompt": "a", "response": "b"}\n' * 9 + data.decode("utf-8", "ignore").encode()
        expected = sum(bool(line.strip(b" \t\r")) for line in data.split(b"\n"))
        result = read_bytes(Source(id="fuzz"), "file.jsonl", data)
        assert result.measured["raw_rows"] == expected, f"input {number}"
        check(result, number)


def test_the_inputs_reach_every_format_and_both_outcomes() -> None:
    """A fuzzer that only ever makes refused files proves nothing."""
    formats: set[str] = set()
    kept = refused = 0
    for number in range(min(EXAMPLES, 1500)):
        result = read_bytes(*make(number))
        formats.update(result.measured["files"])
        kept += result.kept.num_rows
        refused += 0 if result.quarantined is None else result.quarantined.num_rows
    assert {
        "json",
        "jsonl",
        "csv",
        "diarised",
        "transcript",
        "chatml",
        "text",
        "srt",
        "vtt",
        "recogniser",
    } <= formats
    assert kept > 300
    assert refused > 500
