"""Files of a source, how they are shared out, and that the sharing never shows in the records."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path

import pyarrow as pa
import pytest

from pixelated.core.errors import IncompleteError, UsageError
from pixelated.core.fingerprint import sha256_file
from pixelated.core.source import Fields, Join, Mapping, Source
from pixelated.core.step import StepResult, add_measured
from pixelated.standardise import (
    list_files,
    plan_units,
    read_unit,
    sniff_source,
    standardise_path,
)
from pixelated.standardise.units import _ranges

PAIR = '{"prompt": "a", "response": "b"}\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "corpora" / "set"
    (folder / "deep").mkdir(parents=True)
    for name in (
        "b.jsonl",
        "a.jsonl",
        "deep/c.jsonl",
        "README.md",
        "LICENCE.txt",
        "License",
        ".hidden",
        "ORIGIN.md",
    ):
        (folder / name).write_text(PAIR)
    (folder / ".git").mkdir()
    (folder / ".git" / "x.jsonl").write_text(PAIR)
    return tmp_path / "corpora"


def read_all(source: Source, root: Path, part_bytes: int) -> list[StepResult]:
    return [read_unit(source, root, unit) for unit in plan_units(source, root, part_bytes, sha256_file)]


def kept(results: list[StepResult]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = pa.concat_tables([r.kept for r in results]).to_pylist()
    return rows


def refused(results: list[StepResult]) -> list[dict[str, object]]:
    return [q for r in results if r.quarantined is not None for q in r.quarantined.to_pylist()]


def measured(results: list[StepResult]) -> dict[str, object]:
    total: dict[str, object] = {}
    for result in results:
        add_measured(total, result.measured)
    return total


def test_files_are_sorted_and_the_default_pattern_leaves_out_what_is_no_data(root: Path) -> None:
    assert list_files(Source(id="s", path="set"), root) == ["a.jsonl", "b.jsonl", "deep/c.jsonl"]
    assert list_files(Source(id="s", path="set", files=("README.md", "*.jsonl")), root) == [
        "README.md",
        "a.jsonl",
        "b.jsonl",
    ]
    assert list_files(Source(id="s", path="set", exclude=("deep/*", "b*")), root) == ["a.jsonl"]
    assert list_files(Source(id="s", path="set/a.jsonl"), root) == ["a.jsonl"]


def test_what_is_missing_is_named_with_a_remedy(root: Path) -> None:
    with pytest.raises(IncompleteError, match="nowhere") as missing:
        list_files(Source(id="s", path="nowhere"), root)
    assert missing.value.remedy
    with pytest.raises(IncompleteError, match=r"\*\.xyz"):
        list_files(Source(id="s", path="set", files=("*.xyz",)), root)
    with pytest.raises(UsageError, match="absent"):
        list_files(Source(id="s"), root / "absent")
    with pytest.raises(UsageError, match="absent"):
        sniff_source(root / "absent")


@pytest.mark.parametrize("path", ["../outside", "set/../../outside", "link", "set/link"])
def test_no_path_leads_out_of_the_root(root: Path, path: str) -> None:
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "x.jsonl").write_text(PAIR)
    if path.endswith("link"):
        (root / path).symlink_to(outside)
    with pytest.raises(UsageError, match="leads out"):
        list_files(Source(id="s", path=path), root)


@pytest.mark.parametrize("pattern", ["../*", "/etc/*", "**/../../*", ""])
def test_no_pattern_leads_out_of_the_root(root: Path, pattern: str) -> None:
    with pytest.raises(UsageError, match="pattern"):
        list_files(Source(id="s", path="set", files=(pattern,)), root)


def test_a_link_to_a_file_outside_is_refused(root: Path) -> None:
    (root.parent / "secret.jsonl").write_text(PAIR)
    (root / "set" / "z.jsonl").symlink_to(root.parent / "secret.jsonl")
    with pytest.raises(UsageError, match="leads out"):
        list_files(Source(id="s", path="set"), root)


def test_a_join_can_not_read_outside(root: Path) -> None:
    mapping = Mapping(joins=(Join("../../secret.csv", ("id",), {"x": "y"}),))
    (root.parent / "secret.csv").write_text("id,x\n1,2\n")
    with pytest.raises(UsageError, match="leads out"):
        plan_units(Source(id="s", path="set", mapping=mapping), root, 1000, sha256_file)


def mixed_lines(rows: int) -> str:
    """Return JSON lines with blank, bad, long and odd lines among them."""
    out = ["\ufeff"]
    for k in range(rows):
        row = {"question": f"Question {k} ü\u2028 " + "word " * (k % 40), "answer": f"Answer {k}.", "n": k}
        out.append(json.dumps(row, ensure_ascii=k % 2 == 0) + ("\r\n" if k % 5 == 0 else "\n"))
        out.append("\n" if k % 7 == 0 else "  \t\n" if k % 11 == 0 else "")
        out.append('{"question": "cut\n' if k % 13 == 0 else "")
    return "".join(out)


@pytest.mark.parametrize("part_bytes", [1, 100, 997, 4096, 20_000])
def test_records_do_not_depend_on_the_part_size(tmp_path: Path, part_bytes: int) -> None:
    (tmp_path / "a.txt").write_bytes(mixed_lines(300).encode())
    (tmp_path / "b.csv").write_text("prompt,response\nx,y z.\n")
    (tmp_path / "c.jsonl").write_text(
        '{"id": 1, "speaker": "client", "text": "a"}\n{"id": 1, "speaker": "bot", "text": "b"}\n' * 99
    )
    source = Source(id="s")
    whole = read_all(source, tmp_path, 1 << 30)
    parts = read_all(source, tmp_path, part_bytes)
    assert len(whole) == 1
    assert len(parts) > 1
    assert kept(parts) == kept(whole)
    assert refused(parts) == refused(whole)
    assert measured(parts) == measured(whole)


def test_rows_and_lines_are_counted_over_the_whole_file(tmp_path: Path) -> None:
    text = mixed_lines(300)
    (tmp_path / "a.jsonl").write_bytes(text.encode())
    rows = [line for line in text.removeprefix("\ufeff").split("\n") if line.strip(" \t\r")]
    for record in kept(read_all(Source(id="s"), tmp_path, 500)):
        place = record["provenance"]
        assert isinstance(place, dict)
        assert json.loads(str(record["source_metadata"]))["n"] == json.loads(rows[place["row"]])["n"]
        line = text.split("\n")[int(str(place["locator"]).removeprefix("line ")) - 1]
        assert line.removeprefix("\ufeff").rstrip("\r") == rows[place["row"]].rstrip("\r")


def test_label_tables_and_utterance_tables_are_known_in_every_part(tmp_path: Path) -> None:
    labels = "".join(json.dumps({"prompt": f"p {k}", "completion": " Joy"}) + "\n" for k in range(200))
    (tmp_path / "labels.jsonl").write_text(labels)
    reasons = {q["reason"] for q in refused(read_all(Source(id="s"), tmp_path, 300))}
    assert reasons == {"label_table"}


def test_files_in_wide_encodings_are_never_cut(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes((PAIR * 50).encode("utf-16"))
    assert len(plan_units(Source(id="s"), tmp_path, 64, sha256_file)) == 1
    assert len(kept(read_all(Source(id="s"), tmp_path, 64))) == 50


def test_small_files_share_a_unit_and_units_survive_pickling(root: Path) -> None:
    units = plan_units(Source(id="s", path="set"), root, 2 * len(PAIR), sha256_file)
    assert [[p.file for p in u.pieces] for u in units] == [["a.jsonl", "b.jsonl"], ["deep/c.jsonl"]]
    assert pickle.loads(pickle.dumps(units)) == units  # noqa: S301 - made in the line above
    assert [u.index for u in units] == [0, 1]


def test_ids_are_unique_and_do_not_change_when_a_file_grows(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(PAIR * 3)
    before = [r["id"] for r in kept(read_all(Source(id="s"), tmp_path, 1000))]
    (tmp_path / "a.jsonl").write_text(PAIR * 5)
    after = [r["id"] for r in kept(read_all(Source(id="s"), tmp_path, 1000))]
    assert after[:3] == before
    assert len(set(after)) == 5


def test_a_folder_of_mixed_files_needs_no_registry_entry(root: Path) -> None:
    (root / "set" / "empty.json").write_bytes(b"")
    results = list(standardise_path(root / "set"))
    assert [r["source"] for r in kept(results)] == ["set"] * 3
    assert [(q["file"], q["reason"]) for q in refused(results)] == [("empty.json", "zero_byte")]
    (single,) = kept(list(standardise_path(root / "set" / "a.jsonl")))
    assert (single["license"], single["source"]) == ("NOASSERTION", "a")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_named(root: Path) -> None:
    (root / "set" / "a.jsonl").chmod(0)
    with pytest.raises(IncompleteError, match=r"a\.jsonl"):
        plan_units(Source(id="s", path="set"), root, 1000, sha256_file)


def test_a_file_that_vanished_after_planning_is_named(root: Path) -> None:
    source = Source(id="s", path="set")
    (unit, *_) = plan_units(source, root, 1 << 20, sha256_file)
    (root / "set" / "b.jsonl").unlink()
    with pytest.raises(IncompleteError, match=r"b\.jsonl"):
        read_unit(source, root, unit)


def test_explicit_fields_keep_a_file_of_utterances_in_one_piece(tmp_path: Path) -> None:
    rows = [{"c": k // 4, "who": ("x", "y")[k % 2], "what": f"t{k}"} for k in range(80)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    fields = Fields(conversation="c", role="who", content="what")
    source = Source(id="s", mapping=Mapping(fields=fields, roles={"x": "user", "y": "assistant"}))
    assert len(kept(read_all(source, tmp_path, 50))) == 20


def test_ranges_of_a_file_are_those_of_reading_it_line_by_line(tmp_path):
    """Blank lines are no rows, whatever white space they hold; a last line may have no end."""
    path = tmp_path / "lines.jsonl"
    pieces = [b'{"a": 1}', b"", b" \t\r", b"\x0b\x0c", b"x" * 100, b" y", b"\x00"]
    path.write_bytes(b"\n".join(pieces[n * n % len(pieces)] for n in range(300)))
    for size in (1, 7, 64, 1000, 1 << 20):
        found = list(_ranges(path, size))
        assert [found[0][0], found[-1][1]] == [0, path.stat().st_size]
        for (start, end, row, line), after in zip(found, [*found[1:], None], strict=True):
            before = path.read_bytes()[:start].split(b"\n")[:-1]
            assert (line, row) == (len(before), sum(not (b + b"\n").isspace() for b in before))
            assert after is None or (end == after[0] and end - start >= size)
            assert after is None or path.read_bytes()[end - 1 : end] == b"\n"
            assert b"\n" not in path.read_bytes()[start + size - 1 : end - 1]
