"""Licence expressions: what allows a use, what refuses it, and what nobody has shown."""

from __future__ import annotations

import pytest

from pixelated.core.presets import load_preset
from pixelated.verify.licences import allows

TABLE = load_preset("licenses", "default")["licenses"]


@pytest.mark.parametrize(
    ("expression", "verdict"),
    [
        ("MIT", True), ("CC-BY-NC-4.0", True), ("MIT OR LicenseRef-x", True), ("(MIT AND CC-BY-4.0)", True),
        ("CC-BY-NC-ND-4.0 OR MIT", True), ("Apache-2.0 WITH LLVM-exception", True),
        ("MIT AND CC-BY-NC-ND-4.0", False), ("CC-BY-ND-4.0", False), ("LicenseRef-x AND CC-BY-ND-4.0", False),
        ("NOASSERTION", None), ("MIT OR NOASSERTION", None), ("(MIT) OR noassertion", None),
        ("MIT WITH everything-allowed", None), ("MIT WITH", None), ("", None), ("   ", None), ("LicenseRef-x", None), ("GPL-3.0-only", None),
        ("MIT AND NOASSERTION", None), ("MIT OR", None), ("MIT MIT", None), ("(MIT", None), ("AND", None),
        ("mit", None), ("MIT; rm", None), (None, None), (["MIT"], None), ("(" * 400 + "MIT", None), ("M" * 600, None),
    ],
)  # fmt: skip
def test_a_licence_allows_training_only_where_it_is_shown(expression: object, verdict: bool | None) -> None:
    assert allows(expression, "train", TABLE) is verdict


def test_a_use_is_judged_apart_from_another() -> None:
    assert allows("CC-BY-NC-4.0", "commercial", TABLE) is False
    assert allows("MIT AND CC-BY-NC-4.0", "commercial", TABLE) is False
    assert allows("MIT", "commercial", TABLE) is True


def test_a_table_entry_that_is_no_truth_value_allows_nothing() -> None:
    assert allows("X", "train", {"X": {"train": 1}}) is None  # type: ignore[dict-item]
