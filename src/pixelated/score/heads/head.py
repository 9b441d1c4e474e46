"""A head: a multinomial linear model over named blocks of features, readable as JSON.

Blocks:
- `words:<field>` and `chars:<field>`: n-grams of a text; (1 + log count) times the n-gram's rarity, scaled to
  unit length over the n-grams that the head knows (TF-IDF);
- `numbers`: named counts or cues, in standard deviations from their mean;
- `vector:<field>`: an embedding of the text, of a named model.

The file holds numbers and n-grams only, no code. An n-gram of data that may not be shared tells of that data:
a head is as free as what it was fitted on, and it says what that was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from pixelated.core.errors import UsageError
from pixelated.score.heads.ngrams import char_ngrams, grams_of, pieces, tokens, word_ngrams
from pixelated.score.protocol import USE

FORMAT = "pixelated-head-1"
_REMEMBERED = 1 << 16
FARTHEST = 4.0  # standard deviations that a number counts from its mean: what is farther is no more telling
Array = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Sample:
    """What a head sees of one turn: texts by field ("reply", "context"), numbers and vectors by name."""

    texts: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)
    vectors: Mapping[str, Array] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What a head is fitted over.

    Attributes:
        words: fields whose runs of one and two words are read.
        chars: fields whose runs of 2 to 5 characters are read.
        numbers: whether the samples' numbers are read.
        vectors: fields whose embeddings are read.
        inverse_penalty: C of logistic regression with a quadratic penalty.
        limit: n-grams kept in each block, by the size of their weights.
        least: rows that an n-gram must stand in.
        balanced: whether rare classes weigh as much as frequent ones.
        vector_scale, number_scale: how much these blocks may say beside the n-grams.
        fused: whether the vectors have a fit of their own, whose log-odds are added to those of the rest.
            Fitted together, hundreds of dense columns drown the n-grams.
    """

    words: tuple[str, ...] = ()
    chars: tuple[str, ...] = ()
    numbers: bool = False
    vectors: tuple[str, ...] = ()
    inverse_penalty: float = 2.0
    limit: int = 4_000
    least: int = 2
    balanced: bool = True
    vector_scale: float = 1.0
    number_scale: float = 0.3
    fused: bool = False


@dataclass(frozen=True)
class Grams:
    """The n-grams of a block: position, rarity and weights (rows: n-grams, columns: classes)."""

    index: Mapping[str, int]
    rarity: Array
    weights: Array
    # Words come again and again: which known n-grams a word holds is looked up once.
    _known: dict[str, tuple[int, ...]] = field(default_factory=dict, repr=False, compare=False)

    def logits(self, counts: Counter[str]) -> Array:
        """Return what the counted n-grams say for each class."""
        return self._of({self.index[gram]: count for gram, count in counts.items() if gram in self.index})

    def logits_of(self, kind: str, text: str) -> Array:
        """Return the same for the n-grams of a text, without naming those that are not known."""
        if kind == "chars":
            return self._of(Counter(n for piece in pieces(text) for n in self._inside(piece)))
        found, get = tokens(text), self.index.get
        at = [get(word) for word in found] + [get(f"{a} {b}") for a, b in pairwise(found)]
        return self._of(Counter(n for n in at if n is not None))

    def _inside(self, piece: str) -> tuple[int, ...]:
        known = self._known.get(piece)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[piece] = tuple(self.index[g] for g in grams_of(piece) if g in self.index)
        return known

    def _of(self, counts: Mapping[int, int]) -> Array:
        if not counts:
            return np.zeros(self.weights.shape[1])
        at = np.fromiter(counts.keys(), np.int64, len(counts))
        values = (1 + np.log(np.fromiter(counts.values(), np.float64, len(counts)))) * self.rarity[at]
        scaled: Array = (values / np.linalg.norm(values)) @ self.weights[at]
        return scaled


@dataclass(frozen=True)
class Head:
    """A fitted head.

    Attributes:
        scorer: the scorer that it serves.
        classes: names of the classes, in the order of the columns.
        bias: one number per class.
        grams: block name -> n-grams with weights.
        numbers: name -> (centre, scale, weights).
        vectors: field -> weights (rows: width of the model, columns: classes).
        fitted_on: name, licence, rows, groups and SHA-256 of the data.
        figures: what cross-validation gave.
        embedding: name of the embedding model, or empty.
        vector_scale: by what the vectors are multiplied.
    """

    scorer: str
    classes: tuple[str, ...]
    bias: Array
    grams: Mapping[str, Grams]
    numbers: Mapping[str, tuple[float, float, Array]]
    vectors: Mapping[str, Array]
    fitted_on: Mapping[str, Any]
    figures: Mapping[str, Any]
    embedding: str = ""
    vector_scale: float = 1.0

    @cached_property
    def _number_table(self) -> tuple[Array, Array, Array]:
        rows = list(self.numbers.values())
        centres, scales = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
        return centres, scales, np.array([row[2] for row in rows])

    def logits(self, sample: Sample) -> Array:
        """Return one number per class."""
        total = self.bias.copy()
        for block, grams in self.grams.items():
            kind, _, name = block.partition(":")
            total += grams.logits_of(kind, sample.texts.get(name, ""))
        if self.numbers:
            centres, scales, weights = self._number_table
            given = np.array([sample.numbers.get(name, 0.0) for name in self.numbers])
            total += np.clip((given - centres) / scales, -FARTHEST, FARTHEST) @ weights
        for name, weights in self.vectors.items():
            total += (sample.vectors[name] * self.vector_scale) @ weights
        return total

    def probabilities(self, sample: Sample) -> dict[str, float]:
        """Return the probability of each class."""
        logits = self.logits(sample)
        grown = np.exp(logits - logits.max())
        return dict(zip(self.classes, (grown / grown.sum()).tolist(), strict=True))

    def to_json(self) -> dict[str, Any]:
        """Return the head as plain data; weights with 4 decimals, n-grams sorted."""
        return {
            "format": FORMAT,
            "scorer": self.scorer,
            "use": USE,
            "classes": list(self.classes),
            "fitted_on": dict(self.fitted_on),
            "figures": dict(self.figures),
            "bias": _plain(self.bias),
            "numbers": {
                name: [round(c, 6), round(s, 6), _plain(w)]
                for name, (c, s, w) in sorted(self.numbers.items())
            },
            "grams": {
                block: {
                    gram: [round(float(grams.rarity[n]), 4), *_plain(grams.weights[n])]
                    for gram, n in sorted(grams.index.items())
                }
                for block, grams in sorted(self.grams.items())
            },
            "embedding": self.embedding,
            "vector_scale": self.vector_scale,
            "vectors": {name: [_plain(row) for row in w] for name, w in sorted(self.vectors.items())},
        }

    @staticmethod
    def from_json(data: Mapping[str, Any], where: str) -> Head:
        """Read a head.

        Raises:
            UsageError: it is no head of this format, or its parts do not fit each other.
        """
        try:
            return _read(data)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise UsageError(
                "bad_head", f"{where} is no head: {error}", "make it by `pixelated score fit`"
            ) from error


def _read(data: Mapping[str, Any]) -> Head:
    if data["format"] != FORMAT:
        raise ValueError(f"its format is {data['format']!r}, this version reads {FORMAT!r}")
    classes = tuple(str(name) for name in data["classes"])
    width = len(classes)
    grams = {block: _grams(table, width) for block, table in data["grams"].items()}
    numbers = {
        name: (float(c), float(s), _row(w, width)) for name, (c, s, w) in data["numbers"].items() if s > 0
    }
    vectors = {name: np.array([_row(row, width) for row in rows]) for name, rows in data["vectors"].items()}
    return Head(
        scorer=str(data["scorer"]),
        classes=classes,
        bias=_row(data["bias"], width),
        grams=grams,
        numbers=numbers,
        vectors=vectors,
        fitted_on=dict(data["fitted_on"]),
        figures=dict(data["figures"]),
        embedding=str(data["embedding"]),
        vector_scale=float(data["vector_scale"]),
    )


def _grams(table: Mapping[str, Sequence[float]], width: int) -> Grams:
    index = {gram: n for n, gram in enumerate(table)}
    rows = np.array([_row(row, width + 1) for row in table.values()]).reshape(len(index), width + 1)
    return Grams(index, rows[:, 0].copy(), rows[:, 1:].copy())


def _row(values: Sequence[float], width: int) -> Array:
    row = np.array(values, np.float64)
    if row.shape != (width,) or not np.isfinite(row).all():
        raise ValueError(f"a row of {width} finite numbers was expected")
    return row


def _plain(values: Array) -> list[float]:
    return [round(float(v), 4) for v in values]


def counted(block: str, sample: Sample) -> Counter[str]:
    """Return the n-grams of a block such as "words:reply"."""
    kind, _, name = block.partition(":")
    text = sample.texts.get(name, "")
    if kind == "words":
        return word_ngrams(text)
    if kind == "chars":
        return char_ngrams(text)
    raise ValueError(f"there is no block {block!r}")
