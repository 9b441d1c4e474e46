"""Composites: weighted means of other scorers, `conversation_quality` and `quality_v1`.

A part that is experimental stays out unless the setting `experimental` lets it in; a part that abstains stays
out of the one record. The weights of the others grow in proportion; below the `least` share of judged weight
there is no value. The parts of the score say what each part gave, and null for what stayed out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pixelated.core.presets import load_preset
from pixelated.score.dialogue import Dialogue
from pixelated.score.protocol import SCORERS, Score, Scorer, default_scorer


@SCORERS.register("conversation_quality")
def conversation_quality(*, experimental: bool = False) -> Scorer:
    """Make the composite; `experimental` lets in parts without a figure of agreement."""
    return _composite("conversation_quality", experimental=experimental)


@SCORERS.register("quality_v1")
def quality_v1(*, experimental: bool = False) -> Scorer:
    """Make the composite; `experimental` lets in parts without a figure of agreement."""
    return _composite("quality_v1", experimental=experimental)


def _composite(name: str, *, experimental: bool) -> Scorer:
    table = load_preset("score", "composites")[name]
    parts = {part: default_scorer(part) for part in table["weights"]}
    used = {part: one for part, one in parts.items() if experimental or not one.experimental}

    def judge(dialogue: Dialogue) -> Score:
        return _judge(dialogue, table, used)

    left = sorted(set(parts) - set(used))
    weights = ", ".join(f"{part} {weight:.2f}" for part, weight in table["weights"].items())
    return Scorer(
        name=name,
        version=1,
        judge=judge,
        measures=table["measures"],
        basis=f"weighted mean with the mission's weights: {weights}",
        limits="as good as its parts; no agreement of its own was measured; "
        + (f"by default without {', '.join(left)}, experimental" if left else "all its parts count"),
        experimental=True,
    )


def _judge(dialogue: Dialogue, table: Mapping[str, Any], used: Mapping[str, Scorer]) -> Score:
    weights: Mapping[str, float] = table["weights"]
    found = {part: one(dialogue).value for part, one in used.items()}
    judged = {part: value for part, value in found.items() if value is not None}
    parts = {part: judged.get(part) for part in weights}
    total = sum(weights[part] for part in judged)
    if total < table["least"]:
        return Score(None, "too_few_parts", parts=parts)
    inverted = table.get("inverted", ())
    value = sum(weights[p] * (1 - v if p in inverted else v) for p, v in judged.items()) / total
    return Score(min(1.0, value), _reason(value, judged, table), parts=parts)


def _reason(value: float, judged: Mapping[str, float], table: Mapping[str, Any]) -> str:
    for part, most in table.get("most", {}).items():
        if judged.get(part, 0.0) > most:
            return f"{part}_above_{most:g}"
    verdicts: Mapping[str, float] = table.get("verdicts", {})
    reached = [name for name, least in verdicts.items() if value >= least]
    return reached[0] if reached else "reject" if verdicts else "weighted_mean"
