"""Make `presets/score/english.json`, the table of English that two scorers read, from permissive text.

    python -m pixelated.score._fit_english CORPORA OUTPUT

Only counsel_chat (MIT), diasafety (Apache-2.0) and the Brain Science and other Changelog transcripts
(CC BY-SA 4.0) are read. The file holds counts and logarithms of letters, function words and single
words; no sentence can be read back from it. A word enters the list only if it stands in lower case
in at least three documents of counsel_chat or the transcripts, which leaves out names.
"""

from __future__ import annotations

import csv
import math
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson

from pixelated.score.words import plain, words

SOURCES = ["counsel_chat (MIT)", "diasafety (Apache-2.0)", "thechangelog/transcripts (CC BY-SA 4.0)"]
LETTERS = " abcdefghijklmnopqrstuvwxyz'"
MIN_DOCUMENTS = 3
MIN_CLOSED_SHARE = 0.3  # of a document's words: less is another language
SMOOTH_LETTERS, SMOOTH_WORDS = 0.5, 5.0
_SPEAKER = re.compile(r"^\*\*.+?:\*\*|\\\[[0-9:]+\\\]", re.MULTILINE)
_CAPITAL = re.compile(r"\b[A-Z][A-Za-z']*")
_SENTENCE = re.compile(r"[.!?\n]+")

# Words of the closed classes: their order is grammar, and every English text is full of them.
CLOSED = tuple(
    """
i me my myself we us our you your yourself he him his she her it its they them their
this that these those what which who when where why how there here
a an the some any all each every both no not none nothing something anything everything someone
am is are was were be been being do does did done doing have has had having
can could will would shall should may might must cannot
i'm i've i'd i'll you're you've it's that's don't didn't can't doesn't isn't wasn't won't we're they're
and or but if because so as than while though although until unless since
of in on at by for with about against between into through during before after above below to from
up down out off over under again then once just only very too also even still more most much many
other another such own same yes yeah okay well like get go know think feel want need make
""".split()  # noqa: SIM905 - a list of 170 quoted words is not read by anybody
)


def main(corpora: Path, output: Path) -> None:
    """Read the corpora and write the table."""
    formal = [d for d in [*_counsel_chat(corpora), *_transcripts(corpora)] if is_english(d)]
    casual = list(_diasafety(corpora))
    table = {
        "made_from": SOURCES,
        "about": "log-probabilities in tenths of a nat; see pixelated.score._fit_english",
        "alphabet": LETTERS,
        "letters": fit_letters([*formal, *casual]),
        "order": fit_order([*formal, *casual]),
        "words": fit_words(formal),
    }
    output.write_bytes(orjson.dumps(table, option=orjson.OPT_INDENT_2))


def is_english(document: str) -> bool:
    """Say whether enough of a document's words are English words of the closed classes."""
    found = words(plain(document))
    return sum(w in CLOSED for w in found) >= MIN_CLOSED_SHARE * len(found) > 0


def fit_letters(documents: Iterable[str]) -> dict[str, str]:
    """Return log P(letter | two letters before) of every pair, -10 nats and less cut at -10."""
    counts: Counter[str] = Counter()
    for document in documents:
        for word in words(plain(document)):
            padded = f"  {word} "
            counts.update(padded[i : i + 3] for i in range(len(word) + 1))
    rows = {}
    for pair in (a + b for a in LETTERS for b in LETTERS):
        total = sum(counts[pair + c] for c in LETTERS) + SMOOTH_LETTERS * len(LETTERS)
        rows[pair] = _tenths((counts[pair + c] + SMOOTH_LETTERS) / total for c in LETTERS)
    return rows


def fit_order(documents: Iterable[str]) -> dict[str, Any]:
    """Return the log of how much more often a word follows another than chance has it.

    Words outside CLOSED are "*", the ends of a sentence are "|". The values shrink to 0 where a
    pair is rare.
    """
    names = ["|", "*", *CLOSED]
    known, follows = set(CLOSED), Counter[tuple[str, str]]()
    for sentence in (s for d in documents for s in _SENTENCE.split(plain(d))):
        found = [w if w in known else "*" for w in words(sentence)]
        if found:
            follows.update(pairwise(["|", *found, "|"]))
    first, second, total = Counter[str](), Counter[str](), sum(follows.values())
    for (a, b), n in follows.items():
        first[a] += n
        second[b] += n
    rows = {}
    for a in names:
        chance = [first[a] * second[b] / total for b in names]
        rows[a] = _tenths(
            (follows[a, b] + SMOOTH_WORDS) / (expected + SMOOTH_WORDS)
            for b, expected in zip(names, chance, strict=True)
        )
    return {"names": " ".join(names), "rows": rows}


def fit_words(documents: list[str]) -> dict[str, str]:
    """Return words by rarity: "0" stand in every document, "1" in half of them, "2" in a quarter ..."""
    seen: Counter[str] = Counter()
    for document in documents:
        capital = {plain(w) for w in _CAPITAL.findall(document)}
        seen.update(w for w in set(words(plain(document))) if w not in capital)
    bands: dict[int, list[str]] = {}
    for word in sorted(w for w, n in seen.items() if n >= MIN_DOCUMENTS):
        bands.setdefault(round(-math.log2(seen[word] / len(documents))), []).append(word)
    return {str(band): " ".join(found) for band, found in sorted(bands.items())}


def _tenths(probabilities: Iterable[float]) -> str:
    return " ".join(str(max(-100, round(10 * math.log(p)))) for p in probabilities)


def _counsel_chat(corpora: Path) -> Iterator[str]:
    with (corpora / "counsel_chat" / "20200325_counsel_chat.csv").open(encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    # A question stands once before each of its answers, and some answers under several questions.
    yield from sorted({f"{row['questionTitle']}\n{row['questionText']}" for row in rows})
    yield from sorted({row["answerText"] for row in rows})


def _diasafety(corpora: Path) -> Iterator[str]:
    for name in ("train", "val", "test"):
        for row in orjson.loads((corpora / "diasafety" / f"{name}.json").read_bytes()):
            yield f"{row['context']}\n{row['response']}"


def _transcripts(corpora: Path) -> Iterator[str]:
    for path in sorted((corpora / "brain_science_podcast").glob("**/*.md")):
        text = path.read_text(encoding="utf-8")
        # In pieces of about an answer's length, so that "in how many documents" means the same.
        paragraphs = [p for p in _SPEAKER.sub("", text).split("\n\n") if p.strip()]
        for start in range(0, len(paragraphs), 5):
            yield "\n".join(paragraphs[start : start + 5])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
