"""Tables of labels that pose as prompt and completion: they are no chat and never become one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_MIN_ROWS = 4
_CHARACTERS = 60
_SHARE = 0.95  # of the replies look like labels
_DIFFERENT = ((6, 0.5), (3, 0.7))  # (words of a label, different ones per reply at most)
_SMALL = 50  # rows; in a smaller table words repeat less
_DIFFERENT_SMALL = (*_DIFFERENT, (2, 0.9))
_SENTENCE = re.compile(r"\s\S.*[.!?]\s*$|\n")  # more than one word and a full stop


def is_label_table(replies: Sequence[Any]) -> bool:
    """Say whether the replies of a table are a small set of repeated short labels.

    At least 95 % of them are short and no sentences, and many are the same: the shorter they are, the fewer
    repetitions it takes. Replies such as "I see." end like sentences and are talk.
    """
    written = [str(r).strip().casefold() for r in replies if isinstance(r, str | int | float)]
    written = [r for r in written if r]
    if len(written) < _MIN_ROWS:
        return False
    different = len(set(written)) / len(written)
    limits = _DIFFERENT_SMALL if len(written) < _SMALL else _DIFFERENT
    return any(
        different <= most and sum(_is_label(r, length) for r in written) >= _SHARE * len(written)
        for length, most in limits
    )


def _is_label(text: str, words: int) -> bool:
    return len(text) <= _CHARACTERS and len(text.split()) <= words and not _SENTENCE.search(text)
