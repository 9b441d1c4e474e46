"""The audit of unreviewed records, and pseudonyms that are the same in all records."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelated.clean.audit import judged, needed, sample, upper_bound
from pixelated.clean.file import redact_file
from pixelated.cli.app import app
from pixelated.cli.output import run_app
from pixelated.core.errors import UsageError

ROWS = [
    {"id": "a", "text": "I'm Rebecca Thornton, bo@example.com"},
    {"id": "b", "text": "My sister Rebecca Thornton left. bo@example.com, al@example.com"},
    {"id": "c", "text": "card 4111 1111 1111 1112"},
    {"id": "d", "text": "Nothing."},
]


def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), "utf-8")
    return path


def texts(path: Path) -> list[str]:
    return [json.loads(line)["text"] for line in path.read_text("utf-8").splitlines()]


def test_no_leak_in_2995_records_bounds_the_share_by_one_in_a_thousand() -> None:
    assert needed(0) == 2_995
    assert upper_bound(0, 2_995) <= 0.001 < upper_bound(0, 2_994)
    assert upper_bound(0, 59) == pytest.approx(1 - 0.05 ** (1 / 59), abs=1e-9)
    assert upper_bound(1, 10) == pytest.approx(0.394163, abs=1e-5)  # Clopper and Pearson's table
    assert (upper_bound(0, 0), upper_bound(3, 3)) == (1.0, 1.0)


@given(st.integers(0, 20), st.integers(1, 400))
def test_the_bound_lies_above_the_share_and_falls_with_more_reading(leaks: int, more: int) -> None:
    read = leaks + more
    assert leaks / read < upper_bound(leaks, read) <= 1
    assert upper_bound(leaks, read + 50) < upper_bound(leaks, read)


def test_answers_are_counted_and_open_lines_are_not(tmp_path: Path) -> None:
    path = tmp_path / "read.jsonl"
    path.write_text(
        '{"id":1,"leak":false}\n{"id":2,"leak":true}\n{"id":3,"leak":null}\n{"id":1,"leak":false}\n', "utf-8"
    )
    found = judged(path)
    assert (found["read"], found["leaks"]) == (2, 1)
    assert found["more"] == needed(1) - 2
    for line in ("{", "[]", '{"leak": true}', '{"id": 1, "leak": "no"}', '{"id": 1, "leak": 1}'):
        path.write_text(line + "\n", "utf-8")
        with pytest.raises(UsageError):
            judged(path)


def test_the_sample_is_of_records_that_wait_for_nobody(tmp_path: Path) -> None:
    redact_file(source(tmp_path), tmp_path / "o", tmp_path / "s", audit=3, seed=1)
    drawn = [json.loads(line) for line in (tmp_path / "AUDIT.jsonl").read_text("utf-8").splitlines()]
    assert [line["id"] for line in drawn] == ["a", "b", "d"]
    assert all(line["leak"] is None for line in drawn)
    assert (
        sample(list(range(100)), 10, 1) == sample(list(range(100)), 10, 1) != sample(list(range(100)), 10, 2)
    )


def test_a_pseudonym_is_the_same_in_all_records_and_needs_its_salt(tmp_path: Path) -> None:
    path, out = source(tmp_path), tmp_path / "o"
    redact_file(path, out, tmp_path / "s", salt=b"a secret of bytes")
    one = texts(out)
    name, mail = one[0].removeprefix("I'm ").split(", ")
    assert one[1].startswith(f"My sister {name} left. {mail}, [EMAIL_")
    assert not one[1].endswith(mail)
    assert len(name) == len("[PERSON_0123456789]")
    redact_file(path, out, tmp_path / "s", salt=b"another secret of bytes")
    assert texts(out)[0] != one[0]
    redact_file(path, out, tmp_path / "s")
    assert texts(out)[0] == "I'm [PERSON_1], [EMAIL_1]"


def test_what_has_a_pseudonym_is_left_alone(tmp_path: Path) -> None:
    out, again = tmp_path / "o.jsonl", tmp_path / "again.jsonl"
    redact_file(source(tmp_path), out, tmp_path / "s", salt=b"a secret of bytes")
    redact_file(out, again, tmp_path / "s", salt=b"a secret of bytes")
    assert texts(again) == texts(out)


def test_the_command_wants_a_secret_and_states_the_bound(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret, answers = tmp_path / "salt", tmp_path / "read.jsonl"
    arguments = [
        "clean",
        "pii",
        str(source(tmp_path)),
        "--output",
        str(tmp_path / "o"),
        "--spans",
        str(tmp_path / "s"),
    ]
    secret.write_text("short", "utf-8")
    assert run_app(app, [*arguments, "--pseudonyms", str(secret)]) == 2
    assert not (tmp_path / "o").exists()
    secret.write_text("long enough to be one", "utf-8")
    answers.write_text('{"id": "a", "leak": false}\n', "utf-8")
    capsys.readouterr()
    assert run_app(app, [*arguments, "--pseudonyms", str(secret), "--audit-result", str(answers)]) == 0
    shown = capsys.readouterr().out
    assert "at most 95.00%" in shown
    assert "2,994 more to read" in shown
    assert "long enough" not in shown
