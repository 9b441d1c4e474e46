"""The sides of records as unit vectors of a sentence-embedding model, and the facts that such vectors miss.

What is embedded are the streams that near copies are compared by: what the client says, what the therapist
says, the worse answer; system prompts are not counted. A long side is embedded in pieces: its vector is the
normalised mean of theirs.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Protocol

import numpy as np
import numpy.typing as npt

from pixelated.dedup._numbers_of_kernels import SIDES
from pixelated.dedup.shingles import I64, U64
from pixelated.dedup.streams import Streams

F32 = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

_WORDY = re.compile(r"[^\W_]")
_NUMBER = re.compile(r"\d+")
_NEGATION = re.compile(
    r"\b(?:not|no|never|nor|none|nobody|nothing|neither|without|cannot)\b|n['\u2019]t\b", re.IGNORECASE
)


class Embedder(Protocol):
    """A sentence-embedding model. It is made in each worker, by a picklable function without arguments."""

    name: str  # of the model: letters, digits and hyphens

    def pieces(self, text: str) -> list[str]:
        """Cut a text into pieces that the model reads whole."""
        ...

    def embed(self, texts: list[str]) -> F32:
        """Return a unit vector for each text, float32 (n, width)."""
        ...


MakeEmbedder = Callable[[], Embedder]


@dataclass(frozen=True)
class Sides:
    """The sides of n records, m in all: those that have a word.

    Attributes:
        present: bool (n, SIDES), which sides each record has.
        vectors: float32 (m, width), unit vectors, by record and side.
        facts: uint64 (m,), equal where two sides hold the same numbers and as many negations.
        pieces: int64 (m,), how many pieces each side was embedded in.
    """

    present: Bools
    vectors: F32
    facts: U64
    pieces: I64


def side_vectors(these: Streams, embedder: Embedder) -> Sides:
    """Embed the sides of records; a text that occurs again is embedded once."""
    texts, present = _texts(these)
    cut = [embedder.pieces(text) for text in texts]
    places = {piece: n for n, piece in enumerate(dict.fromkeys(piece for some in cut for piece in some))}
    counts = np.array([len(some) for some in cut], np.int64)
    if not texts:
        return Sides(present, np.zeros((0, 0), np.float32), np.zeros(0, np.uint64), counts)
    found = embedder.embed(list(places))
    vectors = np.stack([found[[places[piece] for piece in some]].mean(axis=0) for some in cut])
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors /= np.where(norms > 0, norms, 1)
    return Sides(present, vectors, np.array([_facts(text) for text in texts], np.uint64), counts)


def write_sides(these: Sides, rows: bytes, stream: BinaryIO) -> None:
    """Write the sides of `rows` (int64, as bytes)."""
    numbers = (np.frombuffer(rows, np.int64), these.present, these.vectors, these.facts, these.pieces)
    for array in numbers:
        np.save(stream, array)


def read_sides(stream: BinaryIO, rows: bytes) -> Sides | None:
    """Return the sides of `rows`; None where the file holds those of other rows."""
    if np.load(stream).tobytes() != rows:
        return None
    return Sides(*(np.load(stream) for _ in range(4)))


def _texts(these: Streams) -> tuple[list[str], Bools]:
    """Return the text of each side that has a word, by record and side, and which sides those are."""
    said: dict[tuple[int, int], list[str]] = {}
    owners = np.repeat(np.arange(these.records), np.diff(these.bounds)).tolist()
    spans = zip(owners, these.sides.tolist(), these.starts.tolist(), these.ends.tolist(), strict=True)
    for record, side, start, end in spans:
        if side < SIDES:
            text = these.data[start:end].tobytes().decode("utf-8", "replace")
            said.setdefault((record, side), []).append(text)
    present, texts = np.zeros((these.records, SIDES), np.bool_), []
    for (record, side), messages in sorted(said.items()):
        text = "\n".join(messages).strip()
        if _WORDY.search(text):
            present[record, side] = True
            texts.append(text)
    return texts, present


def _facts(text: str) -> int:
    numbers = " ".join(sorted(_NUMBER.findall(text)))
    told = f"{len(_NEGATION.findall(text))} {numbers}".encode()
    return int.from_bytes(hashlib.blake2b(told, digest_size=8).digest(), "little")
