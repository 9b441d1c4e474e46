"""`score fit`: a head for a scorer, fitted and calibrated on a user's labelled conversations.

Data is JSON lines of `{"id", "messages", "label", "group", "turn"}`. `label` is the label of the judged
turn, or a mapping from part to label where the scorer has several (`{"exploration": 2, ...}`). `turn` is the
position of the judged message (default: the last one). `group` is what may not be cut apart: a client, a
session (default: the id).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pixelated.core.errors import UsageError
from pixelated.core.lines import BOM, RefusedLineError, record_of
from pixelated.core.sentence_model import check_installed, minilm
from pixelated.score.agreement.metrics import accuracy, interval, macro_f1
from pixelated.score.dialogue import Dialogue
from pixelated.score.heads.apply import with_vectors
from pixelated.score.heads.calibration import at_temperature, calibration_error, temperature, tempered
from pixelated.score.heads.fitting import cross_validate, fit
from pixelated.score.heads.head import Head, Plan, Sample
from pixelated.score.heads.store import write_heads
from pixelated.score.targets import TARGETS, Target

FAST, EMBED = "fast", "embed"
FOLDS = 5
LEAST_ROWS = 50


@dataclass(frozen=True)
class Labelled:
    """One labelled turn."""

    sample: Sample
    label: str
    group: str


@dataclass(frozen=True)
class Origin:
    """Where labelled data comes from: what a head says it was fitted on."""

    name: str
    licence: str
    sha256: str


def fit_file(
    scorer: str, data: Path, output: Path, *, licence: str, backend: str = FAST, seed: int = 0
) -> dict[str, Any]:
    """Fit the heads of a scorer (or of one of its parts) on a file, write them, return their figures.

    Args:
        scorer: such as "empathy", or "empathy/exploration".
        data: labelled JSON lines, see the module.
        output: file of the heads.
        licence: of the data, an SPDX expression; the heads carry it.
        backend: "fast" (n-grams and counts), or "embed" (sentence embeddings besides).
        seed: of the folds.

    Raises:
        UsageError: no such scorer or file, a line that cannot be used (by number), or too little to fit on.
    """
    names = _targets(scorer)
    if backend == EMBED:
        check_installed("score fit --backend embed")
    origin = Origin(data.name, licence, _digest(data))
    dialogues = list(_read(data))
    heads, figures = [], {}
    for name in names:
        target = TARGETS.get(name)
        rows = [row for one in dialogues if (row := _labelled(one, name, target)) is not None]
        head = fit_target(name, rows, origin, backend=backend, seed=seed)
        heads.append(head)
        figures[name] = dict(head.figures)
    write_heads(output, heads)
    return {"output": str(output), "backend": backend, "figures": figures}


def fit_target(name: str, rows: Sequence[Labelled], origin: Origin, *, backend: str, seed: int) -> Head:
    """Fit and calibrate the head of one target; its figures come from cross-validation by group."""
    target = TARGETS.get(name)
    plan = plan_of(target, backend)
    samples = [with_vectors(row.sample, plan.vectors) if plan.vectors else row.sample for row in rows]
    labels, groups = [row.label for row in rows], [row.group for row in rows]
    _enough(name, labels, groups)
    classes, found = cross_validate(samples, labels, groups, plan, seed=seed, folds=FOLDS)
    gold = np.array([classes.index(label) for label in labels])
    warmth = temperature(found, gold)
    figures = _figures(classes, found, labels, groups, seed) | {
        "temperature": warmth,
        "calibration_error": round(calibration_error(tempered(found, warmth), gold), 4),
        "calibration_error_before": round(calibration_error(found, gold), 4),
    }
    about = {
        "data": origin.name,
        "licence": origin.licence,
        "sha256": origin.sha256,
        "rows": len(rows),
        "groups": len(set(groups)),
        "labels": dict(sorted(Counter(labels).items())),
        "seed": seed,
    }
    embedding = minilm().name if plan.vectors else ""
    head = fit(name, samples, labels, plan, fitted_on=about, figures=figures, embedding=embedding)
    return at_temperature(head, warmth)


def plan_of(target: Target, backend: str) -> Plan:
    """Return what a back end is fitted over for a target."""
    if backend == FAST:
        return target.plan
    if not target.vectors:
        raise UsageError("no_vectors", "this target reads no embeddings", "use --backend fast")
    return target.embed_plan


def _targets(scorer: str) -> list[str]:
    names = [name for name in TARGETS.names() if scorer in (name, name.split("/")[0])]
    if not names:
        raise UsageError(
            "nothing_to_fit",
            f"no head can be fitted for {scorer!r}",
            f"choose one of: {', '.join(TARGETS.names())}",
        )
    return names


def _digest(path: Path) -> str:
    if not path.is_file():
        raise UsageError("input_missing", f"there is no file {path}", "correct the path")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(path: Path) -> Any:
    with path.open("rb") as file:
        for row, line in enumerate(file):
            data = line.removeprefix(BOM).strip() if row == 0 else line.strip()
            if not data:
                continue
            try:
                yield row + 1, record_of(data)
            except RefusedLineError as refused:
                raise _bad(path.name, row + 1, str(refused)) from None


def _bad(file: str, line: int, reason: str) -> UsageError:
    return UsageError("bad_label", f"{file}, line {line}: {reason}", "correct the line, or leave it out")


def _labelled(numbered: tuple[int, Mapping[str, Any]], name: str, target: Target) -> Labelled | None:
    line, record = numbered
    label = record.get("label")
    if isinstance(label, Mapping):
        label = label.get(name.partition("/")[2])
    if label is None:
        return None
    label = str(label)
    if label not in target.classes:
        known = ", ".join(target.classes)
        raise _bad("the data", line, f"label {label[:40]!r} of {name}: the labels are {known}")
    messages = record.get("messages")
    if not isinstance(messages, list) or not all(_is_message(m) for m in messages):
        raise _bad("the data", line, "messages is no list of {role, content}")
    dialogue = Dialogue(messages)
    turn = record.get("turn", dialogue.positions[-1] if dialogue.positions else None)
    if turn not in dialogue.positions:
        raise _bad("the data", line, f"turn {turn} is no message of a client or a therapist")
    sample = target.sample(dialogue, dialogue.positions.index(turn))
    return Labelled(sample, label, str(record.get("group", record["id"])))


def _is_message(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(key), str) for key in ("role", "content"))


def _enough(name: str, labels: Sequence[str], groups: Sequence[str]) -> None:
    problem = ""
    if len(labels) < LEAST_ROWS:
        problem = f"{len(labels)} labelled turns, and {LEAST_ROWS} are the least"
    elif len(set(labels)) < 2:  # noqa: PLR2004 - there is nothing to tell apart
        problem = f"every label is {labels[0]!r}"
    elif len(set(groups)) < FOLDS:
        problem = f"{len(set(groups))} groups, and {FOLDS} folds need one each"
    if problem:
        raise UsageError("too_little_data", f"{name}: {problem}", "label more conversations")


def _figures(
    classes: Sequence[str], found: Any, labels: Sequence[str], groups: Sequence[str], seed: int
) -> dict[str, Any]:
    guesses = np.array([classes[n] for n in found.argmax(axis=1)])
    gold = np.array(list(labels))
    low, high = interval(lambda rows: macro_f1(gold[rows].tolist(), guesses[rows].tolist()), groups, seed)
    return {
        "how": f"{FOLDS} folds cut by group",
        "macro_f1": round(macro_f1(list(labels), guesses.tolist()), 4),
        "macro_f1_95": [low, high],
        "accuracy": round(accuracy(list(labels), guesses.tolist()), 4),
    }
