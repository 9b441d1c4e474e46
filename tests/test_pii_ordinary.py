"""Brands, holidays and counted years are no identifiers; what looks like them and is one is found."""

import pytest

from pixelated.clean.redact import find_spans
from pixelated.clean.spans import DETECTORS
from pixelated.core.presets import load_preset
from pixelated.verify.identifiers import Search


def found(text):
    return [text[s.start : s.end] for s in find_spans(text, [d for _, d in DETECTORS.items()])[0]]


@pytest.mark.parametrize(
    "text",
    [
        "We met in Jan 13 years ago",
        "It ended in march 2 weeks before the move",
        "since May 3 people left",
        "On the 4th of July we fought, and on the Fourth of July too",
        "Since New Year's Day, over Christmas Eve and Valentine's Day",
        "I met her on Match.com and bought it at Amazon.com.",
    ],
)
def test_counts_holidays_and_brands_are_no_identifiers(text):
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("on Jan 13, years ago", ["Jan 13"]),
        ("on Jan 13th years ago", ["Jan 13th"]),
        ("Jan 13, 2011 years before", ["Jan 13, 2011"]),
        ("4th of July 2011", ["4th of July 2011"]),
        ("14th of July", ["14th of July"]),
        ("see leeclinic.com", ["leeclinic.com"]),
        ("www.amazon.com or amazon.com/dp/1", ["www.amazon.com", "amazon.com/dp/1"]),
        ("my-match.com", ["my-match.com"]),
    ],
)
def test_dates_and_addresses_beside_them_are_found(text, values):
    assert found(text) == values


def test_the_gate_accepts_every_brand_in_running_prose():
    gate = load_preset("gates", "pii_required")
    search = Search(gate["helplines"], gate["hosts"], gate["not_handles"])
    assert all(
        search.types(f"I tried {name}, twice") == set() for name in load_preset("pii", "brands")["names"]
    )
    assert search.types("I tried www.match.com") == {"URL"}
