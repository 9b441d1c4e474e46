"""Words that stand in lower case in permissive text: what is capitalised and not among them may be a name."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pixelated.clean.names.split import counsel_chat

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


def _diasafety(corpora: Path) -> Iterator[str]:
    for name in ("train", "val", "test"):
        for row in json.loads((corpora / "diasafety" / f"{name}.json").read_text("utf-8")):
            yield f"{row['context']}\n{row['response']}"
