"""The fast lane for chats: JSON lines of `{"messages": [{"role", "content"}, ...], ...}` without Python rows.

It gives the records that `read_unit` gives, in fewer columns. A kernel reads the lines that it fully
understands; all others, and what may not be a chat by its other keys, go through the general reader, so that
rules, refusals and their words are the same. Files of any other kind are read by it altogether.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pixelated.core import schema
from pixelated.core.kernels import SLACK, kernels_in, strings_of
from pixelated.core.source import Fields, Mapping, Shape, Source
from pixelated.core.step import StepResult, add_measured
from pixelated.standardise.cells import may_hold_turns
from pixelated.standardise.containers import is_container
from pixelated.standardise.fields import normal
from pixelated.standardise.files import locate
from pixelated.standardise.formats import recognise
from pixelated.standardise.formats._json import InvalidJSONError, loads
from pixelated.standardise.formats.json_lines import splittable
from pixelated.standardise.profile import head_values, profile
from pixelated.standardise.reading import read_lines, read_unit
from pixelated.standardise.records import Origin
from pixelated.standardise.roles import MAX_NAME, default_table, plain
from pixelated.standardise.rows import Document, RefusedError
from pixelated.standardise.shapes import utterances
from pixelated.standardise.shapes.plan import plan_row
from pixelated.standardise.shapes.recognise import CHOSEN, REJECTED, SYSTEMS, turns_field
from pixelated.standardise.units import Piece, Unit, read_sample

CHATS = pa.schema(
    [
        ("id", pa.string()),
        ("kind", pa.string()),
        ("messages", schema.MESSAGES),
        ("chosen", schema.MESSAGES),
        ("rejected", schema.MESSAGES),
        ("source", pa.string()),
        ("file", pa.string()),
        ("row", pa.int64()),  # 0-based ordinal of the record's first source row in the file
        ("raw_rows", pa.int32()),
    ]
)
BLOCK_BYTES = 32 << 20  # read at a time, to the last line end in it
KERNELS = ("pixelated.standardise._chat_kernels", "pixelated.standardise._chat_id_kernels")
_BOM = b"\xef\xbb\xbf"
_SHORTEST_TURN = len('{"role":"","content":""}')
_KIND, _START, _END, _FIRST, _SIGNATURE = range(5)  # columns of the kernel's lines
_KEY = re.compile(rb"([^\0]*)\0(.)", re.DOTALL)
_EXAMPLES: dict[bytes, Any] = {b'"': "x", b"{": {}, b"[": [], b"0": 1, b"t": True, b"f": False, b"n": None}
# Keys whose contents can make a row something else than a chat, or give it another message.
_TELLING = frozenset({"kind", "utterances", "history", "candidates", "segments", "words", "results"})
_TELLING_FORMS = frozenset({"messages", *CHOSEN, *REJECTED, *SYSTEMS})


def chat_lines(source: Source, corpora: Path, unit: Unit) -> StepResult:
    """Read the pieces of a unit, as `read_unit` does, into narrow records.

    Returns:
        StepResult: `kept` follows CHATS, in order of the rows of each file; `quarantined` schema.QUARANTINE.
            `measured` is `read_unit`'s for what the general reader read; `raw_rows`, `candidates` and `files`
            count everything, `fast_rows` what the kernel read.

    Raises:
        IncompleteError: a file is gone.
        UsageError: a path leads out of the source.
    """
    kept: list[pa.Table] = []
    refused: list[pa.Table] = []
    measured: dict[str, Any] = {"raw_rows": 0, "candidates": 0, "fast_rows": 0}
    for piece in unit.pieces:
        path = locate(source, corpora, piece.file)
        if _may_be_chats(source, path, piece):
            results = _read(Origin(source, piece.file, piece.sha256, "jsonl"), path, piece)
            add_measured(measured, {"files": {"jsonl": int(not piece.start)}})
        else:
            results = iter([narrow(read_unit(source, corpora, replace(unit, pieces=(piece,))))])
        for result in results:
            kept.append(result.kept)
            refused.append(result.quarantined)
            add_measured(measured, result.measured)
    tables = pa.concat_tables([CHATS.empty_table(), *kept])
    return StepResult(
        tables, quarantined=pa.concat_tables([schema.empty(schema.QUARANTINE), *refused]), measured=measured
    )


def narrow(result: StepResult) -> StepResult:
    """Return the result of `read_unit` with the columns of CHATS."""
    table = result.kept
    for name in ("file", "row"):
        column = pc.struct_field(table.column("provenance"), name)
        table = schema.set_column(table, CHATS.field(name), column)
    return replace(result, kept=table.select(CHATS.names))


def _may_be_chats(source: Source, path: Path, piece: Piece) -> bool:
    mapping = source.mapping
    described = replace(mapping, shape="auto", tags=(), drop=()) != Mapping()
    if described or mapping.shape not in {"auto", "messages"} or source.group_by:
        return False
    return _holds_records(path, piece.file, piece.sha256, mapping.shape, piece.start is not None)


@lru_cache(maxsize=16)  # the ranges of one file come one after the other
def _holds_records(path: Path, file: str, sha256: str, shape: Shape, in_ranges: bool) -> bool:
    """Say whether a file is of JSON lines that are records by themselves, and no table of utterances."""
    del sha256  # it says that the file is the same
    sample = read_sample(path, file)
    if is_container(sample) or recognise(sample) != "jsonl" or not (in_ranges or splittable(sample)):
        return False
    try:
        first = loads(sample.head.removeprefix(_BOM).split(b"\n", 1)[0])
        if isinstance(first, dict) and turns_field(first) is not None:
            return True  # utterances.find would say the same, and look at all rows first
    except (InvalidJSONError, RefusedError):
        pass
    return utterances.find(head_values(sample), Mapping(shape=shape)) is None


@dataclass(slots=True)
class _Block:
    """What the kernel made of some lines.

    Attributes:
        data: the bytes of the lines.
        first_row: rows of the file before them.
        first_line: lines of the file before them.
        lines: int64 (n, 5): see `_chat_kernels.read_lines`.
        fast: bool (n,): lines that are chats.
        out: contents of the turns.
        ends: int64, where each ends in `out`.
        codes: int16, the role of each turn: its number in schema.ROLES, -1 for an unknown one.
    """

    data: memoryview
    first_row: int
    first_line: int
    lines: Any
    fast: Any
    out: Any
    ends: Any
    codes: Any


def _read(origin: Origin, path: Path, piece: Piece) -> Iterator[StepResult]:
    """Yield the records of the blocks of a piece."""
    row, line, scratch = piece.first_row, piece.first_line, _Scratch()
    for data in _blocks(path, piece, scratch):
        block = _parse(origin.source.mapping, data, (row, line), scratch)
        yield _merged(_records(origin, block, scratch), _rest(origin, block, path))
        row += int(np.count_nonzero(block.lines[:, _KIND]))
        line += len(block.lines)


def _blocks(path: Path, piece: Piece, scratch: _Scratch) -> Iterator[memoryview]:
    """Yield the bytes of a piece in blocks that end at line ends, without a BOM at the start of the file.

    A block is good until the next one is asked for.
    """
    at = piece.start or 0
    with path.open("rb", buffering=0) as f:
        end = path.stat().st_size if piece.end is None else piece.end
        size = BLOCK_BYTES
        while at < end:
            f.seek(at)
            data = _read_into(f, scratch.bytes("block", min(size, end - at)))
            if not data:
                return
            cut = len(data) if at + len(data) == end else _last_line_end(data)
            if not cut:  # a line longer than a block
                size *= 2
                continue
            skipped = len(_BOM) if at == 0 and bytes(data[: len(_BOM)]) == _BOM else 0
            yield data[skipped:cut]
            at, size = at + cut, BLOCK_BYTES


def _read_into(file: io.FileIO, buffer: memoryview) -> memoryview:
    """Fill a buffer; return what was filled, less than all only at the end of the file."""
    done = 0
    while done < len(buffer) and (more := file.readinto(buffer[done:])):
        done += more
    return buffer[:done]


def _last_line_end(data: memoryview) -> int:
    """Return the byte behind the last line end, 0 where there is none."""
    step = 1 << 16
    for start in range((len(data) - 1) // step * step, -1, -step):
        found = bytes(data[start : start + step]).rfind(b"\n")
        if found >= 0:
            return start + found + 1
    return 0


class _Scratch:
    """Memory for what is needed for one block alone: fresh memory for every block is dear."""

    def __init__(self) -> None:
        self._arrays: dict[str, Any] = {}

    def array(self, name: str, length: int, kind: type) -> Any:
        """Return an array of at least `length` values of any content, cut to it."""
        found = self._arrays.get(name)
        if found is None or len(found) < length:
            found = self._arrays[name] = np.empty(length, kind)
        return found[:length]

    def bytes(self, name: str, length: int) -> memoryview:
        """Return `length` bytes of any content."""
        return memoryview(self.array(name, length, np.uint8).data)


def _parse(mapping: Mapping, data: memoryview, first: tuple[int, int], scratch: _Scratch) -> _Block:
    """Run the kernel over a block, and judge the signatures and the names of roles that it met."""
    kernels = kernels_in(KERNELS[0])
    bytes_ = np.frombuffer(data, np.uint8)
    out = np.empty(len(data) + SLACK, np.uint8)
    turns = len(data) // _SHORTEST_TURN + 2
    codes, ends = scratch.array("codes", turns, np.int16), scratch.array("ends", turns + 1, np.int64)
    ends[0] = 0
    lines = np.empty((kernels_in(KERNELS[1]).count_byte(bytes_, ord("\n")) + 1, 5), np.int64)
    signatures = np.empty((kernels.MAX_SIGNATURES, kernels.MAX_SIGNATURE), np.uint8)
    names = np.empty((kernels.MAX_ROLES, kernels.MAX_ROLE), np.uint8)
    lengths = np.zeros(kernels.MAX_SIGNATURES, np.int64), np.zeros(kernels.MAX_ROLES, np.int64)
    at = np.zeros(8, np.int64)
    count = kernels.read_lines(bytes_, out, at, signatures, lengths[0], names, lengths[1], codes, ends, lines)
    lines, codes, ends = lines[:count], codes[: at[4]], ends[: at[4] + 1]
    chats = [_is_chat(signatures[k, : lengths[0][k]].tobytes(), mapping) for k in range(at[2])]
    roles = np.array([_role(names[k, : lengths[1][k]].tobytes()) for k in range(at[3])], np.int16)
    codes = roles[codes] if len(codes) else codes
    fast = (lines[:, _KIND] == kernels.CHAT) & np.array([*chats, False])[lines[:, _SIGNATURE]]
    block = _Block(data, *first, lines, fast, out, ends, codes)
    _leave_odd_ones(block)
    return block


def _is_chat(signature: bytes, mapping: Mapping) -> bool:
    """Say whether every line with these keys, and values of these kinds, is read by its `messages` alone."""
    try:
        keys = [(name.decode(), kind) for name, kind in _KEY.findall(signature)]
    except UnicodeDecodeError:
        return False
    others = [(name, kind) for name, kind in keys if name != schema.MESSAGE_LIST]
    told = any(name in _TELLING or normal(name) in _TELLING_FORMS for name, _ in others)
    cells = any(kind == b'"' and may_hold_turns(name, Fields()) for name, kind in others)
    if told or cells or len({name for name, _ in keys}) < len(keys):
        return False
    example = {name: _EXAMPLES[kind] for name, kind in others}
    turns = [{"role": "user", "content": "x"}]
    try:
        plan = plan_row({**example, schema.MESSAGE_LIST: turns}, mapping)
    except RefusedError:
        return False
    return plan.shape == "messages" and plan.fields.messages == schema.MESSAGE_LIST


def _role(name: bytes) -> int:
    """Return the role of a name, as its number in schema.ROLES; -1 where it is not known by itself."""
    try:
        plainly = plain(name.decode())
    except UnicodeDecodeError:
        return -1
    role = default_table().role(plainly) if len(plainly) <= MAX_NAME else None
    return schema.ROLES.index(role) if role in schema.ROLES else -1


def _leave_odd_ones(block: _Block) -> None:
    """Leave to the general reader: unknown roles, one role twice, blank turns, a side missing, bad UTF-8."""
    counts = np.diff(np.append(block.lines[:, _FIRST], len(block.codes)))
    owners = np.repeat(np.arange(len(counts)), counts)
    codes, ends, fast = block.codes, block.ends, block.fast
    fast[owners[codes < 0]] = False
    twice = (codes[1:] == codes[:-1]) & (owners[1:] == owners[:-1])
    fast[owners[1:][twice]] = False
    for side in ("user", "assistant"):
        missing = np.ones(len(counts), bool)
        missing[owners[codes == schema.ROLES.index(side)]] = False
        fast &= ~missing
    first, last = block.out[ends[:-1]], block.out[ends[1:] - 1]  # of an empty text some other byte
    printed = ((first > ord(" ")) & (first <= ord("~"))) | ((last > ord(" ")) & (last <= ord("~")))
    doubtful = (ends[1:] == ends[:-1]) | ~printed
    for turn in np.flatnonzero(doubtful).tolist():
        if not bytes(block.out[ends[turn] : ends[turn + 1]]).decode("utf-8", "replace").strip():
            fast[owners[turn]] = False
    if not _is_utf8(block.data):
        for k in np.flatnonzero(fast).tolist():
            fast[k] = _is_utf8(block.data[block.lines[k, _START] : block.lines[k, _END]])


def _is_utf8(data: memoryview) -> bool:
    array = pa.LargeStringArray.from_buffers(1, pa.py_buffer(np.array([0, len(data)])), pa.py_buffer(data))
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _records(origin: Origin, block: _Block, scratch: _Scratch) -> pa.Table:
    """Return the records of the fast lines."""
    fast, count = block.fast, int(block.fast.sum())
    firsts = np.append(block.lines[:, _FIRST], len(block.codes))
    rows = block.first_row + np.cumsum(block.lines[:, _KIND] != 0) - 1
    roles = pa.array(schema.ROLES, pa.string()).take(pa.array(np.maximum(block.codes, 0)))
    contents = strings_of(block.out, block.ends)
    turns = pa.StructArray.from_arrays([roles, contents], fields=list(schema.MESSAGE))
    messages = pa.ListArray.from_arrays(pa.array(firsts.astype(np.int32)), turns, type=schema.MESSAGES)
    ids = _ids(origin, block, firsts, scratch)
    columns = {
        "messages": messages if fast.all() else messages.filter(pa.array(fast)),
        "id": pa.array(ids, pa.string()),
        "kind": pa.repeat("dialogue", count),
        "chosen": pa.nulls(count, schema.MESSAGES),
        "rejected": pa.nulls(count, schema.MESSAGES),
        "source": pa.repeat(origin.source.id, count),
        "file": pa.repeat(origin.file, count),
        "row": pa.array(rows[fast]),
        "raw_rows": pa.repeat(pa.scalar(1, pa.int32()), count),
    }
    return pa.table([columns[name] for name in CHATS.names], schema=CHATS)


def _ids(origin: Origin, block: _Block, firsts: Any, scratch: _Scratch) -> list[str]:
    """Return the ids of the fast lines, those that `records` gives."""
    head = b"".join(len(p).to_bytes(8, "big") + p for p in (origin.source.id.encode(), origin.file.encode()))
    numbers = block.first_line + 1 + np.arange(len(block.lines))
    names = "".join(schema.ROLES).encode()
    name_ends = np.cumsum([0, *map(len, schema.ROLES)])
    size = len(block.data) + len(numbers) * (len(head) + 64) + len(block.codes) * 16 + SLACK
    out = scratch.array("ids", size, np.uint8)
    bounds = np.zeros(len(numbers) + 1, np.int64)
    kernels_in(KERNELS[1]).identities(
        np.frombuffer(head, np.uint8), numbers, block.out, block.ends, firsts, np.maximum(block.codes, 0),
        np.frombuffer(names, np.uint8), name_ends, out, bounds,
    )  # fmt: skip
    view = memoryview(out.data)
    prefix, sha256 = f"{origin.source.id}-", hashlib.sha256
    spans = zip(pairwise(bounds.tolist()), block.fast.tolist(), strict=True)
    return [prefix + sha256(view[a:b]).hexdigest()[:20] for (a, b), fast in spans if fast]


def _rest(origin: Origin, block: _Block, path: Path) -> StepResult | None:
    """Read the other lines with the general reader."""
    left = np.flatnonzero((block.lines[:, _KIND] != 0) & ~block.fast)
    if not len(left):
        return None
    rows = block.first_row + np.cumsum(block.lines[:, _KIND] != 0) - 1
    documents = (
        Document(
            origin.file,
            bytes(block.data[block.lines[k, _START] : block.lines[k, _END]]),
            part=True,
            first_row=int(rows[k]),
            first_line=block.first_line + k,
        )
        for k in left.tolist()
    )
    found = profile(head_values(read_sample(path, origin.file)), origin.source.mapping)
    return narrow(read_lines(origin, documents, found))


def _merged(fast: pa.Table, rest: StepResult | None) -> StepResult:
    """Return the records of a block in order of their rows."""
    measured = {"raw_rows": fast.num_rows, "candidates": fast.num_rows, "fast_rows": fast.num_rows}
    if rest is None:
        return StepResult(fast, quarantined=schema.empty(schema.QUARANTINE), measured=measured)
    add_measured(measured, rest.measured)
    kept = pa.concat_tables([fast, rest.kept])
    order = np.argsort(kept.column("row").to_numpy(), kind="stable")
    return StepResult(kept.take(pa.array(order)), quarantined=rest.quarantined, measured=measured)
