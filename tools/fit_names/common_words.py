"""Words that stand in lower case in permissive text: what is capitalised and not among them may be a name."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pixelated.clean.names.split import key

MIN_DOCUMENTS = {"counsel_chat": 2, "diasafety": 4}
_LOWER = re.compile(r"(?<![\w'\u2019-])[a-z]+(?:['\u2019-][a-z]+)*(?![\w-])")


def common_words(corpora: Path) -> dict[str, int]:
    """Return words and how many documents of counsel_chat and diasafety have them in lower case."""
    total: Counter[str] = Counter()
    for name, documents in (("counsel_chat", counsel_chat(corpora)), ("diasafety", _diasafety(corpora))):
        seen: Counter[str] = Counter()
        for document in documents:
            seen.update({w.replace("\u2019", "'") for w in _LOWER.findall(document)})
        total.update({w: n for w, n in seen.items() if n >= MIN_DOCUMENTS[name]})
    return dict(total)


def counsel_chat(corpora: Path) -> list[str]:
    """Return questions and answers, without the pairs of the evaluation sets."""
    held = evaluation_texts(corpora)
    with (corpora / "counsel_chat" / "20200325_counsel_chat.csv").open(
        encoding="utf-8", newline=""
    ) as stream:
        rows = list(csv.DictReader(stream))
    texts = {
        plain(f"{row['questionTitle']}\n{row['questionText']}")
        for row in rows
        if key(row["questionText"]) not in held
    }
    texts |= {
        plain(row["answerText"])
        for row in rows
        if key(row["answerText"]) not in held and key(row["questionText"]) not in held
    }
    return sorted(texts)


def evaluation_texts(corpora: Path) -> set[str]:
    """Return the keys of the texts of the evaluation sets, which no fitting may read."""
    path = corpora / "pixelated" / "conversations" / "evaluation_sets.json"
    return {key(text) for text in _strings(json.loads(path.read_text("utf-8"))) if key(text)}


def plain(text: str) -> str:
    """Return a text with its hard spaces and line ends made plain."""
    return text.replace("\u00a0", " ").replace("\r\n", "\n").replace("\r", "\n")


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _diasafety(corpora: Path) -> Iterator[str]:
    for name in ("train", "val", "test"):
        for row in json.loads((corpora / "diasafety" / f"{name}.json").read_text("utf-8")):
            yield f"{row['context']}\n{row['response']}"
