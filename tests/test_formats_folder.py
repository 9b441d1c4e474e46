"""A folder of every format, mistakes in more than half of its files, is read to exact counts."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import planted_documents
import planted_tables
from pixelated.core.records import QUARANTINED, RECORDS, write_folder
from pixelated.core.step import StepResult
from pixelated.standardise import FORMATS, standardise_path
from pixelated.standardise.sentences import count_words
from planted_formats import Planted, write
from test_cli import as_json, lines, pixelated

SECONDS = 60
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def planted() -> list[Planted]:
    return [*planted_documents.planted(), *planted_tables.planted()]


@pytest.fixture(scope="module")
def folder(planted: list[Planted], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(planted, tmp_path_factory.mktemp("planted") / "mixed")


@pytest.fixture(scope="module")
def read(folder: Path) -> tuple[dict[str, Any], Path]:
    """Run the command; return what it prints and the folder of what it wrote."""
    output = folder.parent / "out"
    start = time.monotonic()
    printed = as_json(pixelated("standardise", folder, "--output", output, "--json"))
    assert time.monotonic() - start < SECONDS
    return printed, output


@pytest.fixture(scope="module")
def found(read: tuple[dict[str, Any], Path]) -> tuple[Rows, Rows]:
    """Return the records and what was quarantined."""
    return lines(read[1] / RECORDS), lines(read[1] / QUARANTINED)


def mistakes(planted: Iterable[Planted], records: Rows, quarantined: Rows) -> list[str]:
    """Return a line for each thing that is not as planted; none is what is wanted."""
    kept, refused = _by_file(records), _by_file(quarantined)
    names = {one.name for one in planted}
    wrong = [f"{name}: not planted" for name in sorted({*kept, *refused} - names)]
    for one in planted:
        wrong += [f"{one.name}: {why}" for why in _differs(one, kept[one.name], refused[one.name])]
    return wrong


def _by_file(rows: Rows) -> dict[str, Rows]:
    found: dict[str, Rows] = defaultdict(list)
    for row in rows:
        found[row.get("file") or row["provenance"]["file"]].append(row)
    return found


def _differs(one: Planted, kept: Rows, refused: Rows) -> list[str]:
    seen = {
        "records": (len(kept), one.kept),
        "mistakes": (sorted((q["locator"], q["reason"]) for q in refused), sorted(one.refused)),
        "source rows": (sum(r["raw_rows"] for r in [*kept, *refused]), one.raw_rows),
        "formats": (sorted({r["provenance"]["original_format"] for r in kept}), sorted(one.formats)),
    }
    messages = [[(m["role"], m["content"]) for m in r["messages"]] for r in kept]
    if one.dialogues is not None:
        seen["messages"] = (messages, [list(d) for d in one.dialogues])
    if one.words is not None:
        texts = [content for record in messages for _, content in record]
        seen["words"] = (" ".join(texts).split(), one.words.split())
        seen["kinds"] = ({r["kind"] for r in kept}, {"text"})
    if one.timed is not None:
        turns = [(t["speaker"], t["start"], t["end"]) for r in kept for t in r["turns"]]
        seen["speakers and times"] = (turns, list(one.timed))
    wanted = one.groups if one.groups is not None else len(kept)
    seen["groups"] = (len({r["group_key"] for r in kept}), wanted)
    return [f"{what} are {got!r}, not {want!r}" for what, (got, want) in seen.items() if got != want]


def test_enough_is_planted(planted: list[Planted], found: tuple[Rows, Rows]) -> None:
    assert len(planted) >= 30
    assert sum(bool(one.refused) for one in planted) * 2 >= len(planted)
    assert len({reason for one in planted for _, reason in one.refused}) >= 30
    read = {name for one in planted for fmt in one.formats for name in fmt.split("+")}
    assert read >= set(FORMATS.names()) | {"gzip", "bzip2", "zstd", "zip", "tar"}
    assert {r["provenance"]["original_format"] for r in found[0]} == {
        f for one in planted for f in one.formats
    }


def test_every_file_is_read_to_exact_counts_and_every_mistake_named(
    planted: list[Planted], found: tuple[Rows, Rows]
) -> None:
    assert mistakes(planted, *found) == []


def test_the_command_counts_what_it_writes(
    planted: list[Planted], read: tuple[dict[str, Any], Path], found: tuple[Rows, Rows]
) -> None:
    printed, (records, quarantined) = read[0], found
    assert printed["raw_rows"] == sum(one.raw_rows for one in planted)
    assert printed["raw_rows"] == sum(row["raw_rows"] for row in [*records, *quarantined])
    assert (printed["kept"], printed["quarantined"]) == (len(records), len(quarantined))
    assert printed["rows_in"] == len(records) + len(quarantined)
    assert printed["reasons"] == Counter(reason for one in planted for _, reason in one.refused)
    assert printed["dropped"] == printed["added"] == 0


def test_long_texts_are_cut_within_bounds(planted: list[Planted], found: tuple[Rows, Rows]) -> None:
    kept = _by_file(found[0])
    long = [one for one in planted if one.words is not None and len(one.words.split()) > 250]
    assert len(long) >= 6
    for one in long:
        sizes = [count_words(r["messages"][0]["content"]) for r in kept[one.name]]
        assert all(100 <= size <= 500 for size in sizes), (one.name, sizes)


def test_what_was_dropped_is_counted(found: tuple[Rows, Rows]) -> None:
    dropped = {r["provenance"]["file"]: r["source_metadata"].get("dropped") for r in found[0]}
    assert dropped["loops.json"] == {
        "no_speech_segments": 1, "repeated_segments": 5, "repetitive_segments": 1,
    }  # fmt: skip
    bad = {r["provenance"]["file"]: r["source_metadata"].get("bad_cues") for r in found[0]}
    assert (bad["bad.srt"], bad["bad.vtt"], bad["loops.json"], bad["voices.vtt"]) == (3, 1, 3, None)


def _ids(rows: Rows) -> list[str]:
    return [row["id"] for row in rows]


def test_no_id_stands_twice(found: tuple[Rows, Rows]) -> None:
    ids = _ids(found[0]) + _ids(found[1])
    assert len(ids) == len(set(ids))


def written(results: Iterable[StepResult], output: Path) -> tuple[bytes, bytes]:
    parts = list(results)
    write_folder(output, [p.kept for p in parts], [p.quarantined for p in parts if p.quarantined is not None])
    return (output / RECORDS).read_bytes(), (output / QUARANTINED).read_bytes()


def test_the_order_of_the_files_and_the_size_of_parts_change_no_byte(
    planted: list[Planted], read: tuple[dict[str, Any], Path], tmp_path: Path
) -> None:
    expected = tuple((read[1] / name).read_bytes() for name in (RECORDS, QUARANTINED))
    other = write(planted, tmp_path / "mixed", backwards=True)
    results = list(standardise_path(other, 100))
    assert len(results) > len(planted) // 2
    assert written(results, tmp_path / "out") == expected


def _record(one: Planted) -> Planted:
    if one.dialogues is None:
        return replace(one, passages=one.passages + 1)
    return replace(one, dialogues=[*one.dialogues, [("user", "One more.")]])


def _other_first(one: Planted, place: str, reason: str) -> Planted:
    (first, why), *rest = one.refused
    return replace(one, refused=[(first + place, why + reason), *rest])


def _later(one: Planted) -> Planted:
    (speaker, start, end), *rest = one.timed or []
    return replace(one, timed=[(speaker, start, (end or 0.0) + 0.5), *rest])


OFF: dict[str, tuple[Callable[[Planted], object], Callable[[Planted], Planted]]] = {
    "record": (lambda _: True, _record),
    "source row": (lambda _: True, lambda one: replace(one, raw_rows=one.raw_rows + 1)),
    "mistake": (lambda _: True, lambda one: replace(one, refused=[*one.refused, ("line 9", "bad_cue")])),
    "mistake less": (lambda one: one.refused, lambda one: replace(one, refused=one.refused[1:])),
    "place": (lambda one: one.refused, lambda one: _other_first(one, "0", "")),
    "reason": (lambda one: one.refused, lambda one: _other_first(one, "", "s")),
    "word": (lambda one: one.words, lambda one: replace(one, words=f"{one.words} more")),
    "time": (lambda one: one.timed, _later),
    "group": (lambda one: one.groups, lambda one: replace(one, groups=2)),
}


@pytest.mark.parametrize("what", list(OFF))
def test_one_thing_off_is_seen(planted: list[Planted], found: tuple[Rows, Rows], what: str) -> None:
    applies, change = OFF[what]
    changed = [one for one in planted if applies(one)]
    assert changed
    for one in changed:
        others = [change(one) if other is one else other for other in planted]
        assert {line.partition(":")[0] for line in mistakes(others, *found)} == {one.name}
