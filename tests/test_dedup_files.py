"""`pixelated dedup` on raw files: what is written, at which threshold, and the same bytes however it runs."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from near_records import changed, prose, talk
from pixelated.core.errors import UsageError
from pixelated.runner.dedup import Options, dedup_again, dedup_to

WRITTEN = ("records.jsonl", "quarantine.jsonl", "clusters.jsonl", "report.json")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> list[Path]:
    """Two files: 160 conversations, then 80 of them again: 20 as they are, 20 each with 1, 4 and 12 new words."""
    rng, folder = np.random.default_rng(5), tmp_path_factory.mktemp("raw")
    talks = [[prose(rng, 60), prose(rng, 80), prose(rng, 60), prose(rng, 80)] for _ in range(160)]
    again = []
    for number, turns in enumerate(talks[:80]):
        edits = (0, 1, 4, 12)[number % 4]
        again.append([changed(rng, turns[0], edits), *turns[1:]] if edits else turns)
    for name, some in (("first.jsonl", talks), ("second.jsonl", again)):
        lines = [json.dumps({"messages": talk(*turns)["messages"]}) for turns in some]
        (folder / name).write_text("\n".join(lines) + "\n")
    return [folder / "first.jsonl", folder / "second.jsonl"]


def digests(folder: Path) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in WRITTEN}


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_cluster_says_where_its_members_stand_in_the_raw_files(corpus, tmp_path):
    dedup_to(corpus, tmp_path, Options(workers=1))
    clusters = lines(tmp_path / "clusters.jsonl")
    assert {(c["kind"], len(c["members"])) for c in clusters} == {("exact", 2), ("near", 2)}
    for cluster in clusters:
        kept, copy = cluster["members"]
        assert (kept["file"], copy["file"]) == ("first.jsonl", "second.jsonl")
        assert kept["row"] == copy["row"], "the copies stand in the order of the originals"
        assert kept["id"] == cluster["kept"]
        assert kept["similarity"] == 1
    near = [c["members"][1] for c in clusters if c["kind"] == "near"]
    assert {m["row"] % 4 for m in near} == {1, 2}, "12 of 280 new words change 36 of 278 shingles"
    assert all(0.85 <= m["similarity"] < 1 for m in near)
    assert len(lines(tmp_path / "records.jsonl")) == 180


def test_another_threshold_gives_what_a_new_run_gives(corpus, tmp_path):
    dedup_to(corpus, tmp_path / "first", Options(workers=1))
    for threshold in (0.95, 0.7):
        fresh, again = tmp_path / f"fresh-{threshold}", tmp_path / "first"
        dedup_to(corpus, fresh, Options(threshold=threshold, workers=1))
        dedup_again(again, Options(threshold=threshold, workers=1), write=True)
        assert digests(again) == digests(fresh)
    left = [len(lines(tmp_path / f"fresh-{t}/records.jsonl")) for t in (0.95, 0.7)]
    assert left == [200, 160], "4 new words leave .92, 12 leave .77"


def test_a_rethreshold_without_a_run_says_what_to_do(tmp_path):
    with pytest.raises(UsageError, match="holds no finished work") as caught:
        dedup_again(tmp_path, Options(), write=False)
    assert "--confirm" in caught.value.remedy


@pytest.mark.parametrize(
    "options",
    [
        Options(workers=3),
        Options(workers=1, part_bytes=20_000),
        pytest.param(Options(engine="ray", workers=3, part_bytes=50_000), marks=pytest.mark.slow),
    ],
    ids=["workers", "parts", "ray"],
)
def test_bytes_depend_on_neither_workers_nor_parts_nor_engine(corpus, tmp_path, options):
    if options.engine == "ray":
        pytest.importorskip("ray")
    dedup_to(corpus, tmp_path / "one", Options(workers=1))
    dedup_to(corpus, tmp_path / "other", options)
    assert digests(tmp_path / "other") == digests(tmp_path / "one")


def test_one_file_or_two_give_the_same_records(corpus, tmp_path):
    joined = tmp_path / "joined.jsonl"
    joined.write_bytes(b"".join(path.read_bytes() for path in corpus))
    texts = []
    for paths, name in ((corpus, "two"), ([joined], "one")):
        dedup_to(paths, tmp_path / name, Options(workers=1))
        texts.append([r["messages"] for r in lines(tmp_path / name / "records.jsonl")])
    assert texts[0] == texts[1]


def test_a_scan_counts_identifiers_and_terms_and_changes_nothing_else(corpus, tmp_path):
    told = tmp_path / "told.jsonl"
    turns = ["write to me at ann@example.org or call 555-123-4567", "you want to kill yourself, you say"]
    told.write_text(json.dumps({"messages": talk(*turns)["messages"]}) + "\n")
    dedup_to([*corpus, told], tmp_path / "plain", Options(workers=1))
    outcome = dedup_to([*corpus, told], tmp_path / "scanned", Options(workers=1, scan=True))
    plain, scanned = (lines(tmp_path / n / "records.jsonl") for n in ("plain", "scanned"))
    last = scanned[-1]
    assert (last["identifiers"]["email"], last["identifiers"]["phone"]) == (1, 1)
    assert last["terms"]["crisis"] >= 1
    assert [{k: v for k, v in r.items() if k not in ("identifiers", "terms")} for r in scanned] == plain
    assert outcome.as_json(None)["duplicates"]["counted"]["identifiers"]["email"] == 1


def test_a_run_that_wrote_nothing_left_nothing(corpus, tmp_path):
    outcome = dedup_to(corpus, None, Options(workers=1))
    assert outcome.as_json(None)["dropped"] == 60
    assert not list(tmp_path.iterdir())
