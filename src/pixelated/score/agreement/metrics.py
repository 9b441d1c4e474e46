"""Measures of agreement. An abstention (None) is an error: no class, or the wrong end of a rank."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Values = Sequence[float | None]
Labels = Sequence[Any]


def macro_f1(gold: Labels, found: Labels) -> float:
    """Return the mean over the classes of `gold` of their F1; None in `found` is no class."""
    classes = sorted(set(gold))
    scores = []
    for one in classes:
        hit = sum(g == one and f == one for g, f in zip(gold, found, strict=True))
        wrong = sum((g == one) != (f == one) for g, f in zip(gold, found, strict=True))
        scores.append(2 * hit / (2 * hit + wrong) if hit or wrong else 0.0)
    return float(np.mean(scores))


def accuracy(gold: Labels, found: Labels) -> float:
    """Return the share of rows where both say the same."""
    return sum(g == f for g, f in zip(gold, found, strict=True)) / len(gold)


def balanced_accuracy(gold: Labels, found: Labels) -> float:
    """Return the mean over the classes of `gold` of the share found."""
    shares = []
    for one in sorted(set(gold)):
        of = [f == one for g, f in zip(gold, found, strict=True) if g == one]
        shares.append(sum(of) / len(of))
    return float(np.mean(shares))


def filled(gold: Sequence[bool], values: Values) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the values with each abstention at the end where it is wrong."""
    return np.array(
        [v if v is not None else (-np.inf if g else np.inf) for g, v in zip(gold, values, strict=True)]
    )


def auc(gold: Sequence[bool], values: Values) -> float:
    """Return the chance that a positive row has a higher value than a negative one; a tie counts half."""
    truth, given = np.asarray(gold, bool), filled(gold, values)
    ranks = ranked(given)
    positive = int(truth.sum())
    negative = len(truth) - positive
    if not positive or not negative:
        return float("nan")
    return float((ranks[truth].sum() - positive * (positive + 1) / 2) / (positive * negative))


def recall_at(gold: Sequence[bool], values: Values, of: Sequence[bool], share: float) -> float:
    """Return the recall of `gold` at the lowest threshold that at most `share` of the rows `of` reach."""
    truth, alarms, given = np.asarray(gold, bool), np.asarray(of, bool), filled(gold, values)
    quiet = np.sort(given[alarms])[::-1]
    allowed = int(share * len(quiet))
    threshold = quiet[allowed] if allowed < len(quiet) else -np.inf
    return float((given[truth] > threshold).mean())


def spearman(gold: Sequence[float], values: Values) -> float:
    """Return the rank correlation over the judged rows, times their share: abstaining gains nothing."""
    kept = [(g, v) for g, v in zip(gold, values, strict=True) if v is not None]
    if len(kept) < 3:  # noqa: PLR2004 - a correlation of two points is 1 or -1
        return 0.0
    left, right = ranked(np.array([g for g, _ in kept])), ranked(np.array([v for _, v in kept]))
    if left.std() == 0 or right.std() == 0:
        return 0.0
    return float(np.corrcoef(left, right)[0, 1] * len(kept) / len(gold))


def ranked(values: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the ranks of `values` from 1, equal values sharing the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: np.ndarray[Any, np.dtype[np.float64]] = (ends - (counts - 1) / 2)[inverse]
    return ranks


def interval(
    measure: Callable[[np.ndarray[Any, np.dtype[np.int64]]], float],
    groups: Sequence[str],
    seed: int,
    draws: int = 200,
) -> tuple[float, float]:
    """Return the 95 % interval of a measure by drawing whole groups with replacement (bootstrap).

    Args:
        measure: from positions of rows to the figure of those rows.
        groups: the group of each row; rows of one group are drawn together.
        seed: of the draws.
        draws: how many.
    """
    members: dict[str, list[int]] = {}
    for row, group in enumerate(groups):
        members.setdefault(group, []).append(row)
    blocks = [np.array(rows) for _, rows in sorted(members.items())]
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        drawn = np.concatenate([blocks[n] for n in rng.integers(0, len(blocks), len(blocks))])
        value = measure(drawn)
        if not np.isnan(value):
            found.append(value)
    low, high = np.percentile(found, [2.5, 97.5])
    return round(float(low), 4), round(float(high), 4)
