"""Scores of a table of records: one column per scorer, null where there is no judgement."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from inspect import signature
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pixelated.core.errors import UsageError
from pixelated.core.schema import set_column
from pixelated.core.step import StepResult
from pixelated.score.dialogue import Dialogue
from pixelated.score.heads.head import Head
from pixelated.score.heads.store import read_heads
from pixelated.score.protocol import SCORERS, Score, Scorer, default_scorer
from pixelated.score.targets import TARGETS

DEFAULT_SCORERS = ("language_quality", "coherence", "completeness")


def build_scorers(names: Sequence[str | Mapping[str, Any]] = DEFAULT_SCORERS) -> list[Scorer]:
    """Make scorers from their names; a mapping gives a `name` and the scorer's settings.

    The setting `heads` is a list of files of `score fit`; the scorer gets those that serve it, by the name
    of the part.

    Raises:
        UsageError: there is no scorer of that name, it has no such setting, or a file holds no heads.
    """
    wanted = [{"name": entry} if isinstance(entry, str) else dict(entry) for entry in names]
    return [_build(entry.pop("name"), entry) for entry in wanted]


def _build(name: str, settings: dict[str, Any]) -> Scorer:
    if not settings:
        return default_scorer(name)
    factory = SCORERS.get(name)
    taken = list(signature(factory).parameters)
    for setting in settings:
        if setting not in taken:
            known = ", ".join(taken) or "it has none"
            raise UsageError(
                "unknown_setting", f"scorer {name!r} has no setting {setting!r}", f"settings: {known}"
            )
    if "heads" in settings:
        settings["heads"] = _heads(name, settings["heads"])
    return factory(**settings)


def _heads(name: str, files: Sequence[str | Path]) -> dict[str, Head]:
    read = {target: head for file in files for target, head in read_heads(Path(file)).items()}
    own = {target: head for target, head in read.items() if target.partition("/")[0] == name}
    if not own:
        served = ", ".join(sorted(read)) or "nothing"
        raise UsageError(
            "wrong_head", f"no head for {name!r} among those given; they serve {served}", "fit one"
        )
    for target, head in own.items():
        if set(head.classes) - set(TARGETS.get(target).classes):
            raise UsageError(
                "wrong_head", f"the head of {target!r} has other classes than the scorer", "fit it again"
            )
    return {target.partition("/")[2]: head for target, head in own.items()}


def score_messages(name: str, messages: Sequence[Mapping[str, str | None]]) -> Score:
    """Return the judgement of one scorer, with its default settings, on one conversation."""
    return build_scorers([name])[0](Dialogue(messages))


def score_table(table: pa.Table, settings: dict[str, Any], seed: int) -> StepResult:
    """Append a `score_<name>_v<version>` column (double, null where not judged) per scorer; keep every row.

    Args:
        table: records with at least `messages`; the `chosen` answer of a preference ends its conversation.
        settings: `scorers`, a list for `build_scorers` (default: the three of this package).
        seed: not used; the scorers of this package are not random.

    Returns:
        The table; `measured` holds count (judged), nulls and sum by scorer, such as "coherence_v1".
    """
    del seed
    scorers = build_scorers(settings.get("scorers", DEFAULT_SCORERS))
    values: list[list[float | None]] = [[] for _ in scorers]
    # Per row: a conversation is read as a whole, and its words are shared by the scorers.
    for dialogue in _dialogues(table):
        for found, scorer in zip(values, scorers, strict=True):
            found.append(scorer(dialogue).value)
    measured = {}
    for scorer, found in zip(scorers, values, strict=True):
        table = set_column(table, pa.field(scorer.column, pa.float64()), pa.array(found, pa.float64()))
        measured[scorer.column.removeprefix("score_")] = count_values(found)
    return StepResult(kept=table, measured=measured)


def count_values(values: Sequence[float | None]) -> dict[str, float]:
    """Return how many values there are, how many are null, and the sum."""
    known = [value for value in values if value is not None]
    return {"count": len(known), "nulls": len(values) - len(known), "sum": round(math.fsum(known), 6)}


def _dialogues(table: pa.Table) -> Iterator[Dialogue]:
    names = [name for name in ("messages", "chosen", "rejected") if name in table.column_names]
    for batch in table.select(names).to_batches():
        lists = [_messages(batch.column(name)) for name in names]
        for row in zip(*lists, strict=True):
            parts = dict(zip(names, row, strict=True))
            rejected = parts.pop("rejected", [])
            yield Dialogue([message for part in parts.values() for message in part], rejected)


def _messages(column: pa.ListArray) -> Iterator[list[dict[str, str | None]]]:
    flat = column.flatten()
    roles, contents = flat.field("role").to_pylist(), flat.field("content").to_pylist()
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
    for start, stop in pairwise([0, *np.cumsum(lengths).tolist()]):
        yield [{"role": roles[i], "content": contents[i]} for i in range(start, stop)]
