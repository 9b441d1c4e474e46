"""Made-up people, drawn from Faker's lists with a seeded generator, and the lists of words beside."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache
from pathlib import Path

from fit_names import faker_lists as lists

Draw = Callable[[random.Random], str]
ENGLISH = ("en_US", "en_GB", "en_IE", "en", "en_NZ", "en_IN")
ENGLISH_SHARE = 0.5
_HERE = Path(__file__).parent


@cache
def words_of(name: str) -> tuple[str, ...]:
    """Return the lines of a list in `words/`, comments left out."""
    text = (_HERE / "words" / f"{name}.txt").read_text("utf-8")
    return tuple(line.strip() for line in text.splitlines() if line.strip() and not line.startswith("# "))


@cache
def _locales() -> tuple[str, ...]:
    return tuple(sorted(set(lists.people()) - lists.HELD_OUT))


def _names(rng: random.Random) -> tuple[list[str], list[str]]:
    locale = rng.choice(ENGLISH if rng.random() < ENGLISH_SHARE else _locales())
    return lists.people()[locale]


def given(rng: random.Random) -> str:
    """Return a given name."""
    return rng.choice(_names(rng)[0])


def family(rng: random.Random) -> str:
    """Return a family name."""
    return rng.choice(_names(rng)[1])


def full(rng: random.Random) -> str:
    """Return a given and a family name of one locale, in one of several forms."""
    first, last = _names(rng)
    one, two = rng.choice(first), rng.choice(last)
    forms = (
        f"{one} {rng.choice('ABCDEFGHJKLMNPRSTW')}. {two}",
        f"{one} {rng.choice(first)} {two}",
        f"{one} {two}-{rng.choice(last)}",
        f"{one[0]}. {two}",
        f"{two}, {one}",
    )
    return rng.choice(forms) if rng.random() < 0.2 else f"{one} {two}"


def person(rng: random.Random) -> str:
    """Return how somebody is named: a given name, a full one, or a family name."""
    kind = rng.random()
    return given(rng) if kind < 0.45 else full(rng) if kind < 0.9 else family(rng)


def nickname(rng: random.Random) -> str:
    """Return a short form of a name."""
    name = given(rng)
    return rng.choice([name[:3], name[:4], name[:3] + "y", name[:2], name]).rstrip(" -.").title() or name


def syllables(rng: random.Random) -> str:
    """Return an invented word, as firms have them for a name."""
    parts = [
        rng.choice("bcdfghjklmnprstvwz") + rng.choice("aeiou") + rng.choice(["", "n", "r", "l", "x", "s"])
        for _ in range(rng.randint(2, 3))
    ]
    return "".join(parts).capitalize() + rng.choice(["", "", "io", "ia", "ly", "ify", "tech", "ix", "era"])


def common(rng: random.Random) -> str:
    """Return a common word, capitalised."""
    return rng.choice(words_of("brand_words")).capitalize()
