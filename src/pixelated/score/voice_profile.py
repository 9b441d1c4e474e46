"""A profile of a voice: which words, pairs of words and marks a speaker uses more or less than others do.

Log-odds with a prior of what all speakers say (Monroe, Colaresi & Quinn 2008, "Fightin' Words"), so that a
word seen once says little. The file holds words with weights and no sentence; it is as free as the texts it
was made of, and it says what those were.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson

from pixelated.core.errors import UsageError
from pixelated.core.lines import BOM, RefusedLineError, record_of
from pixelated.core.presets import read_text
from pixelated.core.store import LocalStore
from pixelated.score.protocol import USE
from pixelated.score.words import plain

FORMAT = "pixelated-voice-1"
START = "^"
PRIOR = 5.0  # counts of what everybody says that are added to a word
MOST_GRAMS, MOST_WEIGHT = 6000, 3.0
FEWEST_WORDS = 1000  # of the speaker, and of the others
PIECE = 100  # words on which the scale of a profile is found
_TOKEN = re.compile(r"\w+(?:'\w+)*|[.,!?;:\-]")


@lru_cache(maxsize=4096)
def grams(text: str) -> Mapping[str, int]:
    """Return how often each word, mark and pair of them stands in a text."""
    tokens = [START, *_TOKEN.findall(plain(text))]
    found = Counter(tokens[1:])
    found.update(f"{a} {b}" for a, b in pairwise(tokens))
    return found


@dataclass(frozen=True)
class Profile:
    """A speaker's weights, and where on their mean a text of the speaker and one of another lie.

    Attributes:
        speaker: the name in the texts it was made of.
        weights: by gram; more than 0 is the speaker's.
        middle: mean weight half-way between the speaker's texts and the others'.
        spread: distance from there to either.
        made_of: file, words of the speaker and of the others.
    """

    speaker: str
    weights: Mapping[str, float]
    middle: float
    spread: float
    made_of: Mapping[str, Any]

    def mean(self, texts: Iterable[str]) -> float:
        """Return the mean weight of the grams of texts."""
        total, number, weight = 0.0, 0, self.weights.get
        for text in texts:
            for gram, count in grams(text).items():
                total += count * weight(gram, 0.0)
                number += count
        return total / max(number, 1)

    def log_odds(self, texts: Iterable[str]) -> float:
        """Return how much more the speaker's texts are: 2 where the speaker's usually lie."""
        return 2 * (self.mean(texts) - self.middle) / self.spread

    def to_json(self) -> dict[str, Any]:
        """Return the profile as plain data."""
        return {
            "format": FORMAT,
            "use": USE,
            "speaker": self.speaker,
            "made_of": dict(self.made_of),
            "middle": round(self.middle, 6),
            "spread": round(self.spread, 6),
            "weights": {gram: round(weight, 3) for gram, weight in sorted(self.weights.items())},
        }


def profile_of(data: Mapping[str, Any], where: str) -> Profile:
    """Read a profile.

    Raises:
        UsageError: it is none.
    """
    try:
        if data["format"] != FORMAT:
            raise ValueError(f"its format is {data['format']!r}, this version reads {FORMAT!r}")  # noqa: TRY301
        weights = {str(gram): float(weight) for gram, weight in data["weights"].items()}
        numbers = float(data["middle"]), float(data["spread"])
        if not all(map(math.isfinite, (*weights.values(), *numbers))) or numbers[1] <= 0:
            raise ValueError("a number of it is none")  # noqa: TRY301
        return Profile(str(data["speaker"]), weights, *numbers, dict(data["made_of"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(
            "bad_profile",
            f"{where} is no profile of a voice: {error}",
            "make it by `pixelated score profile`",
        ) from error


def read_profile(path: Path) -> Profile:
    """Read the file of a profile; see `profile_of` for what is raised."""
    if not path.is_file():
        raise UsageError("input_missing", f"there is no file {path}", "correct the path")
    try:
        return profile_of(orjson.loads(read_text(path)), str(path))
    except orjson.JSONDecodeError as error:
        raise UsageError(
            "bad_profile", f"{path} is no JSON", "make it by `pixelated score profile`"
        ) from error


def make_profile(
    speaker: str, own: Sequence[str], others: Sequence[str], made_of: Mapping[str, Any] | None = None
) -> Profile:
    """Return the profile of a speaker's texts against those of others.

    The scale is found on texts that the weights were not made of: each half is weighed by the other.

    Raises:
        UsageError: there are too few words of either to tell them apart.
    """
    sizes = {"words": _words(own), "words_of_others": _words(others)}
    if min(sizes.values()) < FEWEST_WORDS:
        raise UsageError(
            "too_few_words",
            f"{sizes['words']:,} words of {speaker!r} and {sizes['words_of_others']:,} of others; "
            f"{FEWEST_WORDS:,} of each are needed",
            "give more texts, of this speaker and of others who speak in the same setting",
        )
    means: tuple[list[float], list[float]] = [], []
    for half in (0, 1):
        trial = Profile(speaker, _weights(own[half::2], others[half::2]), 0.0, 1.0, {})
        for found, texts in zip(means, (own[1 - half :: 2], others[1 - half :: 2]), strict=True):
            found += [trial.mean(piece) for piece in pieces(texts, PIECE)]
    mine, theirs = (sum(found) / len(found) for found in means)
    spread = max((mine - theirs) / 2, 1e-6)
    made = {**(made_of or {}), **sizes}
    return Profile(speaker, _weights(own, others), (mine + theirs) / 2, spread, made)


def pieces(texts: Sequence[str], words: int) -> list[list[str]]:
    """Cut texts in order into lists of at least so many words; the rest is left out unless it is all."""
    made: list[list[str]] = []
    piece: list[str] = []
    for text in texts:
        piece.append(text)
        if _words(piece) >= words:
            made.append(piece)
            piece = []
    return made or [piece]


def _words(texts: Iterable[str]) -> int:
    return sum(len(text.split()) for text in texts)


def _weights(own: Sequence[str], others: Sequence[str]) -> dict[str, float]:
    mine, theirs = _counted(own), _counted(others)
    both = mine + theirs
    total_mine, total_theirs, total = (max(1, sum(c.values())) for c in (mine, theirs, both))
    weights = {}
    for gram, count in both.items():
        prior = PRIOR * (1 + count / total)
        a = math.log((mine[gram] + prior) / (total_mine + PRIOR * len(both)))
        b = math.log((theirs[gram] + prior) / (total_theirs + PRIOR * len(both)))
        weights[gram] = max(-MOST_WEIGHT, min(MOST_WEIGHT, a - b))
    kept = sorted(weights, key=lambda gram: (-abs(weights[gram]) * math.sqrt(both[gram]), gram))[:MOST_GRAMS]
    return {gram: weights[gram] for gram in kept}


def _counted(texts: Iterable[str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for text in texts:
        found.update(grams(text))
    return found


def profile_file(path: Path, speaker: str, output: Path) -> dict[str, Any]:
    """Make the profile of a speaker from a file of JSON lines, write it, and return what `--json` prints.

    A line has an `id` and either `messages` (a message's `speaker`, else its `role`, says who) or `speaker`
    and `text`. All other speakers of the file are what the speaker is told from.

    Raises:
        UsageError: no such file or speaker, or too few words.
    """
    if not path.is_file():
        raise UsageError("input_missing", f"there is no file {path}", "correct the path")
    texts: dict[str, list[str]] = {}
    refused = 0
    for line in path.read_bytes().removeprefix(BOM).splitlines():
        try:
            for name, text in _said(record_of(line)) if line.strip() else ():
                texts.setdefault(name, []).append(text)
        except RefusedLineError:
            refused += 1
    if speaker not in texts:
        names = ", ".join(sorted(texts)[:20]) or "nobody"
        raise UsageError("no_such_speaker", f"{speaker!r} does not speak in {path}", f"choose from: {names}")
    others = [text for name in sorted(texts) if name != speaker for text in texts[name]]
    made = make_profile(speaker, texts[speaker], others, {"file": path.name})
    LocalStore(output.parent).write_json(output.name, made.to_json())
    return {"output": str(output), "refused": refused, "grams": len(made.weights), **made.made_of}


def _said(record: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    if isinstance(record.get("messages"), list):
        for message in record["messages"]:
            if not isinstance(message, dict) or not isinstance(message.get("content"), str):
                raise RefusedLineError("bad_message")
            name = message.get("speaker") or message.get("role")
            if name and name != "system":
                yield str(name), message["content"]
    elif isinstance(record.get("text"), str) and record.get("speaker"):
        yield str(record["speaker"]), record["text"]
    else:
        raise RefusedLineError("no_messages")
