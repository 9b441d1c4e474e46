"""Identifiers glued to words or taken apart by a tokeniser are found, and nothing beside them is."""

import pytest
import re2

from pixelated.clean.pii import _any_trigger
from pixelated.clean.plain import plain_view
from pixelated.clean.redact import find_spans
from pixelated.clean.spans import DETECTORS

GLUED = [
    ("Ann Leewww.example.ca", ["www.example.ca"]),
    ("ask Dr Lowwww.LowClinic.example.", ["www.LowClinic.example"]),
    ("seehttp://example.com/a", ["http://example.com/a"]),
    ("Springfield, USALeeClinic.com212.555.0142", ["USALeeClinic.com", "212.555.0142"]),
    ("Counsellor (ABC)212-555-0142Call soon", ["212-555-0142"]),
    ("Office212-555-0142", ["212-555-0142"]),
    ("Read leeclinic.comThe rest follows", ["leeclinic.com"]),
]
TOKENISED = [
    ("read www . example . com / page", ["www . example . com / page"]),
    ("( www . leeclinicl", ["www . leeclinicl"]),
    ("at http : / / www . lee - clinic . ca .", ["http : / / www . lee - clinic . ca"]),
    (
        "( http : / / example . org / files / a _ long - name _ 0 . pdf ) and 80 % of us",
        ["http : / / example . org / files / a _ long - name _ 0 . pdf"],
    ),
    ("example . com / blog / my - post . then i slept", ["example . com / blog / my - post"]),
    ("visit example . org . then rest", ["example . org"]),
]
SWALLOWED = [
    ("see http://example.com/pageThe next one", ["http://example.com/page"]),
    ("see http://www.example.comPlease do", ["http://www.example.com"]),
    ("see https://example.com/It's good", ["https://example.com/"]),
    ("see http://example.com/a.htmlAnother one", ["http://example.com/a.html"]),
    ("see https://example.com/myPage/TheList", ["https://example.com/myPage/TheList"]),
    ("see https://example.com/TheBook", ["https://example.com/TheBook"]),
]


def found(text):
    wanted = [d for _, d in DETECTORS.items() if not d.soft and re2.search(d.trigger, plain_view(text))]
    return [text[s.start : s.end] for s in find_spans(text, wanted)[0]]


@pytest.mark.parametrize(("text", "values"), [*GLUED, *TOKENISED, *SWALLOWED])
def test_an_identifier_ends_where_it_ends(text, values):
    assert found(text) == values
    assert re2.search(_any_trigger(), text)


@pytest.mark.parametrize(
    "text",
    ["abc12345678901def", "id a404b293c5654", "part 212-555-0142-7a", "he said www and left . Then"],
)
def test_words_beside_dots_and_letters_beside_digits_are_left_alone(text):
    assert found(text) == []
