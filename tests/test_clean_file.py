"""`pixelated clean pii`: lines redacted one by one, spans in positions of the input, decisions fed back."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelated.clean import not_searched_types
from pixelated.clean.edits import Edits
from pixelated.clean.file import REVIEW_FILE, redact_file
from pixelated.clean.spans import DETECTORS, Span
from pixelated.cli.app import app
from pixelated.cli.output import run_app
from pixelated.core.errors import UsageError

LINES: list[dict[str, Any]] = [
    {"id": "a", "text": "\ud83d\ude00 Ask me: 415-555-0133, or 1-800-273-8255. bob@example.com".encode("utf-16", "surrogatepass").decode("utf-16"), "more": [1]},
    {
        "id": 2,
        "messages": [
            {"role": "user", "content": "SSN 123-45-6789, mail BOB@example.com"},
            {"role": "assistant", "content": "So bob@example.com it is."},
        ],
        "chosen": [{"role": "assistant", "content": "Call 415-555-0133."}],
    },
    {"id": "c", "text": "Nothing to see."},
]  # fmt: skip


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def run(tmp_path: Path, rows: list[Any], **more: Any) -> tuple[dict[str, Any], Path]:
    source = tmp_path / "in.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    out = tmp_path / "out"
    return redact_file(source, out / "OUT.jsonl", out / "SPANS.jsonl", **more), out


def test_texts_are_replaced_and_spans_point_into_the_input(tmp_path: Path) -> None:
    found, out = run(tmp_path, LINES)
    first, second, third = lines_of(out / "OUT.jsonl")
    assert first["text"].endswith("Ask me: [PHONE_1], or 1-800-273-8255. [EMAIL_1]")
    assert (first["more"], first["pii_status"], third["pii_status"]) == ([1], "scrubbed", "none_detected")
    assert [m["content"] for m in second["messages"]] == [
        "SSN [SSN_1], mail [EMAIL_1]",
        "So [EMAIL_1] it is.",
    ]
    assert second["chosen"][0]["content"] == "Call [PHONE_1]."
    by_id = {line["id"]: line for line in LINES}
    shown = []
    for span in lines_of(out / "SPANS.jsonl"):
        record = by_id[span["id"]]
        text = record[span.get("field", "messages")][span["message"]]["content"] if "message" in span else record["text"]  # fmt: skip
        shown.append((span["type"], text[span["start"] : span["end"]]))
    assert shown == [
        ("PHONE", "415-555-0133"), ("EMAIL", "bob@example.com"), ("SSN", "123-45-6789"),
        ("EMAIL", "BOB@example.com"), ("EMAIL", "bob@example.com"), ("PHONE", "415-555-0133"),
    ]  # fmt: skip
    assert found["status"] == {"none_detected": 1, "scrubbed": 2, "requires_review": 0}
    assert found["helplines_kept"] == 1
    assert found["rows_in"] == found["kept"] == 3


def test_lines_that_are_no_records_are_named(tmp_path: Path) -> None:
    rows = [{"id": "a", "text": "x"}, {"text": "x"}, {"id": "b"}, [1], {"id": "c", "text": 5},
            {"id": "d", "messages": [{"role": "user"}]}]  # fmt: skip
    found, out = run(tmp_path, rows)
    refused = lines_of(out / "OUT.quarantine.jsonl")
    assert [(r["row"], r["reason"]) for r in refused] == [
        (1, "no_id"), (2, "no_text"), (3, "not_an_object"), (4, "bad_text"), (5, "bad_message"),
    ]  # fmt: skip
    assert (found["kept"], found["quarantined"]) == (1, 5)


@pytest.fixture
def doubtful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make e-mail addresses a matter for a person."""
    detector = DETECTORS.get("email")
    real = detector.find
    unsure = lambda text: [Span(s.start, s.end, s.type, 0.3) for s in real(text)]  # noqa: E731
    monkeypatch.setattr("pixelated.clean.file._triggers", lambda: [
        (re.compile(""), type(detector)(detector.types, detector.trigger, unsure, detector.gate)),
    ])  # fmt: skip


@pytest.mark.usefixtures("doubtful")
def test_a_person_decides_and_the_next_run_obeys(tmp_path: Path) -> None:
    rows = [{"id": n, "text": f"é {n}@example.com"} for n in ("keep", "hide", "gone", "open")]
    found, out = run(tmp_path, rows)
    review = lines_of(out / REVIEW_FILE)
    assert [line["id"] for line in review] == ["keep", "hide", "gone", "open"]
    assert set(review[0]) == {"id", "start", "end", "type", "confidence"}
    assert found["status"]["requires_review"] == 4
    assert [line["text"] for line in lines_of(out / "OUT.jsonl")] == [row["text"] for row in rows]

    for line, decision in zip(review, ("accept", "redact", "drop", None), strict=True):
        line["decision"] = decision
    decided = tmp_path / "decided.jsonl"
    decided.write_text("".join(json.dumps(line) + "\n" for line in review), "utf-8")
    found, out = run(tmp_path, rows, decisions=decided)
    assert [(line["text"], line["pii_status"]) for line in lines_of(out / "OUT.jsonl")] == [
        ("é keep@example.com", "none_detected"),
        ("é [EMAIL_1]", "scrubbed"),
        ("é open@example.com", "requires_review"),
    ]
    assert [line["id"] for line in lines_of(out / "SPANS.jsonl")] == ["hide"]
    assert [line["id"] for line in lines_of(out / REVIEW_FILE)] == ["open"]
    assert (found["dropped"], found["reasons"]) == (1, {"decided_to_drop": 1})


@pytest.mark.parametrize("line", ["{", "[]", '{"id": "a"}', '{"id":"a","start":3,"end":1,"type":"X","decision":"redact"}',
                                  '{"id":"a","start":0,"end":1,"type":"X","decision":"perhaps"}',
                                  '{"id":"a","start":0,"end":99,"type":"X","decision":"redact"}'])  # fmt: skip
def test_a_decision_that_cannot_be_read_stops_the_run(tmp_path: Path, line: str) -> None:
    decided = tmp_path / "decided.jsonl"
    decided.write_text(line + "\n", "utf-8")
    with pytest.raises(UsageError):
        run(tmp_path, [{"id": "a", "text": "abc"}], decisions=decided)
    assert not (tmp_path / "out" / "OUT.jsonl").exists()


def test_no_file_is_written_over_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"id": "a", "text": "x"}\n', "utf-8")
    for output, spans in ((source, tmp_path / "s.jsonl"), (tmp_path / "o", tmp_path / "o")):
        arguments = ["clean", "pii", str(source), "--output", str(output), "--spans", str(spans)]
        assert run_app(app, arguments) == 2
    assert "one file" in capsys.readouterr().err
    assert source.read_text("utf-8") == '{"id": "a", "text": "x"}\n'


ROUND = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 8)), max_size=4)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="abcé\U0001f600 ", min_size=1, max_size=40), st.lists(ROUND, max_size=4))
def test_positions_lead_back_after_any_number_of_rounds(
    text: str, rounds: list[list[tuple[int, int]]]
) -> None:
    edits = Edits(text)
    for cuts in rounds:
        spans, end = [], 0
        for start, length in sorted(cuts):
            now = len(edits.text())
            if end <= start < now:
                end = min(start + length, now)
                spans.append(Span(start, end, "X"))
        shown = [m.span() for m in re.finditer(r"\[X:\d+\]", edits.text())]
        spans = [s for s in spans if all((s.start <= a and b <= s.end) or s.end <= a or b <= s.start for a, b in shown)]  # fmt: skip
        edits.replace(spans, lambda kind, value: f"[{kind}:{len(value)}]")
        last = 0
        for span in edits.spans:
            assert last <= span.start < span.end <= len(text)
            last = span.end
        kept = [text[a.end : b.start] for a, b in zip([Span(0, 0, ""), *edits.spans], [*edits.spans, Span(len(text), 0, "")], strict=True)]  # fmt: skip
        assert re.split(r"\[X:\d+\]", edits.text()) == kept


def test_the_command_says_what_it_does_not_search(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"id": "a", "text": "Call 415-555-0133."}\n', "utf-8")
    arguments = ["clean", "pii", str(source), "--output", str(tmp_path / "o"), "--spans", str(tmp_path / "s")]
    assert run_app(app, arguments) == 0
    shown = capsys.readouterr().out
    assert "1 identifiers replaced" in shown
    assert all(kind in shown for kind in not_searched_types())
    assert run_app(app, [*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["not_searched"] == not_searched_types()
