"""The names, places, addresses and organisations in a text, with how sure the tagger is of each.

Only sentences with a candidate are tagged: a word that no list calls common, a listed name that is also a
common word and is capitalised inside a sentence, or a number that may be a postal code.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from pixelated.clean.names import gazetteer as g
from pixelated.clean.names.kept import kept_positions, load_kept
from pixelated.clean.names.model import Model, Tag, shipped
from pixelated.clean.names.quasi import find_quasi
from pixelated.clean.names.tokens import Token, sentences_of, tokens_of
from pixelated.clean.spans import REVIEW, Span

# What identifies somebody -> the type of its span. All else that is tagged is kept: HIPAA lets countries and
# states, peoples, titles, jobs, ages below 90 and years stand.
DIRECT = {
    "PERSON": "PERSON",
    "PLACE": "PLACE",
    "ADDRESS": "STREET_ADDRESS",
    "ORG": "ORG",
    "ZIP": "ZIP",
    "PHONE": "PHONE",
}
KEPT_TYPES = {"REGION": "REGION", "NRP": "NRP", "TITLE": "TITLE", "AGE": "AGE", "DATE": "DATE"}
SURE = 0.8  # from here on a span is replaced
_PLAIN = 0.9  # of a word in lower case that is on no list of names, or on one of frequent words, too
UNSURE = 0.5  # from here on it goes to a person
_LISTED = g.GIVEN | g.FAMILY | g.CITY
_POSTAL = (4, 5)  # digits
_CUES = frozenset(  # behind which a word in lower case may be a name that is on no list
    "is named called im i'm am its dear hi hey hello mr mrs ms dr miss husband wife boyfriend girlfriend son daughter "
    "brother sister friend ex aunt uncle cousin and in from at near to".split()
)
_PLACES = ("PLACE", "REGION", "ADDRESS")
_FEWEST_DIGITS, _MOST_DIGITS = 7, 15  # of a telephone number
_POSTAL_WORDS = frozenset({"zip", "zipcode", "postcode", "postal"})
_GLUE, _GLUE_BEHIND = tuple("@/\\_=&"), tuple("@\\_=")
_ENGLISH = frozenset(
    ["the", "to", "and", "of", "is", "my", "i", "you", "your", "it", "that", "was", "be", "are", "have", "this", "not", "do", "from", "what", "he", "she", "we", "they", "who", "with", "for", "at", "name", "please", "but", "so", "his", "her"]
)
_FEW = 6  # words of a sentence whose language cannot be told
_REMEMBERED = 20_000  # sentences: greetings and questions recur

_Found = tuple[tuple[int, int, str, float], ...]  # first word, word behind the last, label, confidence


def find_names(text: str, model: Model | None = None) -> list[Span]:
    """Return the spans that identify somebody; those below `spans.REVIEW` wait for a person."""
    found = []
    for span in tagged(text, model):
        if span.type in DIRECT and span.confidence >= UNSURE:
            sure = span.confidence >= SURE
            confidence = span.confidence if sure else min(span.confidence, REVIEW - 0.01)
            found.append(Span(span.start, span.end, DIRECT[span.type], round(confidence, 3)))
    return found


def find_all(text: str, model: Model | None = None) -> list[Span]:
    """Return everything that the tagger and the lists name, what is kept by default as well; overlaps are allowed."""
    found = [span for span in tagged(text, model) if span.confidence >= UNSURE]
    return [*found, *find_quasi(text, tokens_of(text))]


def tagged(text: str, model: Model | None = None) -> Iterator[Span]:
    """Yield everything that the tagger names, with its label as the type."""
    for tokens in sentences_of(tokens_of(text)):
        if not is_candidate(tokens):
            continue
        words = tuple(token.text for token in tokens)
        for first, behind, label, confidence in _cached(words) if model is None else _spans(words, model):
            start, end = tokens[first].start, tokens[behind - 1].end
            if not _part_of_more(text, start, end):
                yield Span(start, end, label, confidence)


def is_candidate(tokens: list[Token]) -> bool:
    """Say whether a sentence may name somebody or some place."""
    before = ""
    for i, token in enumerate(tokens):
        if _may_name(token.text, before, i):
            return True
        before = token.text.lower()
    return False


def _may_name(word: str, before: str, i: int) -> bool:
    """Say whether the i-th word of a sentence may be a name, or a postal code."""
    if not word[0].isalpha():
        return word.isdigit() and len(word) in _POSTAL
    if len(word) < 2:  # noqa: PLR2004 - an initial
        return False
    lower = word.lower().replace("\u2019", "'")
    bits = g.bits_of(word)
    if bits & g.COMMON:
        return bool(bits & _LISTED) and i > 0 and not word.islower()
    if lower in load_kept().single:
        return False
    return bool(bits & _LISTED) or not word.islower() or before in _CUES


def is_english(words: tuple[str, ...]) -> bool:
    """Say whether a longer sentence has the small words of English; the tagger knows no other language."""
    plain = [word for word in words if word.islower()]
    return len(plain) < _FEW or any(word in _ENGLISH for word in plain)


@lru_cache(maxsize=_REMEMBERED)
def _cached(words: tuple[str, ...]) -> _Found:
    return _spans(words, shipped())


def _spans(words: tuple[str, ...], model: Model) -> _Found:
    tags = model.tags(list(words))
    always = kept_positions(list(words))
    placed = any(tag.label in _PLACES and tag.inside >= SURE for tag in tags)
    found = []
    for first, behind in _runs(tags):
        label = tags[first].label
        kept = always if label in DIRECT else set[int]()
        while first < behind and (first in kept or not _says_something(words[first])):
            first += 1
        while behind > first and (behind - 1 in kept or not _says_something(words[behind - 1])):
            behind -= 1
        if first < behind:
            confidence = sum(t.inside for t in tags[first:behind]) / (behind - first)
            if label == "ZIP" and not (placed or _POSTAL_WORDS & {w.lower() for w in words}):
                continue
            if confidence >= UNSURE and _holds(label, words[first:behind], words, confidence):
                found.append(
                    (first, behind, _placed(label, words[first:behind]), round(min(confidence, 0.999), 3))
                )
    return tuple(found)


def _holds(label: str, found: tuple[str, ...], words: tuple[str, ...], confidence: float) -> bool:
    """Say whether what the tagger says of some words can be so."""
    text = " ".join(found)
    if label == "PHONE":
        return (
            len(found) > 1
            and not any(map(str.isalpha, found))
            and _FEWEST_DIGITS <= sum(len(w) for w in found if w.isdigit()) <= _MOST_DIGITS
        )
    if label in ("PERSON", "PLACE") and any(w[0].isdigit() for w in found):
        return False
    if label not in DIRECT or not text.islower():
        return True
    bits = [g.bits_of(word) for word in found]
    listed = any(b & _LISTED for b in bits) and not all(b & g.VOCABULARY for b in bits)
    return is_english(words) and (confidence >= (SURE if listed else _PLAIN) or listed)


def _part_of_more(text: str, start: int, end: int) -> bool:
    """Say whether the words are a piece of an address, a file name or a code."""
    before, after = text[max(0, start - 1) : start], text[end : end + 2]
    return (
        before in _GLUE
        or after[:1] in _GLUE_BEHIND
        or (after[:1] == "." and after[1:].isalnum() and after[1:].islower())
    )


def _runs(tags: list[Tag]) -> Iterator[tuple[int, int]]:
    """Yield where spans begin and end, words that the tagger is unsure of among them."""
    start = -1
    for i, tag in enumerate([*tags, Tag("", begins=False, inside=0.0)]):
        goes_on = start >= 0 and tag.label == tags[start].label and not tag.begins
        if start >= 0 and not goes_on:
            yield start, i
            start = -1
        if start < 0 and tag.label:
            start = i


def _says_something(word: str) -> bool:
    return word[0].isalnum() or word[0] == "#"


def _placed(label: str, words: tuple[str, ...]) -> str:
    """Return REGION for a place that consists of the names of countries and states."""
    known = g.lists()
    listed = [
        known.get(w.lower(), 0) for w in words if w[0].isalpha() and w.lower() not in ("of", "the", "and")
    ]
    if label == "PLACE" and listed and all(b & g.COUNTRY for b in listed):
        return "REGION"
    return label
