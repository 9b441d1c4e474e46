"""Word 3-grams of a record, as 64-bit numbers: signatures, sketches and exact sets.

A shingle is tagged with its side: what the client says is never equal to what the therapist says. Signatures
are one-permutation MinHash (Li, Owen, Zhang 2012) with optimal densification (Shrivastava 2017): one pass
over the shingles fills all bins. A sketch keeps the 5-grams whose number is small (FracMinHash; Irber et al.
2022): one rule for every record, so that a short text's sketch lies inside that of the text it was cut from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pixelated.core.kernels import kernels_in
from pixelated.dedup._numbers_of_kernels import SIDES, SKETCH_ONE_IN
from pixelated.dedup.streams import KERNELS, Streams

NO_STOCK = np.zeros(0, np.uint64)

U32 = npt.NDArray[np.uint32]
U64 = npt.NDArray[np.uint64]
I64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Signatures:
    """What finding candidates needs of n records.

    Attributes:
        bins: uint32 (n, BINS); all EMPTY where a record has no words.
        side_bins: uint32 (n, SIDES, SIDE_BINS), EMPTY where no shingle fell.
        sketch: uint64 (k,), kept 5-grams, grouped by record.
        sketch_bounds: int64 (n + 1,), where each record's begin.
        sentences: uint64 (s,), numbers of the sentences of `SENTENCE` words or more, grouped by record.
        sentences_bounds: int64 (n + 1,), where each record's begin.
        words: int64 (n,), words that were counted.
    """

    bins: U32
    side_bins: U32
    sketch: U64
    sketch_bounds: I64
    sentences: U64
    sentences_bounds: I64
    words: I64


@dataclass(frozen=True)
class ShingleSets:
    """Exact sets of n records: `values[bounds[i * SIDES + side] : bounds[i * SIDES + side + 1]]`, sorted."""

    values: U64
    bounds: I64


def sign(these: Streams, stock: U64 = NO_STOCK) -> Signatures:
    """Return signatures and sketches; records are independent of each other.

    Args:
        these: the records.
        stock: sorted numbers of sentences that are not counted.
    """
    size, room = text_bytes(these), text_bytes(these) // (2 * SKETCH_ONE_IN) + 1024 + these.records
    while (
        True
    ):  # words of one letter make more 5-grams than there is room for: rare, so the first try is small
        bins, side_bins, sketch, sketch_bounds, sentences, sentences_bounds, words = kernels_in(
            KERNELS
        ).signatures(*_buffers(these), stock, _longest(these), size, room)
        if sketch_bounds[-1] <= room:
            break
        room = int(sketch_bounds[-1])
    return Signatures(
        bins,
        side_bins,
        sketch[: sketch_bounds[-1]].copy(),
        sketch_bounds,
        sentences[: sentences_bounds[-1]].copy(),
        sentences_bounds,
        words,
    )


def shingle_sets(these: Streams, stock: U64 = NO_STOCK) -> ShingleSets:
    """Return the sorted distinct shingles of each record and side; sentences in `stock` are not counted."""
    values, bounds = kernels_in(KERNELS).sets(*_buffers(these), stock, _longest(these), text_bytes(these))
    return ShingleSets(values[: bounds[-1]].copy(), bounds)


def text_bytes(these: Streams) -> int:
    """Return the bytes of all texts."""
    return int((these.ends - these.starts).sum())


def _buffers(these: Streams) -> tuple[Any, ...]:
    return these.data, these.starts, these.ends, these.sides, these.bounds


def _longest(these: Streams) -> int:
    """Return an upper bound on the words of a record."""
    sizes = np.concatenate([[0], np.cumsum(these.ends - these.starts + 1)])
    per_record = sizes[these.bounds[1:]] - sizes[these.bounds[:-1]]
    return int(per_record.max(initial=0)) // 2 + SIDES + 8


def join_sets(parts: list[ShingleSets]) -> ShingleSets:
    """Return the sets of several parts as one."""
    return ShingleSets(_flat([p.values for p in parts], np.uint64), _joined_bounds([p.bounds for p in parts]))


def join_signatures(parts: list[Signatures]) -> Signatures:
    """Return the signatures of several parts, at least one, as one."""
    return Signatures(
        np.concatenate([p.bins for p in parts]),
        np.concatenate([p.side_bins for p in parts]),
        _flat([p.sketch for p in parts], np.uint64),
        _joined_bounds([p.sketch_bounds for p in parts]),
        _flat([p.sentences for p in parts], np.uint64),
        _joined_bounds([p.sentences_bounds for p in parts]),
        np.concatenate([p.words for p in parts]),
    )


def _flat(arrays: list[Any], kind: Any) -> Any:
    return np.concatenate(arrays) if arrays else np.zeros(0, kind)


def _joined_bounds(bounds: list[I64]) -> I64:
    """Return bounds that go on from part to part."""
    out, base = [np.zeros(1, np.int64)], 0
    for one in bounds:
        out.append(one[1:] + base)
        base += int(one[-1])
    return np.concatenate(out)
