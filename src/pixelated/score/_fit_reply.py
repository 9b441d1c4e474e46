"""Make `presets/score/next_reply.json`, the shipped weights of `_reply`, from permissive conversations.

    python -m pixelated.score._fit_reply CORPORA OUTPUT

Only counsel_chat (MIT), diasafety (Apache-2.0) and the Brain Science and other Changelog transcripts
(CC BY-SA 4.0) are read. Each reply stands beside one that was given elsewhere on the same subject: under the
same topic, in the same category of safety, in the same kind of transcript. The file holds one weight for each
count of `_reply`; there is no word in it.
"""

from __future__ import annotations

import csv
import json
import random
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from pixelated.score._reply import reply_numbers
from pixelated.score.dialogue import Dialogue
from pixelated.score.heads.fitting import fit
from pixelated.score.heads.head import Plan, Sample
from pixelated.score.heads.store import write_heads

SEED = 17
PLAN = Plan(numbers=True, number_scale=1.0, inverse_penalty=0.01)
LICENCE = "counsel_chat (MIT), diasafety (Apache-2.0), thechangelog/transcripts (CC BY-SA 4.0)"
PART, PER_PART, SAFETY = (
    40,
    8,
    2000,
)  # messages of a part of a transcript, replies of it; replies of diasafety
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_SPEAKER = re.compile(r"^\*\*([^*\n]+):\*\*(.*?)(?=^\*\*[^*\n]+:\*\*|\Z)", re.MULTILINE | re.DOTALL)
_NOBODY = frozenset({"Break", "Outro", "Jingle"})
# A group, the messages before, and the reply.
Given = tuple[str, list[tuple[str, str]], str]


def main(corpora: Path, output: Path) -> None:
    """Read the corpora, fit the weights and write them."""
    rng = random.Random(SEED)  # noqa: S311 - a seeded draw, no secret
    samples, labels = [], []
    for read in (_counsel_chat, _diasafety, _transcripts):
        for context, reply, label in _against_others(list(read(corpora, rng)), rng):
            dialogue = Dialogue([{"role": r, "content": c} for r, c in [*context, ("assistant", reply)]])
            samples.append(Sample(numbers=reply_numbers(dialogue.turns, len(dialogue.turns) - 1)))
            labels.append(label)
    about = {"data": LICENCE, "rows": len(samples), "seed": SEED}
    write_heads(output, [fit("coherence/next_reply", samples, labels, PLAN, fitted_on=about)])


def _against_others(
    given: Sequence[Given], rng: random.Random
) -> Iterator[tuple[list[tuple[str, str]], str, str]]:
    """Yield each reply as the next one, and one of the same group in its place."""
    groups: dict[str, list[int]] = {}
    for n, (group, _, _) in enumerate(given):
        groups.setdefault(group, []).append(n)
    for group, context, reply in given:
        other = given[rng.choice(groups[group])]
        if other[1] != context:
            yield context, reply, "next"
            yield context, other[2], "random"


def _counsel_chat(corpora: Path, _: random.Random) -> Iterator[Given]:
    path = corpora / "counsel_chat" / "20200325_counsel_chat.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            if row["questionText"].strip():
                asked = f"{row['questionTitle']} {row['questionText']}"
                reply = " ".join(_SENTENCE.split(row["answerText"].strip())[:2])
                yield row["topic"], [("user", asked)], reply


def _diasafety(corpora: Path, rng: random.Random) -> Iterator[Given]:
    rows = [
        row
        for name in ("train", "val", "test")
        for row in json.loads((corpora / "diasafety" / f"{name}.json").read_text(encoding="utf-8"))
    ]
    for row in rng.sample(rows, SAFETY):
        yield row["category"], [("user", row["context"])], row["response"]


def _transcripts(corpora: Path, rng: random.Random) -> Iterator[Given]:
    for path in sorted((corpora / "brain_science_podcast").rglob("*.md")):
        kind = path.name.rstrip("0123456789-.md")
        said = [
            (name, re.sub(r"\s+", " ", text).strip())
            for name, text in _SPEAKER.findall(path.read_text(encoding="utf-8"))
            if name not in _NOBODY
        ]
        turns = [("user" if name == said[0][0] else "assistant", text) for name, text in said]
        for start in range(0, len(turns), PART):
            part = turns[start : start + PART]
            replies = [n for n in range(1, len(part)) if part[n][0] == "assistant" != part[n - 1][0]]
            for n in sorted(rng.sample(replies, min(PER_PART, len(replies)))):
                yield kind, part[:n], part[n][1]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
