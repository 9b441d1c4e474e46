"""The quick way through mojibake gives what ftfy gives, line by line."""

from __future__ import annotations

import os
import random
from pathlib import Path

import ftfy
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelated.clean.encoding import repair_table
from pixelated.clean.mojibake import _CONFIG, _MAYBE, fix_mojibake
from pixelated.clean.repair import repair_text
from pixelated.core.schema import BASE

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


def in_columns(texts: list[str]) -> list[str]:
    """Return the texts after a column of them was repaired."""
    turns = [[{"role": "user", "content": "x"}, {"role": "user", "content": text}] for text in texts]
    rows = [{"source": "s", "messages": turn} for turn in turns]
    table = pa.table({f.name: pa.array([row.get(f.name) for row in rows], f.type) for f in BASE})
    return [m[1]["content"] for m in repair_table(table, {}, 0).kept.column("messages").to_pylist()]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(TEXT, st.sampled_from(ENCODINGS), st.booleans()), min_size=1, max_size=30))
def test_a_column_is_repaired_as_each_text_is(rows: list[tuple[str, str, bool]]) -> None:
    once = [garbled(text, encoding, spaces=spaces) for text, encoding, spaces in rows]
    texts = [*once, *(text for text, _, _ in rows), *(garbled(text, "cp1252", spaces=False) for text in once)]
    texts = [text.encode("utf-8", "ignore").decode() for text in texts]  # Arrow has no lone surrogates
    assert in_columns(texts) == [repair_text(text)[0] for text in texts]


@pytest.mark.corpora
@pytest.mark.skipif(not CORPORA.is_dir(), reason="the shared corpora are not beside the checkout")
def test_a_column_of_real_text_is_repaired_as_each_text_is() -> None:
    rng, texts = random.Random(5), []
    for path in sorted(CORPORA.rglob("*.csv"))[:8]:
        for line in path.read_text("utf-8", "replace")[:300_000].split("\n")[:800]:
            at = rng.randrange(len(line) + 1)
            text = f"{line[:at]}{rng.choice(PIECES)}{line[at:][:2000]}"
            texts.append(garbled(text, rng.choice(ENCODINGS), spaces=rng.random() < 0.3))
    repaired = in_columns(texts)
    assert len(texts) > 1000
    assert repaired == [repair_text(text)[0] for text in texts]
    assert sum(a != b for a, b in zip(texts, repaired, strict=True)) > len(texts) // 5
