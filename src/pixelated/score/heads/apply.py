"""What a head says of a sample; a head over embeddings has them made, a text at a time, and remembered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from pixelated.core.errors import UsageError
from pixelated.core.sentence_model import check_installed, minilm
from pixelated.score.heads.head import Array, Head, Sample


def probabilities(head: Head, sample: Sample) -> dict[str, float]:
    """Return the probability of each class, embedding what the head needs embedded.

    Raises:
        UsageError: the head needs the extra `embed`, or another model than the one installed.
    """
    if not head.vectors:
        return head.probabilities(sample)
    if head.embedding != minilm().name:
        raise UsageError(
            "unknown_model", f"the head reads vectors of {head.embedding!r}", f"fit it again: {minilm().name}"
        )
    check_installed("a head with embeddings")
    return head.probabilities(with_vectors(sample, tuple(head.vectors)))


def with_vectors(sample: Sample, fields: Sequence[str]) -> Sample:
    """Return the sample with the vectors of some of its texts."""
    return replace(sample, vectors={name: _vector(sample.texts.get(name, "")) for name in fields})


@lru_cache(maxsize=100_000)
def _vector(text: str) -> Array:
    made: np.ndarray[Any, np.dtype[np.float64]] = minilm().embed([text])[0].astype(np.float64)
    return made
