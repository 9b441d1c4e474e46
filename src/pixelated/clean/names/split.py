"""Which texts the tagger was not fitted on: a hash decides, so that fitting and measuring agree for good."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

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


def counsel_chat(corpora: Path) -> list[str]:
    """Return the questions and answers of counsel_chat, without the pairs of the evaluation sets."""
    kept_out = evaluation_keys(corpora)
    with (corpora / "counsel_chat" / "20200325_counsel_chat.csv").open(
        encoding="utf-8", newline=""
    ) as stream:
        rows = [row for row in csv.DictReader(stream) if key(row["questionText"]) not in kept_out]
    asked = {_plain(f"{row['questionTitle']}\n{row['questionText']}") for row in rows}
    return sorted(
        asked | {_plain(row["answerText"]) for row in rows if key(row["answerText"]) not in kept_out}
    )


def evaluation_keys(corpora: Path) -> set[str]:
    """Return the keys of the texts of the evaluation sets, which no fitting may read."""
    path = corpora / "pixelated" / "conversations" / "evaluation_sets.json"
    return {key(text) for text in strings_of(json.loads(path.read_text("utf-8"))) if key(text)}


def strings_of(value: object) -> Iterator[str]:
    """Yield the strings in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from strings_of(item)


def _plain(text: str) -> str:
    """Return a text with its hard spaces and line ends made plain."""
    return text.replace("\u00a0", " ").replace("\r\n", "\n").replace("\r", "\n")
