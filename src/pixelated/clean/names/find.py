"""The names, places, addresses and organisations in a text, with how sure the tagger is of each.

Only sentences with a candidate are tagged: a listed name, a capitalised word that no list calls common, a
word behind a cue such as "my name is", or a number that may be a postal code.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from pixelated.clean.names import gazetteer as g
from pixelated.clean.names.cued import find_cued
from pixelated.clean.names.judge import DIRECT, LISTED, SURE, Named, named_in
from pixelated.clean.names.kept import load_kept
from pixelated.clean.names.model import Model, shipped
from pixelated.clean.names.quasi import find_quasi
from pixelated.clean.names.tokens import Token, sentences_of, tokens_of
from pixelated.clean.spans import REVIEW, Detector, Span, resolve

_POSTAL = (4, 5)  # digits
_REMEMBERED = 20_000  # sentences: greetings and questions recur
_GLUE, _GLUE_BEHIND = tuple("@/\\_=&"), tuple("@\\_=")
_CUES_TEXT = """
is named called im i'm am its dear hi hey hello mr mrs ms dr miss husband wife boyfriend girlfriend son
daughter brother sister friend ex aunt uncle cousin and in from at near to
"""
_CUES = frozenset(_CUES_TEXT.split())  # behind which a word in lower case may be a name that is on no list


def find_names(text: str, model: Model | None = None) -> list[Span]:
    """Return the spans that identify somebody; those below `spans.REVIEW` wait for a person."""
    found = []
    for span in tagged(text, model):
        if span.type in DIRECT:
            confidence = span.confidence if span.confidence >= SURE else min(span.confidence, REVIEW - 0.01)
            found.append(Span(span.start, span.end, DIRECT[span.type], round(confidence, 3)))
    return resolve([*found, *find_cued(text)])


def find_all(text: str, model: Model | None = None) -> list[Span]:
    """Return all that the tagger and the lists name, what is kept by default as well; spans may overlap."""
    return [*tagged(text, model), *find_cued(text), *find_quasi(text, tokens_of(text))]


def find_quasi_identifiers(text: str) -> list[Span]:
    """Return what describes somebody and is kept by default: ages, years, peoples, countries, jobs."""
    kept = (span for span in tagged(text) if span.type not in DIRECT and span.confidence >= SURE)
    return [*kept, *find_quasi(text, tokens_of(text))]


QUASI = Detector(("AGE", "DATE", "NRP", "REGION", "TITLE"), "", find_quasi_identifiers, soft=True)


def tagged(text: str, model: Model | None = None) -> Iterator[Span]:
    """Yield everything that the tagger names, with its label as the type."""
    uncased = text.islower()
    for tokens in sentences_of(tokens_of(text)):
        if not is_candidate(tokens, uncased=uncased):
            continue
        words = tuple(token.text for token in tokens)
        named = _remembered(words, uncased) if model is None else named_in(words, model, uncased=uncased)
        for one in named:
            start, end = tokens[one.first].start, tokens[one.behind - 1].end
            if not _part_of_more(text, start, end):
                yield Span(start, end, one.label, one.confidence)


def is_candidate(tokens: list[Token], *, uncased: bool = False) -> bool:
    """Say whether a sentence may name somebody or some place."""
    before = ""
    for i, token in enumerate(tokens):
        if _may_name(token.text, before, i) or (uncased and _is_unknown(token.text)):
            return True
        before = token.text.lower()
    return False


def _may_name(word: str, before: str, i: int) -> bool:
    """Say whether the i-th word of a sentence may be a name, or a postal code."""
    if not word[0].isalpha():
        return word.isdigit() and len(word) in _POSTAL
    if len(word) < 2:  # noqa: PLR2004 - an initial
        return False
    bits = g.bits_of(word)
    if bits & g.COMMON:
        return bool(bits & LISTED) and i > 0 and not word.islower()
    if word.lower() in load_kept().single:
        return False
    return bool(bits & LISTED) or not word.islower() or before in _CUES


@lru_cache(maxsize=_REMEMBERED)
def _remembered(words: tuple[str, ...], uncased: bool) -> tuple[Named, ...]:
    return named_in(words, shipped(), uncased=uncased)


def _is_unknown(word: str) -> bool:
    return word[0].isalpha() and len(word) > 2 and not g.bits_of(word)  # noqa: PLR2004 - no particles


def _part_of_more(text: str, start: int, end: int) -> bool:
    """Say whether the words are a piece of an address, a file name or a code."""
    before, after = text[max(0, start - 1) : start], text[end : end + 2]
    host = after[:1] == "." and after[1:].isalnum() and after[1:].islower()
    return before in _GLUE or after[:1] in _GLUE_BEHIND or host
