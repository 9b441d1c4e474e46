"""Formats, scorers and gates of other packages arrive by entry points and by nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pixelated.core.errors import UsageError
from pixelated.core.plugins import Registry

MODULE = """
from pixelated.score import SCORERS, Score, Scorer
from pixelated.standardise.formats import FORMATS
from pixelated.standardise.formats.transcript import Transcript
from pixelated.verify.registry import GATES, Gate


@SCORERS.register("brevity")
def brevity(longest=60):
    def judge(dialogue):
        return Score(float(len(dialogue.words) <= longest), "word_count") if dialogue.words else Score(None, "no_words")
    return Scorer("brevity", 1, judge, measures="brevity", basis="a count", limits="all")


@FORMATS.register("shouted")
class Shouted(Transcript):
    def sniff(self, sample):
        return 100 if sample.decoded.text.startswith("CLIENT:") else 0


@GATES.register("has_thousands")
class Thousands(Gate):
    remedy = "add sources"

    def see(self, record):
        self.last = record.name

    def judge(self):
        self.findings.add("fewer than a thousand records", self.last)
        return {"thousands": 0}, {"thousands": 1}
"""
POINTS = """\
[pixelated.scorers]
brevity = guest_pixelated
[pixelated.formats]
shouted = guest_pixelated
[pixelated.gates]
has_thousands = guest_pixelated
"""


@pytest.fixture
def guest(tmp_path: Path) -> dict[str, str]:
    site = tmp_path / "site"
    (site / "guest-1.0.dist-info").mkdir(parents=True)
    (site / "guest_pixelated.py").write_text(MODULE)
    (site / "guest-1.0.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: guest\nVersion: 1.0\n")
    (site / "guest-1.0.dist-info/entry_points.txt").write_text(POINTS)
    return {**os.environ, "PYTHONPATH": str(site)}


def run(environment: dict[str, str], *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pixelated", *map(str, arguments), "--json"]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_a_guest_scorer_scores(guest, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"id": "a", "messages": [{"role": "user", "content": "Short."}]}) + "\n")
    done = run(guest, "score", rows, "--scorers", "brevity", "--output", tmp_path / "s.jsonl")
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "s.jsonl").read_text())["scores"] == {"brevity": 1.0}


def test_a_guest_format_reads(guest, tmp_path: Path) -> None:
    (tmp_path / "loud.txt").write_text("CLIENT: I AM FINE.\nTHERAPIST: ARE YOU?\n")
    done = run(guest, "standardise", tmp_path / "loud.txt", "--output", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "out/records.jsonl").read_text())
    assert record["provenance"]["original_format"] == "shouted"


def test_a_guest_gate_judges_after_the_eight(guest, tmp_path: Path) -> None:
    from conftest import write_small_corpus

    recipe = write_small_corpus(tmp_path / "in", rows=5)
    done = run(guest, "build", recipe, "--runs", tmp_path / "runs")
    gates = json.loads(done.stdout)["gates"]
    assert list(gates)[-1] == "has_thousands"
    assert gates["has_thousands"]["passed"] is False


def test_two_owners_of_a_name_are_an_error() -> None:
    registry: Registry[type] = Registry("scorer", "pixelated.score")
    registry.register("same")(Path)
    with pytest.raises(UsageError, match="two scorers are called 'same'"):
        registry.register("same")(Registry)
