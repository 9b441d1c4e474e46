"""The quick way through mojibake gives what ftfy gives, line by line."""

from __future__ import annotations

import os
import random
from pathlib import Path

import ftfy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelated.clean.mojibake import _CONFIG, _MAYBE, fix_mojibake

CORPORA = Path(os.environ.get("PIXELATED_CORPORA", Path(__file__).parents[2] / "shared" / "corpora"))
ENCODINGS = ("latin-1", "cp1252", "mac_roman", "cp1251", "cp437", "cp1250", "iso8859_2")
PIECES = [
    "é",
    "“so”",
    "—",
    "à la",
    "Ã ",
    " à ",
    "naïve",
    "ñ",
    "\ufffd",
    "\x1a",
    "à quele",
    "œ ",
    "…",
    "\u200b",
    "\x00",
]


def plain(text: str) -> str:
    """Return the rule: each line that may be damaged, through ftfy."""
    return "\n".join(
        str(ftfy.fix_encoding(line, _CONFIG)) if _MAYBE.search(line) else line for line in text.split("\n")
    )


def garbled(text: str, encoding: str, *, spaces: bool) -> str:
    out = text.encode("utf-8", "ignore").decode(encoding, "ignore")
    return out.replace("\xa0", " ") if spaces else out


TEXT = st.lists(
    st.one_of(
        st.sampled_from(PIECES),
        st.text(alphabet="abc d.\n", max_size=60),
        st.text(max_size=4),
        st.characters(min_codepoint=0x80, max_codepoint=0x2FF),
    ),
    max_size=8,
).map("".join)


@settings(max_examples=400, deadline=None)
@given(TEXT, st.sampled_from(ENCODINGS), st.booleans(), st.booleans())
def test_any_text_is_repaired_as_ftfy_does(text: str, encoding: str, spaces: bool, twice: bool) -> None:
    once = garbled(text, encoding, spaces=spaces)
    for damaged in (text, once, garbled(once, "cp1252", spaces=False) if twice else text + once):
        assert fix_mojibake(damaged) == plain(damaged)


@pytest.mark.corpora
@pytest.mark.skipif(not CORPORA.is_dir(), reason="the shared corpora are not beside the checkout")
def test_real_text_garbled_in_many_ways_is_repaired_as_ftfy_does() -> None:
    rng, seen, repaired = random.Random(3), 0, 0
    for path in sorted(CORPORA.rglob("*.csv"))[:4]:
        for line in path.read_text("utf-8", "replace")[:300_000].split("\n")[:800]:
            at = rng.randrange(len(line) + 1)
            text = f"{line[:at]}{rng.choice(PIECES)}{line[at:][:2000]}"
            damaged = garbled(text, rng.choice(ENCODINGS), spaces=rng.random() < 0.3)
            expected = plain(damaged)
            assert fix_mojibake(damaged) == expected
            seen, repaired = seen + 1, repaired + (expected != damaged)
    assert seen > 1000
    assert repaired > seen // 5
