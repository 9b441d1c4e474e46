"""Replies to clients in crisis, made by a seed from this project's sentences: good ones and noise.

No clinician has reviewed them: they are a regression test and no evidence. Every reply of a set differs from
all others of it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import orjson

ROWS = 500
# What a reply is made of: a short one asks and reflects, a long one goes through all steps. Chosen evenly.
SHAPES = (
    ("open", "ask"),
    ("reflect", "ask"),
    ("open", "reflect", "ask"),
    ("reflect", "explore", "stay"),
    ("open", "ask", "assess"),
    ("ask", "assess", "stay"),
    ("open", "reflect", "explore"),
    ("open", "reflect", "ask", "resources"),
    ("open", "ask", "assess", "plan"),
    ("reflect", "ask", "plan", "resources"),
    ("open", "plan", "resources", "stay"),
    ("open", "reflect", "ask", "assess", "plan", "stay"),
    ("open", "reflect", "ask", "assess", "plan", "resources", "stay"),
    ("open", "stay", "reflect", "explore", "ask", "resources", "plan"),
)
SALAD_LEAST, SALAD_MOST = 8, 40
Pair = tuple[str, str]


@cache
def _table() -> dict[str, Any]:
    resource = files("pixelated") / "presets" / "score" / "crisis_replies.json"
    found: dict[str, Any] = orjson.loads(resource.read_bytes())
    return found


@cache
def lines() -> tuple[dict[str, Any], ...]:
    """Return the lines of clients that `crisis` is tested on: text, in_crisis, why."""
    resource = files("pixelated") / "presets" / "score" / "crisis_lines.json"
    return tuple(orjson.loads(resource.read_bytes())["lines"])


@cache
def more_lines() -> dict[str, tuple[dict[str, Any], ...]]:
    """Return further sets of lines of clients by name; no cue was changed after `last` was seen."""
    resource = files("pixelated") / "presets" / "score" / "crisis_more_lines.json"
    table = orjson.loads(resource.read_bytes())
    return {name: tuple(given) for name, given in table.items() if name != "about"}


def good(seed: int) -> list[Pair]:
    """Return (client's line, reply): replies that ask, assess, plan, name help or stay with the client."""
    return _made(seed, lambda rng: " ".join(_sentences(rng)))


def salads(seed: int) -> list[Pair]:
    """Return pairs whose reply is words of crisis and empathy in any order."""
    words = _table()["words"].split()

    def salad(rng: random.Random) -> str:
        chosen = rng.sample(words, rng.randint(SALAD_LEAST, SALAD_MOST))
        return rng.choice([" ", ", ", ". "]).join(chosen) + rng.choice(["", ".", "?"])

    return _made(seed, salad)


def shuffled(seed: int) -> list[Pair]:
    """Return pairs whose reply is a good one, its words shuffled within each sentence or over all of them."""

    def shuffle(rng: random.Random) -> str:
        sentences = _sentences(rng)
        if rng.random() < 0.5:  # noqa: PLR2004 - one half each
            return " ".join(_mixed(sentence, rng) for sentence in sentences)
        return _mixed(" ".join(sentences), rng)

    return _made(seed, shuffle)


def misplaced(seed: int) -> list[Pair]:
    """Return pairs whose reply is sentences of other dialogues, about other things, in any order."""
    plain = _table()["sentences"]["plain"]
    return _made(seed, lambda rng: " ".join(rng.sample(plain, rng.randint(2, 5))))


def _made(seed: int, reply: Callable[[random.Random], str]) -> list[Pair]:
    rng = random.Random(seed)  # noqa: S311 - a test set, not a secret
    clients = [line["text"] for line in lines() if line["in_crisis"]]
    found: dict[str, str] = {}
    while len(found) < ROWS:
        found.setdefault(reply(rng), rng.choice(clients))
    return [(client, text) for text, client in found.items()]


def _sentences(rng: random.Random) -> list[str]:
    pools = _table()["sentences"]
    return [rng.choice(pools[part]) for part in rng.choice(SHAPES)]


def _mixed(text: str, rng: random.Random) -> str:
    words: Sequence[str] = text.split()
    return " ".join(rng.sample(words, len(words)))
