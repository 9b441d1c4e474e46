"""Conversations as sequences of pieces: drawn block by block, every block from a seed of its own.

A `Ragged` holds many sequences one after the other. Nothing here knows of duplicates: `plants.py` does.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from bench.words import (
    COMMA,
    FIRST,
    GARBLED,
    GLUE_ASSISTANT,
    GLUE_END,
    GLUE_USER,
    HEAD,
    IDENTIFIERS,
    LOTS,
    MID,
    PARAGRAPH,
    QUESTION,
    QUOTED,
    START,
    STOP,
    WORDS,
    Language,
    Numbers,
)

TURNS = (4, 20)  # fewest and most
TURN_WORDS = (4, 160)
MEAN_TURN_WORDS, SPREAD = 26.5, 0.55  # of a log-normal law
SENTENCE_WORDS = 11
SCRIPT_TURNS, SCRIPT_ANSWER_WORDS = 20, 13.0
GARBLED_SHARE, IDENTIFIER_SHARE, PHRASE_SHARE = 0.03, 0.04, 0.045
TOKEN = re.compile(r"[^\W_]+")
SHINGLE = 3

Flags = npt.NDArray[np.bool_]
Lengths = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Ragged:
    """Sequences of pieces, one after the other: `flat[offsets[i]:offsets[i + 1]]` is the i-th."""

    flat: Numbers
    offsets: Lengths
    garbled: Flags  # the i-th is mojibake

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, i: int) -> Numbers:
        return self.flat[self.offsets[i] : self.offsets[i + 1]]

    def take(self, rows: Lengths) -> Ragged:
        """Return the sequences with these numbers, in this order."""
        lengths = np.diff(self.offsets)[rows]
        offsets = _offsets(lengths)
        where = np.repeat(self.offsets[rows] - offsets[:-1], lengths)
        where += np.arange(offsets[-1])
        return Ragged(self.flat[where], offsets, self.garbled[rows])


def join(parts: list[Ragged]) -> Ragged:
    """Return the sequences of all, in order."""
    return Ragged(
        np.concatenate([p.flat for p in parts]),
        _offsets(np.concatenate([np.diff(p.offsets) for p in parts])),
        np.concatenate([p.garbled for p in parts]),
    )


def gather(sequences: list[Numbers], garbled: list[bool]) -> Ragged:
    """Return these sequences as one."""
    flat = np.concatenate([np.empty(0, np.int32), *sequences]).astype(np.int32)
    return Ragged(flat, _offsets(np.array([len(s) for s in sequences], np.int64)), np.array(garbled, bool))


def draw(rng: np.random.Generator, tongue: Language, count: int) -> Ragged:
    """Return `count` conversations."""
    turns = rng.integers(TURNS[0], TURNS[1] + 1, count)
    return _assemble(rng, tongue, turns, _turn_words(rng, int(turns.sum()), MEAN_TURN_WORDS))


def draw_script(rng: np.random.Generator, tongue: Language) -> Ragged:
    """Return one conversation whose assistant turns serve as the shared script of an intake."""
    words = _turn_words(rng, SCRIPT_TURNS, 20.0)
    return _assemble(rng, tongue, np.array([SCRIPT_TURNS]), words, plain=True)


def draw_templated(rng: np.random.Generator, tongue: Language, count: int, script: Ragged) -> Ragged:
    """Return `count` conversations that share the script's assistant turns and nothing else."""
    sequence = script[0]
    glue = np.flatnonzero((sequence >= GLUE_USER) & (sequence <= HEAD))
    spans = [slice(a + 1, b) for a, b in pairwise(glue.tolist())]  # of every turn's pieces
    asked = np.array([s.stop - s.start for s in spans])
    words = _turn_words(rng, count * SCRIPT_TURNS, SCRIPT_ANSWER_WORDS).reshape(count, SCRIPT_TURNS)
    words[:, 1::2] = asked[1::2]
    made = _assemble(rng, tongue, np.full(count, SCRIPT_TURNS), words.ravel(), plain=True)
    for row in range(count):
        at = made.offsets[row] + 1
        for turn, span in enumerate(spans):
            if turn % 2:
                made.flat[at : at + asked[turn]] = sequence[span]
            at += words[row, turn] + 1
    return made


def _turn_words(rng: np.random.Generator, turns: int, mean: float) -> Lengths:
    drawn = rng.lognormal(np.log(mean), SPREAD, turns)
    return np.clip(drawn, *TURN_WORDS).astype(np.int64)


def _assemble(
    rng: np.random.Generator, tongue: Language, turns: Lengths, words: Lengths, *, plain: bool = False
) -> Ragged:
    """Put conversations together; `plain` ones carry no mojibake and no identifier.

    Args:
        rng: where every choice comes from.
        tongue: the language.
        turns: (rows,) turns of each.
        words: (turns,) words of each turn, at least two.
        plain: see above.
    """
    count, total = len(turns), int(words.sum())
    starts = _offsets(words)[:-1]
    forms = _forms(rng, total, starts, starts + words - 1)
    drawn = _draw_words(rng, tongue, total)
    garbled = np.zeros(count, bool) if plain else rng.random(count) < GARBLED_SHARE
    of_turn = np.repeat(np.arange(count), turns)
    in_garbled = np.repeat(garbled[of_turn], words)
    swaps = in_garbled & (rng.random(total) < 0.02)  # noqa: PLR2004 - enough that some word shows it
    swaps[starts[garbled[of_turn]]] = True
    drawn[swaps] = rng.choice(tongue.accented, int(swaps.sum()))
    pieces = drawn + forms * np.int32(WORDS) + in_garbled * np.int32(GARBLED)
    with_identifier = np.zeros(len(words), bool) if plain else rng.random(len(words)) < IDENTIFIER_SHARE
    first = _offsets(turns)[:-1]
    # Where everything goes: a head or glue before each turn, an identifier after some, an end after each row.
    before = np.ones(len(words), np.int64)
    ends = np.zeros(len(words), np.int64)
    ends[first + turns - 1] = 1
    places = _offsets(before + words + with_identifier + ends)
    flat = np.empty(places[-1], np.int32)
    flat[np.repeat(places[:-1] + 1 - starts, words) + np.arange(total)] = pieces
    turn_in_row = np.arange(len(words)) - np.repeat(first, turns)
    flat[places[:-1]] = np.where(turn_in_row % 2, GLUE_ASSISTANT, GLUE_USER)
    flat[places[first]] = HEAD
    known = len(tongue.pieces) - IDENTIFIERS
    after = (places[:-1] + 1 + words)[with_identifier]
    flat[after] = IDENTIFIERS + rng.integers(0, known, len(after))
    flat[places[first + turns] - 1] = GLUE_END
    return Ragged(flat, places[np.append(first, len(words))], garbled)


def _draw_words(rng: np.random.Generator, tongue: Language, total: int) -> Numbers:
    """Return `total` words by Zipf's law, here and there a stock phrase."""
    drawn = tongue.lots[rng.integers(0, LOTS, total, np.int32)]
    width = tongue.phrases.shape[1]
    begin = np.flatnonzero(rng.random(max(total - width, 0)) < PHRASE_SHARE)
    which = tongue.phrases[tongue.phrase_lots[rng.integers(0, len(tongue.phrase_lots), len(begin))]]
    for step in range(width):
        there = which[:, step] >= 0
        drawn[begin[there] + step] = which[there, step]
    return drawn


def _forms(rng: np.random.Generator, total: int, starts: Lengths, lasts: Lengths) -> Numbers:
    """Return how each word stands: sentences with capitals, stops, commas, quotes, paragraphs."""
    chance = rng.random(total, np.float32)
    ends = chance < 1 / SENTENCE_WORDS
    ends[lasts - 1] = ends[starts] = False
    begins = np.zeros(total, bool)
    begins[1:] = ends[:-1]
    ends &= ~begins
    begins[1:] = ends[:-1]
    ends[lasts] = True
    chance = rng.random(total, np.float32)
    forms = np.full(total, MID, np.int32)
    forms[chance < 0.06] = COMMA  # noqa: PLR2004
    forms[chance > 0.998] = QUOTED  # noqa: PLR2004
    forms[begins] = np.where(chance[begins] < 0.04, PARAGRAPH, START)  # noqa: PLR2004
    forms[starts] = FIRST
    forms[ends] = np.where(chance[ends] < 0.2, QUESTION, STOP)  # noqa: PLR2004
    return forms


def render(tongue: Language, sequence: Numbers, *, repaired: bool) -> list[dict[str, str]]:
    """Return one sequence's messages; `repaired` without its mojibake, as cleaning has to give it back."""
    if repaired:
        sequence = np.where((sequence >= GARBLED) & (sequence < 2 * GARBLED), sequence - GARBLED, sequence)
    pieces = tongue.pieces
    text = '[{"role":"user","content":"' + b"".join(pieces[n] for n in sequence.tolist()).decode()
    return json.loads(text.rstrip("\n")[:-1])  # type: ignore[no-any-return]


def shingles(messages: list[dict[str, str]]) -> set[tuple[str, ...]]:
    """Return a conversation's shingles: three words in a row, NFKC, lower case, letters and digits only."""
    text = unicodedata.normalize("NFKC", "\n".join(m["content"] for m in messages)).lower()
    words = TOKEN.findall(text)
    return set(zip(*(words[k:] for k in range(SHINGLE)), strict=False))


def jaccard(a: set[tuple[str, ...]], b: set[tuple[str, ...]]) -> float:
    """Return the share of all shingles that both have; two empty sets are not alike."""
    return len(a & b) / len(a | b) if a or b else 0.0


def _offsets(lengths: Lengths) -> Lengths:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
