"""What redaction does, as figures beside those of the scorers: found, kept, flagged."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pixelated.clean import measure
from pixelated.clean.names.model import from_file
from pixelated.score.agreement.protocol import AbsentError, Figure, folder

SCORER = "clean pii"
PRESIDIO = "presidio_research synth, templates never fitted on"


def privacy_figures(corpora: Path, tagger: Path | None = None) -> tuple[list[Figure], dict[str, str]]:
    """Measure redaction on the corpora; return the figures, and why some could not be measured.

    Args:
        corpora: folder of the labelled corpora.
        tagger: folder of a tagger refitted on another split (`tools/fit_names/fit.py --output`), or None.
    """
    figures: list[Figure] = []
    absent: dict[str, str] = {}
    parts: dict[str, tuple[str, Callable[[Path], Iterator[Figure]]]] = {
        "redaction of presidio": ("presidio_research", lambda root: _presidio(root, tagger)),
        "redaction flags on annomi": ("annomi", _flags),
        "words kept": ("pixelated", _kept),
        "identifiers put in": ("counsel_chat", _injected),
    }
    for name, (needed, part) in parts.items():
        try:
            folder(corpora, needed)
            figures += part(corpora)
        except (AbsentError, FileNotFoundError) as error:
            absent[name] = str(error)
    return figures, absent


def _presidio(corpora: Path, tagger: Path | None) -> Iterator[Figure]:
    yield from _spans("default", measure.presidio(corpora))
    if tagger is not None:
        split = json.loads((tagger / "names.json").read_text(encoding="utf-8"))["salt"]
        refit = measure.presidio(corpora, from_file(tagger / "names.crfsuite"), split)
        yield from _spans("refit on another split", refit)


def _spans(system: str, found: dict[str, Any]) -> Iterator[Figure]:
    note = (
        f"{found['texts']} texts of {found['templates']} templates; half of a span covered, whatever the type"
    )
    yield _figure(
        PRESIDIO, "recall of structured identifiers", found["structured_recall"], found["structured_spans"],
        system=system, least=0.99, aim=1.0, note=note,
    )  # fmt: skip
    yield _figure(
        PRESIDIO, "F1 of all 17 types", found["f1"], found["spans"],
        system=system, least=0.92, aim=0.95, note=note,
    )  # fmt: skip


def _flags(corpora: Path) -> Iterator[Figure]:
    found = measure.annomi(corpora)
    note = f"{found['flags']} flags, of which {found['false_flags']} no person or place: looked at one by one"
    task = "annomi: what is flagged and is no identifier"
    value = found["false_flags_per_1000_words"]
    yield _figure(
        task,
        "false flags per 1,000 words",
        value,
        found["words"],
        least=1.0,
        aim=0.3,
        at_most=True,
        note=note,
    )


def _kept(corpora: Path) -> Iterator[Figure]:
    found = measure.words_kept(corpora)
    task = f"{found['pairs']} real counselling pairs"
    yield _figure(task, "words kept", found["words_kept"], found["words"], least=0.97, aim=0.99)
    lines = found["helplines"]
    yield _figure(task, "helplines kept", found["helplines_kept"] / max(lines, 1), lines, least=1.0, aim=1.0)


def _injected(corpora: Path) -> Iterator[Figure]:
    for corpus, found in measure.injected(corpora).items():
        task, rows = f"{corpus}: names and direct identifiers put into prose", found["names_and_direct"]
        yield _figure(
            task, "replaced or sent to review", found["names_and_direct_replaced_or_reviewed"], rows,
            least=0.95, aim=0.98,
        )  # fmt: skip
        yield _figure(task, "replaced", found["names_and_direct_replaced"], rows, least=0.80, aim=0.80)


def _figure(
    task: str,
    metric: str,
    value: float,
    rows: int,
    *,
    least: float,
    aim: float,
    system: str = "default",
    at_most: bool = False,
    note: str = "",
) -> Figure:
    return Figure(
        task=task, scorer=SCORER, system=system, metric=metric, value=value, rows=rows, judged=rows,
        least=least, aim=aim, at_most=at_most, note=note,
    )  # fmt: skip
