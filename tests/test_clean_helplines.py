"""Public help: announced numbers go to review, and the gate's lists know all that the cleaner keeps."""

import re

import pytest

from pixelated.clean.helplines import hide
from pixelated.clean.redact import find_spans
from pixelated.clean.spans import DETECTORS, REVIEW
from pixelated.core.presets import load_preset
from pixelated.verify.identifiers import Search

LINES = load_preset("pii", "helplines")
GATE = load_preset("gates", "pii_required")
SEARCH = Search(GATE["helplines"], GATE["hosts"], GATE["not_handles"])


def confidences(text):
    found, _ = find_spans(text, [d for _, d in DETECTORS.items()])
    return [s.confidence >= REVIEW for s in found if s.type == "PHONE"]


@pytest.mark.parametrize(
    "text",
    [
        "Please ring the Springfield Crisis Hotline 212-555-0142 tonight.",
        "There is a warm line near you, (212) 555-0142.",
        "The number for the county crisis center is 212-555-0142.",
        "Try 212-555-0142, the local suicide prevention line.",
        "Call 212-555-0142 (a helpline)",
        "Puedes llamar a la línea de crisis local 212-555-0142.",
    ],
)
def test_a_number_that_a_crisis_word_announces_goes_to_review(text):
    assert confidences(text) == [False]


@pytest.mark.parametrize(
    "text",
    [
        "I called the hotline. My number is 212-555-0142.",
        "The lifeline did not answer, so call my cell 212-555-0142",
        "If the helpline is busy reach me at 212-555-0142",
        "I was in a crisis and rang 212-555-0142",
        "212-555-0142. Hotlines never helped me.",
    ],
)
def test_a_persons_own_number_is_redacted_although_help_is_spoken_of(text):
    assert confidences(text) == [True]


@pytest.mark.parametrize("number", ["1-877-330-6366", "877-330-6366", "(800) 989-6884", "888.724.7240"])
def test_a_line_of_the_table_is_kept_whatever_word_announces_it(number):
    assert confidences(f"Call the crisis line {number}.") == []


@pytest.mark.parametrize("line", LINES["helplines"], ids=lambda line: line["number"])
def test_the_gate_accepts_every_helpline_that_the_cleaner_keeps(line):
    code, number = LINES["country_codes"][line["country"]], line["number"]
    international = f"+{code} {number.removeprefix('1-').removeprefix('0')}"
    kept = [t for t in (f"Call {number} now", f"Call {international} now") if hide(t)[1]]
    assert all(SEARCH.types(text) == set() for text in kept)
    digits = re.sub(r"\D", "", number)
    local = digits.removeprefix("1") if code == "1" else digits
    assert len(digits) < 5 or local in GATE["helplines"]


def test_the_gate_accepts_every_host_that_the_cleaner_keeps():
    refused = [
        d for d in LINES["domains"] if SEARCH.types(f"See https://www.{d}/help") or d not in GATE["hosts"]
    ]
    assert refused == []


def test_the_gate_still_finds_a_number_and_a_host_that_no_table_knows():
    assert SEARCH.types("Call 212-555-0142, see https://www.example.com/help") == {"PHONE", "URL"}
