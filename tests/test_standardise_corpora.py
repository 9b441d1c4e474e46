"""Exact counts on the real corpora, with a registry mapping and without."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pixelated.core.fingerprint import sha256_file
from pixelated.core.source import Fields, Join, Mapping, Source
from pixelated.core.step import add_measured
from pixelated.standardise import plan_units, read_unit, standardise_path

pytestmark = pytest.mark.corpora

PART = 64 << 20


class Read:
    """All of a source: records, reasons and figures, balanced."""

    def __init__(self, results: Any) -> None:
        parts = list(results)
        self.kept: pa.Table = pa.concat_tables([p.kept for p in parts])
        refused = pa.concat_tables([p.quarantined for p in parts])
        self.reasons = Counter(refused["reason"].to_pylist())
        self.measured: dict[str, Any] = {}
        for part in parts:
            add_measured(self.measured, part.measured)
        raw = sum(self.kept["raw_rows"].to_pylist()) + sum(refused["raw_rows"].to_pylist())
        assert raw == self.measured["raw_rows"]
        assert self.kept.num_rows + refused.num_rows == self.measured["candidates"]
        assert len(set(self.kept["id"].to_pylist())) == self.kept.num_rows

    def groups(self) -> int:
        return len(set(self.kept["group_key"].to_pylist()))

    def texts(self) -> int:
        """Return the number of records before long texts were cut: the chunks of one count once."""
        return sum(m.get("chunk", 1) == 1 for m in self.metadata())

    def metadata(self) -> list[dict[str, Any]]:
        return [json.loads(m) for m in self.kept["source_metadata"].to_pylist()]


def of_source(source: Source, corpora: Path, part_bytes: int = PART) -> Read:
    return Read(read_unit(source, corpora, u) for u in plan_units(source, corpora, part_bytes, sha256_file))


def of_path(path: Path) -> Read:
    return Read(standardise_path(path))


ANNOMI = Fields(
    conversation="transcript_id", role="interlocutor", content="utterance_text", order="utterance_id"
)


@pytest.mark.parametrize(("name", "rows"), [("AnnoMI-simple.csv", 9_699), ("AnnoMI-full.csv", 13_551)])
def test_annomi_gives_133_dialogues_from_either_file_mapped_or_sniffed(
    corpora: Path, name: str, rows: int
) -> None:
    mapping = Mapping(shape="utterances", fields=ANNOMI)
    source = Source(id="annomi", path="annomi", files=(name,), mapping=mapping, group_by=("video_url",))
    for got in (of_source(source, corpora), of_path(corpora / "annomi" / name)):
        assert got.kept.num_rows == 133
        assert got.measured["raw_rows"] == rows
        assert got.groups() == 119
        assert len({m["transcript_id"] for m in got.metadata()}) == 133


def test_annomi_dialogues_are_the_same_from_both_files(corpora: Path) -> None:
    both = []
    for name in ("AnnoMI-simple.csv", "AnnoMI-full.csv"):
        got = of_path(corpora / "annomi" / name)
        ids = [m["transcript_id"] for m in got.metadata()]
        both.append(dict(zip(ids, got.kept["messages"].to_pylist(), strict=True)))
    assert both[0] == both[1]


def test_esconv_gives_1300_dialogues_whatever_the_part_size(corpora: Path) -> None:
    source = Source(id="esconv", path="esconv", files=("*.txt",), exclude=("LICENCE.txt",))
    got = of_source(source, corpora)
    files = Counter(p["file"] for p in got.kept["provenance"].to_pylist())
    assert files == {"train.txt": 910, "valid.txt": 195, "test.txt": 195}
    assert of_source(source, corpora, 200_000).kept.to_pylist() == got.kept.to_pylist()


def test_epitome_gives_3084_joined_records(corpora: Path) -> None:
    on = ("sp_id", "rp_id")
    joins = tuple(
        Join(f"{name}-reddit.csv", on, {"level": f"{name}_level", "rationales": f"{name}_rationales"})
        for name in ("interpretations", "explorations")
    )
    fields = Fields(prompt=("seeker_post",), response=("response_post",))
    source = Source(
        id="epitome",
        path="epitome",
        files=("emotional-reactions-reddit.csv",),
        mapping=Mapping(fields=fields, joins=joins),
    )
    got = of_source(source, corpora)
    assert got.kept.num_rows == 3_084
    assert got.measured.get("join_missed") == 0
    assert {m["explorations_level"] for m in got.metadata()} == {"0", "1", "2"}


def test_counsel_chat_json_gives_2012_records_and_no_distractor(corpora: Path) -> None:
    path = corpora / "counsel_chat" / "counsel_chat_250-tokens_full.json"
    got = of_path(path)
    assert got.kept.num_rows == 2_012
    data = json.loads(path.read_text())
    last = [r["utterances"][-1]["candidates"][-1] for part in ("train", "valid") for r in data[part]]
    assert [m[-1]["content"] for m in got.kept["messages"].to_pylist()] == last


def test_counsel_chat_csv_gives_2129_records_of_815_questions(corpora: Path) -> None:
    got = of_path(corpora / "counsel_chat" / "20200325_counsel_chat.csv")
    assert (got.kept.num_rows, got.groups()) == (2_129, 815)


def test_diasafety_gives_11209_records_three_of_them_without_a_reply(corpora: Path) -> None:
    got = of_path(corpora / "diasafety")
    assert (got.kept.num_rows, got.reasons) == (11_206, {"no_reply": 3})


def test_reframing_gives_600_records_and_its_label_table_none(corpora: Path) -> None:
    fields = Fields(prompt=("situation", "thought"), response=("reframe",))
    source = Source(
        id="reframing",
        path="cognitive_reframing",
        files=("reframing_dataset.csv",),
        mapping=Mapping(fields=fields),
    )
    assert of_source(source, corpora).kept.num_rows == 600
    table = of_path(corpora / "cognitive_reframing" / "thinking_traps.jsonl")
    assert (table.kept.num_rows, table.reasons) == (0, {"label_table": 1_077})


def test_the_podcasts_are_38_texts_and_no_dialogue_without_roles(corpora: Path) -> None:
    source = Source(
        id="podcast",
        path="brain_science_podcast",
        files=("**/*.md",),
        mapping=Mapping(kind="text"),
        group_by=("@file",),
    )
    got = of_source(source, corpora)
    assert (got.texts(), got.groups(), got.kept.num_rows) == (38, 38, 1_084)
    assert set(got.kept["kind"].to_pylist()) == {"text"}
    words: dict[str, list[str]] = {}
    for place, (message,) in zip(
        got.kept["provenance"].to_pylist(), got.kept["messages"].to_pylist(), strict=True
    ):
        said = message["content"].split()
        assert 100 <= len(said) <= 500
        words.setdefault(place["file"], []).extend(said)
    folder = corpora / "brain_science_podcast"
    assert words == {f: (folder / f).read_text(encoding="utf-8").split() for f in words}
    assert of_path(corpora / "brain_science_podcast").reasons == {"roles_unknown": 38}


@pytest.mark.parametrize(
    ("name", "records"), [("evaluation_sets.json", 105), ("therapy_bench_golden_questions_500.json", 500)]
)
def test_evaluation_prompts_are_kept_where_the_source_wants_them(
    corpora: Path, name: str, records: int
) -> None:
    mapping = Mapping(prompt_only=True)
    source = Source(id="eval", path="pixelated/conversations", files=(name,), mapping=mapping)
    assert of_source(source, corpora).kept.num_rows == records


def test_degenerate_files_are_named(corpora: Path) -> None:
    got = of_path(corpora / "pixelated" / "degenerate")
    assert got.reasons == {"zero_byte": 1, "lfs_pointer": 1, "no_reply": 500}
    assert got.measured["flags"] == {"identical_records": {"cot_reasoning_300_identical.json": 300}}


@pytest.mark.parametrize(
    ("folder", "texts", "kept", "reasons"),
    [
        ("bbq", 0, 0, {"no_reply": 1_556}),
        ("cams", 3_153, 3_584, {"empty_content": 2}),
        ("hatecheck", 0, 0, {"shape_unknown": 3_728}),
        ("msrp", 0, 0, {"shape_unknown": 16_749}),  # the two pages are a licence and a readme
        ("plagiarism_sheffield", 100, 102, {"shape_unknown": 142}),
        ("presidio_research", 3_711, 3_736, {"shape_unknown": 3_000}),
        ("sdcnl", 1_895, 2_098, {}),
        ("simple_safety_tests", 0, 0, {"shape_unknown": 80}),
        ("suicidewatch_cssrs7", 1_170, 1_170, {}),
        ("xstest", 1_800, 1_800, {"no_reply": 450}),
    ],
)
def test_every_other_folder_is_read_or_refused_and_no_row_lost(
    corpora: Path, folder: str, texts: int, kept: int, reasons: dict[str, int]
) -> None:
    got = of_path(corpora / folder)
    assert (got.texts(), got.kept.num_rows, dict(got.reasons)) == (texts, kept, reasons)


def test_no_byte_of_a_mixed_file_is_lost(corpora: Path) -> None:
    got = of_path(corpora / "cams")
    assert got.measured["decoding"]["added_CAMS_data.csv"]["stray_cp1252_bytes"] == 127
