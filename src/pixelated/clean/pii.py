"""The row step `pii`: automated redaction of identifiers and names. No record is ever dropped for PII.

Searched types and what is not searched: `presets/pii/hipaa18.yaml`. A record with a candidate that no
rule can decide gets the status `requires_review` and reaches no split until a person has looked.

`pii_status` is `scrubbed` where a message, chosen or rejected text was changed, and `pii` counts what was
replaced there. Replacements in `source_metadata` alone touch no text that a model reads: they leave the
record `none_detected` without counts, and the step measures them as `redacted_in_metadata`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from pixelated.clean.encoding import with_transform
from pixelated.clean.plain import plain_view
from pixelated.clean.redact import Redacted, redact_record
from pixelated.clean.spans import DETECTORS, DISGUISED, Detector
from pixelated.clean.texts import Texts, collect, matching, metadata_of, one_chunk, replaced
from pixelated.core import schema
from pixelated.core.presets import load_preset
from pixelated.core.step import StepResult

PII_VERSION = "pii@3"
NAMES = "names"  # the detector that a recipe can turn off
INVENTED = "synthetic"  # origin of records whose people are nobody: a doubtful name waits for no person
NONE_DETECTED, SCRUBBED, REQUIRES_REVIEW = schema.PII_STATUSES
_METADATA_EXTRA = r"[0-9]{4}"  # a key may be the label of digits that look like nothing by themselves


def redact_table(table: pa.Table, settings: dict[str, Any], seed: int) -> StepResult:
    """Redact messages, chosen, rejected and the strings of source_metadata; add `schema.PII_COLUMNS`.

    Args:
        table: records with the columns of `schema.BASE`; columns of an earlier redaction are added to.
        settings: `names` (true): look for names of people, places and organisations.
        seed: not used; every row step takes one.

    Returns:
        StepResult: every record is kept. `measured`: `redacted`, `redacted_in_metadata` and `review` (type ->
        count), `status` (status -> records), `helplines_kept`, `words_removed`.
    """
    del seed
    texts = collect(table, matching(metadata_of(table), f"{_any_trigger()}|{_METADATA_EXTRA}"))
    invented = np.flatnonzero(np.array(one_chunk(table, "origin").to_pylist()) == INVENTED)
    found = _redactions(texts, names=bool(settings.get("names", True)), invented=set(invented.tolist()))
    changes = {i: text for result in found.values() for i, text in result.changes.items()}
    removed = sum(_words(texts, i) for i in changes) - sum(_own_words(text) for text in changes.values())
    kept = replaced(table, texts, changes)
    statuses, counts = _columns(table, found)
    for column, values in zip(schema.PII_COLUMNS, (statuses, counts), strict=True):
        kept = schema.set_column(kept, column, values)
    measured = _measured(found, statuses) | {"words_removed": removed}
    return StepResult(with_transform(kept, PII_VERSION), measured=measured)


def searched_types(*, names: bool = True) -> list[str]:
    """Return the sorted identifier types that the detectors look for, those of plug-ins among them."""
    found = [detector for name, detector in DETECTORS.items() if names or name != NAMES]
    return sorted({kind for detector in found for kind in detector.types})


def not_searched_types(*, names: bool = True) -> list[str]:
    """Return the sorted types of the 18 HIPAA identifiers that nothing looks for."""
    listed = {kind for entry in load_preset("pii", "hipaa18")["identifiers"] for kind in entry["types"]}
    return sorted(listed - set(searched_types(names=names)))


@cache
def _detectors() -> tuple[Detector, ...]:
    """Return the detectors of structured identifiers: those with a trigger that most texts lack."""
    return tuple(detector for name, detector in DETECTORS.items() if name != NAMES)


@cache
def _any_trigger() -> str:
    """Return one pattern that every text with a finding matches: one fast pass over all texts."""
    gates = {gate for detector in _detectors() for gate in detector.gate} | {DISGUISED}
    return "|".join(f"(?:{gate})" for gate in sorted(gates))


def _redactions(texts: Texts, *, names: bool, invented: set[int]) -> dict[int, Redacted]:
    """Return what was found, by record, for the records that a trigger flags."""
    triggered = _triggered(texts)
    if names:
        tagger = DETECTORS.get(NAMES)
        for position in _named(texts, tagger):
            triggered[position].append(tagger)
    records: dict[int, dict[int, list[Detector]]] = defaultdict(dict)
    for position, detectors in sorted(triggered.items()):
        records[int(texts.rows[position])][position] = detectors
    bounds = _positions(texts, sorted(records))
    unreviewed = DETECTORS.get(NAMES).types
    return {
        row: redact_record(
            bounds[row], dict(records[row]), texts.edges[-2], unreviewed if row in invented else ()
        )
        for row in sorted(records)
    }


def _triggered(texts: Texts) -> dict[int, list[Detector]]:
    """Return the detectors that must look at each text: the vectorised pre-pass."""
    positions = np.union1d(matching(texts.values, _any_trigger()), np.array(sorted(texts.labels), dtype=int))
    positions = positions.astype(np.int64)
    chosen = texts.values.take(pa.array(positions)).to_pylist()  # a few per cent of the texts
    views = [plain_view(_labelled(texts, int(i), text)) for i, text in zip(positions, chosen, strict=True)]
    flagged = pa.array(views, pa.string())
    wanted: dict[int, list[Detector]] = defaultdict(list)
    for detector in _detectors():
        for i in matching(flagged, detector.trigger).tolist():
            wanted[int(positions[i])].append(detector)
    return wanted


def _named(texts: Texts, tagger: Detector) -> list[int]:
    """Return the positions of the texts in which the tagger finds something."""
    values = texts.values.to_pylist()
    return [i for i, text in enumerate(values) if text and any(True for _ in tagger.find(text))]


def _labelled(texts: Texts, position: int, text: str) -> str:
    label = texts.labels.get(position, "")
    return f"{label.replace('_', ' ')}: {text}" if label else text


def _positions(texts: Texts, rows: list[int]) -> dict[int, dict[int, tuple[str, str]]]:
    """Return all texts of the given records: surrogates are numbered over the whole record."""
    out: dict[int, dict[int, tuple[str, str]]] = {row: {} for row in rows}
    wanted = np.flatnonzero(np.isin(texts.rows, rows))
    for position, text in zip(wanted.tolist(), texts.values.take(pa.array(wanted)).to_pylist(), strict=True):
        out[int(texts.rows[position])][position] = (texts.labels.get(position, ""), text or "")
    return out


def _columns(table: pa.Table, found: dict[int, Redacted]) -> tuple[list[str], list[list[dict[str, Any]]]]:
    """Return the status and the counts of each record, those of an earlier redaction included."""
    statuses = [NONE_DETECTED] * table.num_rows
    counts: list[Counter[str]] = [Counter() for _ in statuses]
    if "pii" in table.column_names:
        statuses = [s or NONE_DETECTED for s in one_chunk(table, "pii_status").to_pylist()]
        counts = [
            Counter({c["type"]: c["count"] for c in row or []}) for row in one_chunk(table, "pii").to_pylist()
        ]
    for row, result in found.items():
        counts[row].update(result.counts)
        if result.review or statuses[row] == REQUIRES_REVIEW:
            statuses[row] = REQUIRES_REVIEW
        elif counts[row]:
            statuses[row] = SCRUBBED
    return statuses, [[{"type": k, "count": n} for k, n in sorted(c.items())] for c in counts]


def _words(texts: Texts, position: int) -> int:
    return len(texts.values[position].as_py().split())


def _own_words(text: str) -> int:
    """Count words, surrogates left out."""
    return sum(1 for word in text.split() if not (word.startswith("[") and "_" in word and "]" in word))


def _measured(found: dict[int, Redacted], statuses: list[str]) -> dict[str, Any]:
    redacted, in_metadata, review = Counter[str](), Counter[str](), Counter[str]()
    for result in found.values():
        redacted.update(result.counts)
        in_metadata.update(result.in_metadata)
        review.update(result.review)
    return {
        "redacted": dict(sorted(redacted.items())),
        "redacted_in_metadata": dict(sorted(in_metadata.items())),
        "review": dict(sorted(review.items())),
        "status": dict(sorted(Counter(statuses).items())),
        "helplines_kept": sum(result.helplines for result in found.values()),
    }
