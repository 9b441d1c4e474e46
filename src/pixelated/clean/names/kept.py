"""What names somebody in form alone: drugs, tests, methods, works. See `presets/pii/kept_names.yaml`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from pixelated.clean.names.gazetteer import COMMON, bits_of
from pixelated.clean.names.tokens import tokens_of
from pixelated.core.presets import load_preset

_BESIDE = 3  # words before and behind a public name that may say that it is one
_SIZES = (1, 2, 3)  # words of a public name
_REACH = 3  # words behind a family name in which the name of a test may follow


@dataclass(frozen=True)
class Kept:
    """The lists, in lower case."""

    single: frozenset[str]
    phrases: dict[str, tuple[tuple[str, ...], ...]]  # first word -> phrases of several words, longest first
    eponyms: frozenset[str]
    eponym_words: frozenset[str]
    cued: tuple[tuple[frozenset[tuple[str, ...]], frozenset[str]], ...]  # names, and the words beside them


@cache
def load_kept() -> Kept:
    """Read the shipped lists once."""
    table = load_preset("pii", "kept_names")
    terms = [term for group in table["always"].values() for term in _terms(group)]
    phrases: dict[str, list[tuple[str, ...]]] = {}
    for term in terms:
        words = tuple(token.text for token in tokens_of(term))
        if len(words) > 1:
            phrases.setdefault(words[0], []).append(words)
    return Kept(
        frozenset(t for t in terms if len(tokens_of(t)) == 1),
        {first: tuple(sorted(found, key=len, reverse=True)) for first, found in phrases.items()},
        frozenset(_terms(table["eponyms"])),
        frozenset(_terms(table["eponym_words"])),
        tuple(
            (frozenset(tuple(n.split()) for n in _terms(group["names"])), frozenset(_terms(group["words"])))
            for group in table["cued"]
        ),
    )


def kept_positions(words: list[str]) -> set[int]:
    """Return which words of a sentence are kept whatever the tagger says."""
    kept, found = load_kept(), set[int]()
    lower = [word.lower().replace("\u2019", "'") for word in words]
    for i, word in enumerate(lower):
        if word in kept.single or ("-" in word and all(_is_plain(piece, kept) for piece in word.split("-"))):
            found.add(i)
        for phrase in kept.phrases.get(word, ()):
            if tuple(lower[i : i + len(phrase)]) == phrase:
                found.update(range(i, i + len(phrase)))
                break
        if word in kept.eponyms:
            found.update(range(i, i + _method_length(lower, i, kept)))
        found.update(_spoken_of(lower, i, kept))
    return found


def _spoken_of(lower: list[str], i: int, kept: Kept) -> Iterator[int]:
    """Yield the positions of a public name from `i` on that a word beside it says is spoken of as such."""
    for names, words in kept.cued:
        for size in _SIZES:
            name = tuple(lower[i : i + size])
            if name in names and words & {
                *lower[max(0, i - _BESIDE) : i],
                *lower[i + size : i + size + _BESIDE],
            }:
                yield from range(i, i + size)


def _is_plain(piece: str, kept: Kept) -> bool:
    return piece in kept.single or bool(bits_of(piece) & COMMON)


def _method_length(lower: list[str], i: int, kept: Kept) -> int:
    """Return how many words name a method from a family name on: "the Beck", "Hamilton depression scale"."""
    after = lower[i + 1 : i + 1 + _REACH]
    ends = [k for k, word in enumerate(after) if word in kept.eponym_words]
    if ends:
        return ends[-1] + 2
    return int(i > 0 and lower[i - 1] == "the" and "family" not in after)


def _terms(text: str) -> list[str]:
    return [" ".join(term.split()) for term in text.split(";") if term.strip()]
