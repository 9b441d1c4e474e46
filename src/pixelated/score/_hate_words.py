"""Words for groups and slurs in one form, whatever their spelling.

Letters written as digits or signs, letters spaced out, a letter dropped or two swapped, and words run
together are read as the word they stand for.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from pixelated.core.presets import load_preset
from pixelated.score.english import english
from pixelated.score.words import words

GROUP, SLUR = "xgroup", "xslur"
_SIGNS = str.maketrans(
    {"4": "a", "@": "a", "3": "e", "1": "i", "!": "i", "0": "o", "5": "s", "$": "s", "7": "t"}
)
_TOKEN = re.compile(r"[a-z0-9@$!]+")
_LEET = re.compile(r"[0-9@$!]")
_SPACED = re.compile(r"\b(?:[a-z0-9@$!] ){2,}[a-z0-9@$!]\b")
LEAST_FUZZY = 4  # letters below which a misspelling is not looked for
CONTRACTIONS = frozenset(
    words("cant dont wont isnt arent wasnt didnt doesnt hasnt havent couldnt wouldnt shouldnt")
)


def canonical(text: str) -> str:
    """Return a plain text with groups and slurs as `xgroup` and `xslur`, misspellings of bad words undone."""
    spaced = _SPACED.sub(_joined, text)
    # Most tokens come again and again: looking each up once is most of the speed.
    return _renamed(_TOKEN.sub(_meant_token, spaced))


def _renamed(text: str) -> str:
    """Name the groups and slurs of two words, where a word of such a pair stands in the text at all."""
    tokens = set(text.split())
    if not tokens.isdisjoint(_pair_starts()):
        text = _pairs_of_words().sub(SLUR, text)
    return text if tokens.isdisjoint(_people_starts()) else _of_people().sub(rf"{GROUP} \1", text)


def _meant_token(found: re.Match[str]) -> str:
    return _meant_word(found[0])


@lru_cache(maxsize=1 << 16)
def _meant_word(piece: str) -> str:
    return _forms().get(piece) or _mended(piece)


def _joined(found: re.Match[str]) -> str:
    word = found[0].replace(" ", "")
    if word[0] in "ai" and word not in _forms() and word[1:] in _forms():
        return f"{word[0]} {word[1:]}"  # the article before it
    return word


def _mended(token: str) -> str:
    """Return a token as it was meant, where it is a misspelling of a listed word."""
    word = token.translate(_SIGNS) if _LEET.search(token) and not token.isdigit() else token
    known = _forms()
    if word in known:
        return known[word]
    if word.endswith("s") and word[:-1] in known:  # of a woman, without the apostrophe
        return known[word[:-1]]
    if len(word) < LEAST_FUZZY - 1 or english().knows(word):
        return token if word == token else word
    if word in _misspelt():
        return _misspelt()[word]
    return _apart(word) or token


def _apart(word: str) -> str | None:
    """Return two words that were run together where one of them is listed, such as "allxgroup"."""
    known = _forms()
    for at in range(1, len(word) - 1):
        left, right = word[:at], word[at:]
        listed = len(left) >= LEAST_FUZZY and left in known
        listed = listed or (len(right) >= LEAST_FUZZY - 1 and right in known)
        if listed and _is_word(left) and _is_word(right):
            return f"{known.get(left, left)} {known.get(right, right)}"
    return None


def _is_word(text: str) -> bool:
    return text in ("a", "i") or text in _forms() or text in _human() or english().knows(text)


@cache
def _forms() -> dict[str, str]:
    """Return the listed words, each with the form that stands for it."""
    table = load_preset("score", "toxicity_words")
    found = {word: word for word in (*table["bad"].split(), *table["adjectives"].split())}
    found |= dict.fromkeys((word for word in table["people"].split() if "-" not in word), GROUP)
    return found | dict.fromkeys((word for word in table["slurs"].split() if "-" not in word), SLUR)


@cache
def _human() -> frozenset[str]:
    return frozenset(load_preset("score", "toxicity_words")["human"].split())


@cache
def _misspelt() -> dict[str, str]:
    """Return the forms of listed words with one letter dropped or two neighbours swapped."""
    found: dict[str, str] = {}
    for word, form in sorted(_forms().items()):
        if len(word) >= LEAST_FUZZY:
            for shape in (*_shortened(word), *_swapped(word)):
                if not english().knows(shape) and shape not in CONTRACTIONS:
                    found.setdefault(shape, form)
    return found


def _shortened(word: str) -> list[str]:
    return [word[:n] + word[n + 1 :] for n in range(1, len(word))]


def _swapped(word: str) -> list[str]:
    return [word[:n] + word[n + 1] + word[n] + word[n + 2 :] for n in range(len(word) - 1)]


@cache
def _pair_starts() -> frozenset[str]:
    pairs = [word for word in load_preset("score", "toxicity_words")["slurs"].split() if "-" in word]
    return frozenset(part for word in pairs for part in (word, word.partition("-")[0]))


@cache
def _people_starts() -> frozenset[str]:
    return frozenset(load_preset("score", "toxicity_words")["adjectives"].split()) | {GROUP}


@cache
def _pairs_of_words() -> re.Pattern[str]:
    """Return the slurs of two words."""
    table = load_preset("score", "toxicity_words")
    pairs = [word.replace("-", "[ -]?") for word in table["slurs"].split() if "-" in word]
    return re.compile(rf"\b(?:{'|'.join(pairs)})\b")


@cache
def _of_people() -> re.Pattern[str]:
    table = load_preset("score", "toxicity_words")
    adjectives, human = "|".join(table["adjectives"].split()), "|".join(table["human"].split())
    degraded = "|".join(table["degraded"].split())
    return re.compile(rf"\b(?:{GROUP}|{adjectives}) ({human}|{degraded}|{GROUP})\b")
