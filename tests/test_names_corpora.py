"""How well names and places are found on the real corpora: the figures that the project states."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pixelated.clean import measure

CORPORA = Path(os.environ.get("PIXELATED_CORPORA") or Path(__file__).parents[2] / "shared/corpora")
pytestmark = [
    pytest.mark.corpora,
    pytest.mark.skipif(not CORPORA.is_dir(), reason="needs ../shared/corpora or $PIXELATED_CORPORA"),
]


def test_templates_that_no_fitting_saw() -> None:
    found = measure.presidio(CORPORA)
    assert found["templates"] >= 60
    assert found["structured_recall"] >= 0.99
    assert found["f1"] >= 0.95


def test_false_flags_on_sessions_are_rare() -> None:
    found = measure.annomi(CORPORA)
    assert found["false_flags_per_1000_words"] <= 0.8  # measured: 0.58
    assert 300 < found["flags"] < 600


def test_words_and_helplines_are_kept() -> None:
    found = measure.words_kept(CORPORA)
    assert found["words_kept"] >= 0.99
    assert found["helplines_kept"] == found["helplines"] > 0


def test_names_put_into_prose_are_replaced_or_reviewed() -> None:
    for name, found in measure.injected(CORPORA).items():
        assert found["names_and_direct_replaced_or_reviewed"] >= 0.95, name
        assert found["names_and_direct_replaced"] >= 0.80, name
