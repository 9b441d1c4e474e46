"""Dates that are moved: by the same days in a record, in the form that they had, and never not at all."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pixelated.clean.dates import WIDEST, Shift, days_of, has_day_first
from pixelated.clean.file import redact_file
from pixelated.cli.app import app
from pixelated.cli.output import run_app
from pixelated.core.errors import UsageError

SALT = b"a secret of sixteen bytes"


def run(
    folder: Path, rows: list[dict[str, object]], salt: bytes = SALT
) -> tuple[list[str], dict[str, object]]:
    path, out = folder / "in.jsonl", folder / "out.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    report = redact_file(path, out, folder / "spans.jsonl", salt=salt, shift_dates=True)
    return [json.loads(line)["text"] for line in out.read_text("utf-8").splitlines()], report


@pytest.mark.parametrize(
    ("value", "moved"),
    [
        ("2019-12-01T10:00:00", "2020-01-10T10:00:00"),
        ("2019/12/01", "2020/01/10"),
        ("4/7/22", "5/17/22"),
        ("11-22-1998", "01-01-1999"),
        ("25.12.2024", "03.02.2025"),
        ("March 3rd, 2019", "April 12th, 2019"),
        ("3 Sept. 2020", "13 Oct. 2020"),
        ("5th of May, 2020", "14th of June, 2020"),
        ("FEB 28 1999 at 10:30", "APR 9 1999 at 10:30"),
        ("12 february 2023", "24 march 2023"),
    ],
)
def test_a_date_keeps_its_form(value: str, moved: str) -> None:
    assert Shift(40).of(value) == moved


@pytest.mark.parametrize(
    "value", ["May 5", "May 2020", "31/02/2020", "Oct 8-9, 2019", "Diwali 2016", "12/31/9999"]
)
def test_what_is_no_full_date_is_not_moved(value: str) -> None:
    assert Shift(40).of(value) == ""


@given(st.dates(date(1900, 1, 1), date(2050, 1, 1)), st.text(min_size=1), st.booleans())
def test_every_date_moves_by_the_days_of_its_group(day: date, group: str, day_first: bool) -> None:
    days = days_of(SALT, group)
    assert 0 < abs(days) <= WIDEST
    shift = Shift(days, day_first)
    form = "%d/%m/%Y" if day_first else "%m/%d/%Y"
    assert (date.fromisoformat(shift.of(day.isoformat())) - day).days == days
    written = day.strftime(form)
    if has_day_first([written]) == day_first:
        assert shift.of(written) == date.fromordinal(day.toordinal() + days).strftime(form)


def test_another_secret_moves_by_other_days() -> None:
    days = [days_of(SALT, str(i)) for i in range(200)]
    assert days != [days_of(b"another secret of bytes", str(i)) for i in range(200)]
    assert len(set(days)) > 100


def test_one_date_that_can_be_read_in_one_way_tells_the_order_of_all() -> None:
    assert has_day_first(["03/04/2020", "25/04/2020"])
    assert not has_day_first(["03/04/2020", "04/25/2020"])
    assert not has_day_first(["03/04/2020"])
    assert has_day_first(["03.04.2020"])


def test_the_days_between_two_dates_of_a_record_stay(tmp_path: Path) -> None:
    text = "Seen on 2024-01-28 and 2024-03-09, born May 5."
    (moved,), report = run(tmp_path, [{"id": "a", "text": text}])
    one, two = (date.fromisoformat(word.strip(",")) for word in moved.split() if word[:2] == "20")
    assert (two - one).days == (date(2024, 3, 9) - date(2024, 1, 28)).days
    assert one != date(2024, 1, 28)
    assert moved.endswith("born [DATE_" + moved.split("[DATE_")[1])  # no year: a pseudonym as before
    assert report["dates_shifted"] == 2
    assert report["status"] == {"none_detected": 0, "scrubbed": 1, "requires_review": 0}
    spans = [json.loads(line) for line in (tmp_path / "spans.jsonl").read_text("utf-8").splitlines()]
    assert [text[s["start"] : s["end"]] for s in spans] == ["2024-01-28", "2024-03-09", "May 5"]


def test_records_of_one_group_move_together_and_others_apart(tmp_path: Path) -> None:
    rows = [{"id": i, "text": "Seen on 2024-01-28.", "group": i % 2} for i in range(4)]
    moved, _ = run(tmp_path, rows)
    assert moved[0] == moved[2] != moved[1] == moved[3]
    alone, _ = run(tmp_path, [{"id": i, "text": "Seen on 2024-01-28."} for i in range(20)])
    assert len(set(alone)) > 10


def test_dates_move_by_a_secret_alone(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="secret"):
        run(tmp_path, [{"id": "a", "text": "x"}], b"")
    path = tmp_path / "in.jsonl"
    arguments = ["clean", "pii", str(path), "--output", str(tmp_path / "o"), "--spans", str(tmp_path / "s")]
    assert run_app(app, [*arguments, "--shift-dates"]) == 2
    (tmp_path / "salt").write_bytes(SALT)
    path.write_text('{"id": 1, "text": "on 28/01/2024"}\n', "utf-8")
    assert run_app(app, [*arguments, "--shift-dates", "--pseudonyms", str(tmp_path / "salt")]) == 0
    assert "DATE_" not in (tmp_path / "o").read_text("utf-8")
