"""`language_quality`: does the text read like English that people write, or like noise?

Four factors, each 1 for ordinary text: are the letters of the words those of English; do function
words stand where English has them, and often enough; is the text free of loops; is it free of
residue (wrong decoding, control characters, symbols). The value is their product.

Basis: letter trigrams (Shannon 1951), closed-class words as the frame of syntax. The tables come
from `english.json`, which names the permissive text it was made from (counsel_chat, diasafety,
Changelog transcripts), and the mid-points below were read off the same text and its shuffled copies.

Where a third of the words or less stand in messages of another language, the English messages are
judged alone; where more do, the value is null (`not_english`).

Known limits: not a measure of clinical worth. It judges form and not sense, so fluent nonsense
passes; dialects and heavy slang lose a little on the letters; languages that are not in
`presets/score/languages.yaml` and use plain Latin letters look like noise, and so may a few words
of one that is.
"""

from __future__ import annotations

import string

from pixelated.score._evidence import sigmoid, trust
from pixelated.score._language import RESIDUE
from pixelated.score.dialogue import Dialogue, Turn
from pixelated.score.english import english, word_letters
from pixelated.score.protocol import SCORERS, Score, Scorer

MIN_LETTERS = 12
# Benefit of the doubt, in log-odds, before anything is read; a short text stays near it.
PRIOR = 2.0
# Mean log-probability of a letter: real text -1.8 (99 % above -2.4), letters shuffled inside words
# with the ends in place -3.2 (99 % below -2.6), shuffled freely -4 and less.
LETTERS_MIDDLE, LETTERS_SLOPE, LETTERS_HALF = -2.65, 7.0, 20
# Mean order evidence of a word: real +0.5, keywords without grammar -0.1, shuffled words -0.4.
ORDER_MIDDLE, ORDER_SLOPE, ORDER_HALF = 0.05, 9.0, 10
# Share of closed-class words: real 0.57 (99 % above 0.25), keyword lists about 0.
CLOSED_MIDDLE, CLOSED_SLOPE, CLOSED_HALF = 0.2, 20.0, 10
# Repeated runs of four words: ordinary text stays below a fifth.
LOOP_FREE, LOOP_WORDS, LOOP_MIN = 0.2, 4, 24
NOISE_WEIGHT = 8.0
NOISY_TURN_LETTERS, NOISY_TURN_MEAN = 30, -2.9

_PLAIN_CHARACTERS = dict.fromkeys(
    map(
        ord,
        string.ascii_letters
        + string.digits
        + " \t\n\r.,;:!?'\"-()/&%$*"
        + "\u2019\u2018\u201c\u201d\u2013\u2014\u2026",
    )
)
_PLAIN_BYTES = bytes(code for code in _PLAIN_CHARACTERS if code < 0x80)  # noqa: PLR2004 - ASCII


@SCORERS.register("language_quality")
def language_quality() -> Scorer:
    """Make the scorer; it has no settings."""
    return Scorer(
        name="language_quality",
        version=2,
        judge=_judge,
        measures="text that reads like English: letters, function words, no loops, no residue",
        basis="letter trigrams and closed-class order, tables from permissive text named in english.json",
        limits="not a measure of clinical worth; judges form, not sense; null below 12 letters and for other "
        "languages (listed ones in plain letters)",
    )


def _judge(dialogue: Dialogue) -> Score:
    if dialogue.foreign:
        return Score(None, dialogue.foreign)
    dialogue = dialogue.english
    found, text = dialogue.words, dialogue.speech
    if sum(map(len, found)) < MIN_LETTERS and not RESIDUE.search(text):
        return Score(None, "too_short")
    factors = {
        "letters": _letters(found),
        "word_order": _order(dialogue),
        "function_words": _closed(dialogue),
        "repetition": _no_loops(found),
        "residue": _no_noise(text),
    }
    worst = min(factors, key=lambda name: factors[name])
    value = 1.0
    for factor in factors.values():
        value *= factor
    return Score(value, worst, _noisy_turns(dialogue))


def _letters(found: list[str]) -> float:
    mean, count = _letter_mean(found)
    return sigmoid(PRIOR + (LETTERS_SLOPE * (mean - LETTERS_MIDDLE) - PRIOR) * trust(count, LETTERS_HALF))


def _letter_mean(found: list[str]) -> tuple[float, int]:
    """Return the mean log-probability (nats) of letters and word ends, and their number."""
    count = sum(map(len, found)) + len(found)
    return (sum(map(word_letters, found)) / 10 / count if count else 0.0), count


def _order(dialogue: Dialogue) -> float:
    total, pairs = english().order(s for turn in dialogue.turns for s in turn.sentences)
    mean = total / max(pairs, 1)
    return sigmoid(PRIOR + (ORDER_SLOPE * (mean - ORDER_MIDDLE) - PRIOR) * trust(pairs, ORDER_HALF))


def _closed(dialogue: Dialogue) -> float:
    evidence = CLOSED_SLOPE * (dialogue.closed_share - CLOSED_MIDDLE) - PRIOR
    return sigmoid(PRIOR + evidence * trust(len(dialogue.words), CLOSED_HALF))


def _no_loops(found: list[str]) -> float:
    if len(found) < LOOP_MIN:
        return 1.0
    runs = list(zip(*(found[k:] for k in range(LOOP_WORDS)), strict=False))
    repeated = 1 - len(set(runs)) / len(runs)
    return 1 - max(0.0, repeated - LOOP_FREE) / (1 - LOOP_FREE)


def _no_noise(text: str) -> float:
    odd = len(text.encode().translate(None, _PLAIN_BYTES)) if text.isascii() else _odd_characters(text)
    return max(0.0, 1 - NOISE_WEIGHT * max(0.0, odd / max(len(text), 1) - 0.01))


def _odd_characters(text: str) -> int:
    """Count symbols and residue; letters of any script and pictographs (emoji) are not odd."""
    residue = sum(len(piece) for piece in RESIDUE.findall(text))
    rest = RESIDUE.sub("", text).translate(_PLAIN_CHARACTERS)
    return residue + sum(not c.isalpha() and ord(c) < 0x2000 for c in rest)  # noqa: PLR2004 - emoji lie above


def _noisy_turns(dialogue: Dialogue) -> tuple[int, ...]:
    return tuple(
        position for position, turn in zip(dialogue.positions, dialogue.turns, strict=True) if _is_noisy(turn)
    )


def _is_noisy(turn: Turn) -> bool:
    mean, count = _letter_mean(turn.words)
    return count >= NOISY_TURN_LETTERS and mean < NOISY_TURN_MEAN
