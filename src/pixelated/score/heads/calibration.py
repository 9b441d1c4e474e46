"""Calibration of a head by one temperature (Guo et al. 2017), on probabilities that cross-validation gave."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from pixelated.score.heads.head import Array, Grams, Head

BINS = 10
_RANGE = (-3.0, 3.0)  # of the logarithm of the temperature


def temperature(probabilities: Array, gold: np.ndarray[Any, np.dtype[np.int64]]) -> float:
    """Return the temperature under which held-out labels are likeliest (golden section; three decimals)."""
    logits = np.log(np.clip(probabilities, 1e-12, None))
    low, high = _RANGE
    ratio = (5**0.5 - 1) / 2
    for _ in range(40):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if _loss(logits, gold, left) < _loss(logits, gold, right):
            high = right
        else:
            low = left
    return round(float(np.exp((low + high) / 2)), 3)


def tempered(probabilities: Array, value: float) -> Array:
    """Return probabilities at a temperature: above 1 they come closer to each other."""
    grown = np.clip(probabilities, 1e-12, None) ** (1 / value)
    result: Array = grown / grown.sum(axis=1, keepdims=True)
    return result


def calibration_error(probabilities: Array, gold: np.ndarray[Any, np.dtype[np.int64]]) -> float:
    """Return the mean distance of confidence and hit rate over ten bins of confidence (ECE)."""
    confidence, hit = probabilities.max(axis=1), probabilities.argmax(axis=1) == gold
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [abs(confidence[bins == b].sum() - hit[bins == b].sum()) for b in range(BINS) if (bins == b).any()]
    return float(sum(gaps) / len(gold))


def at_temperature(head: Head, value: float) -> Head:
    """Return the head with its bias and weights divided by a temperature."""
    return replace(
        head,
        bias=head.bias / value,
        grams={name: Grams(g.index, g.rarity, g.weights / value) for name, g in head.grams.items()},
        numbers={name: (c, s, w / value) for name, (c, s, w) in head.numbers.items()},
        vectors={name: w / value for name, w in head.vectors.items()},
    )


def _loss(logits: Array, gold: np.ndarray[Any, np.dtype[np.int64]], log_temperature: float) -> float:
    scaled = logits / np.exp(log_temperature)
    top = scaled.max(axis=1, keepdims=True)
    total = np.log(np.exp(scaled - top).sum(axis=1)) + top[:, 0]
    return float((total - scaled[np.arange(len(gold)), gold]).mean())
