"""Records as streams of words: what is compared, as flat buffers that a compiled kernel can walk.

A record has up to three sides: what the client says, what the therapist says (the better answer of a
preference among it), and the worse answer. System prompts are not counted. A side's messages are one stream.

A word is a run of letters and digits of the NFKC lower-cased text. The kernels do this themselves for ASCII,
Latin-1 letters, general punctuation and emoji, byte by byte; `prepare` rewrites the rare other texts, so that
one rule holds for all (`words` says it in plain Python, for tests).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pixelated.core.kernels import kernels_in
from pixelated.dedup._numbers_of_kernels import CLIENT, SKIP, THERAPIST, WORSE

KERNELS = "pixelated.dedup._near_kernels"
_COLUMNS = (("messages", None), ("chosen", THERAPIST), ("rejected", WORSE))
_ROLES = {"user": CLIENT, "assistant": THERAPIST, "system": SKIP}
_NOT_WORD = re.compile(r"[\W_]+")

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Streams:
    """Messages of n records in record order, m messages in all.

    Attributes:
        data: UTF-8 bytes of the texts.
        starts: int64 (m,), first byte of each message in `data`.
        ends: int64 (m,), the byte after it.
        sides: uint8 (m,), whose words they are: CLIENT, THERAPIST, WORSE or SKIP.
        bounds: int64 (n + 1,), first message of each record.
    """

    data: Bytes
    starts: Ints
    ends: Ints
    sides: Bytes
    bounds: Ints

    @property
    def records(self) -> int:
        """Return the number of records."""
        return len(self.bounds) - 1


def words(text: str) -> list[str]:
    """Return the words of a text: the rule that the kernels follow."""
    return _plain(text).split()


def streams(table: pa.Table) -> Streams:
    """Return the streams of a table with `messages` and, where they are there, `chosen` and `rejected`."""
    columns = [(_flat(table.column(name)), side) for name, side in _COLUMNS if name in table.column_names]
    columns = [one for one in columns if len(one[0][1])] or columns[:1]
    lengths = np.stack([flat[0] for flat, _ in columns])
    contents = [prepare(_contents(flat[1])) for flat, _ in columns]
    sides = [_sides(flat[1], side) for flat, side in columns]
    bounds = np.concatenate([[0], np.cumsum(lengths.sum(axis=0))]).astype(np.int64)
    if len(columns) == 1:
        return Streams(*_buffers(contents[0]), sides[0], bounds)
    data, starts, ends = _buffers(pa.concat_arrays(contents))
    order = _record_order(lengths)
    return Streams(data, starts[order], ends[order], np.concatenate(sides)[order], bounds)


def prepare(texts: pa.Array) -> pa.Array:
    """Rewrite the texts whose letters the kernels do not know as their words; leave the others alone."""
    data, starts, ends = _buffers(texts)
    odd = kernels_in(KERNELS).irregular(data, starts, ends)
    if not odd.any():
        return texts
    mask = pa.array(odd)
    plain = [_plain(text) for text in texts.filter(mask).to_pylist()]  # few: Unicode tables are Python's
    return pc.replace_with_mask(texts, mask, pa.array(plain, texts.type))


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).lower()
    return _NOT_WORD.sub(" ", folded).encode("utf-8", "replace").decode()


def _flat(column: pa.ChunkedArray) -> tuple[Ints, Any]:
    column = column.combine_chunks()
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
    return lengths.astype(np.int64), column.flatten()


def _contents(flat: Any) -> pa.Array:
    return pc.fill_null(pc.struct_field(flat, "content"), "").cast(pa.large_string())


def _sides(flat: Any, side: int | None) -> Bytes:
    if side is not None:
        return np.full(len(flat), side, np.uint8)
    roles = pc.fill_null(pc.struct_field(flat, "role"), "").dictionary_encode()
    table = np.array([_ROLES.get(r, THERAPIST) for r in roles.dictionary.to_pylist()] or [0], np.uint8)
    return table[roles.indices.to_numpy()]


def _record_order(lengths: Ints) -> Ints:
    """Return the order that brings columns of messages, one after another, into record order."""
    columns, records = lengths.shape
    record = np.repeat(np.tile(np.arange(records), columns), lengths.ravel())
    return np.argsort(record, kind="stable")


def _buffers(texts: pa.Array) -> tuple[Bytes, Ints, Ints]:
    if not len(texts):
        return np.zeros(1, np.uint8), np.zeros(0, np.int64), np.zeros(0, np.int64)
    _, offsets, data = texts.buffers()
    bounds = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    held = np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(1, np.uint8)
    return held, bounds[:-1], bounds[1:]
