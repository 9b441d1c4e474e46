"""Names that a cue makes names, and what looks like one and is none."""

from __future__ import annotations

import pytest

from pixelated.clean.redact import find_spans
from pixelated.clean.spans import DETECTORS, REVIEW


def found(text: str) -> list[str]:
    spans, _ = find_spans(text, [detector for _, detector in DETECTORS.items()])
    return [text[s.start : s.end] for s in spans if s.confidence >= REVIEW]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("I told Mark that it was over.", ["Mark"]),
        ("Will and I fight about money.", ["Will"]),
        ("Joy is my sponsor.", ["Joy"]),
        ("Then Hope rang me at work.", ["Hope"]),
        ("My friend Grace came over.", ["Grace"]),
        ("Okay, Will, go on.", ["Will"]),
        ("Faith, my wife, is tired.", ["Faith"]),
        ("Everyone knew it was Rose's wedding.", ["Rose"]),
        ("My nan doreen raised us.".lower(), ["doreen"]),
        ("Big Rob looked out for me.", ["Big Rob"]),
        ("Little Jo cried.", ["Little Jo"]),
        ("I saw Luis de la Torre yesterday.", ["Luis de la Torre"]),
        ("K. and T. came together.", ["K.", "T."]),
        ("Mr T came late.", ["T"]),
        ("My ex J said so.", ["J"]),
        ("Bishop Ndlovu wrote back.", ["Ndlovu"]),
        ("She works for Pfizer in sales.", ["Pfizer"]),
        ("i work at amazon and hate it", ["amazon"]),
        ("St Columba's Hospice took her.", ["St Columba's Hospice"]),
        ("P.S. 118 was rough.", ["P.S. 118"]),
        ("i went to westbrook high back then", ["westbrook high"]),
    ],
)
def test_a_cue_makes_a_name(text: str, names: list[str]) -> None:
    assert found(text) == names


@pytest.mark.parametrize(
    "text",
    [
        "I have the will to live, and hope is all I need.",
        "Hope is all I have left. Faith got me through.",
        "It left a mark. May I sit? In May we moved.",
        "Vitamin K. is good for that, and plan B. was used.",
        "People in the U.S. and Canada say so.",
        "I work for the NHS. I work at home, and she works for God.",
        "I was getting high in junior high.",
        "Father Christmas, Dr Google and Mr Right.",
        "GAD-7 15, ACE score 6. GAF 55, WEMWBS 38. It was 2am.",
        "We used Linehan's chain analysis, and Winnicott wrote on holding.",
        "I listened to Adele and played some Bach preludes.",
        "We were like Ross and Rachel.",
        "My Protector is loud, and the Inner Critic too. Samosas after Maghrib, Bismillah first.",
        "It was a Christian camp, and the deacon was kind. OP, please call.",
    ],
)
def test_what_only_looks_like_a_name_stays(text: str) -> None:
    assert found(text) == []


def test_a_public_name_without_its_cue_is_somebodys() -> None:
    assert found("Mr Linehan left before lunch.") == ["Linehan"]
    assert found("I told Adele that he hit me.") == ["Adele"]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("ref CL/2023/0457 on the letter", ["CL/2023/0457"]),
        ("It is file G1284471/2 now.", ["G1284471/2"]),
        ("NHI ABC1234, seen twice", ["ABC1234"]),
        ("my case number is 19CR00456", ["19CR00456"]),
        ("case of 2000 beers, file 2020/21, ref 12/05, case study 12345", []),
        ("She died on Diwali 2016.", ["Diwali 2016"]),
        ("He left on Boxing Day 2021, at night.", ["Boxing Day 2021"]),
        ("At Christmas we fought. In 2019 it stopped.", []),
        ("my snapchat is mara.lou", ["mara.lou"]),
        ("my insta is on instagram.com, my facebook is private.he left", []),
    ],
)
def test_numbers_feasts_and_handles(text: str, values: list[str]) -> None:
    assert found(text) == values
