"""Tables of labels that pose as prompt and completion: they are no chat and never become one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_MIN_ROWS = 4
_WORDS = 6  # words of a label
_FEW_WORDS = 3
_CHARACTERS = 60
_SHARE = 0.95  # of the replies look like labels
_DIFFERENT = {_FEW_WORDS: 0.7, _WORDS: 0.5}  # words per label -> how many different ones per reply at most
_SENTENCE = re.compile(r"\s\S.*[.!?]\s*$|\n")  # more than one word and a full stop


def is_label_table(replies: Sequence[Any]) -> bool:
    """Say whether the replies of a table are a small set of repeated short labels.

    At least 95 % of them have at most six words (or three) and no sentence in them, and there are at most
    half (or 70 %) as many different ones as replies. Replies such as "I see." end like sentences and are
    talk.
    """
    written = [str(r).strip().casefold() for r in replies if isinstance(r, str | int | float)]
    written = [r for r in written if r]
    if len(written) < _MIN_ROWS:
        return False
    different = len(set(written)) / len(written)
    return any(
        different <= most and sum(_is_label(r, words) for r in written) >= _SHARE * len(written)
        for words, most in _DIFFERENT.items()
    )


def _is_label(text: str, words: int) -> bool:
    return len(text) <= _CHARACTERS and len(text.split()) <= words and not _SENTENCE.search(text)
