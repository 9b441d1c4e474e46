"""The fitted tagger: `presets/pii/names.crfsuite`, with its provenance in `names.json` beside it."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pycrfsuite

from pixelated.clean.names.features import features_of

MODEL = "names.crfsuite"
CARD = "names.json"
_OUTSIDE = "O"
_NOT_SURE = 0.79  # the most of a word that the best sequence leaves outside: a person decides


@dataclass(frozen=True, slots=True)
class Tag:
    """The label of a word, without B- and I-; whether a span begins; how sure it is that there is one."""

    label: str
    begins: bool
    inside: float


class Model:
    """A tagger; each thread has its own, since one holds the sentence that it last read."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._local = threading.local()

    def tags(self, words: list[str]) -> list[Tag]:
        """Tag the words of a sentence; a word outside of every span has the label that it is nearest to."""
        tagger = self._tagger()
        tagger.set(features_of(words))
        inner = [label for label in tagger.labels() if label != _OUTSIDE]
        found = []
        for i, label in enumerate(tagger.tag()):
            inside = 1.0 - tagger.marginal(_OUTSIDE, i)
            if label == _OUTSIDE and inside >= 0.5 / len(inner):
                label = max(inner, key=lambda x: tagger.marginal(x, i))  # noqa: PLW2901 - used at once
                found.append(Tag(label[2:], begins=True, inside=min(inside, _NOT_SURE)))
            elif label == _OUTSIDE:
                found.append(Tag("", begins=False, inside=inside))
            else:
                found.append(Tag(label[2:], label[0] == "B", inside))
        return found

    def _tagger(self) -> Any:
        if not hasattr(self._local, "tagger"):
            self._local.tagger = pycrfsuite.Tagger()
            self._local.tagger.open_inmemory(self._data)
        return self._local.tagger


@cache
def shipped() -> Model:
    """Return the shipped tagger."""
    return Model((files("pixelated") / "presets" / "pii" / MODEL).read_bytes())


@cache
def from_file(path: Path) -> Model:
    """Return a tagger fitted elsewhere."""
    return Model(path.read_bytes())


def card() -> dict[str, Any]:
    """Return the provenance of the shipped tagger."""
    text = (files("pixelated") / "presets" / "pii" / CARD).read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found
