"""Sums of bounded evidence in log-odds, and their way back to a score between 0 and 1."""

from __future__ import annotations

import math


def sigmoid(log_odds: float) -> float:
    """Return the probability of `log_odds` (any size: the ends are 0 and 1)."""
    if log_odds < 0:
        grown = math.exp(max(log_odds, -700.0))
        return grown / (1 + grown)
    return 1 / (1 + math.exp(-min(log_odds, 700.0)))


def bounded(value: float, limit: float) -> float:
    """Return `value` cut at `limit` on both sides."""
    return max(-limit, min(limit, value))


def trust(amount: float, half: float) -> float:
    """Return how far `amount` of evidence is believed: 0 for none, 1/2 at `half`, towards 1."""
    return amount / (amount + half)
