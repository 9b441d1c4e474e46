"""What tells the next turn of a conversation from one of another: counts of a turn in its context.

The main count is that of a cache model of language (Kuhn & De Mori 1990): speakers use again the words that
were used lately. A word's log-odds are those of a mixture of the words of the context, the latest ones
weighing most, against its frequency in English; a topic that was never spoken of counts against the turn.
Beside it: pairs of words, pronouns without anybody they could mean, moves out of their place, the length and
the habits of writing of the speaker's own earlier turns.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain, pairwise

from pixelated.score._lexicon import word_set
from pixelated.score._moves import (
    ANSWER,
    FAREWELL,
    GREETING,
    HOW_ARE_YOU,
    OPEN,
    PLAN,
    POLAR,
    RELIEF,
    SYMPATHY,
    THANKS,
    WELCOME,
    WISH,
)
from pixelated.score.dialogue import Turn
from pixelated.score.english import english
from pixelated.score.words import stem

WINDOW = 32  # turns of context that are read: what was said longer ago weighs next to nothing
FADE, FAINTEST = 0.7, 0.02  # weight of a turn against the one after it; of the oldest ones
# Shares of the words of a turn that come from the context: few of a chatty one, many of an answer.
FEW, MANY = 0.05, 0.3
ENGLISH = 0.03  # of the probability of a word that stands in a document
RARE, TOPICAL, SHORTEST = 2, 4, 3
_QUESTIONS = frozenset({OPEN, POLAR})
_LEAVING = frozenset({FAREWELL, THANKS, WELCOME})
_MOVES = (GREETING, HOW_ARE_YOU, OPEN, POLAR, PLAN, RELIEF, SYMPATHY, WISH, FAREWELL)


@lru_cache(maxsize=1 << 16)
def _stemmed(word: str) -> tuple[str, int]:
    return stem(word), english().rarity(word)


def reply_numbers(turns: Sequence[Turn], at: int) -> dict[str, float]:
    """Return the counts of the turn at a position, in the context of those before it (at least one)."""
    turn, context = turns[at], turns[max(0, at - WINDOW) : at]
    own = [other for other in context if other.role == turn.role]
    last = context[-1]
    size, before = math.log1p(len(turn.words)), math.log1p(len(last.words))
    found = {
        "length": size,
        "length_before": before,
        "length_gap": abs(size - before),
        "early": 1 / len(context),
        "own_known": float(bool(own)),
    }
    found |= _words(turn, context, own)
    found |= _moves(turn, last, 1 / len(context))
    found |= _people(turn, context)
    if own:
        found |= _habits(turn, own)
    return found


def _words(turn: Turn, context: Sequence[Turn], own: Sequence[Turn]) -> dict[str, float]:
    """Return how far the words of the turn are those of its context."""
    cache = _cache(context)
    rare = {name: rarity for name, rarity in map(_stemmed, turn.words) if rarity >= RARE and len(name) > 1}
    topics, last = _topics(turn), _topics(context[-1])
    spoken = [_topics(t) for t in context]
    known = set().union(*spoken)
    lately = set().union(*spoken[-4:-1]).difference(last)
    new = sum(rarity - TOPICAL for name, rarity in topics.items() if name not in known)
    again = set(pairwise(turn.words)).intersection(chain.from_iterable(pairwise(t.words) for t in context))
    root, bits = math.sqrt(len(rare) + 1), english().rarity
    return {
        "cache_few": _log_odds(rare, cache, FEW) / root,
        "cache_many": _log_odds(rare, cache, MANY) / root,
        "cache_own": _log_odds(rare, _cache(own), MANY) / root,
        "pairs": sum(bits(a) + bits(b) for a, b in again) / math.sqrt(5 + len(turn.words)),
        "shared_last": math.log1p(sum(r - TOPICAL for name, r in topics.items() if name in last)),
        "shared_lately": math.log1p(sum(r - TOPICAL for name, r in topics.items() if name in lately)),
        "new": math.log1p(new),
        "new_in_much": math.log1p(new) * math.log1p(len(known)),
    }


def _cache(turns: Sequence[Turn]) -> dict[str, float]:
    """Return the share of each stem in turns, the latest ones weighing most."""
    weights: dict[str, float] = {}
    weight, seen = 1.0, weights.get
    for turn in reversed(turns):
        for name, _ in map(_stemmed, turn.words):
            weights[name] = seen(name, 0.0) + weight
        weight = max(weight * FADE, FAINTEST)
    total = sum(weights.values()) or 1.0
    return {name: weight / total for name, weight in weights.items()}


def _log_odds(stems: dict[str, int], cache: dict[str, float], share: float) -> float:
    total = 0.0
    for name, rarity in stems.items():
        chance = ENGLISH * 2.0**-rarity
        total += math.log(share * cache.get(name, 0.0) / chance + 1 - share)
    return total


def _topics(turn: Turn) -> dict[str, int]:
    found = (_stemmed(word) for word in turn.words if len(word) >= SHORTEST)
    return {name: rarity for name, rarity in found if rarity > TOPICAL}


def _moves(turn: Turn, last: Turn, early: float) -> dict[str, float]:
    """Return the moves of the turn, and whether they answer those of the one before."""
    made, before = turn.moves, last.moves
    found = {f"makes_{name}": float(name in made) for name in _MOVES}
    found |= {f"early_{name}": early * (name in made) for name in _MOVES}
    return found | {
        "question_on_question": float(bool(made & _QUESTIONS and before & _QUESTIONS)),
        "answer": float(ANSWER in made and POLAR in before),
        "answer_to_nothing": float(ANSWER in made and not before & _QUESTIONS),
        "welcome": float(WELCOME in made and bool(before & {THANKS, RELIEF})),
        "welcome_to_nothing": float(WELCOME in made and not before & {THANKS, RELIEF, WELCOME}),
        "leave": float(bool(made & {FAREWELL, WISH} and before & {FAREWELL, THANKS})),
        "leave_from_nothing": float(FAREWELL in made and not before & _LEAVING),
    }


def _people(turn: Turn, context: Sequence[Turn]) -> dict[str, float]:
    """Return whether there is somebody whom "he" and "she" could mean."""
    own, found = set(turn.words), dict[str, float]()
    for name, pronouns in (("he", ("he", "him", "his")), ("she", ("she", "her", "hers"))):
        meant = not own.isdisjoint(pronouns)
        known = meant and any(not word_set(f"{name}_people").isdisjoint(t.words) for t in context)
        found |= {name: float(known), f"{name}_unknown": float(meant and not known)}
    return found


def _habits(turn: Turn, own: Sequence[Turn]) -> dict[str, float]:
    """Return how far the turn is from the length and the marks of the speaker's earlier ones."""
    mine, others = _marks(turn), [_marks(other) for other in own[-8:]]
    gaps = [abs(one - sum(other) / len(others)) for one, *other in zip(mine, *others, strict=True)]
    return dict(zip(("own_length", "own_capital", "own_stop", "own_exclaims"), gaps, strict=True))


@lru_cache(maxsize=4096)
def _marks_of(text: str, words: int) -> tuple[float, float, float, float]:
    bare = text.strip()
    return math.log1p(words), float(bare[:1].islower()), float(bare[-1:] in ".!?"), float("!" in bare)


def _marks(turn: Turn) -> tuple[float, float, float, float]:
    return _marks_of(turn.text, len(turn.words))
