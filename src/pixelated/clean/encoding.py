"""The row step `encoding`: repair the text of records, and tag what curate must decide on.

Nothing is dropped but records without any text left. Think-tags and placeholders are detected and tagged,
not removed: whether a record with a placeholder may stay is policy.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pixelated.clean.markup import MARKS, SLOT, STUB, THINK
from pixelated.clean.mojibake_columns import garbled, read_again
from pixelated.clean.repair import OTHER_DAMAGE, TRIGGER, repair_text
from pixelated.clean.texts import (
    Array,
    Index,
    Texts,
    collect,
    from_lengths,
    lengths_of,
    matching,
    metadata_of,
    replaced,
)
from pixelated.clean.texts import one_chunk as column_of
from pixelated.clean.traits import Traits, bits, matching_among, traits_of
from pixelated.core import schema
from pixelated.core.step import StepResult

ENCODING_VERSION = "encoding@2"
EMPTY = "empty_after_repair"
_HTML = "html"  # the transform that says: this source's text is HTML
_DAMAGE = ("HIGH", "CONTROL", "AMPERSAND")  # of these a text shows one where it matches TRIGGER
# This, or HIGH, a text shows where it matches a pattern of MARKS: letters beyond ASCII may pass for an s or
# a k where case does not matter.
_SIGNS = {THINK: "ANGLE", SLOT: "SLOT", STUB: "STUB"}
_IN_JSON = r"\\[ubfr]|<|" + TRIGGER  # what stands escaped in the JSON of source_metadata


def repair_table(table: pa.Table, settings: dict[str, Any], seed: int) -> StepResult:
    """Repair messages, chosen, rejected and the strings of source_metadata.

    Args:
        table: records with the columns of `schema.BASE`, or with `messages`, `chosen`, `rejected`, `source`
            and `file` alone: then no mark and no transform is noted.
        settings: none are known to this step.
        seed: not used; every row step takes one.

    Returns:
        StepResult: records without text after the repair are dropped as `empty_after_repair`. `measured`
        counts texts by kind of repair (`fixed`), the same per source and file (`files`), and records by
        mark (`tagged`).
    """
    del settings, seed
    table = table.combine_chunks()
    metadata = metadata_of(table)
    texts = collect(
        table, matching_among(metadata, _IN_JSON, traits_of(metadata) & bits(*_DAMAGE, "ANGLE", "BACKSLASH"))
    )
    seen = traits_of(texts.values)
    html = _is_html(table)
    changes, kinds = _repairs(texts, seen, html)
    fixed = replaced(table, texts, changes)
    look = _look_again(fixed, texts, seen, changes)
    fixed, tagged = _tag(fixed, look)
    fixed = with_transform(fixed, ENCODING_VERSION)
    empty = _is_empty(look, table.num_rows)
    measured = {**_measured(table, texts, kinds), "tagged": tagged}
    if not empty.any():
        return StepResult(fixed, measured=measured)
    dropped = fixed.filter(pa.array(empty))
    reason = pa.array([EMPTY] * dropped.num_rows, pa.string())
    return StepResult(
        fixed.filter(pa.array(~empty)), dropped.append_column("reason", reason), measured=measured
    )


def with_transform(table: pa.Table, name: str) -> pa.Table:
    """Return `table` with `name` in each record's `provenance.transforms`, at the end, once."""
    if "provenance" not in table.column_names:
        return table
    provenance = column_of(table, "provenance")
    transforms = _transforms(provenance)
    lengths, values = lengths_of(transforms), transforms.flatten()
    listed = np.repeat(np.arange(len(transforms)), lengths)[_equal(values, name)]
    fresh = np.ones(len(transforms), dtype=np.int64)
    fresh[listed] = 0
    ends = np.cumsum(lengths + fresh)
    source = np.full(int(ends[-1]) if len(ends) else 0, len(values), dtype=np.int64)
    keep = np.ones(len(source), dtype=bool)
    keep[ends[fresh == 1] - 1] = False
    source[keep] = np.arange(len(values))
    taken = pa.concat_arrays([values, pa.array([name], values.type)]).take(pa.array(source))
    column = from_lengths(lengths + fresh, taken, transforms.fill_null([]))
    return schema.set_column(table, table.schema.field("provenance"), _with_field(provenance, column))


def _transforms(provenance: Array) -> Array:
    return pc.struct_field(provenance, "transforms")


def _with_field(provenance: Array, transforms: Array) -> Array:
    fields = list(schema.PROVENANCE)
    arrays = [transforms if f.name == "transforms" else pc.struct_field(provenance, f.name) for f in fields]
    return pa.StructArray.from_arrays(arrays, fields=fields)


def _equal(values: Array, name: str) -> Index:
    return pc.equal(values, name).fill_null(fill_value=False).to_numpy(zero_copy_only=False)


def _is_html(table: pa.Table) -> Index:
    found = np.zeros(table.num_rows, dtype=bool)
    if "provenance" in table.column_names:
        transforms = _transforms(column_of(table, "provenance"))
        rows = np.repeat(np.arange(len(transforms)), lengths_of(transforms))
        found[rows[_equal(transforms.flatten(), _HTML)]] = True
    return found


def _repairs(texts: Texts, seen: Traits, html: Index) -> tuple[dict[int, str], dict[int, list[str]]]:
    """Repair what a trigger flags, and every text with a `<` of an HTML source."""
    flagged = set(matching_among(texts.values, OTHER_DAMAGE, seen & bits(*_DAMAGE)).tolist())
    bad = garbled(texts.values, seen & bits("HIGH"))
    changes = _read_again(texts, bad[~html[texts.rows[bad]] & (seen[bad] & bits("AMPERSAND") == 0)])
    kinds = {i: ["mojibake"] for i in changes}
    if html.any():
        flagged.update(i for i in matching(texts.values, "<").tolist() if html[texts.rows[i]])
    for i in sorted(flagged.union(bad.tolist()) - changes.keys()):
        new, fixed = repair_text(texts.values[i].as_py(), html=bool(html[texts.rows[i]]))
        if fixed:
            changes[i], kinds[i] = new, fixed
    return changes, kinds


def _read_again(texts: Texts, where: Index) -> dict[int, str]:
    """Return the texts at `where` that one reading in another encoding repairs, and nothing else has to."""
    settled, fixed = read_again(texts.values.take(pa.array(where)))
    done = np.ones(len(settled), dtype=bool)
    done[matching(fixed, OTHER_DAMAGE)] = False
    return dict(zip(where[settled[done]].tolist(), fixed.filter(pa.array(done)).to_pylist(), strict=True))


@dataclass(frozen=True)
class _Look:
    """The texts of messages, chosen and rejected after the repair (metadata is no training text).

    Attributes:
        values: string array of n texts.
        rows: int64 (n,), the record of each.
        edges: where the texts of each column start and end.
        seen: their traits.
    """

    values: Array
    rows: Index
    edges: list[int]
    seen: Traits


def _look_again(table: pa.Table, texts: Texts, seen: Traits, changes: dict[int, str]) -> _Look:
    """Return the texts of the repaired table; only changed ones are looked at again."""
    count = texts.edges[-2]
    values, seen = texts.values, seen[:count].copy()
    if changes:
        values = collect(table, np.zeros(0, np.int64)).values
        changed = np.array([i for i in sorted(changes) if i < count], np.int64)
        seen[changed] = traits_of(values.take(pa.array(changed)))
    return _Look(values.slice(0, count), texts.rows[:count], texts.edges[:-1], seen)


def _tag(table: pa.Table, look: _Look) -> tuple[pa.Table, dict[str, int]]:
    """Add the names of the marks found in a record's messages, chosen or rejected to its `tags`.

    A slot nobody filled counts only in an answer to learn from: an assistant's message, or `chosen`.
    """
    if "tags" not in table.column_names:
        return table, {}
    found: dict[int, list[str]] = {}
    answers = _answers(table, look)
    for mark, patterns in sorted(MARKS.items()):
        hits = [matching_among(look.values, pattern, _may_match(look, pattern)) for pattern, _ in patterns]
        kept = [h[answers[h]] if only else h for h, (_, only) in zip(hits, patterns, strict=True)]
        for row in np.unique(look.rows[np.concatenate(kept)]).tolist():
            found.setdefault(row, []).append(mark)
    counts = Counter(mark for marks in found.values() for mark in marks)
    if found:
        column = column_of(table, "tags").to_pylist()  # short lists, and only where a mark was found
        for row, marks in found.items():
            column[row] = [*(column[row] or []), *(m for m in marks if m not in (column[row] or []))]
        table = schema.set_column(table, table.schema.field("tags"), column)
    return table, dict(sorted(counts.items()))


def _may_match(look: _Look, pattern: str) -> Index:
    """Say of each text whether it may match a pattern of MARKS."""
    found: Index = look.seen & bits("HIGH", *([_SIGNS[pattern]] if pattern in _SIGNS else []))
    return found


def _answers(table: pa.Table, texts: _Look) -> Index:
    """Say of each text whether it is an assistant's message or chosen."""
    roles = column_of(table, "messages").flatten().flatten()[0]
    answers = np.zeros(len(texts.values), dtype=bool)
    answers[: texts.edges[1]] = _equal(roles, "assistant")
    answers[texts.edges[1] : texts.edges[2]] = True
    return answers


def _is_empty(look: _Look, records: int) -> Index:
    """Say of each record whether its texts are all white space."""
    full = np.zeros(records, dtype=bool)
    printed = (look.seen & bits("PRINTED")) != 0
    full[look.rows[printed]] = True
    full[look.rows[matching_among(look.values, r"[^\s\x{a0}\x{3000}]", ~printed)]] = True
    return ~full


def _measured(table: pa.Table, texts: Texts, kinds: dict[int, list[str]]) -> dict[str, Any]:
    total: Counter[str] = Counter()
    files: dict[str, Counter[str]] = {}
    sources = column_of(table, "source")
    stated = "provenance" in table.column_names
    paths = pc.struct_field(column_of(table, "provenance"), "file") if stated else column_of(table, "file")
    rows = pa.array(texts.rows[np.fromiter(kinds, np.int64, len(kinds))])
    owners = zip(sources.take(rows).to_pylist(), paths.take(rows).to_pylist(), strict=True)
    for (source, path), fixed in zip(owners, kinds.values(), strict=True):
        total.update(fixed)
        files.setdefault(f"{source}/{path}", Counter()).update(fixed)
    plain = {name: dict(sorted(c.items())) for name, c in sorted(files.items())}
    return {"fixed": dict(sorted(total.items())), "files": plain}
