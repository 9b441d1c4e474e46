"""Long text cut into passages of 100 to 500 words, at the ends of paragraphs and sentences if there are any.

A passage is a span of the text: nothing is changed, only white space lies between two of them, and every
word is in exactly one. A character of a script without spaces counts as a word, and so does every further
`_LONG` characters of a run without a space. The time is linear.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

LOWEST, HIGHEST = 100, 500  # words
_LONG = 64  # characters
_WIDE = "\u2e80-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"  # CJK
_WORD = re.compile(rf"[{_WIDE}]|[^\s{_WIDE}]{{1,{_LONG}}}")
_ONE_WIDE = re.compile(f"[{_WIDE}]")
_MAY_END = frozenset(".!?\u2026\u3002\uff01\uff1f\"'\u2019\u201d\u00bb)]")
_END = re.compile(r"[.!?\u2026\u3002\uff01\uff1f][\"'\u2019\u201d\u00bb)\]]{0,3}\Z")
_ABBREVIATION = re.compile(
    r"(?:\A|[(\"'\u201c])(?:[A-Z]|Dr|Mr|Mrs|Ms|Prof|St|Jr|Sr|vs|etc|No|Fig|cf|e\.g|i\.e|al|pp?|vol|ed)\.\Z"
)
_HEADING_WORDS = 15  # a shorter paragraph that does not end like a sentence is a heading
_PARAGRAPH, _SENTENCE, _LINE, _SPACE, _INSIDE = 4, 3, 2, 1, 0  # how good a place is for a cut


@dataclass(frozen=True, slots=True)
class Span:
    """A passage: `text[start:end]`, which begins and ends with a word."""

    start: int
    end: int


def passages(text: str, lowest: int = LOWEST, highest: int = HIGHEST) -> list[str]:
    """Return the passages of a text in order; see `spans`."""
    return [text[span.start : span.end] for span in spans(text, lowest, highest)]


def spans(text: str, lowest: int = LOWEST, highest: int = HIGHEST) -> list[Span]:
    """Return the spans of the passages of a text.

    Each has `lowest` to `highest` words; a text of fewer words than `lowest` is one passage, one without
    words is none. Of the places where a passage may end the best is taken, and of equals the last.

    Args:
        text: any text; a blank line ends a paragraph.
        lowest: fewest words of a passage, at least 1.
        highest: most words, at least twice `lowest`.

    Raises:
        ValueError: the limits leave no room for a cut.
    """
    if lowest < 1 or highest < 2 * lowest:
        raise ValueError(f"highest ({highest}) must be at least twice lowest ({lowest}), which is at least 1")
    words = [match.span() for match in _WORD.finditer(text)]
    cuts = [0]
    grades = _grades(text, words) if len(words) > highest else []
    while len(words) - cuts[-1] > highest:
        first, last = cuts[-1] + lowest, min(cuts[-1] + highest, len(words) - lowest)
        cuts.append(max(range(first, last + 1), key=lambda k: (grades[k], k)))
    if words:
        cuts.append(len(words))
    return [Span(words[a][0], words[b - 1][1]) for a, b in pairwise(cuts)]


def count_words(text: str) -> int:
    """Return the number of words of a text, as the limits count them."""
    return sum(1 for _ in _WORD.finditer(text))


def _grades(text: str, words: list[tuple[int, int]]) -> list[int]:
    """Return how good a place for a cut the gap before each word is."""
    grades = [_PARAGRAPH]
    paragraph = 0  # number of the word that the paragraph starts with
    for k in range(1, len(words)):
        gap = text[words[k - 1][1] : words[k][0]]
        before = text[max(words[k - 1][0], words[k - 1][1] - _LONG) : words[k - 1][1]]
        grade = _grade(gap, before, text[words[k][0]])
        if gap.count("\n") > 1:
            heading = k - paragraph < _HEADING_WORDS and not _END.search(before)
            grade = _LINE if heading else _PARAGRAPH
            paragraph = k
        grades.append(grade)
    return grades


def _grade(gap: str, before: str, after: str) -> int:
    """Return the grade of a gap inside a paragraph."""
    wide = _ONE_WIDE.match(before[-1]) is not None
    ends = before[-1] in _MAY_END and _END.search(before) and not _ABBREVIATION.search(before)
    if ends and (wide or (gap and not after.islower())):
        return _SENTENCE
    if "\n" in gap:
        return _LINE
    return _SPACE if gap or wide or _ONE_WIDE.match(after) else _INSIDE
