"""The row step `encoding`: repair the text of records, and tag what curate must decide on.

Nothing is dropped but records without any text left. Think-tags and placeholders are detected and tagged,
not removed: whether a record with a placeholder may stay is policy.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pixelated.clean.markup import MARKS
from pixelated.clean.repair import TRIGGER, repair_text
from pixelated.clean.texts import Array, Index, Texts, collect, from_lengths, lengths_of, matching, replaced
from pixelated.clean.texts import one_chunk as column_of
from pixelated.core import schema
from pixelated.core.step import StepResult

ENCODING_VERSION = "encoding@2"
EMPTY = "empty_after_repair"
_HTML = "html"  # the transform that says: this source's text is HTML
_IN_JSON = r"\\[ubfr]|<|" + TRIGGER  # what stands escaped in the JSON of source_metadata


def repair_table(table: pa.Table, settings: dict[str, Any], seed: int) -> StepResult:
    """Repair messages, chosen, rejected and the strings of source_metadata.

    Args:
        table: records with the columns of `schema.BASE`.
        settings: none are known to this step.
        seed: not used; every row step takes one.

    Returns:
        StepResult: records without text after the repair are dropped as `empty_after_repair`. `measured`
        counts texts by kind of repair (`fixed`), the same per source and file (`files`), and records by
        mark (`tagged`).
    """
    del settings, seed
    texts = collect(table, _IN_JSON)
    html = _is_html(table)
    changes, kinds = _repairs(texts, html)
    fixed = replaced(table, texts, changes)
    fixed, tagged = _tag(fixed)
    fixed = with_transform(fixed, ENCODING_VERSION)
    empty = _is_empty(fixed)
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
    transforms = _transforms(column_of(table, "provenance"))
    rows = np.repeat(np.arange(len(transforms)), lengths_of(transforms))
    found = np.zeros(table.num_rows, dtype=bool)
    found[rows[_equal(transforms.flatten(), _HTML)]] = True
    return found


def _repairs(texts: Texts, html: Index) -> tuple[dict[int, str], dict[int, list[str]]]:
    """Repair what the trigger flags, and every text with a `<` of an HTML source."""
    flagged = set(matching(texts.values, TRIGGER).tolist())
    if html.any():
        flagged.update(i for i in matching(texts.values, "<").tolist() if html[texts.rows[i]])
    changes: dict[int, str] = {}
    kinds: dict[int, list[str]] = {}
    for i in sorted(flagged):
        new, fixed = repair_text(texts.values[i].as_py(), html=bool(html[texts.rows[i]]))
        if fixed:
            changes[i], kinds[i] = new, fixed
    return changes, kinds


def _tag(table: pa.Table) -> tuple[pa.Table, dict[str, int]]:
    """Add the names of the marks found in a record's messages, chosen or rejected to its `tags`.

    A slot nobody filled counts only in an answer to learn from: an assistant's message, or `chosen`.
    """
    texts = collect(table, r"\A\z.")  # no metadata: its placeholders are not training text
    found: dict[int, list[str]] = {}
    answers = _answers(table, texts)
    for mark, patterns in sorted(MARKS.items()):
        hits = [matching(texts.values, pattern) for pattern, _ in patterns]
        kept = [h[answers[h]] if only else h for h, (_, only) in zip(hits, patterns, strict=True)]
        for row in np.unique(texts.rows[np.concatenate(kept)]).tolist():
            found.setdefault(row, []).append(mark)
    counts = Counter(mark for marks in found.values() for mark in marks)
    if found:
        column = column_of(table, "tags").to_pylist()  # short lists, and only where a mark was found
        for row, marks in found.items():
            column[row] = [*(column[row] or []), *(m for m in marks if m not in (column[row] or []))]
        table = schema.set_column(table, table.schema.field("tags"), column)
    return table, dict(sorted(counts.items()))


def _answers(table: pa.Table, texts: Texts) -> Index:
    """Say of each text whether it is an assistant's message or chosen."""
    roles = column_of(table, "messages").flatten().flatten()[0]
    answers = np.zeros(len(texts.values), dtype=bool)
    answers[: texts.edges[1]] = _equal(roles, "assistant")
    answers[texts.edges[1] : texts.edges[2]] = True
    return answers


def _is_empty(table: pa.Table) -> Index:
    texts = collect(table, r"\A\z.")
    full = np.zeros(table.num_rows, dtype=bool)
    full[texts.rows[matching(texts.values, r"[^\s\x{a0}\x{3000}]")]] = True
    return ~full


def _measured(table: pa.Table, texts: Texts, kinds: dict[int, list[str]]) -> dict[str, Any]:
    total: Counter[str] = Counter()
    files: dict[str, Counter[str]] = {}
    sources = column_of(table, "source")
    paths = pc.struct_field(column_of(table, "provenance"), "file")
    for i, fixed in kinds.items():
        row = int(texts.rows[i])
        name = f"{sources[row].as_py()}/{paths[row].as_py()}"
        total.update(fixed)
        files.setdefault(name, Counter()).update(fixed)
    plain = {name: dict(sorted(c.items())) for name, c in sorted(files.items())}
    return {"fixed": dict(sorted(total.items())), "files": plain}
