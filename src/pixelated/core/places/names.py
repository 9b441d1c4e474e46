"""Which names of a place can be the path of a file under a folder, and how a name is shown."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LONGEST_PART = 255  # bytes, on every common file system
EMPTY_PART = "a part of its name is empty"  # such as `a//b`, which stores allow and folders do not


def plain(text: str) -> str:
    """Return a text from elsewhere as one line for a terminal: controls and bare surrogates are escaped."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def name_problem(name: str) -> str:
    """Return why a name can't be a path under a folder, or ""."""
    parts = name.split("/")
    if not name or name.startswith("/") or any(p in (".", "..") for p in parts) or "\\" in name:
        return "its name leads out of the folder"
    if _CONTROL.search(name):
        return "its name holds control characters"
    try:
        longest = max(len(p.encode()) for p in parts)
    except UnicodeEncodeError:
        return "its name is no text"
    if longest > _LONGEST_PART:
        return "a part of its name is too long"
    return EMPTY_PART if "" in parts else ""
