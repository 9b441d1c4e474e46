"""Which texts the tagger was not fitted on: a hash decides, so that fitting and measuring agree for good."""

from __future__ import annotations

import hashlib
import re

HELD_SHARE = 35  # per cent
SHIPPED = "shipped"  # the salt of the split of the shipped model


def is_held(text: str, salt: str = SHIPPED) -> bool:
    """Say whether a text is kept from fitting; another salt gives another split.

    Several salts, joined by `+`, keep what any of them keeps.
    """
    hashes = (hashlib.sha256(f"{s}:{text}".encode()).hexdigest()[:8] for s in salt.split("+"))
    return any(int(h, 16) % 100 < HELD_SHARE for h in hashes)


def skeleton(template: str) -> str:
    """Return a template with its slots and everything but its letters made equal."""
    open_slots = re.sub(r"\{+.*?\}+", " {} ", template.replace("\\n", "\n"))
    return "".join(re.findall(r"[a-z]|\{\}", open_slots.lower()))


def key(text: str) -> str:
    """Return what is equal for two spellings of one text."""
    return "".join(c for c in text.lower() if c.isalnum())[:200]
