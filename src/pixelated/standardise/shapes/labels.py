"""Tables of labels that pose as prompt and completion: they are no chat and never become one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_MIN_ROWS = 4
_WORDS = 6  # words of a label
_CHARACTERS = 60
_SHARE = 0.95  # of the replies look like labels
_SENTENCE = re.compile(r"\s\S.*[.!?]\s*$|\n")  # more than one word and a full stop


def is_label_table(replies: Sequence[Any]) -> bool:
    """Say whether the replies of a table are a small set of repeated short labels.

    At least 95 % of them have at most six words and no sentence in them, and there are at most half as
    many different ones as replies. Replies such as "Yes." or "I see." end like sentences and are talk.
    """
    written = [str(r).strip().casefold() for r in replies if isinstance(r, str | int | float)]
    written = [r for r in written if r]
    if len(written) < _MIN_ROWS or len(set(written)) * 2 > len(written):
        return False
    return sum(map(_is_label, written)) >= _SHARE * len(written)


def _is_label(text: str) -> bool:
    return len(text) <= _CHARACTERS and len(text.split()) <= _WORDS and not _SENTENCE.search(text)
