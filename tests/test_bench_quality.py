"""The benchmark's judgement, on plants small enough to count by hand; and its clock and page."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench_tools import TOOLS, dedup, measure, page, quality


def plant(row: str, kind: str, of: str | None = None, jaccard: float | None = None) -> dict:
    return {"id": row, "kind": kind, "of": of, "jaccard": jaccard}


# a: a source with a copy; b: its near-duplicate with a copy of the copy; c, d: below; e, f: too near to call
PLANTS = [
    plant("a2", "exact", "a", 1.0),
    plant("b", "near", "a", 0.9),
    plant("b2", "exact", "b", 1.0),
    plant("b3", "exact", "b2", 1.0),
    plant("d", "near", "c", 0.8),
    plant("f", "near", "e", 0.853),
    plant("t", "templated"),
    plant("g", "garbled"),
]
RIGHT = {"a2", "b", "b2", "b3"}


@pytest.fixture
def truth() -> quality.Truth:
    return quality.Truth(PLANTS)


def test_what_had_to_go_and_no_more(truth: quality.Truth) -> None:
    found = quality.judge(truth, RIGHT)
    assert (found.exact_recall, found.recall, found.precision) == (1, 1, 1)
    assert (found.exact_planted, found.near_planted, found.undecided) == (3, 1, 1)


def test_it_does_not_matter_which_of_two_alike_is_kept(truth: quality.Truth) -> None:
    found = quality.judge(truth, {"a", "a2", "b", "b3"})
    assert (found.exact_recall, found.recall, found.precision) == (1, 1, 1)


def test_nothing_removed_finds_nothing(truth: quality.Truth) -> None:
    found = quality.judge(truth, set())
    assert (found.exact_recall, found.recall, found.precision) == (0, 0, None)


def test_copies_alone_are_no_near_duplicates(truth: quality.Truth) -> None:
    found = quality.judge(truth, {"a2", "b2", "b3"})
    assert (found.exact_recall, found.recall, found.precision) == (1, 0, None)


@pytest.mark.parametrize(
    ("also", "precision", "templated"),
    [
        ({"d"}, 1 / 2, 0),
        ({"c", "d"}, 1 / 3, 0),
        ({"t"}, 1 / 2, 1),
        ({"x"}, 1 / 2, 0),
        ({"a"}, 1 / 2, 0),
        ({"f"}, 1, 0),
        ({"e", "f"}, 2 / 3, 0),
    ],
)
def test_a_text_of_which_nothing_alike_stays_is_lost(
    truth: quality.Truth, also: set, precision: float, templated: int
) -> None:
    found = quality.judge(truth, RIGHT | also)
    assert found.precision == pytest.approx(precision)
    assert found.templated_lost == templated


def test_the_threshold_decides_what_had_to_be_found(truth: quality.Truth) -> None:
    assert quality.judge(truth, {"f", "d", "b", "b2", "b3"}, threshold=0.7).precision == 1
    assert quality.judge(truth, RIGHT, threshold=0.95).precision == 0


def test_a_cluster_is_held_to_the_row_it_kept(truth: quality.Truth) -> None:
    places = {"file": ["a", "a2", "b", "b2", "b3", "c", "d"], "other": ["x", "f"]}

    def cluster(kept: tuple, *members: tuple) -> dict:
        named = [{"id": f"{file}:{row}", "file": file, "row": row} for file, row in (kept, *members)]
        return {"kept": named[0]["id"], "members": named[::-1]}

    right = cluster(("file", 0), *(("file", n) for n in (1, 2, 3, 4)))
    good = quality.judge_clusters(truth, [right], places)
    assert (good.recall, good.precision, good.wrong_pairs, good.removed) == (1, 1, 0, 4)
    chained = [right, cluster(("other", 0), ("other", 1)), cluster(("file", 5), ("file", 6))]
    assert quality.judge_clusters(truth, chained, places).wrong_pairs == 2


def measured(script: str, tmp_path: Path) -> list[float]:
    code = (
        "import sys; from pathlib import Path; from bench.measure import run; "
        "took = run([sys.executable, sys.argv[1]], Path(sys.argv[2])); print(took.wall, took.cpu, took.memory)"
    )
    (tmp_path / "job.py").write_text(script)
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "job.py"), str(tmp_path / "log")],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(TOOLS)},
        check=False,
    )
    if done.returncode:
        raise AssertionError(done.stderr)
    return [float(x) for x in done.stdout.split()]


BURN = "import os, time\ndef burn(s):\n    while sum(os.times()[:2]) < s: pass\n"


def test_the_time_of_orphans_counts(tmp_path: Path) -> None:
    """The grandchild goes on when its parent has ended, and nobody but the measurer waits for it."""
    script = BURN + "if os.fork() == 0:\n    os.fork() or burn(0.6)\n    os._exit(0)\n"
    assert measured("import os\n", tmp_path)[1] < 0.5
    assert measured(script, tmp_path)[1] > 0.6


def test_memory_is_that_of_all_processes(tmp_path: Path) -> None:
    script = "import os, time\nchild = os.fork()\nheld = bytes([1]) * (60 << 20)\ntime.sleep(1.2)\nchild and os.wait()\n"
    assert 120e6 < measured(script, tmp_path)[2] < 200e6


def test_a_command_that_fails_is_no_measurement(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="no rows today"):
        measured("raise SystemExit('no rows today')", tmp_path)


def test_a_table_is_written_between_its_marks_only(tmp_path: Path) -> None:
    there = tmp_path / "page.md"
    there.write_text("above\n<!-- a -->\nold\n<!-- /a -->\nbetween\n<!-- b -->\nkept\n<!-- /b -->\n")
    page.write("a", ["new"], there)
    assert (
        there.read_text()
        == "above\n<!-- a -->\n\nnew\n\n<!-- /a -->\nbetween\n<!-- b -->\nkept\n<!-- /b -->\n"
    )
    with pytest.raises(SystemExit, match="no place for c"):
        page.write("c", ["new"], there)


def test_ratios_are_of_processor_time_at_the_same_size(truth: quality.Truth) -> None:
    def result(name: str, rows: int, cpu: float) -> dedup.Result:
        return dedup.Result(
            name, name, rows, 1, measure.Took(cpu / 2, cpu, 10**9), quality.judge(truth, RIGHT)
        )

    results = [
        result("ours", 1000, 2.0),
        result("peer", 1000, 30.0),
        result("peer", 5000, 9.0),
        result("ours", 9000, 20.0),
    ]
    cells = [[c.strip() for c in line.split("|")[1:-1]] for line in dedup.table(results)]
    at = cells[0].index("times ours")
    assert [c[at] for c in cells[2:]] == ["1.0", "15.0", "-", "1.0"]
    assert len({len(c) for c in cells}) == 1
    assert dedup.growth(results)[1:] == [
        "- ours: 9,000 rows take 10.0 times the wall clock and 10.0 times the processor time of 1,000."
    ]
