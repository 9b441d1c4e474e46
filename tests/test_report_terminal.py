"""What a command prints at its end: narrow, plain, complete."""

import pytest

from pixelated.report import summary_text
from pixelated.report.wording import short
from test_report_page import HOSTILE, poison
from test_report_sample import releasable, sample

PATHS = {"dataset": "runs/harbour/dataset", "report": "runs/harbour/dataset/report.html"}


def test_the_summary_names_verdicts_balance_paths_and_the_next_command():
    lines = summary_text(sample() | PATHS).splitlines()
    assert lines[0] == "harbour: NOT RELEASABLE"
    rows = {line.split()[0]: line.split()[1] for line in lines if line.startswith("  ") and line.split()}
    assert rows["coverage"] == "FAILED"
    assert rows["leakage"] == "passed"
    assert "  110 rows in + 0 added = 90 kept + 17 dropped + 3 quarantined: balances" in lines
    assert "  dataset  runs/harbour/dataset" in lines
    assert lines[-1] == "  next     pixelated explain harbour_letters-0001"
    assert "  coverage: family sarcasm has 0 records, 3 are required" in lines
    assert "    to do: add a source of the family sarcasm" in lines


def test_a_passed_run_prints_no_evidence():
    text = summary_text(releasable() | PATHS)
    assert text.startswith("harbour: releasable\n")
    assert "FAILED" not in text
    assert "to do" not in text


def test_gates_stand_in_their_order_with_their_columns_aligned():
    lines = summary_text(releasable()).splitlines()
    start = next(k for k, line in enumerate(lines) if line.split()[:1] == ["gate"])
    names = [line.split()[0] for line in lines[start + 1 : start + 9]]
    expected = ["coverage", "leakage", "distribution", "pii", "provenance", "hash", "split", "stats"]
    assert names == expected
    column = lines[start].index("required")
    assert all(line[column:].startswith("faults 0") for line in lines[start + 1 : start + 9])


def test_long_measures_are_cut_to_whole_entries():
    data = releasable()
    data["verdicts"]["stats"]["measured"] = {f"table_{k}": k for k in range(30)}
    line = next(line for line in summary_text(data).splitlines() if line.startswith("  stats"))
    assert "table 0 0, table 1 1, table 2 2 ..." in line


def test_tables_of_counts_are_summed_and_shares_listed():
    measured = {"in_two_splits": {"content_hash": 0, "group_key": 2}, "shares": {"train": 0.9, "val": 0.05}}
    assert short(measured, 60) == "in two splits 2, shares 0.9/0.05"
    assert short({"missing": ["a", "b"], "left": {}, "by_origin": {"human": ["EMAIL"]}}, 60) == (
        "missing 2, left 0, by origin 1"
    )
    assert short(None, 60) == "not measured"


def test_no_line_is_wider_than_a_hundred_columns_or_holds_a_control_character():
    data = poison(sample())
    data["release"] = {"releasable": False, "reasons": ["a long reason " * 30, HOSTILE]}
    data["verdicts"]["pii"] |= {"passed": False, "errors": ["x" * 400, "word " * 90], "remedy": "do " * 90}
    text = summary_text(data | {"next": "", "dataset": "", "report": ""})
    assert max(map(len, text.splitlines())) <= 100
    assert all(line.isprintable() for line in text.splitlines())


def test_a_long_path_is_never_cut():
    path = "runs/" + "very-long-folder/" * 12 + "dataset"
    assert f"  dataset  {path}\n" in summary_text(sample() | {"dataset": path})


@pytest.mark.parametrize("key", [*sorted(sample()), "dataset"])
def test_a_missing_key_breaks_nothing(key):
    data = sample() | PATHS
    del data[key]
    assert summary_text(data).endswith("\n")
    assert summary_text(data | {key: None}).count("\n") > 10
