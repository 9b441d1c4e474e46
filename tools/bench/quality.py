"""How well a deduplication did against the plants: recall and precision, by a method of its own.

    python -m bench.quality FOLDER --clusters DIR/clusters.jsonl [--threshold 0.85] [--margin 0.005]

`FOLDER` is a corpus of `bench.generate`. Texts are what counts: a text and its exact copies are one. A
planted near-duplicate at or above the threshold is found when its text and its source's are not both among
the rows that stay. A text is lost when none of its rows stays, nor any of a text that is truly like it:
whoever removes it removes what is no duplicate. Plants within `margin` of the threshold count neither way,
for how a turn's end or a speaker enters a shingle moves a similarity by thousandths.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_ID = re.compile(rb'\{"id":"([^"]*)"')


@dataclass(frozen=True)
class Quality:
    """What a deduplication found of the plants and what it lost.

    Attributes:
        removed: rows removed.
        exact_planted, exact_found: rows beyond the first of a text, and those of them removed.
        near_planted, near_found: pairs of texts truly like each other, and those not both kept.
        texts_removed: texts of which no row stays.
        texts_lost: those of them to which no text that stays is truly alike.
        templated_lost: those of these that share a script with others.
        undecided: pairs so near the threshold that they count neither way.
        wrong_pairs: members of clusters that are not truly alike to the one kept; None without clusters.
    """

    removed: int
    exact_planted: int
    exact_found: int
    near_planted: int
    near_found: int
    texts_removed: int
    texts_lost: int
    templated_lost: int
    undecided: int
    wrong_pairs: int | None = None

    @property
    def exact_recall(self) -> float | None:
        """Share of exact copies removed; None where none was planted."""
        return self.exact_found / self.exact_planted if self.exact_planted else None

    @property
    def recall(self) -> float | None:
        """Share of near-duplicates found; None where none was planted."""
        return self.near_found / self.near_planted if self.near_planted else None

    @property
    def precision(self) -> float | None:
        """Share of the texts removed whose like stays; None where none was removed."""
        return (self.texts_removed - self.texts_lost) / self.texts_removed if self.texts_removed else None

    def facts(self) -> dict[str, Any]:
        """Return all of it as plain data."""
        shares = {n: getattr(self, n) for n in ("exact_recall", "recall", "precision")}
        return vars(self) | shares


class Truth:
    """The plants of a corpus: which row has which text, and which texts are truly alike."""

    def __init__(self, plants: Iterable[dict[str, Any]]) -> None:
        plants = list(plants)
        copied = {p["id"]: p["of"] for p in plants if p["kind"] == "exact"}
        self.templated = {p["id"] for p in plants if p["kind"] == "templated"}
        self._copied = copied
        self.rows: dict[str, list[str]] = defaultdict(list)  # of each text with more than one
        for row in copied:
            self.rows[self.text(row)].append(row)
        for text, rows in self.rows.items():
            rows.append(text)
        # a text is the source of one near-duplicate at most, so this is one to one
        self.pairs = {p["id"]: (p["of"], float(p["jaccard"])) for p in plants if p["kind"] == "near"}

    def text(self, row: str) -> str:
        """Return the row that stands for a row's text."""
        while row in self._copied:
            row = self._copied[row]
        return row

    def like(self, least: float) -> dict[str, str]:
        """Return of each text the one that is truly like it at this similarity or more."""
        pairs = [(a, b) for a, (b, j) in self.pairs.items() if j >= least]
        return dict(pairs) | {b: a for a, b in pairs}


def load(folder: Path) -> Truth:
    """Return the truth of a corpus."""
    return Truth(_lines(folder / "truth.jsonl"))


def names(folder: Path) -> dict[str, list[str]]:
    """Return the ids of the rows of each file of a corpus, in order."""
    return {path.name: list(ids(path)) for path in files(folder)}


def files(folder: Path) -> list[Path]:
    """Return a corpus's files of conversations."""
    return sorted(folder.glob("conversations-*.jsonl"))


def ids(path: Path) -> Iterator[str]:
    """Yield the id of each row of a JSON lines file whose lines begin with it."""
    with path.open("rb") as file:
        for line in file:
            found = _ID.match(line)
            if not found:
                raise ValueError(f"{path.name}: a line does not begin with an id")
            yield found[1].decode()


def judge(truth: Truth, removed: set[str], *, threshold: float = 0.85, margin: float = 0.005) -> Quality:
    """Compare the rows that were removed to the truth."""
    gone = {text for text in map(truth.text, removed) if removed.issuperset(truth.rows.get(text, (text,)))}
    certain = [(a, b) for a, (b, j) in truth.pairs.items() if j >= threshold + margin]
    like = truth.like(threshold - margin)
    # Of two texts that are alike and both gone, one was removed rightly.
    lost = {t for t in gone if t not in like or (like[t] in gone and t < like[t])}
    return Quality(
        removed=len(removed),
        exact_planted=sum(len(rows) - 1 for rows in truth.rows.values()),
        exact_found=sum(min(len(rows) - 1, len(removed.intersection(rows))) for rows in truth.rows.values()),
        near_planted=len(certain),
        near_found=sum(a in gone or b in gone for a, b in certain),
        texts_removed=len(gone),
        texts_lost=len(lost),
        templated_lost=len(lost & truth.templated),
        undecided=sum(abs(j - threshold) < margin for _, j in truth.pairs.values()),
    )


def judge_clusters(
    truth: Truth,
    clusters: Iterable[dict[str, Any]],
    names: dict[str, list[str]],
    *,
    threshold: float = 0.85,
    margin: float = 0.005,
) -> Quality:
    """Compare clusters to the truth: what they remove, and whether each member is like the one kept.

    Args:
        truth: of the corpus.
        clusters: objects with `kept` and `members`, each member with `id`, `file` and `row` (from 0).
        names: the corpus's own ids of each file's rows; `kept` and `id` may be other names of the rows.
        threshold: least similarity of what had to be found.
        margin: see above.
    """
    removed: set[str] = set()
    wrong = 0
    like = truth.like(threshold - margin)
    for cluster in clusters:
        rows = {m["id"]: names[m["file"]][m["row"]] for m in cluster["members"]}
        kept = truth.text(rows.pop(cluster["kept"]))
        members = set(rows.values())
        removed |= members
        wrong += sum(truth.text(m) != kept and like.get(truth.text(m)) != kept for m in members)
    found = judge(truth, removed, threshold=threshold, margin=margin)
    return Quality(**(vars(found) | {"wrong_pairs": wrong}))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def main() -> None:
    """Print the quality as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="a corpus of bench.generate")
    parser.add_argument("--clusters", type=Path, required=True)
    parser.add_argument("--threshold", type=float, default=0.85)
    parser.add_argument("--margin", type=float, default=0.005)
    given = parser.parse_args()
    found = judge_clusters(
        load(given.folder),
        _lines(given.clusters),
        names(given.folder),
        threshold=given.threshold,
        margin=given.margin,
    )
    print(json.dumps(found.facts(), indent=1))


if __name__ == "__main__":
    main()
